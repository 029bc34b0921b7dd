//! Arbiters: several streams share one.

use super::misuse::refuse;
use crate::hw::bits::{BOOL, Bool};
use crate::hw::bundle::{Bundle, Shape};
use crate::hw::context::Loc;
use crate::hw::int::{Int, lit, reduce, sum};
use crate::hw::module::{Generator, Module, abort};
use crate::hw::select::select;
use crate::hw::stream::{Stream, StreamOut, StreamTy, free_name};
use crate::ty::range;

/// Who is next where several inputs offer a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// The first of the inputs, always: the others can wait for ever.
    Priority,
    /// In turn. While an input offers a beat, each of the others passes at most one beat (or packet) before it.
    RoundRobin,
}

/// How long an input keeps the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grant {
    /// For one beat: until it is taken.
    Beat,
    /// For one packet: until a beat with `last` is taken, also where the input pauses.
    Packet,
}

/// Several streams into one.
///
/// Latency 0, throughput one beat a clock, also where the grant changes. A beat that is offered and not taken keeps the
/// grant, so that the output's offer never changes. With [`Policy::RoundRobin`] and `n` inputs at most `n - 1` beats
/// ([`Grant::Beat`]) or packets ([`Grant::Packet`]) of others pass from the clock in which an input offers to that in which its
/// own passes, counting one that is under way. `valid` goes combinationally from every input to the output and to the
/// `ready` of every input; `ready` goes from the output to the inputs.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Arbiter<S: Shape> {
    /// The payload's shape.
    pub payload: S,
    /// Number of inputs, at least 1.
    pub inputs: usize,
    /// Who is next.
    pub policy: Policy,
    /// For how long.
    pub grant: Grant,
}

/// The inputs of an arbiter.
#[derive(Bundle)]
pub struct ArbiterIn<T: Bundle> {
    /// What shares the output.
    pub inputs: Vec<Stream<T>>,
}

/// A payload and where it came from.
#[derive(Clone, Bundle)]
pub struct Tagged<T: Bundle> {
    /// The number of the input.
    pub source: Int,
    /// The payload.
    pub payload: T,
}

const NONE: &str = "an arbiter needs at least one input";
const WAY_OUT: &str = "give it a list that is not empty";

impl<S: Shape> Generator for Arbiter<S>
where
    S::Value: Clone,
{
    type In = ArbiterIn<S::Value>;
    type Out = StreamOut<Tagged<S::Value>>;

    fn shape(&self) -> ArbiterInShape<S::Value> {
        ArbiterInShape { inputs: vec![StreamTy(self.payload.clone()); self.inputs] }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let n = i.inputs.len();
        let valids: Vec<Bool> = i.inputs.iter().map(Stream::valid).collect();
        let offers: Vec<(Bool, Int)> = valids.iter().enumerate().map(|(k, &v)| (v, lit(k))).collect();
        let Some((any, first)) = foremost(&offers) else {
            refuse(Loc::caller(), NONE, WAY_OUT);
            abort()
        };
        let numbers = range(0..=n - 1);
        let held = m.reg("held", BOOL).reset(false);
        let owner = m.reg("owner", numbers).reset(0);
        let next = match self.policy {
            Policy::Priority => None,
            Policy::RoundRobin => Some(m.reg("next", numbers).reset(0)),
        };
        // In turn: those from `next` on come before the others.
        let fresh = next.as_ref().map_or(first, |next| {
            let late: Vec<(Bool, Int)> = offers.iter().map(|&(v, k)| (v & k.ge(next.q()), k)).collect();
            foremost(&late).map_or(first, |(some, turn)| some.mux(turn, first))
        });
        let source = held.q().mux::<Int>(owner.q(), fresh).named("source");
        let valid = held.q().mux::<Bool>(select(owner.q(), &valids), any);
        let beats: Vec<(S::Value, Bool)> = i.inputs.iter().map(|s| (s.payload(), s.last())).collect();
        let (payload, last) = select(source, &beats);
        let (output, ready) = m.stream("output", valid, last, Tagged { source, payload });

        let taken = valid & ready;
        let goes_on = match self.grant {
            Grant::Beat => Bool::constant(false),
            Grant::Packet => !last,
        };
        m.when(valid, || {
            held.set(!ready | goes_on);
            owner.set(source);
        });
        if let Some(next) = next {
            m.when(taken & !goes_on, || next.set(source.next_wrapping(n as u64)));
        }

        let mut moves = Vec::new();
        for (k, input) in i.inputs.into_iter().enumerate() {
            moves.push(input.accept(ready & source.eq(k)).fire.to_int());
        }
        m.assert("one_moves", sum(&moves).eq(taken.to_int()), "not exactly the beat of the output moved");
        if self.grant == Grant::Beat {
            m.assert("offer_stays", !held.q() | valid, "an input withdrew the beat that it offered");
        }
        StreamOut { output }
    }
}

/// Whether one of `offers` is there, and the first of those.
fn foremost(offers: &[(Bool, Int)]) -> Option<(Bool, Int)> {
    reduce(offers, |(a, x), (b, y)| (a | b, a.mux(x, y)))
}

/// `inputs` into one stream that says where each beat came from. See [`Arbiter`].
#[track_caller]
pub fn arbitrate_tagged<T: Bundle + Clone>(
    m: &Module,
    inputs: Vec<Stream<T>>,
    policy: Policy,
    grant: Grant,
) -> Stream<Tagged<T>> {
    let Some(first) = inputs.first() else {
        refuse(Loc::caller(), NONE, WAY_OUT);
        abort()
    };
    let part = Arbiter { payload: first.payload().shape(), inputs: inputs.len(), policy, grant };
    m.inst(&free_name("arbiter"), &part, ArbiterIn { inputs }).output
}

/// `inputs` into one stream. See [`Arbiter`].
#[track_caller]
pub fn arbitrate<T: Bundle + Clone>(m: &Module, inputs: Vec<Stream<T>>, policy: Policy, grant: Grant) -> Stream<T> {
    arbitrate_tagged(m, inputs, policy, grant).map(|beat| beat.payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::prelude::{elaborate, uint};

    #[test]
    fn of_nothing() {
        expect_error(
            (),
            |m, ()| arbitrate::<Int>(m, Vec::new(), Policy::Priority, Grant::Beat), //~ arbitrate
            "E0109: an arbiter needs at least one input
            at arbitrate
            help: give it a list that is not empty",
        );
        let none = Arbiter { payload: uint(2), inputs: 0, policy: Policy::RoundRobin, grant: Grant::Packet };
        assert_eq!(elaborate(&none).unwrap_err().codes(), ["E0109"]);
    }
}
