//! The flattened design as one graph of values: what flattening writes and scheduling reads.

use gatewright_dsl::ir::{BinOp, UnOp};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

/// Index of a vertex.
pub(super) type V = u32;

/// How a vertex gets its value.
#[derive(Clone, Debug)]
pub(super) enum Def {
    Const(Value),
    /// Set from outside of the combinational program: an input, a register, the data of a synchronous read.
    Source,
    Alias(V),
    /// The operand cut to the vertex's type.
    Cut(V),
    /// With the width of the operand's type.
    Un(UnOp, V, u32),
    Bin(BinOp, V, V),
    Mux(V, V, V),
    /// `args[first + (index - lo)]` where that is one of `len`, else `args[first + len]`.
    Table {
        index: V,
        lo: i64,
        first: u32,
        len: u32,
    },
    Slice(V, u32),
    /// The first above the second, which has so many bits.
    Join(V, V, u32),
    /// Asynchronous read: index into the stores, address.
    Read(u32, V),
    /// A weighted sum: index into the sums.
    Sum(u32),
}

/// `sum of weight * value + constant`; the values are `args` from `first` on.
pub(super) struct Sum {
    pub(super) first: u32,
    pub(super) weights: Vec<Value>,
    pub(super) constant: Value,
}

#[derive(Default)]
pub(super) struct Graph {
    pub(super) defs: Vec<Def>,
    pub(super) tys: Vec<Ty>,
    pub(super) args: Vec<V>,
    pub(super) sums: Vec<Sum>,
}

impl Graph {
    pub(super) fn push(&mut self, def: Def, ty: Ty) -> V {
        let v = self.defs.len() as V;
        self.defs.push(def);
        self.tys.push(ty);
        v
    }

    /// So many vertices, to be defined later.
    pub(super) fn reserve(&mut self, n: usize) -> V {
        let v = self.defs.len() as V;
        self.defs.resize(self.defs.len() + n, Def::Source);
        self.tys.resize(self.tys.len() + n, Ty::Bits(0));
        v
    }

    pub(super) fn constant(&mut self, value: Value, ty: Ty) -> V {
        self.push(Def::Const(value), ty)
    }

    pub(super) fn set(&mut self, v: V, def: Def, ty: Ty) {
        self.defs[v as usize] = def;
        self.tys[v as usize] = ty;
    }

    pub(super) fn ty(&self, v: V) -> Ty {
        self.tys[v as usize]
    }

    /// `v` seen through a place of type `ty`: itself, or cut where the place is narrower.
    pub(super) fn through(&self, v: V, ty: Ty) -> Def {
        if full(self.ty(v)).fits(full(ty)) { Def::Alias(v) } else { Def::Cut(v) }
    }

    /// The choice between two values that may be equal or absent (an undriven path).
    pub(super) fn choose(&mut self, c: V, a: Option<V>, b: Option<V>, ty: Ty) -> Option<V> {
        match (a, b) {
            (Some(a), Some(b)) if a != b => Some(self.push(Def::Mux(c, a, b), ty)),
            (a, b) => a.or(b),
        }
    }

    /// The values that a sum adds.
    pub(super) fn summands(&self, sum: u32) -> &[V] {
        let sum = &self.sums[sum as usize];
        &self.args[sum.first as usize..][..sum.weights.len()]
    }

    /// Calls `f` with each operand of `v`, in order.
    pub(super) fn operand(&self, v: V, n: usize) -> Option<V> {
        let pick = |list: &[V]| list.get(n).copied();
        match self.defs[v as usize] {
            Def::Const(_) | Def::Source => None,
            Def::Alias(a) | Def::Cut(a) | Def::Un(_, a, _) | Def::Slice(a, _) | Def::Read(_, a) => pick(&[a]),
            Def::Bin(_, a, b) | Def::Join(a, b, _) => pick(&[a, b]),
            Def::Mux(c, a, b) => pick(&[c, a, b]),
            Def::Sum(sum) => self.summands(sum).get(n).copied(),
            Def::Table { index, first, len, .. } => match n {
                0 => Some(index),
                n => self.args[first as usize..=(first + len) as usize].get(n - 1).copied(),
            },
        }
    }

    /// Replaces every operand by `f` of it.
    pub(super) fn map_operands(&mut self, f: impl Fn(V) -> V) {
        for def in &mut self.defs {
            match def {
                Def::Const(_) | Def::Source | Def::Sum(_) => {}
                Def::Alias(a) | Def::Cut(a) | Def::Un(_, a, _) | Def::Slice(a, _) | Def::Read(_, a) => *a = f(*a),
                Def::Bin(_, a, b) | Def::Join(a, b, _) => (*a, *b) = (f(*a), f(*b)),
                Def::Mux(c, a, b) => (*c, *a, *b) = (f(*c), f(*a), f(*b)),
                Def::Table { index, .. } => *index = f(*index),
            }
        }
        for a in &mut self.args {
            *a = f(*a);
        }
    }
}

/// The type of everything that the bits of `ty` can hold.
pub(super) fn full(ty: Ty) -> Ty {
    match ty {
        Ty::Int(t) => Ty::Int(t.widened_to_full()),
        word => word,
    }
}

/// True where all that the bits of `ty` can hold fits `i64`.
pub(super) fn is_small(ty: Ty) -> bool {
    ty.width() <= 63 || (ty.is_signed() && ty.width() == 64)
}
