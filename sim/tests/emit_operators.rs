//! Every operator over many widths: the Verilog is clean under all tools, and computes what `ir::eval` says.

#[path = "../../dsl/tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatewright_dsl::emit::{EmitOptions, emit};
use gatewright_dsl::ids::*;
use gatewright_dsl::ir::*;
use gatewright_dsl::ty::{IntTy, Ty, range, sint, uint};
use gatewright_dsl::value::Value;
use gatewright_sim::lint::{expect_clean, lint};
use support::*;

fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a folder for the test");
    dir
}

/// The integer types of the matrix.
fn types() -> Vec<IntTy> {
    let mut types: Vec<IntTy> =
        [1, 2, 8, 31, 32, 33, 63, 64, 65, 128, 200].into_iter().flat_map(|w| [uint(w), sint(w)]).collect();
    types.extend([
        range(-3..=12),
        range(-8..=-5),
        range(3..=9),
        range(-1..=0),
        range(0..=200),
        range(-100..=3),
        range(5..=5),
    ]);
    types.push(IntTy::new(-&Value::pow2(70), Value::small(3)));
    types
}

/// Pseudo-random numbers that are the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n
    }
    /// In the range; its ends and small numbers often.
    fn value(&mut self, t: IntTy) -> Value {
        let special = [t.lo(), t.hi(), t.nearest_zero(), &t.lo() + &Value::ONE, Value::small(-1), Value::ONE];
        if self.below(3) == 0 {
            let v = special[self.below(special.len())].clone();
            return if t.contains(&v) { v } else { t.lo() };
        }
        let words: Vec<u32> = (0..t.width().div_ceil(32) + 1).map(|_| self.next() as u32).collect();
        let bits = Value::from_words(&words, words.len() as u32 * 32, false);
        &t.lo() + &bits.rem_trunc(&t.count()).unwrap_or(Value::ZERO)
    }
}

/// The value of every node, by `ir::eval`; inputs by port.
fn evaluate(m: &Module, inputs: &BTreeMap<PortId, Value>) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for (_, node) in m.nodes.iter() {
        let at = |n: NodeId| &values[n.index()];
        let ty = |n: NodeId| m.nodes[n].ty;
        values.push(match &node.op {
            Op::Const(v) => v.clone(),
            Op::Input(p) => inputs[p].clone(),
            Op::Un(op, a) => eval::unary(*op, at(*a), ty(*a), node.ty),
            Op::Bin(op, a, b) => eval::binary(*op, at(*a), at(*b), node.ty),
            Op::Mux(c, a, b) => node.ty.cut(if at(*c).is_zero() { at(*b) } else { at(*a) }),
            Op::Select(i, xs) => node.ty.cut(at(xs[at(*i).to_usize().expect("an index")])),
            Op::Slice(a, lo) => eval::slice(at(*a), *lo, node.ty),
            Op::Concat(xs) => eval::concat(xs.iter().map(|x| (at(*x), ty(*x).width()))),
            Op::Reg(_) | Op::Wire(_) | Op::MemRead { .. } | Op::Matvec { .. } | Op::Inst(..) => {
                unreachable!("only pure nodes here")
            }
        });
    }
    values
}

