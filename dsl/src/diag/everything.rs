//! All mistakes at once, none twice, and no panic whatever is misused.

use proptest::prelude::*;

use super::testing::*;
use crate::prelude::*;

/// One mistake of nearly every kind, none of which stops the others from being found.
#[test]
fn all_are_found_in_one_elaboration() {
    let found = errors((uint(8), sint(8), word(8), StreamTy(uint(8)), fixed(8, 4)).split(), |m, i| {
        let ((a, b, w), (s, x)) = i;
        let _: Stream<Int> = s;
        let acc = m.reg("acc", uint(8)).reset(300);
        acc.set(a + 1);
        let _ = a.wrap(range(0..=9));
        let _ = a / a;
        let _ = a << (a * a * a);
        let _ = a << b;
        let _ = w.slice(3..9);
        let _ = w & w.slice(0..4);
        let _ = x + f64::INFINITY;
        let _ = select(a, &[a, a]);
        let _ = x.sat(fixed(8, 8));
        let v = m.wire("v", vec![uint(8); 2]);
        v.set(vec![a]);
        let _ = a.claim(range(-5..=-1));
        let _ = a.delay_named(m, "always");
        let _: Reg<Int> = m.reg("acc", uint(3)).no_reset();
        let y = m.wire("y", uint(4));
        y.set(1);
        y.set(2);
        let _: Wire<Int> = m.wire("z", uint(4));
        let l = m.wire("l", uint(4));
        l.set((l.get() + 1).wrap(uint(4)));
        m.switch(a, |s| {
            s.case(1, || acc.set(1));
            s.case(1, || acc.set(2));
            s.case(256, || acc.set(3));
            s.default(|| acc.set(4));
            s.case(7, || acc.set(5));
        });
        let _ = m.reg("stream", StreamTy(uint(8))).no_reset();
        let mem = m.mem("mem", uint(8), 0).collision(Collision::Old);
        mem.write_masked(0, 1, &[]);
        let stateful = one_off(uint(8), |m, i| m.delay("r", i));
        let _ = m.pipelined("region", &stateful, a, &Target::lut6(300.0));
        let slow = one_off(sint(8), |_, i| i * i * i * i);
        let _ = m.pipelined("slow", &slow, b, &Target::lut6(1000.0));
    });
    let mut codes = found.codes();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            "E0101", "E0102", "E0103", "E0104", "E0105", "E0106", "E0107", "E0108", "E0109", "E0110", "E0111", "E0112",
            "E0113", "E0203", "E0204", "E0205", "E0206", "E0207", "E0208", "E0209", "E0210", "E0211", "E0213", "E0214",
            "E0215", "E0216", "E0217"
        ],
        "{found}"
    );
    for d in &found.0 {
        assert!(d.place.first().is_some_and(|p| p.file.ends_with("everything.rs")), "not a line of the user: {d}");
        assert!(!d.help.is_empty() && !d.title.is_empty());
    }
}

trait Split {
    type Out;
    fn split(self) -> Self::Out;
}
impl<A, B, C, D, E> Split for (A, B, C, D, E) {
    type Out = ((A, B, C), (D, E));
    fn split(self) -> Self::Out {
        ((self.0, self.1, self.2), (self.3, self.4))
    }
}
trait DelayNamed: Sized {
    fn delay_named(self, m: &Module, name: &str) -> Self;
}
impl DelayNamed for Int {
    #[track_caller]
    fn delay_named(self, m: &Module, name: &str) -> Int {
        m.delay(name, self)
    }
}

/// A mistake whose consequences run through the whole module: still one message.
#[test]
fn consequences_are_silent() {
    let found = errors((uint(8), word(4), word(5)), |m, (a, w, v)| {
        let poison = a / a; //~ mistake
        let word = m.wire("word", uint(4));
        word.set(poison + 1);
        let twice = m.wire("twice", uint(4));
        m.when(poison.lt(3), || twice.set(1)).otherwise(|| twice.set(2));
        let partly = m.wire("partly", uint(4));
        m.switch(poison, |s| {
            s.case(70, || partly.set(1));
        });
        let typed = m.reg("typed", poison.ty()).reset(7);
        typed.set(a);
        let child = one_off(poison.ty(), |_, i| i);
        let _ = m.inst("child", &child, a);
        let _ = poison.claim(range(4..=9)).sat(range(1..=3)).round(Rounding::HalfEven, 3).abs().bit(7);
        let _ = select(poison, &[a, poison]);
        let (s, ready) = m.stream("s", poison.eq(3), true, poison);
        let _: Bool = ready;
        let beats = s.gate(m, poison.eq(1)).fifo(m, 4).demux(m, poison, 2);
        beats.into_iter().for_each(|s| _ = s.accept(poison.gt(1)).fire);
        let _ = (w & w.slice(0..2).concat(v.slice(0..2))).to_bools()[2];
        let mem = m.mem("mem", uint(8), 8).collision(Collision::Undefined);
        mem.write(poison, poison);
        m.assert("holds", poison.eq(0), "of poison");
        mem.read_sync_when(poison, poison.eq(1)).named("x") + word.get() + twice.get() + partly.get()
    });
    assert_eq!(found.codes(), ["E0104"], "{found}");
}

