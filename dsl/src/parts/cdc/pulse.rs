//! Events.

use super::STAGES;
use super::synchronize::chain;
use crate::hw::bits::{BOOL, Bool};
use crate::hw::bundle::ToHw;
use crate::hw::module::Module;
use crate::ir::Domain;

/// What [`pulse()`] gives.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    /// On the receiver's clock: 1 for one clock per event.
    pub arrived: Bool,
    /// On the sender's clock: 1 where an event may be sent.
    pub ready: Bool,
}

/// Takes events from one clock to another: for each clock of `from` in which `fire` is 1, one clock of `to` in which
/// `arrived` is 1, in order, whatever the ratio of the clocks.
///
/// An event arrives in the third clock of `to` after it was sent. The next one may be sent once `ready` is 1 again, when
/// news of the arrival is back: after up to 3 clocks of each side. An event without `ready` would be lost; the assertion
/// `{name}_lost` says so. Both resets have to be active together once, for 3 clocks of each side.
///
/// Method: the event toggles a level, whose changes are events again on the other side.
#[track_caller]
pub fn pulse(m: &Module, name: &str, fire: impl ToHw<Bool>, from: &Domain, to: &Domain) -> Pulse {
    let fire = fire.to_hw();
    m.scope(name, || {
        let sent = m.domain(from, || m.reg("sent", BOOL).reset(false));
        let (seen, arrived) = m.domain(to, || {
            let there = chain(m, "there", sent.q(), STAGES, true);
            let seen = m.reg("seen", BOOL).reset(false);
            seen.set(there);
            (seen.q(), there.ne(seen.q()))
        });
        m.domain(from, || {
            let back = chain(m, "back", seen, STAGES, true);
            let ready = back.eq(sent.q());
            m.when(fire, || sent.set(!sent.q()));
            m.assert("lost", !fire | ready, "an event was sent before the last one had arrived");
            Pulse { arrived, ready }
        })
    })
}
