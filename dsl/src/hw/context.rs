//! The elaboration under way: a stack of modules being built, the modules already finished, and what was found wrong.
//!
//! Handles are ids into this thread's context, so operators need no argument for it. No borrow of the context is ever
//! held while user code runs.

use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use super::elaborate::{Cache, Key};
use super::linear::WrittenProduct;
use super::when::Frame;
use crate::check::domains::Clocking;
use crate::diag::{self, Draft};
use crate::ids::{Arena, DomainId, ModuleId, NodeId, PlaceId, WireId};
use crate::ir::order::Summaries;
use crate::ir::rules::{self, RuleError};
use crate::ir::{self, Adders, BinOp, Domain, Format, Node, Op, Place, Places, UnOp, eval};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

/// A place in the user's source.
#[derive(Clone, Copy)]
pub(crate) struct Loc(&'static Location<'static>);

impl Loc {
    #[track_caller]
    pub fn caller() -> Loc {
        Loc(Location::caller())
    }
}

thread_local! {
    static CONTEXT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// What an untyped handle is: a node of a module under construction, or poison.
#[derive(Clone, Copy, Debug)]
pub struct Raw {
    pub(crate) module: u32,
    pub(crate) node: NodeId,
}

impl Raw {
    pub(crate) const POISON: Raw = Raw { module: 0, node: NodeId(u32::MAX) };

    pub(crate) fn is_poison(self) -> bool {
        self.module == 0
    }
}

/// The state of one elaboration.
pub(crate) struct Context {
    pub stack: Vec<Builder>,
    pub modules: Arena<ModuleId, ir::Module>,
    /// Of the finished modules, by id.
    pub summaries: Summaries,
    pub cache: Cache,
    pub building: Vec<Key>,
    pub drafts: Vec<Draft>,
    pub places: Places,
    files: FxHashMap<*const str, Arc<str>>,
    place_ids: FxHashMap<(*const Location<'static>, Option<PlaceId>), PlaceId>,
    /// Names of modules that are finished, by the id that handles of theirs carry.
    pub finished: FxHashMap<u32, String>,
    /// The implicit domain of the top.
    pub domain: Domain,
    /// When the ports of finished modules are sampled, for those that somebody asked for.
    pub clocking: FxHashMap<ModuleId, Rc<Clocking>>,
    pub root_frame: Option<PlaceId>,
    /// Somebody asked for the type of a poison handle: types of no width may come from there.
    pub guessed: bool,
}

/// A module under construction.
pub(crate) struct Builder {
    pub uid: u32,
    pub ir: ir::Module,
    /// Scope frames: the place that opened each, and the prefix it gives to names.
    pub scopes: Vec<(PlaceId, String)>,
    /// The prefix of each scope there was, by the place that opened it.
    pub prefixes: FxHashMap<PlaceId, String>,
    pub frames: Vec<Frame>,
    pub names: FxHashMap<String, PlaceId>,
    /// The last number that a name of the language's own was given.
    numbers: FxHashMap<String, u32>,
    pub consts: FxHashMap<(Value, Ty), NodeId>,
    pub seq: u32,
    /// Wires that the language made: replaced by their driver when the module is finished.
    pub hidden: Vec<bool>,
    /// The node that reads each wire.
    pub wire_nodes: Vec<NodeId>,
    /// Streams whose consumer has not come yet: their ready wire, place and name.
    pub streams: FxHashMap<WireId, (PlaceId, String)>,
    /// Registers and wires (`true`) that were to take a value of which a mistake is already reported: nothing more is
    /// said about their drivers.
    pub tainted: FxHashSet<(bool, u32)>,
    /// In a pipelined region children are inlined and state is refused: the region's place.
    pub pure: Option<PlaceId>,
    /// In a region that gets registers: what they can go between is written as nodes of its own at first.
    pub scheduled: bool,
    /// The matrix-vector products of that region.
    pub products: Vec<WrittenProduct>,
    /// How constant products are added, which the target of a pipelined region says.
    pub adders: Adders,
    /// The domains that `Module::domain` has opened.
    pub domains: Vec<DomainId>,
}

static NEXT_UID: AtomicU32 = AtomicU32::new(1);

/// Runs `f` on the context, where there is an elaboration.
pub(crate) fn with<R>(f: impl FnOnce(&mut Context) -> R) -> Option<R> {
    CONTEXT.with(|c| c.borrow_mut().as_mut().map(f))
}

/// Puts a context in place and returns the one that was there.
pub(crate) fn swap(context: Option<Context>) -> Option<Context> {
    CONTEXT.with(|c| std::mem::replace(&mut *c.borrow_mut(), context))
}

impl Context {
    pub fn new(domain: Domain) -> Context {
        Context {
            stack: Vec::new(),
            modules: Arena::new(),
            summaries: Summaries::new(),
            cache: Cache::default(),
            building: Vec::new(),
            drafts: Vec::new(),
            places: Places::default(),
            files: FxHashMap::default(),
            place_ids: FxHashMap::default(),
            finished: FxHashMap::default(),
            domain,
            clocking: FxHashMap::default(),
            root_frame: None,
            guessed: false,
        }
    }

    /// The module being built.
    pub fn top(&mut self) -> Option<&mut Builder> {
        self.stack.last_mut()
    }

    pub fn frame(&self) -> Option<PlaceId> {
        match self.stack.last().and_then(|b| b.scopes.last()) {
            Some((place, _)) => Some(*place),
            None => self.root_frame,
        }
    }

    /// The place of a source location under the present scopes.
    pub fn place(&mut self, loc: Loc) -> PlaceId {
        let frame = self.frame();
        if let Some(&known) = self.place_ids.get(&(loc.0 as *const _, frame)) {
            return known;
        }
        let id = self.new_place(loc, frame, None);
        self.place_ids.insert((loc.0, frame), id);
        id
    }

    /// A place that opens a scope.
    pub fn scope_place(&mut self, loc: Loc, scope: String) -> PlaceId {
        let frame = self.frame();
        self.new_place(loc, frame, Some(scope))
    }

    fn new_place(&mut self, loc: Loc, caller: Option<PlaceId>, scope: Option<String>) -> PlaceId {
        let (file, line, column) = (loc.0.file(), loc.0.line(), loc.0.column());
        let file = self.files.entry(file).or_insert_with(|| portable(file).into()).clone();
        self.places.0.push(Place { file, line, column, caller, scope })
    }

    pub fn report(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// The node of a handle in the module being built; `None` (after a report) where it belongs elsewhere.
    pub fn local(&mut self, raw: Raw, loc: Loc) -> Option<NodeId> {
        if raw.is_poison() {
            return None;
        }
        if self.stack.last().is_some_and(|b| b.uid == raw.module) {
            return Some(raw.node);
        }
        let place = self.place(loc);
        let here = self.stack.last().map_or_else(String::new, |b| b.ir.name.clone());
        let made_at = self.stack.iter().find(|b| b.uid == raw.module).map(|b| b.ir.nodes[raw.node].place);
        match made_at {
            Some(origin) => {
                let owner =
                    self.stack.iter().find(|b| b.uid == raw.module).map_or(String::new(), |b| b.ir.name.clone());
                self.report(diag::e0201::new(place, origin, &here, &owner));
            }
            None => {
                let owner = self.finished.get(&raw.module).cloned();
                self.report(diag::e0202::new(place, &here, owner.as_deref()));
            }
        }
        None
    }

    /// The type of a handle's node, also of a module further up the stack.
    pub fn ty(&mut self, raw: Raw) -> Option<Ty> {
        let builder = self.stack.iter().rev().find(|b| b.uid == raw.module);
        let ty = builder.and_then(|b| b.ir.nodes.get(raw.node)).map(|n| n.ty);
        self.guessed |= ty.is_none();
        ty
    }

    /// True where a type may be the one made up for a poison handle: mistakes about it are consequences.
    pub fn is_guess(&self, ty: Ty) -> bool {
        self.guessed && ty.width() == 0
    }

    /// Adds a node to the module being built.
    pub fn push(&mut self, op: Op, ty: Ty, loc: Loc) -> Raw {
        let place = self.place(loc);
        match self.top() {
            Some(b) => b.push(op, ty, place),
            None => Raw::POISON,
        }
    }

    pub fn constant(&mut self, value: Value, ty: Ty, loc: Loc) -> Raw {
        let place = self.place(loc);
        match self.top() {
            Some(b) => b.constant(value, ty, place),
            None => Raw::POISON,
        }
    }

    fn rule(&mut self, result: Result<Ty, RuleError>, what: &str, operands: &[Ty], loc: Loc) -> Option<Ty> {
        match result {
            Ok(ty) => Some(ty),
            Err(error) => {
                let place = self.place(loc);
                self.report(match error {
                    RuleError::DivisorNotConstant | RuleError::DivisorZero => diag::e0104::new(place, what, operands),
                    RuleError::TooWide => diag::e0105::new(place, what, operands),
                    RuleError::NegativeShift => diag::e0106::new(place, what, operands),
                    RuleError::Widths(..) | RuleError::Kind => diag::e0108::new(place, what, operands),
                    RuleError::Index => diag::e0110::new(place, operands),
                });
                None
            }
        }
    }

    pub fn unary(&mut self, op: UnOp, x: Raw, what: &str, loc: Loc) -> Raw {
        let Some(node) = self.local(x, loc) else { return Raw::POISON };
        let Some(b) = self.top() else { return Raw::POISON };
        let x_ty = b.ir.nodes[node].ty;
        let Some(result) = rules::unary(op, x_ty) else { return Raw::POISON };
        let Some(ty) = self.rule(result, what, &[x_ty], loc) else { return Raw::POISON };
        if let Some(v) = self.stack.last().and_then(|b| b.const_of(node)) {
            return self.constant(eval::unary(op, &v, x_ty, ty), ty, loc);
        }
        self.push(Op::Un(op, node), ty, loc)
    }

    pub fn binary(&mut self, op: BinOp, a: Raw, b: Raw, what: &str, loc: Loc) -> Raw {
        let (Some(x), Some(y)) = (self.local(a, loc), self.local(b, loc)) else { return Raw::POISON };
        let Some(builder) = self.stack.last() else { return Raw::POISON };
        let (x_ty, y_ty) = (builder.ir.nodes[x].ty, builder.ir.nodes[y].ty);
        let (x_const, y_const) = (builder.const_of(x), builder.const_of(y));
        let result = rules::binary(op, x_ty, y_ty, y_const.as_ref());
        let Some(ty) = self.rule(result, what, &[x_ty, y_ty], loc) else { return Raw::POISON };
        if let (Some(x), Some(y)) = (&x_const, &y_const) {
            return self.constant(eval::binary(op, x, y, ty), ty, loc);
        }
        self.push(Op::Bin(op, x, y), ty, loc)
    }

    pub fn mux(&mut self, condition: Raw, a: Raw, b: Raw, loc: Loc) -> Raw {
        let (Some(c), Some(x), Some(y)) = (self.local(condition, loc), self.local(a, loc), self.local(b, loc)) else {
            return Raw::POISON;
        };
        let Some(builder) = self.stack.last_mut() else { return Raw::POISON };
        let (x, y) = super::refine::mux_arms(builder, c, x, y);
        let nodes = &builder.ir.nodes;
        let (c_ty, x_ty, y_ty) = (nodes[c].ty, nodes[x].ty, nodes[y].ty);
        let Some(ty) = self.rule(rules::mux(c_ty, x_ty, y_ty), "mux", &[x_ty, y_ty], loc) else { return Raw::POISON };
        self.push(Op::Mux(c, x, y), ty, loc)
    }

    pub fn select(&mut self, index: Raw, choices: &[Raw], loc: Loc) -> Raw {
        let Some(i) = self.local(index, loc) else { return Raw::POISON };
        let mut nodes = Vec::with_capacity(choices.len());
        for &choice in choices {
            let Some(node) = self.local(choice, loc) else { return Raw::POISON };
            nodes.push(node);
        }
        let Some(builder) = self.stack.last() else { return Raw::POISON };
        let i_ty = builder.ir.nodes[i].ty;
        let tys: Vec<Ty> = nodes.iter().map(|&n| builder.ir.nodes[n].ty).collect();
        let result = rules::select(i_ty, &tys);
        if result == Err(RuleError::Index) {
            let place = self.place(loc);
            self.report(diag::e0110::new(place, &[i_ty, Ty::Int(IntTy::constant(choices.len()))]));
            return Raw::POISON;
        }
        let first = *tys.first().unwrap_or(&i_ty);
        let odd = tys.iter().find(|t| rules::choice(first, **t).is_err());
        let Some(ty) = self.rule(result, "select", &[first, *odd.unwrap_or(&first)], loc) else { return Raw::POISON };
        if let Some(v) = builder_const(self, i).and_then(|v| v.to_usize())
            && let Some(&only) = nodes.get(v)
        {
            return Raw { module: index.module, node: only };
        }
        self.push(Op::Select(i, nodes.into()), ty, loc)
    }
}

/// The path of a source file without what differs from machine to machine: of a crate from elsewhere, its folder and what
/// is below.
fn portable(file: &str) -> String {
    let file = file.replace('\\', "/");
    if !std::path::Path::new(&file).is_absolute() {
        return file;
    }
    let parts: Vec<&str> = file.split('/').collect();
    let below = parts.iter().rposition(|p| matches!(*p, "src" | "tests" | "examples" | "benches"));
    parts[below.map_or(parts.len() - 1, |k| k.saturating_sub(1))..].join("/")
}

fn builder_const(context: &Context, node: NodeId) -> Option<Value> {
    context.stack.last().and_then(|b| b.const_of(node))
}

impl Builder {
    pub fn new(name: String, domain: Domain, place: PlaceId) -> Builder {
        let mut domains = Arena::new();
        domains.push(domain);
        Builder {
            uid: NEXT_UID.fetch_add(1, Ordering::Relaxed),
            ir: ir::Module { domains, ..ir::Module::new(name, place) },
            scopes: vec![(place, String::new())],
            prefixes: FxHashMap::from_iter([(place, String::new())]),
            frames: Vec::new(),
            names: FxHashMap::default(),
            numbers: FxHashMap::default(),
            consts: FxHashMap::default(),
            seq: 0,
            hidden: Vec::new(),
            wire_nodes: Vec::new(),
            streams: FxHashMap::default(),
            tainted: FxHashSet::default(),
            pure: None,
            scheduled: false,
            products: Vec::new(),
            adders: Adders::Two,
            domains: Vec::new(),
        }
    }

    pub fn raw(&self, node: NodeId) -> Raw {
        Raw { module: self.uid, node }
    }

    pub fn push(&mut self, op: Op, ty: Ty, place: PlaceId) -> Raw {
        if let Some(value) = ty.as_constant()
            && !matches!(op, Op::Un(UnOp::Claim, _))
        {
            return self.constant(value, ty, place);
        }
        let node = self.ir.nodes.push(Node { op, ty, place });
        self.raw(node)
    }

    pub fn constant(&mut self, value: Value, ty: Ty, place: PlaceId) -> Raw {
        let ty = match ty {
            Ty::Int(_) => Ty::Int(IntTy::constant(value.clone())),
            bits => bits,
        };
        let nodes = &mut self.ir.nodes;
        let node = *self
            .consts
            .entry((value.clone(), ty))
            .or_insert_with(|| nodes.push(Node { op: Op::Const(value), ty, place }));
        self.raw(node)
    }

    pub fn const_of(&self, node: NodeId) -> Option<Value> {
        match &self.ir.nodes[node].op {
            Op::Const(v) => Some(v.clone()),
            _ => None,
        }
    }

    pub fn next_seq(&mut self) -> u32 {
        self.seq += 1;
        self.seq
    }

    /// The name under the present scopes.
    pub fn scoped(&self, name: &str) -> String {
        match self.scopes.last() {
            Some((_, prefix)) if !prefix.is_empty() => [prefix, "_", name].concat(),
            _ => name.to_string(),
        }
    }

    /// Claims a name the user gave: `Err` with the place of the one before where it is taken.
    pub fn claim_name(&mut self, name: &str, place: PlaceId) -> Result<(), PlaceId> {
        match self.names.entry(name.to_string()) {
            std::collections::hash_map::Entry::Occupied(e) => Err(*e.get()),
            std::collections::hash_map::Entry::Vacant(e) => {
                e.insert(place);
                Ok(())
            }
        }
    }

    /// A name that the language chooses, with a number where it is taken.
    pub fn fresh_name(&mut self, name: &str, place: PlaceId) -> String {
        if self.claim_name(name, place).is_ok() {
            return name.to_string();
        }
        // Where it was left the last time: a name may be wanted very often.
        let mut n = self.numbers.get(name).copied().unwrap_or(1);
        loop {
            n += 1;
            let candidate = format!("{name}_{n}");
            if self.claim_name(&candidate, place).is_ok() {
                self.numbers.insert(name.to_string(), n);
                return candidate;
            }
        }
    }

    /// A wire with its reading node.
    pub fn wire(&mut self, name: String, ty: Ty, format: Format, hidden: bool, place: PlaceId) -> (WireId, Raw) {
        let id = self.ir.wires.push(ir::Wire { name, ty, format, driver: Vec::new(), place });
        self.hidden.push(hidden);
        // Not through `push`: a wire of one value still needs a node of its own to be driven through.
        let node = self.ir.nodes.push(Node { op: Op::Wire(id), ty, place });
        self.wire_nodes.push(node);
        (id, self.raw(node))
    }

    /// The clock domain around.
    pub fn domain(&self) -> DomainId {
        self.domains.last().copied().unwrap_or_default()
    }
}

/// Checks and claims a user's name in the module being built; where it cannot be had, reports and makes one up.
pub(crate) fn user_name(context: &mut Context, name: &str, what: &str, place: PlaceId) -> String {
    user_names(context, [name], what, place).pop().unwrap_or_default()
}

/// As [`user_name`], for the parts of one declaration: of several names that cannot be had, the first is reported.
pub(crate) fn user_names<'n>(
    context: &mut Context,
    names: impl IntoIterator<Item = &'n str>,
    what: &str,
    place: PlaceId,
) -> Vec<String> {
    let mut made = Vec::new();
    let mut wrong = None;
    let Some(b) = context.top() else { return names.into_iter().map(String::from).collect() };
    for name in names {
        let full = b.scoped(name);
        if !crate::hw::names::is_identifier(&full) {
            wrong.get_or_insert_with(|| diag::e0203::new(place, &full, what));
            made.push(b.fresh_name("unnamed", place));
        } else if let Err(other) = b.claim_name(&full, place) {
            wrong.get_or_insert_with(|| diag::e0204::new(place, other, &full));
            made.push(b.fresh_name(&full, place));
        } else {
            made.push(full);
        }
    }
    if let Some(draft) = wrong {
        context.report(draft);
    }
    made
}
