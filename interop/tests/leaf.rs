//! rust_hdl blocks as leaves of our designs: rust_hdl's simulation beside our interpreter, rust_hdl's Verilog beside ours
//! in Verilator and Icarus Verilog, and integers in Rust, in each clock.

use gatewright_dsl::emit::EmitOptions;
use gatewright_dsl::prelude::*;
use gatewright_interop::{AnyLeaf, Cosim, InteropError, Leaf, RustHdl, Wire, emit_with, verilated_with};
use gatewright_sim::rng::Rng;
use gatewright_sim::{Dut, DutExt, Lockstep, RandomStimulus, SimError, compare, verilator};
// Its `Bits`, `Wire` and the like would hide ours.
mod hdl {
    pub use rust_hdl_core::prelude::*;
    pub use rust_hdl_widgets::prelude::{DFF, dff_setup};
}

/// Adds up; `next` is what `total` will be.
mod accumulator {
    use super::hdl::*;

    #[derive(LogicBlock, Default)]
    pub struct Accumulator {
        pub clock: Signal<In, Clock>,
        pub add: Signal<In, Bits<8>>,
        pub clear: Signal<In, Bit>,
        pub total: Signal<Out, Bits<16>>,
        pub next: Signal<Out, Bits<16>>,
        sum: DFF<Bits<16>>,
    }

    impl Logic for Accumulator {
        #[hdl_gen]
        fn update(&mut self) {
            dff_setup!(self, clock, sum);
            self.next.next = self.sum.q.val() + bit_cast::<16, 8>(self.add.val());
            if self.clear.val() {
                self.next.next = 0.into();
            }
            self.sum.d.next = self.next.val();
            self.total.next = self.sum.q.val();
        }
    }
}

#[derive(Bundle, Clone, Copy)]
struct AccIn {
    add: Int,
    clear: Bool,
}

#[derive(Bundle, Clone, Copy)]
struct AccOut {
    total: Int,
    next: Int,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Accumulator {
    add: IntTy,
    total: IntTy,
    paths: Option<Vec<(&'static str, &'static str)>>,
}

/// As rust_hdl's block is.
fn right() -> Accumulator {
    Accumulator { add: uint(8), total: uint(16), paths: Some(vec![("add", "next"), ("clear", "next")]) }
}

impl RustHdl for Accumulator {
    type In = AccIn;
    type Out = AccOut;
    type Block = accumulator::Accumulator;

    fn name(&self) -> String {
        "accumulator".into()
    }
    fn block(&self) -> Self::Block {
        Self::Block::default()
    }
    fn wires<'a>(&self, b: &'a mut Self::Block) -> Vec<&'a mut dyn Wire> {
        vec![&mut b.clock, &mut b.add, &mut b.clear, &mut b.total, &mut b.next]
    }
    fn shape(&self) -> AccInShape {
        AccInShape { add: self.add, clear: BOOL }
    }
    fn out_shape(&self) -> AccOutShape {
        AccOutShape { total: self.total, next: uint(16) }
    }
    fn paths(&self) -> Option<Vec<(String, String)>> {
        self.paths.as_ref().map(|all| all.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect())
    }
}

/// Adds what comes in, mixed with the low half of the total: a ring through the leaf's registers.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Mixer(Accumulator);

impl Generator for Mixer {
    type In = AccIn;
    type Out = AccOut;
    fn shape(&self) -> AccInShape {
        AccInShape { add: uint(8), clear: BOOL }
    }
    fn build(&self, m: &Module, i: AccIn) -> AccOut {
        let low = m.wire("low", word(8));
        let add = (i.add.to_bits() ^ low.get()).to_uint();
        let out = m.extern_inst("acc", &Leaf(self.0.clone()), AccIn { add, clear: i.clear });
        low.set(out.total.to_bits().slice(0..8));
        out
    }
}

/// Two mixers, the second of which takes the half of what the first delivers, with a register of ours between.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Pair;

