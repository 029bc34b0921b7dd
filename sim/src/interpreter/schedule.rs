//! From the graph to a program: what is needed, in which order, in which slot.
//!
//! Vertices are put in levels (one more than the highest operand), and inside a level equal operations come together,
//! so that the program is a list of runs that each do one thing to many slots. Computed slots are numbered in this
//! order. Values whose bits fit `i64` live in one slot file, wider ones in another.

use gatewright_dsl::ir::{BinOp, UnOp, rules};
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;

use super::flatten::Flat;
use super::graph::{Def, Graph, V, full, is_small};
use super::program::{BinOp2, Code, Cut, Program, Run, Slot, Sum, Table, Work};
use super::wide::{Wide, WideOp};

/// Follows aliases, all at once. An error lists the vertices of a loop that has nothing but aliases.
pub(super) fn resolve(g: &mut Graph) -> Result<Vec<V>, Vec<V>> {
    const UNKNOWN: V = V::MAX;
    let mut target = vec![UNKNOWN; g.defs.len()];
    let mut way = Vec::new();
    for start in 0..g.defs.len() {
        let mut at = start as V;
        while let (UNKNOWN, Def::Alias(next)) = (target[at as usize], &g.defs[at as usize]) {
            way.push(at);
            at = *next;
            if way.len() > g.defs.len() {
                let again = way.iter().position(|&v| v == at).unwrap_or(0);
                let length = way[again + 1..].iter().position(|&v| v == at).map_or(way.len(), |n| again + 1 + n);
                return Err(way[again..length].to_vec());
            }
        }
        let end = if target[at as usize] == UNKNOWN { at } else { target[at as usize] };
        target[at as usize] = end;
        for v in way.drain(..) {
            target[v as usize] = end;
        }
    }
    g.map_operands(|v| target[v as usize]);
    Ok(target)
}

/// What is known of a vertex on the way to a program.
#[derive(Clone, Copy)]
struct Mark {
    /// 0: a source; `UNSEEN` and `OPEN` while searching.
    level: u32,
    /// Depends on an input without a register between.
    on_input: bool,
}
const UNSEEN: u32 = u32::MAX;
const OPEN: u32 = u32::MAX - 1;

/// The scheduled program with the slot of every live vertex.
pub(super) struct Schedule {
    pub(super) program: Program,
    slots: Vec<Slot>,
    /// How many slots there are.
    pub(super) small: usize,
    /// How many wide slots there are.
    pub(super) wide: usize,
    /// Small and wide slots below these are not computed.
    pub(super) first_computed: (u32, u32),
    /// The values of constants, to be written once.
    pub(super) constants: Vec<(Slot, Value)>,
}

impl Schedule {
    /// The slot of a live vertex.
    pub(super) fn slot(&self, v: V) -> Slot {
        self.slots[v as usize]
    }
}

/// Schedules what `roots` need (they and all operands are resolved). `state` gets the first slots of the state area in
/// this order; `inputs` are the vertices that pokes change. An error lists the vertices of a combinational loop.
pub(super) fn schedule(flat: &Flat, inputs: &[V], state: &[V], roots: &[V]) -> Result<Schedule, Vec<V>> {
    let g = &flat.graph;
    let mut marks = vec![Mark { level: UNSEEN, on_input: false }; g.defs.len()];
    for &v in inputs {
        if matches!(g.defs[v as usize], Def::Source) {
            marks[v as usize] = Mark { level: 0, on_input: true };
        }
    }
    let live = levels(g, roots, &mut marks)?;

    let mut slots = vec![Slot::NONE; g.defs.len()];
    let (mut small, mut wide) = (0u32, 0u32);
    let mut next = |ty: Ty| {
        let count = if is_small(ty) { &mut small } else { &mut wide };
        *count += 1;
        if is_small(ty) { Slot::small(*count - 1) } else { Slot::wide(*count - 1) }
    };
    // State first, in the order asked for: an edge copies it as a block.
    for &v in state.iter().chain(inputs) {
        slots[v as usize] = next(g.ty(v));
    }
    let mut constants = Vec::new();
    let mut work = Vec::new();
    for &v in &live {
        match &g.defs[v as usize] {
            Def::Const(value) => {
                if slots[v as usize] == Slot::NONE {
                    slots[v as usize] = next(g.ty(v));
                }
                constants.push((slots[v as usize], value.clone()));
            }
            Def::Source => {
                if slots[v as usize] == Slot::NONE {
                    slots[v as usize] = next(g.ty(v));
                }
            }
            _ => {
                let mark = marks[v as usize];
                work.push((mark.level, mark.on_input, code(g, v), v));
            }
        }
    }
    for &v in inputs {
        if let Def::Const(value) = &g.defs[v as usize] {
            constants.push((slots[v as usize], value.clone()));
        }
    }
    work.sort_unstable();
    let mut first_computed = (0, 0);
    for slot in slots.iter().filter(|s| **s != Slot::NONE) {
        let first = if slot.is_wide() { &mut first_computed.1 } else { &mut first_computed.0 };
        *first = (*first).max(slot.index() + 1);
    }
    for &(.., v) in &work {
        slots[v as usize] = next(g.ty(v));
    }
    let mut program = Program::default();
    for group in work.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
        let (_, on_input, code, first) = group[0];
        let work = match code {
            None => {
                let start = program.wide.len() as u32;
                program.wide.extend(group.iter().map(|&(.., v)| wide_instruction(g, v, &slots)));
                Work::Wide { start, end: program.wide.len() as u32 }
            }
            Some((code, cut)) => {
                let args = program.args.len() as u32;
                for &(.., v) in group {
                    small_arguments(g, v, &slots, &mut program);
                }
                let dst = slots[first as usize].index();
                Work::Small { code, cut, dst, count: group.len() as u32, args }
            }
        };
        program.runs.push(Run { on_input, work });
    }
    Ok(Schedule { program, slots, small: small as usize, wide: wide as usize, first_computed, constants })
}

