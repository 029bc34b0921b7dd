//! A Verilated model in this process, as a device.

use std::ffi::{CString, c_char, c_void};
use std::path::Path;
use std::ptr::NonNull;

use gatewright_dsl::ir::{Dir, Polarity};
use gatewright_dsl::value::Value;
use libloading::Library;

use super::log::Checks;
use super::shim::{Role, Wire};
use crate::clocks::{Schedule, Timeline};
use crate::dut::{Dut, Failures, Interface, OnFailure, Pin, check_clock, sharing_reset};
use crate::error::{CheckFailure, Cover, SimError};

/// The C interface of a model.
#[derive(Clone, Copy)]
pub struct Functions {
    /// Makes a model.
    pub new: unsafe extern "C" fn() -> *mut c_void,
    /// Frees it.
    pub free: unsafe extern "C" fn(*mut c_void),
    /// Writes the addresses of the ports.
    pub pins: unsafe extern "C" fn(*mut c_void, *mut *mut c_void),
    /// Evaluates; returns what was printed.
    pub eval: unsafe extern "C" fn(*mut c_void, *mut usize) -> *const c_char,
    /// Opens a wave file, where the model was made for it.
    pub open: unsafe extern "C" fn(*mut c_void, *const c_char),
    /// Writes the values at a time to the wave file.
    pub dump: unsafe extern "C" fn(*mut c_void, u64),
}

impl Functions {
    /// The functions of a library whose names start with `prefix`.
    ///
    /// # Safety
    /// The library was made by this module's `compile`.
    unsafe fn load(library: &Library, prefix: &str) -> Result<Functions, libloading::Error> {
        let name = |f: &str| format!("{prefix}_{f}");
        // SAFETY: the functions have these types in `shim::interface`.
        unsafe {
            Ok(Functions {
                new: *library.get(name("new").as_bytes())?,
                free: *library.get(name("free").as_bytes())?,
                pins: *library.get(name("pins").as_bytes())?,
                eval: *library.get(name("eval").as_bytes())?,
                open: *library.get(name("open").as_bytes())?,
                dump: *library.get(name("dump").as_bytes())?,
            })
        }
    }
}

/// Where the value of a pin is.
#[derive(Clone)]
enum Site {
    /// A type of one value: nowhere.
    Constant(Value),
    /// At an address in the model.
    At { address: NonNull<u8>, width: u32, signed: bool },
}

/// A model made by Verilator, running in this process.
pub struct Verilated {
    interface: Interface,
    functions: Functions,
    model: NonNull<c_void>,
    sites: Vec<Site>,
    clocks: Vec<Option<NonNull<u8>>>,
    resets: Vec<Option<NonNull<u8>>>,
    checks: Checks,
    timeline: Timeline,
    /// Inputs changed since the last evaluation.
    stale: bool,
    cycle: u64,
    failures: Failures,
    traced: bool,
    /// Keeps the code loaded; dropped last.
    _library: Option<Library>,
}

// SAFETY: a model is reached through this value alone and has no ties to the thread that made it; the runtime's
// thread-local log is set for the time of one call.
unsafe impl Send for Verilated {}

impl Verilated {
    /// Loads a compiled library.
    pub(super) fn load(
        library: &Path,
        prefix: &str,
        interface: Interface,
        wires: &[Wire],
        checks: Checks,
    ) -> Result<Verilated, SimError> {
        let failed = |e: libloading::Error| SimError::Tool { stage: "loading the model".into(), output: e.to_string() };
        // SAFETY: the library was made by `compile`; its initialisers only set up Verilator's runtime.
        let loaded = unsafe { Library::new(library) }.map_err(failed)?;
        // SAFETY: as above.
        let functions = unsafe { Functions::load(&loaded, prefix) }.map_err(failed)?;
        // SAFETY: the functions are those of `shim::interface` for these wires.
        let mut model = unsafe { Verilated::start(functions, interface, wires, checks) }?;
        model._library = Some(loaded);
        Ok(model)
    }

