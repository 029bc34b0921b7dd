//! CORDIC: rotation of a vector, and its magnitude and angle, with shifts and additions only.
//!
//! Angles are fractions of a turn in two's complement: an angle of `n` bits counts steps of `2^-n` turns, so that it wraps
//! around by itself. Coordinates have no unit of their own; read them with any binary point. Every iteration stretches
//! the vector; after all of them it is longer by the gain, about 1.6468, which both parts leave to their user.

use super::misuse::refuse_generator;
use crate::hw::bits::Bool;
use crate::hw::bundle::Bundle;
use crate::hw::context::Raw;
use crate::hw::int::{Int, Rounding, lit};
use crate::hw::module::{Generator, Module};
use crate::ty::{IntTy, sint};
use crate::value::Value;

/// What both parts have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cordic {
    /// Range of both coordinates of the input.
    pub coordinate: IntTy,
    /// Width of angles: 3 to 40 bits.
    pub angle_bits: u32,
    /// Iterations: 1 to 40. Each adds about one bit of accuracy.
    pub iterations: u32,
    /// How many iterations there are between two registers: 1 for the fastest clock. 0 for no registers at all; such a
    /// part can be pipelined by [`Module::pipelined`].
    pub iterations_per_stage: u32,
}

/// Turns the vector by the angle: `gain * (x cos a - y sin a, x sin a + y cos a)`. One vector a clock.
///
/// Each coordinate of the result is off by at most [`Cordic::rotation_error`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rotate(pub Cordic);

/// The magnitude of the vector times the gain, and its angle. One vector a clock.
///
/// The errors are at most [`Cordic::magnitude_error`] and [`Cordic::angle_error`]. The angle of the origin means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ToPolar(pub Cordic);

/// A vector.
#[derive(Bundle)]
pub struct Vector {
    /// First coordinate.
    pub x: Int,
    /// Second coordinate.
    pub y: Int,
}

/// Inputs of [`Rotate`].
#[derive(Bundle)]
pub struct RotateIn {
    /// First coordinate.
    pub x: Int,
    /// Second coordinate.
    pub y: Int,
    /// By how much to turn, from the first axis toward the second: `sint(angle_bits)`, in steps of `2^-angle_bits` turns.
    pub angle: Int,
}

/// A vector as magnitude and angle.
#[derive(Bundle)]
pub struct Polar {
    /// The magnitude, times the gain.
    pub magnitude: Int,
    /// The angle: `sint(angle_bits)`, in steps of `2^-angle_bits` turns. Half a turn comes out as `-1/2` or near `1/2`.
    pub angle: Int,
}

/// Fraction bits of the constants that the arctangents are computed with.
const FINE: u32 = 72;

/// `atan(1 / inverse)`, times `2^FINE`, from its power series.
fn arctangent(inverse: i128) -> i128 {
    let (mut term, mut total, mut n) = ((1i128 << FINE) / inverse, 0, 1);
    while term != 0 {
        total += term / n;
        // The signs alternate.
        term = -(term / inverse / inverse);
        n += 2;
    }
    total
}

/// `atan(2^-n)` in steps of `2^-bits` turns, to the nearest. In integers: floating-point functions differ between
/// machines, and the Verilog may not.
fn step_angle(n: u32, bits: u32) -> i64 {
    if n == 0 {
        return 1 << (bits - 3);
    }
    let turn = 8 * (4 * arctangent(5) - arctangent(239));
    (((arctangent(1 << n) << bits) + turn / 2) / turn) as i64
}

