//! A small detector front end with registers on AXI4-Lite: a threshold, triggers, their counter and an interrupt.

use gatewright_dsl::parts::bank::c_header::c_header;
use gatewright_dsl::parts::bank::*;
use gatewright_dsl::parts::bus::BusTy;
use gatewright_dsl::parts::bus::axi_lite::{AxiLiteRequests, AxiLiteResponses};
use gatewright_dsl::prelude::*;
use gatewright_sim::{BankDriver, Dut, DutExt, Interpreter};

/// Registers of a detector front end.
#[derive(RegisterBank)]
pub struct FrontEnd {
    /// Switches.
    pub control: Control,
    /// What was seen.
    pub status: Status,
    /// A pulse begins where a sample goes beyond it, in counts of the converter.
    #[register(ty = uint(12), reset = 100)]
    pub threshold: ReadWrite<Int>,
    /// Pulses since it was last written.
    #[register(ty = uint(32))]
    pub triggers: Counter,
    /// Interrupts.
    #[register(at = 0x20)]
    pub interrupt: Interrupt,
}

/// Switches.
#[derive(Register)]
pub struct Control {
    /// Pulses are looked for.
    pub enable: ReadWrite<Bool>,
    /// Which way pulses go.
    pub polarity: ReadWrite<Enum<Polarity>>,
    /// Forgets the peak.
    #[register(bit = 8)]
    pub clear: WritePulse<Bool>,
}

/// What was seen.
#[derive(Register)]
pub struct Status {
    /// A pulse is under way.
    pub pulse: ReadOnly<Bool>,
    /// The sample furthest out since the peak was last forgotten.
    #[register(bit = 16, ty = uint(12))]
    pub peak: ReadOnly<Int>,
}

/// Interrupts.
#[derive(Register)]
pub struct Interrupt {
    /// There was a pulse.
    pub triggered: WriteOneToClear<Bool>,
    /// The interrupt line shows pulses.
    #[register(bit = 8)]
    pub enable: ReadWrite<Bool>,
}

/// Which way pulses go.
#[derive(HwEnum, Clone, Copy, Debug)]
pub enum Polarity {
    /// Up from the baseline.
    Positive,
    /// Down from it.
    Negative,
}

/// Finds pulses in a row of samples.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Detector;

/// The bus and the samples.
#[derive(Bundle)]
pub struct DetectorIn {
    /// The bus, with word addresses 0x00 to 0x20.
    pub s_axi: AxiLiteRequests,
    /// A sample.
    pub sample: Int,
    /// It is one.
    pub sample_valid: Bool,
}

/// The bus and what was found.
#[derive(Bundle)]
pub struct DetectorOut {
    /// The bus.
    pub s_axi: AxiLiteResponses,
    /// A pulse begins, 1 clock after its sample.
    pub trigger: Bool,
    /// To the processor.
    pub irq: Bool,
}

impl Generator for Detector {
    type In = DetectorIn;
    type Out = DetectorOut;

    fn shape(&self) -> DetectorInShape {
        let s_axi = BusTy { address: 6, data: 32 }.axi_lite_requests();
        DetectorInShape { s_axi, sample: uint(12), sample_valid: BOOL }
    }

    fn build(&self, m: &Module, i: DetectorIn) -> DetectorOut {
        let (s_axi, regs) = i.s_axi.serve(m, |requests| FrontEnd::attach(m, "regs", requests));

        // Negative pulses are positive ones of the mirrored converter.
        let negative = regs.control.polarity.q().is(Polarity::Negative);
        let height = negative.mux::<Int>(4095 - i.sample, i.sample);
        let limit = negative.mux::<Int>(4095 - regs.threshold.q(), regs.threshold.q());
        let enable = regs.control.enable.q();
        let seen = i.sample_valid & enable;

        let pulse = m.reg("pulse", BOOL).reset(false);
        let trigger = m.reg("trigger", BOOL).reset(false);
        let peak = m.reg("peak", uint(12)).reset(0);
        let beyond = height.gt(limit);
        trigger.set(seen & beyond & !pulse.q());
        m.when(!enable, || pulse.set(false)).elsewhen(seen, || pulse.set(beyond));
        m.when(regs.control.clear.q(), || peak.set(0)).elsewhen(seen & height.gt(peak.q()), || peak.set(height));

        regs.status.pulse.set(pulse.q());
        regs.status.peak.set(negative.mux::<Int>(4095 - peak.q(), peak.q()));
        regs.triggers.count(trigger.q());
        regs.interrupt.triggered.raise(trigger.q());
        let irq = regs.interrupt.triggered.q() & regs.interrupt.enable.q();
        DetectorOut { s_axi, trigger: trigger.q(), irq }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut dut = Interpreter::new(&elaborate(&Detector)?)?;
    let software = BankDriver::axi_lite(FrontEnd::map()?, "s_axi");
    software.write(&mut dut, "threshold", 500)?;
    software.write(&mut dut, "control.enable", 1)?;
    software.write(&mut dut, "interrupt.enable", 1)?;

    dut.set("sample_valid", 1)?;
    for sample in [90, 110, 700, 1800, 900, 120, 95, 510, 480, 100] {
        dut.set("sample", sample)?;
        dut.step()?;
    }
    dut.set("sample_valid", 0)?;
    println!("interrupt: {}", dut.get("irq")?);
    println!("triggers:  {}", software.read(&mut dut, "triggers")?);
    println!("peak:      {}", software.read(&mut dut, "status.peak")?);
    software.write(&mut dut, "interrupt.triggered", 1)?;
    println!("interrupt: {}, once it is cleared", dut.get("irq")?);

    println!("\nFor C:\n");
    let header = c_header(&FrontEnd::map()?);
    header.lines().filter(|line| line.contains("_OFFSET")).for_each(|line| println!("{line}"));
    Ok(())
}
