//! From a generator to a design: the cache of modules, the order of building, and the end of it.

use std::any::{Any, TypeId};
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHasher};

use super::bundle::{Bundle, Leaf, Role, Shape};
use super::context::{Builder, Context, Loc, Raw, swap, with};
use super::module::{Generator, Module, abort, abort_if_none, direction};
use super::when::Target;
use super::{clock, finish, stream};
use crate::diag::{self, Diagnostic, Diagnostics};
use crate::ids::{DomainId, Id, ModuleId, PlaceId, PortId};
use crate::ir::{CheckKind, Design, Dir, Domain, Op, Polarity, Port, Reset, ResetKind, StreamPort};
use crate::pass::rewrite::sweep;
use crate::ty::{MAX_WIDTH, Ty};

/// How deep modules may be nested.
pub(crate) const MAX_DEPTH: usize = 200;

/// The payload with which a hopeless build unwinds to `elaborate`.
pub(crate) struct Aborted;

trait AnyGenerator: Any {
    fn equals(&self, other: &dyn AnyGenerator) -> bool;
    fn as_any(&self) -> &dyn Any;
}
impl<G: Generator> AnyGenerator for G {
    fn equals(&self, other: &dyn AnyGenerator) -> bool {
        other.as_any().downcast_ref::<G>() == Some(self)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A generator as a key: its type and value, and the kind of the domain around.
#[derive(Clone)]
pub(crate) struct Key {
    hash: u64,
    domain: Option<(ResetKind, Polarity)>,
    generator: Rc<dyn AnyGenerator>,
}

impl Key {
    pub fn new<G: Generator>(generator: &G) -> Key {
        let mut hasher = FxHasher::default();
        TypeId::of::<G>().hash(&mut hasher);
        generator.hash(&mut hasher);
        let domain = with(|c| clock::around(c).kind()).flatten();
        domain.hash(&mut hasher);
        Key { hash: hasher.finish(), domain, generator: Rc::new(generator.clone()) }
    }
}
impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.hash == other.hash && self.domain == other.domain && self.generator.equals(&*other.generator)
    }
}
impl Eq for Key {}
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Finished modules by generator, with the shape of their outputs.
pub(crate) type Cache = FxHashMap<Key, (ModuleId, Rc<dyn Any>)>;

/// What a design is elaborated for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The implicit clock and its reset.
    pub domain: Domain,
}

impl Default for Options {
    /// Clock `clk`, synchronous reset `rst`, active high.
    fn default() -> Options {
        Options::reset("rst", ResetKind::Sync, Polarity::High)
    }
}
impl Options {
    /// Clock `clk` and this reset.
    pub fn reset(name: &str, kind: ResetKind, polarity: Polarity) -> Options {
        Options { domain: Domain { clock: "clk".into(), reset: Some(Reset { name: name.into(), kind, polarity }) } }
    }
    /// Clock `clk` and no reset: reset values hold at power-up only.
    pub fn no_reset() -> Options {
        Options { domain: Domain { clock: "clk".into(), reset: None } }
    }
}

/// Builds and checks `top` with everything below it.
///
/// # Errors
/// All mistakes found, in the order of building.
#[track_caller]
pub fn elaborate<G: Generator>(top: &G) -> Result<Design, Diagnostics> {
    elaborate_with(top, &Options::default()).map(|(design, _)| design)
}

