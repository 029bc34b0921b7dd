//! A harness for parts with one stream in and one out that promise order: nothing is lost, doubled or changed.
//!
//! A part does not look at payloads, so one bit of payload is enough. z3 chooses a beat; the watcher remembers
//! it and how many beats are ahead, and compares what comes out in its turn. Since the choice is free, what holds for the
//! beat holds for each.

use gatewright_dsl::prelude::*;

/// A part with a source and the watcher around it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Order<G> {
    pub part: G,
    /// The most beats inside.
    pub room: u64,
    /// Clocks in which beats inside are not offered, at most.
    pub patience: u64,
    /// Whether a beat can pass in the clock in which it comes.
    pub through: bool,
    /// Beats that the part waits for before it offers one, unless one of them is a last one.
    pub gathers: u64,
}

impl<G> Order<G> {
    pub fn new(part: G, room: u64, patience: u64) -> Order<G> {
        Order { part, room, patience, through: false, gathers: 1 }
    }
    pub fn through(self) -> Order<G> {
        Order { through: true, ..self }
    }
    pub fn gathers(self, gathers: u64) -> Order<G> {
        Order { gathers, ..self }
    }
}

#[derive(Bundle)]
pub struct OrderIn {
    /// A new beat is offered, where none waits.
    offer: Bool,
    data: Bool,
    last: Bool,
    /// This is the beat to watch.
    choose: Bool,
    /// The consumer is ready.
    take: Bool,
}

/// A source that keeps what it offers until it is taken: the stream, whether it is offered, its beat, and its ready.
pub fn source(m: &Module, name: &str, offer: Bool, new: (Bool, Bool)) -> (Stream<Bool>, Bool, (Bool, Bool), Bool) {
    m.scope(name, || {
        let waits = m.reg("waits", BOOL).reset(false);
        let held = m.reg("held", (BOOL, BOOL)).reset(false);
        let valid = waits.q() | offer;
        let beat = waits.q().mux::<(Bool, Bool)>(held.q(), new);
        let (stream, ready) = m.stream("stream", valid, beat.1, beat.0);
        waits.set(valid & !ready);
        held.set(beat);
        (stream, valid, beat, ready)
    })
}

impl<G: Generator<In = StreamIn<Bool>, Out = StreamOut<Bool>>> Generator for Order<G> {
    type In = OrderIn;
    type Out = ();

    fn shape(&self) -> OrderInShape {
        OrderInShape { offer: BOOL, data: BOOL, last: BOOL, choose: BOOL, take: BOOL }
    }

    fn build(&self, m: &Module, i: OrderIn) {
        let (stream, valid, beat, ready) = source(m, "source", i.offer, (i.data, i.last));
        let out = stream.through(m, "part", &self.part).accept(i.take);
        let (sent, got) = (valid & ready, out.fire);
        let same = |a: (Bool, Bool)| a.0.eq(out.payload) & a.1.eq(out.last);

        let room = self.room;
        let inside = m.reg("stored", range(0..=room)).reset(0);
        let lasts = m.reg("lasts", range(0..=room)).reset(0);
        for (count, comes, goes) in [(&inside, sent, got), (&lasts, sent & beat.1, got & out.last)] {
            m.when(comes & !goes & count.q().lt(room), || count.set(count.q() + 1))
                .elsewhen(!comes & goes & count.q().gt(0), || count.set(count.q() - 1));
        }
        m.assert("room", !(sent & !got) | inside.q().lt(room), "more beats came than there is room for");
        let comes_through = Bool::constant(self.through) & valid;
        m.assert("invented", !out.valid | inside.q().gt(0) | comes_through, "a beat is offered that never came");
        m.assert("takes", inside.q().gt(0) | ready, "an empty part takes no beat");

        let idle = m.reg("idle", range(0..=self.patience + 1)).reset(0);
        let waits = (inside.q().ge(self.gathers) | lasts.q().gt(0)) & !out.valid;
        m.when(waits & idle.q().le(self.patience), || idle.set(idle.q() + 1)).elsewhen(!waits, || idle.set(0));
        m.assert("lost", idle.q().le(self.patience), "beats that came are not offered");

        let watched = m.reg("watched", BOOL).reset(false);
        let chosen = m.reg("chosen", (BOOL, BOOL)).reset(false);
        let ahead = m.reg("ahead", range(0..=room)).reset(0);
        let choose = i.choose & sent & !watched.q();
        let passes = choose & got & inside.q().eq(0);
        let leaves = watched.q() & got & ahead.q().eq(0);
        m.assert("passes", !passes | same(beat), "another beat passes than the one that came");
        m.assert("in_order", !leaves | same(chosen.q()), "another beat leaves than the one whose turn it is");
        m.when(choose & !passes, || {
            watched.set(true);
            chosen.set(beat);
            ahead.set(inside.q());
            m.when(got & inside.q().gt(0), || ahead.set(inside.q() - 1));
        })
        .elsewhen(leaves, || watched.set(false))
        .elsewhen(watched.q() & got & ahead.q().gt(0), || ahead.set(ahead.q() - 1));
        m.cover("leaves", leaves | passes, "a watched beat leaves");
    }
}
