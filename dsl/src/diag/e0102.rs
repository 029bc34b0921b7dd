//! E0102: a value does not fit its place.

use super::{Code, Draft};
use crate::hw::when::Target;
use crate::ids::{NodeId, PlaceId};
use crate::ir::{Module, Op};
use crate::ty::Ty;

pub(crate) const CODE: Code = Code("E0102");

/// Where the value comes from, as far as that is worth saying.
pub(crate) struct Origin {
    name: Option<String>,
    place: Option<PlaceId>,
}

impl Origin {
    /// Of a node that is used at `here`.
    pub fn of(module: &Module, node: NodeId, here: PlaceId) -> Origin {
        let name = match module.nodes[node].op {
            Op::Input(port) => Some(format!("input `{}`", module.ports[port].name)),
            Op::Reg(reg) => Some(format!("register `{}`", module.regs[reg].name)),
            Op::Wire(wire) => Some(format!("wire `{}`", module.wires[wire].name)),
            _ => module.names.get(&node).map(|name| format!("`{name}`")),
        };
        // An input has no place of its own, and a constant is made where it is used first.
        let placed = !matches!(module.nodes[node].op, Op::Input(_) | Op::Const(_));
        let place = module.nodes[node].place;
        Origin { name, place: (placed && place != here).then_some(place) }
    }
}

