//! Ports, names, resets, memories, black boxes, streams: what the front end writes into the IR.

#![allow(missing_docs)]

#[path = "../src/diag/testing.rs"]
mod testing;

use gatewright_dsl::ir::{BinOp, CheckKind, Dir, Format, Module as Ir, ModuleKind, Op};
use gatewright_dsl::prelude::*;
use gatewright_dsl::ty::Ty;
use testing::*;

fn ports(m: &Ir, dir: Dir) -> Vec<(&str, Ty)> {
    m.ports.values().filter(|p| p.dir == dir).map(|p| (&*p.name, p.ty)).collect()
}
fn names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    names.map(String::as_str).collect()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, HwEnum)]
#[allow(dead_code)]
enum Mode {
    Idle,
    Run,
    Stop,
}

#[derive(Bundle, Clone)]
struct Complex<T: Bundle> {
    re: T,
    im: T,
}

#[derive(Bundle)]
struct Deep {
    points: Vec<Complex<Int>>,
    pair: (Bool, [Bits; 2]),
    mode: Enum<Mode>,
    gain: Complex<Fixed>,
    r#match: Bool,
}

fn deep() -> DeepShape {
    let point = ComplexShape { re: sint(8), im: uint(3) };
    DeepShape {
        points: vec![point.clone(), point],
        pair: (BOOL, [word(2), word(3)]),
        mode: Mode::shape(),
        gain: ComplexShape { re: fixed(8, 4), im: fixed(4, 4) },
        r#match: BOOL,
    }
}

#[test]
fn bundles_become_ports() {
    let design = build(deep(), |m, i| {
        let first = i.points[0].clone();
        let kept = m.delay("kept", first);
        (kept, i.mode.is(Mode::Run) & i.r#match, i.points, (i.pair, i.gain))
    });
    let m = &design.modules[design.top];
    let (s8, u3) = (Ty::Int(sint(8)), Ty::Int(uint(3)));
    assert_eq!(
        ports(m, Dir::Input),
        [
            ("points_0_re", s8),
            ("points_0_im", u3),
            ("points_1_re", s8),
            ("points_1_im", u3),
            ("pair_0", Ty::BOOL),
            ("pair_1_0", Ty::Bits(2)),
            ("pair_1_1", Ty::Bits(3)),
            ("mode", Ty::Int(range(0..=2))),
            ("gain_re", s8),
            ("gain_im", Ty::Int(sint(4))),
            ("match", Ty::BOOL),
        ]
    );
    assert_eq!(ports(m, Dir::Output)[..3], [("out_0_re", s8), ("out_0_im", u3), ("out_1", Ty::BOOL)]);
    assert_eq!(names(m.regs.values().map(|r| &r.name)), ["kept_re", "kept_im"]);
    let format = |name: &str| m.ports.values().find(|p| p.name == name).map(|p| p.format.clone());
    assert_eq!(format("mode"), Some(Format::Enum(vec!["Idle".into(), "Run".into(), "Stop".into()])));
    assert_eq!(format("gain_re"), Some(Format::Fixed(4)));
    assert_eq!(format("match"), Some(Format::Bool));
}

#[derive(Bundle)]
struct Named {
    x: Int,
    clear: Bool,
}

#[test]
fn names_give_way_to_ports() {
    let design = build(NamedShape { x: uint(4), clear: BOOL }, |m, i| {
        let x = m.reg("x", uint(4)).reset(0);
        let x_reg = m.reg("x_reg", uint(4)).reset(0);
        x.set(i.x);
        x_reg.set(x.q());
        let w = m.wire("clear", uint(4));
        w.set(x_reg.q());
        let y = m.scope("stage", || m.scope("deep", || m.delay("y", w.get() + 1)).named("sum"));
        m.when(i.clear, || x.set(0));
        Named { x: y.wrap(uint(4)), clear: y.eq(3) }
    });
    let m = &design.modules[design.top];
    assert_eq!(names(m.ports.values().map(|p| &p.name)), ["x", "clear", "x_out", "clear_out"]);
    assert_eq!(names(m.regs.values().map(|r| &r.name)), ["x_reg_2", "x_reg", "stage_deep_y"]);
    assert_eq!(names(m.wires.values().map(|w| &w.name)), ["clear_wire"]);
    assert_eq!(names(m.names.values()), ["stage_sum"]);
}

#[test]
fn equal_modules_are_merged_and_others_get_suffixes() {
    let design = build(uint(4), |m, i| {
        // Two generators, equal modules; a third of the same name that differs.
        let one = one_off(uint(4), |m, i| m.delay("r", i));
        let same = one_off(uint(4), |m, i| m.delay("r", i));
        let other = one_off(uint(4), |m, i| m.delay("s", i));
        (m.inst("a", &one, i), m.inst("b", &same, i), m.inst("c", &other, i))
    });
    let modules: Vec<&str> = design.modules.values().map(|m| &*m.name).collect();
    assert_eq!(modules.len(), 3);
    let mut unique = modules.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 3, "{modules:?}");
    assert!(modules.iter().all(|n| n.strip_prefix("one_off_").is_some_and(|hash| hash.len() == 6)), "{modules:?}");
    let top = &design.modules[design.top];
    let of: Vec<_> = top.insts.values().map(|i| i.module).collect();
    assert!(of[0] == of[1] && of[0] != of[2]);
}

