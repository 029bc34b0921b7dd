//! Our designs as rust_hdl blocks: rust_hdl's simulation against integers in Rust, and rust_hdl's Verilog, with ours in it,
//! in Verilator and Icarus Verilog against the same.

use std::process::Command;

use gatewright_dsl::prelude as gw;
use gatewright_dsl::prelude::{Bundle, Generator, Module, ToHw as _};
use gatewright_interop::{Embedded, InteropError, Word, rust_hdl_block};
use rust_hdl_core::prelude::*;

/// A multiply-accumulate element; its numbers have signs, its sum is checked.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Mac {
    width: u32,
    /// Clocks after which the sum has to be cleared.
    terms: u64,
}

#[derive(Bundle)]
struct MacIn {
    a: gw::Int,
    b: gw::Int,
    clear: gw::Bool,
}

#[derive(Bundle)]
struct MacOut {
    product: gw::Int,
    sum: gw::Int,
}

impl Generator for Mac {
    type In = MacIn;
    type Out = MacOut;
    fn shape(&self) -> MacInShape {
        MacInShape { a: gw::uint(self.width), b: gw::sint(self.width), clear: gw::BOOL }
    }
    fn build(&self, m: &Module, i: MacIn) -> MacOut {
        let product = i.a * i.b;
        let sum = m.reg("sum", product.ty().times(self.terms)).reset(0);
        let base = i.clear.mux(0, sum.q());
        sum.set((base + product).claim(sum.ty()));
        MacOut { product, sum: sum.q() }
    }
}

rust_hdl_block! {
    /// `Mac { width: 8, terms: 16 }`.
    pub struct MacBlock {
        in clk: Clock,
        in rst: Bit,
        in a: Bits<8>,
        in b: Signed<8>,
        in clear: Bit,
        out product: Signed<16>,
        out sum: Signed<20>,
    }
}

fn mac() -> gw::Design {
    gw::elaborate(&Mac { width: 8, terms: 16 }).unwrap_or_else(|e| panic!("{e}"))
}

/// Two of our elements and logic of rust_hdl between: the second element multiplies the low bits of the first one's sum.
#[derive(LogicBlock)]
struct Chain {
    pub clock: Signal<In, Clock>,
    pub rst: Signal<In, Bit>,
    pub a: Signal<In, Bits<8>>,
    pub b: Signal<In, Signed<8>>,
    pub clear: Signal<In, Bit>,
    pub first: Signal<Out, Signed<20>>,
    pub second: Signal<Out, Signed<20>>,
    one: MacBlock,
    two: MacBlock,
}

impl Logic for Chain {
    #[hdl_gen]
    fn update(&mut self) {
        self.one.clk.next = self.clock.val();
        self.two.clk.next = self.clock.val();
        self.one.rst.next = self.rst.val();
        self.two.rst.next = self.rst.val();
        self.one.a.next = self.a.val();
        self.one.b.next = self.b.val();
        self.one.clear.next = self.clear.val();
        self.two.a.next = self.a.val();
        self.two.b.next = self.one.sum.val().get_bits::<8>(0);
        self.two.clear.next = self.clear.val();
        self.first.next = self.one.sum.val();
        self.second.next = self.two.sum.val();
    }
}

impl Chain {
    fn new() -> Chain {
        let design = mac();
        let made = || MacBlock::new(&design).unwrap_or_else(|e| panic!("{e}"));
        Chain {
            clock: Default::default(),
            rst: Default::default(),
            a: Default::default(),
            b: Default::default(),
            clear: Default::default(),
            first: Default::default(),
            second: Default::default(),
            one: made(),
            two: made(),
        }
    }
}

/// Inputs for a clock, with what the sums are before it.
#[derive(Clone, Copy, Debug)]
struct Beat {
    a: u8,
    b: i8,
    clear: bool,
    rst: bool,
    sums: [i32; 2],
}

/// Random inputs, cleared often enough, and the sums on integers.
fn beats() -> Vec<Beat> {
    let mut rng = gatewright_sim::rng::Rng::new(11);
    let mut sums = [0i32; 2];
    (0..200u32)
        .map(|n| {
            let (a, b) = (rng.bits() as u8, rng.bits() as i8);
            let (clear, rst) = (n % 12 == 0 || rng.chance(0.1), rng.chance(0.05));
            let beat = Beat { a, b, clear, rst, sums };
            let base = if clear { [0, 0] } else { sums };
            let products = [i32::from(a) * i32::from(b), i32::from(a) * i32::from(sums[0] as i8)];
            sums = if rst { [0, 0] } else { [base[0] + products[0], base[1] + products[1]] };
            beat
        })
        .collect()
}

fn bytes(b: i8) -> Signed<8> {
    signed_cast((b as u8 as u64).into())
}

