//! The small standard parts as designs, for the tests that simulate them and those that lint them.

use gatewright_dsl::parts::cordic::{Cordic, Rotate, ToPolar};
use gatewright_dsl::parts::counter::{Count, counter, saturating_counter};
use gatewright_dsl::parts::delay::{delay_line, delay_line_when};
use gatewright_dsl::parts::divide::Divider;
use gatewright_dsl::parts::encode::*;
use gatewright_dsl::parts::lfsr::lfsr;
use gatewright_dsl::parts::sqrt::SquareRoot;
use gatewright_dsl::prelude::*;
use gatewright_sim::rng::Rng;

/// All codes of a word.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Codes(pub u32);

#[derive(Bundle)]
pub struct CodesIn {
    data: Bits,
    index: Int,
    count: Int,
}

#[derive(Bundle)]
pub struct CodesOut {
    lowest: Found,
    highest: Found,
    leading: Int,
    trailing: Int,
    reversed: Bits,
    one_hot: Bool,
    at_most_one: Bool,
    decoded: Bits,
    encoded: Int,
    thermometer: Bits,
    thermometer_count: Int,
    grays: (Bits, Bits),
    grant: Bits,
}

impl Generator for Codes {
    type In = CodesIn;
    type Out = CodesOut;
    fn shape(&self) -> CodesInShape {
        let last = i64::from(self.0) - 1;
        CodesInShape { data: word(self.0), index: range(0..=last), count: range(-2..=last + 3) }
    }
    fn build(&self, _: &Module, i: CodesIn) -> CodesOut {
        CodesOut {
            lowest: lowest_one(i.data),
            highest: highest_one(i.data),
            leading: leading_zeros(i.data),
            trailing: trailing_zeros(i.data),
            reversed: reverse(i.data),
            one_hot: is_one_hot(i.data),
            at_most_one: is_at_most_one(i.data),
            decoded: one_hot(i.index, self.0),
            encoded: one_hot_index(i.data),
            thermometer: thermometer(i.count, self.0),
            thermometer_count: thermometer_count(i.data),
            grays: (to_gray(i.data), from_gray(i.data)),
            grant: lowest_one_hot(i.data),
        }
    }
}

/// A counter modulo a number, one that it drives, and one that saturates.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Counters {
    pub modulus: u64,
    pub slow: u64,
    pub saturating: IntTy,
}

#[derive(Bundle)]
pub struct CountersIn {
    enable: Bool,
    up: Bool,
    down: Bool,
}

#[derive(Bundle)]
pub struct CountersOut {
    fast: Count,
    slow: Count,
    saturating: Int,
}

impl Generator for Counters {
    type In = CountersIn;
    type Out = CountersOut;
    fn shape(&self) -> CountersInShape {
        CountersInShape { enable: BOOL, up: BOOL, down: BOOL }
    }
    fn build(&self, m: &Module, i: CountersIn) -> CountersOut {
        let fast = counter(m, "fast", self.modulus, i.enable);
        let slow = counter(m, "slow", self.slow, fast.wraps);
        CountersOut { fast, slow, saturating: saturating_counter(m, "saturating", self.saturating, i.up, i.down) }
    }
}

/// An LFSR.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Random(pub u32, pub u64);

impl Generator for Random {
    type In = Bool;
    type Out = Bits;
    fn shape(&self) -> BoolTy {
        BOOL
    }
    fn build(&self, m: &Module, enable: Bool) -> Bits {
        lfsr(m, "state", self.0, self.1, enable)
    }
}

/// Two delay lines of a bundle.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Delays(pub u64);

#[derive(Bundle)]
pub struct DelaysIn {
    value: (Int, Bits),
    enable: Bool,
}

#[derive(Bundle)]
pub struct DelaysOut {
    always: (Int, Bits),
    enabled: (Int, Bits),
}

impl Generator for Delays {
    type In = DelaysIn;
    type Out = DelaysOut;
    fn shape(&self) -> DelaysInShape {
        DelaysInShape { value: (range(-3..=12), word(3)), enable: BOOL }
    }
    fn build(&self, m: &Module, i: DelaysIn) -> DelaysOut {
        DelaysOut {
            always: delay_line(m, "always_line", i.value, self.0),
            enabled: delay_line_when(m, "enabled", i.value, self.0, i.enable),
        }
    }
}

/// A part without registers of its own, pipelined for a clock.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pipelined<G>(pub G);

impl<G: Generator> Generator for Pipelined<G> {
    type In = G::In;
    type Out = G::Out;
    fn shape(&self) -> <G::In as Bundle>::Shape {
        self.0.shape()
    }
    fn build(&self, m: &Module, i: G::In) -> G::Out {
        m.pipelined("part", &self.0, i, &Target::lut6(300.0)).0
    }
}

pub const WIDTHS: [u32; 8] = [1, 2, 3, 5, 8, 11, 33, 70];
pub const LFSRS: [(u32, u64); 6] = [(2, 1), (3, 5), (7, 1), (12, 0xabc), (33, 0x1_0000_0001), (64, u64::MAX)];

pub fn counters() -> Vec<Counters> {
    let of = |modulus, slow, saturating| Counters { modulus, slow, saturating };
    let mut counters =
        vec![of(1, 1, range(0..=3)), of(10, 3, range(-2..=2)), of(8, 1, range(3..=3)), of(2, 5, range(-9..=-4))];
    let mut rng = random();
    let random = std::iter::from_fn(|| Some(of(rng.between(1, 40), rng.between(1, 9), random_range(&mut rng, 5))));
    counters.extend(random.take(4));
    counters
}