#[test]
fn resets() {
    let counter = one_off(BOOL, |m, en| {
        let a = m.reg("a", range(3..=9)).reset(5);
        let b = m.reg("b", range(3..=9)).no_reset();
        m.when(en, || {
            a.set(b.q());
            b.set(a.q());
        });
        a.q()
    });
    for (kind, polarity) in
        [(ResetKind::Sync, Polarity::High), (ResetKind::Async, Polarity::Low), (ResetKind::Async, Polarity::High)]
    {
        let (design, warnings) = elaborate_with(&counter, &Options::reset("arst_n", kind, polarity)).unwrap();
        assert!(warnings.is_empty());
        let design = checked(design);
        let m = &design.modules[design.top];
        let domain = m.domains.values().next().unwrap();
        let reset = domain.reset.clone().unwrap();
        assert_eq!((reset.name.as_str(), reset.kind, reset.polarity), ("arst_n", kind, polarity));
        let values: Vec<_> = m.regs.values().map(|r| r.reset.clone()).collect();
        assert_eq!(values, [Some(Value::from(5)), None]);
    }
    let (design, _) = elaborate_with(&counter, &Options::no_reset()).unwrap();
    let design = checked(design);
    let m = &design.modules[design.top];
    assert!(m.domains.values().all(|d| d.reset.is_none()));
    assert_eq!(m.regs.values().next().and_then(|r| r.reset.clone()), Some(Value::from(5)), "holds at power-up");
}

