//! From a struct to its map: addresses and bits are given out, and what does not fit is said.

use super::map::{Access, BankMap, FieldInfo, MapProblem, MapProblems, RegisterInfo};
use crate::hw::bundle::Leaf;
use crate::value::Value;

/// Collects a bank while its description is visited.
#[derive(Debug)]
pub struct Describer {
    map: BankMap,
    problems: Vec<MapProblem>,
    path: Vec<String>,
    doc: String,
    /// Where the members of the present block are counted from, and where the next one goes.
    base: u64,
    next: u64,
    register: Option<Open>,
    /// Behind the first element of an array: a bit that is given is that of the first.
    behind: bool,
}

/// A register under description.
#[derive(Debug)]
struct Open {
    info: RegisterInfo,
    /// How many names of the path are the register's.
    depth: usize,
    next_bit: u32,
}

impl Describer {
    pub(super) fn new(name: &str, doc: &str, data_bits: u32) -> Describer {
        let map = BankMap { name: name.into(), doc: doc.into(), data_bits, registers: Vec::new() };
        let mut describer = Describer {
            map,
            problems: Vec::new(),
            path: Vec::new(),
            doc: String::new(),
            base: 0,
            next: 0,
            register: None,
            behind: false,
        };
        if ![8, 16, 32, 64].contains(&data_bits) {
            describer.problem(
                format!("register bank `{name}` has words of {data_bits} bits"),
                "let `data_bits` be 8, 16, 32 or 64",
            );
            describer.map.data_bits = 32;
        }
        describer
    }

    fn problem(&mut self, what: String, help: &str) {
        self.problems.push(MapProblem { what, help: help.into() });
    }

    fn here(&self) -> String {
        self.path.join("_")
    }

    /// A member of a block or of a register, with its documentation and, for a block, its given address.
    pub fn member(&mut self, name: &str, doc: &str, at: Option<u64>, f: impl FnOnce(&mut Describer)) {
        self.path.push(name.to_string());
        let outer = std::mem::replace(&mut self.doc, doc.to_string());
        if let Some(at) = at {
            self.next = self.base.saturating_add(at);
            if at % self.map.bytes() != 0 {
                let (here, bytes) = (self.here(), self.map.bytes());
                let what = format!("register `{here}` is at {at:#x}, which is no multiple of {bytes}");
                self.problem(what, "give the address in bytes, of a whole word");
                self.next -= at % self.map.bytes();
            }
        }
        f(self);
        self.doc = outer;
        self.path.pop();
    }

    /// Element `n` of an array.
    pub(super) fn element(&mut self, n: usize, f: impl FnOnce(&mut Describer)) {
        let outer = self.behind;
        self.behind |= n > 0;
        self.path.push(n.to_string());
        f(self);
        self.path.pop();
        self.behind = outer;
    }

    /// A block whose members' addresses count from where it begins.
    pub fn block(&mut self, f: impl FnOnce(&mut Describer)) {
        if self.register.is_some() {
            let here = self.here();
            return self.problem(format!("`{here}` is a bank inside a register"), "let a register hold fields only");
        }
        let outer = std::mem::replace(&mut self.base, self.next);
        f(self);
        self.base = outer;
    }

    /// A register whose fields are visited by `f`.
    pub fn register(&mut self, f: impl FnOnce(&mut Describer)) {
        if self.register.is_some() {
            let here = self.here();
            return self
                .problem(format!("`{here}` is a register inside a register"), "let a register hold fields only");
        }
        let info = RegisterInfo { name: self.here(), doc: self.doc.clone(), offset: self.next, fields: Vec::new() };
        let outer = std::mem::replace(&mut self.behind, false);
        self.register = Some(Open { info, depth: self.path.len(), next_bit: 0 });
        f(self);
        self.behind = outer;
        let Some(Open { info, .. }) = self.register.take() else { return };
        self.next = self.next.saturating_add(self.map.bytes());
        let same_name = self.map.registers.iter().any(|r| r.name == info.name);
        if same_name {
            self.problem(format!("two registers are called `{}`", info.name), "call one of them otherwise");
        }
        if let Some(other) = self.map.registers.iter().find(|r| r.offset == info.offset) {
            let what = format!("registers `{}` and `{}` are both at {:#x}", other.name, info.name, info.offset);
            self.problem(what, "give another address, or none: it then follows the one before");
        }
        if info.fields.is_empty() {
            self.problem(format!("register `{}` has no fields", info.name), "give it one, or leave it out");
        }
        self.map.registers.push(info);
    }