/// Every operator at every type of the matrix, one module per type pairing.
fn matrix() -> Vec<Module> {
    let types = types();
    let mut modules = Vec::new();
    for (k, &t) in types.iter().enumerate() {
        let mut b = Build::new(&format!("ops_{k}"));
        let x = b.input("x", int(t));
        let y = b.input("y", int(t));
        let c = b.input("c", Ty::BOOL);
        let mut results = Vec::new();
        // Against other types in turn, so that every pair of neighbours in width and sign occurs.
        for (j, step) in [0, 1, 2, 3, 5, 11, 17].into_iter().enumerate() {
            let other = types[(k + step) % types.len()];
            let z = if step == 0 { y } else { b.input(&format!("z{j}"), int(other)) };
            for op in
                [BinOp::Add, BinOp::Sub, BinOp::Mul, BinOp::Min, BinOp::Max, BinOp::Eq, BinOp::Ne, BinOp::Lt, BinOp::Le]
            {
                results.push(b.bin(op, x, z));
            }
            results.push(b.mux(c, x, z));
        }
        for constant in [1i64, -1, 3, -7, 8, 300, -128] {
            let n = b.int(constant);
            for op in [
                BinOp::Add,
                BinOp::Sub,
                BinOp::Mul,
                BinOp::Div,
                BinOp::Rem,
                BinOp::Min,
                BinOp::Max,
                BinOp::Eq,
                BinOp::Lt,
                BinOp::Le,
            ] {
                results.push(b.bin(op, x, n));
                if !matches!(op, BinOp::Div | BinOp::Rem) {
                    results.push(b.bin(op, n, x));
                }
            }
        }
        let shifts = [range(0..=0), range(1..=1), range(5..=5), range(70..=70), uint(1), uint(3), range(2..=6)];
        for (j, s) in shifts.into_iter().enumerate() {
            let s = match s.as_constant() {
                Some(v) => b.int(v),
                None => b.input(&format!("s{j}"), int(s)),
            };
            results.push(b.bin(BinOp::Shl, x, s));
            results.push(b.bin(BinOp::Shr, x, s));
            let bits = b.un(UnOp::ToBits, x);
            results.push(b.bin(BinOp::Shl, bits, s));
            results.push(b.bin(BinOp::Shr, bits, s));
        }
        let wide = b.input("wide", int(uint(40)));
        results.push(b.bin(BinOp::Shr, x, wide));
        let bits = b.un(UnOp::ToBits, x);
        results.push(b.bin(BinOp::Shl, bits, wide));
        results.push(b.un(UnOp::Neg, x));
        results.push(b.un(UnOp::Abs, x));
        for w in [1, 3, 8, 33, 250] {
            results.push(b.cast(UnOp::Wrap, x, uint(w)));
            results.push(b.cast(UnOp::Wrap, x, sint(w)));
        }
        let other = b.un(UnOp::ToBits, y);
        for op in
            [UnOp::Not, UnOp::ReduceAnd, UnOp::ReduceOr, UnOp::ReduceXor, UnOp::PopCount, UnOp::ToUint, UnOp::ToSint]
        {
            results.push(b.un(op, bits));
        }
        for op in [BinOp::And, BinOp::Or, BinOp::Xor, BinOp::Eq, BinOp::Ne] {
            results.push(b.bin(op, bits, other));
        }
        let width = t.width();
        results.push(b.slice(bits, width / 2, width - width / 2));
        results.push(b.slice(bits, 0, width.div_ceil(2)));
        results.push(b.concat(&[bits, c, c, c, other]));
        let uints = b.un(UnOp::ToUint, bits);
        results.push(b.bin(BinOp::Lt, uints, x));
        let others = b.un(UnOp::ToUint, other);
        results.push(b.bin(BinOp::Lt, uints, others));
        results.push(b.bin(BinOp::Mul, uints, others));
        results.push(b.bin(BinOp::Add, uints, others));
        for (j, n) in results.into_iter().enumerate() {
            if b.ty(n).as_constant().is_none() {
                b.output(&format!("o{j}"), n);
            }
        }
        modules.push(b.m);
    }
    modules
}

