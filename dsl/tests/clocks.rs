//! Clock domains: which pins a design gets, who shares a module, and what is refused.

#[path = "../src/diag/testing.rs"]
mod testing;

use gatewright_dsl::emit::{EmitOptions, emit, pins};
use gatewright_dsl::ir::Dir;
use gatewright_dsl::ir::parse::parse;
use gatewright_dsl::ir::print::print;
use gatewright_dsl::parts::cdc::{AsyncFifo, async_fifo, handshake, synchronize_reset, synchronize_stages};
use gatewright_dsl::prelude::*;
use testing::{checked, codes, one_off};

fn clock(name: &str) -> Domain {
    Domain::new(name).reset(&format!("{name}_rst"), ResetKind::Sync, Polarity::High)
}

fn built<S: Shape, O: Bundle>(shape: S, build: fn(&Module, S::Value) -> O) -> Design {
    checked(elaborate(&one_off(shape, build)).unwrap())
}

fn pin_names(design: &Design) -> Vec<String> {
    pins(design, design.top).into_iter().map(|p| p.name).collect()
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Delay;

impl Generator for Delay {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        uint(4)
    }
    fn build(&self, m: &Module, i: Int) -> Int {
        let q = m.reg("q", uint(4)).reset(3);
        q.set(i);
        q.q()
    }
}

#[test]
fn a_module_serves_on_every_clock_with_the_same_kind_of_reset() {
    let design = built((uint(4), uint(4), uint(4)), |m, (a, b, c)| {
        let a = m.inst("a", &Delay, a);
        let b = m.domain(&clock("fast"), || m.inst("b", &Delay, b));
        let other = Domain::new("slow").reset("slow_rst_n", ResetKind::Async, Polarity::Low);
        let c = m.domain(&other, || m.inst("c", &Delay, c));
        (a, b, c)
    });
    let inputs = ["clk", "rst", "fast", "fast_rst", "slow", "slow_rst_n", "in_0", "in_1", "in_2"];
    assert_eq!(pin_names(&design)[..9], inputs);
    let names: Vec<&str> = design.modules.values().map(|m| m.name.as_str()).collect();
    assert_eq!(names.iter().filter(|n| n.starts_with("delay")).count(), 2, "{names:?}");
    // The ports know their clocks.
    let top = &design.modules[design.top];
    let clock_of = |name: &str| {
        let port = top.ports.values().find(|p| p.name == name).unwrap();
        top.domains[port.domain].clock.as_str()
    };
    assert_eq!(
        ["in_0", "in_1", "in_2", "out_0", "out_1", "out_2"].map(clock_of),
        ["clk", "fast", "slow", "clk", "fast", "slow"]
    );
}

#[test]
fn domains_go_up_to_the_top_and_down_by_binding() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Inner;
    impl Generator for Inner {
        type In = Int;
        type Out = Int;
        fn shape(&self) -> IntTy {
            uint(4)
        }
        fn build(&self, m: &Module, i: Int) -> Int {
            m.domain(&clock("fast"), || m.inst("deep", &Delay, i))
        }
    }
    let by_name = built(uint(4), |m, i| m.inst("inner", &Inner, i));
    assert_eq!(pin_names(&by_name), ["fast", "fast_rst", "in", "out"]);
    let bound = built((uint(4), uint(4)), |m, (a, b)| {
        let (x, y) = (clock("x"), clock("y"));
        let a = m.inst_on("a", &Inner, a, &[(&clock("fast"), &x)]);
        (a, m.inst_on("b", &Inner, b, &[(&clock("fast"), &y)]))
    });
    assert_eq!(bound.modules.values().filter(|m| m.name == "inner").count(), 1);
    assert_eq!(pin_names(&bound)[..4], ["x", "x_rst", "y", "y_rst"]);
    let verilog = emit(&bound, &EmitOptions::default());
    let top = verilog.files.iter().find(|f| f.name == "one_off.v").unwrap();
    assert!(top.text.contains(".fast     (x)") && top.text.contains(".fast_rst (y_rst)"), "{}", top.text);
}