/// As [`elaborate`], with a clock and reset of one's own; also returns the warnings.
///
/// # Errors
/// All mistakes found (and warnings), in the order of building.
#[track_caller]
pub fn elaborate_with<G: Generator>(top: &G, options: &Options) -> Result<(Design, Diagnostics), Diagnostics> {
    let loc = Loc::caller();
    /// Puts back the context that was there, also where user code panics.
    struct Restore(Cell<Option<Context>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            swap(self.0.take());
        }
    }
    let restore = Restore(Cell::new(swap(Some(Context::new(options.domain.clone())))));
    with(|c| {
        let place = c.place(loc);
        check_domain(c, &options.domain, place);
    });
    let key = Key::new(top);
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| module_of(top, &key, "top", loc)));
    let context = swap(None);
    drop(restore);
    let Some(mut context) = context else { return Err(Diagnostics::default()) };
    // A panic of the user's own code after a mistake (an index into the bits of a poison word, say) is most likely its
    // consequence: the mistake is what to look at.
    let mistakes = context.drafts.iter().any(|d| !d.code.is_warning());
    let built = match built {
        Err(payload) if !payload.is::<Aborted>() && !mistakes => std::panic::resume_unwind(payload),
        other => other,
    };
    let drafts = std::mem::take(&mut context.drafts);
    let mut found: Vec<Diagnostic> = drafts.into_iter().map(|d| d.finish(&context.places)).collect();
    let mut seen = std::collections::HashSet::new();
    found.retain(|d| seen.insert((d.code, d.title.clone(), d.place.first().cloned())));
    match built {
        Ok(top) if found.iter().all(|d| d.code.is_warning()) => {
            let mut design = Design { modules: context.modules, top, places: context.places };
            super::naming::unique_names(&mut design);
            super::naming::top_apart_from_ports(&mut design);
            Ok((design, Diagnostics(found)))
        }
        _ => Err(Diagnostics(found)),
    }
}

/// Names of clock and reset.
pub(crate) fn check_domain(c: &mut Context, domain: &Domain, place: PlaceId) {
    let Domain { clock, reset } = domain;
    for (name, what) in [(Some(clock), "clock"), (reset.as_ref().map(|r| &r.name), "reset")] {
        if let Some(name) = name.filter(|n| !super::names::is_identifier(n)) {
            c.report(diag::e0203::new(place, name, what));
        }
    }
    if reset.as_ref().is_some_and(|r| r.name == *clock) {
        c.report(diag::e0204::reserved(place, clock, "the reset", "the clock"));
    }
}

/// Notes that a module is being built; one that contains itself, or too many inside each other, end the elaboration.
pub(crate) fn begin(key: &Key, name: &str, loc: Loc) {
    with(|c| {
        if c.building.contains(key) || c.stack.len() >= MAX_DEPTH {
            let place = c.place(loc);
            let chain: Vec<String> = c.stack.iter().map(|b| b.ir.name.clone()).collect();
            c.report(diag::e0212::new(place, name, &chain, MAX_DEPTH));
            abort();
        }
        c.building.push(key.clone());
    });
}

/// The module of a generator: from the cache, or built now.
pub(crate) fn module_of<G: Generator>(generator: &G, key: &Key, name: &str, loc: Loc) -> ModuleId {
    let known = with(|c| {
        if let Some((id, _)) = c.cache.get(key) {
            return Some(*id);
        }
        None
    });
    if let Some(id) = known.flatten() {
        return id;
    }
    let shape = generator.shape();
    begin(key, &generator.name(), loc);
    let build = |m: &Module, i: G::In| Some(generator.build(m, i));
    let (id, out_shape) = abort_if_none(body::<G::In, G::Out>(&generator.name(), &shape, None, build, name, loc));
    with(|c| {
        c.building.pop();
        c.cache.insert(key.clone(), (id, Rc::new(out_shape)));
    });
    id
}

/// Builds one module with `build`; `None` where that returns `None`. Where `declared` says so, the outputs have those
/// types.
pub(crate) fn body<I: Bundle, O: Bundle>(
    module_name: &str,
    shape: &I::Shape,
    declared: Option<&O::Shape>,
    build: impl FnOnce(&Module, I) -> Option<O>,
    instance: &str,
    loc: Loc,
) -> Option<(ModuleId, O::Shape)> {
    let started = with(|c| {
        let place = c.scope_place(loc, instance.to_string());
        if !super::names::is_identifier(module_name) {
            c.report(diag::e0203::new(place, module_name, "module"));
        }
        let domain = clock::implicit(c);
        c.stack.push(Builder::new(module_name.to_string(), domain, place));
        let raws = input_ports(c, shape)?;
        Some(raws)
    });
    let raws = abort_if_none(started.flatten());
    let mut next = raws.into_iter();
    let inputs = shape.value(&mut || next.next().unwrap_or(Raw::POISON));
    let Some(outputs) = build(&Module::new(), inputs) else {
        with(|c| c.stack.pop());
        return None;
    };
    let out_shape = declared.cloned().unwrap_or_else(|| outputs.shape());
    output_ports::<O>(&outputs, &out_shape, declared.is_some(), loc);
    let id = with(|c| {
        finish::module(c);
        let mut b = c.stack.pop()?;
        c.finished.insert(b.uid, b.ir.name.clone());
        if b.ir.matvecs.values().any(|m| m.pipeline.is_some()) {
            // The additions that were written to find their stages.
            sweep(&mut b.ir);
        }
        Some(c.modules.push(b.ir))
    });
    Some((abort_if_none(id.flatten()), out_shape))
}

