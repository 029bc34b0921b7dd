//! Transfers to bursts: no longer than asked for, and none across a boundary of 4096 bytes.

use super::{AxiTy, Transfer, TransferShape};
use crate::hw::bits::{BOOL, Bits, Bool, bits};
use crate::hw::bundle::Bundle;
use crate::hw::int::Int;
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{StreamIn, StreamInShape, StreamOut, StreamTy};
use crate::ty::{range, uint};

/// A part of a transfer.
#[derive(Bundle, Clone, Copy, Debug)]
pub(super) struct Burst {
    /// Byte address.
    pub addr: Bits,
    /// Its length.
    pub beats: Int,
    /// It is the last of its transfer.
    pub ends: Bool,
}

/// Latency 1 clock, one burst a clock. `ready` goes combinationally from the output to the input.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Bursts(pub AxiTy);

impl Generator for Bursts {
    type In = StreamIn<Transfer>;
    type Out = StreamOut<Burst>;

    fn shape(&self) -> StreamInShape<Transfer> {
        let command: TransferShape = self.0.command();
        StreamInShape { input: StreamTy(command) }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let AxiTy { bus, transfer, .. } = self.0;
        let size = self.0.size();
        let places = uint(bus.address - size);
        // The words of a page of 4096 bytes.
        let page = 4096 >> size;

        let busy = m.reg("busy", BOOL).reset(false);
        let place = m.reg("place", places).no_reset();
        let left = m.reg("left", range(1..=transfer.max(1))).no_reset();

        let in_page = place.q().wrap(uint(12 - size));
        let beats = left.q().min(lit_u64(page) - in_page).min(self.0.beats().hi()).named("beats");
        let ends = beats.eq(left.q()).named("ends");
        let addr = place.q().to_bits().concat(bits(size, 0));
        let (output, ready) = m.stream("output", busy.q(), true, Burst { addr, beats, ends });
        let fires = busy.q() & ready;

        let beat = i.input.accept(!busy.q() | (ready & ends));
        m.when(beat.fire, || {
            busy.set(true);
            place.set(beat.payload.addr.slice(size..bus.address).to_uint());
            left.set(beat.payload.beats);
        })
        .elsewhen(fires, || {
            busy.set(!ends);
            place.set((place.q() + beats).wrap(places));
            // A transfer of one word is never longer than its burst.
            if transfer > 1 {
                m.when(!ends, || left.set((left.q() - beats).claim(left.ty())));
            }
        });
        StreamOut { output }
    }
}

#[track_caller]
fn lit_u64(value: u64) -> Int {
    crate::hw::int::lit(value)
}
