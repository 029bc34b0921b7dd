//! The Verilator bridge.

use std::path::PathBuf;

use gatewright_dsl::ir::*;
use gatewright_dsl::ty::Ty;
use gatewright_dsl::value::Value;
use gatewright_sim::verilator::{Options, Sources, Tool};
use gatewright_sim::*;

use crate::build::*;

/// True where Verilator is there. Without it a test says what to install, and fails where it must not be skipped.
pub fn available() -> bool {
    match Tool::find() {
        Ok(_) => true,
        Err(e) => {
            assert!(std::env::var_os("CI").is_none(), "{e}");
            eprintln!("SKIPPED: {e}");
            false
        }
    }
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("gatewright-it-{name}-{}", std::process::id()))
}

/// An accumulator with a wide port, and the same by hand in Verilog, with a check that is bound to it.
fn by_hand() -> (B, Vec<(String, String)>) {
    let mut b = B::new("acc");
    let (d, wide) = (b.input("d", sint(5)), b.input("wide", Ty::Bits(100)));
    let k = b.input("k", int(6, 6));
    let (r, q) = b.reg("sum", sint(12), Some(3));
    let sum = b.add(q, d);
    let next = b.to(UnOp::Wrap, sum, sint(12));
    b.m.regs[r].next = vec![b.set(next)];
    let flipped = b.un(UnOp::Not, wide);
    b.output("q", q);
    b.output("flipped", flipped);
    b.output("k_out", k);
    let limit = b.int(10);
    let low = b.bin(BinOp::Lt, q, limit);
    b.check("low", CheckKind::Assert(low));
    let verilog = "module acc (input wire clk, input wire rst, input wire signed [4:0] d, input wire [99:0] wide,
        output wire signed [11:0] q, output wire [99:0] flipped);
    reg signed [11:0] sum;
    initial sum = 12'sd3;
    always @(posedge clk) if (rst) sum <= 12'sd3; else sum <= sum + {{7{d[4]}}, d};
    assign q = sum;
    assign flipped = ~wide;
endmodule
";
    let checks = "module acc_checks (input wire clk, input wire rst, input wire signed [11:0] q);
    low: assert property (@(posedge clk) disable iff (rst) q < 12'sd10) else $error(\"low must hold (100%% of the time)\");
endmodule
bind acc acc_checks acc_checks_i (.clk(clk), .rst(rst), .q(q));
";
    (b, vec![("acc.v".into(), verilog.into()), ("acc_checks.sv".into(), checks.into())])
}

#[test]
fn verilog_by_hand_runs_like_the_interpreter() {
    if !available() {
        return;
    }
    let (b, files) = by_hand();
    let design = b.done();
    let mut interpreter = Interpreter::new(&design).unwrap();
    let interface = Interface::of(&design).unwrap();
    let sources = Sources::of_verilog(&interface, files);
    let mut verilated = Verilated::of_sources(&sources, interface, &Options::default()).unwrap();
    assert_eq!(verilated.get("q").unwrap(), Value::from(3));
    verilated.set("d", -16).unwrap();
    verilated.step().unwrap();
    assert_eq!(verilated.get("q").unwrap(), Value::from(-13));
    assert_eq!(verilated.get("k_out").unwrap(), Value::from(6));
    assert!(matches!(verilated.set("k", 5), Err(SimError::OutOfRange { .. })));
    verilated.set("d", 15).unwrap();
    verilated.step().unwrap();
    verilated.step().unwrap();
    assert_eq!(verilated.get("q").unwrap(), Value::from(17));
    match verilated.step() {
        Err(SimError::CheckFailed(f)) => {
            assert_eq!((f.len(), f[0].cycle, &*f[0].path, &*f[0].check), (1, 3, "acc", "low"));
            assert_eq!(f[0].message, "low must hold (100% of the time)");
        }
        other => panic!("{other:?}"),
    }
    interpreter.set("d", -16).unwrap();
    interpreter.step().unwrap();
    interpreter.set("d", 15).unwrap();
    interpreter.step_n(2).unwrap();
    interpreter.step().unwrap_err();
    compare(vec![&mut interpreter, &mut verilated], 1000, RandomStimulus::new(3)).unwrap();
}

#[test]
fn a_damaged_model_is_built_again() {
    if !available() {
        return;
    }
    let (b, files) = by_hand();
    let design = b.done();
    let interface = Interface::of(&design).unwrap();
    let sources = Sources::of_verilog(&interface, files);
    let cache = temporary("damaged");
    let options = Options { cache: Some(cache.clone()), ..Options::default() };
    let make = || Verilated::of_sources(&sources, interface.clone(), &options);
    // Threads at once: one builds, the others wait.
    std::thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| make().unwrap().step().unwrap());
        }
    });
    let models: Vec<PathBuf> = std::fs::read_dir(&cache)
        .unwrap()
        .map(|e| e.unwrap().path().join("model.so"))
        .filter(|p| p.is_file())
        .collect();
    assert_eq!(models.len(), 1);
    // A new file: the old one can still be mapped into this process.
    std::fs::remove_file(&models[0]).unwrap();
    std::fs::write(&models[0], "not a library").unwrap();
    make().unwrap().step().unwrap();
    assert!(std::fs::metadata(&models[0]).unwrap().len() > 10_000);
    std::fs::remove_dir_all(cache).unwrap();
}

#[test]
fn without_verilator_the_error_says_what_to_install() {
    let options = Options { verilator: Some("/nowhere/verilator".into()), ..Options::default() };
    let (b, files) = by_hand();
    let interface = Interface::of(&b.done()).unwrap();
    let sources = Sources::of_verilog(&interface, files);
    let error = Verilated::of_sources(&sources, interface, &options).err().unwrap();
    assert!(error.to_string().contains("apt-get install verilator"), "{error}");
}

