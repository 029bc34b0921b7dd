//! The greatest common divisor by subtraction: a state machine between two streams.

use gatewright_dsl::prelude::*;
use gatewright_sim::{Beat, Interpreter, StreamSink, StreamSource, stream};

/// Takes pairs of numbers and gives their greatest common divisors, one at a time. That of `a` and 0 is `a`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Gcd {
    /// Bits of a number.
    pub width: u32,
}

/// Two numbers.
#[derive(Bundle)]
pub struct Pair {
    /// One.
    pub a: Int,
    /// The other.
    pub b: Int,
}

/// The request.
#[derive(Bundle)]
pub struct GcdIn {
    /// Numbers to work on.
    pub pair: Stream<Pair>,
}

/// The answer.
#[derive(Bundle)]
pub struct GcdOut {
    /// Their greatest common divisor.
    pub gcd: Stream<Int>,
}

/// What the machine does.
#[derive(HwEnum, Clone, Copy)]
pub enum State {
    /// Waits for a pair.
    Idle,
    /// Subtracts.
    Busy,
    /// Offers the result.
    Done,
}

impl Generator for Gcd {
    type In = GcdIn;
    type Out = GcdOut;

    fn shape(&self) -> GcdInShape {
        GcdInShape { pair: StreamTy(PairShape { a: uint(self.width), b: uint(self.width) }) }
    }

    fn build(&self, m: &Module, i: GcdIn) -> GcdOut {
        let state = m.reg("state", State::shape()).reset(State::Idle);
        let x = m.reg("x", uint(self.width)).no_reset();
        let y = m.reg("y", uint(self.width)).no_reset();

        let pair = i.pair.accept(state.q().is(State::Idle));
        let (gcd, taken) = m.stream("gcd", state.q().is(State::Done), true, x.q());

        m.switch(state.q(), |s| {
            s.case(State::Idle, || {
                m.when(pair.fire, || {
                    x.set(pair.payload.a);
                    y.set(pair.payload.b);
                    state.set(State::Busy);
                });
            });
            s.case(State::Busy, || {
                m.when(y.q().eq(0), || state.set(State::Done))
                    .elsewhen(x.q().lt(y.q()), || {
                        x.set(y.q());
                        y.set(x.q());
                    })
                    .otherwise(|| x.set((x.q() - y.q()).claim(x.ty())));
            });
            s.case(State::Done, || {
                m.when(taken, || state.set(State::Idle));
            });
        });
        GcdOut { gcd }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pairs = [(12, 18), (35, 64), (0, 7), (240, 46)];
    let design = elaborate(&Gcd { width: 8 })?;
    let mut dut = Interpreter::new(&design)?;
    let mut source = StreamSource::new(&dut, "pair")?;
    let mut sink = StreamSink::new(&dut, "gcd", pairs.len())?;
    for (a, b) in pairs {
        source.push(Beat { payload: vec![a.into(), b.into()], last: true })?;
    }
    let cycles = stream::run(&mut dut, &mut [&mut source, &mut sink], 1000)?;
    for ((a, b), gcd) in pairs.iter().zip(sink.values()) {
        println!("gcd({a}, {b}) = {gcd}");
    }
    println!("{cycles} cycles");
    Ok(())
}
