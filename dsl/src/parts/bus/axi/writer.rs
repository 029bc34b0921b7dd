//! Writes in bursts.

use super::bursts::Bursts;
use super::{AxiTy, AxiWriteRequests, AxiWriteResponses, AxiWriteResponsesTy, FirstError, Transfer};
use crate::hw::bits::Bool;
use crate::hw::bundle::Bundle;
use crate::hw::int::Int;
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{Stream, StreamTy};
use crate::parts::bus::WriteResponse;
use crate::parts::bus::axi_lite::WriteData;
use crate::ty::range;

/// A manager that writes.
///
/// A command's first burst goes out 1 clock after the command was taken, and a burst in each clock while less than
/// `outstanding` are under way; its data follow 1 clock later, whether the head was taken or not, a word a clock. A
/// transfer is done 1 clock after the answer to its last burst, with the first error that one of its bursts had. How many
/// words it takes says the command: `last` of the words says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AxiWriter(pub AxiTy);

/// Inputs of a writer.
#[derive(Bundle)]
pub struct AxiWriterIn {
    /// What is to be written.
    pub writes: Stream<Transfer>,
    /// The words for it.
    pub write_data: Stream<WriteData>,
    /// The bus.
    pub m_axi: AxiWriteResponses,
}

/// Outputs of a writer.
#[derive(Bundle)]
pub struct AxiWriterOut {
    /// How each transfer went.
    pub write_done: Stream<WriteResponse>,
    /// The bus.
    pub m_axi: AxiWriteRequests,
}

impl Generator for AxiWriter {
    type In = AxiWriterIn;
    type Out = AxiWriterOut;

    fn shape(&self) -> AxiWriterInShape {
        let m_axi = AxiWriteResponsesTy { b: self.0.written() };
        AxiWriterInShape { writes: StreamTy(self.0.command()), write_data: StreamTy(self.0.write_data()), m_axi }
    }

    fn build(&self, m: &Module, i: AxiWriterIn) -> AxiWriterOut {
        self.0.check();
        let limit = self.0.outstanding.max(1);
        let longest = self.0.burst.clamp(1, 256);
        let under_way = m.reg("under_way", range(0..=limit)).reset(0);
        let bursts = i.writes.through(m, "bursts", &Bursts(self.0)).gate(m, under_way.q().lt(limit));
        let begins = bursts.valid() & bursts.ready();
        let mut ways = bursts.fork(m, 3).into_iter();
        let (Some(heads), Some(lengths), Some(expected)) = (ways.next(), ways.next(), ways.next()) else {
            crate::hw::module::abort()
        };

        // Not behind the head: a subordinate may wait for the data before it takes that.
        let lengths = lengths.map(|b| b.beats).through(m, "lengths", &fifo(self.0, limit));
        let at = m.reg("at", range(0..=longest - 1)).reset(0);
        let closes = lengths.payload().eq(at.q() + 1).named("closes");
        let (there, word) = (lengths.valid(), i.write_data.payload());
        let (w, taken) = m.stream("w", i.write_data.valid() & there, closes, word);
        let moves = i.write_data.accept(there & taken).fire;
        let _: Bool = lengths.accept(moves & closes).fire;
        m.when(moves, || at.set(closes.mux::<Int>(0, at.q().next_wrapping(longest))));

        let expected = expected.map(|b| b.ends).fifo(m, limit);
        let ends = expected.payload();
        let answered = i.m_axi.b.valid() & expected.valid();
        let resp = i.m_axi.b.payload().resp;
        let has_room = m.wire("has_room", crate::hw::bits::BOOL);
        let fires = (answered & has_room.get()).named("fires");
        let outcome = FirstError::new(m).with(m, resp, fires, ends);
        let (done, done_ready) = m.stream("done", answered & ends, true, outcome);
        has_room.set(!ends | done_ready);
        let _: Bool = i.m_axi.b.accept(expected.valid() & has_room.get()).fire;
        let _: Bool = expected.accept(fires).fire;

        m.when(begins & !fires, || under_way.set(under_way.q() + 1))
            .elsewhen(!begins & fires, || under_way.set((under_way.q() - 1).claim(under_way.ty())));
        let m_axi = AxiWriteRequests { aw: heads.map(|burst| self.0.head(burst)), w };
        AxiWriterOut { write_done: done.regslice(m), m_axi }
    }
}

fn fifo(ty: AxiTy, depth: u64) -> crate::parts::fifo::Fifo<crate::ty::IntTy> {
    crate::parts::fifo::Fifo::new(ty.beats(), depth)
}
