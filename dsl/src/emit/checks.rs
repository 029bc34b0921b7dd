//! Checks, as a SystemVerilog module that is bound to the module it watches.
//!
//! Verilator (`--assert`) and vendor simulators run them; the tools that read only Verilog-2005 never see the file.
//! Every property is sampled at the clock edge and off under reset. Ranges that a port or claim promises become
//! `assume` and `assert`. The contract of a memory with [`Collision::Undefined`](crate::ir::Collision::Undefined) is
//! checked for ports of one clock; across clocks there is no common edge to check at.

use std::borrow::Cow;
use std::fmt::Write;

use rustc_hash::FxHashMap;

use crate::ids::{CheckId, MemId, NodeId, PlaceId};
use crate::ir::{Check, CheckKind, Op, Polarity, ResetKind};
use crate::pass::name::Namespace;
use crate::ty::{IntTy, Ty};
use crate::value::Value;

use super::expr::Around;
use super::graph::{at, width as bits};
use super::literal;
use super::module::short_place;
use super::plan::{Form, common};
use super::text::Text;
use super::tree::vector;

/// The checks file of one module.
pub(crate) struct ChecksFile {
    pub text: String,
    pub places: Vec<(u32, PlaceId)>,
}

struct Writer<'t, 'p, 'a> {
    /// Prints the connections, in the names of the watched module.
    outside: &'t mut Text<'p, 'a>,
    names: Namespace<'p>,
    ports: Vec<Port<'p>>,
    of_node: FxHashMap<NodeId, usize>,
    clocks: FxHashMap<&'p str, Cow<'p, str>>,
}

struct Port<'p> {
    name: Cow<'p, str>,
    signed: bool,
    width: u32,
    connection: String,
}

/// Writes the checks of the planned module, written as `watched`, as a module `name`, bound as `instance`. `None` where
/// there are none.
pub(crate) fn checks<'p>(
    outside: &mut Text<'p, '_>,
    watched: &str,
    name: &'p str,
    instance: &str,
) -> Option<ChecksFile> {
    let plan = outside.plan;
    let m = plan.m;
    let mut w = Writer {
        outside,
        names: Namespace::default(),
        ports: Vec::new(),
        of_node: FxHashMap::default(),
        clocks: FxHashMap::default(),
    };
    w.names.claim(name);
    let mut properties: Vec<(CheckId, String)> = Vec::new();
    for (id, check) in m.checks.iter().filter(|(id, _)| plan.check_live[at(*id)]) {
        if let Some(text) = w.property(check) {
            properties.push((id, text));
        }
    }
    if properties.is_empty() {
        return None;
    }
    let mut text = Text::new(plan);
    text.out.reserve(properties.iter().map(|p| p.1.len() + 256).sum());
    let _ = write!(text.out, "// Checks of `{watched}`.");
    text.end();
    // `disable iff` of an asynchronous reset is not the mixed use that Verilator takes it for.
    let quiet = m.domains.values().any(|d| d.reset.as_ref().is_some_and(|r| r.kind == ResetKind::Async));
    if quiet {
        text.line("/* verilator lint_off SYNCASYNCNET */");
    }
    let _ = write!(text.out, "module {name} (");
    text.end();
    let count = w.ports.len();
    for (k, port) in w.ports.iter().enumerate() {
        let comma = if k + 1 < count { "," } else { "" };
        let _ = write!(text.out, "    input wire {}{}{comma}", vector(port.signed, port.width), port.name);
        text.end();
    }
    text.line(");");
    for (id, property) in &properties {
        let check = &m.checks[*id];
        text.end();
        text.mark(check.place);
        let label = w.names.claim(check.name.as_str());
        let _ = write!(text.out, "    {label}: {property}");
        if !matches!(check.kind, CheckKind::Cover(_)) {
            text.end();
            let _ = write!(text.out, "        else $error(\"{}\")", message(check, plan.design));
        }
        text.line(";");
    }
    text.line("endmodule");
    text.end();
    let _ = write!(text.out, "bind {watched} {name} {instance} (");
    text.end();
    for (k, port) in w.ports.iter().enumerate() {
        let comma = if k + 1 < count { "," } else { "" };
        let _ = write!(text.out, "    .{}({}){comma}", port.name, port.connection);
        text.end();
    }
    text.line(");");
    if quiet {
        text.line("/* verilator lint_on SYNCASYNCNET */");
    }
    Some(ChecksFile { text: text.out, places: text.places })
}

