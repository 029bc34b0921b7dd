//! Single beats.

use super::STAGES;
use super::synchronize::chain;
use crate::hw::bits::BOOL;
use crate::hw::bundle::Bundle;
use crate::hw::module::Module;
use crate::hw::stream::Stream;
use crate::ir::{Crossing, Domain};

/// Takes a stream from one clock to another without a memory, one beat at a time: for settings, counts, rare events.
///
/// A beat is offered after the third edge of `to` that follows its acceptance. The next one is accepted once news of that
/// is back, after three edges of `from`: one beat in at least 3 clocks of each side together. Nothing is lost, doubled or
/// reordered, whatever the ratio of the clocks. Both resets have to be active together once, for 3 clocks of each side.
///
/// Method: the beat stays in registers of `from`; a level that toggles says that it is there, and one that toggles in
/// return says that it was copied. The copy is taken when the level has come through its synchroniser, so that the
/// registers have been still for a while.
#[track_caller]
pub fn handshake<T: Bundle + Clone>(
    m: &Module,
    name: &str,
    stream: Stream<T>,
    from: &Domain,
    to: &Domain,
) -> Stream<T> {
    m.scope(name, || {
        let beat = (stream.payload(), stream.last());
        let (sent, word) =
            m.domain(from, || (m.reg("sent", BOOL).reset(false), m.reg("word", beat.shape()).no_reset()));
        let (taken, output) = m.domain(to, || {
            let there = chain(m, "there", sent.q(), STAGES, true);
            let taken = m.reg("taken", BOOL).reset(false);
            let valid = m.reg("valid", BOOL).reset(false);
            let copy = m.reg("copy", beat.shape()).crossing(Crossing::Held).no_reset();
            let (payload, last) = copy.q();
            let (output, ready) = m.stream("output", valid.q(), last, payload);
            let room = !valid.q() | ready;
            m.when(room & there.ne(taken.q()), || {
                copy.set(word.q());
                valid.set(true);
                taken.set(there);
            })
            .elsewhen(ready, || valid.set(false));
            (taken.q(), output)
        });
        m.domain(from, || {
            let back = chain(m, "back", taken, STAGES, true);
            let accepted = stream.accept(back.eq(sent.q()));
            m.when(accepted.fire, || {
                word.set(beat.clone());
                sent.set(!sent.q());
            });
        });
        output
    })
}