#[test]
fn simulation_is_arithmetic() {
    let mut sim = Simulation::new();
    sim.add_clock(5, |x: &mut Box<Chain>| x.clock.next = !x.clock.val());
    sim.add_testbench(move |mut sim: Sim<Chain>| {
        let mut x = sim.init()?;
        for beat in beats() {
            wait_clock_false!(sim, clock, x);
            x.a.next = beat.a.to_bits();
            x.b.next = bytes(beat.b);
            x.clear.next = beat.clear;
            x.rst.next = beat.rst;
            let sums = [x.first.val(), x.second.val()].map(Word::to_value);
            sim_assert_eq!(sim, sums, beat.sums.map(gw::Value::from), x);
            wait_clock_true!(sim, clock, x);
        }
        sim.done(x)
    });
    let chain = Chain::new();
    let statuses = [chain.one.status(), chain.two.status()];
    sim.run(Box::new(chain), 10_000).unwrap();
    statuses.iter().for_each(|s| s.check().unwrap());
}

/// A test bench in Verilog that prints both sums before each clock.
fn test_bench() -> String {
    let mut text = String::from(
        "module bench;\n    reg clk = 0, rst = 0, clear = 0;\n    reg [7:0] a = 0;\n    reg signed [7:0] b = 0;\n    wire \
         signed [19:0] first, second;\n    top dut (.clock(clk), .rst(rst), .a(a), .b(b), .clear(clear), .first(first), \
         .second(second));\n    initial begin\n",
    );
    for beat in beats() {
        let Beat { a, b, clear, rst, .. } = beat;
        let (clear, rst, b) = (u8::from(clear), u8::from(rst), b as u8);
        text += &format!("        a = {a}; b = 8'd{b}; clear = {clear}; rst = {rst}; #1; ");
        text += "$display(\"%0d %0d\", first, second); clk = 1; #1; clk = 0; #1;\n";
    }
    text + "    end\nendmodule\n"
}