/// Modules of random operators over each other's results: whatever is inlined into whatever.
fn random_modules(count: usize, seed: u64) -> Vec<Module> {
    let mut r = Random(seed);
    let types = types();
    (0..count)
        .map(|k| {
            let mut b = Build::new(&format!("random_{k}"));
            let mut ints: Vec<NodeId> = (0..4)
                .map(|j| {
                    let t = types[r.below(types.len())];
                    b.input(&format!("i{j}"), int(t))
                })
                .collect();
            ints.extend([-5i64, 0, 1, 77].map(|v| b.int(v)));
            let mut words = vec![b.input("w0", Ty::Bits(1)), b.input("w1", Ty::Bits(9)), b.input("w2", Ty::Bits(70))];
            for step in 0..60 {
                let pick = |r: &mut Random, from: &[NodeId]| {
                    from[if r.below(2) == 0 {
                        r.below(from.len())
                    } else {
                        from.len() - 1 - r.below(from.len().min(4))
                    }]
                };
                let (x, y) = (pick(&mut r, &ints), pick(&mut r, &ints));
                words.retain(|w| b.ty(*w) != Ty::Bits(0));
                let w = pick(&mut r, &words);
                let bools: Vec<NodeId> = words.iter().copied().filter(|w| b.ty(*w) == Ty::BOOL).collect();
                let c = pick(&mut r, &bools);
                let narrow = |b: &mut Build, n: NodeId, r: &mut Random| {
                    let width = b.ty(n).width();
                    if width <= 210 {
                        n
                    } else {
                        b.cast(UnOp::Wrap, n, IntTy::full(1 + r.below(200) as u32, r.below(2) == 0))
                    }
                };
                match r.below(16) {
                    0..=5 => {
                        let op = [BinOp::Add, BinOp::Sub, BinOp::Mul, BinOp::Min, BinOp::Max, BinOp::Add][r.below(6)];
                        let n = b.bin(op, x, y);
                        let n = narrow(&mut b, n, &mut r);
                        ints.push(n);
                    }
                    6 => {
                        let d = b.int([3i64, -4, 10, 1 << 40][r.below(4)]);
                        ints.push(b.bin([BinOp::Div, BinOp::Rem][r.below(2)], x, d));
                    }
                    7 => words.push(b.bin([BinOp::Eq, BinOp::Ne, BinOp::Lt, BinOp::Le][r.below(4)], x, y)),
                    8 => {
                        let op = [UnOp::Neg, UnOp::Abs][r.below(2)];
                        let n = b.un(op, x);
                        ints.push(narrow(&mut b, n, &mut r));
                    }
                    9 => {
                        let op = [UnOp::Not, UnOp::ReduceAnd, UnOp::ReduceOr, UnOp::ReduceXor][r.below(4)];
                        words.push(b.un(op, w));
                    }
                    10 => ints.push(b.un([UnOp::PopCount, UnOp::ToUint, UnOp::ToSint][r.below(3)], w)),
                    11 => {
                        let bits = b.un(UnOp::ToBits, x);
                        words.push(bits);
                        let same: Vec<NodeId> = words.iter().copied().filter(|v| b.ty(*v) == b.ty(bits)).collect();
                        let other = pick(&mut r, &same);
                        words.push(b.bin([BinOp::And, BinOp::Or, BinOp::Xor][r.below(3)], bits, other));
                    }
                    12 => {
                        let width = b.ty(w).width();
                        let lo = r.below(width as usize) as u32;
                        let n = 1 + r.below((width - lo) as usize) as u32;
                        words.push(b.slice(w, lo, n));
                        if width < 100 {
                            words.push(b.concat(&[c, w, c, c]));
                        }
                    }
                    13 => {
                        let s = b.un(UnOp::PopCount, words[r.below(3)]);
                        let op = [BinOp::Shl, BinOp::Shr][r.below(2)];
                        let n = b.bin(op, x, s);
                        ints.push(narrow(&mut b, n, &mut r));
                        words.push(b.bin(op, w, s));
                    }
                    14 => ints.push(b.mux(c, x, y)),
                    _ => {
                        let index = if step % 2 == 0 {
                            let bits = b.slice(words[2], 3, 3);
                            b.un(UnOp::ToUint, bits)
                        } else {
                            b.un(UnOp::PopCount, words[1])
                        };
                        let n = b.ty(index).range().hi().to_usize().expect("small") + 1;
                        let mut xs: Vec<NodeId> = (0..n).map(|_| pick(&mut r, &ints)).collect();
                        if r.below(3) == 0 {
                            xs = (0..n).map(|_| b.int(r.below(1000) as i64 - 500)).collect();
                        }
                        ints.push(b.select(index, &xs));
                    }
                }
            }
            for (j, n) in ints.iter().chain(&words).rev().take(40).copied().enumerate().collect::<Vec<_>>() {
                if b.ty(n).as_constant().is_none() && !matches!(b.m.nodes[n].op, Op::Const(_)) {
                    b.output(&format!("o{j}"), n);
                }
            }
            b.m
        })
        .collect()
}

