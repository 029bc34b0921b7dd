//! The text form of a design, as [`parse`](super::parse) reads it.
//!
//! ```text
//! design top module0
//!
//! module module0 counter @0 {
//!   domain domain0 clk reset rst sync high
//!   input port0 enable: bool as bool @1
//!   output port1 count: 0..=9 = %0 @1
//!   %0: 0..=9 = reg0 @2
//!   %1: 1..=1 = const 1 @2
//!   %2 next: 1..=10 = add %0 %1 @2
//!   %3: bool = port0 @1
//!   ...
//!   reg reg0 q: 0..=9 domain0 reset 0 @2 {
//!     #0 when %3 {
//!       #1 set %5 @2
//!     }
//!   }
//! }
//!
//! places {
//!   @0 "src/lib.rs" 3:5
//!   @1 "src/lib.rs" 9:1 in @0 scope "counter"
//! }
//! ```
//!
//! Types are `lo..=hi`, `bits<n>` and `bool`. Entries stand in the order of their ids; `@n` is a place and `#n` the order
//! of a statement. `;` and `//` begin a comment. Names that are not plain words stand in quotes. Line breaks and
//! indentation mean nothing.

use std::fmt::{self, Display, Write};

use super::{
    Adders, Block, Check, CheckKind, Collision, Crossing, Design, Dir, Domain, Format, Inst, Matvec, Mem, Module,
    ModuleKind, Op, Param, Polarity, Port, ResetKind, Stmt,
};
use crate::ids::{Arena, DomainId, ModuleId, PlaceId};
use crate::ty::Ty;

/// The design's text; [`parse`](super::parse::parse) gives the same design back.
pub fn print(design: &Design) -> String {
    let mut p = Printer { out: String::new(), places: true, modules: None };
    p.design(design);
    p.out
}

/// The design's text without places: what tests compare. It parses to the same design with an empty table of places.
pub fn print_without_places(design: &Design) -> String {
    let mut p = Printer { out: String::new(), places: false, modules: None };
    p.design(design);
    p.out
}

/// What a module is, as text: without its own name and without places, with its children by their names. Two modules
/// with equal text are interchangeable where their children are.
pub fn print_module(module: &Module, modules: &Arena<ModuleId, Module>) -> String {
    let mut p = Printer { out: String::new(), places: false, modules: Some(modules) };
    p.module(module, "module");
    p.out
}

struct Printer<'a> {
    out: String,
    places: bool,
    /// Where given, modules are named by their names.
    modules: Option<&'a Arena<ModuleId, Module>>,
}

/// Writing to a string cannot fail.
macro_rules! put {
    ($p:expr, $($arg:tt)*) => {{ let _ = write!($p.out, $($arg)*); }};
}

