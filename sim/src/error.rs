//! What can go wrong in a simulation, each with the place and the way out.

use std::fmt;
use std::path::PathBuf;

use gatewright_dsl::value::Value;

/// An error of an engine, a driver or a harness.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// No data port has this name.
    #[error("no port `{name}` in `{top}`{}", did_you_mean(.near))]
    NoPort {
        /// The top module.
        top: String,
        /// The name asked for.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// No internal signal has this path.
    #[error("no signal `{path}` in `{top}`{}", did_you_mean(.near))]
    NoSignal {
        /// The top module.
        top: String,
        /// The path asked for.
        path: String,
        /// Names like it in the deepest instance that was found.
        near: Vec<String>,
    },
    /// No stream has this name, or it runs the other way.
    #[error("no {wanted} stream `{name}` in `{top}`{}", did_you_mean(.near))]
    NoStream {
        /// The top module.
        top: String,
        /// `input` or `output`.
        wanted: &'static str,
        /// The name asked for.
        name: String,
        /// The streams there are.
        near: Vec<String>,
    },
    /// No field or register of a bank has this path.
    #[error("no field or register `{path}` in bank `{bank}`{}", did_you_mean(.near))]
    NoField {
        /// The bank.
        bank: String,
        /// The path asked for.
        path: String,
        /// Paths like it.
        near: Vec<String>,
    },
    /// A bus answered a read or write of a register with an error.
    #[error("the {what} of register `{register}` was answered with {response}")]
    Refused {
        /// `read` or `write`.
        what: &'static str,
        /// The register.
        register: String,
        /// The response, as AXI calls it.
        response: &'static str,
    },
    /// A beat does not have one value per payload port.
    #[error("stream `{stream}` has {wanted} payload ports, the beat has {got} values")]
    Payload {
        /// The stream.
        stream: String,
        /// Payload ports.
        wanted: usize,
        /// Values given.
        got: usize,
    },
    /// A pin of another device.
    #[error(
        "pin {pin} does not exist in `{top}`, which has {count} data ports; take pins from the device they are for"
    )]
    BadPin {
        /// The top module.
        top: String,
        /// Its index.
        pin: u32,
        /// How many there are.
        count: usize,
    },
    /// A poke to an output.
    #[error("port `{port}` of `{top}` is an output; only inputs can be poked")]
    NotInput {
        /// The top module.
        top: String,
        /// The port.
        port: String,
    },
    /// A value outside of the port's type.
    #[error("value {value} does not fit port `{port}`, which is {ty}")]
    OutOfRange {
        /// The port.
        port: String,
        /// The value.
        value: Value,
        /// The port's type as text.
        ty: String,
    },
    /// The top level has no domain with a reset.
    #[error("`{top}` has no reset; its state is set at power-up, so make a new simulation instead")]
    NoReset {
        /// The top module.
        top: String,
    },
    /// A black box without a simulation model.
    #[error(
        "instance `{path}` is the black box `{module}`, which has no simulation model; give it one, or simulate with \
         an engine that has its source"
    )]
    NoModel {
        /// Hierarchical path.
        path: String,
        /// The black box.
        module: String,
    },
    /// A black box does not behave as it was declared.
    #[error("black box `{path}`: {what}")]
    BlackBox {
        /// Hierarchical path.
        path: String,
        /// What it does, and the way out.
        what: String,
    },
    /// A design that is not well formed.
    #[error("the design is not well formed: {0}; run its verifier")]
    Malformed(String),
    /// Values that depend on each other without a register between.
    #[error("combinational loop: {}", .0.join(" -> "))]
    CombinationalLoop(Vec<String>),
    /// More memory than an engine takes.
    #[error("memory `{path}` of {depth} words is too large to simulate (limit: {limit} words)")]
    TooLarge {
        /// Hierarchical path.
        path: String,
        /// Words.
        depth: u64,
        /// The limit.
        limit: u64,
    },
    /// Checks failed at a clock edge.
    #[error("{}", lines(.0))]
    CheckFailed(Vec<CheckFailure>),
    /// A schedule that the device's clocks cannot have.
    #[error("`{top}` cannot run on this schedule: {what}")]
    Schedule {
        /// The top module.
        top: String,
        /// What is wrong.
        what: String,
    },
    /// Streams made no progress.
    #[error("no progress for {idle} cycles (now at cycle {cycle}): {}", .stuck.join("; "))]
    Stuck {
        /// The cycle where the run gave up.
        cycle: u64,
        /// Cycles without a beat.
        idle: u64,
        /// What each unfinished driver waits for.
        stuck: Vec<String>,
    },
    /// A stream broke its contract.
    #[error("stream `{stream}`, cycle {cycle}: {what}")]
    Contract {
        /// The stream.
        stream: String,
        /// The cycle.
        cycle: u64,
        /// What happened.
        what: String,
    },
    /// Two engines disagree.
    #[error("engines differ at cycle {cycle} in `{signal}`: {}", pairs(.values))]
    Difference {
        /// The signal's path.
        signal: String,
        /// The cycle.
        cycle: u64,
        /// What each engine says.
        values: Vec<(String, String)>,
    },
    /// Engines of designs with different ports.
    #[error("the engines cannot run in lock step: {0}")]
    NotAlike(String),
    /// Verilator is not there.
    #[error(
        "Verilator was not found ({tried}); install it with `apt-get install verilator` or `cargo xtask test`, or name \
         the program in GATEWRIGHT_VERILATOR"
    )]
    NoVerilator {
        /// What was tried.
        tried: String,
    },
    /// A tool of the Verilator bridge failed.
    #[error("{stage} failed: {output}")]
    Tool {
        /// What was run.
        stage: String,
        /// What it said.
        output: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {message}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
}

