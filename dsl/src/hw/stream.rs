//! Streams: a payload with `valid`, `ready` and `last`.
//!
//! A beat passes at a clock edge at which `valid` and `ready` are both 1. `valid` stays until then, with an unchanged
//! payload; every module's output streams are checked for that in simulation. A stream has one consumer: it is no `Copy`, and
//! one that nobody consumes is an error.

use super::bits::{BOOL, Bool};
use super::bundle::{Bundle, Leaf, Path, Role, Shape, ToHw};
use super::context::{Loc, Raw, with};
use super::int::Int;
use super::module::{Module, abort_if_none};
use super::reg::{drive_hidden, wire_of};
use crate::diag;
use crate::ir::Format;
use crate::parts::fifo::{DelayLine, Fifo, RegSlice};
use crate::ty::Ty;

/// A stream of `T`. Its `ready` is hidden: it is driven by whoever consumes the stream.
///
/// A stream is consumed once, which rustc sees to:
///
/// ```
/// # use gatewright_dsl::prelude::*;
/// fn twice(m: &Module, s: Stream<Int>) -> (Stream<Int>, Bool) {
///     let queued = s.fifo(m, 4);
///     let open = queued.valid();
///     (queued.regslice(m), open)
/// }
/// ```
///
/// ```compile_fail,E0382
/// # use gatewright_dsl::prelude::*;
/// fn twice(m: &Module, s: Stream<Int>) -> (Stream<Int>, Stream<Int>) {
///     let queued = s.fifo(m, 4);
///     (queued.regslice(m), s.regslice(m))
/// }
/// ```
#[derive(Debug)]
#[must_use = "a stream that nobody consumes stops its producer"]
pub struct Stream<T: Bundle> {
    valid: Bool,
    payload: T,
    last: Bool,
    ready: Raw,
}

/// The shape of a stream: its payload's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamTy<S>(pub S);

/// What a consumer sees of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Beat<T> {
    /// A beat is offered.
    pub valid: Bool,
    /// The payload, of meaning while `valid`.
    pub payload: T,
    /// The last beat of a packet.
    pub last: Bool,
    /// The beat passes at this clock edge: `valid` and the consumer's `ready`.
    pub fire: Bool,
}

/// The input of a part with one stream in.
#[derive(Bundle)]
pub struct StreamIn<T: Bundle> {
    /// What comes in.
    pub input: Stream<T>,
}

/// The output of a part with one stream out.
#[derive(Bundle)]
pub struct StreamOut<T: Bundle> {
    /// What goes out.
    pub output: Stream<T>,
}

/// Where a stream that was read before it was made is connected.
#[derive(Debug)]
#[must_use = "connect a stream"]
pub struct StreamWire<T: Bundle> {
    valid: super::reg::Wire<Bool>,
    payload: super::reg::Wire<T>,
    last: super::reg::Wire<Bool>,
    ready: Bool,
}

impl<T: Bundle> Bundle for Stream<T> {
    type Shape = StreamTy<T::Shape>;
    fn shape(&self) -> Self::Shape {
        StreamTy(self.payload.shape())
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        f(self.valid.raw());
        self.payload.raws(f);
        f(self.last.raw());
        f(self.ready);
    }
}
impl<S: Shape> Shape for StreamTy<S> {
    type Value = Stream<S::Value>;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        let bit = |path: &mut Path, name: &str, role: Role, f: &mut dyn FnMut(&Path, Leaf)| {
            path.with(name, |path| f(path, Leaf { ty: Ty::BOOL, format: Format::Bool, role }));
        };
        bit(path, "valid", Role::Valid, f);
        let single = {
            let mut paths = Vec::new();
            self.0.leaves(&mut Path::default(), &mut |p, _| paths.push(p.parts().len()));
            paths == [0]
        };
        if single {
            path.with("data", |path| self.0.leaves(path, f));
        } else {
            self.0.leaves(path, f);
        }
        bit(path, "last", Role::Last, f);
        bit(path, "ready", Role::Ready, f);
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Self::Value {
        let valid = Bool::new(next());
        let payload = self.0.value(next);
        let last = Bool::new(next());
        Stream { valid, payload, last, ready: next() }
    }
}

