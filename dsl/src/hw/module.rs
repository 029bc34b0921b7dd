//! `Generator`, and `Module`: where hardware with state or identity is declared.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use super::bits::Bool;
use super::bundle::{Bundle, Role, Shape, ToHw};
use super::context::{Builder, Context, Loc, Raw, user_name, with};
use super::elaborate::{self, Key, MAX_DEPTH, port_name};
use super::when::Target;
use crate::diag;
use crate::ids::{Id, NodeId, PlaceId, PortId};
use crate::ir::{self, Check, CheckKind, Dir, Domain, Op};
use crate::ty::Ty;

/// A description of hardware as a plain value: equal values give one module, however often they are instantiated.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a generator",
    note = "`impl Generator` for it, with `shape` and `build`; a black box goes through `extern_inst`"
)]
pub trait Generator: Clone + Eq + Hash + 'static {
    /// The inputs.
    type In: Bundle;
    /// The outputs.
    type Out: Bundle;
    /// The types of the inputs: a caller's values have to fit them.
    fn shape(&self) -> <Self::In as Bundle>::Shape;
    /// Builds the module from its inputs and returns its outputs.
    fn build(&self, m: &Module, i: Self::In) -> Self::Out;
    /// The module's name; a second generator that takes the same one gets a suffix, and so does the top level where a
    /// port has its name.
    fn name(&self) -> String {
        super::names::snake_case(std::any::type_name::<Self>())
    }
}

/// The module being built. Everything that declares state or identity is a method, so that a reader sees where.
#[derive(Debug)]
pub struct Module {
    not_send: PhantomData<*const ()>,
}

/// Unwinds to `elaborate`, which returns the diagnostics: only where no value can be made up to go on with.
pub(crate) fn abort() -> ! {
    std::panic::resume_unwind(Box::new(elaborate::Aborted))
}
pub(crate) fn abort_if_none<T>(value: Option<T>) -> T {
    value.unwrap_or_else(|| abort())
}

/// Names a node of the module being built.
pub(crate) fn name_node(raw: Raw, name: &str, loc: Loc) {
    with(|c| {
        let Some(node) = c.local(raw, loc) else { return };
        let place = c.place(loc);
        let is_constant = c.top().is_some_and(|b| b.const_of(node).is_some());
        if is_constant {
            return; // A constant has no wires that could carry a name.
        }
        let name = user_name(c, name, "value", place);
        if let Some(b) = c.top() {
            b.ir.names.entry(node).or_insert(name);
        }
    });
}

impl Builder {
    /// Adds a check under a fresh name.
    pub fn check(&mut self, name: &str, kind: CheckKind, message: String, place: PlaceId) {
        let name = self.scoped(name);
        let name = self.fresh_name(&name, place);
        let domain = self.domain();
        self.ir.checks.push(Check { name, kind, message, domain, place });
    }
}

impl Module {
    pub(crate) fn new() -> Module {
        Module { not_send: PhantomData }
    }

    /// Everything that `f` declares gets `name_` before its name, and errors inside show this place too.
    #[track_caller]
    pub fn scope<R>(&self, name: &str, f: impl FnOnce() -> R) -> R {
        let loc = Loc::caller();
        with(|c| {
            if c.top().is_some_and(|b| b.scopes.len() > MAX_DEPTH) {
                let place = c.place(loc);
                let chain = c.top().map_or(Vec::new(), |b| vec![b.ir.name.clone(), "…".into(), name.to_string()]);
                c.report(diag::e0212::new(place, name, &chain, MAX_DEPTH));
                abort();
            }
            let place = c.scope_place(loc, name.to_string());
            let usable = super::names::is_identifier(&format!("{name}_x"));
            if !usable {
                c.report(diag::e0203::new(place, name, "scope"));
            }
            if let Some(b) = c.top() {
                let prefix = b.scoped(if usable { name } else { "unnamed" });
                b.prefixes.insert(place, prefix.clone());
                b.scopes.push((place, prefix));
            }
        });
        let result = f();
        with(|c| {
            if let Some(b) = c.top() {
                b.scopes.pop();
            }
        });
        result
    }

    /// Instantiates a child. Equal generators share one module.
    #[track_caller]
    pub fn inst<G: Generator>(&self, name: &str, generator: &G, inputs: G::In) -> G::Out {
        let loc = Loc::caller();
        if with(|c| c.top().is_some_and(|b| b.pure.is_some())) == Some(true) {
            let inputs = checked_inputs(name, &inputs, &generator.shape(), &generator.name(), loc);
            return self.scope(name, || generator.build(self, inputs));
        }
        self.inst_bound(name, generator, inputs, &[], loc)
    }