/// Marks what the roots need; lists it.
fn levels(g: &Graph, roots: &[V], marks: &mut [Mark]) -> Result<Vec<V>, Vec<V>> {
    let mut live = Vec::new();
    let mut stack: Vec<(V, usize)> = Vec::new();
    for &root in roots {
        stack.push((root, 0));
        while let Some((v, n)) = stack.last_mut() {
            let mark = &mut marks[*v as usize];
            if *n == 0 {
                if mark.level != UNSEEN {
                    stack.pop();
                    continue;
                }
                mark.level = OPEN;
            }
            match g.operand(*v, *n) {
                Some(next) => {
                    *n += 1;
                    match marks[next as usize].level {
                        UNSEEN => stack.push((next, 0)),
                        OPEN => {
                            let from = stack.iter().position(|&(v, _)| v == next).unwrap_or(0);
                            return Err(stack[from..].iter().map(|&(v, _)| v).collect());
                        }
                        _ => {}
                    }
                }
                None => {
                    let v = *v;
                    let mut mark = Mark { level: 0, on_input: false };
                    for operand in (0..).map_while(|n| g.operand(v, n)) {
                        let m = marks[operand as usize];
                        mark.level = mark.level.max(m.level + 1);
                        mark.on_input |= m.on_input;
                    }
                    marks[v as usize] = mark;
                    live.push(v);
                    stack.pop();
                }
            }
        }
    }
    Ok(live)
}