/// Consumes the streams inside of a value that an error keeps from its consumer, so that this is not one more error.
pub(crate) fn discard<T: Bundle>(value: &T, loc: Loc) {
    for ready in super::bundle::readies(value) {
        if !ready.is_poison() {
            consume(ready, Raw::POISON, loc);
        }
    }
}

/// Drives a stream's ready wire: the stream has found its consumer.
pub(crate) fn consume(wire: Raw, ready: Raw, loc: Loc) {
    if let Some(id) = wire_of(wire) {
        with(|c| c.top().map(|b| b.streams.remove(&id)));
    }
    drive_hidden(wire, ready, loc);
}

impl Module {
    /// A stream made of its parts, with the `ready` that its consumer will give.
    #[track_caller]
    pub fn stream<T: Bundle>(
        &self,
        name: &str,
        valid: impl ToHw<Bool>,
        last: impl ToHw<Bool>,
        payload: impl ToHw<T>,
    ) -> (Stream<T>, Bool) {
        let loc = Loc::caller();
        let (valid, last, payload) = (valid.to_hw(), last.to_hw(), payload.to_hw());
        let ready = with(|c| {
            let place = c.place(loc);
            if c.top()?.pure.is_some() {
                c.report(diag::e0213::new(place, "a pipelined region"));
            }
            let b = c.top()?;
            let full = b.scoped(&format!("{name}_ready"));
            let wire_name = b.fresh_name(&full, place);
            let (id, raw) = b.wire(wire_name, Ty::BOOL, Format::Bool, true, place);
            b.streams.insert(id, (place, name.to_string()));
            Some(raw)
        });
        let ready = abort_if_none(ready.flatten());
        (Stream { valid, payload, last, ready }, Bool::new(ready))
    }

    /// A stream that can be used before it is made, for feedback.
    #[track_caller]
    pub fn stream_wire<S: Shape>(&self, name: &str, shape: S) -> (StreamWire<S::Value>, Stream<S::Value>)
    where
        S::Value: Clone,
    {
        let valid = self.wire(&format!("{name}_valid"), BOOL);
        let last = self.wire(&format!("{name}_last"), BOOL);
        let payload = self.wire(&format!("{name}_data"), shape);
        let (stream, ready) = self.stream(name, valid.get(), last.get(), payload.get());
        (StreamWire { valid, payload, last, ready }, stream)
    }
}

impl<T: Bundle> StreamWire<T> {
    /// Makes `stream` the one that was promised.
    #[track_caller]
    pub fn connect(self, stream: Stream<T>) {
        let loc = Loc::caller();
        self.valid.set(stream.valid);
        self.payload.set(stream.payload);
        self.last.set(stream.last);
        consume(stream.ready, self.ready.raw(), loc);
    }
}

impl<T: Bundle> Stream<T> {
    /// Consumes the stream: beats pass where `ready` is 1.
    #[track_caller]
    pub fn accept(self, ready: impl ToHw<Bool>) -> Beat<T> {
        let loc = Loc::caller();
        let ready = ready.to_hw();
        with(|c| {
            if c.top().is_some_and(|b| !b.frames.is_empty()) {
                let place = c.place(loc);
                c.report(diag::e0213::conditional(place));
            }
        });
        consume(self.ready, ready.raw(), loc);
        let fire = self.valid & ready;
        Beat { valid: self.valid, payload: self.payload, last: self.last, fire }
    }
    /// A beat is offered. For logic that decides about `ready`; where `ready` must not wait for `valid`, do not use it.
    pub fn valid(&self) -> Bool {
        self.valid
    }
    /// The payload, of meaning while `valid`.
    pub fn payload(&self) -> T
    where
        T: Clone,
    {
        self.payload.clone()
    }
    /// The last beat of a packet.
    pub fn last(&self) -> Bool {
        self.last
    }
    /// The consumer takes the beat.
    pub fn ready(&self) -> Bool {
        Bool::new(self.ready)
    }

