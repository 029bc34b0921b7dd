//! Memories: the array, its contents, asynchronous reads as assignments, and one `always` for each memory and clock.
//!
//! A later write wins over an earlier one at the same address; all assignments are nonblocking, so that a read at the same
//! edge returns the old word. Where the contract is the new word, the read port takes the written data
//! itself, field by field. Addresses are cut to the width of the depth: they are in range wherever they matter.

use std::fmt::Write;

use crate::ids::{DomainId, MemId, NodeId};
use crate::ir::{BinOp, Collision, Mem, MemWrite};
use crate::value::Value;

use super::expr::Around;
use super::graph::{address_width, at, field_offsets, width};
use super::literal;
use super::text::Text;
use super::tree::vector;

/// Most words whose contents stand in the Verilog itself.
const INLINE_WORDS: u64 = 64;
/// Most words that one loop fills.
const MAX_ROUNDS: u64 = 4096;

/// The bits of a word of `mem` with these values.
fn pack<'v>(mem: &Mem, values: impl Iterator<Item = &'v Value>) -> Value {
    let (offsets, _) = field_offsets(&mem.fields);
    let mut word = Value::ZERO;
    for ((field, offset), value) in mem.fields.iter().zip(offsets).zip(values) {
        word = &word | &value.wrap(width(field.ty), false).shl(offset);
    }
    word
}

/// The word that nothing was said about.
fn power_up(mem: &Mem) -> Value {
    let values: Vec<Value> = mem.fields.iter().map(|f| f.ty.power_up()).collect();
    pack(mem, values.iter())
}

impl Text<'_, '_> {
    fn q(&self, mem: MemId, port: usize) -> u32 {
        self.plan.read_base[at(mem)][port]
    }

    /// Declares the array and the registers of its synchronous read ports.
    pub fn declare_memory(&mut self, id: MemId, name: &str) {
        let plan = self.plan;
        let mem = &plan.m.mems[id];
        let (_, word) = field_offsets(&mem.fields);
        let signed = plan.bases[self.q(id, 0) as usize].signed;
        self.mark(mem.place);
        // Yosys makes registers of a memory without variable addresses, and warns of it. (A write at a variable address
        // may vanish where Yosys finds that its condition never holds.)
        let fixed = mem.writes.iter().any(|w| plan.constant(w.addr).is_some());
        // Else Yosys adds logic for a read of a word that is being written.
        let open = mem.collision == Collision::Undefined && mem.reads.iter().any(|read| read.sync.is_some());
        let attribute = match (fixed, open) {
            (true, true) => "(* nomem2reg, no_rw_check *) ",
            (true, false) => "(* nomem2reg *) ",
            (false, true) => "(* no_rw_check *) ",
            (false, false) => "",
        };
        let _ =
            write!(self.out, "    {attribute}reg {}{name} [0:{}];", vector(signed, word), mem.depth.saturating_sub(1));
        self.comment(mem.place);
        for (k, read) in mem.reads.iter().enumerate() {
            if read.sync.is_some() {
                self.mark(read.place);
                let base = &plan.bases[self.q(id, k) as usize];
                let _ = write!(self.out, "    reg {}{};", vector(signed, word), base.name);
                self.end();
            }
        }
    }

    /// Writes the array's word that `addr` names.
    fn word(&mut self, mem: MemId, name: &str, addr: NodeId) {
        let depth = self.plan.m.mems[mem].depth;
        self.put(name);
        self.put("[");
        self.ext(addr, address_width(depth), Around::Top);
        self.put("]");
    }

    /// The right-hand side of an asynchronous read.
    pub fn asynchronous_read(&mut self, mem: MemId, port: u32, name: &str) {
        let addr = self.plan.m.mems[mem].reads[port as usize].addr;
        self.word(mem, name, addr);
    }

