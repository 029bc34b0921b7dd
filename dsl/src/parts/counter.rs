//! Counters.

use super::misuse::refuse;
use crate::hw::bits::Bool;
use crate::hw::bundle::{Bundle, ToHw};
use crate::hw::context::{Loc, Raw};
use crate::hw::int::{Int, lit};
use crate::hw::module::Module;
use crate::ty::{IntTy, range};

/// A count, and when it starts again.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct Count {
    /// The count, `0..=modulus - 1`.
    pub value: Int,
    /// True in the clock before the count goes back to 0: at the last count, where it is enabled.
    pub wraps: Bool,
}

/// Counts the clocks in which `enable` is 1, modulo `modulus`, from 0 after reset. `wraps` is 1 once in every `modulus`
/// counts, and so is the enable of a slower counter. The modulus is at least 1; a counter modulo 1 stays at 0.
#[track_caller]
pub fn counter(m: &Module, name: &str, modulus: u64, enable: impl ToHw<Bool>) -> Count {
    let loc = Loc::caller();
    let enable = enable.to_hw();
    if modulus == 0 {
        refuse(loc, "a counter modulo 0 has no values", "give a modulus of at least 1");
        return Count { value: Int::new(Raw::POISON), wraps: Bool::new(Raw::POISON) };
    }
    if modulus == 1 {
        return Count { value: lit(0), wraps: enable };
    }
    let count = m.reg(name, range(0..=modulus - 1)).reset(0);
    m.when(enable, || count.set(count.q().next_wrapping(modulus)));
    Count { value: count.q(), wraps: enable & count.q().eq(modulus - 1) }
}

/// Counts up where `up` is 1 and down where `down` is 1, and stays at the ends of `ty`; both at once cancel. After reset
/// it holds the value of the range that is nearest to zero.
#[track_caller]
pub fn saturating_counter(m: &Module, name: &str, ty: IntTy, up: impl ToHw<Bool>, down: impl ToHw<Bool>) -> Int {
    let (up, down) = (up.to_hw(), down.to_hw());
    if let Some(only) = ty.as_constant() {
        return lit(only);
    }
    let count = m.reg(name, ty).reset(ty.nearest_zero());
    m.when(up & !down & count.q().lt(ty.hi()), || count.set(count.q() + 1))
        .elsewhen(!up & down & count.q().gt(ty.lo()), || count.set(count.q() - 1));
    count.q()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::hw::bits::BOOL;

    #[test]
    fn no_values_to_count() {
        expect_error(
            BOOL,
            |m, enable| counter(m, "count", 0, enable), //~ here
            "E0109: a counter modulo 0 has no values
            at here
            help: give a modulus of at least 1",
        );
    }
}