#[derive(Bundle)]
struct PairOut {
    first: AccOut,
    second: AccOut,
}

impl Generator for Pair {
    type In = AccIn;
    type Out = PairOut;
    fn shape(&self) -> AccInShape {
        AccInShape { add: uint(8), clear: BOOL }
    }
    fn build(&self, m: &Module, i: AccIn) -> PairOut {
        let first = m.inst("first", &Mixer(right()), i);
        let half = m.reg("half", uint(8)).reset(0);
        half.set((first.next >> 1).wrap(uint(8)));
        let second = m.inst("second", &Mixer(right()), AccIn { add: half.q(), clear: i.clear });
        PairOut { first, second }
    }
}

/// The same on integers.
#[derive(Default)]
struct Expected {
    totals: [u16; 2],
    half: u8,
}

impl Expected {
    fn nexts(&self, add: u8, clear: bool) -> [u16; 2] {
        let next = |total: u16, x: u8| if clear { 0 } else { total.wrapping_add(u16::from(x ^ total as u8)) };
        [next(self.totals[0], add), next(self.totals[1], self.half)]
    }
    fn step(&mut self, add: u8, clear: bool, reset: bool) {
        let nexts = self.nexts(add, clear);
        self.totals = nexts;
        self.half = if reset { 0 } else { (nexts[0] >> 1) as u8 };
    }
}

fn follows(dut: &mut dyn Dut) {
    let mut rng = Rng::new(5);
    let mut expected = Expected::default();
    for clock in 0..400 {
        let (add, clear, reset) = (rng.bits() as u8, rng.chance(0.06), rng.chance(0.06));
        dut.set("add", add).unwrap();
        dut.set("clear", clear).unwrap();
        dut.reset(reset).unwrap();
        let [first, second] = expected.nexts(add, clear);
        for (name, value) in [
            ("first_total", expected.totals[0]),
            ("first_next", first),
            ("second_total", expected.totals[1]),
            ("second_next", second),
        ] {
            assert_eq!(dut.get(name).unwrap(), Value::from(value), "{name}, clock {clock}, {}", dut.engine());
        }
        dut.step().unwrap();
        expected.step(add, clear, reset);
    }
}