impl Cordic {
    /// Clocks from the inputs to the results: one for each `iterations_per_stage` iterations, and one more.
    pub fn latency(&self) -> u64 {
        match self.iterations_per_stage {
            0 => 0,
            per_stage => u64::from(self.iterations.div_ceil(per_stage)) + 1,
        }
    }
    /// By how much the result is longer than the vector.
    pub fn gain(&self) -> f64 {
        (0..self.iterations).map(|n| (1.0 + 0.25f64.powi(n as i32)).sqrt()).product()
    }
    /// The greatest error of a coordinate of [`Rotate`]'s result, in steps of the coordinate.
    pub fn rotation_error(&self) -> f64 {
        let radius = self.most().to_f64() * std::f64::consts::SQRT_2;
        let n = f64::from(self.iterations);
        let angle = self.last_angle() + n / 2.0 * std::f64::consts::TAU / (self.angle_unit());
        self.gain() * radius * angle + self.cut_off() + 0.5
    }
    /// The greatest error of [`ToPolar`]'s magnitude, in steps of the coordinate.
    pub fn magnitude_error(&self) -> f64 {
        let radius = self.most().to_f64() * std::f64::consts::SQRT_2;
        let missed = 1.0 - self.last_angle().cos();
        self.gain() * radius * missed + 2.0 * self.cut_off() + 0.5
    }
    /// The greatest error of [`ToPolar`]'s angle, in turns, for vectors of at least this magnitude.
    pub fn angle_error(&self, magnitude: f64) -> f64 {
        let n = f64::from(self.iterations);
        // Each iteration turns a vector that is no shorter than the first one by what its shifts cut off.
        let cut_off = n * std::f64::consts::SQRT_2 / (magnitude * f64::from(self.guard_bits()).exp2());
        let turns = (self.last_angle() + 2.0 * cut_off) / std::f64::consts::TAU;
        turns + n / 2.0 / self.angle_unit() + 0.5 / f64::from(self.angle_bits).exp2()
    }

    /// The last iteration's angle in radians: the result is no farther from where it should be.
    fn last_angle(&self) -> f64 {
        (-f64::from(self.iterations.saturating_sub(1))).exp2().atan()
    }
    /// What all shifts together cut off, in steps of the coordinate.
    fn cut_off(&self) -> f64 {
        let steps = f64::from(self.iterations) * std::f64::consts::SQRT_2 * self.gain();
        steps / f64::from(self.guard_bits()).exp2()
    }
    /// Inner steps of a turn.
    fn angle_unit(&self) -> f64 {
        f64::from(self.angle_bits + self.guard_bits()).exp2()
    }
    fn guard_bits(&self) -> u32 {
        2 + (u32::BITS - self.iterations.leading_zeros())
    }
    fn most(&self) -> Value {
        self.coordinate.lo().abs().max(self.coordinate.hi().abs())
    }
    /// No coordinate gets beyond: the gain times the root of 2 is less than 2.329.
    fn bound(&self) -> Value {
        let scaled = &self.most() * &Value::from(2329);
        let whole = scaled.div_trunc(&Value::from(1000)).unwrap_or(Value::ZERO);
        &whole + &Value::from(3)
    }
    fn is_possible(&self) -> bool {
        if !(3..=40).contains(&self.angle_bits) {
            let what = format!("CORDIC with angles of {} bits is not available", self.angle_bits);
            refuse_generator(&what, "give angles of 3 to 40 bits");
            return false;
        }
        if !(1..=40).contains(&self.iterations) {
            refuse_generator(
                &format!("CORDIC of {} iterations is not available", self.iterations),
                "give 1 to 40 iterations",
            );
            return false;
        }
        true
    }

    /// A coordinate, or an angle, with guard bits.
    fn guarded(&self, value: Int) -> Int {
        value << self.guard_bits()
    }
    fn rounded(&self, value: Int) -> Int {
        value.round(Rounding::HalfUp, self.guard_bits())
    }
    /// The inner range of coordinates.
    fn inner(&self) -> IntTy {
        let bound = self.bound().shl(self.guard_bits());
        sint(IntTy::new(-&bound, bound).width())
    }

    /// All iterations. `turn` says, from the state, whether to turn backward. The angle after the last iteration is left
    /// out where nobody asks for it.
    fn iterate(&self, m: &Module, start: State, backward: impl Fn(&State) -> Bool, angle: bool) -> State {
        let (inner, angles) = (self.inner(), sint(self.angle_bits + self.guard_bits()));
        let per_stage = self.iterations_per_stage;
        let mut state = if per_stage == 0 { start } else { start.registered(m, 0) };
        for n in 0..self.iterations {
            let back = backward(&state);
            let State { x, y, z } = state;
            let (dx, dy) = (x >> n, y >> n);
            state = State {
                x: back.mux(x + dy, x - dy).wrap(inner),
                y: back.mux(y - dx, y + dx).wrap(inner),
                z: z.filter(|_| angle || n + 1 < self.iterations).map(|z| {
                    let step = step_angle(n, self.angle_bits + self.guard_bits());
                    back.mux(z + step, z - step).wrap(angles)
                }),
            };
            let ends = n + 1 == self.iterations || (n + 1).is_multiple_of(per_stage.max(1));
            if per_stage > 0 && ends {
                state = state.registered(m, n + 1);
            }
        }
        state
    }
}

struct State {
    x: Int,
    y: Int,
    /// The angle still to go, or already gone back.
    z: Option<Int>,
}