    /// As [`Module::inst`], with domains here for domains that the child names.
    pub(crate) fn inst_bound<G: Generator>(
        &self,
        name: &str,
        generator: &G,
        inputs: G::In,
        bindings: &[(&Domain, &Domain)],
        loc: Loc,
    ) -> G::Out {
        let key = Key::new(generator);
        let child = elaborate::module_of(generator, &key, name, loc);
        let shape = generator.shape();
        let out_shape: <G::Out as Bundle>::Shape = elaborate::out_shape::<G>(&key);
        instantiate(name, child, &inputs, (&shape, &out_shape), bindings, false, loc)
    }

    /// Simulators report where `condition` is 0 at a clock edge outside reset (and where the conditions around hold).
    #[track_caller]
    pub fn assert(&self, name: &str, condition: impl ToHw<Bool>, message: &str) {
        self.user_check(name, condition.to_hw(), message, Loc::caller(), CheckKind::Assert);
    }
    /// What may be relied on by a proof; simulators report where it is broken.
    #[track_caller]
    pub fn assume(&self, name: &str, condition: impl ToHw<Bool>, message: &str) {
        self.user_check(name, condition.to_hw(), message, Loc::caller(), CheckKind::Assume);
    }
    /// Simulators count the clock edges at which `condition` is 1.
    #[track_caller]
    pub fn cover(&self, name: &str, condition: impl ToHw<Bool>, message: &str) {
        self.user_check(name, condition.to_hw(), message, Loc::caller(), CheckKind::Cover);
    }

    fn user_check(&self, name: &str, condition: Bool, message: &str, loc: Loc, kind: fn(NodeId) -> CheckKind) {
        with(|c| {
            let Some(node) = c.local(condition.raw(), loc) else { return };
            let place = c.place(loc);
            let name = user_name(c, name, "check", place);
            let Some(b) = c.top() else { return };
            let domain = b.domain();
            let mut node = node;
            if let Some(path) = b.path_condition(place) {
                let cover = matches!(kind(node), CheckKind::Cover(_));
                let (op, term) = match cover {
                    true => (ir::BinOp::And, path),
                    false => (ir::BinOp::Or, b.push(Op::Un(ir::UnOp::Not, path), Ty::BOOL, place).node),
                };
                node = b.push(Op::Bin(op, term, node), Ty::BOOL, place).node;
            }
            b.ir.checks.push(Check { name, kind: kind(node), message: message.to_string(), domain, place });
        });
    }
}

/// The nodes of `inputs` where they fit `shape`, which module `module` declares; poison (after a report) elsewhere.
/// `None` where the two have nothing in common.
fn fitted_inputs<I: Bundle>(
    name: &str,
    inputs: &I,
    shape: &I::Shape,
    module: &str,
    loc: Loc,
) -> Option<Vec<(Raw, Role)>> {
    let mut raws = Vec::new();
    inputs.raws(&mut |r| raws.push(r));
    let mut leaves = Vec::new();
    shape.leaves(&mut Default::default(), &mut |path, leaf| leaves.push((path.parts().to_vec(), leaf)));
    let mismatch = super::bundle::point_mismatch(inputs, shape);
    with(|c| {
        let place = c.place(loc);
        if raws.len() != leaves.len() {
            c.report(diag::e0112::new(place, place, "inputs of", name, raws.len(), leaves.len()));
            return None;
        }
        if let Some((path, found, wanted)) = mismatch {
            let full = if path.is_empty() { format!("{name}.in") } else { format!("{name}.{path}") };
            c.report(diag::e0111::new(place, place, "input", &full, found, wanted));
            return None;
        }
        let what = format!("input of module `{module}`");
        let mut fitted = Vec::with_capacity(raws.len());
        for (raw, (path, leaf)) in raws.into_iter().zip(&leaves) {
            let full = |_: &Context| format!("{name}.{}", port_name(path, "in"));
            let target = Target { what: &what, name: &full, ty: leaf.ty, place: None, guarded: false };
            let usable = leaf.role == Role::Ready || c.fitted(raw, &target, loc).is_some();
            fitted.push((if usable { raw } else { Raw::POISON }, leaf.role));
        }
        Some(fitted)
    })
    .flatten()
}

