//! State, memories, checks, children and black boxes: the Verilog is clean under all tools, memories keep their
//! contract under Icarus, and checks fire under Verilator.

#[path = "../../dsl/tests/support/mod.rs"]
mod support;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatewright_dsl::emit::{EmitOptions, Output, emit};
use gatewright_dsl::ids::*;
use gatewright_dsl::ir::*;
use gatewright_dsl::ty::{IntTy, Ty, range, sint, uint};
use gatewright_dsl::value::Value;
use gatewright_sim::lint::{MAKE_FLAGS, expect_clean, lint, verilator, verilators};
use support::*;

fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a folder for the test");
    dir
}

fn write(name: &str, design: &Design, options: &EmitOptions) -> (PathBuf, Output) {
    let output = emit(design, options);
    let dir = folder(name);
    output.write_to(&dir).expect("a writable folder");
    (dir, output)
}

/// Runs a command; a missing tool is told, and fails in CI.
fn run(command: &mut Command, package: &str) -> Option<String> {
    match command.output() {
        Ok(o) => Some(format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr))),
        Err(e) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: install {package} (`cargo xtask test` does it): {e}");
            None
        }
        Err(e) => panic!("install {package} (`cargo xtask test` does it): {e}"),
    }
}

/// Builds and runs `bench.v` (top `bench`) with the output's modules; returns what it prints.
fn icarus(dir: &Path, output: &Output, bench: &str) -> Option<String> {
    std::fs::write(dir.join("bench.v"), bench).expect("a writable folder");
    let mut build = Command::new("iverilog");
    build.current_dir(dir).args(["-g2005", "-o", "bench.vvp", "-s", "bench", "bench.v"]);
    build.args(output.files.iter().map(|f| &f.name).filter(|f| f.ends_with(".v")));
    assert_eq!(run(&mut build, "iverilog")?, "");
    run(Command::new("vvp").current_dir(dir).arg("bench.vvp"), "iverilog")
}

const DEPTH: u64 = 5;

/// A memory of two fields (three and five bits), two masked write ports and two synchronous read ports, one of them
/// with an enable, and an asynchronous one.
fn memory(name: &str, collision: Collision, init: bool, masked: bool) -> Module {
    let mut b = Build::new(name);
    let addr = range(0..=DEPTH as i64 - 1);
    let fields = vec![
        Field { name: "low".into(), ty: int(uint(3)) },
        Field { name: "none".into(), ty: int(range(7..=7)) },
        Field { name: "high".into(), ty: int(range(-9..=-2)) },
    ];
    let seven = b.int(7);
    let mut writes = Vec::new();
    for k in 0..2 {
        let enable = b.input(&format!("we{k}"), Ty::BOOL);
        let addr = b.input(&format!("wa{k}"), int(addr));
        let low = b.input(&format!("low{k}"), fields[0].ty);
        let high = b.input(&format!("high{k}"), fields[2].ty);
        let mask = match masked {
            true => vec![b.input(&format!("ml{k}"), Ty::BOOL), enable, b.input(&format!("mh{k}"), Ty::BOOL)],
            false => vec![],
        };
        let data = vec![low, seven, high];
        let place = b.place();
        writes.push(MemWrite { domain: DomainId(0), addr, data, enable, mask, place });
    }
    let mut reads = Vec::new();
    for k in 0..3 {
        let addr = b.input(&format!("ra{k}"), int(addr));
        let enable = (k == 1).then(|| b.input("re1", Ty::BOOL));
        let sync = (k < 2).then_some(DomainId(0));
        let place = b.place();
        reads.push(MemRead { sync, addr, enable, place });
    }
    let word = |k: u64| vec![Value::from(k), Value::small(7), Value::small(-2 - k as i64)];
    let init = if init { (0..DEPTH).map(word).collect() } else { vec![] };
    let place = b.place();
    let mem = Mem { name: "mem".into(), fields, depth: DEPTH, init, collision, reads, writes, place };
    let mem = b.m.mems.push(mem);
    for port in 0..3 {
        for field in 0..3 {
            let ty = b.m.mems[mem].fields[field].ty;
            let n = b.node(Op::MemRead { mem, port, field: field as u32 }, ty);
            b.output(&format!("q{port}_{field}"), n);
        }
    }
    if collision == Collision::Undefined {
        b.check("mem_collision", CheckKind::NoCollision(mem));
    }
    b.m
}