impl State {
    fn registered(self, m: &Module, stage: u32) -> State {
        let kept = |name: &str, v: Int| match v.ty().as_constant() {
            Some(only) => lit(only),
            None => m.delay(&format!("{name}_{stage}"), v),
        };
        State { x: kept("x", self.x), y: kept("y", self.y), z: self.z.map(|z| kept("z", z)) }
    }
}

impl Generator for Rotate {
    type In = RotateIn;
    type Out = Vector;

    fn shape(&self) -> RotateInShape {
        RotateInShape { x: self.0.coordinate, y: self.0.coordinate, angle: sint(self.0.angle_bits) }
    }

    fn build(&self, m: &Module, i: RotateIn) -> Vector {
        let c = &self.0;
        if !c.is_possible() {
            return Vector { x: Int::new(Raw::POISON), y: Int::new(Raw::POISON) };
        }
        // Into the quarter turns on both sides of 0, where the iterations converge.
        let quarter = 1i64 << (c.angle_bits - 2);
        let (far, near) = (i.angle.ge(quarter), i.angle.lt(-quarter));
        let start = State {
            x: c.guarded(far.mux(-i.y, near.mux(i.y, i.x))),
            y: c.guarded(far.mux(i.x, near.mux(-i.x, i.y))),
            z: Some(c.guarded(far.mux(i.angle - quarter, near.mux(i.angle + quarter, i.angle)))),
        };
        let end = c.iterate(m, start, |s| s.z.map_or(Bool::constant(false), |z| z.lt(0)), false);
        let range = IntTy::new(-&c.bound(), c.bound());
        Vector { x: c.rounded(end.x).claim(range), y: c.rounded(end.y).claim(range) }
    }
}

impl Generator for ToPolar {
    type In = Vector;
    type Out = Polar;

    fn shape(&self) -> VectorShape {
        VectorShape { x: self.0.coordinate, y: self.0.coordinate }
    }

    fn build(&self, m: &Module, i: Vector) -> Polar {
        let c = &self.0;
        if !c.is_possible() {
            return Polar { magnitude: Int::new(Raw::POISON), angle: Int::new(Raw::POISON) };
        }
        // Into the right half plane by a quarter turn.
        let quarter = 1i64 << (c.angle_bits - 2);
        let (left, below) = (i.x.lt(0), i.y.lt(0));
        let turned = |a: Int, b: Int, otherwise: Int| left.mux(below.mux::<Int>(a, b), otherwise);
        let start = State {
            x: c.guarded(turned(-i.y, i.y, i.x)),
            y: c.guarded(turned(i.x, -i.x, i.y)),
            z: Some(c.guarded(turned(lit(-quarter), lit(quarter), lit(0)))),
        };
        let end = c.iterate(m, start, |s| s.y.ge(0), true);
        let angle = c.rounded(end.z.unwrap_or_else(|| lit(0))).wrap(sint(c.angle_bits));
        Polar { magnitude: c.rounded(end.x).claim(IntTy::new(0, c.bound())), angle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;

    #[test]
    fn widths_and_iterations_that_there_are_not() {
        fn part(angle_bits: u32, iterations: u32) -> ToPolar {
            ToPolar(Cordic { coordinate: sint(8), angle_bits, iterations, iterations_per_stage: 1 })
        }
        expect_error(
            (sint(8), sint(8)),
            |m, (x, y)| m.inst("polar", &part(2, 8), Vector { x, y }), //~ here
            "E0109: CORDIC with angles of 2 bits is not available
            at here
            help: give angles of 3 to 40 bits",
        );
        for (angle_bits, iterations) in [(41, 8), (8, 0), (8, 41)] {
            let found = elaborate_errors(&part(angle_bits, iterations));
            assert_eq!(found, ["E0109"]);
        }
    }

    fn elaborate_errors<G: Generator>(part: &G) -> Vec<&'static str> {
        crate::hw::elaborate::elaborate(part).map_or_else(|e| e.codes(), |_| Vec::new())
    }

    #[test]
    fn angles_of_the_steps() {
        for (n, bits) in [(0, 10), (1, 10), (2, 30), (7, 48), (20, 48), (39, 48)] {
            let wanted = (-f64::from(n as i32)).exp2().atan() / std::f64::consts::TAU * f64::from(bits as i32).exp2();
            assert!((step_angle(n, bits) as f64 - wanted).abs() <= 0.51, "{n}, {bits}");
        }
    }
}
