//! Forks, joins, width converters and credits.

use gatewright_dsl::parts::credit::{Credits, CreditsIn};
use gatewright_dsl::parts::join::join;
use gatewright_dsl::prelude::*;
use gatewright_sim::prove::Options;

use super::order::{Order, source};
use super::{has_z3, proved};

fn options() -> Options {
    Options { depth: 12, induction: 4, ..Options::default() }
}

/// Parts gathered and spread out again.
#[derive(Clone, PartialEq, Eq, Hash)]
struct WideAndNarrow {
    ratio: usize,
}

impl Generator for WideAndNarrow {
    type In = StreamIn<Bool>;
    type Out = StreamOut<Bool>;
    fn shape(&self) -> StreamInShape<Bool> {
        StreamInShape { input: StreamTy(BOOL) }
    }
    fn build(&self, m: &Module, i: StreamIn<Bool>) -> Self::Out {
        StreamOut { output: i.input.widen(m, self.ratio).narrow(m) }
    }
}

#[test]
fn width_converters() {
    if !has_z3() {
        return;
    }
    for ratio in 1..=3 {
        // While the parts of a wide beat go out, the next one is not gathered.
        let harness = Order::new(WideAndNarrow { ratio }, ratio as u64, 0).gathers(ratio as u64);
        proved(&format!("width converters, {ratio}"), &harness, &options());
    }
}

#[derive(Bundle)]
struct Ways {
    offer: Vec<Bool>,
    data: Vec<Bool>,
    last: Vec<Bool>,
    take: Vec<Bool>,
}

fn ways(inputs: usize, outputs: usize) -> WaysShape {
    let inputs = vec![BOOL; inputs];
    WaysShape { offer: inputs.clone(), data: inputs.clone(), last: inputs, take: vec![BOOL; outputs] }
}

/// Each output of a fork takes each beat once.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Forked {
    outputs: usize,
    lazy: bool,
}

impl Generator for Forked {
    type In = Ways;
    type Out = ();
    fn shape(&self) -> WaysShape {
        ways(1, self.outputs)
    }
    fn build(&self, m: &Module, i: Ways) {
        let (stream, valid, beat, ready) = source(m, "source", i.offer[0], (i.data[0], i.last[0]));
        let sent = valid & ready;
        let outputs = if self.lazy { stream.fork_lazy(m, self.outputs) } else { stream.fork(m, self.outputs) };
        for (n, (output, &take)) in outputs.into_iter().zip(&i.take).enumerate() {
            // The consumers of a lazy fork stay ready until a beat comes.
            let stays = m.reg(&format!("stays_{n}"), BOOL).reset(false);
            let take = if self.lazy { take | stays.q() } else { take };
            let out = output.accept(take);
            stays.set(take & !out.fire);
            let has = m.reg(&format!("has_{n}"), BOOL).reset(false);
            has.set((has.q() | out.fire) & !sent);
            let same = out.payload.eq(beat.0) & out.last.eq(beat.1);
            m.assert(&format!("same_{n}"), !out.valid | (valid & same), "another beat is offered than came");
            m.assert(&format!("once_{n}"), !out.valid | !has.q(), "a beat is offered twice");
            m.assert(&format!("all_{n}"), !sent | has.q() | out.fire, "a beat moved on that an output has not taken");
            m.assert(&format!("takes_{n}"), !take | !valid | has.q() | out.valid | self.lazy, "a beat is not offered");
        }
        m.cover("moves", sent, "a beat moves");
    }
}

#[test]
fn forks() {
    if has_z3() {
        for outputs in 1..=3 {
            proved(&format!("fork to {outputs}"), &Forked { outputs, lazy: false }, &options());
            proved(&format!("lazy fork to {outputs}"), &Forked { outputs, lazy: true }, &options());
        }
    }
}

/// A join moves a beat of each input, in one clock.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Joined {
    inputs: usize,
}

impl Generator for Joined {
    type In = Ways;
    type Out = ();
    fn shape(&self) -> WaysShape {
        ways(self.inputs, 1)
    }
    fn build(&self, m: &Module, i: Ways) {
        let sources = (0..self.inputs).map(|n| source(m, &format!("s{n}"), i.offer[n], (i.data[n], i.last[n])));
        let mut streams = Vec::new();
        let mut watched = Vec::new();
        for (stream, valid, beat, ready) in sources {
            streams.push(stream);
            watched.push((valid, beat, ready));
        }
        let out = join(m, streams).accept(i.take[0]);
        let mut every = Bool::constant(true);
        for (n, &(valid, beat, ready)) in watched.iter().enumerate() {
            m.assert(&format!("together_{n}"), (valid & ready).eq(out.fire), "a beat moves without the others");
            m.assert(&format!("same_{n}"), !out.fire | out.payload[n].eq(beat.0), "another beat leaves than came");
            every = every & valid;
        }
        m.assert("offers", out.valid.eq(every), "the beats of all are not offered, or those of some are");
        m.assert("ends", !out.fire | out.last.eq(watched[0].1.1), "the packet ends elsewhere");
        m.cover("moves", out.fire, "a beat moves");
    }
}

#[test]
fn joins() {
    if has_z3() {
        for inputs in 1..=3 {
            proved(&format!("join of {inputs}"), &Joined { inputs }, &options());
        }
    }
}

/// Credits whose user takes one only where there is one, and gives back only what it has.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Credited {
    limit: u64,
}

impl Generator for Credited {
    type In = (Bool, Bool);
    type Out = ();
    fn shape(&self) -> <Self::In as Bundle>::Shape {
        (BOOL, BOOL)
    }
    fn build(&self, m: &Module, (take, give): Self::In) {
        let out = m.reg("out", range(0..=self.limit)).reset(0);
        let take_now = m.wire("take_now", BOOL);
        let give = give & out.q().gt(0);
        let credits = m.inst("credits", &Credits { limit: self.limit }, CreditsIn { take: take_now.get(), give });
        take_now.set(take & credits.available);
        m.when(take_now.get() & !give & out.q().lt(self.limit), || out.set(out.q() + 1))
            .elsewhen(give & !take_now.get() & out.q().gt(0), || out.set(out.q() - 1));
        m.assert("sum", (credits.count + out.q()).eq(self.limit), "credits came or went");
        m.assert("available", credits.available.eq(credits.count.gt(0)), "there are credits, or none");
        m.cover("all_out", out.q().eq(self.limit), "all credits are out");
    }
}

#[test]
fn credits() {
    if has_z3() {
        for limit in [1, 2, 3, 5, 8, 20] {
            let depth = limit as u32 + 2;
            proved(&format!("credits, {limit}"), &Credited { limit }, &Options { depth, ..options() });
        }
    }
}