fn pair() -> Design {
    elaborate(&Pair).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn simulation_is_arithmetic() {
    follows(&mut Cosim::new(&pair(), &[&Leaf(right())]).unwrap());
}

#[test]
fn verilog_is_the_simulation() {
    let design = pair();
    let mut verilated = match verilated_with(&design, &[&Leaf(right())], &verilator::Options::default()) {
        Err(InteropError::Sim(e @ SimError::NoVerilator { .. })) if std::env::var_os("CI").is_none() => {
            return eprintln!("SKIPPED: {e}");
        }
        other => other.unwrap_or_else(|e| panic!("{e}")),
    };
    follows(&mut verilated);
    let mut cosim = Cosim::new(&design, &[&Leaf(right())]).unwrap();
    // From power-up again.
    let mut verilated = verilated_with(&design, &[&Leaf(right())], &verilator::Options::default()).unwrap();
    follows(&mut Lockstep::new(vec![&mut cosim, &mut verilated]).unwrap());
    if let Err(e) = compare(vec![&mut cosim, &mut verilated], 300, RandomStimulus::new(3)) {
        panic!("{e}");
    }
}

#[test]
fn files_are_whole() {
    let output = emit_with(&pair(), &EmitOptions::default(), &[&Leaf(right())]).unwrap();
    assert!(output.file("accumulator.v").unwrap().contains("module accumulator_rust_hdl$sum("), "{output:?}");
    assert!(output.file("blackbox.f").is_none() && output.file("blackbox/accumulator_stub.v").is_none());
    let map = output.file("source_map.json").unwrap();
    assert!(map.contains("\"pair.v\"") && !map.contains("accumulator") && !map.contains(",\n  }"), "{map}");
    let files: Vec<&str> = output.file("files.f").unwrap().lines().collect();
    assert_eq!(files, ["mixer.v", "pair.v", "accumulator.v"]);
    let folder = std::env::temp_dir().join(format!("gatewright-interop-{}", std::process::id()));
    output.write_to(&folder).unwrap();
    let run = std::process::Command::new("iverilog")
        .current_dir(&folder)
        .args(["-g2005", "-t", "null", "-s", "pair"])
        .args(&files)
        .output();
    std::fs::remove_dir_all(&folder).unwrap();
    match run {
        Err(e) if std::env::var_os("CI").is_none() => eprintln!("SKIPPED: {e}"),
        run => {
            let run = run.unwrap();
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        }
    }
}

/// Numbers with a sign, through an interface of rust_hdl.
mod scaler {
    use super::hdl::*;

    #[derive(LogicInterface, Clone, Debug, Default)]
    #[join = "SampleSource"]
    pub struct SampleSink {
        pub x: Signal<In, Signed<9>>,
        pub y: Signal<Out, Signed<10>>,
    }

    #[derive(LogicInterface, Clone, Debug, Default)]
    #[join = "SampleSink"]
    #[allow(dead_code)] // An interface of rust_hdl names its other side.
    pub struct SampleSource {
        pub x: Signal<Out, Signed<9>>,
        pub y: Signal<In, Signed<10>>,
    }

    #[derive(LogicBlock, Default)]
    pub struct Negate {
        pub sample: SampleSink,
    }

    impl Logic for Negate {
        #[hdl_gen]
        fn update(&mut self) {
            self.sample.y.next = -signed_bit_cast::<10, 9>(self.sample.x.val());
        }
    }
}

#[derive(Bundle)]
struct X {
    x: Int,
}
#[derive(Bundle)]
struct Y {
    y: Int,
}
#[derive(Bundle)]
struct SampleIn {
    sample: X,
}
#[derive(Bundle)]
struct SampleOut {
    sample: Y,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Negate;

impl RustHdl for Negate {
    type In = SampleIn;
    type Out = SampleOut;
    type Block = scaler::Negate;
    fn name(&self) -> String {
        "negate".into()
    }
    fn block(&self) -> Self::Block {
        Default::default()
    }
    fn wires<'a>(&self, b: &'a mut Self::Block) -> Vec<&'a mut dyn Wire> {
        vec![&mut b.sample.x, &mut b.sample.y]
    }
    fn shape(&self) -> SampleInShape {
        // Without -256, on which rust_hdl's `signed_bit_cast` recurses without end.
        SampleInShape { sample: XShape { x: range(-255..=255) } }
    }
    fn out_shape(&self) -> SampleOutShape {
        SampleOutShape { sample: YShape { y: sint(10) } }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Magnitude;

impl Generator for Magnitude {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        range(-255..=255)
    }
    fn build(&self, m: &Module, x: Int) -> Int {
        let negative = m.extern_inst("negate", &Leaf(Negate), SampleIn { sample: X { x } }).sample.y;
        x.lt(0).mux(negative, x)
    }
}

#[test]
fn signed_numbers_and_interfaces() {
    let design = elaborate(&Magnitude).unwrap_or_else(|e| panic!("{e}"));
    let mut engines: Vec<Box<dyn Dut>> = vec![Box::new(Cosim::new(&design, &[&Leaf(Negate)]).unwrap())];
    match verilated_with(&design, &[&Leaf(Negate)], &verilator::Options::default()) {
        Err(InteropError::Sim(e @ SimError::NoVerilator { .. })) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: {e}");
        }
        other => engines.push(Box::new(other.unwrap_or_else(|e| panic!("{e}")))),
    }
    for dut in &mut engines {
        for x in -255..256i64 {
            dut.set("in", x).unwrap();
            assert_eq!(dut.get("out").unwrap(), Value::from(x.abs()), "{x} on {}", dut.engine());
        }
    }
}

