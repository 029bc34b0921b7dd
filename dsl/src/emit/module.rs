//! Modules as a whole, and the lists of files.

use std::fmt::Write;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ids::{Arena, Id, ModuleId, NodeId, PlaceId, PortId};
use crate::ir::{Crossing, Design, Dir, Format, Module, ModuleKind, Op, Param, Place};
use crate::pass::name::{Namespace, assign};

use super::expr::Around;
use super::graph::{at, width};
use super::pins::{Needs, Pin, PinKind, needs, pins_of};
use super::plan::{Item, NONE, Plan};
use super::source_map::SourceMap;
use super::text::Text;
use super::tree::vector;
use super::{EmitOptions, Output, OutputFile, checks, literal};

/// `fir.rs:23`: the file without its folders, and the line.
pub(crate) fn short_place(design: &Design, place: PlaceId) -> Option<String> {
    let place = design.places.0.get(place)?;
    Some(format!("{}:{}", short_file(place), place.line))
}

/// The first place in the generator that makes something: who instantiates it should not change its file.
fn built_at(design: &Design, m: &Module) -> PlaceId {
    let inside = |p: &PlaceId| *p != m.place && design.places.0.get(*p).is_some_and(|p| p.caller == Some(m.place));
    let places = m.nodes.values().map(|n| n.place).chain(m.regs.values().map(|r| r.place));
    places.chain(m.insts.values().map(|i| i.place)).find(inside).unwrap_or(m.place)
}

fn short_file(place: &Place) -> &str {
    place.file.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Characters that a base adds to the text: its declaration, what defines it, its reset.
const TYPICAL: usize = 136;

struct Emitter<'a> {
    design: &'a Design,
    options: &'a EmitOptions,
    needs: Arena<ModuleId, Vec<Needs>>,
    module_names: FxHashSet<&'a str>,
    files: Vec<OutputFile>,
    /// Names of the files with contents of memories.
    contents: FxHashSet<String>,
    map: SourceMap<'a>,
    /// Names of files for `files.f`, `blackbox.f` and `checks.f`.
    sources: Vec<String>,
    stubs: Vec<String>,
    checks: Vec<String>,
}

pub(crate) fn emit_design(design: &Design, options: &EmitOptions) -> Output {
    let mut e = Emitter {
        design,
        options,
        needs: needs(design),
        module_names: design.modules.values().map(|m| m.name.as_str()).collect(),
        files: Vec::new(),
        contents: FxHashSet::default(),
        map: SourceMap::default(),
        sources: Vec::new(),
        stubs: Vec::new(),
        checks: Vec::new(),
    };
    let used = reachable(design, options.models);
    // Black boxes that differ in their parameters only are one Verilog module.
    let mut externs: FxHashMap<&str, Vec<ModuleId>> = FxHashMap::default();
    for (id, m) in design.modules.iter().filter(|(id, _)| used[at(*id)]) {
        if let ModuleKind::Extern { .. } = m.kind {
            externs.entry(&m.name).or_default().push(id);
        }
    }
    let mut written: FxHashSet<ModuleId> = FxHashSet::default();
    for (id, m) in design.modules.iter().filter(|(id, _)| used[at(*id)]) {
        match &m.kind {
            ModuleKind::Body => e.body(id, id, &[]),
            ModuleKind::Extern { .. } => {
                let boxes = externs.remove(m.name.as_str()).unwrap_or_default();
                if !boxes.is_empty() {
                    e.black_box(&boxes, &mut written);
                }
            }
        }
    }
    for (name, list) in [("files.f", &e.sources), ("blackbox.f", &e.stubs), ("checks.f", &e.checks)] {
        if name == "files.f" || !list.is_empty() {
            let text = list.iter().map(|f| format!("{f}\n")).collect();
            e.files.push(OutputFile { name: name.to_owned(), text });
        }
    }
    if options.source_map {
        e.files.push(OutputFile { name: "source_map.json".to_owned(), text: e.map.finish() });
    }
    Output { top: design.modules[design.top].name.clone(), files: e.files }
}

/// Modules that the top level needs; models only where they are written.
fn reachable(design: &Design, models: bool) -> Vec<bool> {
    let mut used = vec![false; design.modules.len()];
    let mut inside_only = vec![false; design.modules.len()];
    used[at(design.top)] = true;
    for (id, m) in design.modules.iter().rev().filter(|(id, _)| id.index() < design.modules.len()) {
        if !used[at(id)] && !inside_only[at(id)] {
            continue;
        }
        m.insts.values().for_each(|i| used[at(i.module)] = true);
        if let ModuleKind::Extern { model: Some(model), .. } = m.kind {
            inside_only[at(model)] = models;
        }
    }
    used
}

