//! What a register bank holds, as plain data: names, places, access, text. Hardware, headers and drivers are made from it.

use std::fmt;

use crate::hw::bundle::Leaf;
use crate::ir::Format;
use crate::value::Value;

/// What software and hardware do with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Software writes it and reads it back; hardware reads it.
    ReadWrite,
    /// Hardware gives the value; software reads it.
    ReadOnly,
    /// Hardware sets bits; software reads them and clears those where it writes 1.
    WriteOneToClear,
    /// Hardware sees what software writes for one clock; software reads 0.
    WritePulse,
    /// Hardware counts up to the end of the range; software reads the count and may write one.
    Counter,
}

impl Access {
    /// Software may write it.
    pub fn is_writable(self) -> bool {
        self != Access::ReadOnly
    }
    /// Software reads more than 0.
    pub fn is_readable(self) -> bool {
        self != Access::WritePulse
    }
    /// The usual short name.
    pub fn short(self) -> &'static str {
        match self {
            Access::ReadWrite => "RW",
            Access::ReadOnly => "RO",
            Access::WriteOneToClear => "W1C",
            Access::WritePulse => "WP",
            Access::Counter => "CNT",
        }
    }
}

/// Bits of a register with a meaning of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name; empty where the register is one field.
    pub name: String,
    /// Its documentation, without a line break at the end.
    pub doc: String,
    /// Who does what.
    pub access: Access,
    /// The lowest bit.
    pub lsb: u32,
    /// Type and format.
    pub leaf: Leaf,
    /// Its value after reset; 0 where hardware gives it.
    pub reset: Value,
}

impl FieldInfo {
    /// Bits.
    pub fn width(&self) -> u32 {
        self.leaf.ty.width()
    }
    /// The bits within the register.
    pub fn mask(&self) -> u64 {
        (u64::MAX >> (64 - self.width().clamp(1, 64))) << self.lsb
    }
    /// The names of its values, where it is an enum.
    pub fn values(&self) -> &[String] {
        match &self.leaf.format {
            Format::Enum(names) => names,
            _ => &[],
        }
    }
    /// The bits of the register that hold `value`.
    pub fn place(&self, value: &Value) -> u64 {
        let words = value.to_words(self.width());
        let word = |n: usize| words.get(n).copied().map_or(0, u64::from);
        ((word(0) | (word(1) << 32)) << self.lsb) & self.mask()
    }
    /// The value that the register's `word` holds.
    pub fn value(&self, word: u64) -> Value {
        let bits = (word & self.mask()) >> self.lsb;
        Value::from_words(&[bits as u32, (bits >> 32) as u32], self.width(), self.leaf.ty.is_signed())
    }
}

/// A word at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterInfo {
    /// Its name; that of an inner one begins with those around it.
    pub name: String,
    /// Its documentation, without a line break at the end.
    pub doc: String,
    /// Bytes from the beginning of the bank.
    pub offset: u64,
    /// Its fields in the order of the description.
    pub fields: Vec<FieldInfo>,
}

impl RegisterInfo {
    /// Software may write some of it.
    pub fn is_writable(&self) -> bool {
        self.fields.iter().any(|f| f.access.is_writable())
    }
    /// Software reads more than 0.
    pub fn is_readable(&self) -> bool {
        self.fields.iter().any(|f| f.access.is_readable())
    }
    /// What software reads after reset, as far as it does not depend on hardware.
    pub fn reset(&self) -> u64 {
        self.fields.iter().fold(0, |word, f| word | f.place(&f.reset))
    }
    /// The name of a field with the register's before it.
    pub fn path_of(&self, field: &FieldInfo) -> String {
        if field.name.is_empty() { self.name.clone() } else { format!("{}.{}", self.name, field.name) }
    }
}

/// All of a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankMap {
    /// Its name, as `front_end`.
    pub name: String,
    /// Its documentation, without a line break at the end.
    pub doc: String,
    /// Bits of a word.
    pub data_bits: u32,
    /// Its registers in the order of the description, which need not be that of their addresses.
    pub registers: Vec<RegisterInfo>,
}

impl BankMap {
    /// Bytes of a word.
    pub fn bytes(&self) -> u64 {
        u64::from(self.data_bits / 8)
    }
    /// Bytes up to the end of the last register.
    pub fn size(&self) -> u64 {
        self.registers.iter().map(|r| r.offset + self.bytes()).max().unwrap_or(0)
    }
    /// The bits of a byte address that reach all registers.
    pub fn address_bits(&self) -> u32 {
        self.size().max(2).next_power_of_two().ilog2()
    }
    /// The registers in the order of their addresses.
    pub fn by_address(&self) -> Vec<&RegisterInfo> {
        let mut sorted: Vec<&RegisterInfo> = self.registers.iter().collect();
        sorted.sort_by_key(|r| r.offset);
        sorted
    }
    /// The field of this path, as `control.enable`; of a register that is one field, its name.
    pub fn field(&self, path: &str) -> Option<(&RegisterInfo, &FieldInfo)> {
        let mut all = self.registers.iter().flat_map(|r| r.fields.iter().map(move |f| (r, f)));
        all.find(|(r, f)| r.path_of(f) == path)
    }
    /// The register of this name.
    pub fn register(&self, name: &str) -> Option<&RegisterInfo> {
        self.registers.iter().find(|r| r.name == name)
    }
    /// The paths of all fields.
    pub fn paths(&self) -> Vec<String> {
        self.registers.iter().flat_map(|r| r.fields.iter().map(|f| r.path_of(f))).collect()
    }
}

/// Why a description is no bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapProblem {
    /// What is wrong, with the names concerned.
    pub what: String,
    /// A way out.
    pub help: String,
}

/// All that is wrong with a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapProblems(pub Vec<MapProblem>);

impl fmt::Display for MapProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            write!(f, "{}{}; {}", if n == 0 { "" } else { "\n" }, problem.what, problem.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for MapProblems {}
