//! The wanted clock and the device, as values that can be compared and hashed.

use gatewright_dsl::target::{Device, Target as Delays};

/// A family of devices with like delays.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
pub enum Family {
    /// Six-input LUTs: see [`Device::LUT6`].
    #[default]
    Lut6,
    /// Four-input LUTs: see [`Device::LUT4`].
    Lut4,
    /// Gates of two inputs: see [`Device::GATES`].
    Gates,
}

impl Family {
    /// The delays.
    pub fn device(self) -> Device {
        match self {
            Family::Lut6 => Device::LUT6,
            Family::Lut4 => Device::LUT4,
            Family::Gates => Device::GATES,
        }
    }
}

/// What pipeline registers are placed for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Target {
    /// Clock rate in kHz; 0 for no registers at all.
    pub clock_khz: u64,
    /// The device.
    pub family: Family,
}

impl Target {
    /// A clock in MHz, to the nearest kHz, at least 1 kHz; 0 (or what is no rate) for no registers.
    pub fn mhz(clock: f64, family: Family) -> Target {
        let clock_khz = if clock > 0.0 { ((clock * 1000.0).round() as u64).max(1) } else { 0 };
        Target { clock_khz, family }
    }

    /// No registers.
    pub fn combinational() -> Target {
        Target::default()
    }

    /// Clock rate in MHz.
    pub fn clock_mhz(self) -> f64 {
        self.clock_khz as f64 / 1000.0
    }

    /// For the language.
    pub fn delays(self) -> Delays {
        Delays { clock_mhz: self.clock_mhz(), device: self.family.device() }
    }
}