impl<'a> Emitter<'a> {
    fn push(&mut self, name: String, text: String, places: &[(u32, PlaceId)]) {
        if self.options.source_map && !places.is_empty() {
            self.map.file(&name, places, &self.design.places);
        }
        self.files.push(OutputFile { name, text });
    }

    /// Writes module `id` under the name and with the pins of `shown`, which is itself or the black box that it is the
    /// model of, with `params` that it ignores.
    fn body(&mut self, id: ModuleId, shown: ModuleId, params: &[(String, Param)]) {
        let design = self.design;
        let m = &design.modules[id];
        let name = &design.modules[shown].name;
        let pins = pins_of(design, &self.needs, shown);
        let mut plan = Plan::new(design, m);
        let mut taken = assign(&mut plan);
        let mut text = Text::new(&plan);
        text.comments = self.options.comments;
        text.out.reserve(plan.bases.len() * TYPICAL);
        if !params.is_empty() {
            text.line("/* verilator lint_off UNUSEDPARAM */");
        }
        text.header(name, &pins, params, m.place);
        text.declarations();
        text.combinational(&mut taken);
        text.instances(&self.needs);
        let mut contents = Vec::new();
        for mem in m.mems.ids().filter(|mem| plan.has_mem(*mem)) {
            text.end();
            let memory = &plan.mem_name[at(mem)];
            let mut file = format!("{name}_{memory}.mem");
            while !self.contents.insert(file.clone()) {
                file.insert(file.len() - 4, '_');
            }
            let path = format!("{}{file}", self.options.memory_prefix);
            if let Some(lines) = text.memory(mem, memory, &path, || taken.claim("i").into_owned()) {
                contents.push(OutputFile { name: file, text: lines });
            }
        }
        if plan.reg_base.iter().any(|b| *b != NONE) {
            text.end();
            text.registers();
        }
        text.outputs();
        text.unused(&pins, &mut taken);
        text.line("endmodule");
        if !params.is_empty() {
            text.line("/* verilator lint_on UNUSEDPARAM */");
        }
        let file = format!("{name}.v");
        let (verilog, places) = (std::mem::take(&mut text.out), std::mem::take(&mut text.places));
        drop(text);
        self.push(file.clone(), verilog, &places);
        self.sources.push(file);
        self.files.append(&mut contents);
        if self.options.checks && !m.checks.is_empty() {
            let mut checks_name = format!("{name}_checks");
            while self.module_names.contains(checks_name.as_str()) {
                checks_name.push('_');
            }
            let instance = taken.claim(checks_name.clone());
            if let Some(checks) = checks::checks(&mut Text::new(&plan), name, &checks_name, &instance) {
                let file = format!("{checks_name}.sv");
                self.push(file.clone(), checks.text, &checks.places);
                self.checks.push(file);
            }
        }
    }

    /// The black boxes of one name: an empty module, their model, or a choice among their models by the parameters.
    fn black_box(&mut self, boxes: &[ModuleId], written: &mut FxHashSet<ModuleId>) {
        let design = self.design;
        let mut choices: Vec<(&[(String, Param)], ModuleId)> = Vec::new();
        for id in boxes {
            if let ModuleKind::Extern { params, model: Some(model), .. } = &design.modules[*id].kind {
                choices.push((params, *model));
            }
        }
        let first = &design.modules[boxes[0]];
        let ModuleKind::Extern { params, .. } = &first.kind else { return };
        if !self.options.models || choices.len() < boxes.len() {
            return self.stub(boxes[0], params);
        }
        if choices.iter().all(|c| c.1 == choices[0].1) {
            return self.body(choices[0].1, boxes[0], params);
        }
        for (_, model) in &choices {
            if written.insert(*model) {
                self.body(*model, *model, &[]);
            }
        }
        let pins = pins_of(design, &self.needs, boxes[0]);
        let plan = Plan::new(design, first);
        let mut text = Text::new(&plan);
        text.header(&first.name, &pins, params, first.place);
        text.line("    generate");
        for (k, (params, model)) in choices.iter().enumerate() {
            text.put(if k > 0 { "        end else if (" } else { "        if (" });
            for (j, (name, value)) in params.iter().enumerate() {
                let _ = write!(text.out, "{}{name} == ", if j > 0 { " && " } else { "" });
                parameter(&mut text.out, value);
            }
            let _ = write!(text.out, ") begin : choice_{k}");
            text.end();
            let _ = write!(text.out, "            {} model (", design.modules[*model].name);
            let inner = pins_of(design, &self.needs, *model);
            let connections: Vec<String> = inner.iter().map(|p| format!(".{0}({0})", p.name)).collect();
            text.put(&connections.join(", "));
            text.line(");");
        }
        text.line("        end");
        text.line("    endgenerate");
        text.line("endmodule");
        let file = format!("{}.v", first.name);
        let (verilog, places) = (std::mem::take(&mut text.out), std::mem::take(&mut text.places));
        drop(text);
        self.push(file.clone(), verilog, &places);
        self.sources.push(file);
    }

