//! Flip-flops in a row.

use crate::hw::bits::{Bits, Bool};
use crate::hw::bundle::{Bundle, ToHw};
use crate::hw::context::Loc;
use crate::hw::module::Module;
use crate::hw::reg::Reg;
use crate::ir::Crossing;
use crate::parts::misuse::refuse;

/// A bit of another clock, or of none, on the clock around: through two flip-flops, `name_0` and `name_1`, without reset.
///
/// A level shows after 1 to 2 clocks in simulation and 1 to 3 in hardware; it has to stay for more than one clock to be
/// seen at all. The bit has to come from a register or a pin: logic can glitch (E0221). Two bits synchronised one by one
/// can arrive a clock apart.
#[track_caller]
pub fn synchronize(m: &Module, name: &str, bit: impl ToHw<Bool>) -> Bool {
    chain(m, name, bit.to_hw(), super::STAGES, false)
}

/// As [`synchronize`], through so many flip-flops, at least 2.
#[track_caller]
pub fn synchronize_stages(m: &Module, name: &str, bit: impl ToHw<Bool>, stages: u32) -> Bool {
    chain(m, name, bit.to_hw(), stages, false)
}

/// A word of another clock of which at most one bit changes at an edge of that clock, as of a counter in
/// [Gray code](crate::parts::encode::to_gray): through `stages` flip-flops a bit, at least 2, which reset sets to 0.
#[track_caller]
pub fn synchronize_gray(m: &Module, name: &str, word: impl ToHw<Bits>, stages: u32) -> Bits {
    chain(m, name, word.to_hw(), stages, true)
}

/// `stages` registers one behind the other; with `reset`, which is 0.
#[track_caller]
pub(super) fn chain<T: Bundle + Copy>(m: &Module, name: &str, value: T, stages: u32, reset: bool) -> T {
    if stages < 2 {
        refuse(Loc::caller(), &format!("a synchroniser of {stages} stages"), "give it 2 or more");
    }
    let mut value = value;
    for n in 0..stages.max(2) {
        let stage = m.reg(&format!("{name}_{n}"), value.shape()).crossing(Crossing::Synchronizer);
        let stage: Reg<T> = if reset { stage.reset(false) } else { stage.no_reset() };
        stage.set(value);
        value = stage.q();
    }
    value
}
