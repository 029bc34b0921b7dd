//! The design's checks, evaluated at clock edges outside of reset.

use std::sync::Arc;

use gatewright_dsl::ids::{Id, PlaceId};
use gatewright_dsl::ir::{CheckKind, Design, Op};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use super::flatten::Flat;
use super::graph::{V, is_small};
use super::lower::vertex;
use super::memory::{Memory, Now};
use super::program::Slot;
use crate::clocks::Timeline;
use crate::error::{CheckFailure, Cover};

/// What a module says about a check; shared by its instances.
struct Text {
    name: String,
    message: String,
    place: String,
    /// What the offending value is called.
    value: String,
}

/// A check over values of type `T`: vertices at first, then slots.
enum Kind<T> {
    Holds(T),
    Cover(T, u64),
    /// The value's type is small: with the ends of the range.
    Small(T, i64, i64, Option<T>),
    Wide(T, Ty, Option<T>),
    NoCollision(usize),
    Stable {
        valid: T,
        ready: T,
        payload: Vec<T>,
        /// The payload at the last edge, where it was offered and not taken.
        held: Option<Vec<Value>>,
    },
}

struct Item<T> {
    kind: Kind<T>,
    text: Arc<Text>,
    inst: u32,
    clock: u32,
    reset: u32,
}

/// All checks of a flattened design.
pub(super) struct Checks<T>(Vec<Item<T>>);

/// The text of a place, `file:line:column`.
pub(crate) fn place_text(design: &Design, place: PlaceId) -> String {
    design.places.0.get(place).map_or_else(String::new, |p| format!("{}:{}:{}", p.file, p.line, p.column))
}

/// An edge: the clocks that have it, the resets that are active, and its number.
pub(super) struct When<'a> {
    pub(super) in_reset: &'a [bool],
    pub(super) timeline: &'a Timeline,
    pub(super) cycle: u64,
}

/// Collects the checks of all instances.
pub(super) fn collect(design: &Design, flat: &Flat) -> Checks<V> {
    let mut items = Vec::new();
    let mut texts: Vec<Option<Vec<Arc<Text>>>> = design.modules.ids().map(|_| None).collect();
    for (n, inst) in flat.insts.iter().enumerate() {
        let module = &design.modules[inst.module];
        let texts = texts[inst.module.index()].get_or_insert_with(|| {
            let text = |check: &gatewright_dsl::ir::Check| Text {
                name: check.name.clone(),
                message: check.message.clone(),
                place: place_text(design, check.place),
                value: match check.kind {
                    CheckKind::InputRange(port) => module.ports[port].name.clone(),
                    CheckKind::NoCollision(_) => "address".into(),
                    _ => "value".into(),
                },
            };
            module.checks.values().map(|c| Arc::new(text(c))).collect()
        });
        let of = |x| vertex(inst.nodes, x);
        for (id, check) in module.checks.iter() {
            let kind = match &check.kind {
                CheckKind::Assert(x) | CheckKind::Assume(x) => Kind::Holds(of(*x)),
                CheckKind::Cover(x) => Kind::Cover(of(*x), 0),
                CheckKind::Claim { claim, enable } => match &module.nodes[*claim].op {
                    Op::Un(_, x) => range(flat, of(*x), module.nodes[*claim].ty, enable.map(of)),
                    _ => continue,
                },
                CheckKind::InputRange(port) => match flat.input(design, n, *port) {
                    Some(v) => range(flat, v, module.ports[*port].ty, None),
                    None => continue,
                },
                CheckKind::NoCollision(mem) => Kind::NoCollision(inst.mems as usize + mem.index()),
                CheckKind::Stable { valid, ready, payload } => Kind::Stable {
                    valid: of(*valid),
                    ready: of(*ready),
                    payload: payload.iter().map(|&x| of(x)).collect(),
                    held: None,
                },
            };
            let clock = inst.clocks.get(check.domain.index()).copied().unwrap_or(0);
            let reset = inst.resets.get(check.domain.index()).copied().unwrap_or(0);
            items.push(Item { kind, text: texts[id.index()].clone(), inst: n as u32, clock, reset });
        }
    }
    Checks(items)
}

fn range(flat: &Flat, v: V, ty: Ty, enable: Option<V>) -> Kind<V> {
    match (is_small(flat.graph.ty(v)), ty.range().small()) {
        (true, Some((lo, hi))) => Kind::Small(v, lo, hi, enable),
        _ => Kind::Wide(v, ty, enable),
    }
}