/// The contract of `memory`, written down once more: 200 clocks of a random bench.
fn memory_bench(modules: &[(Module, Collision, bool, bool)]) -> String {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % n
    };
    let mut text = String::from("module bench;\n  integer bad = 0;\n  reg clk = 0;\n");
    let mut body = String::new();
    for (m, collision, init, masked) in modules {
        let name = &m.name;
        let mut pins = vec![".clk(clk)".to_owned()];
        if !m.checks.is_empty() {
            pins.push(".rst(1'b0)".to_owned());
        }
        for p in m.ports.values().filter(|p| p.ty.as_constant().is_none()) {
            let kind = if p.dir == Dir::Input { "reg" } else { "wire" };
            let _ = writeln!(text, "  {kind} [{}:0] {name}_{};", p.ty.width() - 1, p.name);
            pins.push(format!(".{0}({name}_{0})", p.name));
        }
        let _ = writeln!(text, "  {name} {name}_i ({});", pins.join(", "));
        // Bits of the fields; -2 - k and the power-up value -2 in five bits.
        let bits = |v: i64| (v & 31) as u64;
        let mut words: Vec<(u64, u64)> =
            (0..DEPTH).map(|k| if *init { (k, bits(-2 - k as i64)) } else { (0, bits(-2)) }).collect();
        let mut q = [(0, bits(-2)); 2];
        for _ in 0..200 {
            let mut poke = |port: &str, v: u64| {
                let _ = writeln!(body, "    {name}_{port} = {v};");
                v
            };
            let mut ports = Vec::new();
            for k in 0..2 {
                let we = poke(&format!("we{k}"), random(2)) == 1;
                let wa = poke(&format!("wa{k}"), random(DEPTH)) as usize;
                let low = poke(&format!("low{k}"), random(8));
                let high = poke(&format!("high{k}"), bits(-9 + random(8) as i64));
                let mut mask = (true, true);
                if *masked {
                    mask = (poke(&format!("ml{k}"), random(2)) == 1, poke(&format!("mh{k}"), random(2)) == 1);
                }
                ports.push((we, wa, low, high, mask));
            }
            let ra: Vec<usize> = (0..3).map(|k| poke(&format!("ra{k}"), random(DEPTH)) as usize).collect();
            let re = [true, poke("re1", random(2)) == 1];
            let old = words.clone();
            for (we, wa, low, high, mask) in ports {
                if we && mask.0 {
                    words[wa].0 = low;
                }
                if we && mask.1 {
                    words[wa].1 = high;
                }
            }
            for k in 0..2 {
                if re[k] {
                    q[k] = if *collision == Collision::New { words[ra[k]] } else { old[ra[k]] };
                }
            }
            let _ = writeln!(body, "    #1 clk = 1; #1 clk = 0; #1;");
            for (port, (low, high)) in [q[0], q[1], words[ra[2]]].into_iter().enumerate() {
                let _ = writeln!(
                    body,
                    "    if ({name}_q{port}_0 !== {low} || {name}_q{port}_2 !== 5'd{high}) begin bad = bad + 1; \
                     $display(\"{name} port {port} at %0t\", $time); end"
                );
            }
        }
    }
    format!("{text}\n  initial begin\n{body}    $display(\"bad: %0d\", bad);\n    $finish;\n  end\nendmodule\n")
}

#[test]
fn memories_keep_their_contract() {
    let mut modules = Vec::new();
    for (name, collision) in [("old", Collision::Old), ("new", Collision::New), ("undefined", Collision::Undefined)] {
        for (init, masked) in [(true, true), (false, false)] {
            let name = format!("{name}_{}", if masked { "masked" } else { "plain" });
            modules.push((memory(&name, collision, init, masked), collision, init, masked));
        }
    }
    let bench = memory_bench(&modules);
    let design = combine("memories", modules.into_iter().map(|m| m.0).collect());
    let (dir, output) = write("memories", &design, &EmitOptions::default());
    expect_clean(lint(&dir, "memories"));
    if let Some(said) = icarus(&dir, &output, &bench) {
        assert_eq!(said.lines().next(), Some("bad: 0"), "{said}");
    }
}