    /// An empty module with the ports of a black box.
    fn stub(&mut self, id: ModuleId, params: &[(String, Param)]) {
        let m = &self.design.modules[id];
        let pins = pins_of(self.design, &self.needs, id);
        let plan = Plan::new(self.design, m);
        let mut text = Text::new(&plan);
        text.line("/* verilator lint_off DECLFILENAME */");
        text.line("/* verilator lint_off UNUSED */");
        text.line("/* verilator lint_off UNDRIVEN */");
        text.line("(* blackbox *)");
        text.header(&m.name, &pins, params, m.place);
        text.line("endmodule");
        for warning in ["UNDRIVEN", "UNUSED", "DECLFILENAME"] {
            let _ = write!(text.out, "/* verilator lint_on {warning} */");
            text.end();
        }
        let file = format!("blackbox/{}_stub.v", m.name);
        let (verilog, places) = (std::mem::take(&mut text.out), std::mem::take(&mut text.places));
        drop(text);
        self.push(file.clone(), verilog, &places);
        self.stubs.push(file);
    }
}

fn parameter(out: &mut String, value: &Param) {
    match value {
        Param::Int(v) => match v.to_i64().and_then(|v| i32::try_from(v).ok()) {
            Some(v) => drop(write!(out, "{v}")),
            None if v.is_negative() => literal::signed(out, v, v.bits(true)),
            None => literal::unsigned(out, v, v.bits(false), true),
        },
        Param::Str(s) => {
            out.push('"');
            for c in s.chars() {
                match c {
                    '"' | '\\' => out.extend(['\\', c]),
                    '\n' => out.push_str("\\n"),
                    c => out.push(c),
                }
            }
            out.push('"');
        }
    }
}

impl Text<'_, '_> {
    /// Ends the line with a comment that names the place.
    pub fn comment(&mut self, place: PlaceId) {
        if self.comments
            && let Some(place) = self.plan.design.places.0.get(place)
        {
            self.put(" // ");
            self.put(short_file(place));
            self.put(":");
            literal::decimal(&mut self.out, place.line);
        }
        self.end();
    }

    fn header(&mut self, name: &str, pins: &[Pin], params: &[(String, Param)], place: PlaceId) {
        if self.comments
            && let Some(place) = short_place(self.plan.design, built_at(self.plan.design, self.plan.m))
        {
            let _ = write!(self.out, "// {place}");
            self.end();
        }
        self.mark(place);
        let _ = write!(self.out, "module {name}");
        if !params.is_empty() {
            self.put(" #(");
            for (k, (name, value)) in params.iter().enumerate() {
                let _ = write!(self.out, "{}parameter {name} = ", if k > 0 { ", " } else { "" });
                parameter(&mut self.out, value);
            }
            self.put(")");
        }
        if pins.is_empty() {
            return self.line(";");
        }
        self.line(" (");
        let vectors: Vec<String> = pins.iter().map(|p| vector(p.ty.is_signed(), p.ty.width())).collect();
        let column = vectors.iter().map(String::len).max().unwrap_or(0);
        for (k, (pin, range)) in pins.iter().zip(&vectors).enumerate() {
            let output = matches!(pin.kind, PinKind::Data(_, Dir::Output));
            let direction = if output { "output" } else { "input " };
            let comma = if k + 1 < pins.len() { "," } else { "" };
            if let PinKind::Data(port, _) = pin.kind {
                self.mark(self.plan.m.ports[port].place);
            }
            let _ = write!(self.out, "    {direction} wire {range:column$}{}{comma}", pin.name);
            self.end();
        }
        self.line(");");
    }

    fn declare(&mut self, kind: &str, base: u32) {
        let b = &self.plan.bases[base as usize];
        self.put("    ");
        self.put(kind);
        self.put(" ");
        self.vector(b.signed, b.width);
        self.put(&b.name);
    }

