//! Registers and wires.

use std::marker::PhantomData;

use super::bundle::{Bundle, Leaf, Path, Shape, ToHw, has_stream, leaf_count};
use super::context::{Context, Loc, Raw, user_names, with};
use super::module::{Module, abort_if_none};
use super::when::fitted_leaves;
use crate::diag;
use crate::ids::{Id, PlaceId, RegId, WireId};
use crate::ir::{self, Crossing, Op};
use crate::ty::{MAX_WIDTH, Ty};
use crate::value::Value;

/// A register that still has to say what reset does.
#[must_use = "say .reset(value) or .no_reset()"]
pub struct RegDecl<'m, S: Shape> {
    module: PhantomData<&'m Module>,
    name: String,
    shape: S,
    crossing: Crossing,
    loc: Loc,
}

/// A register of any bundle: `q()` is its present value, `set` gives the next one. It holds where nothing is set.
#[derive(Debug)]
pub struct Reg<T: Bundle> {
    first: u32,
    owner: u32,
    place: PlaceId,
    shape: T::Shape,
    q: T,
}

impl<T: Bundle + Clone> Clone for Reg<T> {
    fn clone(&self) -> Self {
        Reg { first: self.first, owner: self.owner, place: self.place, shape: self.shape.clone(), q: self.q.clone() }
    }
}
impl<T: Bundle + Copy> Copy for Reg<T> where T::Shape: Copy {}

/// A wire of any bundle: `set` drives it, on every path; `get` reads it, also before it is driven.
#[derive(Debug)]
pub struct Wire<T: Bundle> {
    first: u32,
    owner: u32,
    place: PlaceId,
    shape: T::Shape,
    value: T,
}

impl<T: Bundle + Clone> Clone for Wire<T> {
    fn clone(&self) -> Self {
        Wire {
            first: self.first,
            owner: self.owner,
            place: self.place,
            shape: self.shape.clone(),
            value: self.value.clone(),
        }
    }
}
impl<T: Bundle + Copy> Copy for Wire<T> where T::Shape: Copy {}

/// A constant that a register can be reset to: a number for an `Int`, a `bool`, an enum value, or one number per leaf.
pub trait ResetValue<S: Shape> {
    /// One number per leaf.
    fn leaves(self, shape: &S) -> Vec<Value>;
    /// Why it is no value of the shape, where the numbers do not tell.
    fn problem(&self, shape: &S) -> Option<String> {
        let _ = shape;
        None
    }
}

macro_rules! reset_numbers {
    ($($t:ty)*) => {$(
        /// Every leaf gets the number.
        impl<S: Shape> ResetValue<S> for $t {
            fn leaves(self, shape: &S) -> Vec<Value> {
                vec![Value::from(self); leaf_count(shape)]
            }
        }
    )*};
}
reset_numbers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize bool Value num_bigint::BigInt);

/// One number per leaf, in order.
impl<S: Shape> ResetValue<S> for Vec<Value> {
    fn leaves(self, _: &S) -> Vec<Value> {
        self
    }
}

/// The leaves of a shape under a declared name; reports streams, which cannot be stored, and types that are too wide.
fn stored_leaves<S: Shape>(shape: &S, name: &str, what: &str, loc: Loc) -> Vec<(String, Leaf)> {
    let (stream, width) = (has_stream(shape), super::bundle::greatest_width(shape));
    with(|c| {
        let place = c.place(loc);
        if stream {
            c.report(diag::e0213::new(place, &format!("a {what}")));
        }
        if width > MAX_WIDTH {
            c.report(diag::e0105::declared(place, &format!("{what} `{name}`")));
        }
    });
    let mut leaves = Vec::new();
    shape.leaves(&mut Path::default(), &mut |path, leaf| {
        let path = path.joined();
        leaves.push((if path.is_empty() { name.to_string() } else { format!("{name}_{path}") }, leaf));
    });
    leaves
}

impl Module {
    /// Declares a register; `.reset(value)` or `.no_reset()` completes it.
    #[track_caller]
    pub fn reg<S: Shape>(&self, name: &str, shape: S) -> RegDecl<'_, S> {
        RegDecl { module: PhantomData, name: name.to_string(), shape, crossing: Crossing::No, loc: Loc::caller() }
    }

    /// Declares a wire. It has to be driven on every path.
    #[track_caller]
    pub fn wire<S: Shape>(&self, name: &str, shape: S) -> Wire<S::Value> {
        let loc = Loc::caller();
        let leaves = stored_leaves(&shape, name, "wire", loc);
        let made = with(|c| {
            let place = c.place(loc);
            let owner = c.top()?.uid;
            let first = c.top()?.ir.wires.len() as u32;
            let mut raws = Vec::with_capacity(leaves.len());
            if has_stream(&shape) {
                c.top()?.tainted.extend((0..leaves.len() as u32).map(|i| (true, first + i)));
            }
            let names = user_names(c, leaves.iter().map(|l| l.0.as_str()), "wire", place);
            for ((_, leaf), name) in leaves.into_iter().zip(names) {
                raws.push(c.top()?.wire(name, leaf.ty, leaf.format, false, place).1);
            }
            Some((first, owner, place, raws))
        });
        let (first, owner, place, raws) = abort_if_none(made.flatten());
        let mut next = raws.into_iter();
        let value = shape.value(&mut || next.next().unwrap_or(Raw::POISON));
        Wire { first, owner, place, shape, value }
    }

    /// A register without reset that follows `value` one clock later.
    #[track_caller]
    pub fn delay<T: Bundle + Clone>(&self, name: &str, value: T) -> T {
        let loc = Loc::caller();
        let (shape, crossing) = (value.shape(), Crossing::No);
        let decl = RegDecl { module: PhantomData, name: name.to_string(), shape, crossing, loc };
        let reg = decl.make(None, None);
        reg.drive(value, loc);
        reg.q
    }
}