fn errors_of<G: Generator>(generator: &G) -> String {
    elaborate(generator).unwrap_err().to_string()
}

#[test]
fn ports_that_do_not_fit() {
    let wide = errors_of(&Mixer(Accumulator { add: uint(9), ..right() }));
    assert!(wide.contains("error[E0109]"), "{wide}");
    assert!(wide.contains("`add` has 8 bits in rust_hdl, and 9 bits here (uint<9> [0..=511])"), "{wide}");
    let signed = errors_of(&Mixer(Accumulator { total: sint(16), ..right() }));
    assert!(signed.contains("`total` is `Bits` in rust_hdl, and can be negative here"), "{signed}");
}

/// The accumulator with names that are not its own.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Misnamed;

impl RustHdl for Misnamed {
    type In = X;
    type Out = AccIn;
    type Block = accumulator::Accumulator;
    fn name(&self) -> String {
        "misnamed".into()
    }
    fn block(&self) -> Self::Block {
        Default::default()
    }
    fn wires<'a>(&self, b: &'a mut Self::Block) -> Vec<&'a mut dyn Wire> {
        vec![&mut b.clock, &mut b.add, &mut b.clear, &mut b.total]
    }
    fn shape(&self) -> XShape {
        XShape { x: uint(8) }
    }
    fn out_shape(&self) -> AccInShape {
        AccInShape { add: uint(8), clear: BOOL }
    }
}

#[test]
fn ports_that_are_missing() {
    let Err(InteropError::Ports { block, found }) = Leaf(Misnamed).check() else { panic!() };
    assert_eq!(block, "misnamed");
    assert_eq!(
        found,
        [
            "rust_hdl's block has no port `x`",
            "`add` is an input in rust_hdl, and an output here",
            "`clear` is an input in rust_hdl, and an output here",
            "rust_hdl's output `total` is missing here",
            "rust_hdl's output `next` is missing here",
            "`wires` leaves out `next`",
        ]
    );
}

#[test]
fn loops() {
    // Whatever is not said to have no path may have one.
    let found = elaborate(&Mixer(Accumulator { paths: None, ..right() })).unwrap_err();
    assert_eq!(found.codes(), ["E0207"], "{found}");
    // What is said to have none, and has one, is found when it is seen.
    let design = elaborate(&Mixer(Accumulator { paths: Some(vec![("clear", "next")]), ..right() })).unwrap();
    let mut cosim = Cosim::new(&design, &[&Leaf(right())]).unwrap();
    cosim.get("next").unwrap();
    cosim.set("add", 1).unwrap();
    let said = cosim.get("next").unwrap_err().to_string();
    assert_eq!(
        said,
        "black box `mixer.acc`: `next` changed with `add` and without a clock edge; name that path in `paths`"
    );
}

/// A ring through an inverter that claims to have no path.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Liar;

impl RustHdl for Liar {
    type In = SampleIn;
    type Out = SampleOut;
    type Block = scaler::Negate;
    fn name(&self) -> String {
        "liar".into()
    }
    fn block(&self) -> Self::Block {
        Default::default()
    }
    fn wires<'a>(&self, b: &'a mut Self::Block) -> Vec<&'a mut dyn Wire> {
        Negate.wires(b)
    }
    fn shape(&self) -> SampleInShape {
        Negate.shape()
    }
    fn out_shape(&self) -> SampleOutShape {
        SampleOutShape { sample: YShape { y: sint(10) } }
    }
    fn paths(&self) -> Option<Vec<(String, String)>> {
        Some(Vec::new())
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Ring;

impl Generator for Ring {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        sint(9)
    }
    fn build(&self, m: &Module, x: Int) -> Int {
        let back = m.wire("back", range(-255..=255));
        let y = m.extern_inst("liar", &Leaf(Liar), SampleIn { sample: X { x: back.get() } }).sample.y;
        back.set((y + x).sat(range(-255..=255)));
        y
    }
}

