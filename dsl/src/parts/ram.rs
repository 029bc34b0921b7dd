//! Memories as parts: RAM with one port, with a port for each direction and with two full ports, and ROM.
//!
//! All read at the clock edge, in the form from which synthesis tools infer block memory where it is large enough; small
//! ones become LUT memory or registers. A read takes 1 clock, and 2 with an output register; each port does an access a
//! clock. Contents at power-up are zeros (the value nearest to zero of each field), but for a ROM.
//!
//! Words are of any shape without streams. A write enable is a list of bits: one for the word, or with masks one for each
//! of its leaves, so that `vec![word(8); 4]` is a word of 32 bits with byte enables.

use std::sync::Arc;

use super::misuse::refuse_generator;
use crate::hw::bits::{BOOL, Bool};
use crate::hw::bundle::{Bundle, Shape, leaf_count};
use crate::hw::int::{Int, reduce};
use crate::hw::mem::Mem;
use crate::hw::module::{Generator, Module, abort};
use crate::ir::Collision;
use crate::ty::{IntTy, range};
use crate::value::Value;

/// What a port that writes shows at its own output after that clock edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The word before the write.
    ReadFirst,
    /// The word after the write.
    WriteFirst,
    /// What it showed before: it does not read. The least power, and often the fastest.
    NoChange,
}

/// A RAM with one port for reads and writes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SinglePort<S: Shape> {
    /// A word.
    pub word: S,
    /// Words, at least 1.
    pub depth: u64,
    /// A write enable for each leaf of the word.
    pub masks: bool,
    /// What a write shows.
    pub mode: Mode,
    /// A register behind the output.
    pub output_register: bool,
}

/// A RAM with one port for writes and one for reads.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SimpleDualPort<S: Shape> {
    /// A word.
    pub word: S,
    /// Words, at least 1.
    pub depth: u64,
    /// A write enable for each leaf of the word.
    pub masks: bool,
    /// What a read shows of a word that is written at the same edge.
    pub collision: Collision,
    /// A register behind the output.
    pub output_register: bool,
}

/// A RAM with two ports, each for reads and writes. A port that writes keeps its output ([`Mode::NoChange`]).
///
/// What a read shows of a word that the other port writes at the same edge, and what two writes of one word leave, chips
/// leave open: both are reported in simulation.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TrueDualPort<S: Shape> {
    /// A word.
    pub word: S,
    /// Words, at least 1.
    pub depth: u64,
    /// A write enable for each leaf of the word.
    pub masks: bool,
    /// A register behind each output.
    pub output_register: bool,
}

/// A table that is read at the clock edge.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Rom {
    /// A word.
    pub word: IntTy,
    /// The words from address 0, at least one.
    pub contents: Arc<Vec<Value>>,
    /// A register behind the output.
    pub output_register: bool,
}

/// Inputs of a port for reads and writes.
#[derive(Bundle)]
pub struct PortIn<T: Bundle> {
    /// The word to read or write.
    pub address: Int,
    /// The port does something; else it keeps its output.
    pub enable: Bool,
    /// Write enables: of the word, or of each leaf. Without one the port reads.
    pub write: Vec<Bool>,
    /// What is written.
    pub data: T,
}

/// Inputs of a [`SimpleDualPort`].
#[derive(Bundle)]
pub struct SimpleIn<T: Bundle> {
    /// The word to write.
    pub write_address: Int,
    /// Write enables: of the word, or of each leaf.
    pub write: Vec<Bool>,
    /// What is written.
    pub data: T,
    /// The word to read.
    pub read_address: Int,
    /// Read; else the output keeps its word.
    pub read: Bool,
}

/// Inputs of a [`TrueDualPort`].
#[derive(Bundle)]
pub struct TrueIn<T: Bundle> {
    /// A port.
    pub a: PortIn<T>,
    /// The other.
    pub b: PortIn<T>,
}

/// Inputs of a [`Rom`].
#[derive(Bundle)]
pub struct RomIn {
    /// The word to read.
    pub address: Int,
    /// Read; else the output keeps its word.
    pub read: Bool,
}

/// What was read.
#[derive(Bundle)]
pub struct RamOut<T: Bundle> {
    /// The word.
    pub word: T,
}

/// What the ports of a [`TrueDualPort`] read.
#[derive(Bundle)]
pub struct TrueOut<T: Bundle> {
    /// At port `a`.
    pub a: RamOut<T>,
    /// At port `b`.
    pub b: RamOut<T>,
}

/// The addresses of a memory; the memory itself reports a depth of 0.
fn addresses(depth: u64) -> IntTy {
    range(0..=depth.max(1) - 1)
}

fn enables<S: Shape>(word: &S, masks: bool) -> usize {
    if masks { leaf_count(word) } else { 1 }
}

