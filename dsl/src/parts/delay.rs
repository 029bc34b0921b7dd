//! Delay lines: shift registers of any value.

use crate::hw::bits::Bool;
use crate::hw::bundle::{Bundle, ToHw};
use crate::hw::module::Module;

/// `value`, `stages` clocks later; the value itself where `stages` is 0. The registers are called `name_1` and so on and
/// have no reset: until the first values have come through, each shows the value of its range nearest to zero.
#[track_caller]
pub fn delay_line<T: Bundle + Clone>(m: &Module, name: &str, value: T, stages: u64) -> T {
    let mut value = value;
    for stage in 1..=stages {
        value = m.delay(&format!("{name}_{stage}"), value);
    }
    value
}

/// As [`delay_line`], moving only at the clock edges at which `enable` is 1.
#[track_caller]
pub fn delay_line_when<T: Bundle + Clone>(m: &Module, name: &str, value: T, stages: u64, enable: impl ToHw<Bool>) -> T {
    let (mut value, enable) = (value, enable.to_hw());
    for stage in 1..=stages {
        let reg = m.reg(&format!("{name}_{stage}"), value.shape()).no_reset();
        m.when(enable, || reg.set(value.clone()));
        value = reg.q();
    }
    value
}