/// Parameters drawn at random: always the same ones, or by `GATEWRIGHT_RANDOM_SEED`.
fn random() -> Rng {
    let seed = std::env::var("GATEWRIGHT_RANDOM_SEED").ok().and_then(|seed| seed.parse().ok());
    Rng::new(seed.unwrap_or(1812))
}

/// A range of up to `bits` bits that begins somewhere near zero.
fn random_range(rng: &mut Rng, bits: u64) -> IntTy {
    let size = 1i64 << rng.between(1, bits);
    let lo = rng.between(0, size as u64) as i64 - if rng.chance(0.5) { size } else { 0 };
    range(lo..=lo + rng.between(0, size as u64) as i64)
}

pub fn dividers() -> Vec<Divider> {
    let of = |dividend, divisor, bits_per_stage| Divider { dividend, divisor, bits_per_stage };
    let mut rng = random();
    let random = std::iter::from_fn(|| {
        let (dividend, divisor) = (random_range(&mut rng, 12), random_range(&mut rng, 8));
        Some(of(dividend, divisor, rng.between(0, 6) as u32))
    });
    let mut dividers = vec![
        of(uint(4), uint(4), 1),
        of(uint(6), uint(3), 2),
        of(sint(5), sint(4), 1),
        of(sint(5), sint(4), 0),
        of(range(-9..=20), range(1..=7), 3),
        of(range(30..=50), range(3..=5), 1),
        of(range(-20..=-5), range(-4..=-2), 4),
        of(uint(5), range(0..=0), 1),
        of(range(0..=0), uint(3), 1),
        of(uint(3), range(0..=1), 5),
        of(uint(5), range(-3..=0), 2),
        of(uint(32), uint(32), 1),
        of(sint(64), sint(64), 4),
        of(sint(100), sint(40), 7),
        of(uint(16), sint(70), 3),
    ];
    dividers.extend(random.take(8));
    dividers
}

pub fn roots() -> Vec<SquareRoot> {
    let of = |input, bits_per_stage| SquareRoot { input, bits_per_stage };
    let mut rng = random();
    let random = std::iter::from_fn(|| {
        let lo = rng.between(0, 100);
        Some(of(range(lo..=lo + rng.between(0, 5000)), rng.between(0, 5) as u32))
    });
    let mut roots = vec![
        of(uint(1), 1),
        of(uint(8), 1),
        of(uint(9), 2),
        of(range(5..=1000), 3),
        of(range(0..=0), 1),
        of(uint(10), 0),
        of(uint(63), 4),
        of(uint(100), 1),
    ];
    roots.extend(random.take(4));
    roots
}

pub fn cordics() -> Vec<Cordic> {
    let of = |coordinate, angle_bits, iterations, iterations_per_stage| Cordic {
        coordinate,
        angle_bits,
        iterations,
        iterations_per_stage,
    };
    let mut rng = random();
    let random = std::iter::from_fn(|| {
        let coordinate = sint(rng.between(3, 20) as u32);
        let iterations = rng.between(1, 18) as u32;
        Some(of(coordinate, rng.between(3, 20) as u32, iterations, rng.between(0, 4) as u32))
    });
    let mut cordics = vec![
        of(sint(5), 5, 6, 1),
        of(range(-6..=11), 6, 1, 1),
        of(sint(8), 3, 8, 3),
        of(sint(12), 12, 13, 1),
        of(sint(16), 16, 17, 4),
        of(sint(10), 10, 11, 0),
        of(sint(36), 40, 40, 2),
    ];
    cordics.extend(random.take(3));
    cordics
}

/// Every design, with a name.
pub fn all() -> Vec<(String, Design)> {
    let mut all = Vec::new();
    fn add<G: Generator>(all: &mut Vec<(String, Design)>, name: String, g: &G) {
        let design = elaborate(g).unwrap_or_else(|e| panic!("{name}: {e}"));
        all.push((name, design));
    }
    for width in WIDTHS {
        add(&mut all, format!("codes_{width}"), &Codes(width));
    }
    for (n, c) in counters().iter().enumerate() {
        add(&mut all, format!("counters_{n}"), c);
    }
    for (width, seed) in LFSRS {
        add(&mut all, format!("random_{width}"), &Random(width, seed));
    }
    for stages in [0, 1, 4] {
        add(&mut all, format!("delays_{stages}"), &Delays(stages));
    }
    for (n, d) in dividers().iter().enumerate() {
        add(&mut all, format!("divider_{n}"), d);
    }
    for (n, s) in roots().iter().enumerate() {
        add(&mut all, format!("root_{n}"), s);
    }
    for (n, c) in cordics().iter().enumerate() {
        add(&mut all, format!("rotate_{n}"), &Rotate(c.clone()));
        add(&mut all, format!("polar_{n}"), &ToPolar(c.clone()));
    }
    let divider = Divider { dividend: sint(9), divisor: uint(5), bits_per_stage: 0 };
    add(&mut all, "pipelined_divider".into(), &Pipelined(divider));
    add(&mut all, "pipelined_root".into(), &Pipelined(SquareRoot { input: uint(12), bits_per_stage: 0 }));
    all
}