    /// Makes a model.
    ///
    /// # Safety
    /// `functions` are those of a model whose ports are `wires`.
    pub(super) unsafe fn start(
        functions: Functions,
        interface: Interface,
        wires: &[Wire],
        checks: Checks,
    ) -> Result<Verilated, SimError> {
        let failed = || SimError::Tool { stage: "starting the model".into(), output: "it has no memory".into() };
        // SAFETY: by the contract of this function.
        let model = NonNull::new(unsafe { (functions.new)() }).ok_or_else(failed)?;
        let mut addresses = vec![std::ptr::null_mut(); wires.len()];
        // SAFETY: one address per wire.
        unsafe { (functions.pins)(model.as_ptr(), addresses.as_mut_ptr()) };
        let constant = |ty: gatewright_dsl::ty::Ty| ty.as_constant().unwrap_or_else(|| ty.power_up());
        let sites = interface.pins.iter().map(|p| Site::Constant(constant(p.ty))).collect();
        let mut this = Verilated {
            sites,
            clocks: vec![None; interface.clocks.len()],
            resets: vec![None; interface.clocks.len()],
            timeline: Timeline::new(interface.clocks.len()),
            interface,
            functions,
            model,
            checks,
            stale: true,
            cycle: 0,
            failures: Failures::default(),
            traced: false,
            _library: None,
        };
        for (wire, address) in wires.iter().zip(addresses) {
            let address = NonNull::new(address.cast::<u8>()).ok_or_else(failed)?;
            match wire.role {
                Role::Clock(n) => this.clocks[n] = Some(address),
                Role::Reset(n) => this.resets[n] = Some(address),
                Role::Input(n) | Role::Output(n) => {
                    let signed = this.interface.pins[n].ty.is_signed();
                    this.sites[n] = Site::At { address, width: wire.width, signed };
                }
            }
        }
        for n in 0..this.interface.clocks.len() {
            this.poke_reset(n, false)?;
        }
        for n in 0..this.sites.len() {
            let info = &this.interface.pins[n];
            if info.dir == Dir::Input {
                let value = info.ty.power_up();
                this.poke_value(Pin(n as u32), &value)?;
            }
        }
        // What stands in `initial` runs now: a file that is missing, for example.
        match this.evaluate().into_iter().find(|f| f.check == super::log::OTHER) {
            Some(said) => Err(SimError::Tool { stage: "starting the model".into(), output: said.message }),
            None => Ok(this),
        }
    }

    /// Writes Verilator's own trace to this file, where the model was made with [`super::Options::trace`].
    pub fn trace_to(&mut self, path: impl AsRef<Path>) -> Result<(), SimError> {
        let path = path.as_ref();
        let text = CString::new(path.to_string_lossy().as_bytes()).map_err(|e| SimError::io(path, e))?;
        // SAFETY: the model lives; the text ends in a zero.
        unsafe { (self.functions.open)(self.model.as_ptr(), text.as_ptr()) };
        self.traced = true;
        Ok(())
    }

    fn evaluate(&mut self) -> Vec<CheckFailure> {
        let mut length = 0;
        // SAFETY: the model lives.
        let log = unsafe { (self.functions.eval)(self.model.as_ptr(), &mut length) };
        self.stale = false;
        if length == 0 {
            return Vec::new();
        }
        // SAFETY: the log has this length and lives until the next evaluation.
        let bytes = unsafe { std::slice::from_raw_parts(log.cast::<u8>(), length) };
        self.checks.failures(&String::from_utf8_lossy(bytes), self.cycle)
    }

    fn dump(&mut self, time: u64) {
        if self.traced {
            // SAFETY: the model lives.
            unsafe { (self.functions.dump)(self.model.as_ptr(), time) };
        }
    }

    /// Puts the clocks that have an edge now to this level.
    fn set_clocks(&mut self, level: u8) {
        for (n, address) in self.clocks.iter().enumerate() {
            if let Some(address) = address.filter(|_| self.timeline.ticks(n)) {
                // SAFETY: a one-bit port is a byte in the model.
                unsafe { address.write(level) };
            }
        }
        self.stale = true;
    }
}

/// Reads a port.
///
/// # Safety
/// `address` is that of a port of `width` bits: 1, 2, 4 or 8 bytes, or 32-bit words.
unsafe fn read(address: NonNull<u8>, width: u32, signed: bool) -> Value {
    // SAFETY: by the contract of this function.
    let bits = unsafe {
        match width {
            0..=8 => u64::from(address.read()),
            9..=16 => u64::from(address.cast::<u16>().read()),
            17..=32 => u64::from(address.cast::<u32>().read()),
            33..=64 => address.cast::<u64>().read(),
            _ => {
                let words = std::slice::from_raw_parts(address.cast::<u32>().as_ptr(), width.div_ceil(32) as usize);
                return Value::from_words(words, width, signed);
            }
        }
    };
    if signed {
        let shift = 64 - width;
        return Value::small(((bits << shift) as i64) >> shift);
    }
    Value::from(bits)
}

