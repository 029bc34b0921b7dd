//! Random recipes, the same for the same seed everywhere.
//!
//! The generator only makes recipes that the language accepts: it asks [`super::rules`] for every type, keeps track of
//! which wires a value depends on, drives each wire on every path, and narrows a value before it goes where it does not
//! fit.

use std::collections::HashSet;
use std::sync::Arc;

use gatewright_sim::rng::Rng;
use num_bigint::BigInt;

use super::choose::{int_ty, pick_of, some_ty, value_in};
use super::recipe::{Arith, Cmp, Collide, Expr, Logic, MemDef, Narrow, ReadKind, Recipe, RegDef, Step, Target, V};
use super::rules::type_of;
use super::ty::{PHASES, Range, Type};
use super::typing::{Fact, Known, address, scope_of, typing};

/// How large a recipe becomes.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Statements, about.
    pub steps: u64,
    /// How deep children nest.
    pub depth: u32,
    /// Whether there is anything but inputs, expressions and outputs.
    pub state: bool,
}

impl Size {
    /// A module as the tests use them.
    pub const MODULE: Size = Size { steps: 26, depth: 2, state: true };
    /// Expressions only.
    pub const GRAPH: Size = Size { steps: 24, depth: 0, state: false };
}

/// The recipe of a seed.
pub fn recipe(seed: u64, size: Size) -> Recipe {
    let mut rng = Rng::new(seed ^ 0x6761_7465);
    make(&mut rng, &format!("rand_{seed}"), size)
}

fn make(rng: &mut Rng, name: &str, size: Size) -> Recipe {
    let mut children = Vec::new();
    if size.state && size.depth > 0 && rng.chance(0.4) {
        for n in 0..rng.between(1, 2) {
            let small = Size { steps: size.steps / 3, depth: size.depth - 1, state: rng.chance(0.6) };
            children.push(Arc::new(make(rng, &format!("{name}_c{n}"), small)));
        }
    }
    let mut count = |lo, hi| if size.state { rng.between(lo, hi) } else { 0 };
    let (regs, wires, mems) = (count(0, 5), count(0, 4), count(0, 2));
    let names = ["r", "in_", "out_", "state"];
    let recipe = Recipe {
        name: name.to_string(),
        inputs: (0..rng.between(1, 5)).map(|_| some_ty(rng)).collect(),
        regs: (0..regs)
            .map(|n| {
                let ty = some_ty(rng);
                let reset = rng.chance(0.7).then(|| value_in(rng, &ty.range()));
                RegDef { name: format!("{}{n}", names[rng.between(0, 3) as usize]), ty, reset }
            })
            .collect(),
        wires: (0..wires).map(|_| some_ty(rng)).collect(),
        mems: (0..mems).map(|_| memory(rng)).collect(),
        children,
        body: Vec::new(),
        outputs: Vec::new(),
    };
    let mut g = Gen {
        rng,
        recipe,
        known: Known::default(),
        taint: Vec::new(),
        wire_taint: Vec::new(),
        live: Vec::new(),
        set_regs: HashSet::new(),
        pool: Vec::new(),
        used: HashSet::new(),
        blocks: vec![Vec::new()],
        forbid: Vec::new(),
        busy: 0,
        scopes: 0,
    };
    g.module(size);
    g.recipe
}

fn memory(rng: &mut Rng) -> MemDef {
    let fields: Vec<Type> = (0..if rng.chance(0.6) { 1 } else { rng.between(2, 3) }).map(|_| some_ty(rng)).collect();
    let depth = [1, 2, 3, 4, 5, 8, 8, 13, 16, 32][rng.between(0, 9) as usize];
    let words = match rng.between(0, 2) {
        0 => 0,
        1 => depth,
        _ => rng.between(0, depth),
    };
    let init = (0..words).map(|_| fields.iter().map(|t| value_in(rng, &t.range())).collect()).collect();
    let collision = [Collide::Old, Collide::New, Collide::Undefined][rng.between(0, 2) as usize];
    MemDef { fields, depth, init, collision }
}

/// Wires as a set of bits.
type Wires = u64;

pub(super) struct Gen<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) recipe: Recipe,
    pub(super) known: Known,
    /// For each value, the wires it depends on.
    taint: Vec<Wires>,
    /// For each wire, the wires its drivers depend on.
    wire_taint: Vec<Wires>,
    /// For each value, whether it is more than an expression over constants.
    live: Vec<bool>,
    /// Registers that something is assigned to.
    set_regs: HashSet<usize>,
    /// Values that may be used anywhere.
    pub(super) pool: Vec<V>,
    used: HashSet<V>,
    blocks: Vec<Vec<Step>>,
    /// Wires on which the values picked now must not depend.
    forbid: Vec<Wires>,
    /// Memories whose collisions must not happen and that have their ports.
    busy: u64,
    scopes: u32,
}

