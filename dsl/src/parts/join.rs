//! Joins: beats of several streams become one.
//!
//! A beat moves when all inputs offer one, in the same clock: latency 0, throughput one beat a clock. `valid` goes
//! combinationally from every input to the output and to the `ready` of every input; `ready` goes from the output to the
//! inputs. The first stream says where packets end: its `last` is the output's.

use super::misuse::refuse;
use crate::hw::bits::Bool;
use crate::hw::bundle::Bundle;
use crate::hw::context::Loc;
use crate::hw::int::reduce;
use crate::hw::module::{Module, abort};
use crate::hw::stream::Stream;

/// One beat of each input makes one beat of the output, in the order of `inputs`. See [the module](self).
#[track_caller]
pub fn join<T: Bundle + Clone>(m: &Module, inputs: Vec<Stream<T>>) -> Stream<Vec<T>> {
    let loc = Loc::caller();
    let valids: Vec<Bool> = inputs.iter().map(Stream::valid).collect();
    let (Some(all), Some(first)) = (reduce(&valids, |a, b| a & b), inputs.first()) else {
        refuse(loc, "join needs at least one stream", "give it a list that is not empty");
        abort()
    };
    let last = first.last();
    let payloads: Vec<T> = inputs.iter().map(Stream::payload).collect();
    let (joined, ready) = m.stream("join", all, last, payloads);
    for input in inputs {
        let _: Bool = input.accept(all & ready).fire;
    }
    joined
}

impl<T: Bundle + Clone> Stream<T> {
    /// One beat of this stream with one of `other`; `last` is this stream's. See [`join`](self::join()).
    #[track_caller]
    pub fn zip<U: Bundle + Clone>(self, m: &Module, other: Stream<U>) -> Stream<(T, U)> {
        let both = self.valid() & other.valid();
        let (zipped, ready) = m.stream("zip", both, self.last(), (self.payload(), other.payload()));
        let _: Bool = self.accept(both & ready).fire;
        let _: Bool = other.accept(both & ready).fire;
        zipped
    }
}

#[cfg(test)]
mod tests {
    use super::join;
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn of_nothing() {
        expect_error(
            (),
            |m, ()| join::<Int>(m, Vec::new()), //~ join
            "E0109: join needs at least one stream
            at join
            help: give it a list that is not empty",
        );
    }

    #[test]
    fn several_in_a_module() {
        let design = build([StreamTy(uint(2)); 5], |m, [a, b, c, d, e]| {
            join(m, vec![join(m, vec![a, b]), join(m, vec![c])]).zip(m, d).zip(m, e)
        });
        assert_eq!(design.modules[design.top].streams.len(), 6);
    }
}