#[test]
fn a_ring_is_not_walked_for_ever() {
    let design = elaborate(&Ring).unwrap();
    let mut cosim = Cosim::new(&design, &[&Leaf(Liar)]).unwrap();
    cosim.set("in", 1).unwrap();
    let said = cosim.get("out").unwrap_err().to_string();
    assert!(said.contains("`ring.liar`") && said.contains("name that path in `paths`"), "{said}");
}

#[test]
fn leaves_that_are_missing_or_doubled() {
    let leaves: [&dyn AnyLeaf; 1] = [&Leaf(Negate)];
    let said = Cosim::new(&pair(), &leaves).err().map(|e| e.to_string());
    let wanted = "the black box `accumulator` has no simulation model and is not among the leaves given (`negate`)";
    assert_eq!(said.as_deref(), Some(wanted));

    let twice: [&dyn AnyLeaf; 2] = [&Leaf(right()), &Leaf(Accumulator { total: range(0..=9), ..right() })];
    let wanted = "two leaves are called `accumulator`; give each once, and values that differ another `name()`";
    assert_eq!(emit_with(&pair(), &EmitOptions::default(), &twice).unwrap_err().to_string(), wanted);
    assert_eq!(Cosim::new(&pair(), &twice).err().map(|e| e.to_string()).as_deref(), Some(wanted));
}

/// Blocks that cannot be leaves.
mod unfit {
    use super::hdl::*;

    #[derive(LogicBlock, Default)]
    pub struct TwoClocks {
        pub read: Signal<In, Clock>,
        pub write: Signal<In, Clock>,
        pub y: Signal<Out, Bit>,
    }

    impl Logic for TwoClocks {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = false;
        }
    }

    #[derive(LogicBlock, Default)]
    pub struct Loop {
        pub x: Signal<In, Bit>,
        pub y: Signal<Out, Bit>,
        a: Signal<Local, Bit>,
    }

    impl Logic for Loop {
        #[hdl_gen]
        fn update(&mut self) {
            self.a.next = self.y.val() ^ self.x.val();
            self.y.next = self.a.val();
        }
    }
}

#[derive(Bundle)]
struct Bit {
    y: Bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct TwoClocks;

impl RustHdl for TwoClocks {
    type In = ();
    type Out = Bit;
    type Block = unfit::TwoClocks;
    fn name(&self) -> String {
        "two_clocks".into()
    }
    fn block(&self) -> Self::Block {
        Default::default()
    }
    fn wires<'a>(&self, b: &'a mut Self::Block) -> Vec<&'a mut dyn Wire> {
        vec![&mut b.read, &mut b.write, &mut b.y]
    }
    fn shape(&self) {}
    fn out_shape(&self) -> BitShape {
        BitShape { y: BOOL }
    }
}

#[derive(Bundle)]
struct LoopIn {
    x: Bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Loop;

impl RustHdl for Loop {
    type In = LoopIn;
    type Out = Bit;
    type Block = unfit::Loop;
    fn name(&self) -> String {
        "ring".into()
    }
    fn block(&self) -> Self::Block {
        Default::default()
    }
    fn wires<'a>(&self, b: &'a mut Self::Block) -> Vec<&'a mut dyn Wire> {
        vec![&mut b.x, &mut b.y]
    }
    fn shape(&self) -> LoopInShape {
        LoopInShape { x: BOOL }
    }
    fn out_shape(&self) -> BitShape {
        BitShape { y: BOOL }
    }
}

#[test]
fn blocks_that_cannot_be_leaves() {
    let said = Leaf(TwoClocks).check().unwrap_err().to_string();
    assert_eq!(said, "`two_clocks` has the clocks `read`, `write`; between Gatewright and rust_hdl there is one");
    let said = Leaf(Loop).check().unwrap_err().to_string();
    assert!(said.starts_with("rust_hdl refuses the block `ring`: LogicLoops("), "{said}");
}