/// `name` is the target's; `conditions_show`: the value would fit, if it counted only under the conditions around.
pub(crate) fn new(
    place: PlaceId,
    value: Origin,
    ty: Ty,
    target: &Target<'_>,
    name: &str,
    conditions_show: bool,
) -> Draft {
    let Target { what, ty: wanted, .. } = *target;
    // "input of module `x`", "address of memory": in short, "input", "address".
    let short = what.split(' ').next().unwrap_or(what);
    let constant = ty.as_constant().filter(|_| ty.width() <= 256);
    let help = match (ty, wanted) {
        (Ty::Int(_), Ty::Int(_)) if constant.is_some() => format!("give a value of the range, or widen the {short}"),
        (Ty::Int(_), Ty::Int(_)) => format!("widen the {short}, or narrow on purpose with .wrap(), .sat() or .claim()"),
        (Ty::Bits(_), Ty::Bits(_)) => "take a slice, or extend with .zero_extend() or .sign_extend()".to_string(),
        (Ty::Int(_), Ty::Bits(_)) => "turn the number into a word with .to_bits()".to_string(),
        (Ty::Bits(_), Ty::Int(_)) => "read the word as a number with .to_uint() or .to_sint()".to_string(),
    };
    let width = short.len().max("value".len());
    let is = match (&constant, &value.name) {
        (Some(v), _) => v.to_string(),
        (None, Some(name)) => format!("{ty}, {name}"),
        (None, None) => ty.to_string(),
    };
    let place_name = if short == what { format!("{what} `{name}`") } else { format!("{short} `{name}`") };
    let title = if short == "address" { format!("{what} `{name}`") } else { place_name };
    let by = what.strip_prefix(short).and_then(|w| w.strip_prefix(" of module ")).map(|m| format!(", by `shape` of {m}"));
    let mut draft = Draft::new(CODE, format!("value does not fit {title}"), place, help)
        .note(format!("{:width$} is {is}", "value"))
        .note(format!("{short:width$} is {wanted}{}", by.unwrap_or_default()));
    if conditions_show {
        let who = if short == "input" { "an instance" } else { "a read port" };
        draft = draft.note(format!("{who} works at all times, not only where the conditions around hold"));
    }
    if let Some(declared) = target.place {
        draft = draft.other(declared, format!("`{name}` declared here"));
    }
    match value.place {
        Some(at) => draft.other(at, "the value is made here"),
        None => draft,
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn register() {
        expect_error(
            uint(8),
            |m, i| {
                let acc = m.reg("acc", uint(8)).reset(0); //~ acc
                let total = acc.q() + i; //~ sum
                acc.set(total); //~ set
                acc.q()
            },
            "E0102: value does not fit register `acc`
            at set
            | value    is uint<9> [0..=510]
            | register is uint<8> [0..=255]
            acc: `acc` declared here
            sum: the value is made here
            help: widen the register, or narrow on purpose with .wrap(), .sat() or .claim()",
        );
    }

    #[test]
    fn bundle_in_a_wire() {
        expect_error(
            (uint(4), word(3)),
            |m, i| {
                let pair = m.wire("pair", (uint(3), word(4))); //~ pair
                pair.set((1.to_hw(), i.1)); //~ set
                pair.get()
            },
            "E0102: value does not fit wire `pair.1`
            at set
            | value is bits<3>, input `in_1`
            | wire  is bits<4>
            pair: `pair.1` declared here
            help: take a slice, or extend with .zero_extend() or .sign_extend()",
        );
    }

    #[test]
    fn constant() {
        expect_error(
            (),
            |m, ()| {
                let same = lit(300).named("same");
                let acc = m.reg("acc", uint(8)).reset(0); //~ acc
                acc.set(300); //~ set
                (acc.q(), same)
            },
            "E0102: value does not fit register `acc`
            at set
            | value    is 300
            | register is uint<8> [0..=255]
            acc: `acc` declared here
            help: give a value of the range, or widen the register",
        );
    }

    #[test]
    fn input_of_an_instance() {
        expect_error(
            uint(8),
            |m, i| {
                let child = one_off(uint(4), |_, i| i + 1);
                m.inst("child", &child, i) //~ inst
            },
            "E0102: value does not fit input `child.in`
            at inst
            | value is uint<8> [0..=255], input `in`
            | input is uint<4> [0..=15], by `shape` of `one_off`
            help: widen the input, or narrow on purpose with .wrap(), .sat() or .claim()",
        );
    }

    #[test]
    fn conditions_do_not_guard_an_instance() {
        expect_error(
            uint(8),
            |m, i| {
                let r = m.reg("r", uint(5)).reset(0);
                m.when(i.lt(16), || {
                    let child = one_off(uint(4), |_, i| i + 1);
                    r.set(m.inst("child", &child, i)); //~ inst
                });
                r.q()
            },
            "E0102: value does not fit input `child.in`
            at inst
            | value is uint<8> [0..=255], input `in`
            | input is uint<4> [0..=15], by `shape` of `one_off`
            | an instance works at all times, not only where the conditions around hold
            help: widen the input, or narrow on purpose with .wrap(), .sat() or .claim()",
        );
    }

    #[test]
    fn address() {
        expect_error(
            uint(3),
            |m, i| {
                let tab = m.mem("tab", uint(8), 6).collision(Collision::Old); //~ tab
                let r = m.reg("r", uint(8)).reset(0);
                m.when(i.lt(6), || {
                    tab.write(i, 1);
                    r.set(tab.read(i)); //~ read
                });
                r.q()
            },
            "E0102: value does not fit address of memory `tab`
            at read
            | value   is uint<3> [0..=7], input `in`
            | address is uint<3> [0..=5]
            | a read port works at all times, not only where the conditions around hold
            tab: `tab` declared here
            help: widen the address, or narrow on purpose with .wrap(), .sat() or .claim()",
        );
    }

    #[test]
    fn inside_a_child() {
        expect_error(
            uint(8),
            |m, i| {
                let child = one_off(uint(8), |m, i| {
                    let w = m.wire("w", uint(7)); //~ w
                    w.set(i); //~ set
                    w.get()
                });
                m.scope("front", || m.inst("child", &child, i)) //~ inst
            },
            "E0102: value does not fit wire `w`
            at set
            | value is uint<8> [0..=255], input `in`
            | wire  is uint<7> [0..=127]
            w: `w` declared here
            in child at inst
            in front at inst
            help: widen the wire, or narrow on purpose with .wrap(), .sat() or .claim()",
        );
    }
}
