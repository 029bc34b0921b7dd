//! Conditions: `when`, `elsewhen`, `otherwise`, `switch`, and the decision trees they build.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::bits::Bool;
use super::bundle::{Bundle, Shape, ToHw, point_mismatch};
use super::context::{Builder, Context, Loc, Raw, with};
use super::module::Module;
use crate::diag;
use crate::ids::{NodeId, PlaceId};
use crate::ir::visit::MAX_NESTING;
use crate::ir::{BinOp, Block, Format, Op, Stmt, UnOp};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

/// The arm of a `when` or `switch` that is being built.
pub(crate) struct Frame {
    pub seq: u32,
    pub kind: FrameKind,
    /// The conjunction of all conditions down to here, once somebody asks.
    path: Option<NodeId>,
    /// A condition was poison and another bit stands for it.
    pub poison: bool,
}

pub(crate) enum FrameKind {
    /// Conditions so far; `last` is the arm being built, `conditions.len()` for `otherwise`.
    When { conditions: Vec<NodeId>, arm: usize },
    /// Value lists so far; `arm` as above.
    Switch { subject: NodeId, cases: Rc<Vec<Vec<Value>>>, arm: usize },
}

impl Frame {
    fn new(seq: u32, kind: FrameKind, poison: bool) -> Frame {
        Frame { seq, kind, path: None, poison }
    }
}

/// Statements count in program order. The arms of one `when` or `switch` share a number as long as nothing is assigned
/// between them; what comes later is a new statement that lists the earlier conditions again.
#[derive(Clone, Copy)]
struct Seq {
    own: u32,
    end: u32,
}

impl Seq {
    fn new() -> Seq {
        let own = with(|c| c.top().map_or(0, Builder::next_seq)).unwrap_or(0);
        Seq { own, end: own }
    }
    /// The number for an arm that begins now.
    fn arm(&mut self) -> u32 {
        if now() != self.end {
            *self = Seq::new();
        }
        self.own
    }
    fn close(&mut self) {
        self.end = now();
    }
}

fn now() -> u32 {
    with(|c| c.top().map_or(0, |b| b.seq)).unwrap_or(0)
}

/// A `when` whose further arms may follow.
pub struct When<'m> {
    module: std::marker::PhantomData<&'m Module>,
    seq: Seq,
    conditions: Vec<NodeId>,
    poison: bool,
}

/// Runs `f` with `frame` on the stack of the module being built.
fn under<R>(frame: Frame, loc: Loc, f: impl FnOnce() -> R) -> R {
    with(|c| {
        let Some(b) = c.top() else { return };
        if b.frames.len() < MAX_NESTING {
            b.frames.push(frame);
            return;
        }
        let place = c.place(loc);
        c.report(diag::e0212::conditions(place, MAX_NESTING));
        super::module::abort();
    });
    let result = f();
    with(|c| {
        if let Some(b) = c.top() {
            b.frames.pop();
        }
    });
    result
}

impl Module {
    /// What `f` assigns happens where `condition` is 1. See [`When`] for further arms.
    #[track_caller]
    pub fn when(&self, condition: impl ToHw<Bool>, f: impl FnOnce()) -> When<'_> {
        let loc = Loc::caller();
        let mut when = When { module: Default::default(), seq: Seq::new(), conditions: Vec::new(), poison: false };
        when.arm(condition.to_hw(), loc, f);
        when
    }

    /// Arms by the value of `subject`: an integer, a word, or an enum.
    #[track_caller]
    pub fn switch<T: Subject>(&self, subject: T, f: impl FnOnce(&mut Switch<T>)) {
        let loc = Loc::caller();
        let made = with(|c| {
            let subject = c.local(subject.raw(), loc);
            let place = c.place(loc);
            let b = c.top()?;
            // A number stands for a poison subject, so that what depends on it is still checked.
            let node = subject.unwrap_or_else(|| b.constant(Value::ZERO, Ty::Int(IntTy::constant(0)), place).node);
            Some((node, subject.is_none(), place))
        });
        let Some(Some((subject, poison, place))) = made else { return };
        f(&mut Switch {
            subject,
            poison,
            seq: Seq::new(),
            cases: Rc::default(),
            places: FxHashMap::default(),
            place,
            default: None,
            kind: Default::default(),
        });
    }
}

