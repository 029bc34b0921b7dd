//! Wave files in the VCD and FST formats.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use gatewright_dsl::ir::Polarity;
use gatewright_dsl::value::Value;

use super::Record;
use crate::dut::{Dut, Pin};
use crate::error::SimError;

/// The format of a wave file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaveFormat {
    /// Value change dump: text, read by every viewer.
    Vcd,
    /// GTKWave's compressed format.
    Fst,
}

/// Where a variable's value comes from.
#[derive(Clone, Copy)]
enum Source {
    Clock(usize),
    Reset(usize, Polarity),
    Pin(Pin),
    Signal(usize),
}

struct Variable {
    name: String,
    width: u32,
    source: Source,
    last: Option<Value>,
}

enum Sink {
    Vcd(vcd::Writer<BufWriter<File>>, Vec<vcd::IdCode>),
    Fst(Box<fst_writer::FstBodyWriter<BufWriter<File>>>, Vec<fst_writer::FstSignalId>),
}

/// A wave file that is being written.
pub struct WaveFile {
    path: PathBuf,
    variables: Vec<Variable>,
    sink: Sink,
    /// The time of the edge, and the clocks that have it.
    edge: u64,
    ticks: Vec<bool>,
    time: Option<u64>,
}

/// Variables by scope; scopes in an order in which parents stand before their children, and children together.
type Tree = BTreeMap<Vec<String>, Vec<Variable>>;

impl WaveFile {
    /// A file for all signals of a device; the format follows from the name: `.fst`, else VCD.
    pub fn create(dut: &(impl Dut + ?Sized), path: impl AsRef<Path>) -> Result<WaveFile, SimError> {
        let fst = path.as_ref().extension().is_some_and(|e| e.eq_ignore_ascii_case("fst"));
        WaveFile::create_as(dut, path, if fst { WaveFormat::Fst } else { WaveFormat::Vcd })
    }

    /// A file in this format.
    pub fn create_as(
        dut: &(impl Dut + ?Sized),
        path: impl AsRef<Path>,
        format: WaveFormat,
    ) -> Result<WaveFile, SimError> {
        let path = path.as_ref().to_path_buf();
        let tree = tree(dut);
        let top = dut.interface().top.clone();
        let (variables, sink) = match format {
            WaveFormat::Vcd => vcd_header(&path, &top, tree).map_err(|e| SimError::io(&path, e))?,
            WaveFormat::Fst => fst_header(&path, &top, tree).map_err(|e| SimError::io(&path, e))?,
        };
        Ok(WaveFile { path, variables, sink, time: None, edge: 0, ticks: Vec::new() })
    }

    fn sample(&mut self, time: u64, clock: bool, dut: &mut dyn Dut, resets: &[bool]) -> Result<(), SimError> {
        for n in 0..self.variables.len() {
            let value = match self.variables[n].source {
                Source::Clock(n) => Value::from(clock && self.ticks.get(n).copied().unwrap_or(false)),
                Source::Reset(domain, polarity) => {
                    let active = resets.get(domain).copied().unwrap_or(false);
                    Value::from(active == (polarity == Polarity::High))
                }
                Source::Pin(pin) => dut.peek(pin)?,
                Source::Signal(signal) => dut.peek_signal(signal)?,
            };
            if self.variables[n].last.as_ref() != Some(&value) {
                self.change(time, n, &value).map_err(|e| SimError::io(&self.path, e))?;
                self.variables[n].last = Some(value);
            }
        }
        Ok(())
    }

    fn change(&mut self, time: u64, n: usize, value: &Value) -> Result<(), Box<dyn std::error::Error>> {
        let new_time = self.time != Some(time);
        self.time = Some(time);
        let width = self.variables[n].width;
        match &mut self.sink {
            Sink::Vcd(writer, ids) => {
                if new_time {
                    writer.timestamp(time)?;
                }
                let bit = |b: bool| if b { vcd::Value::V1 } else { vcd::Value::V0 };
                match width {
                    1 => writer.change_scalar(ids[n], bit(value.bit(0)))?,
                    _ => writer.change_vector(ids[n], (0..width).rev().map(|b| bit(value.bit(b))))?,
                }
            }
            Sink::Fst(writer, ids) => {
                if new_time {
                    writer.time_change(time)?;
                }
                let bits: Vec<u8> = (0..width).rev().map(|b| b'0' + u8::from(value.bit(b))).collect();
                writer.signal_change(ids[n], &bits)?;
            }
        }
        Ok(())
    }

    /// Writes what is left. Without it an FST file is not whole.
    pub fn finish(self) -> Result<(), SimError> {
        let failed = |e: &dyn std::fmt::Display| SimError::io(&self.path, e);
        match self.sink {
            Sink::Vcd(mut writer, _) => writer.flush().map_err(|e| failed(&e)),
            Sink::Fst(writer, _) => {
                let file = writer.finish().map_err(|e| failed(&e))?;
                file.into_inner().map(drop).map_err(|e| failed(&e))
            }
        }
    }
}

