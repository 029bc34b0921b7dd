//! E0203: a name that cannot stand in Verilog.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0203");

pub(crate) fn new(place: PlaceId, name: &str, what: &str) -> Draft {
    let why = if crate::hw::names::is_keyword(name) { "it is a reserved word of Verilog" } else {
        "a name has letters, digits and `_`, and does not begin with a digit"
    };
    Draft::new(CODE, format!("{what} cannot be named `{name}`"), place, "choose another name").note(why)
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn reserved_word() {
        expect_error(
            uint(8),
            |m, i| m.delay("reg", i), //~ delay
            "E0203: register cannot be named `reg`
            at delay
            | it is a reserved word of Verilog
            help: choose another name",
        );
    }

    #[test]
    fn all_kinds() {
        let found = errors((uint(4), BOOL), |m, (i, c)| {
            let child = one_off(uint(4), |_, i| i);
            m.wire("my wire", uint(4)).set(i);
            m.assert("1st", c, "holds");
            m.scope("a-b", || m.reg("r", (uint(4), uint(4))).no_reset());
            let _: Int = (i + 1).named("é");
            let _: Int = m.rom("", uint(4), [1, 2]).read(0);
            m.inst("module", &child, i)
        });
        let titles: Vec<&str> = found.0.iter().map(|d| d.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "wire cannot be named `my wire`",
                "check cannot be named `1st`",
                "scope cannot be named `a-b`",
                "value cannot be named `é`",
                "memory cannot be named ``",
                "instance cannot be named `module`",
            ]
        );
    }

    #[test]
    fn clock_and_reset() {
        let options = Options::reset("rst-n", ResetKind::Sync, Polarity::Low);
        let found = elaborate_with(&one_off(uint(4), |_, i| i), &options).unwrap_err(); //~ elaborate
        assert_eq!(found.0.len(), 1, "{found}");
        expect(
            &found.0[0],
            "E0203: reset cannot be named `rst-n`
            at elaborate
            | a name has letters, digits and `_`, and does not begin with a digit
            help: choose another name",
        );
    }
}