/// The shape of a cached module's outputs.
pub(crate) fn out_shape<G: Generator>(key: &Key) -> <G::Out as Bundle>::Shape {
    let cached = with(|c| {
        let (_, shape) = c.cache.get(key)?;
        shape.downcast_ref::<<G::Out as Bundle>::Shape>().cloned()
    });
    abort_if_none(cached.flatten())
}

fn shape_leaves<S: Shape>(shape: &S) -> Vec<(Vec<String>, Leaf)> {
    let mut leaves = Vec::new();
    shape.leaves(&mut Default::default(), &mut |path, leaf| leaves.push((path.parts().to_vec(), leaf)));
    leaves
}

/// One input port (for the ready of a stream, one output port) per leaf.
fn input_ports<S: Shape>(c: &mut Context, shape: &S) -> Option<Vec<Raw>> {
    let leaves = shape_leaves(shape);
    // What a parent connects is known to fit; only what comes from outside has to be watched.
    let is_top = c.stack.len() == 1;
    let place = c.top()?.ir.place;
    if let Some((path, _)) = leaves.iter().find(|(_, leaf)| leaf.ty.width() > MAX_WIDTH) {
        c.report(diag::e0105::declared(place, &format!("input `{}`", port_name(path, "in"))));
    }
    let b = c.top()?;
    let mut raws = Vec::with_capacity(leaves.len());
    for (path, leaf) in &leaves {
        let name = port_name(path, "in");
        let dir = direction(false, leaf.role);
        let id = b.ir.ports.push(port(name.clone(), dir, leaf));
        if leaf.role == Role::Ready {
            let (wire, raw) = b.wire(name, Ty::BOOL, leaf.format.clone(), true, place);
            b.streams.insert(wire, (place, stream_name(path, "in")));
            b.ir.ports[id].driver = Some(raw.node);
            raws.push(raw);
        } else {
            if is_top {
                range_check(b, id, leaf.ty);
            }
            raws.push(b.push(Op::Input(id), leaf.ty, place));
        }
    }
    stream_ports(b, &leaves, 0, Dir::Input);
    Some(raws)
}

/// Inputs whose range leaves out some words of its width are checked in simulation.
fn range_check(b: &mut Builder, id: PortId, ty: Ty) {
    if let Ty::Int(range) = ty
        && !range.is_full()
        && range.as_constant().is_none()
    {
        let (name, place) = (b.ir.ports[id].name.clone(), b.ir.place);
        let message = format!("input `{name}` is outside of its range {}..={}", range.lo(), range.hi());
        b.check(&format!("{name}_range"), CheckKind::InputRange(id), message, place);
    }
}

/// One output port per leaf, of the leaf's type; for the model of a black box (`model`) of the full range of its width,
/// as the black box itself has it.
fn output_ports<T: Bundle>(outputs: &T, shape: &T::Shape, model: bool, loc: Loc) {
    let leaves = shape_leaves(shape);
    let mut raws = Vec::with_capacity(leaves.len());
    outputs.raws(&mut |r| raws.push(r));
    let mismatch = super::bundle::point_mismatch(outputs, shape);
    let mut readies = Vec::new();
    with(|c| {
        let place = c.place(loc);
        if raws.len() != leaves.len() {
            c.report(diag::e0112::new(place, place, "outputs of", "the model", raws.len(), leaves.len()));
            abort();
        }
        if let Some((path, found, wanted)) = mismatch {
            c.report(diag::e0111::new(place, place, "output", &path, found, wanted));
        }
        let first = c.top()?.ir.ports.len();
        for ((path, leaf), raw) in leaves.iter().zip(&raws) {
            let name = port_name(path, "out");
            let full = |_: &Context| name.clone();
            let node = match leaf.role {
                Role::Ready => None,
                _ => c.fitted(
                    *raw,
                    &Target { what: "output", name: &full, ty: leaf.ty, place: None, guarded: false },
                    loc,
                ),
            };
            let b = c.top()?;
            let id = b.ir.ports.push(port(name, direction(true, leaf.role), leaf));
            if model {
                b.ir.ports[id].ty = unchecked(leaf.ty);
            }
            if leaf.role == Role::Ready {
                let place = b.ir.place;
                readies.push((*raw, b.push(Op::Input(id), Ty::BOOL, place)));
            } else {
                let node = node.unwrap_or_else(|| {
                    let place = b.ir.place;
                    b.constant(leaf.ty.power_up(), leaf.ty, place).node
                });
                b.ir.ports[id].driver = Some(node);
            }
        }
        stream_ports(c.top()?, &leaves, first, Dir::Output);
        Some(())
    });
    for (wire, ready) in readies {
        stream::consume(wire, ready, loc);
    }
    with(|c| c.top().map(stream_checks));
}

