//! What a place near a sensor asks of a design: event rate, latency, platform.
//!
//! The built-in profiles are the domains of Table 2 of *Applications and Techniques for Fast Machine Learning in Science*
//! (arXiv 2110.13041) and a few presets for designs. The table gives orders of magnitude; as numbers, a range counts by
//! its harder end, "10s of MHz" as 10 MHz, "ns" as 100 ns, and a bare unit as one of it. Who knows the experiment's own
//! numbers writes them in TOML:
//!
//! ```toml
//! name = "my-trigger"
//! event_rate_hz = 40e6
//! latency_ns = 800
//! platform = "FPGA"
//! remarks = "two crossings are kept for the links"
//! ```

use serde::{Deserialize, Serialize};

/// What is asked. A number that is absent asks nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// By which it is asked for.
    pub name: String,
    /// The domain, in words.
    #[serde(default)]
    pub title: String,
    /// Samples per second that have to be taken.
    #[serde(default)]
    pub event_rate_hz: Option<f64>,
    /// Greatest time from a sample to its result.
    #[serde(default)]
    pub latency_ns: Option<f64>,
    /// What it runs on.
    #[serde(default)]
    pub platform: String,
    /// Power and other limits that this program does not check.
    #[serde(default)]
    pub remarks: String,
}

/// Why there is no such profile.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProfileError {
    /// The name is not known.
    #[error("there is no profile `{name}`{}\n  = help: built in are {}; or give a TOML file", nearest.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default(), Profile::names().join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The built-in name that is most like it.
        nearest: Option<&'static str>,
    },
    /// The text is no profile.
    #[error(
        "line {line}, column {column}: {problem}\n  = help: a profile has name, and optionally title, event_rate_hz, latency_ns, platform, remarks"
    )]
    Text {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// A number that asks nothing possible.
    #[error("`{field}` is {value}, and has to be a number above zero\n  = help: leave the line out to ask nothing")]
    Number {
        /// The field.
        field: &'static str,
        /// Its value.
        value: f64,
    },
}

const KHZ: f64 = 1e3;
const MHZ: f64 = 1e6;
const US: f64 = 1e3;
const MS: f64 = 1e6;
const S: f64 = 1e9;

/// Name, title, events per second, latency in ns, platform, remarks.
type Row = (&'static str, &'static str, Option<f64>, Option<f64>, &'static str, &'static str);

#[rustfmt::skip]
const BUILT_IN: [Row; 20] = [
    ("trigger", "Trigger of a collider experiment", Some(40.0 * MHZ), Some(US), "FPGA", "every bunch crossing, interval 1"),
    ("readout", "Compression in a detector's front end", Some(40.0 * MHZ), Some(100.0), "ASIC", "radiation and power limits of the chip"),
    ("microscopy", "Frames of a microscope", Some(MHZ), Some(US), "FPGA", "frames come as a stream"),
    ("control", "Control loop", Some(KHZ), Some(MS), "FPGA", "the latency has to be the same each time"),
    ("wearable", "Wearable device", Some(KHZ), None, "ASIC or small FPGA", "milliwatts"),
    ("remote", "Remote station", None, None, "small FPGA", "on only for a part of the time; energy per result counts"),
    ("lhc", "LHC and intensity-frontier physics", Some(10.0 * MHZ), Some(100.0), "software, FPGA or ASIC", "ns to ms, by the stage of the readout; trigger and readout have the numbers of two stages"),
    ("nuclear", "Nuclear physics", Some(10.0 * KHZ), Some(MS), "software", ""),
    ("dark-matter", "Dark matter and neutrino physics", Some(10.0 * MHZ), Some(US), "software, FPGA or ASIC", ""),
    ("material-synthesis", "Material synthesis", Some(10.0 * KHZ), Some(MS), "software, FPGA or ASIC", ""),
    ("scanning-probe", "Scanning probe microscopy", Some(KHZ), Some(MS), "software, FPGA or ASIC", ""),
    ("electron-microscopy", "Electron microscopy", Some(MHZ), Some(US), "software, FPGA or ASIC", ""),
    ("biomedical", "Biomedical engineering", Some(KHZ), Some(MS), "software, FPGA or ASIC", "mobile: energy is short"),
    ("cosmology", "Cosmology", Some(1.0), Some(S), "software", ""),
    ("astrophysics", "Astrophysics", Some(MHZ), Some(US), "software", "kHz to MHz, ms to µs; remote: energy is short"),
    ("gravitational-waves", "Gravitational waves", Some(KHZ), Some(MS), "software", ""),
    ("health", "Health monitoring", Some(KHZ), Some(MS), "FPGA or ASIC", "energy is short"),
    ("communications", "Communications", Some(KHZ), Some(MS), "software", "mobile: energy is short"),
    ("accelerator", "Accelerator controls", Some(KHZ), Some(US), "software, FPGA or ASIC", "ms to µs"),
    ("plasma", "Plasma physics", Some(KHZ), Some(MS), "software", ""),
];

impl Profile {
    /// The built-in names.
    pub fn names() -> Vec<&'static str> {
        BUILT_IN.iter().map(|row| row.0).collect()
    }

    /// A built-in profile.
    ///
    /// # Errors
    /// Where there is none of this name; the nearest is suggested.
    pub fn named(name: &str) -> Result<Profile, ProfileError> {
        let wanted = name.trim().to_lowercase().replace([' ', '_'], "-");
        if let Some(&(name, title, event_rate_hz, latency_ns, platform, remarks)) =
            BUILT_IN.iter().find(|row| row.0 == wanted)
        {
            let [name, title, platform, remarks] = [name, title, platform, remarks].map(str::to_owned);
            return Ok(Profile { name, title, event_rate_hz, latency_ns, platform, remarks });
        }
        // A long text is like no name, and the comparison takes its time.
        let like = |row: &Row| strsim::jaro_winkler(row.0, &wanted);
        let candidates = BUILT_IN.iter().filter(|_| wanted.len() <= 64).map(|row| (like(row), row.0));
        let best = candidates.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|b| b.0 > 0.75);
        Err(ProfileError::Unknown { name: name.to_owned(), nearest: best.map(|b| b.1) })
    }

    /// A profile from the text of a TOML file.
    ///
    /// # Errors
    /// Where the text is no TOML or has another field, with the place; where a number is not above zero.
    pub fn from_toml(text: &str) -> Result<Profile, ProfileError> {
        let profile: Profile = toml::from_str(text).map_err(|e| {
            let before = e.span().and_then(|s| text.get(..s.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
            ProfileError::Text { line, column, problem: e.message().to_owned() }
        })?;
        let numbers = [("event_rate_hz", profile.event_rate_hz), ("latency_ns", profile.latency_ns)];
        for (field, value) in numbers {
            if let Some(value) = value.filter(|v| !(v.is_finite() && *v > 0.0)) {
                return Err(ProfileError::Number { field, value });
            }
        }
        Ok(profile)
    }
}
