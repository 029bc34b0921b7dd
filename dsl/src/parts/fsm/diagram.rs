//! State diagrams: which states lead where, and when, as text for Graphviz and Mermaid.

use std::cell::RefCell;
use std::fmt::Write;

use crate::diag::Diagnostics;
use crate::hw::context::{Context, with};
use crate::hw::elaborate::elaborate;
use crate::hw::module::Generator;
use crate::hw::when::FrameKind;
use crate::ids::NodeId;
use crate::ir::{BinOp, Op, UnOp};

/// What a state machine was declared to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagram {
    /// The module's name as its generator gives it, and the register's.
    pub name: String,
    /// The states in order.
    pub states: Vec<String>,
    /// The number of the reset state.
    pub start: usize,
    /// The transitions in the order of their declaration.
    pub transitions: Vec<Transition>,
}

/// A way from a state to another, or back to itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The number of the state that is left.
    pub from: usize,
    /// The number of the one that is entered.
    pub to: usize,
    /// When, in the names of the values that decide it; empty: always. `…` stands for what has no name.
    pub condition: String,
}

thread_local! {
    static COLLECTED: RefCell<Option<Vec<Diagram>>> = const { RefCell::new(None) };
}

/// Elaborates `top` and returns the diagrams of all state machines in it, in the order in which their rules were given.
///
/// # Errors
/// The mistakes found.
#[track_caller]
pub fn diagrams<G: Generator>(top: &G) -> Result<Vec<Diagram>, Diagnostics> {
    let before = COLLECTED.replace(Some(Vec::new()));
    let design = elaborate(top);
    let found = COLLECTED.replace(before);
    design.map(|_| found.unwrap_or_default())
}

impl Diagram {
    pub(super) fn new(name: &str, states: &[String], start: usize, transitions: Vec<Transition>) -> Diagram {
        let name = with(|c| c.top().map(|b| format!("{}.{}", b.ir.name, b.scoped(name)))).flatten();
        Diagram { name: name.unwrap_or_default(), states: states.to_vec(), start, transitions }
    }

    /// Leaves it for [`diagrams`], where that has asked.
    pub(super) fn collect(self) {
        COLLECTED.with_borrow_mut(|collected| collected.iter_mut().for_each(|all| all.push(self.clone())));
    }

    /// For each state, whether some transitions lead to it from the reset state.
    pub fn reachable(&self) -> Vec<bool> {
        let mut reached = vec![false; self.states.len()];
        let mut left = vec![self.start];
        while let Some(state) = left.pop() {
            if !std::mem::replace(&mut reached[state], true) {
                left.extend(self.transitions.iter().filter(|t| t.from == state).map(|t| t.to));
            }
        }
        reached
    }

    /// Whether a transition leads from this state to another one.
    pub fn is_left(&self, state: usize) -> bool {
        self.transitions.iter().any(|t| t.from == state && t.to != state)
    }

    /// As text for Graphviz's `dot`.
    pub fn dot(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let mut text =
            format!("digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=rounded];\n", quoted(&self.name));
        text += "  reset [shape=point];\n";
        for (n, state) in self.states.iter().enumerate() {
            let _ = writeln!(text, "  s{n} [label={}];", quoted(state));
        }
        let _ = writeln!(text, "  reset -> s{};", self.start);
        for Transition { from, to, condition } in &self.transitions {
            let label = if condition.is_empty() { String::new() } else { format!(" [label={}]", quoted(condition)) };
            let _ = writeln!(text, "  s{from} -> s{to}{label};");
        }
        text + "}\n"
    }

    /// As text for Mermaid.
    pub fn mermaid(&self) -> String {
        let mut text = "stateDiagram-v2\n".to_string();
        for (n, state) in self.states.iter().enumerate() {
            let _ = writeln!(text, "    state \"{}\" as s{n}", state.replace('"', "'"));
        }
        let _ = writeln!(text, "    [*] --> s{}", self.start);
        for Transition { from, to, condition } in &self.transitions {
            let label = if condition.is_empty() { String::new() } else { format!(": {condition}") };
            let _ = writeln!(text, "    s{from} --> s{to}{label}");
        }
        text
    }
}