#[test]
fn verilog_is_arithmetic() {
    let mut chain = Chain::new();
    chain.connect_all();
    let verilog = generate_verilog(&chain);
    let folder = std::env::temp_dir().join(format!("gatewright-block-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("top.v"), &verilog).unwrap();
    std::fs::write(folder.join("bench.v"), test_bench()).unwrap();
    let build = Command::new("iverilog")
        .current_dir(&folder)
        .args(["-g2005", "-s", "bench", "-o", "bench", "top.v", "bench.v"])
        .output();
    match build {
        Err(e) if std::env::var_os("CI").is_none() => return eprintln!("SKIPPED: {e}"),
        build => {
            let build = build.unwrap();
            assert!(build.status.success(), "{}\n{verilog}", String::from_utf8_lossy(&build.stderr));
        }
    }
    let run = Command::new("vvp").current_dir(&folder).args(["-n", "bench"]).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let printed = String::from_utf8(run.stdout).unwrap();
    let expected: String = beats().iter().map(|b| format!("{} {}\n", b.sums[0], b.sums[1])).collect();
    assert_eq!(printed, expected);
}

#[test]
fn equal_modules_are_written_once() {
    let mut chain = Chain::new();
    chain.connect_all();
    let verilog = generate_verilog(&chain);
    // Twice in the text, for each wrapper, under one guard.
    assert_eq!(verilog.matches("module mac (").count(), 2);
    assert_eq!(verilog.lines().filter(|l| l.trim().starts_with("`define")).count(), 2);
    let guards: std::collections::BTreeSet<&str> =
        verilog.lines().map(str::trim).filter(|l| l.starts_with("`ifndef")).collect();
    assert_eq!(guards.len(), 1, "{verilog}");
}

#[test]
fn widths_at_run_time() {
    for width in [3, 17, 70] {
        let design = gw::elaborate(&Mac { width, terms: 4 }).unwrap();
        let mut sim = Simulation::new();
        sim.add_clock(5, |x: &mut Box<Embedded>| x.clock.next = !x.clock.val());
        sim.add_testbench(move |mut sim: Sim<Embedded>| {
            let mut x = sim.init()?;
            let mut sum = gw::Value::ZERO;
            for n in 0..12 {
                wait_clock_false!(sim, clock, x);
                // The ends of the ranges.
                let a = &gw::Value::pow2(width) - &gw::Value::from(1 + n % 3);
                let b = -&gw::Value::pow2(width - 1);
                x.set("a", a.clone()).unwrap();
                x.set("b", b.clone()).unwrap();
                x.set("clear", i64::from(n % 4 == 0)).unwrap();
                let product = &a * &b;
                let seen = x.get("sum").unwrap();
                sim_assert_eq!(sim, seen, sum, x);
                sum = if n % 4 == 0 { product.clone() } else { &sum + &product };
                wait_clock_true!(sim, clock, x);
                let seen = x.get("product").unwrap();
                sim_assert_eq!(sim, seen, product, x);
            }
            sim.done(x)
        });
        let block = Embedded::new(&design).unwrap();
        let status = block.status();
        let mut wave = Vec::new();
        sim.run_traced(Box::new(block), 1000, &mut wave).unwrap();
        status.check().unwrap();
        let wave = String::from_utf8(wave).unwrap();
        assert!(wave.contains(&format!("$var wire {width} ")) && wave.contains(" product "), "{wave}");
    }
}

#[test]
fn verilog_with_widths_at_run_time() {
    let mut block = Embedded::new(&gw::elaborate(&Mac { width: 3, terms: 4 }).unwrap()).unwrap();
    block.connect_all();
    let verilog = generate_verilog(&block);
    for part in ["input wire  [2:0] a;", "input wire signed [2:0] b;", "output wire signed [7:0] sum;", ".clk(clk)"] {
        assert!(verilog.contains(part), "{part}\n{verilog}");
    }
}

#[test]
fn a_check_that_fails_ends_the_simulation() {
    let mut sim = Simulation::new();
    sim.add_clock(5, |x: &mut Box<Embedded>| x.clock.next = !x.clock.val());
    sim.add_testbench(move |mut sim: Sim<Embedded>| {
        let mut x = sim.init()?;
        x.set("a", 255).unwrap();
        x.set("b", 127).unwrap();
        for _ in 0..20 {
            wait_clock_cycle!(sim, clock, x);
        }
        sim.done(x)
    });
    let block = Embedded::new(&mac()).unwrap();
    let status = block.status();
    assert_eq!(sim.run(Box::new(block), 10_000), Err(SimError::FailedToConverge));
    let said = status.check().unwrap_err().to_string();
    assert!(said.contains("check `mac.") && said.contains("failed at cycle"), "{said}");
}

rust_hdl_block! {
    struct Wrong {
        in clk: Clock,
        in a: Bits<9>,
        in b: Bits<8>,
        in sum: Signed<20>,
        in enable: Bit,
        out product: Signed<16>,
    }
}

#[test]
fn signals_that_do_not_fit() {
    let Some(InteropError::Ports { block, found }) = Wrong::new(&mac()).err() else { panic!() };
    assert_eq!(block, "mac");
    assert_eq!(
        found,
        [
            "the block has no signal `rst`",
            "`a` has 9 bits in rust_hdl, and 8 bits here (uint<8> [0..=255])",
            "`b` is `Bits` in rust_hdl, and can be negative here (sint<8> [-128..=127]); make it `Signed`, or a `word` here",
            "the block has no signal `clear`",
            "`sum` is an input in rust_hdl, and an output here",
            "the design has no port `enable`",
        ]
    );
}

#[test]
fn values_and_names_that_do_not_fit() {
    let mut block = Embedded::new(&mac()).unwrap();
    let said = block.set("a", 256).unwrap_err().to_string();
    assert_eq!(said, "value 256 does not fit port `a`, which is uint<8> [0..=255]");
    let said = block.set("c", 1).unwrap_err().to_string();
    assert_eq!(said, "`mac` has no input `c`; there is `a`, `b`, `clear`");
    let said = block.get("a").unwrap_err().to_string();
    assert_eq!(said, "`mac` has no output `a`; there is `product`, `sum`");

    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Top;
    impl Generator for Top {
        type In = gw::Bool;
        type Out = gw::Bool;
        fn shape(&self) -> gw::BoolTy {
            gw::BOOL
        }
        fn build(&self, _: &Module, i: gw::Bool) -> gw::Bool {
            i & true.to_hw()
        }
    }
    let said = Embedded::new(&gw::elaborate(&Top).unwrap()).err().map(|e| e.to_string());
    let wanted =
        "a module of the design is called `top`, as rust_hdl's own top level is; give the generator another `name()`";
    assert_eq!(said.as_deref(), Some(wanted));
}

/// Takes what a rust_hdl signal is not at first.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Narrow;

#[derive(Bundle)]
struct NarrowIn {
    x: gw::Int,
}

#[derive(Bundle)]
struct NarrowOut {
    y: gw::Int,
}

impl Generator for Narrow {
    type In = NarrowIn;
    type Out = NarrowOut;
    fn shape(&self) -> NarrowInShape {
        NarrowInShape { x: gw::range(7..=9) }
    }
    fn build(&self, m: &Module, i: NarrowIn) -> NarrowOut {
        NarrowOut { y: m.delay("y", i.x) }
    }
}

rust_hdl_block! {
    struct NarrowBlock {
        in clk: Clock,
        in x: Bits<4>,
        out y: Bits<4>,
    }
}

#[test]
fn ranges_that_are_not_full() {
    let design = gw::elaborate_with(&Narrow, &gw::Options::no_reset()).unwrap().0;
    let mut block = NarrowBlock::new(&design).unwrap();
    let clock = |block: &mut NarrowBlock, x: u64| {
        block.x.next = x.into();
        assert!(simulate(block, 10));
        block.clk.next = Clock { clk: true };
        let settled = simulate(block, 10);
        block.clk.next = Clock { clk: false };
        settled && simulate(block, 10)
    };
    assert!(clock(&mut block, 8));
    assert_eq!(block.y.val(), 8u64);
    assert!(!clock(&mut block, 10));
    let said = block.status().check().unwrap_err().to_string();
    assert_eq!(said, "value 10 does not fit port `x`, which is uint<4> [7..=9]");
}