    /// The payload computed anew, in the same clock.
    #[track_caller]
    pub fn map<U: Bundle>(self, f: impl FnOnce(T) -> U) -> Stream<U> {
        Stream { valid: self.valid, payload: f(self.payload), last: self.last, ready: self.ready }
    }
    /// Beats pass only while `open`, which has to stay while a beat waits.
    #[track_caller]
    pub fn gate(self, m: &Module, open: impl ToHw<Bool>) -> Stream<T> {
        let loc = Loc::caller();
        let open = open.to_hw();
        let (gated, ready) = m.stream("gate", self.valid & open, self.last, self.payload);
        consume(self.ready, (ready & open).raw(), loc);
        gated
    }
    /// Each beat goes to the output that `index` names, which has to stay while a beat waits. Its range is at most
    /// `0..outputs`.
    #[track_caller]
    pub fn demux(self, m: &Module, index: impl ToHw<Int>, outputs: usize) -> Vec<Stream<T>>
    where
        T: Clone,
    {
        let loc = Loc::caller();
        let index = index.to_hw();
        if outputs == 0 {
            with(|c| {
                let place = c.place(loc);
                let help = "give it at least one, or throw the beats away with .accept(true)";
                c.report(diag::e0109::new(place, "demux needs at least one output", help));
            });
            discard(&self, loc);
            return Vec::new();
        }
        let mut streams = Vec::with_capacity(outputs);
        let mut readies = Vec::with_capacity(outputs);
        for n in 0..outputs {
            let (stream, ready) =
                m.stream(&format!("demux_{n}"), self.valid & index.eq(n), self.last, self.payload.clone());
            streams.push(stream);
            readies.push(ready);
        }
        let ready = super::select::select(index, &readies);
        consume(self.ready, ready.raw(), loc);
        streams
    }

    /// Beats for which `condition` holds go to the first output, the others to the second. The condition has to stay while
    /// a beat waits.
    #[track_caller]
    pub fn split(self, m: &Module, condition: impl ToHw<Bool>) -> (Stream<T>, Stream<T>)
    where
        T: Clone,
    {
        let loc = Loc::caller();
        let condition = condition.to_hw();
        let (yes, yes_ready) = m.stream("split_yes", self.valid & condition, self.last, self.payload.clone());
        let (no, no_ready) = m.stream("split_no", self.valid & !condition, self.last, self.payload);
        consume(self.ready, condition.mux::<Bool>(yes_ready, no_ready).raw(), loc);
        (yes, no)
    }

    /// A first-in first-out buffer of `depth` beats. See [`Fifo`].
    #[track_caller]
    pub fn fifo(self, m: &Module, depth: u64) -> Stream<T>
    where
        T: Clone,
    {
        let payload = self.payload.shape();
        self.through(m, "fifo", &Fifo::new(payload, depth))
    }
    /// Registers in both directions. See [`RegSlice`].
    #[track_caller]
    pub fn regslice(self, m: &Module) -> Stream<T>
    where
        T: Clone,
    {
        let payload = self.payload.shape();
        self.through(m, "regslice", &RegSlice { payload })
    }
    /// `stages` registers that move together. See [`DelayLine`].
    #[track_caller]
    pub fn delay(self, m: &Module, stages: u64) -> Stream<T>
    where
        T: Clone,
    {
        let payload = self.payload.shape();
        self.through(m, "delay", &DelayLine { payload, stages })
    }
    /// Through a part with one stream in and one out, under a name of the language's choice.
    #[track_caller]
    pub fn through<G, U>(self, m: &Module, name: &str, part: &G) -> Stream<U>
    where
        U: Bundle,
        G: super::module::Generator<In = StreamIn<T>, Out = StreamOut<U>>,
    {
        self.into_part(m, name, part).output
    }
    /// Into a part whose only input is this stream, under a name of the language's choice.
    #[track_caller]
    pub(crate) fn into_part<G>(self, m: &Module, name: &str, part: &G) -> G::Out
    where
        G: super::module::Generator<In = StreamIn<T>>,
    {
        m.inst(&free_name(name), part, StreamIn { input: self })
    }
}

/// `name`, with a number where the module being built has it already.
pub(crate) fn free_name(name: &str) -> String {
    let free = with(|c| {
        let b = c.top()?;
        let full = b.scoped(name);
        let mut n = 1;
        let mut candidate = full.clone();
        while b.names.contains_key(&candidate) {
            n += 1;
            candidate = format!("{full}_{n}");
        }
        let prefix = full.len() - name.len();
        Some(candidate[prefix..].to_string())
    });
    free.flatten().unwrap_or_else(|| "part".to_string())
}