impl Gen<'_> {
    pub(super) fn upto(&mut self, n: u64) -> u64 {
        self.rng.between(0, n.saturating_sub(1))
    }
    pub(super) fn ty(&self, v: V) -> Type {
        self.known.ty(v).expect("a known value").clone()
    }
    pub(super) fn range(&self, v: V) -> Range {
        self.ty(v).range()
    }

    /// A new value; `None` where the language has no such expression (or its result would be very wide).
    pub(super) fn emit(&mut self, expr: Expr) -> Option<V> {
        let ty = type_of(&expr, &scope_of(&self.recipe), &|v| self.known.ty(v))?;
        let mut taint = match expr {
            Expr::Wire(n) => 1 << n,
            _ => 0,
        };
        let mut live = matches!(expr, Expr::Input(_) | Expr::Reg(_) | Expr::Wire(_));
        expr.operands(&mut |v| {
            taint |= self.taint[v as usize];
            live |= self.live[v as usize];
            self.used.insert(v);
        });
        // A value compared with itself, or chosen from twice the same, says nothing.
        live &= match &expr {
            Expr::Compare(_, a, b) | Expr::Logic(Logic::Eq | Logic::Ne | Logic::Xor, a, b) => a != b,
            _ => true,
        };
        let range = ty.range();
        live &= range.lo != range.hi;
        let id = self.fresh(ty, Some(expr.clone()), taint);
        self.live[id as usize] = live;
        let named = self.rng.chance(0.12);
        self.push(Step::Let { id, named, expr });
        self.pool.push(id);
        Some(id)
    }

    fn fresh(&mut self, ty: Type, expr: Option<Expr>, taint: Wires) -> V {
        let id = self.taint.len() as V;
        self.taint.push(taint);
        self.live.push(true);
        self.known.add(id, ty, expr);
        id
    }
    fn push(&mut self, step: Step) {
        step.reads().into_iter().for_each(|v| {
            self.used.insert(v);
        });
        self.blocks.last_mut().expect("an open block").push(step);
    }

    /// All wires that these depend on, through their drivers too.
    fn reach(&self, from: Wires) -> Wires {
        let mut all = from;
        loop {
            let more =
                (0..self.wire_taint.len()).filter(|n| all >> n & 1 == 1).fold(all, |more, n| more | self.wire_taint[n]);
            if more == all {
                return all;
            }
            all = more;
        }
    }

    /// Any value of the pool that may be used here and is as wanted; rather a late one.
    pub(super) fn pick(&mut self, wanted: impl Fn(&Type) -> bool) -> Option<V> {
        let forbidden = self.forbid.iter().fold(0, |a, b| a | b);
        let fit: Vec<V> = self
            .pool
            .iter()
            .copied()
            .filter(|&v| wanted(self.known.ty(v).expect("a known value")))
            .filter(|&v| forbidden == 0 || self.reach(self.taint[v as usize]) & forbidden == 0)
            .collect();
        let live: Vec<V> = fit.iter().copied().filter(|&v| self.live[v as usize]).collect();
        let fit = if live.is_empty() || self.rng.chance(0.08) { fit } else { live };
        if fit.is_empty() {
            return None;
        }
        let n = fit.len() as u64;
        let index = if self.rng.chance(0.5) { self.upto(n) } else { n - 1 - self.upto(n.min(6)) };
        Some(fit[index as usize])
    }

    /// False where the wires driven here must not depend on `v`.
    pub(super) fn allowed(&self, v: V) -> bool {
        let forbidden = self.forbid.iter().fold(0, |a, b| a | b);
        self.reach(self.taint[v as usize]) & forbidden == 0
    }

    fn module(&mut self, size: Size) {
        let wires = self.recipe.wires.len();
        self.wire_taint = vec![0; wires];
        for n in 0..self.recipe.inputs.len() {
            self.emit(Expr::Input(n));
        }
        for n in 0..self.recipe.regs.len() {
            self.emit(Expr::Reg(n));
        }
        let early: Vec<bool> = (0..wires).map(|_| self.rng.chance(0.6)).collect();
        for n in (0..wires).filter(|&n| early[n]) {
            self.emit(Expr::Wire(n));
        }
        let may = (0..self.recipe.regs.len()).map(Target::Reg).collect::<Vec<_>>();
        let must: Vec<usize> = (0..wires).collect();
        self.statements(0, size.steps, &must, &may);
        for n in 0..self.recipe.regs.len() {
            if !self.set_regs.contains(&n) && self.rng.chance(0.9) {
                self.set(Target::Reg(n));
            }
        }
        for n in (0..wires).filter(|&n| !early[n]) {
            self.emit(Expr::Wire(n));
        }
        self.body_end(size);
    }

    fn body_end(&mut self, size: Size) {
        for _ in 0..size.steps / 5 {
            self.expression();
        }
        let mut outputs: Vec<V> = self.pool.iter().copied().filter(|v| !self.used.contains(v)).collect();
        outputs.retain(|v| self.live[*v as usize] || self.rng.chance(0.15));
        while outputs.len() > 14 {
            let n = self.upto(outputs.len() as u64) as usize;
            outputs.remove(n);
        }
        for _ in 0..2 {
            let more = pick_of(self.rng, &self.pool);
            outputs.extend(more);
        }
        self.recipe.outputs = outputs;
        self.recipe.body = self.blocks.pop().expect("the body");
        debug_assert!(typing(&self.recipe).is_some());
    }

    /// Fills the open block: `must` are wires that it drives on every path, `may` what it can assign to besides.
    fn statements(&mut self, depth: u32, budget: u64, must: &[usize], may: &[Target]) {
        let mut open: Vec<usize> = must.to_vec();
        let mut mentioned: HashSet<Target> = HashSet::new();
        let mut overridable: Vec<Target> = may.to_vec();
        let mut left = budget;
        while left > 0 {
            left -= 1;
            match self.upto(100) {
                0..58 => self.expression(),
                58..68 => {
                    if let Some(t) = pick_of(self.rng, may)
                        && !mentioned.contains(&t)
                    {
                        self.set(t);
                        mentioned.insert(t);
                    }
                }
                68..73 if !open.is_empty() => {
                    let n = self.upto(open.len() as u64) as usize;
                    let wire = Target::Wire(open.remove(n));
                    self.set(wire);
                    mentioned.insert(wire);
                    overridable.push(wire);
                }
                73..85 if depth < 3 && self.recipe_has_state() => {
                    let inner = left.min(self.rng.between(1, 7));
                    left -= inner;
                    // Some of the open wires are driven on every path in there.
                    let take = self.rng.between(0, open.len() as u64) as usize;
                    let taken = if self.rng.chance(0.5) { open.drain(..take).collect() } else { Vec::new() };
                    self.branches(depth, inner, &taken, &overridable);
                    mentioned.extend(overridable.iter().copied());
                    for wire in taken {
                        mentioned.insert(Target::Wire(wire));
                        overridable.push(Target::Wire(wire));
                    }
                }
                85..89 => self.write(),
                89..93 => self.read(),
                93..96 => self.instance(),
                96..98 => self.assertion(),
                98 if depth < 3 => {
                    self.scopes += 1;
                    let name = format!("s{}", self.scopes);
                    self.blocks.push(Vec::new());
                    for _ in 0..self.rng.between(1, 3) {
                        self.expression();
                    }
                    let inner = self.blocks.pop().unwrap_or_default();
                    self.push(Step::Scope(name, inner));
                }
                _ => self.claim_that_holds(&may.iter().copied().filter(|t| !mentioned.contains(t)).collect::<Vec<_>>()),
            }
        }
        if !open.is_empty() && depth < 3 && self.rng.chance(0.5) {
            let taken = std::mem::take(&mut open);
            self.branches(depth, 3, &taken, &[]);
        }
        for wire in open {
            self.set(Target::Wire(wire));
        }
    }

    fn recipe_has_state(&self) -> bool {
        !self.recipe.regs.is_empty() || !self.recipe.wires.is_empty() || !self.recipe.mems.is_empty()
    }

    fn target_ty(&self, target: Target) -> Type {
        match target {
            Target::Reg(n) => self.recipe.regs[n].ty.clone(),
            Target::Wire(n) => self.recipe.wires[n].clone(),
        }
    }

    /// Assigns something that fits.
    fn set(&mut self, target: Target) {
        let ty = self.target_ty(target);
        let wire = match target {
            Target::Wire(n) => 1 << n,
            Target::Reg(_) => 0,
        };
        self.forbid.push(wire);
        let value = self.of(&ty);
        self.forbid.pop();
        match target {
            Target::Wire(n) => self.wire_taint[n] |= self.taint[value as usize],
            Target::Reg(n) => _ = self.set_regs.insert(n),
        }
        self.push(Step::Set { target, value });
    }

    /// A `when` or a `switch`; `must` is driven on every path.
    fn branches(&mut self, depth: u32, budget: u64, must: &[usize], may: &[Target]) {
        let driven = may.iter().filter_map(|t| match t {
            Target::Wire(n) => Some(*n),
            Target::Reg(_) => None,
        });
        let wires: Vec<usize> = must.iter().copied().chain(driven).collect();
        let mask = wires.iter().fold(0, |m, n| m | 1 << n);
        self.forbid.push(mask);
        let depend = |g: &mut Self, v: V| wires.iter().for_each(|&n| g.wire_taint[n] |= g.taint[v as usize]);
        if self.rng.chance(0.7) {
            let count = [1, 1, 1, 2, 2, 3][self.upto(6) as usize];
            let refined = if count == 1 { self.refining(may) } else { None };
            let conditions: Vec<V> = match &refined {
                Some((c, ..)) => vec![*c],
                None => (0..count).map(|_| self.truth()).collect(),
            };
            conditions.iter().for_each(|&c| depend(self, c));
            self.forbid.pop();
            let facts = self.known.facts.len();
            let mut arms = Vec::new();
            let mut held_back = Vec::new();
            for c in conditions {
                self.known.facts.push(Fact::Is(c, true));
                let mut may = may.to_vec();
                self.blocks.push(Vec::new());
                if let Some((_, target, step)) = &refined {
                    // The value only fits here, so nobody else may use it.
                    may.retain(|t| Some(*t) != *target);
                    held_back.extend(self.guarded(step));
                }
                self.statements(depth + 1, budget / 2, must, &may);
                let inner = self.blocks.pop().unwrap_or_default();
                arms.push((c, inner));
                self.known.facts.pop();
                self.known.facts.push(Fact::Is(c, false));
            }
            let otherwise = (!must.is_empty() || self.rng.chance(0.4)).then(|| {
                self.blocks.push(Vec::new());
                self.statements(depth + 1, budget / 2, must, may);
                self.blocks.pop().unwrap_or_default()
            });
            self.known.facts.truncate(facts);
            self.push(Step::When { arms, otherwise });
        } else {
            let subject = self.subject();
            depend(self, subject);
            self.forbid.pop();
            let ty = self.ty(subject);
            let range = ty.range();
            let mut free: Vec<BigInt> = Vec::new();
            let total = &range.hi - &range.lo + 1;
            if total <= BigInt::from(8) {
                let mut v = range.lo.clone();
                while v <= range.hi {
                    free.push(v.clone());
                    v += 1;
                }
            } else {
                for _ in 0..6 {
                    let v = value_in(self.rng, &range);
                    if !free.contains(&v) && i64::try_from(&v).is_ok() {
                        free.push(v);
                    }
                }
            }
            let all = total == BigInt::from(free.len());
            let exhaustive = all && self.rng.chance(0.3);
            let mut arms = Vec::new();
            let most = self.rng.between(1, 4) as usize;
            while !free.is_empty() && (exhaustive || arms.len() < most) {
                let take = (self.rng.between(1, 3) as usize).min(free.len());
                let values: Vec<BigInt> =
                    (0..take).map(|_| free.remove(self.upto(free.len() as u64) as usize)).collect();
                self.known.facts.push(Fact::Among(subject, values.clone()));
                self.blocks.push(Vec::new());
                self.statements(depth + 1, budget / 3, must, may);
                arms.push((values, self.blocks.pop().unwrap_or_default()));
                self.known.facts.pop();
            }
            let complete = all && free.is_empty();
            let default = if complete { self.rng.chance(0.2) } else { !must.is_empty() || self.rng.chance(0.6) };
            let default = default.then(|| {
                self.blocks.push(Vec::new());
                self.statements(depth + 1, budget / 3, must, may);
                self.blocks.pop().unwrap_or_default()
            });
            self.push(Step::Switch { subject, arms, default });
        }
    }

    /// Something to switch on.
    fn subject(&mut self) -> V {
        let small = |t: &Type| match t {
            Type::Int(r) => r.width() <= 6 && r.width() > 0,
            Type::Bits(w) => (1..=6).contains(w),
            Type::Enum => true,
            _ => false,
        };
        if let Some(v) = self.pick(small).filter(|_| self.rng.chance(0.8)) {
            return v;
        }
        let range = int_ty(self.rng, 5);
        self.of(&Type::Int(range))
    }

    /// A condition that shows that some value fits where it did not, with what is then assigned.
    fn refining(&mut self, may: &[Target]) -> Option<(V, Option<Target>, Guarded)> {
        if !self.rng.chance(0.5) {
            return None;
        }
        let x = self.pick(|t| matches!(t, Type::Int(_)))?;
        let xr = self.range(x);
        let k = BigInt::from(self.rng.between(0, 4) as i64 - 2);
        let (place, target) = match pick_of(self.rng, may).map(|t| (self.target_ty(t), t)) {
            Some((Type::Int(r), t)) => (r, Some(t)),
            _ => {
                let mem = self.free_memory()?;
                (address(self.recipe.mems[mem].depth).range(), None)
            }
        };
        // x + k fits where x is in there.
        let inside = Range { lo: &place.lo - &k, hi: &place.hi - &k }.intersect(&xr)?;
        if inside == xr {
            return None;
        }
        let mut terms = Vec::new();
        if inside.lo > xr.lo {
            let strict = self.rng.chance(0.5);
            terms.push(match strict {
                true => Expr::CompareConst(Cmp::Gt, x, &inside.lo - 1),
                false => Expr::CompareConst(Cmp::Ge, x, inside.lo.clone()),
            });
        }
        if inside.hi < xr.hi {
            let strict = self.rng.chance(0.5);
            terms.push(match strict {
                true => Expr::CompareConst(Cmp::Lt, x, &inside.hi + 1),
                false => Expr::CompareConst(Cmp::Le, x, inside.hi.clone()),
            });
        }
        let mut condition: Option<V> = None;
        for term in terms {
            let term = if self.rng.chance(0.2) {
                let Expr::CompareConst(op, x, c) = term else { return None };
                let not = self.emit(Expr::CompareConst(super::typing::opposite(op), x, c))?;
                self.emit(Expr::Not(not))?
            } else {
                self.emit(term)?
            };
            condition = Some(match condition {
                Some(c) => self.emit(Expr::Logic(Logic::And, c, term))?,
                None => term,
            });
        }
        Some((condition?, target, Guarded { x, k, target }))
    }

    /// A memory to which a write port can be added.
    fn free_memory(&mut self) -> Option<usize> {
        let n = self.recipe.mems.len();
        let free: Vec<usize> = (0..n).filter(|&m| self.recipe.mems[m].collision != Collide::Undefined).collect();
        pick_of(self.rng, &free)
    }

    /// The assignment behind a refining condition. Returns a value that must not be used elsewhere.
    fn guarded(&mut self, g: &Guarded) -> Option<V> {
        let Guarded { x, k, target } = g;
        let wire = match target {
            Some(Target::Wire(n)) => 1 << n,
            _ => 0,
        };
        if self.reach(self.taint[*x as usize]) & wire != 0 {
            return None;
        }
        let sum = if *k == BigInt::from(0) { *x } else { self.emit(Expr::ArithConst(Arith::Add, *x, k.clone()))? };
        match target {
            Some(target) => {
                let ty = self.target_ty(*target);
                if !self.known.fits(sum, &ty) {
                    return None;
                }
                let mut value = sum;
                let mut private = None;
                // Either the front end sees that it fits, or the designer says so.
                if self.rng.chance(0.3)
                    && let Type::Int(r) = &ty
                    && !self.range(sum).fits(r)
                    && let Some(v) = self.emit(Expr::Narrow(Narrow::Claim, sum, r.clone()))
                {
                    self.pool.retain(|p| *p != v);
                    value = v;
                    private = Some(v);
                }
                match target {
                    Target::Wire(n) => self.wire_taint[*n] |= self.taint[value as usize],
                    Target::Reg(n) => _ = self.set_regs.insert(*n),
                }
                self.push(Step::Set { target: *target, value });
                private
            }
            None => {
                let fit: Vec<usize> = (0..self.recipe.mems.len())
                    .filter(|&m| self.recipe.mems[m].collision != Collide::Undefined)
                    .filter(|&m| self.known.fits(sum, &address(self.recipe.mems[m].depth)))
                    .collect();
                let mem = pick_of(self.rng, &fit)?;
                self.write_at(mem, sum);
                None
            }
        }
    }

    fn write_at(&mut self, mem: usize, addr: V) {
        let fields = self.recipe.mems[mem].fields.clone();
        let data: Vec<V> = fields.iter().map(|t| self.of(t)).collect();
        let mask = (fields.len() > 1 && self.rng.chance(0.6)).then(|| fields.iter().map(|_| self.truth()).collect());
        self.push(Step::Write { mem, addr, data, mask });
    }

    fn write(&mut self) {
        let Some(mem) = self.free_memory() else { return };
        let ty = address(self.recipe.mems[mem].depth);
        let addr = self.of(&ty);
        self.write_at(mem, addr);
    }

    fn read(&mut self) {
        if self.recipe.mems.is_empty() {
            return;
        }
        let mem = self.upto(self.recipe.mems.len() as u64) as usize;
        let def = self.recipe.mems[mem].clone();
        let ty = address(def.depth);
        let addr = self.of(&ty);
        let mut kind = match self.upto(3) {
            0 => ReadKind::Async,
            1 => ReadKind::Sync,
            _ => ReadKind::When(self.truth()),
        };
        if def.collision == Collide::Undefined && kind != ReadKind::Async {
            if self.busy >> mem & 1 == 1 {
                return;
            }
            // One port writes where the condition holds, and one reads where it does not.
            self.busy |= 1 << mem;
            let c = self.truth();
            let Some(not) = self.emit(Expr::Not(c)) else { return };
            kind = ReadKind::When(not);
            let to = self.of(&ty);
            self.blocks.push(Vec::new());
            self.write_at(mem, to);
            let inner = self.blocks.pop().unwrap_or_default();
            self.push(Step::When { arms: vec![(c, inner)], otherwise: None });
        }
        let taint = if kind == ReadKind::Async { self.taint[addr as usize] } else { 0 };
        let ids: Vec<V> = def.fields.iter().map(|t| self.fresh(t.clone(), None, taint)).collect();
        self.push(Step::Read { mem, addr, kind, ids: ids.clone() });
        self.pool.extend(ids);
    }

    fn instance(&mut self) {
        let Some(child) = (!self.recipe.children.is_empty()).then(|| self.upto(self.recipe.children.len() as u64))
        else {
            return;
        };
        let def = self.recipe.children[child as usize].clone();
        let inputs: Vec<V> = def.inputs.iter().map(|t| self.of(t)).collect();
        let taint = inputs.iter().fold(0, |t, v| t | self.taint[*v as usize]);
        let Some(typed) = typing(&def) else { return };
        let ids: Vec<V> = typed.outputs.iter().map(|t| self.fresh(t.clone(), None, taint)).collect();
        self.push(Step::Inst { child: child as usize, inputs, ids: ids.clone() });
        self.pool.extend(ids);
    }

    fn assertion(&mut self) {
        let Some(x) = self.pick(|t| matches!(t, Type::Int(_))) else { return };
        let range = self.range(x);
        let expr = match self.upto(3) {
            0 => Expr::CompareConst(Cmp::Le, x, range.hi),
            1 => Expr::CompareConst(Cmp::Ge, x, range.lo),
            _ => Expr::Compare(Cmp::Eq, x, x),
        };
        if let Some(v) = self.emit(expr) {
            self.push(Step::Assert(v));
        }
    }

    /// A claim on a register that only ever holds a part of its range.
    fn claim_that_holds(&mut self, _free: &[Target]) {
        if !self.recipe_has_state() || self.recipe.regs.len() > 6 || self.blocks.len() > 1 {
            return;
        }
        let inner = int_ty(self.rng, 40);
        let spread = BigInt::from(self.rng.between(1, 300));
        let outer = Range { lo: &inner.lo - &spread, hi: &inner.hi + &spread };
        let reset = Some(value_in(self.rng, &inner));
        let n = self.recipe.regs.len();
        self.recipe.regs.push(RegDef { name: format!("kept{n}"), ty: Type::Int(outer), reset });
        let value = self.of(&Type::Int(inner.clone()));
        self.push(Step::Set { target: Target::Reg(n), value });
        self.set_regs.insert(n);
        if let Some(q) = self.emit(Expr::Reg(n)) {
            self.emit(Expr::Narrow(Narrow::Claim, q, inner));
        }
    }

    pub(super) fn variant(&mut self) -> usize {
        self.upto(PHASES as u64) as usize
    }
}

/// What a refining condition guards.
struct Guarded {
    x: V,
    k: BigInt,
    target: Option<Target>,
}
