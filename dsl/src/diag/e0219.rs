//! E0219: a value of one clock is taken by another.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0219");

const HELP: &str = "take it across with a part of parts::cdc: synchronize for one bit, pulse, handshake or AsyncFifo";

/// `origin`: the place, the name and the clock of what the value comes from.
pub(crate) fn new(place: PlaceId, taker: &str, clock: &str, declared: Option<PlaceId>, origin: (PlaceId, String, String)) -> Draft {
    let (from, what, other) = origin;
    let mut draft = Draft::new(CODE, format!("a value of clock `{other}` goes to {taker} of clock `{clock}`"), place, HELP)
        .other(from, format!("it comes from {what}, of clock `{other}`"));
    if let Some(declared) = declared {
        draft = draft.other(declared, format!("{taker} is of clock `{clock}`"));
    }
    draft
}

/// A memory on two clocks that promises something about collisions. `clocks`: of the read and of the write.
pub(crate) fn memory(read: PlaceId, write: PlaceId, name: &str, clocks: [&str; 2]) -> Draft {
    let [reader, writer] = clocks;
    Draft::new(CODE, format!("memory `{name}` is read on clock `{reader}` and written on clock `{writer}`"), read,
        "across clocks no memory promises what a collision returns: say .collision(Collision::Undefined)")
        .other(write, "it is written here")
}

/// A memory with write ports on two clocks, which are those of the two places.
pub(crate) fn memory_writes(place: PlaceId, first: PlaceId, name: &str, clocks: [&str; 2]) -> Draft {
    let [one, other] = clocks;
    Draft::new(CODE, format!("memory `{name}` is written on the clocks `{one}` and `{other}`"), place,
        "write it on one clock, and bring what the other one has to say there")
        .other(first, format!("it is written on `{one}` here"))
}

