//! Resets.

use super::STAGES;
use crate::hw::bits::{BOOL, Bool};
use crate::hw::context::Loc;
use crate::hw::module::Module;
use crate::hw::reg::Reg;
use crate::ir::{Crossing, Domain, Polarity, ResetKind};
use crate::parts::misuse::refuse;

/// The domain of `raw`'s clock with a reset, `reset` by name, that begins when that of `raw` does, whatever the clock does,
/// and ends two edges of the clock after it: then all registers of the domain leave reset at one edge.
///
/// `raw` is a clock with the asynchronous reset that comes from outside, and nothing else has to be on it. The new domain
/// has a reset of `kind`, active high, and no pin for it; one that is synchronous begins at the clock edge after. Give
/// each clock a synchroniser of its own for a reset that they share. Without a reset in `raw`, that of the new domain
/// ends two edges after power-up.
///
/// Method: flip-flops in a row that the raw reset sets at once and that a 0 runs through.
#[track_caller]
pub fn synchronize_reset(m: &Module, raw: &Domain, reset: &str, kind: ResetKind) -> Domain {
    if raw.kind().is_some_and(|(kind, _)| kind == ResetKind::Sync) {
        let what = format!("a reset synchroniser for `{}`, whose reset waits for its clock already", raw.clock);
        refuse(Loc::caller(), &what, "give it the asynchronous reset from outside: ResetKind::Async");
    }
    let clean = Domain::new(&raw.clock).reset(reset, kind, Polarity::High);
    let mut active = Bool::constant(false);
    for n in 0..STAGES {
        let stage = m.domain(raw, || m.reg(&format!("{reset}_{n}"), BOOL).crossing(Crossing::Synchronizer).reset(true));
        let stage: Reg<Bool> = stage;
        stage.set(active);
        active = stage.q();
    }
    m.drive_reset(&clean, active);
    clean
}