#[test]
fn the_text_form_keeps_clocks_and_crossings() {
    let design = built((uint(4), BOOL), |m, (i, b)| {
        let held = m.domain(&clock("fast"), || m.reg("held", uint(4)).crossing(Crossing::Held).reset(0));
        let slow = m.delay("slow", i);
        held.set(slow);
        let level = m.domain(&clock("fast"), || synchronize_stages(m, "level", m.here().reset.map_or(b, |_| b), 3));
        (held.q(), level)
    });
    let text = print(&design);
    for part in ["domain1 held reset 0", "domain1 synchronizer", "clock domain1"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert_eq!(parse(&text).unwrap(), design);
}

#[test]
fn a_reset_made_inside_is_no_pin_anywhere() {
    let design = built((), |m, ()| {
        let inner = one_off((), |m, ()| {
            let raw = Domain::new("sys").reset("button", ResetKind::Async, Polarity::High);
            let clean = synchronize_reset(m, &raw, "clean", ResetKind::Sync);
            m.domain(&clean, || {
                let zero = m.reg("zero", uint(4)).reset(0);
                m.inst("delay", &Delay, zero.q())
            })
        });
        m.inst("inner", &inner, ())
    });
    assert_eq!(pin_names(&design), ["sys", "button", "out"]);
    let inner = design.modules.values().find(|m| m.wires.values().any(|w| w.name == "clean")).unwrap();
    assert_eq!(inner.ports.values().filter(|p| p.dir == Dir::Input).count(), 0);
}

#[test]
fn what_is_refused() {
    // Names.
    assert_eq!(codes(uint(4), |m, i| m.domain(&clock("1st"), || m.delay("a", i))), ["E0203", "E0203"]);
    assert_eq!(codes(uint(4), |m, i| m.domain(&clock("in"), || m.delay("a", i))), ["E0204"]);
    let twice = |m: &Module, i: Int| {
        let same = Domain::new("fast").reset("fast", ResetKind::Sync, Polarity::High);
        m.domain(&same, || m.delay("a", i))
    };
    assert_eq!(codes(uint(4), twice), ["E0204"]);
    // Resets that are not the module's.
    assert_eq!(codes(BOOL, |m, i| m.drive_reset(&m.here(), i)), ["E0220"]);
    assert_eq!(codes(BOOL, |m, i| m.drive_reset(&Domain::new("fast"), i)), ["E0220"]);
    let two_drivers = |m: &Module, i: Bool| {
        let fast = clock("fast");
        let level = m.domain(&fast, || m.delay("level", i));
        m.drive_reset(&fast, level);
        m.drive_reset(&fast, level);
    };
    assert_eq!(codes(BOOL, two_drivers), ["E0204"]);
    // A reset of another clock.
    let strange = |m: &Module, i: Bool| {
        let level = m.delay("level", i);
        m.drive_reset(&clock("fast"), level);
    };
    assert_eq!(codes(BOOL, strange), ["E0219"]);
    // Parameters of parts.
    let fifo = |depth| AsyncFifo::new(uint(4), depth, &clock("a"), &clock("b"));
    for (depth, fits) in [(0, false), (1, false), (2, true), (3, false), (8, true), (12, false), (1 << 24, false)] {
        assert_eq!(elaborate(&fifo(depth)).is_ok(), fits, "{depth}");
    }
    assert_eq!(codes(BOOL, |m, i| synchronize_stages(m, "level", i, 1)), ["E0109"]);
    // The ends of a crossing taken for each other.
    let swapped = |m: &Module, s: Stream<Int>| async_fifo(m, "fifo", s.regslice(m), 4, &clock("a"), &m.here());
    // What goes in and what comes back.
    assert_eq!(codes(StreamTy(uint(4)), swapped), ["E0219"; 2]);
    let backwards = |m: &Module, s: Stream<Int>| {
        let s = m.domain(&clock("a"), || s.regslice(m));
        handshake(m, "hand", s, &m.here(), &clock("a"))
    };
    assert!(!codes(StreamTy(uint(4)), backwards).is_empty());
}

#[test]
fn a_fifo_on_one_clock_is_no_mistake() {
    let design = built(StreamTy(uint(4)), |m, s| async_fifo(m, "fifo", s, 4, &m.here(), &m.here()));
    assert_eq!(pin_names(&design)[..2], ["clk", "rst"]);
}

/// A reset is driven by `drive_reset` alone, and not by a wire that has its name.
#[test]
fn a_wire_with_the_name_of_a_reset_is_a_wire() {
    let design = built(uint(4), |m, i| {
        let wire = m.wire("rst", BOOL);
        wire.set(i.eq(3));
        (m.inst("delay", &Delay, i), wire.get())
    });
    assert_eq!(pin_names(&design)[..2], ["clk", "rst"]);
    let with_a_port = |m: &Module, (bit, i): (Bool, Int)| {
        let made = Domain::new("clk").reset("out", ResetKind::Sync, Polarity::High);
        m.drive_reset(&made, m.delay("late", bit));
        m.domain(&made, || m.inst("delay", &Delay, i))
    };
    assert_eq!(codes((BOOL, uint(4)), with_a_port), ["E0204"]);
    let now_and_then = |m: &Module, bit: Bool| {
        m.when(bit, || m.drive_reset(&clock("fast"), true));
    };
    assert_eq!(codes(BOOL, now_and_then), ["E0220"]);
}

#[test]
fn domains_on_one_clock_are_one_clock_for_memories() {
    let design = built((uint(4), uint(8)), |m, (at, i)| {
        let mem = m.mem("words", uint(8), 16).collision(Collision::Old);
        mem.write(at, i);
        m.domain(&Domain::new("clk"), || mem.read_sync(at))
    });
    assert_eq!(pin_names(&design)[0], "clk");
}

/// The order in which a child names its domains does not matter to who binds them.
#[test]
fn a_clock_is_bound_with_all_its_domains() {
    let design = built((), |m, ()| {
        let child = one_off((), |m, ()| {
            let raw = Domain::new("x").reset("raw", ResetKind::Async, Polarity::High);
            let soft = Domain::new("x").reset("made", ResetKind::Sync, Polarity::High);
            let level = m.domain(&Domain::new("x"), || m.reg("level", BOOL).no_reset());
            level.set(!level.q());
            m.drive_reset(&soft, level.q());
            let zero = m.domain(&soft, || m.reg("zero", uint(4)).reset(0));
            m.domain(&raw, || m.inst("delay", &Delay, zero.q()))
        });
        let y = Domain::new("y").reset("y_rst", ResetKind::Async, Polarity::High);
        let raw = Domain::new("x").reset("raw", ResetKind::Async, Polarity::High);
        m.inst_on("child", &child, (), &[(&raw, &y)])
    });
    assert_eq!(pin_names(&design), ["y", "y_rst", "out"]);
}
