//! `dead`: drops what nothing observable needs.
//!
//! Observable are the outputs of the top, resets, checks, black boxes, and nodes that the user named. Registers, wires, memories,
//! read ports, matrix-vector products, children and nodes that feed none of these go, and so do modules that nobody instantiates any more. Ports
//! stay, and so does the check for collisions of a memory that stays.
//!
//! ```
//! use gatewright_dsl::{ir::{parse::parse, print::print_without_places}, pass};
//!
//! let mut design = parse("
//!     design top module1
//!     module module0 unused { }
//!     module module1 m {
//!       domain domain0 clk
//!       input port0 a: 0..=9
//!       output port1 y: 0..=9 = %0
//!       %0: 0..=9 = port0
//!       %1: 0..=9 = reg0
//!       reg reg0 count: 0..=9 domain0 { #0 set %1 }
//!       inst inst0 child: module0 [] []
//!     }")?;
//! pass::dead::run(&mut design);
//! assert_eq!(print_without_places(&design), "design top module0
//!
//! module module0 m {
//!   domain domain0 clk
//!   input port0 a: 0..=9
//!   output port1 y: 0..=9 = %0
//!   %0: 0..=9 = port0
//! }
//! ");
//! # Ok::<(), gatewright_dsl::ir::parse::ParseError>(())
//! ```

use super::rewrite::{Live, compact};
use crate::ids::{Id, MatvecId, MemId, ModuleId, NodeId};
use crate::ir::visit::for_each_in_block;
use crate::ir::{CheckKind, Design, Module, ModuleKind, Op};

/// Drops what is dead in every module, and the modules that are not used.
pub fn run(design: &mut Design) {
    // By module: true where an instance does something besides driving its outputs.
    let mut acts: Vec<bool> = Vec::new();
    for m in design.modules.values_mut() {
        module(m, &acts);
        let acting_child = m.insts.values().any(|i| acts[i.module.index()]);
        acts.push(m.kind != ModuleKind::Body || !m.checks.is_empty() || acting_child);
    }
    modules(design);
}

fn module(m: &mut Module, acts: &[bool]) {
    let mut mark = Mark { live: Live::everything(m, false), open: Vec::new() };
    for (id, check) in m.checks.iter() {
        if !matches!(check.kind, CheckKind::NoCollision(_)) {
            mark.live.checks[id.index()] = true;
            check.kind.for_each_node(|x| mark.node(x));
        }
    }
    m.ports.values().filter_map(|p| p.driver).for_each(|x| mark.node(x));
    m.names.keys().for_each(|&x| mark.node(x));
    for wire in m.domains.ids().filter_map(|d| m.reset_wire(d)) {
        mark.live.wires[wire.index()] = true;
        for_each_in_block(&m.wires[wire].driver, &mut |x| mark.node(x));
    }
    for (id, inst) in m.insts.iter() {
        if acts[inst.module.index()] {
            mark.inst(m, id.index());
        }
    }
    while let Some(x) = mark.open.pop() {
        match &m.nodes[x].op {
            Op::Reg(r) => {
                if !std::mem::replace(&mut mark.live.regs[r.index()], true) {
                    for_each_in_block(&m.regs[*r].next, &mut |x| mark.node(x));
                }
            }
            Op::Wire(w) => {
                if !std::mem::replace(&mut mark.live.wires[w.index()], true) {
                    for_each_in_block(&m.wires[*w].driver, &mut |x| mark.node(x));
                }
            }
            Op::MemRead { mem, port, .. } => mark.read(m, *mem, *port as usize),
            Op::Matvec { matvec, .. } => mark.matvec(m, *matvec),
            Op::Inst(i, _) => mark.inst(m, i.index()),
            op => op.for_each_operand(|x| mark.node(x)),
        }
    }
    for (id, check) in m.checks.iter() {
        if let CheckKind::NoCollision(mem) = check.kind {
            mark.live.checks[id.index()] = mark.live.mems[mem.index()];
        }
    }
    compact(m, &mark.live);
}

struct Mark {
    live: Live,
    open: Vec<NodeId>,
}

impl Mark {
    fn node(&mut self, x: NodeId) {
        if !std::mem::replace(&mut self.live.nodes[x.index()], true) {
            self.open.push(x);
        }
    }

    fn inst(&mut self, m: &Module, inst: usize) {
        if !std::mem::replace(&mut self.live.insts[inst], true) {
            m.insts[Id::new(inst)].inputs.iter().for_each(|&(_, x)| self.node(x));
        }
    }

    fn matvec(&mut self, m: &Module, id: MatvecId) {
        if !std::mem::replace(&mut self.live.matvecs[id.index()], true) {
            m.matvecs[id].nodes().for_each(|x| self.node(x));
        }
    }

    fn read(&mut self, m: &Module, id: MemId, port: usize) {
        let mem = &m.mems[id];
        if !std::mem::replace(&mut self.live.reads[id.index()][port], true) {
            self.node(mem.reads[port].addr);
            mem.reads[port].enable.iter().for_each(|&x| self.node(x));
        }
        if !std::mem::replace(&mut self.live.mems[id.index()], true) {
            for write in &mem.writes {
                self.node(write.addr);
                self.node(write.enable);
                write.data.iter().chain(&write.mask).for_each(|&x| self.node(x));
            }
        }
    }
}