/// Code of the user that trips over poison does not hide the mistake.
#[test]
fn a_panic_after_a_mistake_gives_the_mistake() {
    let found = errors((word(4), word(5)), |_, (w, v)| (w & v).to_bools()[3]);
    assert_eq!(found.codes(), ["E0108"]);
}

#[test]
#[should_panic(expected = "of the user's own")]
fn a_panic_of_the_users_own_passes() {
    let _ = codes(uint(2), |_, _| -> Int { panic!("of the user's own") });
}

/// The text as a reader gets it; places without a file, so that lines do not move.
#[test]
fn rendered_without_source() {
    use crate::diag::Diagnostic;
    use crate::ids::PlaceId;
    use crate::ir::Place;
    let place = |line, column, caller, scope: Option<&str>| Place {
        file: "chip/mac.rs".into(),
        line,
        column,
        caller,
        scope: scope.map(str::to_string),
    };
    let top = Some(PlaceId(0));
    let d = Diagnostic {
        code: super::e0102::CODE,
        title: "value does not fit register `acc`".into(),
        place: vec![place(8, 13, top, None), place(20, 9, top, Some("mac")), place(30, 1, None, Some("top"))],
        notes: vec!["value    is sint<17> [-49024..=49151]".into(), "register is sint<16> [-32768..=32767]".into()],
        others: vec![(place(7, 21, top, None), "`acc` declared here".into())],
        help: "widen the register, or narrow on purpose with .wrap(), .sat() or .claim()".into(),
    };
    insta::assert_snapshot!(d.to_string(), @r"
    error[E0102]: value does not fit register `acc`
    --> chip/mac.rs:8:13
    ::: chip/mac.rs:7:21
     = note: `acc` declared here
    ::: chip/mac.rs:20:9
     = note: in `mac`, which is made here
     = note: value    is sint<17> [-49024..=49151]
             register is sint<16> [-32768..=32767]
     = help: widen the register, or narrow on purpose with .wrap(), .sat() or .claim()
    ");
}

/// The text with source; numbers of lines and the indentation that goes with them are left out.
#[test]
fn rendered_with_source() {
    let found = errors(uint(8), |m, i| {
        let acc = m.reg("acc", uint(8)).reset(0);
        acc.set(acc.q() + i);
        acc.q()
    });
    let shown: Vec<String> = found
        .to_string()
        .lines()
        .map(|line| match line.trim_start().split_once(" |") {
            Some((number, source)) if number.parse::<u32>().is_ok() => format!("N |{source}"),
            _ => match line.split_once(".rs:") {
                Some((file, _)) => format!("{}.rs:N", file.trim_start()),
                None => line.trim_start().to_string(),
            },
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    error[E0102]: value does not fit register `acc`
    --> dsl/src/diag/everything.rs:N
    |
    N |         let acc = m.reg("acc", uint(8)).reset(0);
    |                     --- `acc` declared here
    N |         acc.set(acc.q() + i);
    |             ^^^ --- the value is made here
    |
    = note: value    is uint<9> [0..=510]
    register is uint<8> [0..=255]
    = help: widen the register, or narrow on purpose with .wrap(), .sat() or .claim()
    "#);
}

/// What the fuzzer keeps between steps: values that may be poison, of other modules, or out of place.
struct Heap {
    ints: Vec<Int>,
    bools: Vec<Bool>,
    words: Vec<Bits>,
    fixed: Vec<Fixed>,
}

thread_local! {
    static STEPS: std::cell::RefCell<Vec<(u8, u8, u8, i64)>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// One step of misuse.
fn step(m: &Module, heap: &mut Heap, op: u8, a: u8, b: u8, n: i64) {
    let pick = |len: usize, at: u8| usize::from(at) % len;
    let (x, y) = (heap.ints[pick(heap.ints.len(), a)], heap.ints[pick(heap.ints.len(), b)]);
    let (c, d) = (heap.bools[pick(heap.bools.len(), a)], heap.bools[pick(heap.bools.len(), b)]);
    let (w, v) = (heap.words[pick(heap.words.len(), a)], heap.words[pick(heap.words.len(), b)]);
    let (p, q) = (heap.fixed[pick(heap.fixed.len(), a)], heap.fixed[pick(heap.fixed.len(), b)]);
    let (u, small) = (n as u32, (n & 15) as u32);
    let ty = IntTy::new(n.min(i64::from(a)), n.max(i64::from(b)));
    let name = ["x", "y", "always", "a b", "z"][pick(5, b)];
    let mut int = |v: Int| heap.ints.push(v);
    match op % 48 {
        0 => int(x + y),
        1 => int(x - y),
        2 => int(x * y),
        3 => int(x / n),
        4 => int(x % y),
        5 => int(x << y),
        6 => int(x >> y),
        7 => int(-x),
        8 => int(x.abs()),
        9 => int(x.min(y)),
        10 => int(x.wrap(ty)),
        11 => int(x.sat(ty)),
        12 => int(x.sat_symmetric(ty)),
        13 => int(x.sat_zero(ty)),
        14 => int(x.claim(ty)),
        15 => int(x.round(Rounding::ALL[pick(8, b)], if n % 2 == 0 { u } else { small })),
        16 => int(c.mux(x, y)),
        17 => int(select(x, &[x, y, x])),
        18 => int(w.count_ones()),
        19 => int(w.to_sint()),
        20 => int(x.next_wrapping(n as u64)),
        21 => int(sum(&[x, y, x])),
        22 => int(c.to_int()),
        23 => int(m.delay(name, x)),
        24 => {
            let r = m.reg(name, ty).reset(n);
            m.when(c, || r.set(x)).elsewhen(d, || r.set(y)).otherwise(|| r.set(1));
            int(r.q());
        }
        25 => {
            let r = m.wire(name, x.ty());
            m.when(c, || r.set(y));
            int(r.get());
        }
        26 => {
            let mem = m.mem(name, (ty, word(small)), n as u64).collision(Collision::Undefined);
            m.when(c, || mem.write(x, (y, w)));
            int(mem.read(y).0);
            int(mem.read_sync_when(x, d).0);
        }
        27 => {
            let child = one_off((uint(4), word(4)), |_, (i, w)| i + w.to_uint());
            int(m.inst(name, &child, (x, w)));
        }
        28 => {
            let (s, ready) = m.stream(name, c, d, x);
            heap.bools.push(ready);
            match n % 4 {
                0 => int(s.fifo(m, small.into()).map(|v| v * y).accept(c).payload),
                1 => int(s.gate(m, d).regslice(m).accept(ready).payload),
                2 => s.demux(m, y, small as usize).into_iter().for_each(|s| int(s.accept(c).payload)),
                _ => drop(s),
            }
        }
        29 => m.switch(x, |s| {
            s.case(n, || m.assert(name, c, "fails")).cases([1, 2], || m.cover(name, d, "is seen")).default(|| ());
        }),
        30 => {
            let pure = one_off((uint(8), sint(9)), |_, (a, b)| a * b + a);
            int(m.pipelined(name, &pure, (x, y), &Target::lut6(f64::from(u))).0);
        }
        31 => heap.bools.push(x.lt(y) & c),
        32 => heap.bools.push(x.eq(n) | !d),
        33 => heap.bools.push(x.bit(u)),
        34 => heap.bools.push(w.bit(u) ^ c),
        35 => heap.bools.push(c.mux(c, d)),
        36 => heap.words.push(w & v),
        37 => heap.words.push(w.slice(u64::from(a) as u32..u64::from(b) as u32)),
        38 => heap.words.push(w.concat(v)),
        39 => heap.words.push(w.zero_extend(u)),
        40 => heap.words.push(w.sign_extend(small)),
        41 => heap.words.push(w << x),
        42 => heap.words.push(bits(u, n.unsigned_abs())),
        43 => heap.words.push(x.to_bits()),
        44 => heap.fixed.push(p * q + p.scale(n as i32)),
        45 => heap.fixed.push((p - 0.5).round(Rounding::HalfUp, n as i32)),
        46 => heap.fixed.push(c.mux(p, q).sat(fixed(small, n as i32))),
        _ => {
            let r = m.reg(name, fixed(small, n as i32)).reset(n as f64 / 3.0);
            r.set(p);
            heap.fixed.push(r.q());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn nothing_panics(steps in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(),
        prop_oneof![-20i64..20, any::<i64>(), Just(i64::from(u32::MAX)), Just(i64::from(i32::MIN))]), 1..40)) {
        STEPS.set(steps);
        let top = one_off(((uint(3), sint(200)), (BOOL, word(5)), fixed(9, 3)), |m, ((a, b), (c, w), x)| {
            let mut heap = Heap { ints: vec![a, b], bools: vec![c], words: vec![w], fixed: vec![x] };
            for (op, a, b, n) in STEPS.take() {
                step(m, &mut heap, op, a, b, n);
            }
        });
        match elaborate(&top) {
            Ok(design) => _ = checked(design),
            Err(errors) => {
                prop_assert!(errors.0.iter().any(|d| !d.code.is_warning()));
                for d in &errors.0 {
                    prop_assert!(d.place.iter().any(|p| p.file.ends_with("everything.rs")), "{d}");
                }
            }
        }
    }
}