impl SimError {
    pub(crate) fn io(path: impl Into<PathBuf>, e: impl fmt::Display) -> SimError {
        SimError::Io { path: path.into(), message: e.to_string() }
    }
}

/// A check that failed at a clock edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFailure {
    /// How many edges came before.
    pub cycle: u64,
    /// The instance, from the top's name down, joined with dots.
    pub path: String,
    /// The check's name in its module.
    pub check: String,
    /// What the check says.
    pub message: String,
    /// File, line and column.
    pub place: String,
    /// The values that broke it, where the engine knows them.
    pub values: Vec<(String, Value)>,
}

impl fmt::Display for CheckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "check `{}.{}` failed at cycle {}: {}", self.path, self.check, self.cycle, self.message)?;
        for (n, (name, value)) in self.values.iter().enumerate() {
            write!(f, "{}{name} = {value}", if n == 0 { " (" } else { ", " })?;
        }
        if !self.values.is_empty() {
            f.write_str(")")?;
        }
        if !self.place.is_empty() {
            write!(f, "\n  --> {}", self.place)?;
        }
        Ok(())
    }
}

/// How often a cover point was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The instance, from the top's name down, joined with dots.
    pub path: String,
    /// The cover's name in its module.
    pub check: String,
    /// Clock edges at which it held.
    pub count: u64,
}

fn did_you_mean(near: &[String]) -> String {
    match near {
        [] => String::new(),
        names => format!("; there is `{}`", names.join("`, `")),
    }
}

fn lines(failures: &[CheckFailure]) -> String {
    let shown: Vec<String> = failures.iter().take(8).map(ToString::to_string).collect();
    let rest = failures.len() - shown.len();
    let more = if rest > 0 { format!("\nand {rest} more") } else { String::new() };
    shown.join("\n") + &more
}

fn pairs(values: &[(String, String)]) -> String {
    values.iter().map(|(engine, v)| format!("{engine} says {v}")).collect::<Vec<_>>().join(", ")
}

/// The names most like `name`, the best first.
pub(crate) fn near_names<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut scored: Vec<(usize, &str)> = all
        .map(|n| (distance(name, n), n))
        .filter(|&(d, n)| {
            d <= 1 + name.len() / 4 || (name.len() > 1 && n.contains(name)) || (n.len() > 2 && name.contains(n))
        })
        .collect();
    scored.sort();
    scored.into_iter().take(5).map(|(_, n)| n.to_string()).collect()
}

/// The number of single-character edits between two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_between_names() {
        assert_eq!(distance("valid", "valid"), 0);
        assert_eq!(distance("vaild", "valid"), 2);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(near_names("in_vald", ["in_valid", "in_ready", "clk"].into_iter()), ["in_valid"]);
    }
}