impl When<'_> {
    fn arm(&mut self, condition: Bool, loc: Loc, f: impl FnOnce()) {
        let node = with(|c| {
            let known = c.local(condition.raw(), loc);
            self.poison |= known.is_none();
            let place = c.place(loc);
            // A constant stands for a poison condition, so that what depends on it is still checked.
            Some(known.unwrap_or(c.top()?.constant(Value::ONE, Ty::BOOL, place).node))
        });
        let Some(Some(node)) = node else { return f() };
        self.conditions.push(node);
        let arm = self.conditions.len() - 1;
        self.under(arm, loc, f);
    }

    fn under(&mut self, arm: usize, loc: Loc, f: impl FnOnce()) {
        let kind = FrameKind::When { conditions: self.conditions.clone(), arm };
        under(Frame::new(self.seq.arm(), kind, self.poison), loc, f);
        self.seq.close();
    }

    /// Where no condition before holds and `condition` is 1.
    #[track_caller]
    pub fn elsewhen(mut self, condition: impl ToHw<Bool>, f: impl FnOnce()) -> Self {
        let loc = Loc::caller();
        self.arm(condition.to_hw(), loc, f);
        self
    }

    /// Where no condition before holds.
    #[track_caller]
    pub fn otherwise(mut self, f: impl FnOnce()) {
        self.under(self.conditions.len(), Loc::caller(), f);
    }
}

/// A value that `switch` can compare.
pub trait Subject: Copy {
    /// What a case is written as.
    type Case;
    /// The untyped handle.
    fn raw(self) -> Raw;
    /// The number behind a case.
    fn case_value(case: Self::Case) -> Value;
}

/// The arms of a `switch` under construction.
pub struct Switch<T: Subject> {
    subject: NodeId,
    poison: bool,
    seq: Seq,
    /// Shared with the frame while an arm is built.
    cases: Rc<Vec<Vec<Value>>>,
    /// The case of each value.
    places: FxHashMap<Value, PlaceId>,
    place: PlaceId,
    default: Option<PlaceId>,
    kind: std::marker::PhantomData<T>,
}

impl<T: Subject> Switch<T> {
    /// Where the subject has this value.
    #[track_caller]
    pub fn case(&mut self, value: T::Case, f: impl FnOnce()) -> &mut Self {
        self.cases([value], f)
    }

    /// Where the subject has one of these values.
    #[track_caller]
    pub fn cases(&mut self, values: impl IntoIterator<Item = T::Case>, f: impl FnOnce()) -> &mut Self {
        let loc = Loc::caller();
        let values: Vec<Value> = values.into_iter().map(T::case_value).collect();
        with(|c| {
            let place = c.place(loc);
            self.check_end(c, place);
            let Some(b) = c.top() else { return };
            let ty = b.ir.nodes[self.subject].ty;
            if values.is_empty() {
                c.report(diag::e0109::new(place, "a case needs at least one value", "give the values of the case"));
            }
            for v in &values {
                if let Some(other) = self.places.insert(v.clone(), place) {
                    c.report(diag::e0210::new(place, other, v));
                } else if !ty.contains(v) && !self.poison {
                    c.report(diag::e0211::new(place, self.place, v, ty));
                }
            }
        });
        Rc::make_mut(&mut self.cases).push(values);
        self.under(self.cases.len() - 1, loc, f);
        self
    }

    fn under(&mut self, arm: usize, loc: Loc, f: impl FnOnce()) {
        let kind = FrameKind::Switch { subject: self.subject, cases: self.cases.clone(), arm };
        under(Frame::new(self.seq.arm(), kind, self.poison), loc, f);
        self.seq.close();
    }

    /// Reports an arm behind the default.
    fn check_end(&self, c: &mut Context, place: PlaceId) {
        if let Some(default) = self.default {
            c.report(diag::e0209::new(place, default));
        }
    }

