//! Conditions: `when`, `elsewhen`, `otherwise`, `switch`, and the decision trees they build.

use super::bits::Bool;
use super::bundle::{Bundle, Shape, ToHw, point_mismatch};
use super::context::{Builder, Context, Loc, Raw, with};
use super::module::Module;
use crate::diag;
use crate::ids::{NodeId, PlaceId};
use crate::ir::{BinOp, Block, Format, Op, Stmt, UnOp};
use crate::ty::Ty;
use crate::value::Value;

/// The arm of a `when` or `switch` that is being built.
pub(crate) struct Frame {
    pub seq: u32,
    pub kind: FrameKind,
    /// The conjunction of all conditions down to here, once somebody asks.
    path: Option<NodeId>,
}

pub(crate) enum FrameKind {
    /// Conditions so far; `last` is the arm being built, `conditions.len()` for `otherwise`.
    When { conditions: Vec<NodeId>, arm: usize },
    /// Value lists so far; `arm` as above.
    Switch { subject: NodeId, cases: Vec<Vec<Value>>, arm: usize },
}

impl Frame {
    fn new(seq: u32, kind: FrameKind) -> Frame {
        Frame { seq, kind, path: None }
    }
}

/// A `when` whose further arms may follow.
pub struct When<'m> {
    module: &'m Module,
    seq: u32,
    conditions: Vec<NodeId>,
}

/// Runs `f` with `frame` on the stack of the module being built.
fn under<R>(frame: Frame, f: impl FnOnce() -> R) -> R {
    with(|c| {
        if let Some(b) = c.top() {
            b.frames.push(frame);
        }
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
        self.check_current(loc);
        let seq = with(|c| c.top().map_or(0, Builder::next_seq)).unwrap_or(0);
        let mut when = When { module: self, seq, conditions: Vec::new() };
        when.arm(condition.to_hw(), loc, f);
        when
    }

    /// Arms by the value of `subject`: an integer, a word, or an enum.
    #[track_caller]
    pub fn switch<T: Subject>(&self, subject: T, f: impl FnOnce(&mut Switch<T>)) {
        let loc = Loc::caller();
        self.check_current(loc);
        let made = with(|c| {
            let node = c.local(subject.raw(), loc)?;
            let place = c.place(loc);
            let seq = c.top()?.next_seq();
            Some((node, seq, place))
        });
        let Some(Some((node, seq, place))) = made else { return };
        f(&mut Switch { subject: node, seq, cases: Vec::new(), places: Vec::new(), place, kind: Default::default() });
    }
}

impl When<'_> {
    fn arm(&mut self, condition: Bool, loc: Loc, f: impl FnOnce()) {
        let node = with(|c| c.local(condition.raw(), loc)).flatten();
        let Some(node) = node else {
            // The condition is poison: what depends on it is still checked.
            return f();
        };
        self.conditions.push(node);
        let arm = self.conditions.len() - 1;
        under(Frame::new(self.seq, FrameKind::When { conditions: self.conditions.clone(), arm }), f);
    }

    /// Where no condition before holds and `condition` is 1.
    #[track_caller]
    pub fn elsewhen(mut self, condition: impl ToHw<Bool>, f: impl FnOnce()) -> Self {
        let loc = Loc::caller();
        self.module.check_current(loc);
        self.arm(condition.to_hw(), loc, f);
        self
    }

    /// Where no condition before holds.
    #[track_caller]
    pub fn otherwise(self, f: impl FnOnce()) {
        self.module.check_current(Loc::caller());
        let arm = self.conditions.len();
        under(Frame::new(self.seq, FrameKind::When { conditions: self.conditions, arm }), f);
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
    seq: u32,
    cases: Vec<Vec<Value>>,
    places: Vec<PlaceId>,
    place: PlaceId,
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
            let Some(b) = c.top() else { return };
            let ty = b.ir.nodes[self.subject].ty;
            for v in &values {
                if let Some(i) = self.cases.iter().position(|arm| arm.contains(v)) {
                    c.report(diag::e0210::new(place, self.places[i], v));
                } else if !ty.contains(v) {
                    c.report(diag::e0211::new(place, self.place, v, ty));
                }
            }
            self.places.push(place);
        });
        self.cases.push(values);
        let arm = self.cases.len() - 1;
        let kind = FrameKind::Switch { subject: self.subject, cases: self.cases.clone(), arm };
        under(Frame::new(self.seq, kind), f);
        self
    }

    /// Where the subject has none of the values above.
    pub fn default(&mut self, f: impl FnOnce()) {
        let kind = FrameKind::Switch { subject: self.subject, cases: self.cases.clone(), arm: self.cases.len() };
        under(Frame::new(self.seq, kind), f);
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

/// What a value is assigned to, for messages.
pub(crate) struct Target<'a> {
    pub what: &'a str,
    pub name: &'a dyn Fn() -> String,
    pub ty: Ty,
    pub place: PlaceId,
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
        if let (Ty::Int(_), Ty::Int(wanted)) = (ty, target.ty)
            && let Some(shown) = super::refine::under_frames(b, node)
            && shown.fits(wanted)
        {
            return Some(b.push(Op::Un(UnOp::Refine, node), Ty::Int(shown), place).node);
        }
        let value_place = b.ir.nodes[node].place;
        self.report(diag::e0102::new(place, value_place, ty, target));
        None
    }
}

/// One node per leaf of `value`, each fitted to the leaf of `shape`. `None` after a report.
pub(crate) fn fitted_leaves<T: Bundle>(
    value: &T,
    shape: &T::Shape,
    what: &str,
    name: &str,
    declared: PlaceId,
    loc: Loc,
) -> Option<Vec<NodeId>> {
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
            let full = if path.is_empty() { name.to_string() } else { format!("{name}.{path}") };
            c.report(diag::e0111::new(place, declared, what, &full, found, wanted));
            return None;
        }
        if raws.len() != leaves.len() {
            let place = c.place(loc);
            c.report(diag::e0112::new(place, declared, what, name, raws.len(), leaves.len()));
            return None;
        }
        let mut nodes = Vec::with_capacity(raws.len());
        let mut complete = true;
        for (i, (raw, ty)) in raws.iter().zip(&leaves).enumerate() {
            let name = || leaf_name(shape, name, i);
            match c.fitted(*raw, &Target { what, name: &name, ty: *ty, place: declared }, loc) {
                Some(node) => nodes.push(node),
                None => complete = false,
            }
        }
        complete.then_some(nodes)
    })
    .flatten()
}

/// `name.path` of the `index`-th leaf.
fn leaf_name<S: Shape>(shape: &S, name: &str, index: usize) -> String {
    let mut paths = Vec::new();
    shape.leaves(&mut Default::default(), &mut |path, _| paths.push(path.joined()));
    match paths.get(index) {
        Some(path) if !path.is_empty() => format!("{name}.{path}"),
        _ => name.to_string(),
    }
}