#[test]
fn memories() {
    let design = build((uint(3), BOOL, [uint(8), uint(4)]), |m, (at, en, data)| {
        let mem = m.mem("mem", [uint(8), uint(4)], 6).contents_of(vec![vec![1.into(), 2.into()]]);
        let mem = mem.collision(Collision::Undefined);
        let inside = at.sat(mem.address_ty());
        m.when(en, || mem.write_masked(inside, data, &[en, !en]));
        m.when(at.lt(6), || mem.write(at, [lit(0), lit(0)]));
        let now = mem.read(inside);
        let later = mem.read_sync_when(inside, en);
        (now, later)
    });
    let m = &design.modules[design.top];
    let mem = m.mems.values().next().unwrap();
    assert_eq!((mem.depth, mem.reads.len(), mem.writes.len()), (6, 2, 2));
    assert_eq!(mem.init.len(), 6);
    assert_eq!(mem.init[0], [Value::from(1), Value::from(2)]);
    assert_eq!(mem.init[5], [Value::ZERO, Value::ZERO]);
    assert_eq!(mem.writes.iter().map(|w| w.mask.len()).collect::<Vec<_>>(), [2, 0]);
    assert!(mem.reads[0].sync.is_none() && mem.reads[1].sync.is_some() && mem.reads[1].enable.is_some());
    let collisions = m.checks.values().filter(|c| matches!(c.kind, CheckKind::NoCollision(_))).count();
    assert_eq!(collisions, 1);
    // The enable of a write is the condition around it.
    assert!(matches!(m.nodes[mem.writes[0].enable].op, Op::Input(_)));
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Adder {
    width: u32,
    with_model: bool,
}
impl ExternModule for Adder {
    type In = Named;
    type Out = Int;
    fn verilog_name(&self) -> String {
        "vendor_adder".into()
    }
    fn params(&self) -> Vec<(String, Param)> {
        vec![("WIDTH".into(), Param::Int(self.width.into())), ("MODE".into(), Param::Str("fast".into()))]
    }
    fn shape(&self) -> NamedShape {
        NamedShape { x: uint(self.width), clear: BOOL }
    }
    fn out_shape(&self) -> IntTy {
        range(0..=9)
    }
    fn clocked(&self) -> bool {
        false
    }
    fn model(&self, _: &Module, i: Named) -> Option<Int> {
        self.with_model.then(|| i.clear.mux(0, i.x).sat(range(0..=9)))
    }
}

#[test]
fn black_boxes() {
    for with_model in [false, true] {
        let top: OneOff<_, _> = match with_model {
            false => one_off((uint(4), BOOL), |m, i| inst(m, i, false)),
            true => one_off((uint(4), BOOL), |m, i| inst(m, i, true)),
        };
        let design = checked(elaborate(&top).unwrap());
        let boxed = design.modules.values().find(|m| m.name == "vendor_adder").unwrap();
        let ModuleKind::Extern { params, model, clocked, paths } = &boxed.kind else { panic!("no black box") };
        assert_eq!(params.len(), 2);
        assert_eq!((model.is_some(), *clocked, paths.is_none()), (with_model, false, true));
        assert_eq!(names(boxed.ports.values().map(|p| &p.name)), ["x", "clear", "out"]);
        let top = &design.modules[design.top];
        assert!(top.checks.values().any(|c| matches!(c.kind, CheckKind::Claim { .. })), "its range is watched");
        assert_eq!(ports(top, Dir::Output), [("out_0", Ty::Int(range(0..=9))), ("out_1", Ty::Int(range(0..=9)))]);
        assert_eq!(design.modules.len(), if with_model { 3 } else { 2 });
    }
}

fn inst(m: &Module, (x, clear): (Int, Bool), with_model: bool) -> (Int, Int) {
    let adder = Adder { width: 4, with_model };
    (m.extern_inst("a", &adder, Named { x, clear }), m.extern_inst("b", &adder, Named { x, clear: !clear }))
}

#[test]
fn streams() {
    let design = build((StreamTy(uint(8)), BOOL, uint(1)), |m, (s, open, to)| {
        let (feedback, back) = m.stream_wire("back", uint(8));
        let mut ways = s.gate(m, open).fifo(m, 2).map(|v| v * 3).regslice(m).delay(m, 2).demux(m, to, 2);
        let _: Bool = back.accept(true).fire;
        let first = ways.remove(0).map(|v| v.wrap(uint(8)));
        feedback.connect(first);
        StreamOut { output: ways.remove(0) }
    });
    let top = &design.modules[design.top];
    let streams: Vec<(&str, Dir)> = top.streams.iter().map(|s| (&*s.name, s.dir)).collect();
    assert_eq!(streams, [("in_0", Dir::Input), ("output", Dir::Output)]);
    let contract = top.checks.values().filter(|c| matches!(c.kind, CheckKind::Stable { .. })).count();
    assert_eq!(contract, 1);
    assert_eq!(names(top.insts.values().map(|i| &i.name)), ["fifo", "regslice", "delay"]);
    let kept = names(top.wires.values().map(|w| &w.name));
    assert_eq!(kept, ["back_valid", "back_last", "back_data"], "wires of the language's own are gone");
}

#[test]
fn a_name_of_a_stream_s_ready_goes_to_what_drives_it() {
    let design = build((StreamTy(uint(8)), BOOL, BOOL), |m, (s, a, b)| {
        let beat = s.accept(true);
        let (made, ready) = m.stream("made", beat.valid, beat.last, beat.payload);
        let ready = ready.named("go");
        let _: Bool = made.accept(a & b).fire;
        m.delay("seen", ready)
    });
    let top = &design.modules[design.top];
    let (node, name) = top.names.iter().next().unwrap();
    assert_eq!((name.as_str(), top.names.len()), ("go", 1));
    assert!(matches!(top.nodes[*node].op, Op::Bin(BinOp::And, ..)), "{:?}", top.nodes[*node]);
}

/// Whatever is written, its place is a line of the user, with the library's own lines only inside of children.
#[test]
fn places_are_the_users() {
    let design = build((sint(9), word(4), (StreamTy(uint(8)), fixed(8, 4))), |m, (a, w, (s, x))| {
        let _ = (a.round(Rounding::HalfEven, 2), a.round(Rounding::TowardZero, 1), a.sat_symmetric(sint(4)));
        let _ = (a.sat_zero(sint(3)), a.next_wrapping(4), sum(&[a, a, a, a + 1]), a.bit(3), a.bit(30), 5 - a);
        let _ = (w.sign_extend(9), w.zero_extend(9), w.parity(), w.to_bools(), from_bools(&[w.bit(0), w.bit(1)]));
        let _ = ((x * x + 0.5).round(Rounding::HalfUp, 3).sat(fixed(8, 5)), x.lt(1.0), -x, x.scale(2) - x);
        let _ = (select(a.wrap(uint(2)), &[x, x, x, x]), a.lt(3).mux((a, w), (a + 1, w)));
        m.assert("claimed", a.claim(uint(3)).lt(4), "small");
        s.gate(m, a.lt(0)).demux(m, 1, 2).into_iter().map(|s| s.regslice(m).accept(true).fire).collect::<Vec<_>>()
    });
    let top = &design.modules[design.top];
    let here = top.place;
    for (id, node) in top.nodes.iter() {
        let place = &design.places.0[node.place];
        assert!(node.place == here || place.file.ends_with("structure.rs"), "{id} {:?}: {place:?}", node.op);
    }
}