    /// Where the subject has none of the values above: the last arm.
    #[track_caller]
    pub fn default(&mut self, f: impl FnOnce()) {
        let loc = Loc::caller();
        with(|c| {
            let place = c.place(loc);
            self.check_end(c, place);
            self.default = Some(place);
        });
        self.under(self.cases.len(), loc, f);
    }
}

impl Builder {
    /// Adds `value` to a decision tree under the present conditions. `Err` with the place of an assignment that the new
    /// one makes ineffective.
    pub fn assign(&mut self, tree: &mut Block, value: NodeId, place: PlaceId) -> Result<(), PlaceId> {
        let seq = self.next_seq();
        let mut block = tree;
        for frame in &self.frames {
            let continues = match block.last() {
                Some(Stmt::When { seq, .. } | Stmt::Switch { seq, .. }) => *seq == frame.seq,
                _ => false,
            };
            if !continues {
                block.push(match &frame.kind {
                    FrameKind::When { .. } => Stmt::When { seq: frame.seq, arms: Vec::new(), otherwise: Vec::new() },
                    FrameKind::Switch { subject, .. } => {
                        Stmt::Switch { seq: frame.seq, subject: *subject, arms: Vec::new(), default: Vec::new() }
                    }
                });
            }
            block = match (block.last_mut(), &frame.kind) {
                (Some(Stmt::When { arms, otherwise, .. }), FrameKind::When { conditions, arm }) => {
                    arms.extend(conditions[arms.len().min(conditions.len())..].iter().map(|&c| (c, Vec::new())));
                    if *arm < arms.len() { &mut arms[*arm].1 } else { otherwise }
                }
                (Some(Stmt::Switch { arms, default, .. }), FrameKind::Switch { cases, arm, .. }) => {
                    arms.extend(cases[arms.len().min(cases.len())..].iter().map(|c| (c.clone(), Vec::new())));
                    if *arm < arms.len() { &mut arms[*arm].1 } else { default }
                }
                // `seq` is unique in a module, so the statement is of the frame's kind.
                _ => return Ok(()),
            };
        }
        let lost = block.first().map(first_place);
        block.push(Stmt::Set { seq, value, place });
        lost.map_or(Ok(()), |p| p.map_or(Ok(()), Err))
    }

    /// One bit that is 1 where the code being built takes effect; `None` outside of all conditions.
    pub fn path_condition(&mut self, place: PlaceId) -> Option<NodeId> {
        let mut path: Option<NodeId> = None;
        for i in 0..self.frames.len() {
            if let Some(known) = self.frames[i].path {
                path = Some(known);
                continue;
            }
            let mut terms = Vec::new();
            match &self.frames[i].kind {
                FrameKind::When { conditions, arm } => {
                    for (n, &c) in conditions.iter().enumerate().take(arm + 1) {
                        terms.push((c, n == *arm));
                    }
                }
                FrameKind::Switch { subject, cases, arm } => {
                    let (subject, arm) = (*subject, *arm);
                    let lists: Vec<Value> = match cases.get(arm) {
                        Some(list) => list.clone(),
                        None => cases.concat(),
                    };
                    let hit = arm < cases.len();
                    let ty = self.ir.nodes[subject].ty;
                    let mut any: Option<NodeId> = None;
                    for v in lists {
                        let constant = self.constant(v, ty, place).node;
                        let equal = self.push(Op::Bin(BinOp::Eq, subject, constant), Ty::BOOL, place).node;
                        any = Some(match any {
                            Some(a) => self.push(Op::Bin(BinOp::Or, a, equal), Ty::BOOL, place).node,
                            None => equal,
                        });
                    }
                    if let Some(any) = any {
                        terms.push((any, hit));
                    }
                }
            }
            for (c, positive) in terms {
                let term = if positive { c } else { self.push(Op::Un(UnOp::Not, c), Ty::BOOL, place).node };
                path = Some(match path {
                    Some(p) => self.push(Op::Bin(BinOp::And, p, term), Ty::BOOL, place).node,
                    None => term,
                });
            }
            self.frames[i].path = path;
        }
        path
    }
}

