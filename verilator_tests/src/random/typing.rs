//! Whether a recipe is one that the language must accept, and the type of each of its values.
//!
//! The generator only makes such recipes; the shrinker asks here whether a smaller recipe still is one.

use std::sync::Arc;

use num_bigint::BigInt;

use super::recipe::{Arith, Cmp, Expr, Logic, ReadKind, Recipe, Step, Target, V};
use super::rules::{Scope, arith, type_of};
use super::ty::{Range, Type};

/// The types of a recipe's values.
#[derive(Debug)]
pub struct Typed {
    /// By number of the value.
    pub types: Vec<Option<Type>>,
    /// Of the children.
    pub children: Vec<Arc<Typed>>,
    /// Of the outputs.
    pub outputs: Vec<Type>,
}

impl Typed {
    /// The type of a value.
    pub fn of(&self, v: V) -> &Type {
        self.types[v as usize].as_ref().expect("a typed value")
    }
}

/// What is known where a statement stands: conditions that hold or do not, and subjects of a `switch`.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The condition is true or not.
    Is(V, bool),
    /// The subject is one of these.
    Among(V, Vec<BigInt>),
}

/// What is made by expressions so far, and what is known at this place.
#[derive(Default)]
pub struct Known {
    /// By number of the value.
    pub exprs: Vec<Option<Expr>>,
    /// By number of the value.
    pub types: Vec<Option<Type>>,
    /// The conditions around.
    pub facts: Vec<Fact>,
}

impl Known {
    /// The type of a value.
    pub fn ty(&self, v: V) -> Option<&Type> {
        self.types.get(v as usize)?.as_ref()
    }
    /// A new value.
    pub fn add(&mut self, v: V, ty: Type, expr: Option<Expr>) -> bool {
        let n = v as usize;
        if self.types.len() <= n {
            self.types.resize(n + 1, None);
            self.exprs.resize(n + 1, None);
        }
        self.exprs[n] = expr;
        self.types[n].replace(ty).is_none()
    }
    fn expr(&self, v: V) -> Option<&Expr> {
        self.exprs.get(v as usize)?.as_ref()
    }

    /// The range of `x` where the facts hold: a part of what the front end must see.
    fn told(&self, x: V) -> Option<Range> {
        let own = self.ty(x)?.int()?.clone();
        let mut range = own.clone();
        let mut dead = false;
        let mut apply = |lo: Option<BigInt>, hi: Option<BigInt>| {
            let lo = lo.map_or(range.lo.clone(), |v| v.max(range.lo.clone()));
            let hi = hi.map_or(range.hi.clone(), |v| v.min(range.hi.clone()));
            dead |= lo > hi;
            range = Range { lo, hi };
        };
        let mut todo: Vec<(V, bool)> = Vec::new();
        for fact in &self.facts {
            match fact {
                Fact::Is(c, holds) => todo.push((*c, *holds)),
                Fact::Among(s, values) if *s == x => apply(values.iter().min().cloned(), values.iter().max().cloned()),
                Fact::Among(..) => {}
            }
        }
        while let Some((c, holds)) = todo.pop() {
            match (self.expr(c), holds) {
                (Some(Expr::Not(a)), _) => todo.push((*a, !holds)),
                (Some(Expr::Logic(Logic::And, a, b)), true) | (Some(Expr::Logic(Logic::Or, a, b)), false) => {
                    todo.extend([(*a, holds), (*b, holds)]);
                }
                (Some(Expr::CompareConst(op, a, c)), _) if *a == x => {
                    let op = if holds { *op } else { opposite(*op) };
                    match op {
                        Cmp::Lt => apply(None, Some(c - 1)),
                        Cmp::Le => apply(None, Some(c.clone())),
                        Cmp::Gt => apply(Some(c + 1), None),
                        Cmp::Ge => apply(Some(c.clone()), None),
                        Cmp::Eq => apply(Some(c.clone()), Some(c.clone())),
                        Cmp::Ne => {}
                    }
                }
                (Some(Expr::Compare(op, a, b)), _) if *a == x || *b == x => {
                    let op = if holds { *op } else { opposite(*op) };
                    let (op, other) = if *a == x { (op, *b) } else { (turned(op), *a) };
                    let Some(y) = self.ty(other).and_then(Type::int) else { continue };
                    match op {
                        Cmp::Lt => apply(None, Some(&y.hi - 1)),
                        Cmp::Le => apply(None, Some(y.hi.clone())),
                        Cmp::Gt => apply(Some(&y.lo + 1), None),
                        Cmp::Ge => apply(Some(y.lo.clone()), None),
                        Cmp::Eq => apply(Some(y.lo.clone()), Some(y.hi.clone())),
                        Cmp::Ne => {}
                    }
                }
                _ => {}
            }
        }
        // Where the conditions cannot hold together, the front end need not see that anything fits.
        Some(if dead { own } else { range })
    }

    /// The range of `v` at this place, computed again through one sum or difference.
    pub fn shown(&self, v: V) -> Option<Range> {
        let own = self.told(v)?;
        let computed = match self.expr(v) {
            Some(Expr::ArithConst(op @ (Arith::Add | Arith::Sub), a, c)) => {
                arith(*op, &self.told(*a)?, &Range::constant(c.clone()))
            }
            Some(Expr::Arith(op @ (Arith::Add | Arith::Sub), a, b)) => arith(*op, &self.told(*a)?, &self.told(*b)?),
            _ => None,
        };
        Some(computed.and_then(|r| r.intersect(&own)).unwrap_or(own))
    }

    /// True where `v` may be stored in a place of this type here.
    pub fn fits(&self, v: V, place: &Type) -> bool {
        let Some(ty) = self.ty(v) else { return false };
        if ty.fits(place) {
            return true;
        }
        match (place, self.shown(v)) {
            (Type::Int(place), Some(shown)) => shown.fits(place),
            _ => false,
        }
    }
}

