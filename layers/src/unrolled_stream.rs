//! The unrolled architecture behind AXI4-Stream signals.
//!
//! The layers' registers never wait: a sample is accepted only while the results of all samples under way have a place in
//! the FIFO behind the layers. It is as deep as it takes for a sample in every clock.

use gatewright_dsl::parts::axi_stream::{AxiStream, AxiStreamTy};
use gatewright_dsl::prelude::*;

use crate::network::{Range, TensorTy};
use crate::ports::int_ty;
use crate::unrolled::{Flight, Timed, Unrolled, layers};

/// A network with a stream of input vectors and a stream of output vectors, `s_axis_*` and `m_axis_*`, each with
/// `tvalid`, `tready`, `tdata` and `tlast`.
///
/// A beat is a sample. `tdata` holds all elements of all input (output) tensors in order, the first in the lowest bits,
/// each in the least number of whole bytes that holds its range, at least one, and with its sign extended over them. The
/// upper bits of an element that comes in are not looked at; an element out of its range is reported in simulation.
/// `tlast` goes along with its sample. `s_axis_tready` comes from a register. Interval 1. The latency that
/// [`elaborate`](Timed::elaborate) says is that from an accepted beat to the offer of its result where nothing waits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UnrolledStream(pub Unrolled);

/// Inputs of [`UnrolledStream`].
#[derive(Bundle)]
pub struct UnrolledStreamIn {
    /// Samples.
    pub s_axis: AxiStream,
}

/// Outputs of [`UnrolledStream`].
#[derive(Bundle)]
pub struct UnrolledStreamOut {
    /// Results.
    pub m_axis: AxiStream,
}

/// Where an element lies in `tdata`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its lowest bit.
    pub at: u32,
    /// Its bits: a multiple of 8.
    pub width: u32,
    /// Its range.
    pub range: Range,
}

/// The places of all elements of tensors, and the width of the word.
pub fn fields<'t>(tensors: impl IntoIterator<Item = &'t TensorTy>) -> (Vec<Field>, u32) {
    let mut at: u32 = 0;
    let mut fields = Vec::new();
    for range in tensors.into_iter().flat_map(|t| &t.ranges) {
        let width = 8 * range.width().div_ceil(8).max(1);
        fields.push(Field { at, width, range: *range });
        at = at.saturating_add(width);
    }
    (fields, at)
}

/// The elements of a word, assumed in their ranges where it is `valid`.
fn unpack(m: &Module, word: Bits, fields: &[Field], valid: Bool) -> Vec<Int> {
    let mut elements = Vec::with_capacity(fields.len());
    m.when(valid, || {
        for field in fields {
            elements.push(match field.range.only() {
                Some(only) => lit(only),
                None => {
                    let bits = word.slice(field.at..field.at + field.range.width());
                    let value = if field.range.lo < 0 { bits.to_sint() } else { bits.to_uint() };
                    value.claim(int_ty(field.range))
                }
            });
        }
    });
    elements
}

fn pack(elements: &[Int], fields: &[Field]) -> Bits {
    let field = |(element, field): (&Int, &Field)| {
        let bits = element.to_bits();
        if element.ty().is_signed() { bits.sign_extend(field.width) } else { bits.zero_extend(field.width) }
    };
    let parts: Vec<Bits> = elements.iter().zip(fields).rev().map(field).collect();
    concat(&parts)
}

impl Generator for UnrolledStream {
    type In = UnrolledStreamIn;
    type Out = UnrolledStreamOut;

    fn shape(&self) -> UnrolledStreamInShape {
        let (_, width) = fields(self.0.network.inputs.iter().map(|(_, ty)| ty));
        UnrolledStreamInShape { s_axis: AxiStreamTy(width) }
    }

    fn build(&self, m: &Module, i: UnrolledStreamIn) -> UnrolledStreamOut {
        self.build_timed(m, i).0
    }

    fn name(&self) -> String {
        self.0.name()
    }
}

impl Timed for UnrolledStream {
    fn build_timed(&self, m: &Module, i: UnrolledStreamIn) -> (UnrolledStreamOut, u32) {
        let network = &self.0.network;
        let (in_fields, _) = fields(network.inputs.iter().map(|(_, ty)| ty));
        let (out_fields, _) = fields(network.outputs.iter().map(|(_, t)| network.ty(*t)));

        let room = m.wire("room", BOOL);
        let beat = i.s_axis.0.accept(room.get());
        let mut elements = unpack(m, beat.payload, &in_fields, beat.valid).into_iter();
        let inputs = network.inputs.iter().map(|(_, ty)| elements.by_ref().take(ty.ranges.len()).collect()).collect();
        let flight = Flight { valid: beat.fire.named("accepted"), last: Some(beat.last) };
        let (done, outputs, latency) = layers(m, &self.0, flight, inputs);

        // One clock into the FIFO, and one until the counter knows of what left it.
        let depth = u64::from(latency) + 2;
        let last = done.last.unwrap_or(Bool::constant(false));
        let (results, has_room) = m.stream("results", done.valid, last, outputs.concat());
        m.assert("fifo_has_room", !done.valid | has_room, "a result finds a place in the FIFO");
        let queued = results.fifo(m, depth);

        let under_way = m.reg("under_way", range(0..=depth)).reset(0);
        let taken = queued.valid() & queued.ready();
        // What comes in has room, and what leaves came in before.
        m.when(beat.fire & !taken, || under_way.set((under_way.q() + 1).claim(under_way.ty())))
            .elsewhen(!beat.fire & taken, || under_way.set((under_way.q() - 1).claim(under_way.ty())));
        room.set(under_way.q().lt(depth));
        (UnrolledStreamOut { m_axis: AxiStream(queued.map(|y| pack(&y, &out_fields))) }, latency + 1)
    }
}