/// A stream among the ports whose signals have two clocks.
pub(crate) fn stream(place: PlaceId, name: &str, clocks: [String; 2]) -> Draft {
    let [one, other] = clocks;
    Draft::new(CODE, format!("stream `{name}` has signals of the clocks `{one}` and `{other}`"), place,
        "take it across with parts::cdc::async_fifo or handshake")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::parts::cdc;
    use crate::prelude::*;

    fn fast() -> Domain {
        Domain::new("fast").reset("fast_rst", ResetKind::Sync, Polarity::High)
    }

    #[test]
    fn from_register_to_register() {
        expect_error(
            uint(8),
            |m, i| {
                let slow = m.reg("slow", uint(8)).reset(0); //~ slow
                slow.set(i);
                m.domain(&fast(), || {
                    let taken = m.reg("taken", uint(8)).reset(0); //~ taken
                    taken.set((slow.q() + 1).wrap(uint(8))); //~ set
                    taken.q()
                })
            },
            "E0219: a value of clock `clk` goes to register `taken` of clock `fast`
            at set
            slow: it comes from register `slow`, of clock `clk`
            taken: register `taken` is of clock `fast`
            help: take it across with a part of parts::cdc: synchronize for one bit, pulse, handshake or AsyncFifo",
        );
    }

    #[test]
    fn a_condition() {
        expect_error(
            (uint(8), BOOL),
            |m, (i, go)| {
                let enable = m.reg("enable", BOOL).reset(false); //~ enable
                enable.set(go);
                m.domain(&fast(), || {
                    let taken = m.reg("taken", uint(8)).reset(0); //~ taken
                    let now = enable.q() & i.eq(3); //~ condition
                    m.when(now, || taken.set(i));
                    taken.q()
                })
            },
            "E0219: a value of clock `clk` goes to register `taken` of clock `fast`
            at condition
            enable: it comes from register `enable`, of clock `clk`
            taken: register `taken` is of clock `fast`
            help: take it across with a part of parts::cdc: synchronize for one bit, pulse, handshake or AsyncFifo",
        );
    }

    #[test]
    fn an_input_that_two_clocks_take() {
        let found = codes(uint(8), |m, i| {
            let a = m.delay("a", i);
            let b = m.domain(&fast(), || m.delay("b", i));
            (a, b)
        });
        assert_eq!(found, ["E0219", "E0219"]);
    }

    #[test]
    fn through_a_child_and_its_logic() {
        expect_error(
            uint(8),
            |m, i| {
                let slow = m.delay("slow", i); //~ slow
                let sum = one_off(uint(8), |_, i| i + 1);
                let later = one_off(range(1..=256), |m, i| m.delay("later", i));
                let more = m.inst("more", &sum, slow);
                m.domain(&fast(), || m.inst("late", &later, more)) //~ inst
            },
            "E0219: a value of clock `clk` goes to instance `late` of clock `fast`
            at inst
            slow: it comes from register `slow`, of clock `clk`
            help: take it across with a part of parts::cdc: synchronize for one bit, pulse, handshake or AsyncFifo",
        );
    }

    #[test]
    fn an_output_of_two_clocks_and_an_assertion() {
        let found = codes((uint(8), uint(8)), |m, (i, j)| {
            let a = m.delay("a", i);
            let b = m.domain(&fast(), || m.delay("b", j));
            a + b
        });
        assert_eq!(found, ["E0219"]);
        let found = codes(BOOL, |m, i| {
            let a = m.delay("a", i);
            m.domain(&fast(), || m.assert("never", !a, "it does"));
            a
        });
        assert_eq!(found, ["E0219"]);
    }

    #[test]
    fn a_memory_on_two_clocks() {
        expect_error(
            (uint(4), uint(8), uint(4)),
            |m, (at, i, from)| {
                let mem = m.mem("mem", uint(8), 16).collision(Collision::Old);
                mem.write(at, i); //~ write
                m.domain(&fast(), || mem.read_sync(from)) //~ read
            },
            "E0219: memory `mem` is read on clock `fast` and written on clock `clk`
            at read
            write: it is written here
            help: across clocks no memory promises what a collision returns: say .collision(Collision::Undefined)",
        );
    }

    #[test]
    fn writes_on_two_clocks_and_streams_of_two() {
        let found = codes((uint(4), uint(8), uint(4), uint(8)), |m, (at, i, there, j)| {
            let mem = m.mem("mem", uint(8), 16).collision(Collision::Undefined);
            mem.write(at, i);
            m.domain(&fast(), || mem.write(there, j));
            mem.read_sync(at)
        });
        assert_eq!(found, ["E0219"]);
        let found = codes((BOOL, uint(8)), |m, (i, j)| {
            let valid = m.delay("valid", i);
            let payload = m.domain(&fast(), || m.delay("payload", j));
            m.stream("s", valid, true, payload).0
        });
        assert_eq!(found, ["E0219"]);
    }

    #[test]
    fn what_is_made_for_it_is_no_mistake() {
        let found = codes((uint(8), BOOL), |m, (i, flag)| {
            let slow = m.delay("slow", i);
            let up = m.delay("up", flag);
            m.domain(&fast(), || {
                let held = m.reg("held", uint(8)).crossing(Crossing::Held).reset(0);
                let now = cdc::synchronize(m, "up_fast", up);
                m.when(now, || held.set(slow));
                held.q()
            })
        });
        assert_eq!(found, [""; 0]);
        // Logic without state takes the clock of what it is given, and domains on one clock are one.
        let found = codes((uint(8), uint(8), uint(8)), |m, (i, j, k)| {
            let sum = one_off((uint(8), uint(8)), |_, (i, j)| i + j);
            let other = Domain::new("clk").reset("other_rst", ResetKind::Async, Polarity::Low);
            let slow = m.domain(&other, || m.delay("slow", j));
            let outside = m.inst("outside", &sum, (i, slow));
            let beside = m.domain(&fast(), || m.inst("beside", &one_off(uint(8), |_, i| i + 1), m.delay("r", k)));
            (m.delay("sum", outside), beside)
        });
        assert_eq!(found, [""; 0]);
    }
}