/// `inputs` for a child that is built in place; poison where they do not fit.
pub(crate) fn checked_inputs<I: Bundle>(name: &str, inputs: &I, shape: &I::Shape, module: &str, loc: Loc) -> I {
    let fitted = fitted_inputs(name, inputs, shape, module, loc);
    let usable = fitted.is_some();
    let mut next = fitted.into_iter().flatten();
    // A poison leaf has no type: the shape says how many there are.
    let shape = if usable { inputs.shape() } else { shape.clone() };
    shape.value(&mut || next.next().map_or(Raw::POISON, |(raw, _)| raw))
}

/// Connects `inputs` to a new instance of `child` and returns its outputs.
pub(crate) fn instantiate<I: Bundle, O: Bundle>(
    name: &str,
    child: crate::ids::ModuleId,
    inputs: &I,
    (in_shape, out_shape): (&I::Shape, &O::Shape),
    bindings: &[(&Domain, &Domain)],
    black_box: bool,
    loc: Loc,
) -> O {
    let mut out_leaves = Vec::new();
    out_shape.leaves(&mut Default::default(), &mut |path, leaf| out_leaves.push((path.parts().to_vec(), leaf)));
    let module = with(|c| c.modules[child].name.clone()).unwrap_or_default();
    let Some(inputs_fitted) = fitted_inputs(name, inputs, in_shape, &module, loc) else {
        super::stream::discard(inputs, loc);
        return out_shape.value(&mut || Raw::POISON);
    };
    // The child's ports are in this order: leaves of the inputs, then leaves of the outputs (see `elaborate`).
    let made = with(|c| {
        let place = c.place(loc);
        let name = user_name(c, name, "instance", place);
        let domains = super::clock::of_child(c, child, &module, bindings, place);
        let inst =
            c.top()?.ir.insts.push(ir::Inst { name: name.clone(), module: child, domains, inputs: Vec::new(), place });
        let mut connections = Vec::new();
        let mut readies = Vec::new();
        let in_count = inputs_fitted.len();
        for (i, (raw, role)) in inputs_fitted.into_iter().enumerate() {
            let port = PortId::new(i);
            if role == Role::Ready {
                let ready = c.top()?.push(Op::Inst(inst, port), Ty::BOOL, place);
                readies.push((raw, ready));
            } else if !raw.is_poison() {
                connections.push((port, raw.node));
            }
        }
        let mut outputs = Vec::with_capacity(out_leaves.len());
        for (i, (path, leaf)) in out_leaves.iter().enumerate() {
            let port = PortId::new(in_count + i);
            let b = c.top()?;
            if leaf.role == Role::Ready {
                let wire_name = b.fresh_name(&format!("{name}_{}", path.join("_")), place);
                let (wire, raw) = b.wire(wire_name, Ty::BOOL, leaf.format.clone(), true, place);
                let below = &path[..path.len() - 1];
                let stream = if below.is_empty() { name.clone() } else { format!("{name}.{}", below.join(".")) };
                b.streams.insert(wire, (place, stream));
                connections.push((port, raw.node));
                outputs.push(raw);
            } else if black_box {
                outputs.push(watched(b, Op::Inst(inst, port), leaf.ty, &name, &path.join("_"), place));
            } else {
                outputs.push(b.push(Op::Inst(inst, port), leaf.ty, place));
            }
        }
        connections.sort_by_key(|(port, _)| *port);
        c.top()?.ir.insts[inst].inputs = connections;
        Some((outputs, readies))
    });
    let (outputs, readies) = abort_if_none(made.flatten());
    for (wire, ready) in readies {
        super::stream::consume(wire, ready, loc);
    }
    let mut next = outputs.into_iter();
    out_shape.value(&mut || next.next().unwrap_or(Raw::POISON))
}

/// An output of a black box, assumed in its declared range and checked in simulation.
fn watched(b: &mut Builder, op: Op, ty: Ty, instance: &str, path: &str, place: PlaceId) -> Raw {
    let full = elaborate::unchecked(ty);
    let output = b.push(op, full, place);
    let Ty::Int(range) = ty else { return output };
    if full == ty {
        return output;
    }
    let claim = b.push(Op::Un(ir::UnOp::Claim, output.node), ty, place);
    let message =
        format!("output `{path}` of black box `{instance}` is outside of its range {}..={}", range.lo(), range.hi());
    let kind = CheckKind::Claim { claim: claim.node, enable: None };
    b.check(&format!("{instance}_{path}_range"), kind, message, place);
    claim
}

/// The direction of a leaf's port.
pub(crate) fn direction(output: bool, role: Role) -> Dir {
    if output != (role == Role::Ready) { Dir::Output } else { Dir::Input }
}