impl<S: Shape> RegDecl<'_, S> {
    /// Lets it take values of other clocks: as a stage of a synchroniser, or because they do not change when it takes
    /// them. The parts in [`cdc`](crate::parts::cdc) are made of such registers; beside them this is seldom needed.
    pub fn crossing(mut self, crossing: Crossing) -> Self {
        self.crossing = crossing;
        self
    }
    /// The value under reset, which is also the value at power-up: a number (for every leaf), a `bool`, an enum value, or
    /// a list of one [`Value`] per leaf. Of a fixed-point register an `f64` is the number itself, an integer counts its
    /// steps.
    #[track_caller]
    pub fn reset(self, value: impl ResetValue<S>) -> Reg<S::Value> {
        let problem = value.problem(&self.shape);
        let values = value.leaves(&self.shape);
        self.make(Some(values), problem)
    }
    /// Not reset: at power-up the register holds the value of its range that is nearest to zero.
    pub fn no_reset(self) -> Reg<S::Value> {
        self.make(None, None)
    }

    fn make(self, reset: Option<Vec<Value>>, mut problem: Option<String>) -> Reg<S::Value> {
        let RegDecl { module: _, name, shape, crossing, loc } = self;
        let leaves = stored_leaves(&shape, &name, "register", loc);
        let made = with(|c| {
            let place = c.place(loc);
            if let Some(pure) = c.top()?.pure {
                c.report(diag::e0216::new(place, pure, &format!("register `{name}`")));
            }
            if let Some(values) = &reset
                && values.len() != leaves.len()
            {
                c.report(diag::e0112::new(place, place, "reset value of", &name, values.len(), leaves.len()));
            }
            let names = user_names(c, leaves.iter().map(|l| l.0.as_str()), "register", place);
            let owner = c.top()?.uid;
            let first = c.top()?.ir.regs.len() as u32;
            let mut raws = Vec::with_capacity(leaves.len());
            for (i, ((_, leaf), name)) in leaves.into_iter().zip(names).enumerate() {
                let reset = reset.as_ref().and_then(|values| values.get(i)).cloned();
                if let Some(v) = &reset
                    && !leaf.ty.contains(v)
                    && !c.is_guess(leaf.ty)
                {
                    c.report(match problem.take() {
                        Some(why) => diag::e0101::because(place, leaf.ty, &format!("reset value of `{name}`"), &why),
                        None => diag::e0101::new(place, v, leaf.ty, "reset value", Some(&name)),
                    });
                }
                let b = c.top()?;
                let domain = b.domain();
                let (ty, format) = (leaf.ty, leaf.format);
                let next = Vec::new();
                let reg =
                    b.ir.regs.push(ir::Reg { name, ty, format, domain, crossing, reset, init: None, next, place });
                raws.push(b.push(Op::Reg(reg), ty, place));
            }
            Some((first, owner, place, raws))
        });
        let (first, owner, place, raws) = abort_if_none(made.flatten());
        let mut next = raws.into_iter();
        let q = shape.value(&mut || next.next().unwrap_or(Raw::POISON));
        Reg { first, owner, place, shape, q }
    }
}

impl<T: Bundle> Reg<T> {
    /// The present value.
    pub fn q(&self) -> T
    where
        T: Clone,
    {
        self.q.clone()
    }
    /// The types it holds.
    pub fn ty(&self) -> T::Shape {
        self.shape.clone()
    }
    /// The value after the next clock edge, under the conditions around; the last assignment on a path wins.
    #[track_caller]
    pub fn set(&self, value: impl ToHw<T>) {
        let loc = Loc::caller();
        self.drive(value.to_hw(), loc);
    }

    fn drive(&self, value: T, loc: Loc) {
        let place = self.place;
        Target { kind: Kind::Reg, first: self.first as usize, owner: self.owner, place }.drive(
            &value,
            &self.shape,
            loc,
        );
    }
}

impl<T: Bundle> Wire<T> {
    /// The value.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.value.clone()
    }
    /// The types it carries.
    pub fn ty(&self) -> T::Shape {
        self.shape.clone()
    }
    /// Drives the wire, under the conditions around; the last assignment on a path wins.
    #[track_caller]
    pub fn set(&self, value: impl ToHw<T>) {
        let loc = Loc::caller();
        let place = self.place;
        Target { kind: Kind::Wire, first: self.first as usize, owner: self.owner, place }.drive(
            &value.to_hw(),
            &self.shape,
            loc,
        );
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Reg,
    Wire,
}

