use super::*;
use crate::diag::testing::*;
use crate::hw::bits::BOOL;
use crate::prelude::{elaborate, uint};

#[test]
fn mistakes() {
    expect_error(
        BOOL,
        |m, go| {
            let state = Machine::named(&["idle", "busy"]).declare(m, "state");
            state.rules(m, |s| {
                s.on("idle", |at| m.when(go, || at.go("busy")));
                s.on("busy", |at| at.go("idle"));
            });
            state.is("done") //~ done
        },
        "E0109: state machine `state` has no state `done`
        at done
        help: its states are idle, busy",
    );
    expect_error(
        (),
        |m, ()| {
            let _ = Machine::named(&["only"]).declare(m, "state"); //~ declared
        },
        "E0109: state machine `state` has no rules
        at declared
        help: give its transitions with .rules(…)",
    );
    expect_error(
        (),
        |m, ()| _ = Machine::named(&["a", "b", "a"]).declare(m, "state"), //~ twice
        "E0109: state machine `state` has two states `a`
        at twice
        help: give 1 to 65536 states, each another name",
    );
    assert_eq!(codes((), |m, ()| _ = Machine::named(&[]).declare(m, "state")), ["E0109"]);
    for encoding in [Encoding::Binary, Encoding::OneHot] {
        let found = match encoding {
            Encoding::OneHot => codes((), |m, ()| machine_twice(m, Encoding::OneHot)),
            _ => codes((), |m, ()| machine_twice(m, Encoding::Binary)),
        };
        assert_eq!(found, ["E0109", "E0109"], "{encoding:?}");
    }
}

fn machine_twice(m: &Module, encoding: Encoding) -> Int {
    let state = Machine::named(&["a", "b"]).encoding(encoding).declare(m, "state");
    state.rules(m, |s| {
        s.on("a", |at| at.go("b")).on("b", |at| at.go("a")).on("a", |at| at.go("a"));
    });
    state.rules(m, |_| ());
    state.number()
}

#[derive(HwEnum, Clone, Copy)]
enum Door {
    Shut,
    Opening,
    Open,
}

fn door(m: &Module, push: Bool, level: Int, encoding: Encoding) -> Enum<Door> {
    let door = Machine::of(Door::Shut).encoding(encoding).declare(m, "door");
    let unnamed = level.to_bits().parity();
    door.rules(m, |s| {
        s.on(Door::Shut, |at| m.when(push & level.gt(3), || at.go(Door::Opening)));
        s.on(Door::Opening, |at| {
            m.when(!push, || at.go(Door::Shut)).elsewhen(unnamed, || {
                m.when(level.eq(7).named("full"), || at.go(Door::Open));
            });
        });
        s.on(Door::Open, |at| {
            m.switch(level, |l| {
                l.cases([0, 1], || at.go(Door::Shut));
                l.case(2, || at.go(Door::Open));
            });
        });
    });
    door.state()
}

#[test]
fn a_diagram_has_the_names_of_conditions() {
    let top = one_off((BOOL, uint(3)), |m, (push, level)| door(m, push, level, Encoding::OneHot));
    let found = diagrams(&top).unwrap();
    assert_eq!(found.len(), 1);
    let lines = "\
digraph \"one_off.door\" {
  rankdir=LR;
  node [shape=box, style=rounded];
  reset [shape=point];
  s0 [label=\"Shut\"];
  s1 [label=\"Opening\"];
  s2 [label=\"Open\"];
  reset -> s0;
  s0 -> s1 [label=\"in_0 & in_1 > 3\"];
  s1 -> s0 [label=\"!in_0\"];
  s1 -> s2 [label=\"in_0 & … & full\"];
  s2 -> s0 [label=\"in_1 == 0 | in_1 == 1\"];
  s2 -> s2 [label=\"in_1 == 2\"];
}
";
    assert_eq!(found[0].dot(), lines);
    let lines = "\
stateDiagram-v2
    state \"Shut\" as s0
    state \"Opening\" as s1
    state \"Open\" as s2
    [*] --> s0
    s0 --> s1: in_0 & in_1 > 3
    s1 --> s0: !in_0
    s1 --> s2: in_0 & … & full
    s2 --> s0: in_1 == 0 | in_1 == 1
    s2 --> s2: in_1 == 2
";
    assert_eq!(found[0].mermaid(), lines);
    // The same in every encoding, and nothing is left over for others.
    let binary = one_off((BOOL, uint(3)), |m, (push, level)| door(m, push, level, Encoding::Binary));
    assert_eq!(diagrams(&binary).unwrap(), found);
    elaborate(&binary).unwrap();
    assert!(diagrams(&one_off((), |_, ()| ())).unwrap().is_empty());
}

#[test]
fn a_one_hot_state_is_a_bit() {
    let design = build((BOOL, uint(3)), |m, (push, level)| {
        let door = Machine::of(Door::Shut).encoding(Encoding::OneHot).recovers().declare(m, "door");
        door.rules(m, |s| {
            s.on(Door::Shut, |at| m.when(push, || at.go(Door::Opening)));
            s.on(Door::Opening, |at| m.when(level.eq(7), || at.go(Door::Open)));
            s.on(Door::Open, |at| at.go(Door::Shut));
        });
        door.is(Door::Open)
    });
    let top = &design.modules[design.top];
    let output = top.ports.values().last().unwrap().driver.unwrap();
    assert!(matches!(top.nodes[output].op, Op::Slice(_, 2)), "{:?}", top.nodes[output].op);
}