/// The operation of a vertex on small slots; `None` where some value is wide.
fn code(g: &Graph, v: V) -> Option<(Code, Cut)> {
    let small = |v: V| is_small(g.ty(v));
    if !small(v) || (0..).map_while(|n| g.operand(v, n)).any(|x| !small(x)) {
        return None;
    }
    if let Def::Sum(sum) = g.defs[v as usize]
        && g.sums[sum as usize].weights.iter().any(|weight| weight.to_i64().is_none())
    {
        return None;
    }
    let ty = g.ty(v);
    let at = |x: V| full(g.ty(x));
    // What the exact result can be, whatever the bits of the operands are: no cut where it fits.
    let (code, exact) = match g.defs[v as usize] {
        Def::Const(_) | Def::Source | Def::Alias(_) => return None,
        // Words and integers of the same bits have the same small value unless it is negative.
        Def::Cut(a) => (Code::Copy, Some(at(a))),
        Def::Un(op, a, w) => {
            let code = match op {
                UnOp::Neg => Code::Neg,
                UnOp::Abs => Code::Abs,
                UnOp::Not => Code::Not(w),
                UnOp::ReduceAnd => Code::IsOnes(w),
                UnOp::ReduceOr => Code::IsSome,
                UnOp::ReduceXor => Code::Parity,
                UnOp::PopCount => Code::PopCount,
                UnOp::ToSint => Code::Extend(w),
                UnOp::ToBits | UnOp::ToUint | UnOp::Wrap | UnOp::Claim | UnOp::Refine => Code::Copy,
            };
            (code, rules::unary(op, at(a)).and_then(Result::ok))
        }
        Def::Bin(op, a, b) => {
            let exact = match op {
                BinOp::Div | BinOp::Rem => None,
                // The type of a shifted word says that high bits are lost, not that there are none.
                BinOp::Shl if matches!(g.ty(a), Ty::Bits(_)) => None,
                op => rules::binary(op, at(a), at(b), None).ok(),
            };
            (Code::Bin(BinOp2(op)), exact)
        }
        Def::Mux(_, a, b) => (Code::Mux, rules::choice(at(a), at(b)).ok()),
        Def::Table { first, len, .. } => {
            let entries = &g.args[first as usize..=(first + len) as usize];
            (Code::Table, entries[1..].iter().try_fold(at(entries[0]), |t, &x| rules::choice(t, at(x)).ok()))
        }
        Def::Slice(_, lo) => (Code::Slice(lo), None),
        Def::Join(_, _, low) => (Code::Join(low), Some(ty)),
        Def::Read(..) => (Code::Read, Some(ty)),
        // Exact modulo 2^64; a result of fewer bits is cut.
        Def::Sum(_) => (Code::Sum, (ty.is_signed() && ty.width() == 64).then_some(ty)),
    };
    let cut = match exact {
        Some(exact) if exact.range().fits(full(ty).range()) => Cut::None,
        _ if ty.is_signed() => Cut::Signed(ty.width()),
        _ => Cut::Unsigned(ty.width()),
    };
    Some((code, cut))
}

fn small_arguments(g: &Graph, v: V, slots: &[Slot], program: &mut Program) {
    let slot = |v: V| slots[v as usize].index();
    match g.defs[v as usize] {
        Def::Table { index, lo, first, len } => {
            program.args.extend([slot(index), program.tables.len() as u32]);
            let start = program.entries.len() as u32;
            program.entries.extend(g.args[first as usize..=(first + len) as usize].iter().map(|&x| slot(x)));
            program.tables.push(Table { lo, start, len });
        }
        Def::Read(store, addr) => program.args.extend([slot(addr), store]),
        Def::Sum(sum) => {
            program.args.push(program.sums.len() as u32);
            let start = program.terms.len() as u32;
            let weights = g.sums[sum as usize].weights.iter().map(wrapped);
            program.terms.extend(g.summands(sum).iter().map(|&x| slot(x)).zip(weights));
            let (len, constant) = (program.terms.len() as u32 - start, wrapped(&g.sums[sum as usize].constant));
            program.sums.push(Sum { start, len, constant });
        }
        _ => program.args.extend((0..).map_while(|n| g.operand(v, n)).map(slot)),
    }
}

/// The value modulo 2^64.
fn wrapped(value: &Value) -> i64 {
    value.wrap(64, true).to_i64().unwrap_or_default()
}

fn wide_instruction(g: &Graph, v: V, slots: &[Slot]) -> Wide {
    let slot = |v: V| slots[v as usize];
    let op = match &g.defs[v as usize] {
        Def::Un(op, a, w) => WideOp::Un(*op, slot(*a), *w),
        Def::Bin(op, a, b) => WideOp::Bin(*op, slot(*a), slot(*b)),
        Def::Mux(c, a, b) => WideOp::Mux(slot(*c), slot(*a), slot(*b)),
        Def::Table { index, lo, first, len } => {
            let entries = &g.args[*first as usize..=(first + len) as usize];
            WideOp::Table(slot(*index), *lo, entries.iter().map(|&x| slot(x)).collect())
        }
        Def::Slice(a, lo) => WideOp::Slice(slot(*a), *lo),
        Def::Join(a, b, low) => WideOp::Join(slot(*a), slot(*b), *low),
        Def::Read(store, addr) => WideOp::Read(*store, slot(*addr)),
        Def::Sum(sum) => {
            let weights = g.sums[*sum as usize].weights.iter().cloned();
            let terms = g.summands(*sum).iter().map(|&x| slot(x)).zip(weights).collect();
            WideOp::Sum(terms, g.sums[*sum as usize].constant.clone())
        }
        Def::Cut(a) | Def::Alias(a) => WideOp::Copy(slot(*a)),
        // Never scheduled: they are not computed.
        Def::Const(_) | Def::Source => WideOp::Copy(slot(v)),
    };
    Wide { op, ty: g.ty(v), dst: slot(v) }
}
