//! E0214: a memory of a wrong size.

use super::{Code, Draft};
use crate::ids::PlaceId;

pub(crate) const CODE: Code = Code("E0214");

pub(crate) fn new(place: PlaceId, name: &str, what: &str) -> Draft {
    Draft::new(CODE, format!("memory `{name}`: {what}"), place,
        "a memory has 1 to 2^24 words; its contents are at most as many, each with one number per leaf")
}

#[cfg(test)]
mod tests {
    use crate::diag::testing::*;
    use crate::prelude::*;

    #[test]
    fn no_words() {
        expect_error(
            (),
            |m, ()| m.rom("tab", uint(8), [0; 0]).read(0), //~ rom
            "E0214: memory `tab`: its depth is 0
            at rom
            help: a memory has 1 to 2^24 words; its contents are at most as many, each with one number per leaf",
        );
    }

    #[test]
    fn contents() {
        let titles = errors((), |m, ()| {
            let mem = |name| m.mem(name, (uint(8), BOOL), 2);
            let word = vec![Value::from(1), Value::from(0)];
            let a = mem("a").contents_of(vec![word.clone(); 3]).collision(Collision::Old).read(0);
            let b = mem("b").contents_of(vec![word.clone(), word[..1].to_vec()]).collision(Collision::Old).read(0);
            let c = m.mem("c", uint(8), 1 << 33).contents([1]).collision(Collision::Old).read(0);
            let d = m.mem("d", uint(8), 1 << 30).contents([1]).collision(Collision::Old).read(0);
            m.mem("e", (), 4).collision(Collision::Old);
            ((a, b), c, d)
        });
        let titles: Vec<&str> = titles.0.iter().map(|d| d.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "memory `a`: 3 words of contents, depth 2",
                "memory `b`: word 1 has 1 numbers for 2 leaves",
                "memory `c`: its depth is 8589934592",
                "memory `d`: its depth is 1073741824",
                "memory `e`: its words have no parts",
            ]
        );
    }

    #[test]
    fn inside_a_combinator() {
        expect_error(
            StreamTy(uint(8)),
            |m, i| StreamOut { output: i.regslice(m).fifo(m, 1 << 40) }, //~ fifo
            "E0214: memory `mem`: its depth is 1099511627776
            at dsl/src/parts/fifo.rs
            in fifo at fifo
            help: a memory has 1 to 2^24 words; its contents are at most as many, each with one number per leaf",
        );
    }
}