/// The contract of each output stream.
fn stream_checks(b: &mut Builder) {
    let place = b.ir.place;
    for stream in b.ir.streams.clone() {
        if stream.dir != Dir::Output {
            continue;
        }
        let ports = [stream.last].into_iter().chain(stream.payload.iter().copied());
        let payload = ports.filter_map(|p| b.ir.ports[p].driver).collect();
        let ready = b.push(Op::Input(stream.ready), Ty::BOOL, place).node;
        let Some(valid) = b.ir.ports[stream.valid].driver else { continue };
        let message = format!("stream `{}`: valid fell or the payload changed before ready", stream.name);
        b.check(&format!("{}_contract", stream.name), CheckKind::Stable { valid, ready, payload }, message, place);
    }
}

/// The type that the wires of a port have whatever drives them: the full range of its width.
pub(crate) fn unchecked(ty: Ty) -> Ty {
    match ty {
        Ty::Int(t) => Ty::Int(t.widened_to_full()),
        bits => bits,
    }
}

/// The path of a stream, for messages.
fn stream_name(path: &[String], empty: &str) -> String {
    match path {
        [] | [_] => empty.to_string(),
        [stream @ .., _] => stream.join("."),
    }
}

pub(crate) fn port_name(path: &[String], empty: &str) -> String {
    let joined = path.join("_");
    match joined.chars().next() {
        None => empty.to_string(),
        // Tuples, arrays and vectors at the top have numbers for names.
        Some(c) if c.is_ascii_digit() => format!("{empty}_{joined}"),
        Some(_) => joined,
    }
}

fn port(name: String, dir: Dir, leaf: &Leaf) -> Port {
    let (domain, place) = (DomainId(0), PlaceId(0));
    Port { name, dir, ty: leaf.ty, format: leaf.format.clone(), driver: None, domain, place }
}

/// The path of a stream whose `valid` has this one. Of several streams under one name, as the channels of AXI are, what
/// stands before `valid` tells them apart: `s_axi_awvalid` is of `s_axi_aw`. AXI4-Stream is one, and its `t` says nothing.
fn stream_path(valid: &[String]) -> Vec<String> {
    let Some((last, above)) = valid.split_last() else { return Vec::new() };
    let channel = last.strip_suffix("valid").filter(|prefix| !matches!(*prefix, "" | "t"));
    above.iter().cloned().chain(channel.map(str::to_string)).collect()
}

/// Groups the leaves of each stream; port ids count from `first`.
fn stream_ports(b: &mut Builder, leaves: &[(Vec<String>, Leaf)], first: usize, dir: Dir) {
    let mut open: Option<StreamPort> = None;
    for (i, (path, leaf)) in leaves.iter().enumerate() {
        let id = PortId::new(first + i);
        b.ir.ports[id].place = b.ir.place;
        match (leaf.role, &mut open) {
            (Role::Valid, _) => {
                let name = port_name(&stream_path(path), if dir == Dir::Input { "in" } else { "out" });
                open = Some(StreamPort { name, dir, valid: id, ready: id, last: id, payload: Vec::new() });
            }
            (Role::Data, Some(s)) => s.payload.push(id),
            (Role::Last, Some(s)) => s.last = id,
            (Role::Ready, Some(s)) => {
                s.ready = id;
                b.ir.streams.extend(open.take());
            }
            _ => {}
        }
    }
}
