//! A small builder of IR modules for tests.

use gatewright_dsl::ids::*;
use gatewright_dsl::ir::*;
use gatewright_dsl::ty::{IntTy, Ty};
use gatewright_dsl::value::Value;

pub const PLACE: PlaceId = PlaceId(0);

/// A module being built. Domain 0 has clock `clk` and reset `rst`.
pub struct B {
    pub m: Module,
    seq: u32,
}

pub fn int(lo: i64, hi: i64) -> Ty {
    Ty::Int(IntTy::new(lo, hi))
}
pub fn uint(w: u32) -> Ty {
    Ty::Int(gatewright_dsl::ty::uint(w))
}
pub fn sint(w: u32) -> Ty {
    Ty::Int(gatewright_dsl::ty::sint(w))
}

impl B {
    pub fn new(name: &str) -> B {
        B::with_reset(name, ResetKind::Sync, Polarity::High)
    }
    pub fn with_reset(name: &str, kind: ResetKind, polarity: Polarity) -> B {
        let reset = match polarity {
            Polarity::High => "rst",
            Polarity::Low => "rst_n",
        };
        B::with_domain(name, Some(Reset { name: reset.into(), kind, polarity }))
    }
    pub fn with_domain(name: &str, reset: Option<Reset>) -> B {
        let domains = [Domain { clock: "clk".into(), reset }].into_iter().collect();
        let m = Module { domains, ..Module::new(name.into(), PLACE) };
        B { m, seq: 0 }
    }
    fn seq(&mut self) -> u32 {
        self.seq += 1;
        self.seq
    }
    pub fn node(&mut self, op: Op, ty: Ty) -> NodeId {
        self.m.nodes.push(Node { op, ty, place: PLACE })
    }
    pub fn ty(&self, n: NodeId) -> Ty {
        self.m.nodes[n].ty
    }
    pub fn name(&mut self, n: NodeId, name: &str) -> NodeId {
        self.m.names.insert(n, name.into());
        n
    }
    pub fn port(&mut self, name: &str, dir: Dir, ty: Ty, format: Format, driver: Option<NodeId>) -> PortId {
        self.m.ports.push(Port { name: name.into(), dir, ty, format, driver, domain: DomainId(0), place: PLACE })
    }
    pub fn input(&mut self, name: &str, ty: Ty) -> NodeId {
        let p = self.port(name, Dir::Input, ty, Format::Plain, None);
        self.node(Op::Input(p), ty)
    }
    pub fn output(&mut self, name: &str, n: NodeId) -> PortId {
        let ty = self.ty(n);
        self.port(name, Dir::Output, ty, Format::Plain, Some(n))
    }
    pub fn int(&mut self, v: impl Into<Value>) -> NodeId {
        let v = v.into();
        self.node(Op::Const(v.clone()), Ty::Int(IntTy::constant(v)))
    }
    pub fn word(&mut self, v: impl Into<Value>, w: u32) -> NodeId {
        self.node(Op::Const(v.into()), Ty::Bits(w))
    }
    pub fn un(&mut self, op: UnOp, x: NodeId) -> NodeId {
        let ty = rules::unary(op, self.ty(x)).expect("a type must be given").unwrap();
        self.node(Op::Un(op, x), ty)
    }
    pub fn to(&mut self, op: UnOp, x: NodeId, ty: Ty) -> NodeId {
        self.node(Op::Un(op, x), ty)
    }
    pub fn bin(&mut self, op: BinOp, a: NodeId, b: NodeId) -> NodeId {
        let divisor = match &self.m.nodes[b].op {
            Op::Const(v) => Some(v.clone()),
            _ => None,
        };
        let ty = rules::binary(op, self.ty(a), self.ty(b), divisor.as_ref()).unwrap();
        self.node(Op::Bin(op, a, b), ty)
    }
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.bin(BinOp::Add, a, b)
    }
    pub fn mux(&mut self, c: NodeId, a: NodeId, b: NodeId) -> NodeId {
        let ty = rules::mux(self.ty(c), self.ty(a), self.ty(b)).unwrap();
        self.node(Op::Mux(c, a, b), ty)
    }
    pub fn select(&mut self, i: NodeId, xs: &[NodeId]) -> NodeId {
        let tys: Vec<Ty> = xs.iter().map(|&x| self.ty(x)).collect();
        let ty = rules::select(self.ty(i), &tys).unwrap();
        self.node(Op::Select(i, xs.into()), ty)
    }
    /// Bit `n` of an integer.
    pub fn slice_of(&mut self, x: NodeId, n: u32) -> NodeId {
        let bits = self.un(UnOp::ToBits, x);
        self.slice(bits, n, 1)
    }
    pub fn slice(&mut self, x: NodeId, lo: u32, w: u32) -> NodeId {
        self.node(Op::Slice(x, lo), Ty::Bits(w))
    }
    pub fn concat(&mut self, xs: &[NodeId]) -> NodeId {
        let w = xs.iter().map(|&x| self.ty(x).width()).sum();
        self.node(Op::Concat(xs.into()), Ty::Bits(w))
    }
    /// A register and its value.
    pub fn reg(&mut self, name: &str, ty: Ty, reset: Option<i64>) -> (RegId, NodeId) {
        let reset = reset.map(Value::from);
        let r = self.m.regs.push(Reg {
            name: name.into(),
            ty,
            format: Format::Plain,
            domain: DomainId(0),
            crossing: Crossing::No,
            reset,
            init: None,
            next: Vec::new(),
            place: PLACE,
        });
        (r, self.node(Op::Reg(r), ty))
    }
    /// A register that takes `next` at every edge.
    pub fn delay(&mut self, name: &str, next: NodeId, reset: Option<i64>) -> NodeId {
        let (r, q) = self.reg(name, self.ty(next), reset);
        self.m.regs[r].next = vec![self.set(next)];
        q
    }
    pub fn wire(&mut self, name: &str, ty: Ty, driver: Block) -> NodeId {
        let w = self.m.wires.push(Wire { name: name.into(), ty, format: Format::Plain, driver, place: PLACE });
        self.node(Op::Wire(w), ty)
    }
    pub fn set(&mut self, value: NodeId) -> Stmt {
        Stmt::Set { seq: self.seq(), value, place: PLACE }
    }
    pub fn when(&mut self, arms: Vec<(NodeId, Block)>, otherwise: Block) -> Stmt {
        Stmt::When { seq: self.seq(), arms, otherwise }
    }
    pub fn switch(&mut self, subject: NodeId, arms: Vec<(Vec<i64>, Block)>, default: Block) -> Stmt {
        let arms = arms.into_iter().map(|(vs, b)| (vs.into_iter().map(Value::from).collect(), b)).collect();
        Stmt::Switch { seq: self.seq(), subject, arms, default }
    }
    pub fn mem(&mut self, name: &str, fields: &[Ty], depth: u64, collision: Collision) -> MemId {
        let field = |(n, &ty): (usize, &Ty)| Field { name: if n == 0 { String::new() } else { format!("f{n}") }, ty };
        self.m.mems.push(Mem {
            name: name.into(),
            fields: fields.iter().enumerate().map(field).collect(),
            depth,
            init: Vec::new(),
            collision,
            reads: Vec::new(),
            writes: Vec::new(),
            place: PLACE,
        })
    }
    /// A read port; the values of its fields.
    pub fn read(&mut self, mem: MemId, addr: NodeId, sync: bool, enable: Option<NodeId>) -> Vec<NodeId> {
        let port = self.m.mems[mem].reads.len() as u32;
        self.m.mems[mem].reads.push(MemRead { sync: sync.then_some(DomainId(0)), addr, enable, place: PLACE });
        let tys: Vec<Ty> = self.m.mems[mem].fields.iter().map(|f| f.ty).collect();
        let node = |(field, ty): (usize, Ty)| self.node(Op::MemRead { mem, port, field: field as u32 }, ty);
        tys.into_iter().enumerate().map(node).collect()
    }
    pub fn write(&mut self, mem: MemId, addr: NodeId, data: &[NodeId], enable: NodeId, mask: &[NodeId]) {
        self.m.mems[mem].writes.push(MemWrite {
            domain: DomainId(0),
            addr,
            data: data.into(),
            enable,
            mask: mask.into(),
            place: PLACE,
        });
    }
    pub fn inst(&mut self, name: &str, module: ModuleId, inputs: &[(PortId, NodeId)]) -> InstId {
        self.m.insts.push(Inst {
            name: name.into(),
            module,
            domains: vec![DomainId(0)],
            inputs: inputs.into(),
            place: PLACE,
        })
    }
    pub fn out_of(&mut self, inst: InstId, port: PortId, ty: Ty) -> NodeId {
        self.node(Op::Inst(inst, port), ty)
    }
    pub fn check(&mut self, name: &str, kind: CheckKind) -> CheckId {
        self.m.checks.push(Check {
            name: name.into(),
            kind,
            message: format!("{name} must hold"),
            domain: DomainId(0),
            place: PLACE,
        })
    }
    /// A claim with its check.
    pub fn claim(&mut self, name: &str, x: NodeId, ty: Ty, enable: Option<NodeId>) -> NodeId {
        let claim = self.to(UnOp::Claim, x, ty);
        self.check(name, CheckKind::Claim { claim, enable });
        claim
    }
    /// A stream among the ports: `name_valid`, `name_ready`, `name_last`, `name_data`.
    pub fn stream(&mut self, name: &str, dir: Dir) {
        let port = |suffix: &str| {
            let wanted = format!("{name}_{suffix}");
            self.m.ports.iter().find(|(_, p)| p.name == wanted).map(|(id, _)| id).expect("the stream's port")
        };
        let stream = StreamPort {
            name: name.into(),
            dir,
            valid: port("valid"),
            ready: port("ready"),
            last: port("last"),
            payload: vec![port("data")],
        };
        self.m.streams.push(stream);
    }
    pub fn done(self) -> Design {
        design([self.m])
    }
}

/// A design of these modules, the top last.
pub fn design(modules: impl IntoIterator<Item = Module>) -> Design {
    let modules: Arena<ModuleId, Module> = modules.into_iter().collect();
    let top = ModuleId::new(modules.len() - 1);
    let place = Place { file: "test.rs".into(), line: 7, column: 3, caller: None, scope: None };
    Design { modules, top, places: Places([place].into_iter().collect()) }
}