/// A table of 300 words in a file, one without contents that is deep, and one of a single word.
#[test]
fn memory_contents() {
    let mut b = Build::new("tables");
    let values = |k: u64| {
        IntTy::new(-&Value::pow2(39), &Value::pow2(39) - &Value::ONE).lo().abs().wrap(40, true).to_i64().unwrap_or(0)
            + (k * k * 12345) as i64
    };
    let mut table = |name: &str, depth: u64, init: bool| {
        let addr = b.input(&format!("{name}_addr"), int(IntTy::new(0, depth - 1)));
        let place = b.place();
        let init = if init { (0..depth).map(|k| vec![Value::from(values(k))]).collect() } else { vec![] };
        let fields = vec![Field { name: String::new(), ty: int(sint(40)) }];
        let reads = vec![MemRead { sync: Some(DomainId(0)), addr, enable: None, place }];
        let mem =
            Mem { name: name.into(), fields, depth, init, collision: Collision::Old, reads, writes: vec![], place };
        let mem = b.m.mems.push(mem);
        let n = b.node(Op::MemRead { mem, port: 0, field: 0 }, int(sint(40)));
        b.output(&format!("{name}_data"), n);
    };
    table("large", 300, true);
    table("deep", 4096, false);
    table("single", 1, true);
    let (dir, output) = write("tables", &b.design(), &EmitOptions::default());
    assert_eq!(output.file("tables_large_mem.mem").map(|t| t.lines().count()), Some(300));
    expect_clean(lint(&dir, "tables"));
    let bench = "module bench;
  reg clk = 0; reg [8:0] a = 0; reg [11:0] d = 0; wire [39:0] x, y, z; integer k; integer bad = 0;
  tables t (.clk(clk), .large_addr(a), .deep_addr(d), .large_data(x), .deep_data(y), .single_data(z));
  initial begin
    for (k = 0; k < 300; k = k + 1) begin
      a = k; d = k * 13; #1 clk = 1; #1 clk = 0;
      if (x !== ((40'h8000000000 + k * k * 12345) & 40'hffffffffff) || y !== 0 || z !== 40'h8000000000) bad = bad + 1;
    end
    $display(\"bad: %0d\", bad); $finish;
  end
endmodule
";
    if let Some(said) = icarus(&dir, &output, bench) {
        assert_eq!(said.lines().next(), Some("bad: 0"), "{said}");
    }
}

/// A module with state in every kind of reset, an unread input, dropped bits and a check; and one with checks alone.
fn kinds_of_reset() -> Vec<Module> {
    let mut modules = Vec::new();
    let mut kinds = vec![("no_reset", None)];
    for (kind, k) in [(ResetKind::Sync, "sync"), (ResetKind::Async, "async")] {
        for (polarity, p) in [(Polarity::High, "high"), (Polarity::Low, "low")] {
            kinds.push((Box::leak(format!("{k}_{p}").into_boxed_str()), Some((kind, polarity))));
        }
    }
    for (name, reset) in kinds {
        let mut b = Build::with_domain(name, domain(reset));
        let x = b.input("x", int(uint(9)));
        let go = b.input("go", Ty::BOOL);
        b.input("unread", int(sint(4)));
        let (sum, q) = b.reg("sum", int(uint(12)), Some(9));
        let (held, h) = b.reg("held", int(uint(3)), None);
        let total = b.add(q, x);
        let total = b.cast(UnOp::Claim, total, uint(12));
        b.check("sum_fits", CheckKind::Claim { claim: total, enable: Some(go) });
        let low = b.cast(UnOp::Wrap, x, uint(3));
        let set = b.set(total);
        let when = b.when(go, vec![set], vec![]);
        b.m.regs[sum].next = vec![when];
        let set = b.set(low);
        b.m.regs[held].next = vec![set];
        b.check("go_or_small", CheckKind::Assert(go));
        b.check("seen", CheckKind::Cover(go));
        b.output("sum", q);
        b.output("held", h);
        modules.push(b.m);
    }
    let mut b = Build::new("only_checks");
    let valid = b.input("valid", Ty::BOOL);
    let ready = b.input("ready", Ty::BOOL);
    let data = b.input("data", int(range(-5..=100)));
    b.check("stable", CheckKind::Stable { valid, ready, payload: vec![data] });
    b.check("data_range", CheckKind::InputRange(PortId(2)));
    let zero = b.int(0);
    let not_negative = b.bin(BinOp::Le, zero, data);
    b.check("assumed", CheckKind::Assume(not_negative));
    b.output("busy", valid);
    modules.push(b.m);
    modules
}

#[test]
fn registers_and_checks_are_clean() {
    let design = {
        // One top level with all the clocks and resets.
        let modules = kinds_of_reset();
        let mut design = combine("resets", modules);
        let top = design.top;
        let (clock, _) = ("clk", ());
        let reset = |name: &str, kind, polarity| Some(Reset { name: name.into(), kind, polarity });
        let domains = [
            None,
            reset("rst_sh", ResetKind::Sync, Polarity::High),
            reset("rst_sl", ResetKind::Sync, Polarity::Low),
            reset("rst_ah", ResetKind::Async, Polarity::High),
            reset("rst_al", ResetKind::Async, Polarity::Low),
            reset("rst_sh", ResetKind::Sync, Polarity::High),
        ];
        let m = &mut design.modules[top];
        m.domains = domains.into_iter().map(|reset| Domain { clock: clock.into(), reset }).collect();
        for (k, inst) in m.insts.values_mut().enumerate() {
            inst.domains = vec![DomainId::new(k)];
        }
        design
    };
    let (dir, output) = write("resets", &design, &EmitOptions::default());
    assert!(output.file("checks.f").is_some_and(|t| t.lines().count() == 6));
    expect_clean(lint(&dir, "resets"));
}

/// Under Verilator the checks fire exactly when they are broken.
#[test]
fn checks_fire() {
    let mut b = Build::new("watched");
    let valid = b.input("valid", Ty::BOOL);
    let ready = b.input("ready", Ty::BOOL);
    let data = b.input("data", int(range(-5..=100)));
    b.check("stable", CheckKind::Stable { valid, ready, payload: vec![data] });
    b.check("data_range", CheckKind::InputRange(PortId(2)));
    b.output("busy", valid);
    let (dir, _) = write("watched", &b.design(), &EmitOptions::default());
    let bench = "
#include \"Vwatched.h\"
#include \"verilated.h\"
int main(int argc, char** argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vwatched top{&context};
    // reset, valid, ready, data; the run breaks what its argument says, or nothing.
    int what = argc > 1 ? argv[1][0] - '0' : 0;
    int steps[6][4] = {{1, 0, 0, 7}, {0, 1, 0, 7}, {0, 1, 1, 7}, {0, 1, 0, 0xfb}, {0, 1, 0, 0xfb}, {0, 1, 1, 0xfb}};
    if (what == 1) steps[4][1] = 0;
    if (what == 2) steps[2][3] = 8;
    if (what == 3) steps[3][3] = steps[4][3] = steps[5][3] = 101;
    if (what == 4) steps[0][3] = 101;
    for (auto& s : steps) {
        top.rst = s[0]; top.valid = s[1]; top.ready = s[2]; top.data = s[3];
        top.clk = 0; top.eval(); context.timeInc(1);
        top.clk = 1; top.eval(); context.timeInc(1);
    }
    return 0;
}
";
    std::fs::write(dir.join("main.cpp"), bench).expect("a writable folder");
    for (k, path) in verilators().iter().enumerate() {
        let out = format!("obj{k}");
        let mut build = verilator(path);
        build.current_dir(&dir).args([
            "--cc",
            "--exe",
            "--build",
            "-MAKEFLAGS",
            MAKE_FLAGS,
            "--assert",
            "-sv",
            "-Wall",
            "--Mdir",
            &out,
        ]);
        build.args(["--top-module", "watched", "-f", "files.f", "-f", "checks.f", "main.cpp"]);
        let Some(log) = run(&mut build, "verilator") else { return };
        let fired = |what: &str| {
            let program = dir.join(&out).join("Vwatched");
            let said = run(Command::new(&program).arg(what), "verilator").unwrap_or_default();
            (said.contains("stable failed (test.rs:"), said.contains("data_range failed"))
        };
        assert!(dir.join(&out).join("Vwatched").exists(), "{log}");
        assert_eq!(fired("0"), (false, false), "nothing broken");
        assert_eq!(fired("1"), (true, false), "valid taken back");
        assert_eq!(fired("2"), (true, false), "payload changed");
        assert_eq!(fired("3"), (false, true), "out of range");
        assert_eq!(fired("4"), (false, false), "out of range under reset");
    }
}

/// A black box with parameters, twice, beside a child; with a stub, and with its model.
fn black_boxes() -> Design {
    let ports = |b: &mut Build, body: bool| {
        let x = b.input("x", int(sint(8)));
        b.input("mode", int(uint(2)));
        let (r, q) = b.reg("r", int(sint(8)), Some(0));
        let set = b.set(x);
        b.m.regs[r].next = vec![set];
        let y = b.output("y", q);
        if !body {
            b.m.regs = Arena::new();
            b.m.nodes = Arena::new();
            b.m.ports[y].driver = None;
        }
    };
    let mut model = Build::new("scaler_model");
    ports(&mut model, true);
    let black_box = |depth: i64| {
        let mut b = Build::new("scaler");
        ports(&mut b, false);
        let params = vec![("DEPTH".into(), Param::Int(depth.into())), ("KIND".into(), Param::Str("fast \"1\"".into()))];
        b.m.kind = ModuleKind::Extern { params, model: Some(ModuleId(0)), clocked: true, paths: None };
        b.m
    };
    let (first, second) = (black_box(3), black_box(4));
    let mut top = Build::new("boxes");
    let x = top.input("x", int(sint(8)));
    let mode = top.input("mode", int(uint(2)));
    let inputs = vec![(PortId(0), x), (PortId(1), mode)];
    let a = top.inst("first", ModuleId(1), inputs.clone(), &first)[0];
    let inputs = vec![(PortId(0), a), (PortId(1), mode)];
    let b = top.inst("second", ModuleId(2), inputs, &second)[0];
    let sum = top.add(a, b);
    let none = top.inst("third", ModuleId(1), vec![(PortId(0), sum), (PortId(1), mode)], &first)[0];
    let _ = none;
    let low = top.cast(UnOp::Wrap, sum, uint(3));
    top.output("y", low);
    let inst = top.m.insts.ids().last().expect("three");
    // The third box takes eight bits of the sum.
    let low8 = top.cast(UnOp::Wrap, sum, sint(8));
    top.m.insts[inst].inputs[0].1 = low8;
    design(vec![model.m, first, second, top.m], top.places)
}

#[test]
fn black_boxes_have_stubs_or_models() {
    let design = black_boxes();
    let (dir, output) = write("boxes_stub", &design, &EmitOptions::default());
    assert!(output.file("blackbox/scaler_stub.v").is_some_and(|t| t.contains("(* blackbox *)")));
    assert!(output.file("scaler_model.v").is_none());
    assert!(
        output.file("boxes.v").is_some_and(|t| t.contains("scaler #(.DEPTH(4), .KIND(\"fast \\\"1\\\"\")) second ("))
    );
    expect_clean(lint(&dir, "boxes"));
    let (dir, output) = write("boxes_model", &design, &EmitOptions { models: true, ..EmitOptions::default() });
    assert!(output.file("scaler.v").is_some() && output.file("blackbox.f").is_none());
    expect_clean(lint(&dir, "boxes"));
    // The two boxes get models of their own: the parameters choose.
    let mut design = design;
    let mut other = design.modules[ModuleId(0)].clone();
    other.name = "slow_model".into();
    other.regs[RegId(0)].reset = Some(Value::ONE);
    let mut modules: Vec<Module> = design.modules.values().cloned().collect();
    modules.insert(1, other);
    let last = modules.len() - 1;
    for inst in modules[last].insts.values_mut() {
        inst.module = ModuleId(inst.module.0 + 1);
    }
    if let ModuleKind::Extern { model, .. } = &mut modules[3].kind {
        *model = Some(ModuleId(1));
    }
    design = support::design(modules, design.places);
    let (dir, output) = write("boxes_models", &design, &EmitOptions { models: true, ..EmitOptions::default() });
    assert!(output.file("scaler.v").is_some_and(|t| t.contains("slow_model model (")));
    expect_clean(lint(&dir, "boxes"));
}