/// The conditions around, from `depth` on.
pub(super) fn condition(depth: usize) -> String {
    let text = with(|c| {
        let mut terms = Vec::new();
        for n in depth..c.top()?.frames.len() {
            match &c.top()?.frames[n].kind {
                FrameKind::When { conditions, arm } => {
                    let (conditions, arm) = (conditions.clone(), *arm);
                    terms.extend(conditions.iter().take(arm).map(|&node| inverted(&named(c, node))));
                    terms.extend(conditions.get(arm).map(|&node| named(c, node)));
                }
                FrameKind::Switch { subject, cases, arm } => {
                    let (subject, cases, arm) = (*subject, cases.clone(), *arm);
                    let subject = named(c, subject);
                    let any = |values: &[crate::value::Value], op: &str, between: &str| {
                        let each: Vec<String> = values.iter().map(|v| format!("{subject} {op} {v}")).collect();
                        each.join(between)
                    };
                    terms.push(match cases.get(arm) {
                        Some(values) => any(values, "==", " | "),
                        None => any(&cases.concat(), "!=", " & "),
                    });
                }
            }
        }
        let several = terms.len() > 1;
        let terms = terms.into_iter().map(|t| if several && t.contains(['|', '^']) { format!("({t})") } else { t });
        Some(terms.collect::<Vec<_>>().join(" & "))
    });
    text.flatten().unwrap_or_default()
}

const UNKNOWN: &str = "…";

fn inverted(text: &str) -> String {
    match text.strip_prefix('!').filter(|rest| !rest.contains(' ')) {
        Some(rest) => rest.to_string(),
        None if text.contains(' ') => format!("!({text})"),
        None => format!("!{text}"),
    }
}

fn named(c: &mut Context, node: NodeId) -> String {
    text_of(c, node, 4).unwrap_or_else(|| UNKNOWN.to_string())
}

/// An expression in names, where it is small and everything in it has one.
fn text_of(c: &mut Context, node: NodeId, depth: u32) -> Option<String> {
    let ir = &c.top()?.ir;
    if let Some(name) = ir.names.get(&node) {
        return Some(name.clone());
    }
    let depth = depth.checked_sub(1)?;
    match ir.nodes[node].op.clone() {
        Op::Const(value) => Some(value.to_string()),
        Op::Input(port) => Some(ir.ports[port].name.clone()),
        Op::Reg(reg) => Some(ir.regs[reg].name.clone()),
        Op::Wire(wire) => Some(ir.wires[wire].name.clone()),
        Op::Inst(inst, port) => {
            let inst = &ir.insts[inst];
            let (name, module) = (inst.name.clone(), inst.module);
            Some(format!("{name}.{}", c.modules[module].ports[port].name))
        }
        Op::Un(UnOp::Not, x) => Some(inverted(&text_of(c, x, depth)?)),
        Op::Un(UnOp::ToUint | UnOp::ToBits | UnOp::Refine | UnOp::Claim, x) => text_of(c, x, depth),
        Op::Bin(op, a, b) => {
            // `x > 3` is stored as `3 < x`.
            let turned = matches!(op, BinOp::Lt | BinOp::Le) && matches!(ir.nodes[a].op, Op::Const(_));
            let (a, b) = if turned { (b, a) } else { (a, b) };
            let op = match op {
                BinOp::Lt if turned => ">",
                BinOp::Le if turned => ">=",
                BinOp::Add => "+",
                BinOp::Sub => "-",
                BinOp::Eq => "==",
                BinOp::Ne => "!=",
                BinOp::Lt => "<",
                BinOp::Le => "<=",
                BinOp::And => "&",
                BinOp::Or => "|",
                BinOp::Xor => "^",
                _ => return None,
            };
            // How strongly an operator binds, and so what needs brackets beside it.
            let binds = |op: &str| match op {
                "+" | "-" => 2,
                "&" | "|" | "^" => 0,
                _ => 1,
            };
            let mut part = |node| {
                let text = text_of(c, node, depth)?;
                let mut inner = text.split(' ').skip(1).step_by(2);
                let chain = |inner: &str| inner == op && ["+", "&", "|", "^"].contains(&op);
                let apart = inner.any(|inner| binds(inner) <= binds(op) && !chain(inner));
                Some(if apart { format!("({text})") } else { text })
            };
            Some(format!("{} {op} {}", part(a)?, part(b)?))
        }
        Op::Slice(x, low) => {
            let width = ir.nodes[node].ty.width();
            let x = text_of(c, x, depth).filter(|x| !x.contains(' '))?;
            Some(if width == 1 { format!("{x}[{low}]") } else { format!("{x}[{}:{low}]", low + width.max(1) - 1) })
        }
        _ => None,
    }
}