/// The text of `$error`: a Verilog string in which nothing is a format.
fn message(check: &Check, design: &crate::ir::Design) -> String {
    let mut out = String::new();
    let place = short_place(design, check.place).map_or(String::new(), |p| format!(" ({p})"));
    for c in format!("{}{place}", check.message).chars() {
        match c {
            '"' => out.push('\''),
            '\\' => out.push('/'),
            '%' => out.push_str("%%"),
            c if c.is_control() => out.push(' '),
            c if c.is_ascii() => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}

impl<'p> Writer<'_, 'p, '_> {
    fn clock(&mut self, name: &'p str) -> Cow<'p, str> {
        if let Some(port) = self.clocks.get(name) {
            return port.clone();
        }
        let port = self.names.claim(name);
        self.clocks.insert(name, port.clone());
        self.ports.push(Port { name: port.clone(), signed: false, width: 1, connection: name.to_owned() });
        port
    }

    /// The node in the names of the checks module, at `width` bits, as a signed number where `signed`.
    fn operand(&mut self, n: NodeId, width: u32, signed: bool) -> String {
        let plan = self.outside.plan;
        let ty = plan.m.nodes[n].ty;
        let mut text = String::new();
        if let Some(v) = plan.constant(n) {
            match signed {
                true => literal::signed(&mut text, &v, width),
                false => literal::unsigned(&mut text, &v, width, matches!(ty, Ty::Bits(_))),
            }
            return text;
        }
        let own = ty.width();
        let port = self.port(n);
        let port = &self.ports[port];
        let name = &port.name;
        if own == width && port.signed == signed {
            return name.to_string();
        }
        let extend = width.saturating_sub(own);
        let wide = match (extend, ty.is_signed(), own) {
            (0, ..) => name.to_string(),
            (k, false, _) => format!("{{{k}'d0, {name}}}"),
            (k, true, 1) => format!("{{{{{k}{{{name}}}}}, {name}}}"),
            (k, true, w) => format!("{{{{{k}{{{name}[{}]}}}}, {name}}}", w - 1),
        };
        format!("{}({wide})", if signed { "$signed" } else { "$unsigned" })
    }

    fn bit(&mut self, n: NodeId) -> String {
        self.operand(n, 1, false)
    }

    fn port(&mut self, n: NodeId) -> usize {
        if let Some(k) = self.of_node.get(&n) {
            return *k;
        }
        let plan = self.outside.plan;
        let ty = plan.m.nodes[n].ty;
        let name = match plan.form[at(n)] {
            Form::Ref { base, lo: 0 } => (&*plan.bases[base as usize].name).into(),
            Form::Ref { base, lo } => format!("{}_{lo}", plan.bases[base as usize].name).into(),
            _ => Cow::Borrowed("value"),
        };
        let start = self.outside.out.len();
        self.outside.ext(n, ty.width(), Around::Top);
        let connection = self.outside.out.split_off(start);
        let name = self.names.claim(name);
        self.ports.push(Port { name, signed: ty.is_signed(), width: ty.width(), connection });
        self.of_node.insert(n, self.ports.len() - 1);
        self.ports.len() - 1
    }

    fn property(&mut self, check: &Check) -> Option<String> {
        let plan = self.outside.plan;
        let m = plan.m;
        let domain = &m.domains[check.domain];
        let clock = self.clock(&domain.clock);
        let off = domain.reset.as_ref().map(|r| {
            let level = if r.polarity == Polarity::High { "" } else { "!" };
            format!(" disable iff ({level}{})", self.clock(&r.name))
        });
        let (verb, body) = match &check.kind {
            CheckKind::Assert(n) => ("assert", self.bit(*n)),
            CheckKind::Assume(n) => ("assume", self.bit(*n)),
            CheckKind::Cover(n) => ("cover", self.bit(*n)),
            CheckKind::Claim { claim, enable } => {
                let Op::Un(_, operand) = m.nodes[*claim].op else { return None };
                let range = self.in_range(operand, m.nodes[*claim].ty.range())?;
                match enable {
                    Some(e) => ("assert", format!("!{} || {range}", self.bit(*e))),
                    None => ("assert", range),
                }
            }
            CheckKind::InputRange(p) => {
                let port = &m.ports[*p];
                let base = plan.port_base[at(*p)];
                let name = self.names.claim(port.name.as_str());
                let (signed, width) = (port.ty.is_signed(), port.ty.width());
                let connection = plan.bases.get(base as usize)?.name.to_string();
                let range = bounds(&name, port.ty, port.ty.range())?;
                self.ports.push(Port { name, signed, width, connection });
                ("assume", range)
            }
            CheckKind::NoCollision(mem) => ("assert", self.no_collision(*mem, check)?),
            CheckKind::Stable { valid, ready, payload } => {
                let (valid, ready) = (self.bit(*valid), self.bit(*ready));
                let mut body = format!("{valid} && !{ready} |=> {valid}");
                for n in payload.iter().filter(|n| plan.constant(**n).is_none()) {
                    let port = self.port(*n);
                    let _ = write!(body, " && $stable({})", self.ports[port].name);
                }
                ("assert", body)
            }
        };
        Some(format!("{verb} property (@(posedge {clock}){} {body})", off.unwrap_or_default()))
    }

    /// `x >= lo && x <= hi`, as far as the width does not say it; `None` where it says all.
    fn in_range(&mut self, x: NodeId, range: IntTy) -> Option<String> {
        let plan = self.outside.plan;
        if let Some(v) = plan.constant(x) {
            return (!range.contains(&v)).then(|| "1'b0".to_owned());
        }
        let ty = plan.m.nodes[x].ty;
        let name = {
            let all = IntTy::full(ty.width(), ty.is_signed());
            if all.fits(range) {
                return None;
            }
            let port = self.port(x);
            self.ports[port].name.clone()
        };
        bounds(&name, ty, range)
    }

    fn no_collision(&mut self, mem: MemId, check: &Check) -> Option<String> {
        let m = self.outside.plan.m;
        let mem = &m.mems[mem];
        let mut body = String::new();
        for read in mem.reads.iter().filter(|r| r.sync == Some(check.domain)) {
            for write in mem.writes.iter().filter(|w| w.domain == check.domain) {
                let (width, _) = common(m.nodes[read.addr].ty, m.nodes[write.addr].ty);
                let mut terms = Vec::new();
                terms.extend(read.enable.map(|n| self.bit(n)));
                terms.push(self.bit(write.enable));
                if !write.mask.is_empty() {
                    let written = write.mask.iter().zip(&mem.fields).filter(|(_, f)| bits(f.ty) > 0);
                    let masks: Vec<String> = written.map(|(n, _)| self.bit(*n)).collect();
                    terms.push(format!("({})", masks.join(" || ")));
                }
                let (a, b) = (self.operand(read.addr, width, false), self.operand(write.addr, width, false));
                terms.push(format!("{a} == {b}"));
                let _ = write!(body, "{}!({})", if body.is_empty() { "" } else { " && " }, terms.join(" && "));
            }
        }
        (!body.is_empty()).then_some(body)
    }
}

/// `name` of type `ty` lies in `range`, by as many comparisons as that takes.
fn bounds(name: &str, ty: Ty, range: IntTy) -> Option<String> {
    let (width, signed) = (ty.width(), ty.is_signed());
    let all = IntTy::full(width, signed);
    if range.intersect(all).is_none() {
        return Some("1'b0".to_owned());
    }
    let mut text = String::new();
    let literal = |text: &mut String, v: Value| match signed {
        true => literal::signed(text, &v, width),
        false => literal::unsigned(text, &v, width, false),
    };
    if range.lo() > all.lo() {
        let _ = write!(text, "{name} >= ");
        literal(&mut text, range.lo());
    }
    if range.hi() < all.hi() {
        let _ = write!(text, "{}{name} <= ", if text.is_empty() { "" } else { " && " });
        literal(&mut text, range.hi());
    }
    (!text.is_empty()).then_some(if text.contains("&&") { format!("({text})") } else { text })
}
