//! Timing diagrams of standard parts, each from a simulation of a few clocks.

use gatewright_dsl::parts::arbiter::{Arbiter, Grant, Policy};
use gatewright_dsl::parts::divide::Divider;
use gatewright_dsl::parts::fifo::{Fifo, FifoStyle, RegSlice};
use gatewright_dsl::parts::fork::Fork;
use gatewright_dsl::parts::join::join;
use gatewright_dsl::parts::pack::Order;
use gatewright_dsl::parts::ram::{Mode, SinglePort};
use gatewright_dsl::parts::width::{Narrow, Widen};
use gatewright_dsl::prelude::*;
use gatewright_sim::{Agent, Beat, Dut, DutExt, Interpreter, SimError, Stall, StreamSink, StreamSource, TextWave};

use crate::parts::of;

/// A picture's file name without its ending, and what is in it.
pub type Picture = (&'static str, String);

/// A device, what is drawn of it, and what drives it.
struct Scene {
    dut: Interpreter,
    wave: TextWave,
    agents: Vec<Box<dyn Agent>>,
}

/// Pauses where there is an `x`.
fn stall(pattern: &str) -> Stall {
    Stall::Pattern(pattern.chars().map(|c| c == 'x').collect())
}

impl Scene {
    fn new(part: &impl Generator, rows: &[&str]) -> Result<Scene, SimError> {
        let design = elaborate(part).unwrap_or_else(|e| panic!("{e}"));
        let dut = Interpreter::new(&design)?;
        let wave = TextWave::new(&dut, rows)?;
        Ok(Scene { dut, wave, agents: Vec::new() })
    }
    /// Beats for an input; an `x` in the pattern is a pause.
    fn send(mut self, name: &str, pattern: &str, beats: impl IntoIterator<Item = Beat>) -> Result<Scene, SimError> {
        let mut source = StreamSource::new(&self.dut, name)?.stall(stall(pattern), 0);
        beats.into_iter().try_for_each(|beat| source.push(beat))?;
        self.agents.push(Box::new(source));
        Ok(self)
    }
    /// Takes what comes; not in the clocks with an `x`.
    fn take(mut self, name: &str, pattern: &str) -> Result<Scene, SimError> {
        self.agents.push(Box::new(StreamSink::new(&self.dut, name, 0)?.stall(stall(pattern), 0)));
        Ok(self)
    }
    fn draw(
        mut self,
        clocks: usize,
        mut each: impl FnMut(&mut Interpreter, usize) -> Result<(), SimError>,
    ) -> Result<String, SimError> {
        for n in 0..clocks {
            each(&mut self.dut, n)?;
            self.agents.iter_mut().try_for_each(|agent| agent.drive(&mut self.dut))?;
            self.wave.sample(&mut self.dut)?;
            self.agents.iter_mut().try_for_each(|agent| agent.observe(&mut self.dut).map(|_| ()))?;
            self.dut.step()?;
        }
        Ok(self.wave.svg())
    }
    fn run(self, clocks: usize) -> Result<String, SimError> {
        self.draw(clocks, |_, _| Ok(()))
    }
}

/// Packets of these lengths, their beats numbered from `first`.
fn beats(first: i64, lengths: &[i64]) -> Vec<Beat> {
    let mut n = first;
    let mut beats = Vec::new();
    for &length in lengths {
        for k in 0..length {
            beats.push(Beat::of(n, k + 1 == length));
            n += 1;
        }
    }
    beats
}

/// All pictures.
pub fn all() -> Result<Vec<Picture>, SimError> {
    let payload = uint(8);
    let through = ["input_valid", "input_ready", "input_data", "output_valid", "output_ready", "output_data"];
    let one = |part: &dyn Fn() -> Result<Scene, SimError>, input: &str, output: &str| {
        part()?.send("input", input, beats(1, &[6]))?.take("output", output)?.run(14)
    };
    let fifo = |style| move || Scene::new(&Fifo::new(payload, 2).style(style), &through);
    let mut all = vec![
        ("fifo", one(&fifo(FifoStyle::LutRam), "....xx........", "xxxx......x...")?),
        ("fifo_block_ram", one(&fifo(FifoStyle::BlockRam), "....xx........", "xxxxx.....x...")?),
        ("regslice", one(&|| Scene::new(&RegSlice { payload }, &through), "....x.........", "..xx...x......")?),
    ];

    let rows = [
        "input_valid",
        "input_ready",
        "input_data",
        "outputs_0_ready",
        "outputs_0_data",
        "outputs_1_ready",
        "outputs_1_data",
    ];
    let scene = Scene::new(&Fork { payload, outputs: 2 }, &rows)?.send("input", "......x......", beats(1, &[5]))?;
    all.push(("fork", scene.take("outputs_0", ".x....x......")?.take("outputs_1", "x..xx........")?.run(12)?));

    let part = of("join", [StreamTy(payload); 2], |m, inputs| StreamOut { output: join(m, inputs.into()) });
    let rows =
        ["in_0_data", "in_0_ready", "in_1_data", "in_1_ready", "output_valid", "output_ready", "output_0", "output_1"];
    let scene = Scene::new(&part, &rows)?.send("in_0", ".x...........", beats(1, &[5]))?;
    all.push(("join", scene.send("in_1", "xx..x........", beats(11, &[5]))?.take("output", ".....x..")?.run(12)?));

    let part = Arbiter { payload, inputs: 2, policy: Policy::RoundRobin, grant: Grant::Packet };
    let rows = [
        "inputs_0_data",
        "inputs_0_last",
        "inputs_0_ready",
        "inputs_1_data",
        "inputs_1_last",
        "inputs_1_ready",
        "output_ready",
        "output_payload",
        "output_source",
        "output_last",
    ];
    let scene = Scene::new(&part, &rows)?.send("inputs_0", "...x.........", beats(1, &[2, 2]))?;
    let scene = scene.send("inputs_1", "x............", beats(11, &[3, 1]))?;
    all.push(("arbiter", scene.take("output", "....x.......")?.run(13)?));

    let rows = [
        "input_data",
        "input_last",
        "input_ready",
        "output_valid",
        "output_ready",
        "output_parts_0",
        "output_parts_1",
        "output_count",
        "output_last",
    ];
    let scene =
        Scene::new(&Widen { part: payload, ratio: 2 }, &rows)?.send("input", "...x.........", beats(1, &[5, 2]))?;
    all.push(("widen", scene.take("output", ".....x......")?.run(13)?));

    let rows = [
        "input_parts_0",
        "input_parts_1",
        "input_count",
        "input_ready",
        "output_valid",
        "output_ready",
        "output_data",
        "output_last",
    ];
    let wide = |a: i64, b: i64, count: i64, last| Beat { payload: [a, b, count].map(Value::from).into(), last };
    let scene = Scene::new(&Narrow { part: payload, ratio: 2 }, &rows)?;
    let scene =
        scene.send("input", "....x........", [wide(1, 2, 2, false), wide(3, 0, 1, true), wide(4, 5, 2, true)])?;
    all.push(("narrow", scene.take("output", ".x..........")?.run(10)?));

    let part = of("gearbox", StreamInShape { input: StreamTy(word(8)) }, |m, i| StreamOut {
        output: i.input.gearbox(m, 12, Order::LowFirst),
    });
    let rows = [
        "input_data",
        "input_last",
        "input_ready",
        "output_valid",
        "output_ready",
        "output_word",
        "output_count",
        "output_last",
    ];
    let bytes =
        [0x11, 0x22, 0x33, 0x44, 0x55].iter().enumerate().map(|(n, &byte): (usize, &i64)| Beat::of(byte, n == 4));
    all.push((
        "gearbox",
        Scene::new(&part, &rows)?.send("input", "...x.........", bytes)?.take("output", ".....x......")?.run(11)?,
    ));

    let part = Divider { dividend: uint(6), divisor: uint(6), bits_per_stage: 2 };
    let scene = Scene::new(&part, &["dividend", "divisor", "quotient", "remainder", "by_zero"])?;
    let operands = [(50, 7), (63, 1), (9, 0), (40, 6), (17, 17)];
    let divider = scene.draw(9, |dut, n| {
        let (a, b) = operands.get(n).copied().unwrap_or((0, 1));
        dut.set("dividend", a)?;
        dut.set("divisor", b)
    });
    all.push(("divider", divider?));

    for (name, mode) in
        [("ram_read_first", Mode::ReadFirst), ("ram_write_first", Mode::WriteFirst), ("ram_no_change", Mode::NoChange)]
    {
        let part = SinglePort { word: payload, depth: 16, masks: false, mode, output_register: false };
        let scene = Scene::new(&part, &["address", "enable", "write_0", "data", "word"])?;
        let accesses = [
            (3, 1, 1, 10),
            (4, 1, 1, 20),
            (3, 1, 0, 0),
            (3, 1, 1, 11),
            (4, 1, 0, 0),
            (3, 1, 0, 0),
            (4, 0, 0, 0),
            (4, 0, 0, 0),
        ];
        let ram = scene.draw(accesses.len(), |dut, n| {
            let (address, enable, write, data) = accesses[n];
            dut.set("address", address)?;
            dut.set("enable", enable)?;
            dut.set("write_0", write)?;
            dut.set("data", data)
        });
        all.push((name, ram?));
    }
    Ok(all)
}