    /// A field, in the register under description or in one of its own.
    pub(super) fn field(&mut self, access: Access, leaf: Option<Leaf>, reset: Option<&[Value]>, bit: Option<u32>) {
        if self.register.is_none() {
            return self.register(|d| {
                d.doc = String::new();
                d.field(access, leaf, reset, bit);
            });
        }
        let bit = bit.filter(|_| !self.behind);
        let (data_bits, path, doc) = (self.map.data_bits, self.path.clone(), self.doc.clone());
        let Some(Open { info, depth, next_bit }) = &mut self.register else { return };
        let name = path[*depth..].join("_");
        let full = if name.is_empty() { info.name.clone() } else { format!("{}.{name}", info.name) };
        let mut found: Vec<(String, &str)> = Vec::new();
        let Some(leaf) = leaf else {
            let what = format!("field `{full}` does not say its type");
            return self.problem(what, "write it: `#[register(ty = uint(12))]`");
        };
        let (lsb, width) = (bit.unwrap_or(*next_bit), leaf.ty.width());
        if width == 0 {
            found.push((format!("field `{full}` has one value only"), "give it a type of two values or more"));
        }
        if u64::from(lsb) + u64::from(width) > u64::from(data_bits) {
            let what =
                format!("field `{full}` takes bits {lsb} to {} of {data_bits}", u64::from(lsb) + u64::from(width) - 1);
            found.push((what, "make it narrower or begin lower, or make it a register of its own"));
        }
        let taken = |f: &&FieldInfo| f.lsb < lsb + width && lsb < f.lsb + f.width();
        if let Some(other) = info.fields.iter().find(taken) {
            let what = format!("fields `{}` and `{full}` have bits in common", info.path_of(other));
            found.push((what, "give another bit, or none: it then follows the one before"));
        }
        if info.fields.iter().any(|f| f.name == name) {
            found.push((format!("two fields are called `{full}`"), "call one of them otherwise"));
        }
        let value = match reset {
            None => leaf.ty.power_up(),
            Some([value]) if leaf.ty.contains(value) => value.clone(),
            Some(values) => {
                let text: Vec<String> = values.iter().map(ToString::to_string).collect();
                let range = leaf.ty.range();
                let what =
                    format!("reset {} of field `{full}` is not in {}..={}", text.join(", "), range.lo(), range.hi());
                found.push((what, "give a value of the field's type"));
                leaf.ty.power_up()
            }
        };
        *next_bit = lsb.saturating_add(width);
        if found.is_empty() {
            info.fields.push(FieldInfo { name, doc, access, lsb, leaf, reset: value });
        }
        found.into_iter().for_each(|(what, help)| self.problem(what, help));
    }

    pub(super) fn finish(mut self) -> Result<BankMap, MapProblems> {
        if self.map.registers.is_empty() && self.problems.is_empty() {
            let what = format!("register bank `{}` has no registers", self.map.name);
            self.problem(what, "give it one");
        }
        if self.map.size() > 1 << 32 {
            let what = format!("register bank `{}` is larger than 4 GiB", self.map.name);
            self.problem(what, "give lower addresses");
        }
        if self.problems.is_empty() { Ok(self.map) } else { Err(MapProblems(self.problems)) }
    }
}
