//! Software in a simulation: registers and fields of a bank, read and written by name over the bus.
//!
//! ```text
//! let bank = BankDriver::axi_lite(FrontEnd::map()?, "s_axi");
//! bank.write(&mut dut, "control.enable", 1)?;
//! let triggers = bank.read(&mut dut, "triggers")?;
//! ```
//!
//! A call runs the device until its transaction is over. It drives the bus alone; other inputs stay as they are.

use gatewright_dsl::parts::bank::{Access, BankMap, FieldInfo, RegisterInfo};
use gatewright_dsl::value::Value;

use crate::dut::{Dut, DutExt};
use crate::error::{SimError, near_names};
use crate::stream::{Beat, Stall, StreamSink, StreamSource, run};

/// How registers are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    AxiLite,
    Wishbone,
    WishbonePipelined,
}

/// Reads and writes the registers of a bank.
#[derive(Clone, Debug)]
pub struct BankDriver {
    map: BankMap,
    port: String,
    protocol: Protocol,
    base: u64,
    stall: Stall,
    patience: u64,
}

/// The names of the responses in the encoding of AXI.
const RESPONSES: [&str; 4] = ["OKAY", "EXOKAY", "SLVERR", "DECERR"];

impl BankDriver {
    fn new(map: BankMap, port: &str, protocol: Protocol) -> BankDriver {
        BankDriver { map, port: port.to_string(), protocol, base: 0, stall: Stall::Never, patience: 1000 }
    }
    /// Over AXI4-Lite; the signals' names begin with `port`, as in `s_axi`.
    pub fn axi_lite(map: BankMap, port: &str) -> BankDriver {
        BankDriver::new(map, port, Protocol::AxiLite)
    }
    /// Over classic Wishbone; the signals' names begin with `port`, as in `wb`.
    pub fn wishbone(map: BankMap, port: &str) -> BankDriver {
        BankDriver::new(map, port, Protocol::Wishbone)
    }
    /// Over pipelined Wishbone; the signals' names begin with `port`, as in `wb`.
    pub fn wishbone_pipelined(map: BankMap, port: &str) -> BankDriver {
        BankDriver::new(map, port, Protocol::WishbonePipelined)
    }
    /// The bank begins at this address of the bus, else at 0.
    pub fn base(mut self, base: u64) -> BankDriver {
        self.base = base;
        self
    }
    /// Stalls each AXI channel by this pattern.
    pub fn stall(mut self, stall: Stall) -> BankDriver {
        self.stall = stall;
        self
    }
    /// What is known of the registers.
    pub fn map(&self) -> &BankMap {
        &self.map
    }

    /// The value of a field, as `control.enable`; of a register that is one field, its name.
    ///
    /// # Errors
    /// There is no such field, the bus answers with an error, or with nothing.
    pub fn read(&self, dut: &mut dyn Dut, path: &str) -> Result<Value, SimError> {
        let (register, field) = self.field(path)?;
        Ok(field.value(self.read_word(dut, register)?))
    }

    /// Writes a field. What else is in the bytes that it takes is read before and written back; pulses and bits that are
    /// cleared by writing 1 are written as 0.
    ///
    /// # Errors
    /// There is no such field, it cannot have the value, the bus answers with an error, or with nothing.
    pub fn write(&self, dut: &mut dyn Dut, path: &str, value: impl Into<Value>) -> Result<(), SimError> {
        let value = value.into();
        let (register, field) = self.field(path)?;
        if !field.leaf.ty.contains(&value) {
            return Err(SimError::OutOfRange { port: path.to_string(), value, ty: field.leaf.ty.to_string() });
        }
        let strobes = strobes_of(field);
        let beside = |f: &&FieldInfo| {
            f.lsb != field.lsb
                && strobes_of(f) & strobes != 0
                && matches!(f.access, Access::ReadWrite | Access::Counter)
        };
        let mut keep = register.fields.iter().filter(beside).fold(0, |mask, f| mask | f.mask());
        if keep != 0 {
            keep &= self.read_word(dut, register)?;
        }
        self.write_word(dut, register, keep | field.place(&value), strobes)
    }

    /// All of a register.
    ///
    /// # Errors
    /// There is no such register, the bus answers with an error, or with nothing.
    pub fn read_register(&self, dut: &mut dyn Dut, name: &str) -> Result<u64, SimError> {
        self.read_word(dut, self.register(name)?)
    }

    /// Writes all of a register.
    ///
    /// # Errors
    /// There is no such register, the bus answers with an error, or with nothing.
    pub fn write_register(&self, dut: &mut dyn Dut, name: &str, word: u64) -> Result<(), SimError> {
        self.write_word(dut, self.register(name)?, word, (1 << self.map.bytes()) - 1)
    }

    fn read_word(&self, dut: &mut dyn Dut, register: &RegisterInfo) -> Result<u64, SimError> {
        let (word, response) = self.transfer(dut, self.base + register.offset, None)?;
        self.judge("read", register, response).map(|()| word)
    }

