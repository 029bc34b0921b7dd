//! Reads in bursts.

use super::bursts::Bursts;
use super::{AxiReadRequests, AxiReadResponses, AxiReadResponsesTy, AxiTy, FirstError, Transfer};
use crate::hw::bits::{Bits, Bool};
use crate::hw::bundle::Bundle;
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{Stream, StreamTy};
use crate::parts::bus::WriteResponse;
use crate::ty::range;

/// A manager that reads.
///
/// A command's first burst goes out 1 clock after the command was taken, and a burst in each clock while less than
/// `outstanding` are under way; data come with latency 0, a word a clock. A transfer is done 1 clock after its last word,
/// with the first error that one of its words had. The channel's data wait while nobody takes words or completions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AxiReader(pub AxiTy);

/// Inputs of a reader.
#[derive(Bundle)]
pub struct AxiReaderIn {
    /// What is to be read.
    pub reads: Stream<Transfer>,
    /// The bus.
    pub m_axi: AxiReadResponses,
}

/// Outputs of a reader.
#[derive(Bundle)]
pub struct AxiReaderOut {
    /// The words; `last` ends a transfer.
    pub read_data: Stream<Bits>,
    /// How each transfer went.
    pub read_done: Stream<WriteResponse>,
    /// The bus.
    pub m_axi: AxiReadRequests,
}

impl Generator for AxiReader {
    type In = AxiReaderIn;
    type Out = AxiReaderOut;

    fn shape(&self) -> AxiReaderInShape {
        let m_axi = AxiReadResponsesTy { r: self.0.read_data() };
        AxiReaderInShape { reads: StreamTy(self.0.command()), m_axi }
    }

    fn build(&self, m: &Module, i: AxiReaderIn) -> AxiReaderOut {
        self.0.check();
        let limit = self.0.outstanding.max(1);
        let under_way = m.reg("under_way", range(0..=limit)).reset(0);
        let bursts = i.reads.through(m, "bursts", &Bursts(self.0)).gate(m, under_way.q().lt(limit));
        let begins = bursts.valid() & bursts.ready();
        let mut ways = bursts.fork(m, 2).into_iter();
        let (Some(heads), Some(expected)) = (ways.next(), ways.next()) else { crate::hw::module::abort() };
        let expected = expected.map(|b| (b.beats, b.ends)).fifo(m, limit);

        let at = m.reg("at", range(0..=self.0.burst.clamp(1, 256) - 1)).reset(0);
        let (beats, ends) = expected.payload();
        let closes = beats.eq(at.q() + 1);
        let is_last = (closes & ends).named("is_last");
        let there = i.m_axi.r.valid() & expected.valid();
        let word = i.m_axi.r.payload();
        let has_room = m.wire("has_room", crate::hw::bits::BOOL);
        let (read_data, taken) = m.stream("data", there & has_room.get(), is_last, word.data);
        let fires = (there & has_room.get() & taken).named("fires");
        let errors = FirstError::new(m);
        let outcome = errors.with(m, word.resp, fires, is_last);
        let (done, done_ready) = m.stream("done", there & is_last & taken, true, outcome);
        has_room.set(!is_last | done_ready);

        let r = i.m_axi.r.accept(expected.valid() & has_room.get() & taken);
        let _: Bool = expected.accept(fires & closes).fire;
        m.when(fires, || {
            at.set(closes.mux::<crate::hw::int::Int>(0, at.q().next_wrapping(self.0.burst.clamp(1, 256))))
        });
        m.assert("last_is_last", !r.fire | r.last.eq(closes), "`rlast` came too early or too late");

        let burst_done = fires & closes;
        m.when(begins & !burst_done, || under_way.set(under_way.q() + 1))
            .elsewhen(!begins & burst_done, || under_way.set((under_way.q() - 1).claim(under_way.ty())));
        let m_axi = AxiReadRequests { ar: heads.map(|burst| self.0.head(burst)) };
        AxiReaderOut { read_data, read_done: done.regslice(m), m_axi }
    }
}