fn port<S: Shape>(word: &S, depth: u64, masks: bool) -> PortInShape<S::Value> {
    PortInShape { address: addresses(depth), enable: BOOL, write: vec![BOOL; enables(word, masks)], data: word.clone() }
}

fn any(bits: &[Bool]) -> Bool {
    reduce(bits, |a, b| a | b).unwrap_or_else(|| Bool::constant(false))
}

/// Writes where a bit of `write` and `enable` are 1.
fn write<T: Bundle>(m: &Module, mem: &Mem<T>, masks: bool, address: Int, enable: Bool, write: &[Bool], data: T) {
    m.when(enable & any(write), || match masks {
        true => mem.write_masked(address, data, write),
        false => mem.write(address, data),
    });
}

fn registered<T: Bundle + Clone>(m: &Module, name: &str, word: T, register: bool) -> RamOut<T> {
    RamOut { word: if register { m.delay(name, word) } else { word } }
}

impl<S: Shape> Generator for SinglePort<S>
where
    S::Value: Clone,
{
    type In = PortIn<S::Value>;
    type Out = RamOut<S::Value>;

    fn shape(&self) -> PortInShape<S::Value> {
        port(&self.word, self.depth, self.masks)
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let collision = match self.mode {
            Mode::ReadFirst => Collision::Old,
            Mode::WriteFirst => Collision::New,
            // There is no read at the edge of a write.
            Mode::NoChange => Collision::Undefined,
        };
        let mem = m.mem("mem", self.word.clone(), self.depth).collision(collision);
        let writes = any(&i.write);
        write(m, &mem, self.masks, i.address, i.enable, &i.write, i.data);
        let read = if self.mode == Mode::NoChange { i.enable & !writes } else { i.enable };
        registered(m, "out", mem.read_sync_when(i.address, read), self.output_register)
    }
}

impl<S: Shape> Generator for SimpleDualPort<S>
where
    S::Value: Clone,
{
    type In = SimpleIn<S::Value>;
    type Out = RamOut<S::Value>;

    fn shape(&self) -> SimpleInShape<S::Value> {
        let PortInShape { address, write, data, .. } = port(&self.word, self.depth, self.masks);
        SimpleInShape { write_address: address, write, data, read_address: address, read: BOOL }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let mem = m.mem("mem", self.word.clone(), self.depth).collision(self.collision);
        write(m, &mem, self.masks, i.write_address, Bool::constant(true), &i.write, i.data);
        registered(m, "out", mem.read_sync_when(i.read_address, i.read), self.output_register)
    }
}

impl<S: Shape> Generator for TrueDualPort<S>
where
    S::Value: Clone,
{
    type In = TrueIn<S::Value>;
    type Out = TrueOut<S::Value>;

    fn shape(&self) -> TrueInShape<S::Value> {
        let port = || port(&self.word, self.depth, self.masks);
        TrueInShape { a: port(), b: port() }
    }

    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let mem = m.mem("mem", self.word.clone(), self.depth).collision(Collision::Undefined);
        let both = any(&i.a.write) & i.a.enable & any(&i.b.write) & i.b.enable;
        m.assert("one_writes", !(both & i.a.address.eq(i.b.address)), "both ports write one word");
        let side = |name: &str, p: PortIn<S::Value>| {
            write(m, &mem, self.masks, p.address, p.enable, &p.write, p.data);
            let read = p.enable & !any(&p.write);
            registered(m, name, mem.read_sync_when(p.address, read), self.output_register)
        };
        TrueOut { a: side("out_a", i.a), b: side("out_b", i.b) }
    }
}

impl Generator for Rom {
    type In = RomIn;
    type Out = RamOut<Int>;

    fn shape(&self) -> RomInShape {
        RomInShape { address: addresses(self.contents.len() as u64), read: BOOL }
    }

    fn build(&self, m: &Module, i: RomIn) -> RamOut<Int> {
        if self.contents.is_empty() {
            refuse_generator("a ROM needs at least one word", "give it contents");
            abort()
        }
        let mem = m.rom("mem", self.word, self.contents.iter().cloned());
        registered(m, "out", mem.read_sync_when(i.address, i.read), self.output_register)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::{elaborate, uint};

    #[test]
    fn without_words() {
        let rom = Rom { word: uint(8), contents: Arc::default(), output_register: false };
        assert_eq!(elaborate(&rom).unwrap_err().codes(), ["E0109"]);
        let ram = SinglePort { word: uint(8), depth: 0, masks: false, mode: Mode::ReadFirst, output_register: false };
        assert_eq!(elaborate(&ram).unwrap_err().codes(), ["E0214"]);
    }

    #[test]
    fn contents_that_do_not_fit() {
        let rom = Rom { word: uint(2), contents: Arc::new(vec![Value::from(4)]), output_register: false };
        assert_eq!(elaborate(&rom).unwrap_err().codes(), ["E0101"]);
    }
}