    /// Power-up contents and the `always` blocks. Returns the text of the contents file, where there is one; `file` is
    /// its name as the simulator finds it. `counter` makes the name of a loop variable.
    pub fn memory(&mut self, id: MemId, name: &str, file: &str, counter: impl FnOnce() -> String) -> Option<String> {
        let contents = self.contents(id, name, file, counter);
        let mem = &self.plan.m.mems[id];
        let mut domains: Vec<DomainId> = Vec::new();
        for d in mem.writes.iter().map(|w| w.domain).chain(mem.reads.iter().filter_map(|r| r.sync)) {
            if !domains.contains(&d) {
                domains.push(d);
            }
        }
        for d in domains {
            let clock = &self.plan.m.domains[d].clock;
            self.clocks.insert(clock.clone());
            let writes: Vec<&MemWrite> = mem.writes.iter().filter(|w| w.domain == d).collect();
            let mut reads: Vec<usize> = (0..mem.reads.len()).filter(|k| mem.reads[*k].sync == Some(d)).collect();
            let block = |text: &mut Self, writes: &[(&MemWrite, &[&MemWrite])], reads: &[usize]| {
                text.end();
                let _ = write!(text.out, "    always @(posedge {clock}) begin");
                text.end();
                for (write, later) in writes {
                    text.write_port(id, name, write, later);
                }
                for k in reads {
                    text.read_port(id, name, *k, d);
                }
                text.line("    end");
            };
            // Tools make a memory with two ports of two blocks, each with its write and the read at its address; of two
            // writes in one block they make registers.
            if writes.len() < 2 || writes.iter().any(|w| !w.mask.is_empty()) {
                let writes: Vec<(&MemWrite, &[&MemWrite])> = writes.iter().map(|w| (*w, &[][..])).collect();
                block(self, &writes, &reads);
                continue;
            }
            for (k, write) in writes.iter().enumerate() {
                let (own, rest) = reads.iter().partition(|r| mem.reads[**r].addr == write.addr);
                reads = rest;
                block(self, &[(write, &writes[k + 1..])], &own);
            }
            for read in reads {
                block(self, &[], &[read]);
            }
        }
        contents
    }

    fn contents(&mut self, id: MemId, name: &str, file: &str, counter: impl FnOnce() -> String) -> Option<String> {
        let mem = &self.plan.m.mems[id];
        let (_, bits) = field_offsets(&mem.fields);
        let unset = power_up(mem);
        let sync: Vec<usize> = (0..mem.reads.len()).filter(|k| mem.reads[*k].sync.is_some()).collect();
        let mut text = None;
        let variable = mem.init.is_empty().then(counter);
        if let Some(i) = &variable {
            let _ = write!(self.out, "    integer {i};");
            self.end();
        }
        self.line("    initial begin");
        if let Some(i) = &variable {
            // Some tools stop at 5000 rounds of a loop.
            for from in (0..mem.depth).step_by(MAX_ROUNDS as usize) {
                let to = mem.depth.min(from + MAX_ROUNDS);
                let _ = write!(self.out, "        for ({i} = {from}; {i} < {to}; {i} = {i} + 1) {name}[{i}] = ");
                literal::unsigned(&mut self.out, &unset, bits, true);
                self.line(";");
            }
        } else if mem.depth <= INLINE_WORDS {
            let index = address_width(mem.depth);
            for (k, word) in mem.init.iter().enumerate() {
                let _ = write!(self.out, "        {name}[");
                literal::unsigned(&mut self.out, &Value::from(k), index, false);
                self.put("] = ");
                literal::unsigned(&mut self.out, &pack(mem, word.iter()), bits, true);
                self.line(";");
            }
        } else {
            let mut lines = String::new();
            for word in &mem.init {
                literal::hex_digits(&mut lines, &pack(mem, word.iter()), bits);
                lines.push('\n');
            }
            text = Some(lines);
            let _ = write!(self.out, "        $readmemh(\"{file}\", {name});");
            self.end();
        }
        for k in sync {
            let _ = write!(self.out, "        {} = ", self.plan.bases[self.q(id, k) as usize].name);
            literal::unsigned(&mut self.out, &unset, bits, true);
            self.line(";");
        }
        self.line("    end");
        text
    }

    /// Opens `if (n) begin`, unless `n` is always 1. True where it was opened.
    fn guard(&mut self, n: NodeId, indent: usize) -> bool {
        if self.plan.constant(n) == Some(Value::ONE) {
            return false;
        }
        self.spaces(indent);
        self.put("if (");
        self.ext(n, 1, Around::Top);
        self.line(") begin");
        true
    }

    fn close_guard(&mut self, opened: bool, indent: usize) {
        if opened {
            self.spaces(indent);
            self.line("end");
        }
    }