/// Writes a port.
///
/// # Safety
/// As for [`read`].
unsafe fn write(address: NonNull<u8>, width: u32, value: &Value) {
    let words = || value.to_words(width);
    let bits = match value.to_i64() {
        Some(v) if width < 64 => v as u64 & ((1 << width) - 1),
        Some(v) => v as u64,
        None if width <= 64 => words().iter().rev().fold(0, |all, &w| (all << 32) | u64::from(w)),
        None => 0,
    };
    // SAFETY: by the contract of this function.
    unsafe {
        match width {
            0..=8 => address.write(bits as u8),
            9..=16 => address.cast::<u16>().write(bits as u16),
            17..=32 => address.cast::<u32>().write(bits as u32),
            33..=64 => address.cast::<u64>().write(bits),
            _ => {
                let words = words();
                let to = address.cast::<u32>().as_ptr();
                std::ptr::copy_nonoverlapping(words.as_ptr(), to, words.len());
            }
        }
    }
}

impl Dut for Verilated {
    fn interface(&self) -> &Interface {
        &self.interface
    }
    fn engine(&self) -> &'static str {
        "verilator"
    }

    fn poke_value(&mut self, pin: Pin, value: &Value) -> Result<(), SimError> {
        self.interface.check_poke(pin, value)?;
        if let Site::At { address, width, .. } = self.sites[pin.index()] {
            // SAFETY: the address and width of a port of the living model.
            unsafe { write(address, width, value) };
            self.stale = true;
        }
        Ok(())
    }

    fn peek(&mut self, pin: Pin) -> Result<Value, SimError> {
        let info = self.interface.info(pin)?;
        if self.stale && info.dir == Dir::Output {
            // The clock does not move, so that no check is evaluated.
            self.evaluate();
        }
        Ok(match &self.sites[pin.index()] {
            Site::Constant(value) => value.clone(),
            // SAFETY: the address and width of a port of the living model.
            Site::At { address, width, signed } => unsafe { read(*address, *width, *signed) },
        })
    }

    fn poke_reset(&mut self, clock: usize, active: bool) -> Result<(), SimError> {
        check_clock(&self.interface, clock)?;
        let pin = sharing_reset(&self.interface, clock).find_map(|n| self.resets[n]);
        if let (Some(address), Some(reset)) = (pin, &self.interface.clocks[clock].reset) {
            let level = active == (reset.polarity == Polarity::High);
            // SAFETY: a one-bit port is a byte in the model.
            unsafe { address.write(u8::from(level)) };
            self.stale = true;
            // A reset that acts at once does so even where it is taken back before the next edge.
            self.evaluate();
        }
        Ok(())
    }

    fn set_schedule(&mut self, schedule: &Schedule) -> Result<(), SimError> {
        self.timeline.set(&self.interface, schedule)
    }
    fn ticks(&self, clock: usize) -> bool {
        self.timeline.ticks(clock)
    }
    fn time(&self) -> u64 {
        self.timeline.time()
    }
    fn step(&mut self) -> Result<(), SimError> {
        self.set_clocks(0);
        self.evaluate();
        let time = self.timeline.time();
        self.dump(10 * time);
        self.set_clocks(1);
        let failed = self.evaluate();
        self.dump(10 * time + 5);
        self.timeline.advance();
        self.cycle += 1;
        self.failures.settle(failed)
    }

    fn cycle(&self) -> u64 {
        self.cycle
    }
    fn on_failure(&mut self, policy: OnFailure) {
        self.failures.policy = policy;
    }
    fn take_failures(&mut self) -> Vec<CheckFailure> {
        self.failures.take()
    }
    fn covers(&self) -> Vec<Cover> {
        Vec::new()
    }
}

impl Drop for Verilated {
    fn drop(&mut self) {
        // SAFETY: made by `new`, freed once; the library is dropped after this.
        unsafe { (self.functions.free)(self.model.as_ptr()) };
    }
}