/// Drops the modules that the top does not reach.
fn modules(design: &mut Design) {
    let mut live = vec![false; design.modules.len()];
    live[design.top.index()] = true;
    for (id, m) in design.modules.iter().rev() {
        if !live[id.index()] {
            continue;
        }
        m.insts.values().for_each(|i| live[i.module.index()] = true);
        if let ModuleKind::Extern { model: Some(model), .. } = m.kind {
            live[model.index()] = true;
        }
    }
    let mut next = 0;
    let new: Vec<ModuleId> = live
        .iter()
        .map(|&keep| {
            next += u32::from(keep);
            ModuleId(next.saturating_sub(1))
        })
        .collect();
    let old = std::mem::take(&mut design.modules);
    design.modules = old.into_values().zip(&live).filter_map(|(m, &keep)| keep.then_some(m)).collect();
    design.top = new[design.top.index()];
    for m in design.modules.values_mut() {
        m.insts.values_mut().for_each(|i| i.module = new[i.module.index()]);
        if let ModuleKind::Extern { model: Some(model), .. } = &mut m.kind {
            *model = new[model.index()];
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::pass::testing::{becomes, becomes_design};

    #[track_caller]
    fn leaves(before: &str, after: &str) {
        becomes("dead", before, after);
    }

    #[test]
    fn state_goes_with_its_cone() {
        leaves(
            "domain domain0 clk input port0 a: 0..=9 output port1 y: 0..=9 = %3
             %0: 0..=9 = port0 %1: 0..=9 = reg0 %2: 0..=9 = wire0 %3: 0..=9 = reg1 %4: 0..=9 = mem0.read0.field0
             reg reg0 p: 0..=9 domain0 { #0 set %2 } reg reg1 q: 0..=9 domain0 { #1 set %0 }
             wire wire0 w: 0..=9 { #2 set %1 }
             mem mem0 s: [d: 0..=9] depth 10 collision undefined { read domain0 addr %0 }
             check check0 c: no_collision mem0 domain0 \"\"",
            "domain domain0 clk input port0 a: 0..=9 output port1 y: 0..=9 = %1
             %0: 0..=9 = port0 %1: 0..=9 = reg0 reg reg0 q: 0..=9 domain0 { #1 set %0 }",
        );
    }

    #[test]
    fn checks_and_names_keep_their_cones() {
        let same = "domain domain0 clk input port0 a: bool
             %0: bool = port0 %1: bool = reg0 %2: bool = not %1 %3 seen: bool = not %0
             reg reg0 p: bool domain0 { #0 set %0 } check check0 c: assert %2 domain0 \"\"";
        leaves(same, same);
    }

    #[test]
    fn read_ports_are_renumbered() {
        leaves(
            "domain domain0 clk input port0 a: 0..=9 output port1 y: 0..=9 = %2
             %0: 0..=9 = port0 %1: 0..=9 = mem0.read0.field0 %2: 0..=9 = mem0.read1.field0 %3: bool = const 1
             mem mem0 s: [d: 0..=9] depth 10 collision undefined {
               read domain0 addr %0 read async addr %0 write domain0 addr %0 data [%0] enable %3 }
             check check0 c: no_collision mem0 domain0 \"\"",
            "domain domain0 clk input port0 a: 0..=9 output port1 y: 0..=9 = %1
             %0: 0..=9 = port0 %1: 0..=9 = mem0.read0.field0 %2: bool = const 1
             mem mem0 s: [d: 0..=9] depth 10 collision undefined {
               read async addr %0 write domain0 addr %0 data [%0] enable %2 }
             check check0 c: no_collision mem0 domain0 \"\"",
        );
    }

    #[test]
    fn products_go_as_a_whole() {
        leaves(
            "input port0 a: 0..=9 input port1 b: 0..=9 output port2 y: 0..=18 = %4
             %0: 0..=9 = port0 %1: 0..=9 = port1 %2: 0..=9 = wire0 %3: 0..=18 = matvec0.sum0 %4: 0..=18 = matvec1.sum1
             wire wire0 w: 0..=9 { #0 set %1 }
             matvec matvec0 [%2] { x1 = x0 add x0 sum [2 x0] 0 from x1 }
             matvec matvec1 [%0, %1] { x2 = x0 add x0 sum [1 x1] 0 from x1 sum [2 x0] 0 from x2 }",
            "input port0 a: 0..=9 input port1 b: 0..=9 output port2 y: 0..=18 = %2
             %0: 0..=9 = port0 %1: 0..=9 = port1 %2: 0..=18 = matvec0.sum1
             matvec matvec0 [%0, %1] { x2 = x0 add x0 sum [1 x1] 0 from x1 sum [2 x0] 0 from x2 }",
        );
    }

    #[test]
    fn children_stay_for_what_they_do() {
        let child = |body: &str| {
            format!(
                "module module0 unused {{}} module module1 child {{ domain domain0 clk input port0 a: bool {body} }}"
            )
        };
        let top = |n: u32| {
            format!(
                "module module{} top {{ domain domain0 clk input port0 a: bool %0: bool = port0
                inst inst0 i: module{n} [domain0] [port0 = %0] }}",
                n + 1
            )
        };
        becomes_design(
            "dead",
            &format!("design top module2 {} {}", child("%0: bool = port0"), top(1)),
            "design top module0 module module0 top { domain domain0 clk input port0 a: bool }",
        );
        let checked = "%0: bool = port0 check check0 c: assert %0 domain0 \"\"";
        becomes_design(
            "dead",
            &format!("design top module2 {} {}", child(checked), top(1)),
            &format!(
                "design top module1 {} {}",
                child(checked).replace("module module0 unused {} ", "").replace("module1", "module0"),
                top(0)
            ),
        );
        becomes_design(
            "dead",
            &format!("design top module1 extern module0 box {{ domain domain0 clk input port0 a: bool }} {}", top(0)),
            &format!("design top module1 extern module0 box {{ domain domain0 clk input port0 a: bool }} {}", top(0)),
        );
    }
}
