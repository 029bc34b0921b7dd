//! Designs written by hand on the bare IR, for tests of back ends.
#![allow(dead_code, missing_docs)]

use gatewright_dsl::ids::*;
use gatewright_dsl::ir::*;
use gatewright_dsl::ty::{IntTy, Ty};
use gatewright_dsl::value::Value;

pub fn int(t: IntTy) -> Ty {
    Ty::Int(t)
}

/// A module under construction. Node types follow the rules, places count the lines of `test.rs`.
pub struct Build {
    pub m: Module,
    pub places: Places,
    pub seq: u32,
}

pub fn domain(reset: Option<(ResetKind, Polarity)>) -> Domain {
    let name = |p| if p == Polarity::High { "rst" } else { "rst_n" };
    let reset = reset.map(|(kind, polarity)| Reset { name: name(polarity).into(), kind, polarity });
    Domain { clock: "clk".into(), reset }
}

impl Build {
    pub fn new(name: &str) -> Build {
        Build::with_domain(name, domain(Some((ResetKind::Sync, Polarity::High))))
    }

    pub fn with_domain(name: &str, domain: Domain) -> Build {
        let mut b = Build {
            m: Module { domains: [domain].into_iter().collect(), ..Module::new(name.into(), PlaceId(0)) },
            places: Places::default(),
            seq: 0,
        };
        b.place();
        b
    }

    pub fn place(&mut self) -> PlaceId {
        let line = self.places.0.len() as u32 + 1;
        let file = "tests/test.rs".into();
        self.places.0.push(Place { file, line, column: 9, caller: None, scope: None })
    }

    pub fn seq(&mut self) -> u32 {
        self.seq += 1;
        self.seq
    }

    pub fn ty(&self, n: NodeId) -> Ty {
        self.m.nodes[n].ty
    }

    pub fn node(&mut self, op: Op, ty: Ty) -> NodeId {
        let place = self.place();
        self.m.nodes.push(Node { op, ty, place })
    }

    pub fn input(&mut self, name: &str, ty: Ty) -> NodeId {
        let place = self.place();
        let (format, domain) = (Format::Plain, DomainId(0));
        let port = Port { name: name.into(), dir: Dir::Input, ty, format, driver: None, domain, place };
        let port = self.m.ports.push(port);
        self.node(Op::Input(port), ty)
    }

    pub fn output(&mut self, name: &str, n: NodeId) -> PortId {
        let ty = self.ty(n);
        self.output_as(name, n, ty)
    }

    pub fn output_as(&mut self, name: &str, n: NodeId, ty: Ty) -> PortId {
        let place = self.place();
        let (driver, format, domain) = (Some(n), Format::Plain, DomainId(0));
        self.m.ports.push(Port { name: name.into(), dir: Dir::Output, ty, format, driver, domain, place })
    }

    pub fn name(&mut self, n: NodeId, name: &str) -> NodeId {
        self.m.names.insert(n, name.into());
        n
    }

    pub fn int(&mut self, v: impl Into<Value>) -> NodeId {
        let v = v.into();
        self.node(Op::Const(v.clone()), Ty::Int(IntTy::constant(v)))
    }

    pub fn word(&mut self, v: impl Into<Value>, width: u32) -> NodeId {
        self.node(Op::Const(v.into()), Ty::Bits(width))
    }

    pub fn un(&mut self, op: UnOp, a: NodeId) -> NodeId {
        let ty = rules::unary(op, self.ty(a)).expect("a type").expect("fits");
        self.node(Op::Un(op, a), ty)
    }

    pub fn cast(&mut self, op: UnOp, a: NodeId, t: IntTy) -> NodeId {
        self.node(Op::Un(op, a), Ty::Int(t))
    }