fn hex(v: &Value, width: u32) -> String {
    let mut s = String::new();
    for w in v.to_words(width).iter().rev() {
        let _ = write!(s, "{w:08x}");
    }
    s.split_off(s.len() - width.div_ceil(4) as usize)
}

/// A test bench that applies `rounds` random inputs to every module and compares all outputs.
fn bench(modules: &[Module], rounds: usize) -> String {
    let mut r = Random(0x1234_5678_9abc_def1);
    let mut declarations = String::new();
    let mut body = String::new();
    for m in modules {
        let name = &m.name;
        let mut pins = Vec::new();
        for p in m.ports.values().filter(|p| p.ty.as_constant().is_none()) {
            let kind = if p.dir == Dir::Input { "reg" } else { "wire" };
            let _ = writeln!(declarations, "  {kind} [{}:0] {name}_{};", p.ty.width() - 1, p.name);
            pins.push(format!(".{0}({name}_{0})", p.name));
        }
        let _ = writeln!(declarations, "  {name} {name}_i ({});", pins.join(", "));
        for _ in 0..rounds {
            let mut inputs = BTreeMap::new();
            for (id, p) in m.ports.iter().filter(|(_, p)| p.dir == Dir::Input) {
                let v = r.value(p.ty.range());
                if p.ty.as_constant().is_none() {
                    let _ = writeln!(body, "    {name}_{} = {}'h{};", p.name, p.ty.width(), hex(&v, p.ty.width()));
                }
                inputs.insert(id, v);
            }
            let values = evaluate(m, &inputs);
            let _ = writeln!(body, "    #1;");
            for p in m.ports.values().filter(|p| p.dir == Dir::Output) {
                let expected = &values[p.driver.expect("a driver").index()];
                let w = p.ty.width();
                let (port, e) = (format!("{name}_{}", p.name), hex(expected, w));
                let _ = writeln!(
                    body,
                    "    if ({port} !== {w}'h{e}) begin bad = bad + 1; $display(\"{port}: %h, not {e}\", {port}); end"
                );
            }
        }
    }
    format!(
        "module bench;\n  integer bad = 0;\n{declarations}\n  initial begin\n{body}\n    $display(\"bad: %0d\", bad);\n    $finish;\n  end\nendmodule\n"
    )
}

fn simulate(dir: &Path, bench: &str, verilog: &[String]) {
    std::fs::write(dir.join("bench.v"), bench).expect("a writable folder");
    let run = |command: &mut Command| match command.current_dir(dir).output() {
        Ok(o) => Some(format!("{}{}", String::from_utf8_lossy(&o.stdout), String::from_utf8_lossy(&o.stderr))),
        Err(e) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: install iverilog (`cargo xtask test` does it): {e}");
            None
        }
        Err(e) => panic!("install iverilog (`cargo xtask test` does it): {e}"),
    };
    let mut build = Command::new("iverilog");
    build.args(["-g2005", "-o", "bench.vvp", "-s", "bench", "bench.v"]).args(verilog);
    let Some(said) = run(&mut build) else { return };
    assert!(said.is_empty(), "{said}");
    let Some(said) = run(Command::new("vvp").arg("bench.vvp")) else { return };
    assert_eq!(said.lines().find(|l| !l.starts_with("$finish")), Some("bad: 0"), "{said}");
}

fn check(name: &str, modules: Vec<Module>, rounds: usize) {
    let bench = bench(&modules, rounds);
    let design = combine(name, modules);
    let output = emit(&design, &EmitOptions::default());
    let dir = folder(name);
    output.write_to(&dir).expect("a writable folder");
    let verilog: Vec<String> = output.files.iter().filter(|f| f.name.ends_with(".v")).map(|f| f.name.clone()).collect();
    simulate(&dir, &bench, &verilog);
    expect_clean(lint(&dir, name));
}

#[test]
fn every_operator_at_every_width() {
    check("matrix", matrix(), 12);
}

#[test]
fn random_expressions() {
    check("random", random_modules(40, 0x9e37_79b9_7f4a_7c15), 10);
}