impl Checks<V> {
    /// Every value the checks look at.
    pub(super) fn roots(&self) -> Vec<V> {
        let mut roots = Vec::new();
        for item in &self.0 {
            match &item.kind {
                Kind::Holds(x) | Kind::Cover(x, _) => roots.push(*x),
                Kind::Small(x, .., enable) | Kind::Wide(x, _, enable) => {
                    roots.push(*x);
                    roots.extend(enable);
                }
                Kind::NoCollision(_) => {}
                Kind::Stable { valid, ready, payload, .. } => {
                    roots.extend([*valid, *ready]);
                    roots.extend(payload);
                }
            }
        }
        roots
    }

    /// The checks over the slots of a schedule.
    pub(super) fn placed(self, slot: impl Fn(V) -> Slot) -> Checks<Slot> {
        let place = |kind| match kind {
            Kind::Holds(x) => Kind::Holds(slot(x)),
            Kind::Cover(x, n) => Kind::Cover(slot(x), n),
            // An alias can have led from a small type to a wide one, or back.
            Kind::Small(x, lo, hi, e) if !slot(x).is_wide() => Kind::Small(slot(x), lo, hi, e.map(&slot)),
            Kind::Small(x, lo, hi, e) => {
                Kind::Wide(slot(x), Ty::Int(gatewright_dsl::ty::IntTy::new(lo, hi)), e.map(&slot))
            }
            Kind::Wide(x, ty, e) => Kind::Wide(slot(x), ty, e.map(&slot)),
            Kind::NoCollision(mem) => Kind::NoCollision(mem),
            Kind::Stable { valid, ready, payload, held } => Kind::Stable {
                valid: slot(valid),
                ready: slot(ready),
                payload: payload.into_iter().map(&slot).collect(),
                held,
            },
        };
        Checks(
            self.0
                .into_iter()
                .map(|i| Item { kind: place(i.kind), text: i.text, inst: i.inst, clock: i.clock, reset: i.reset })
                .collect(),
        )
    }
}

impl Checks<Slot> {
    /// Evaluates the checks of the clocks that have an edge, on settled values. `path` names an instance.
    pub(super) fn evaluate(
        &mut self,
        now: Now<'_>,
        when: &When<'_>,
        memories: &[Memory],
        path: impl Fn(u32) -> String,
    ) -> Vec<CheckFailure> {
        let mut failures = Vec::new();
        for item in &mut self.0 {
            if !when.timeline.ticks(item.clock as usize) {
                continue;
            }
            if when.in_reset.get(item.reset as usize).copied().unwrap_or(false) {
                if let Kind::Stable { held, .. } = &mut item.kind {
                    *held = None;
                }
                continue;
            }
            let text = &item.text;
            let broken: Option<Vec<(String, Value)>> = match &mut item.kind {
                Kind::Holds(x) => (!now.bit(*x)).then(Vec::new),
                Kind::Cover(x, count) => {
                    *count += u64::from(now.bit(*x));
                    None
                }
                Kind::Small(x, lo, hi, enable) => {
                    let v = now.small[x.index() as usize];
                    let outside = v < *lo || v > *hi;
                    (outside && enable.is_none_or(|e| now.bit(e))).then(|| vec![(text.value.clone(), Value::small(v))])
                }
                Kind::Wide(x, ty, enable) => {
                    let v = now.get(*x);
                    let outside = !ty.contains(&v) && enable.is_none_or(|e| now.bit(e));
                    outside.then(|| vec![(text.value.clone(), v)])
                }
                Kind::NoCollision(mem) => memories
                    .get(*mem)
                    .and_then(|m| m.collision(now, item.clock))
                    .map(|addr| vec![(text.value.clone(), Value::from(addr))]),
                Kind::Stable { valid, ready, payload, held } => {
                    let offered = now.bit(*valid);
                    let values = || payload.iter().map(|&p| now.get(p)).collect::<Vec<_>>();
                    let broken = held.as_ref().is_some_and(|held| !offered || *held != values());
                    *held = (offered && !now.bit(*ready)).then(values);
                    broken.then(Vec::new)
                }
            };
            if let Some(values) = broken {
                failures.push(CheckFailure {
                    cycle: when.cycle,
                    path: path(item.inst),
                    check: text.name.clone(),
                    message: text.message.clone(),
                    place: text.place.clone(),
                    values,
                });
            }
        }
        failures
    }

    pub(super) fn covers(&self, path: impl Fn(u32) -> String) -> Vec<Cover> {
        self.0
            .iter()
            .filter_map(|item| match item.kind {
                Kind::Cover(_, count) => Some(Cover { path: path(item.inst), check: item.text.name.clone(), count }),
                _ => None,
            })
            .collect()
    }
}