fn first_place(stmt: &Stmt) -> Option<PlaceId> {
    match stmt {
        Stmt::Set { place, .. } => Some(*place),
        Stmt::When { arms, otherwise, .. } => {
            arms.iter().map(|a| &a.1).chain([otherwise]).flatten().find_map(first_place)
        }
        Stmt::Switch { arms, default, .. } => {
            arms.iter().map(|a| &a.1).chain([default]).flatten().find_map(first_place)
        }
    }
}

/// What a value is assigned to.
pub(crate) struct Target<'a> {
    pub what: &'a str,
    pub name: &'a dyn Fn(&Context) -> String,
    pub ty: Ty,
    /// Where it was declared, if that is a place in the source.
    pub place: Option<PlaceId>,
    /// True where the value counts only under the conditions around, which then may show that it fits.
    pub guarded: bool,
}

impl Context {
    /// The node to connect where a value of type `target.ty` is wanted: `raw` itself, or a refinement of it where the
    /// conditions around show that it fits. `None` after a report.
    pub fn fitted(&mut self, raw: Raw, target: &Target<'_>, loc: Loc) -> Option<NodeId> {
        let node = self.local(raw, loc)?;
        let place = self.place(loc);
        let b = self.top()?;
        let ty = b.ir.nodes[node].ty;
        if ty.fits(target.ty) {
            return Some(node);
        }
        let mut conditions_show = false;
        if let (Ty::Int(_), Ty::Int(wanted)) = (ty, target.ty)
            && let Some(shown) = super::refine::under_frames(b, node)
            && shown.fits(wanted)
        {
            if target.guarded {
                return Some(b.push(Op::Un(UnOp::Refine, node), Ty::Int(shown), place).node);
            }
            conditions_show = true;
        }
        let value = diag::e0102::Origin::of(&b.ir, node, place);
        if !self.is_guess(ty) && !self.is_guess(target.ty) {
            let name = (target.name)(self);
            self.report(diag::e0102::new(place, value, ty, target, &name, conditions_show));
        }
        None
    }
}

/// One node per leaf of `value`, each fitted to the leaf of `shape`. `None` after a report.
pub(crate) fn fitted_leaves<T: Bundle>(
    value: &T,
    shape: &T::Shape,
    what: &str,
    name: &dyn Fn(&Context) -> String,
    declared: PlaceId,
    loc: Loc,
) -> Option<Vec<NodeId>> {
    // A stream cannot be stored; that is reported where the place is declared.
    super::stream::discard(value, loc);
    let mut raws = Vec::new();
    value.raws(&mut |r| raws.push(r));
    let mut leaves = Vec::new();
    let mut fixed = false;
    shape.leaves(&mut Default::default(), &mut |_, leaf| {
        fixed |= matches!(leaf.format, Format::Fixed(_));
        leaves.push(leaf.ty);
    });
    let mismatch = if fixed { point_mismatch(value, shape) } else { None };
    with(|c| {
        if let Some((path, found, wanted)) = mismatch {
            let place = c.place(loc);
            let name = name(c);
            let full = if path.is_empty() { name } else { format!("{name}.{path}") };
            c.report(diag::e0111::new(place, declared, what, &full, found, wanted));
            return None;
        }
        if raws.len() != leaves.len() {
            let place = c.place(loc);
            let name = name(c);
            c.report(diag::e0112::new(place, declared, what, &name, raws.len(), leaves.len()));
            return None;
        }
        let mut nodes = Vec::with_capacity(raws.len());
        let mut complete = true;
        for (i, (raw, ty)) in raws.iter().zip(&leaves).enumerate() {
            let name = |c: &Context| leaf_name(shape, name(c), i);
            match c.fitted(*raw, &Target { what, name: &name, ty: *ty, place: Some(declared), guarded: true }, loc) {
                Some(node) => nodes.push(node),
                None => complete = false,
            }
        }
        complete.then_some(nodes)
    })
    .flatten()
}

/// `name.path` of the `index`-th leaf.
fn leaf_name<S: Shape>(shape: &S, name: String, index: usize) -> String {
    let mut paths = Vec::new();
    shape.leaves(&mut Default::default(), &mut |path, _| paths.push(path.joined()));
    match paths.get(index) {
        Some(path) if !path.is_empty() => format!("{name}.{path}"),
        _ => name,
    }
}