fn is_word(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

impl Printer<'_> {
    fn design(&mut self, design: &Design) {
        put!(self, "design top {}\n", design.top);
        for (id, module) in design.modules.iter() {
            let kind = if matches!(module.kind, ModuleKind::Body) { "module" } else { "extern" };
            put!(self, "\n{kind} {id} ");
            self.module(module, &quoted_unless_word(&module.name));
        }
        if self.places && !design.places.0.is_empty() {
            self.out.push_str("\nplaces {\n");
            for (id, place) in design.places.0.iter() {
                put!(self, "  {id} {} {}:{}", quoted(&place.file), place.line, place.column);
                if let Some(caller) = place.caller {
                    put!(self, " in {caller}");
                }
                if let Some(scope) = &place.scope {
                    put!(self, " scope {}", quoted(scope));
                }
                self.out.push('\n');
            }
            self.out.push_str("}\n");
        }
    }

    fn module(&mut self, m: &Module, name: &str) {
        self.out.push_str(name);
        if let ModuleKind::Extern { params, model, clocked, paths } = &m.kind {
            if *clocked {
                self.out.push_str(" clocked");
            }
            if let Some(model) = model {
                self.out.push_str(" model ");
                self.module_ref(*model);
            }
            if !params.is_empty() {
                self.out.push_str(" params ");
                self.list(params, |p, (name, value)| {
                    p.name(name);
                    match value {
                        Param::Int(v) => put!(p, " = {v}"),
                        Param::Str(s) => put!(p, " = {}", quoted(s)),
                    }
                });
            }
            if let Some(paths) = paths {
                self.out.push_str(" paths ");
                self.list(paths, |p, (a, b)| put!(p, "{a} -> {b}"));
            }
        }
        self.place(m.place);
        self.out.push_str(" {\n");
        for (id, d) in m.domains.iter() {
            put!(self, "  domain {id} ");
            self.domain(d);
            if let Some(wire) = m.reset_wire(id) {
                put!(self, " from {wire}");
            }
            self.out.push('\n');
        }
        for (id, port) in m.ports.iter() {
            put!(self, "  {} {id} ", direction(port.dir));
            self.port(port);
        }
        for s in &m.streams {
            self.out.push_str("  stream ");
            self.name(&s.name);
            put!(self, " {} valid {} ready {} last {} payload ", direction(s.dir), s.valid, s.ready, s.last);
            self.list(&s.payload, |p, x| put!(p, "{x}"));
            self.out.push('\n');
        }
        let mut names = m.names.iter().peekable();
        for (id, node) in m.nodes.iter() {
            put!(self, "  {id}");
            if let Some((_, name)) = names.next_if(|(n, _)| **n == id) {
                self.out.push(' ');
                self.name(name);
            }
            self.out.push_str(": ");
            self.ty(node.ty);
            self.out.push_str(" = ");
            self.op(&node.op);
            self.place(node.place);
            self.out.push('\n');
        }
        for (id, name) in names {
            put!(self, "  name {id} ");
            self.name(name);
            self.out.push('\n');
        }
        for (id, wire) in m.wires.iter() {
            put!(self, "  wire {id} ");
            self.declared(&wire.name, wire.ty, &wire.format);
            self.place(wire.place);
            self.out.push(' ');
            self.block(&wire.driver, 1);
            self.out.push('\n');
        }
        for (id, reg) in m.regs.iter() {
            put!(self, "  reg {id} ");
            self.declared(&reg.name, reg.ty, &reg.format);
            put!(self, " {}", reg.domain);
            self.out.push_str(match reg.crossing {
                Crossing::No => "",
                Crossing::Synchronizer => " synchronizer",
                Crossing::Held => " held",
            });
            if let Some(v) = &reg.reset {
                put!(self, " reset {v}");
            }
            if let Some(v) = &reg.init {
                put!(self, " init {v}");
            }
            self.place(reg.place);
            self.out.push(' ');
            self.block(&reg.next, 1);
            self.out.push('\n');
        }
        for (id, mem) in m.mems.iter() {
            put!(self, "  mem {id} ");
            self.mem(mem);
        }
        for (id, matvec) in m.matvecs.iter() {
            put!(self, "  matvec {id} ");
            self.matvec(matvec);
        }
        for (id, inst) in m.insts.iter() {
            put!(self, "  inst {id} ");
            self.inst(inst);
        }
        for (id, check) in m.checks.iter() {
            put!(self, "  check {id} ");
            self.check(check);
        }
        self.out.push_str("}\n");
    }

    fn domain(&mut self, d: &Domain) {
        self.name(&d.clock);
        if let Some(reset) = &d.reset {
            self.out.push_str(" reset ");
            self.name(&reset.name);
            self.out.push_str(match reset.kind {
                ResetKind::Sync => " sync",
                ResetKind::Async => " async",
            });
            self.out.push_str(match reset.polarity {
                Polarity::High => " high",
                Polarity::Low => " low",
            });
        }
    }

    fn port(&mut self, port: &Port) {
        self.declared(&port.name, port.ty, &port.format);
        if port.domain != DomainId(0) {
            put!(self, " clock {}", port.domain);
        }
        if let Some(driver) = port.driver {
            put!(self, " = {driver}");
        }
        self.place(port.place);
        self.out.push('\n');
    }

    fn declared(&mut self, name: &str, ty: Ty, format: &Format) {
        self.name(name);
        self.out.push_str(": ");
        self.ty(ty);
        match format {
            Format::Plain => {}
            Format::Bool => self.out.push_str(" as bool"),
            Format::Fixed(n) => put!(self, " as fixed {n}"),
            Format::Enum(names) => {
                self.out.push_str(" as enum ");
                self.list(names, |p, n| p.name(n));
            }
        }
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Const(v) => put!(self, "const {v}"),
            Op::Input(x) => put!(self, "{x}"),
            Op::Reg(x) => put!(self, "{x}"),
            Op::Wire(x) => put!(self, "{x}"),
            Op::MemRead { mem, port, field } => put!(self, "{mem}.read{port}.field{field}"),
            Op::Matvec { matvec, output } => put!(self, "{matvec}.sum{output}"),
            Op::Inst(inst, port) => put!(self, "{inst}.{port}"),
            Op::Un(op, x) => put!(self, "{} {x}", op.mnemonic()),
            Op::Bin(op, a, b) => put!(self, "{} {a} {b}", op.mnemonic()),
            Op::Mux(c, a, b) => put!(self, "mux {c} {a} {b}"),
            Op::Select(i, xs) => {
                put!(self, "select {i} ");
                self.list(xs, |p, x| put!(p, "{x}"));
            }
            Op::Slice(x, lo) => put!(self, "slice {x} {lo}"),
            Op::Concat(xs) => {
                self.out.push_str("concat ");
                self.list(xs, |p, x| put!(p, "{x}"));
            }
        }
    }

    fn block(&mut self, block: &Block, depth: usize) {
        self.out.push_str("{\n");
        for stmt in block {
            self.indent(depth + 1);
            match stmt {
                Stmt::Set { seq, value, place } => {
                    put!(self, "#{seq} set {value}");
                    self.place(*place);
                }
                Stmt::When { seq, arms, otherwise } => {
                    put!(self, "#{seq} when ");
                    for (n, (condition, body)) in arms.iter().enumerate() {
                        put!(self, "{}{condition} ", if n == 0 { "" } else { " elsewhen " });
                        self.block(body, depth + 1);
                    }
                    if arms.is_empty() || !otherwise.is_empty() {
                        self.out.push_str(if arms.is_empty() { "otherwise " } else { " otherwise " });
                        self.block(otherwise, depth + 1);
                    }
                }
                Stmt::Switch { seq, subject, arms, default } => {
                    put!(self, "#{seq} switch {subject} {{\n");
                    for (values, body) in arms {
                        self.indent(depth + 2);
                        self.list(values, |p, v| put!(p, "{v}"));
                        self.out.push_str(" => ");
                        self.block(body, depth + 2);
                        self.out.push('\n');
                    }
                    if !default.is_empty() {
                        self.indent(depth + 2);
                        self.out.push_str("default => ");
                        self.block(default, depth + 2);
                        self.out.push('\n');
                    }
                    self.indent(depth + 1);
                    self.out.push('}');
                }
            }
            self.out.push('\n');
        }
        self.indent(depth);
        self.out.push('}');
    }

    fn mem(&mut self, mem: &Mem) {
        self.name(&mem.name);
        self.out.push_str(": ");
        self.list(&mem.fields, |p, field| {
            p.name(&field.name);
            p.out.push_str(": ");
            p.ty(field.ty);
        });
        put!(
            self,
            " depth {} collision {}",
            mem.depth,
            match mem.collision {
                Collision::Old => "old",
                Collision::New => "new",
                Collision::Undefined => "undefined",
            }
        );
        self.place(mem.place);
        self.out.push_str(" {\n");
        for word in &mem.init {
            self.out.push_str("    word ");
            self.list(word, |p, v| put!(p, "{v}"));
            self.out.push('\n');
        }
        for read in &mem.reads {
            match read.sync {
                Some(domain) => put!(self, "    read {domain} addr {}", read.addr),
                None => put!(self, "    read async addr {}", read.addr),
            }
            if let Some(enable) = read.enable {
                put!(self, " enable {enable}");
            }
            self.place(read.place);
            self.out.push('\n');
        }
        for write in &mem.writes {
            put!(self, "    write {} addr {} data ", write.domain, write.addr);
            self.list(&write.data, |p, x| put!(p, "{x}"));
            put!(self, " enable {}", write.enable);
            if !write.mask.is_empty() {
                self.out.push_str(" mask ");
                self.list(&write.mask, |p, x| put!(p, "{x}"));
            }
            self.place(write.place);
            self.out.push('\n');
        }
        self.out.push_str("  }\n");
    }

    fn matvec(&mut self, m: &Matvec) {
        self.list(&m.inputs, |p, x| put!(p, "{x}"));
        if m.adders != Adders::Two {
            put!(self, " by {}", m.adders.mnemonic());
        }
        if let Some(pipeline) = &m.pipeline {
            put!(self, " stages {} ", pipeline.domain);
            self.name(&pipeline.name);
            self.out.push(' ');
            self.list(&pipeline.inputs, |p, (first, later)| {
                put!(p, "{first} ");
                p.list(later, |p, x| put!(p, "{x}"));
            });
        }
        self.place(m.place);
        self.out.push_str(" {\n");
        for (k, step) in m.steps.iter().enumerate() {
            put!(self, "    x{} = ", m.inputs.len() + k);
            self.shifted(step.a);
            self.out.push_str(if step.subtract { " sub " } else { " add " });
            self.shifted(step.b);
            self.stage(m.pipeline.as_ref().and_then(|p| p.steps.get(k)));
            self.out.push('\n');
        }
        for (k, output) in m.outputs.iter().enumerate() {
            self.out.push_str("    sum ");
            self.list(&output.weights, |p, (i, weight)| put!(p, "{weight} x{i}"));
            put!(self, " {}", output.constant);
            if output.negative || output.value.is_some() {
                self.out.push_str(" from ");
            }
            if output.negative {
                self.out.push_str("neg ");
            }
            match output.value {
                Some(value) => self.shifted(value),
                None if output.negative => self.out.push('0'),
                None => {}
            }
            self.stage(m.pipeline.as_ref().and_then(|p| p.outputs.get(k)));
            self.out.push('\n');
        }
        self.out.push_str("  }\n");
    }

    fn stage(&mut self, stage: Option<&u32>) {
        if let Some(stage) = stage {
            put!(self, " at {stage}");
        }
    }

    fn shifted(&mut self, (value, shift): (usize, u32)) {
        put!(self, "x{value}");
        if shift > 0 {
            put!(self, " shl {shift}");
        }
    }

    fn inst(&mut self, inst: &Inst) {
        self.name(&inst.name);
        self.out.push_str(": ");
        self.module_ref(inst.module);
        self.out.push(' ');
        self.list(&inst.domains, |p, d| put!(p, "{d}"));
        self.out.push(' ');
        self.list(&inst.inputs, |p, (port, value)| put!(p, "{port} = {value}"));
        self.place(inst.place);
        self.out.push('\n');
    }

    fn check(&mut self, check: &Check) {
        self.name(&check.name);
        self.out.push_str(": ");
        match &check.kind {
            CheckKind::Assert(x) => put!(self, "assert {x}"),
            CheckKind::Assume(x) => put!(self, "assume {x}"),
            CheckKind::Cover(x) => put!(self, "cover {x}"),
            CheckKind::Claim { claim, enable } => {
                put!(self, "claim {claim}");
                if let Some(enable) = enable {
                    put!(self, " enable {enable}");
                }
            }
            CheckKind::InputRange(port) => put!(self, "input_range {port}"),
            CheckKind::NoCollision(mem) => put!(self, "no_collision {mem}"),
            CheckKind::Stable { valid, ready, payload } => {
                put!(self, "stable valid {valid} ready {ready} payload ");
                self.list(payload, |p, x| put!(p, "{x}"));
            }
        }
        put!(self, " {} {}", check.domain, quoted(&check.message));
        self.place(check.place);
        self.out.push('\n');
    }

    fn ty(&mut self, ty: Ty) {
        match ty {
            Ty::Int(t) => match t.small() {
                Some((lo, hi)) => put!(self, "{lo}..={hi}"),
                None => put!(self, "{}..={}", t.lo(), t.hi()),
            },
            Ty::Bits(1) => self.out.push_str("bool"),
            Ty::Bits(w) => put!(self, "bits<{w}>"),
        }
    }

    fn module_ref(&mut self, id: ModuleId) {
        match self.modules.and_then(|modules| modules.get(id)) {
            Some(module) => self.name(&module.name),
            None => put!(self, "{id}"),
        }
    }

    fn place(&mut self, place: PlaceId) {
        if self.places {
            put!(self, " {place}");
        }
    }

    fn name(&mut self, name: &str) {
        if is_word(name) {
            self.out.push_str(name);
        } else {
            put!(self, "{}", quoted(name));
        }
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.out.push('[');
        for (n, x) in items.iter().enumerate() {
            if n > 0 {
                self.out.push_str(", ");
            }
            item(self, x);
        }
        self.out.push(']');
    }

    fn indent(&mut self, depth: usize) {
        (0..depth).for_each(|_| self.out.push_str("  "));
    }
}

fn direction(dir: Dir) -> &'static str {
    match dir {
        Dir::Input => "input",
        Dir::Output => "output",
    }
}

fn quoted_unless_word(name: &str) -> String {
    if is_word(name) { name.to_string() } else { quoted(name).to_string() }
}

/// In double quotes; backslash, quote and control characters are escaped as in Rust.
fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text)
}

struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}
