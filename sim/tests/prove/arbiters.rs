//! Arbiters: every beat goes to the output once, the grant stays, and round-robin is fair.

use gatewright_dsl::parts::arbiter::{Grant, Policy, arbitrate_tagged};
use gatewright_dsl::prelude::*;
use gatewright_sim::prove::Options;

use super::order::source;
use super::{has_z3, proved};

#[derive(Clone, PartialEq, Eq, Hash)]
struct Arbitrated {
    inputs: usize,
    policy: Policy,
    grant: Grant,
}

#[derive(Bundle)]
struct ArbitratedIn {
    offer: Vec<Bool>,
    data: Vec<Bool>,
    last: Vec<Bool>,
    take: Bool,
}

impl Generator for Arbitrated {
    type In = ArbitratedIn;
    type Out = ();

    fn shape(&self) -> ArbitratedInShape {
        let each = vec![BOOL; self.inputs];
        ArbitratedInShape { offer: each.clone(), data: each.clone(), last: each, take: BOOL }
    }

    fn build(&self, m: &Module, i: ArbitratedIn) {
        let n = self.inputs;
        let mut streams = Vec::new();
        let mut watched = Vec::new();
        for k in 0..n {
            let (stream, valid, beat, ready) = source(m, &format!("s{k}"), i.offer[k], (i.data[k], i.last[k]));
            streams.push(stream);
            watched.push((valid, beat, valid & ready));
        }
        let out = arbitrate_tagged(m, streams, self.policy, self.grant).accept(i.take);
        let ends = out.fire & (out.last | (self.grant == Grant::Beat));
        let mut offers = Vec::new();
        for (k, &(valid, beat, sent)) in watched.iter().enumerate() {
            let mine = out.payload.source.eq(k);
            m.assert(&format!("moves_{k}"), sent.eq(out.fire & mine), "a beat moves that the output does not show");
            let same = out.payload.payload.eq(beat.0) & out.last.eq(beat.1);
            m.assert(&format!("same_{k}"), !out.valid | !mine | (valid & same), "another beat is offered than came");
            offers.push(valid);
            if self.policy == Policy::RoundRobin {
                // Beats or packets of others that ended since this input offers.
                let passed = m.reg(&format!("passed_{k}"), range(0..=n)).reset(0);
                m.when(!valid | (sent & mine), || passed.set(0))
                    .elsewhen(ends & !mine & passed.q().lt(n), || passed.set(passed.q() + 1));
                m.assert(&format!("fair_{k}"), passed.q().lt(n), "too many others went before");
                m.cover(&format!("waits_{k}"), passed.q().eq(n - 1), "the others go before");
            }
        }
        // While an input waits, something is offered; a packet under way may pause.
        let any = reduce(&offers, |a, b| a | b).unwrap_or_else(|| Bool::constant(false));
        if self.grant == Grant::Beat {
            m.assert("offers", any.eq(out.valid), "beats are there and none is offered");
        }
        // The grant stays until the beat is taken, or the packet has ended.
        let goes_on = m.reg("goes_on", BOOL).reset(false);
        let owner = m.reg("owner", range(0..=n - 1)).reset(0);
        let until = if self.grant == Grant::Beat { out.fire } else { ends };
        m.when(out.valid, || {
            goes_on.set(!until);
            owner.set(out.payload.source);
        });
        m.assert("keeps", !goes_on.q() | !out.valid | out.payload.source.eq(owner.q()), "the grant changed");
        m.cover("moves", out.fire, "a beat moves");
    }
}

#[test]
fn arbiters() {
    if !has_z3() {
        return;
    }
    for inputs in 1..=4 {
        for policy in [Policy::Priority, Policy::RoundRobin] {
            for grant in [Grant::Beat, Grant::Packet] {
                let harness = Arbitrated { inputs, policy, grant };
                let options = Options { depth: 12, induction: 4, ..Options::default() };
                proved(&format!("{inputs} inputs, {policy:?}, {grant:?}"), &harness, &options);
            }
        }
    }
}