    pub fn bin(&mut self, op: BinOp, a: NodeId, b: NodeId) -> NodeId {
        let divisor = match &self.m.nodes[b].op {
            Op::Const(v) => Some(v.clone()),
            _ => None,
        };
        let ty = rules::binary(op, self.ty(a), self.ty(b), divisor.as_ref()).expect("operands fit");
        self.node(Op::Bin(op, a, b), ty)
    }

    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.bin(BinOp::Add, a, b)
    }

    pub fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.bin(BinOp::Mul, a, b)
    }

    pub fn mux(&mut self, c: NodeId, a: NodeId, b: NodeId) -> NodeId {
        let ty = rules::mux(self.ty(c), self.ty(a), self.ty(b)).expect("operands fit");
        self.node(Op::Mux(c, a, b), ty)
    }

    pub fn select(&mut self, i: NodeId, xs: &[NodeId]) -> NodeId {
        let types: Vec<Ty> = xs.iter().map(|x| self.ty(*x)).collect();
        let ty = rules::select(self.ty(i), &types).expect("operands fit");
        self.node(Op::Select(i, xs.into()), ty)
    }

    pub fn slice(&mut self, a: NodeId, lo: u32, width: u32) -> NodeId {
        self.node(Op::Slice(a, lo), Ty::Bits(width))
    }

    pub fn concat(&mut self, xs: &[NodeId]) -> NodeId {
        let width = xs.iter().map(|x| self.ty(*x).width()).sum();
        self.node(Op::Concat(xs.into()), Ty::Bits(width))
    }

    pub fn reg(&mut self, name: &str, ty: Ty, reset: Option<i64>) -> (RegId, NodeId) {
        let place = self.place();
        let reset = reset.map(Value::from);
        let (format, domain, crossing) = (Format::Plain, DomainId(0), Crossing::No);
        let (name, next) = (name.into(), Vec::new());
        let reg = Reg { name, ty, format, domain, crossing, reset, init: None, next, place };
        let reg = self.m.regs.push(reg);
        (reg, self.node(Op::Reg(reg), ty))
    }

    pub fn wire(&mut self, name: &str, ty: Ty, driver: Block) -> NodeId {
        let place = self.place();
        let wire = self.m.wires.push(Wire { name: name.into(), ty, format: Format::Plain, driver, place });
        self.node(Op::Wire(wire), ty)
    }

    pub fn set(&mut self, value: NodeId) -> Stmt {
        let (seq, place) = (self.seq(), self.place());
        Stmt::Set { seq, value, place }
    }

    pub fn when(&mut self, c: NodeId, then: Block, otherwise: Block) -> Stmt {
        let seq = self.seq();
        Stmt::When { seq, arms: vec![(c, then)], otherwise }
    }

    pub fn check(&mut self, name: &str, kind: CheckKind) {
        let place = self.place();
        let message = format!("{name} failed");
        self.m.checks.push(Check { name: name.into(), kind, message, domain: DomainId(0), place });
    }

    pub fn inst(&mut self, name: &str, module: ModuleId, inputs: Vec<(PortId, NodeId)>, child: &Module) -> Vec<NodeId> {
        let place = self.place();
        let inst = Inst { name: name.into(), module, domains: vec![DomainId(0)], inputs, place };
        let inst = self.m.insts.push(inst);
        let outputs = child.ports.iter().filter(|(_, p)| p.dir == Dir::Output);
        outputs.map(|(id, p)| self.node(Op::Inst(inst, id), p.ty)).collect()
    }

    /// The design of this module alone.
    pub fn design(self) -> Design {
        design(vec![self.m], self.places)
    }
}

/// Children first, the last is the top level.
pub fn design(modules: Vec<Module>, places: Places) -> Design {
    let top = ModuleId::new(modules.len() - 1);
    Design { modules: modules.into_iter().collect(), top, places }
}

/// A top level `name` that holds one instance of each module and passes all their ports on.
pub fn combine(name: &str, modules: Vec<Module>) -> Design {
    let mut top = Build::new(name);
    for (k, m) in modules.iter().enumerate() {
        let mut inputs = Vec::new();
        for (id, p) in m.ports.iter().filter(|(_, p)| p.dir == Dir::Input) {
            inputs.push((id, top.input(&format!("{}_{}", m.name, p.name), p.ty)));
        }
        let outputs = top.inst(&format!("{}_i", m.name), ModuleId::new(k), inputs, m);
        for ((_, p), n) in m.ports.iter().filter(|(_, p)| p.dir == Dir::Output).zip(outputs) {
            top.output(&format!("{}_{}", m.name, p.name), n);
        }
    }
    let mut modules = modules;
    modules.push(top.m);
    for _ in 0..2000 {
        let line = top.places.0.len() as u32 + 1;
        top.places.0.push(Place { file: "tests/test.rs".into(), line, column: 9, caller: None, scope: None });
    }
    design(modules, top.places)
}
