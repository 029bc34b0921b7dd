//! A small interpreter of single modules, so that passes can be compared by what they leave of a module's behaviour.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::ids::*;
use crate::ir::order::{Item, order};
use crate::ir::*;
use crate::ty::Ty;
use crate::value::Value;

/// The outputs in each cycle for these inputs; the reset is never asserted.
pub fn run(m: &Module, inputs: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let order = order(m, &Arena::new()).unwrap();
    let mut regs: Vec<Value> = m.regs.values().map(Reg::power_up).collect();
    let mut mems: Vec<Vec<Vec<Value>>> = m
        .mems
        .values()
        .map(|mem| {
            let blank: Vec<Value> = mem.fields.iter().map(|f| f.ty.power_up()).collect();
            if mem.init.is_empty() { vec![blank; mem.depth as usize] } else { mem.init.clone() }
        })
        .collect();
    let blank = |mem: &Mem| mem.fields.iter().map(|f| f.ty.power_up()).collect::<Vec<_>>();
    let mut latched: Vec<Vec<Vec<Value>>> =
        m.mems.values().map(|mem| mem.reads.iter().map(|_| blank(mem)).collect()).collect();
    let mut shown = Vec::new();
    for cycle in inputs {
        let mut at: HashMap<Item, Value> = HashMap::new();
        for &item in &order {
            let value = match item {
                Item::Wire(w) => set_by(&m.wires[w].driver, &at).map(|x| at[&Item::Node(x)].clone()),
                Item::Node(n) => Some(node(m, n, &at, cycle, &regs, &mems, &latched)),
            };
            if let Some(value) = value {
                at.insert(item, value);
            }
        }
        let value = |x: NodeId| at[&Item::Node(x)].clone();
        let one = |x: NodeId| value(x) == Value::ONE;
        shown.push(m.ports.values().filter_map(|p| p.driver).map(value).collect());
        for (r, reg) in m.regs.iter() {
            if let Some(x) = set_by(&reg.next, &at) {
                regs[r.index()] = value(x);
            }
        }
        for (id, mem) in m.mems.iter() {
            assert_eq!(mem.collision, Collision::Old);
            for (n, read) in mem.reads.iter().enumerate() {
                if read.sync.is_some() && read.enable.is_none_or(one) {
                    latched[id.index()][n] = mems[id.index()][value(read.addr).to_usize().unwrap()].clone();
                }
            }
            for write in mem.writes.iter().filter(|w| one(w.enable)) {
                let word = &mut mems[id.index()][value(write.addr).to_usize().unwrap()];
                for (field, &x) in write.data.iter().enumerate() {
                    if write.mask.is_empty() || one(write.mask[field]) {
                        word[field] = value(x);
                    }
                }
            }
        }
    }
    shown
}

/// The value that a tree sets.
fn set_by(block: &Block, at: &HashMap<Item, Value>) -> Option<NodeId> {
    let mut set = None;
    for stmt in block {
        set = match stmt {
            Stmt::Set { value, .. } => Some(*value),
            Stmt::When { arms, otherwise, .. } => {
                let taken = arms.iter().find(|(c, _)| at[&Item::Node(*c)] == Value::ONE).map_or(otherwise, |(_, b)| b);
                set_by(taken, at)
            }
            Stmt::Switch { subject, arms, default, .. } => {
                let v = &at[&Item::Node(*subject)];
                set_by(arms.iter().find(|(values, _)| values.contains(v)).map_or(default, |(_, b)| b), at)
            }
        }
        .or(set);
    }
    set
}

fn node(
    m: &Module,
    n: NodeId,
    at: &HashMap<Item, Value>,
    inputs: &[Value],
    regs: &[Value],
    mems: &[Vec<Vec<Value>>],
    latched: &[Vec<Vec<Value>>],
) -> Value {
    let node = &m.nodes[n];
    let value = |x: NodeId| &at[&Item::Node(x)];
    let found = match &node.op {
        Op::Const(v) => v.clone(),
        Op::Input(p) => inputs[p.index()].clone(),
        Op::Reg(r) => regs[r.index()].clone(),
        Op::Wire(w) => at[&Item::Wire(*w)].clone(),
        Op::MemRead { mem, port, field } => {
            let read = &m.mems[*mem].reads[*port as usize];
            let word = match read.sync {
                Some(_) => &latched[mem.index()][*port as usize],
                None => &mems[mem.index()][value(read.addr).to_usize().unwrap()],
            };
            word[*field as usize].clone()
        }
        Op::Matvec { matvec, output } => {
            let (m, output) = (&m.matvecs[*matvec], *output as usize);
            m.outputs[output].eval(|i| Cow::Borrowed(value(m.input(output, i))))
        }
        Op::Inst(..) => unreachable!("single modules"),
        Op::Un(op, x) => eval::unary(*op, value(*x), m.nodes[*x].ty, node.ty),
        Op::Bin(op, a, b) => eval::binary(*op, value(*a), value(*b), node.ty),
        Op::Mux(c, a, b) => value(if *value(*c) == Value::ONE { *a } else { *b }).clone(),
        Op::Select(i, xs) => value(xs[value(*i).to_usize().unwrap()]).clone(),
        Op::Slice(x, lo) => eval::slice(value(*x), *lo, node.ty),
        Op::Concat(xs) => eval::concat(xs.iter().map(|&x| (value(x), m.nodes[x].ty.width()))),
    };
    // A refinement and what it is made of may lie outside where it is not selected.
    if !matches!(node.op, Op::Un(UnOp::Refine, _)) {
        assert!(node.ty.contains(&found), "{n} = {found} is not in {}", node.ty);
    }
    if let Ty::Int(_) = node.ty { found } else { node.ty.cut(&found) }
}