    fn write_word(&self, dut: &mut dyn Dut, register: &RegisterInfo, word: u64, strobes: u64) -> Result<(), SimError> {
        let (_, response) = self.transfer(dut, self.base + register.offset, Some((word, strobes)))?;
        self.judge("write", register, response)
    }

    fn judge(&self, what: &'static str, register: &RegisterInfo, response: usize) -> Result<(), SimError> {
        if response < 2 {
            return Ok(());
        }
        Err(SimError::Refused { what, register: register.name.clone(), response: RESPONSES[response.min(3)] })
    }

    fn field(&self, path: &str) -> Result<(&RegisterInfo, &FieldInfo), SimError> {
        self.map.field(path).ok_or_else(|| self.unknown(path, self.map.paths()))
    }

    fn register(&self, name: &str) -> Result<&RegisterInfo, SimError> {
        let names = || self.map.registers.iter().map(|r| r.name.clone()).collect();
        self.map.register(name).ok_or_else(|| self.unknown(name, names()))
    }

    fn unknown(&self, path: &str, all: Vec<String>) -> SimError {
        let near = near_names(path, all.iter().map(String::as_str));
        SimError::NoField { bank: self.map.name.clone(), path: path.to_string(), near }
    }

    /// One transaction at this address of the bus, a write of data and strobes or a read: the word and the response in the
    /// encoding of AXI.
    ///
    /// # Errors
    /// The device has no such bus, or it does not answer.
    pub fn transfer(
        &self,
        dut: &mut dyn Dut,
        address: u64,
        write: Option<(u64, u64)>,
    ) -> Result<(u64, usize), SimError> {
        match self.protocol {
            Protocol::AxiLite => self.axi_lite_transfer(dut, address, write),
            _ => self.wishbone_transfer(dut, address, write),
        }
    }

    fn axi_lite_transfer(
        &self,
        dut: &mut dyn Dut,
        address: u64,
        write: Option<(u64, u64)>,
    ) -> Result<(u64, usize), SimError> {
        let seed = dut.cycle();
        let name = |channel: &str| format!("{}_{channel}", self.port);
        let source = |dut: &dyn Dut, channel: &str, payload: [u64; 2]| {
            let mut source = StreamSource::new(dut, &name(channel))?.stall(self.stall.clone(), seed + payload[1]);
            source.push(Beat { payload: payload.map(Value::from).to_vec(), last: true })?;
            Ok::<_, SimError>(source)
        };
        let sink = |dut: &dyn Dut, channel: &str| {
            Ok::<_, SimError>(StreamSink::new(dut, &name(channel), 1)?.stall(self.stall.clone(), seed + 7))
        };
        let number = |sink: &StreamSink, n: usize| sink.beats()[0].payload[n].to_u64().unwrap_or_default();
        match write {
            Some((word, strobes)) => {
                let (mut aw, mut w) = (source(dut, "aw", [address, 0])?, source(dut, "w", [word, strobes])?);
                let mut b = sink(dut, "b")?;
                run(dut, &mut [&mut aw, &mut w, &mut b], self.patience)?;
                Ok((0, number(&b, 0) as usize))
            }
            None => {
                let (mut ar, mut r) = (source(dut, "ar", [address, 0])?, sink(dut, "r")?);
                run(dut, &mut [&mut ar, &mut r], self.patience)?;
                Ok((number(&r, 0), number(&r, 1) as usize))
            }
        }
    }

    fn wishbone_transfer(
        &self,
        dut: &mut dyn Dut,
        address: u64,
        write: Option<(u64, u64)>,
    ) -> Result<(u64, usize), SimError> {
        let name = |signal: &str| format!("{}_{signal}", self.port);
        let (word, strobes) = write.unwrap_or((0, (1 << self.map.bytes()) - 1));
        let driven = [("adr_i", address), ("dat_i", word), ("sel_i", strobes), ("we_i", write.is_some().into())];
        for (signal, value) in driven.into_iter().chain([("cyc_i", 1), ("stb_i", 1)]) {
            dut.set(&name(signal), value)?;
        }
        for _ in 0..self.patience {
            let done = !dut.get(&name("ack_o"))?.is_zero();
            let failed = !dut.get(&name("err_o"))?.is_zero();
            let word = dut.get(&name("dat_o"))?.to_u64().unwrap_or_default();
            let pipelined = self.protocol == Protocol::WishbonePipelined;
            let taken = pipelined && dut.get(&name("stall_o"))?.is_zero();
            dut.step()?;
            if taken || done || failed {
                dut.set(&name("stb_i"), 0)?;
            }
            if done || failed {
                dut.set(&name("cyc_i"), 0)?;
                return Ok((word, if failed { 2 } else { 0 }));
            }
        }
        let stuck = vec![format!("`{}` neither acknowledged nor refused address {address:#x}", self.port)];
        Err(SimError::Stuck { cycle: dut.cycle(), idle: self.patience, stuck })
    }
}

/// One bit for each byte that the field takes.
fn strobes_of(field: &FieldInfo) -> u64 {
    let (first, last) = (field.lsb / 8, (field.lsb + field.width() - 1) / 8);
    (first..=last).fold(0, |mask, byte| mask | 1 << byte)
}