impl Record for WaveFile {
    fn before_edge(&mut self, dut: &mut dyn Dut, resets: &[bool]) -> Result<(), SimError> {
        self.edge = dut.time();
        self.ticks = (0..dut.interface().clocks.len()).map(|n| dut.ticks(n)).collect();
        self.sample(10 * self.edge, false, dut, resets)
    }
    fn after_edge(&mut self, dut: &mut dyn Dut, resets: &[bool]) -> Result<(), SimError> {
        self.sample(10 * self.edge + 5, true, dut, resets)
    }
}

fn tree(dut: &(impl Dut + ?Sized)) -> Tree {
    let interface = dut.interface();
    let mut tree = Tree::new();
    let mut taken: HashSet<(Vec<String>, String)> = HashSet::new();
    let mut add = |scope: Vec<String>, name: &str, width: u32, source: Source| {
        let variable = Variable { name: name.to_string(), width, source, last: None };
        let list = tree.entry(scope.clone()).or_default();
        // A value of one possible value has no bits to show; clocks and resets can be shared.
        if width > 0 && taken.insert((scope, name.to_string())) {
            list.push(variable);
        }
    };
    for (n, clock) in interface.clocks.iter().enumerate() {
        add(Vec::new(), &clock.clock, 1, Source::Clock(n));
        if let Some(reset) = &clock.reset {
            add(Vec::new(), &reset.name, 1, Source::Reset(n, reset.polarity));
        }
    }
    let width = |ty: gatewright_dsl::ty::Ty| if ty.as_constant().is_some() { 0 } else { ty.width() };
    for (n, pin) in interface.pins.iter().enumerate() {
        add(Vec::new(), &pin.name, width(pin.ty), Source::Pin(Pin(n as u32)));
    }
    for (n, signal) in dut.signals().into_iter().enumerate() {
        add(signal.scope, &signal.name, width(signal.ty), Source::Signal(n));
    }
    tree
}

/// Walks the scopes: `open` and `close` with the scope's name, then its variables.
fn walk<E>(top: &str, tree: Tree, mut event: impl FnMut(Event) -> Result<(), E>) -> Result<Vec<Variable>, E> {
    let mut variables = Vec::new();
    let mut open: Vec<String> = Vec::new();
    event(Event::Open(top))?;
    for (scope, list) in tree {
        let common = open.iter().zip(&scope).take_while(|(a, b)| a == b).count();
        for _ in open.drain(common..) {
            event(Event::Close)?;
        }
        for name in &scope[common..] {
            event(Event::Open(name))?;
        }
        open = scope;
        for variable in list {
            event(Event::Variable(&variable))?;
            variables.push(variable);
        }
    }
    for _ in open {
        event(Event::Close)?;
    }
    event(Event::Close)?;
    Ok(variables)
}

enum Event<'a> {
    Open(&'a str),
    Close,
    Variable(&'a Variable),
}

fn vcd_header(path: &Path, top: &str, tree: Tree) -> std::io::Result<(Vec<Variable>, Sink)> {
    let mut writer = vcd::Writer::new(BufWriter::new(File::create(path)?));
    let mut ids = Vec::new();
    writer.timescale(1, vcd::TimescaleUnit::NS)?;
    let variables = walk(top, tree, |event| match event {
        Event::Open(name) => writer.add_module(name),
        Event::Close => writer.upscope(),
        Event::Variable(v) => writer.add_wire(v.width, &v.name).map(|id| ids.push(id)),
    })?;
    writer.enddefinitions()?;
    Ok((variables, Sink::Vcd(writer, ids)))
}

fn fst_header(path: &Path, top: &str, tree: Tree) -> Result<(Vec<Variable>, Sink), fst_writer::FstWriteError> {
    use fst_writer::{FstScopeType, FstSignalType, FstVarDirection, FstVarType};
    let info = fst_writer::FstInfo {
        start_time: 0,
        timescale_exponent: -9,
        version: "gatewright".into(),
        date: String::new(),
        file_type: fst_writer::FstFileType::Verilog,
    };
    let mut writer = fst_writer::open_fst(path, &info)?;
    let mut ids = Vec::new();
    let variables = walk(top, tree, |event| match event {
        Event::Open(name) => writer.scope(name, "", FstScopeType::Module),
        Event::Close => writer.up_scope(),
        Event::Variable(v) => {
            let ty = FstSignalType::bit_vec(v.width);
            let id = writer.var(&v.name, ty, FstVarType::Wire, FstVarDirection::Implicit, None)?;
            ids.push(id);
            Ok(())
        }
    })?;
    Ok((variables, Sink::Fst(Box::new(writer.finish()?), ids)))
}