    /// The data of a write, or one field of it.
    fn data(&mut self, mem: MemId, write: &MemWrite, field: Option<usize>) {
        let fields = &self.plan.m.mems[mem].fields;
        let parts: Vec<usize> =
            (0..fields.len()).rev().filter(|k| width(fields[*k].ty) > 0 && field.is_none_or(|f| f == *k)).collect();
        if parts.len() > 1 {
            self.put("{");
        }
        for (j, &k) in parts.iter().enumerate() {
            if j > 0 {
                self.put(", ");
                self.soft_break();
            }
            self.ext(write.data[k], width(fields[k].ty), Around::Choice);
        }
        if parts.len() > 1 {
            self.put("}");
        }
    }

    /// Writes a port; it gives way to those of `later` that write to the same address.
    fn write_port(&mut self, id: MemId, name: &str, write: &MemWrite, later: &[&MemWrite]) {
        let mem = &self.plan.m.mems[id];
        self.mark(write.place);
        let opened = if later.is_empty() {
            self.guard(write.enable, 8)
        } else {
            self.put("        if (");
            self.ext(write.enable, 1, Around::Binary);
            for other in later {
                self.put(" && !(");
                self.ext(other.enable, 1, Around::Binary);
                self.put(" && ");
                self.compare(BinOp::Eq, other.addr, write.addr, Around::Binary);
                self.put(")");
            }
            self.line(") begin");
            true
        };
        let indent = if opened { 12 } else { 8 };
        if write.mask.is_empty() {
            self.spaces(indent);
            self.word(id, name, write.addr);
            self.put(" <= ");
            self.data(id, write, None);
            self.line(";");
        } else {
            let (offsets, word) = field_offsets(&mem.fields);
            for (k, field) in mem.fields.iter().enumerate().filter(|(_, f)| width(f.ty) > 0) {
                let masked = self.guard(write.mask[k], indent);
                self.spaces(if masked { indent + 4 } else { indent });
                self.word(id, name, write.addr);
                if width(field.ty) < word {
                    self.range(offsets[k], width(field.ty));
                }
                self.put(" <= ");
                self.data(id, write, Some(k));
                self.line(";");
                self.close_guard(masked, indent);
            }
        }
        self.close_guard(opened, 8);
    }

    fn read_port(&mut self, id: MemId, name: &str, port: usize, domain: DomainId) {
        let plan = self.plan;
        let mem = &plan.m.mems[id];
        let read = &mem.reads[port];
        let q = &plan.bases[self.q(id, port) as usize].name;
        self.mark(read.place);
        let opened = read.enable.is_some_and(|n| self.guard(n, 8));
        let indent = if opened { 12 } else { 8 };
        let passed: Vec<&MemWrite> = match mem.collision {
            Collision::New => mem.writes.iter().rev().filter(|w| w.domain == domain).collect(),
            Collision::Old | Collision::Undefined => Vec::new(),
        };
        let (offsets, word) = field_offsets(&mem.fields);
        let by_field = passed.iter().any(|w| !w.mask.is_empty());
        let parts: Vec<Option<usize>> = match by_field {
            true => (0..mem.fields.len()).filter(|k| width(mem.fields[*k].ty) > 0).map(Some).collect(),
            false => vec![None],
        };
        for part in parts {
            let slice = part.map(|k| (offsets[k], width(mem.fields[k].ty))).filter(|s| s.1 < word);
            self.spaces(indent);
            self.put(q);
            if let Some((lo, count)) = slice {
                self.range(lo, count);
            }
            self.put(" <= ");
            for w in &passed {
                self.ext(w.enable, 1, Around::Binary);
                if let Some(mask) = part.and_then(|k| w.mask.get(k)) {
                    self.put(" && ");
                    self.ext(*mask, 1, Around::Binary);
                }
                self.put(" && ");
                self.compare(BinOp::Eq, w.addr, read.addr, Around::Binary);
                self.put(" ? ");
                self.data(id, w, part);
                self.put(" :");
                self.end();
                self.spaces(indent + 4);
            }
            self.word(id, name, read.addr);
            if let Some((lo, count)) = slice {
                self.range(lo, count);
            }
            self.line(";");
        }
        self.close_guard(opened, 8);
    }
}