    /// Registers, memories, outputs of children, and what is used before its place.
    fn declarations(&mut self) {
        let plan = self.plan;
        let m = plan.m;
        for (id, reg) in m.regs.iter().filter(|(id, _)| plan.reg_base[at(*id)] != NONE) {
            self.mark(reg.place);
            let kind = match reg.crossing {
                Crossing::Synchronizer => "(* ASYNC_REG = \"TRUE\" *) reg",
                Crossing::No | Crossing::Held => "reg",
            };
            self.declare(kind, plan.reg_base[at(id)]);
            self.put(";");
            match &reg.format {
                Format::Enum(names) if self.comments => {
                    let names: Vec<String> = names.iter().enumerate().map(|(k, n)| format!("{k} {n}")).collect();
                    self.put(" // ");
                    self.put(&names.join(", "));
                    self.end();
                }
                _ => self.comment(reg.place),
            }
        }
        for id in m.mems.ids().filter(|id| plan.has_mem(*id)) {
            self.declare_memory(id, &plan.mem_name[at(id)]);
        }
        for (inst, outputs) in m.insts.values().zip(&plan.inst_base) {
            for (_, base) in outputs {
                self.mark(inst.place);
                self.declare("wire", *base);
                self.line(";");
            }
        }
        let mut early: Vec<u32> = plan.early.iter().copied().filter(|b| *b != NONE && !plan.is_port(*b)).collect();
        early.sort_unstable();
        for base in early {
            self.declare("wire", base);
            self.line(";");
        }
    }

    /// `wire … name` or, for what is declared already, `assign name`.
    fn target(&mut self, base: u32) {
        if self.plan.is_port(base) || self.plan.early.contains(&base) {
            self.put("    assign ");
            self.put(&self.plan.bases[base as usize].name);
        } else {
            self.declare("wire", base);
        }
    }

    fn combinational(&mut self, taken: &mut Namespace) {
        let plan = self.plan;
        let m = plan.m;
        let mut first = true;
        for item in &plan.order {
            let base = match *item {
                Item::Node(n) => plan.node_base[at(n)],
                Item::Wire(w) => plan.wire_base[at(w)],
                Item::Read(mem, port) => plan.read_base[at(mem)][port as usize],
            };
            if base == NONE {
                continue;
            }
            if std::mem::take(&mut first) && !self.out.ends_with(");\n") {
                self.end();
            }
            match *item {
                Item::Node(n) => {
                    self.mark(m.nodes[n].place);
                    self.target(base);
                    self.put(" = ");
                    self.definition(n);
                    self.put(";");
                    match m.names.contains_key(&n) && !matches!(m.nodes[n].op, Op::Const(_)) {
                        true => self.comment(m.nodes[n].place),
                        false => self.end(),
                    }
                }
                Item::Wire(w) => {
                    self.mark(m.wires[w].place);
                    match plan.single_driver(w) {
                        Some(value) => {
                            self.target(base);
                            self.put(" = ");
                            self.whole(value, m.wires[w].ty.width());
                        }
                        None => self.decision_tree(
                            w,
                            |name| taken.claim(name.to_owned()).into_owned(),
                            |text| {
                                text.target(base);
                                text.put(" =");
                            },
                        ),
                    }
                    self.put(";");
                    self.comment(m.wires[w].place);
                }
                Item::Read(mem, port) => {
                    self.mark(m.mems[mem].reads[port as usize].place);
                    self.target(base);
                    self.put(" = ");
                    self.asynchronous_read(mem, port, &plan.mem_name[at(mem)]);
                    self.line(";");
                }
            }
        }
    }

