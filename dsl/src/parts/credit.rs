//! Credits: flow control without a `ready`, for links on which one cannot come back in the same clock.

use super::misuse::refuse;
use crate::hw::bits::{BOOL, Bool};
use crate::hw::bundle::{Bundle, ToHw};
use crate::hw::context::Loc;
use crate::hw::int::Int;
use crate::hw::module::{Generator, Module, abort};
use crate::hw::stream::{Stream, free_name};
use crate::ty::range;

/// Counts the free places of a receiver: `limit` at first, one less for each that is taken, one more for each given back.
///
/// All outputs come from a register: a credit given back counts from the next clock on. Where a credit comes back
/// `n` clocks after it was taken (the clock of this register included), a limit of `n` keeps a throughput of one a clock.
/// Taking where there is none, and giving back more than were taken, are assertions; the count then stays.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credits {
    /// The places of the receiver, at least 1.
    pub limit: u64,
}

const NONE: &str = "credits need a limit of at least 1";
const WAY_OUT: &str = "give the number of places that the receiver has";

/// What changes a count of credits.
#[derive(Bundle)]
pub struct CreditsIn {
    /// Take one: only where `available`.
    pub take: Bool,
    /// One comes back.
    pub give: Bool,
}

/// What is left.
#[derive(Bundle)]
pub struct CreditsOut {
    /// There is at least one.
    pub available: Bool,
    /// How many: `0..=limit`.
    pub count: Int,
}

impl Generator for Credits {
    type In = CreditsIn;
    type Out = CreditsOut;

    fn shape(&self) -> CreditsInShape {
        CreditsInShape { take: BOOL, give: BOOL }
    }

    fn build(&self, m: &Module, i: CreditsIn) -> CreditsOut {
        if self.limit == 0 {
            refuse(Loc::caller(), NONE, WAY_OUT);
            abort()
        }
        let count = m.reg("count", range(0..=self.limit)).reset(self.limit);
        let (some, room) = (count.q().gt(0), count.q().lt(self.limit));
        m.when(i.take & !i.give & some, || count.set(count.q() - 1))
            .elsewhen(i.give & !i.take & room, || count.set(count.q() + 1));
        m.assert("had_one", !i.take | some, "a credit was taken where there is none");
        m.assert("was_taken", !i.give | room, "a credit came back that nobody took");
        CreditsOut { available: some, count: count.q() }
    }
}

impl<T: Bundle + Clone> Stream<T> {
    /// Beats pass while there are credits, of which each takes one; `give` brings one back. Latency 0; `valid` and
    /// `ready` pass combinationally, `give` has no combinational path to either. See [`Credits`].
    #[track_caller]
    pub fn credited(self, m: &Module, limit: u64, give: impl ToHw<Bool>) -> Stream<T> {
        if limit == 0 {
            refuse(Loc::caller(), NONE, WAY_OUT);
            abort()
        }
        let name = free_name("credits");
        let take = m.wire(&format!("{name}_take"), BOOL);
        let credits = m.inst(&name, &Credits { limit }, CreditsIn { take: take.get(), give: give.to_hw() });
        let open = self.gate(m, credits.available);
        take.set(open.valid() & open.ready());
        open
    }
}

#[cfg(test)]
mod tests {
    use super::Credits;
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn without_credits() {
        expect_error(
            StreamTy(uint(8)),
            |m, s| s.credited(m, 0, false), //~ credited
            "E0109: credits need a limit of at least 1
            at credited
            help: give the number of places that the receiver has",
        );
        assert_eq!(elaborate(&Credits { limit: 0 }).unwrap_err().codes(), ["E0109"]);
    }
}