/// The comparison that holds where `op` does not.
pub fn opposite(op: Cmp) -> Cmp {
    match op {
        Cmp::Eq => Cmp::Ne,
        Cmp::Ne => Cmp::Eq,
        Cmp::Lt => Cmp::Ge,
        Cmp::Ge => Cmp::Lt,
        Cmp::Le => Cmp::Gt,
        Cmp::Gt => Cmp::Le,
    }
}

/// The comparison with its sides exchanged.
fn turned(op: Cmp) -> Cmp {
    match op {
        Cmp::Lt => Cmp::Gt,
        Cmp::Gt => Cmp::Lt,
        Cmp::Le => Cmp::Ge,
        Cmp::Ge => Cmp::Le,
        same => same,
    }
}

/// The types of `recipe`'s values; `None` where it breaks a rule of the language. (That wires are driven on every path
/// and without loops is left to the front end.)
pub fn typing(recipe: &Recipe) -> Option<Typed> {
    let children = recipe.children.iter().map(|c| typing(c).map(Arc::new)).collect::<Option<Vec<_>>>()?;
    let mut known = Known::default();
    block(recipe, &children, &recipe.body, &mut known)?;
    let outputs = recipe.outputs.iter().map(|&v| known.ty(v).cloned()).collect::<Option<Vec<_>>>()?;
    Some(Typed { types: known.types, children, outputs })
}

/// What may be named in `recipe`.
pub fn scope_of(recipe: &Recipe) -> Scope<'_> {
    Scope { inputs: &recipe.inputs, regs: &recipe.regs, wires: &recipe.wires, mems: &recipe.mems }
}

/// The type of an address of a memory.
pub fn address(depth: u64) -> Type {
    Type::Int(Range::new(0, BigInt::from(depth) - 1))
}

fn block(recipe: &Recipe, children: &[Arc<Typed>], steps: &[Step], known: &mut Known) -> Option<()> {
    for step in steps {
        statement(recipe, children, step, known)?;
    }
    Some(())
}

fn statement(recipe: &Recipe, children: &[Arc<Typed>], step: &Step, known: &mut Known) -> Option<()> {
    let ok = |b: bool| b.then_some(());
    let is_bool = |known: &Known, v: V| known.ty(v) == Some(&Type::Bool);
    match step {
        Step::Let { id, expr, .. } => {
            let ty = type_of(expr, &scope_of(recipe), &|v| known.ty(v))?;
            ok(known.add(*id, ty, Some(expr.clone())))
        }
        Step::Set { target, value } => {
            let place = match target {
                Target::Reg(n) => &recipe.regs.get(*n)?.ty,
                Target::Wire(n) => recipe.wires.get(*n)?,
            };
            ok(known.fits(*value, place))
        }
        Step::When { arms, otherwise } => {
            let depth = known.facts.len();
            for (c, _) in arms {
                ok(is_bool(known, *c))?;
            }
            for (c, inner) in arms {
                known.facts.push(Fact::Is(*c, true));
                block(recipe, children, inner, known)?;
                known.facts.pop();
                known.facts.push(Fact::Is(*c, false));
            }
            if let Some(inner) = otherwise {
                block(recipe, children, inner, known)?;
            }
            known.facts.truncate(depth);
            Some(())
        }
        Step::Switch { subject, arms, default } => {
            let ty = known.ty(*subject)?.clone();
            ok(matches!(ty, Type::Int(_) | Type::Bits(_) | Type::Enum))?;
            let mut seen: Vec<&BigInt> = Vec::new();
            for (values, inner) in arms {
                for v in values {
                    ok(ty.range().contains(v) && !seen.contains(&v))?;
                    seen.push(v);
                }
                known.facts.push(Fact::Among(*subject, values.clone()));
                block(recipe, children, inner, known)?;
                known.facts.pop();
            }
            default.as_ref().map_or(Some(()), |inner| block(recipe, children, inner, known))
        }
        Step::Scope(_, inner) => block(recipe, children, inner, known),
        Step::Read { mem, addr, kind, ids } => {
            let mem = recipe.mems.get(*mem)?;
            // What is read is not bound to the conditions around: the address has to fit everywhere.
            ok(known.ty(*addr)?.fits(&address(mem.depth)) && ids.len() == mem.fields.len())?;
            if let ReadKind::When(e) = kind {
                ok(is_bool(known, *e))?;
            }
            ids.iter().zip(&mem.fields).try_for_each(|(id, ty)| ok(known.add(*id, ty.clone(), None)))
        }
        Step::Write { mem, addr, data, mask } => {
            let mem = recipe.mems.get(*mem)?;
            ok(known.fits(*addr, &address(mem.depth)) && data.len() == mem.fields.len())?;
            ok(data.iter().zip(&mem.fields).all(|(v, ty)| known.fits(*v, ty)))?;
            mask.as_ref().map_or(Some(()), |m| ok(m.len() == data.len() && m.iter().all(|v| is_bool(known, *v))))
        }
        Step::Inst { child, inputs, ids } => {
            let (def, typed) = (recipe.children.get(*child)?, children.get(*child)?);
            ok(inputs.len() == def.inputs.len() && ids.len() == typed.outputs.len())?;
            ok(inputs.iter().zip(&def.inputs).all(|(v, ty)| known.ty(*v).is_some_and(|t| t.fits(ty))))?;
            ids.iter().zip(&typed.outputs).try_for_each(|(id, ty)| ok(known.add(*id, ty.clone(), None)))
        }
        Step::Assert(v) => ok(is_bool(known, *v)),
    }
}