/// The registers or wires of one declaration: consecutive ids, one per leaf.
struct Target {
    kind: Kind,
    first: usize,
    owner: u32,
    place: PlaceId,
}

impl Target {
    fn what(&self) -> &'static str {
        match self.kind {
            Kind::Reg => "register",
            Kind::Wire => "wire",
        }
    }
    fn name(&self, module: &ir::Module, leaf: usize) -> String {
        let index = self.first + leaf;
        match self.kind {
            Kind::Reg => module.regs.get(RegId::new(index)).map(|r| r.name.clone()),
            Kind::Wire => module.wires.get(WireId::new(index)).map(|w| w.name.clone()),
        }
        .unwrap_or_default()
    }
    /// The first leaf's name without its path.
    fn declared_name<S: Shape>(&self, c: &Context, shape: &S) -> String {
        let name = c.stack.last().map_or(String::new(), |b| self.name(&b.ir, 0));
        let mut first = None;
        shape.leaves(&mut Path::default(), &mut |path, _| _ = first.get_or_insert_with(|| path.joined()));
        match first.and_then(|path| name.strip_suffix(&path)?.strip_suffix('_')) {
            Some(declared) => declared.to_string(),
            None => name,
        }
    }
    fn tree<'a>(&self, module: &'a mut ir::Module, leaf: usize) -> &'a mut ir::Block {
        let index = self.first + leaf;
        match self.kind {
            Kind::Reg => &mut module.regs[RegId::new(index)].next,
            Kind::Wire => &mut module.wires[WireId::new(index)].driver,
        }
    }

    /// Adds one assignment per leaf under the conditions around.
    fn drive<T: Bundle>(&self, value: &T, shape: &T::Shape, loc: Loc) {
        let here = with(|c| {
            if c.top().map(|b| b.uid) == Some(self.owner) {
                return true;
            }
            let place = c.place(loc);
            let here = c.top().map_or(String::new(), |b| b.ir.name.clone());
            let owner = c.stack.iter().find(|b| b.uid == self.owner).map(|b| b.ir.name.clone());
            c.report(match owner {
                Some(owner) => diag::e0201::new(place, self.place, &here, &owner),
                None => diag::e0202::new(place, &here, c.finished.get(&self.owner).map(String::as_str)),
            });
            false
        });
        if here != Some(true) {
            return;
        }
        let nodes = fitted_leaves(value, shape, self.what(), &|c| self.declared_name(c, shape), self.place, loc);
        let leaves = leaf_count(shape);
        let is_wire = matches!(self.kind, Kind::Wire);
        with(|c| {
            let place = c.place(loc);
            let mut lost = None;
            let Some(b) = c.top() else { return };
            if nodes.is_none() || b.frames.iter().any(|f| f.poison) {
                b.tainted.extend((0..leaves).map(|i| (is_wire, (self.first + i) as u32)));
            }
            for (i, node) in nodes.into_iter().flatten().enumerate() {
                let Some(b) = c.top() else { return };
                let mut tree = std::mem::take(self.tree(&mut b.ir, i));
                if let Err(before) = b.assign(&mut tree, node, place)
                    && !b.tainted.contains(&(is_wire, (self.first + i) as u32))
                {
                    lost.get_or_insert((before, self.name(&b.ir, i)));
                }
                *self.tree(&mut b.ir, i) = tree;
            }
            if let Some((before, name)) = lost {
                c.report(diag::e0205::new(place, before, self.what(), &name));
            }
        });
    }
}

/// Drives a wire that the language made with one value, once.
pub(crate) fn drive_hidden(wire: Raw, value: Raw, loc: Loc) -> bool {
    with(|c| {
        let (Some(wire_node), value) = (c.local(wire, loc), c.local(value, loc)) else { return false };
        let place = c.place(loc);
        let Some(b) = c.top() else { return false };
        let Op::Wire(id) = b.ir.nodes[wire_node].op else { return false };
        // A constant stands for poison, so that the wire is not reported as not driven.
        let value = value.unwrap_or_else(|| b.constant(Value::ONE, Ty::BOOL, place).node);
        let frames = std::mem::take(&mut b.frames);
        let mut tree = std::mem::take(&mut b.ir.wires[id].driver);
        let result = b.assign(&mut tree, value, place);
        let name = b.ir.wires[id].name.clone();
        b.ir.wires[id].driver = tree;
        b.frames = frames;
        if let Err(before) = result {
            c.report(diag::e0205::new(place, before, "stream", &name));
        }
        true
    })
    .unwrap_or(false)
}

/// The node that reads the wire behind `raw`, where it is one.
pub(crate) fn wire_of(raw: Raw) -> Option<WireId> {
    with(|c| {
        let b = c.top().filter(|b| b.uid == raw.module)?;
        match b.ir.nodes.get(raw.node)?.op {
            Op::Wire(id) => Some(id),
            _ => None,
        }
    })
    .flatten()
}