    fn instances(&mut self, needs: &Arena<ModuleId, Vec<Needs>>) {
        let plan = self.plan;
        let m = plan.m;
        for (id, inst) in m.insts.iter() {
            let child = &plan.design.modules[inst.module];
            self.end();
            self.mark(inst.place);
            let _ = write!(self.out, "    {}", child.name);
            if let ModuleKind::Extern { params, .. } = &child.kind
                && !params.is_empty()
            {
                self.put(" #(");
                for (k, (name, value)) in params.iter().enumerate() {
                    let _ = write!(self.out, "{}.{name}(", if k > 0 { ", " } else { "" });
                    parameter(&mut self.out, value);
                    self.put(")");
                }
                self.put(")");
            }
            let _ = write!(self.out, " {} (", plan.inst_name[at(id)]);
            let pins = pins_of(plan.design, needs, inst.module);
            if pins.is_empty() {
                self.put(");");
                self.comment(inst.place);
                continue;
            }
            self.comment(inst.place);
            let inputs: FxHashMap<_, _> = inst.inputs.iter().copied().collect();
            let column = pins.iter().map(|p| p.name.len()).max().unwrap_or(0);
            for (k, pin) in pins.iter().enumerate() {
                let _ = write!(self.out, "        .{:column$} (", pin.name);
                match pin.kind {
                    PinKind::Data(port, Dir::Input) => {
                        if let Some(value) = inputs.get(&port) {
                            self.ext(*value, pin.ty.width(), Around::Top);
                        }
                    }
                    PinKind::Data(port, Dir::Output) => {
                        let base = plan.inst_base[at(id)].iter().find(|o| o.0 == port).map_or(NONE, |o| o.1);
                        self.put(plan.bases.get(base as usize).map_or("", |b| &b.name));
                    }
                    PinKind::Clock | PinKind::Reset(_) => {
                        let name = parent_clock(child, m, inst, pin).unwrap_or_default();
                        self.clocks.insert(name.to_owned());
                        self.put(name);
                    }
                }
                self.put(")");
                self.line(if k + 1 < pins.len() { "," } else { "" });
            }
            self.line("    );");
        }
    }

    fn outputs(&mut self) {
        let plan = self.plan;
        let m = plan.m;
        let outputs = m.ports.iter().filter(|(_, p)| p.dir == Dir::Output && width(p.ty) > 0);
        // Where a node has the output's name, it is assigned already.
        let shown = |id: PortId, driver: NodeId| plan.node_base[at(driver)] == plan.port_base[at(id)];
        let mut first = true;
        for (id, port) in outputs {
            if let Some(driver) = port.driver.filter(|n| !shown(id, *n)) {
                if std::mem::take(&mut first) {
                    self.end();
                }
                self.mark(port.place);
                let _ = write!(self.out, "    assign {} = ", port.name);
                self.whole(driver, port.ty.width());
                self.line(";");
            }
        }
    }

    /// What nothing reads, in a form that no tool warns about.
    fn unused(&mut self, pins: &[Pin], taken: &mut Namespace) {
        let plan = self.plan;
        let m = plan.m;
        let mut items: Vec<String> = Vec::new();
        for pin in pins {
            if !matches!(pin.kind, PinKind::Data(..)) && !self.clocks.contains(&pin.name) {
                items.push(pin.name.clone());
            }
        }
        let outputs: FxHashSet<u32> =
            m.ports.iter().filter(|(_, p)| p.dir == Dir::Output).map(|(id, _)| plan.port_base[at(id)]).collect();
        let resets = m.domains.ids().filter_map(|d| m.reset_wire(d)).map(|w| plan.wire_base[at(w)]);
        let resets: FxHashSet<u32> =
            resets.filter(|b| self.clocks.contains(plan.bases[*b as usize].name.as_ref())).collect();
        let inside = |k: usize| !outputs.contains(&(k as u32)) && !resets.contains(&(k as u32));
        for (k, base) in plan.bases.iter().enumerate().filter(|(k, _)| inside(*k)) {
            for (from, to) in self.unread(k as u32) {
                items.push(match (to - from == base.width, to - from) {
                    (true, _) => base.name.to_string(),
                    (false, 1) => format!("{}[{from}]", base.name),
                    (false, _) => format!("{}[{}:{from}]", base.name, to - 1),
                });
            }
        }
        if items.is_empty() {
            return;
        }
        self.end();
        let name = taken.claim("_unused");
        let _ = write!(self.out, "    wire {name} = &{{1'b0");
        for item in items {
            self.put(", ");
            self.soft_break();
            self.put(&item);
        }
        self.line("};");
    }
}

/// What drives a clock or reset pin of a child.
fn parent_clock<'m>(child: &Module, parent: &'m Module, inst: &crate::ir::Inst, pin: &Pin) -> Option<&'m str> {
    child.domains.values().zip(&inst.domains).find_map(|(inner, outer)| {
        let outer = &parent.domains[*outer];
        match pin.kind {
            PinKind::Clock if inner.clock == pin.name => Some(outer.clock.as_str()),
            PinKind::Reset(_) if inner.reset.as_ref().is_some_and(|r| r.name == pin.name) => {
                outer.reset.as_ref().map(|r| r.name.as_str())
            }
            _ => None,
        }
    })
}