#[test]
fn verilog_with_a_fault_says_what_verilator_says() {
    if !available() {
        return;
    }
    let interface = Interface::of(&by_hand().0.done()).unwrap();
    let sources = Sources::of_verilog(&interface, vec![("acc.v".into(), "module acc (input clk);\nbogus\n".into())]);
    let error = Verilated::of_sources(&sources, interface, &Options::default()).err().unwrap();
    assert!(error.to_string().contains("syntax error"), "{error}");
}

/// Runs a design on both engines.
#[track_caller]
fn both(b: B, seed: u64) {
    let design = b.done();
    let mut interpreter = Interpreter::new(&design).unwrap();
    let mut verilated = Verilated::new(&design).unwrap();
    if let Err(e) = compare(vec![&mut interpreter, &mut verilated], 400, RandomStimulus::new(seed)) {
        panic!("{e}");
    }
}

#[test]
fn every_collision_contract_and_kind_of_reset() {
    if !available() {
        return;
    }
    for kind in [ResetKind::Sync, ResetKind::Async] {
        for polarity in [Polarity::High, Polarity::Low] {
            both(crate::interpreter::accumulator(kind, polarity), 5);
        }
    }
    for collision in [Collision::Old, Collision::New, Collision::Undefined] {
        for sync in [true, false] {
            both(crate::interpreter::memory(collision, sync), 6);
        }
    }
}

/// GATEWRIGHT_VERILATOR_NEW names a current Verilator beside the system's; `cargo xtask test` provides one.
#[test]
fn a_current_verilator_agrees() {
    let Some(program) = std::env::var_os("GATEWRIGHT_VERILATOR_NEW") else {
        eprintln!("SKIPPED: GATEWRIGHT_VERILATOR_NEW is not set; `cargo xtask test` provides a current Verilator");
        return;
    };
    let options = Options { verilator: Some(program.into()), ..Options::default() };
    let designs = crate::batch::parts();
    let batch = Batch::new(&designs).unwrap();
    let mut interpreter = Interpreter::new(&batch.design).unwrap();
    let mut verilated = Verilated::with(&batch.design, &options).unwrap();
    if let Err(e) = compare(vec![&mut interpreter, &mut verilated], 500, RandomStimulus::new(8)) {
        panic!("{e}");
    }
}

#[test]
fn checks_fail_alike() {
    if !available() {
        return;
    }
    let mut b = B::new("child");
    let (x, en) = (b.input("x", uint(8)), b.input("en", Ty::BOOL));
    let limit = b.int(100);
    let small = b.bin(BinOp::Lt, x, limit);
    b.check("small", CheckKind::Assert(small));
    b.check("x", CheckKind::Assume(en));
    b.check("seen", CheckKind::Cover(en));
    let ready = b.slice_of(x, 0);
    b.check("stable", CheckKind::Stable { valid: en, ready, payload: vec![x] });
    let claim = b.claim("four", x, int(0, 9), Some(en));
    let y = b.output("y", claim);
    let mut t = B::new("top");
    let (x, en) = (t.input("x", uint(8)), t.input("en", Ty::BOOL));
    let inst = t.inst(
        "inner",
        gatewright_dsl::ids::ModuleId(0),
        &[(gatewright_dsl::ids::PortId(0), x), (gatewright_dsl::ids::PortId(1), en)],
    );
    let out = t.out_of(inst, y, int(0, 9));
    t.output("y", out);
    let design = design([b.m, t.m]);
    let mut interpreter = Interpreter::new(&design).unwrap();
    let mut verilated = Verilated::new(&design).unwrap();
    compare(vec![&mut interpreter, &mut verilated], 500, RandomStimulus::new(9)).unwrap();

    verilated.reset(false).unwrap();
    verilated.on_failure(OnFailure::Stop);
    verilated.set("x", 200).unwrap();
    verilated.set("en", 1).unwrap();
    match verilated.step() {
        Err(SimError::CheckFailed(f)) => {
            let small = f.iter().find(|f| f.check == "small").unwrap();
            assert_eq!((&*small.path, &*small.message), ("top.inner", "small must hold"));
            assert_eq!(small.place, "test.rs:7:3");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn memory_files_are_found_wherever_the_model_runs() {
    if !available() {
        return;
    }
    let mut b = B::new("rom");
    let a = b.input("a", uint(9));
    let mem = b.mem("squares", &[sint(70), uint(3)], 512, Collision::Old);
    b.m.mems[mem].init = (0..512i64).map(|n| vec![Value::from(-n * n), Value::from(n % 8)]).collect();
    let q = b.read(mem, a, false, None);
    b.output("q", q[0]);
    b.output("r", q[1]);
    let design = b.done();
    let mut verilated = Verilated::new(&design).unwrap();
    verilated.set("a", 300).unwrap();
    assert_eq!(verilated.get("q").unwrap(), Value::from(-90_000));
    assert_eq!(verilated.get("r").unwrap(), Value::from(4));
}

#[test]
fn a_black_box_needs_a_model() {
    let mut b = B::new("box");
    b.m.kind = ModuleKind::Extern { params: vec![], model: None, clocked: false, paths: None };
    b.port("y", Dir::Output, uint(9), Format::Plain, None);
    let mut t = B::new("top");
    let inst = t.inst("inner", gatewright_dsl::ids::ModuleId(0), &[]);
    let out = t.out_of(inst, gatewright_dsl::ids::PortId(0), uint(9));
    t.output("y", out);
    let design = design([b.m, t.m]);
    assert!(matches!(Verilated::new(&design), Err(SimError::NoModel { path, .. }) if path == "top.inner"));
}
