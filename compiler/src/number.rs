//! Types of numbers at the hardware's inputs: `fixed<W,I>`, `ufixed<W,I>`, `int<W>`, `uint<W>`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Integers of some bits, of which some count fractions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct NumberType {
    /// It has a sign.
    pub signed: bool,
    /// All bits, the sign included.
    pub bits: u32,
    /// Bits before the binary point, the sign included, as in `ap_fixed`; may be negative or more than all.
    pub integer: i32,
}

impl NumberType {
    /// What the lowest bit counts.
    pub fn step(&self) -> f64 {
        (f64::from(self.integer) - f64::from(self.bits)).exp2()
    }
}

/// Why a text is no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no type of numbers: {problem}; write fixed<W,I>, ufixed<W,I>, int<W> or uint<W>, for example fixed<16,6>"
)]
pub struct TypeError {
    text: String,
    problem: &'static str,
}

impl FromStr for NumberType {
    type Err = TypeError;

    fn from_str(text: &str) -> Result<NumberType, TypeError> {
        let error = |problem| TypeError { text: text.to_owned(), problem };
        let inside = text.trim().strip_suffix('>').and_then(|t| t.split_once('<'));
        let Some((name, numbers)) = inside else { return Err(error("there are no angle brackets")) };
        let numbers: Result<Vec<i32>, _> = numbers.split(',').map(|n| n.trim().parse::<i32>()).collect();
        let numbers = numbers.map_err(|_| error("what is in the brackets is no number"))?;
        let name = name.trim().trim_start_matches("ap_");
        let (signed, bits, integer) = match (name, &numbers[..]) {
            ("fixed", &[bits, integer]) => (true, bits, integer),
            ("ufixed", &[bits, integer]) => (false, bits, integer),
            ("int", &[bits]) => (true, bits, bits),
            ("uint", &[bits]) => (false, bits, bits),
            ("fixed" | "ufixed", _) => return Err(error("it takes two numbers, all bits and those before the point")),
            ("int" | "uint", _) => return Err(error("it takes one number, the bits")),
            _ => return Err(error("the name is not known")),
        };
        if !(1..=32).contains(&bits) {
            return Err(error("it has to have 1 to 32 bits"));
        }
        if !(-64..=64).contains(&integer) {
            return Err(error("the bits before the point have to be -64 to 64"));
        }
        Ok(NumberType { signed, bits: bits as u32, integer })
    }
}

impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let u = if self.signed { "" } else { "u" };
        if self.integer == self.bits as i32 {
            write!(f, "{u}int<{}>", self.bits)
        } else {
            write!(f, "{u}fixed<{},{}>", self.bits, self.integer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_written() {
        for text in ["fixed<14,4>", "ufixed<8,0>", "int<5>", "uint<1>", "fixed<6,-2>", "ufixed<4,9>"] {
            assert_eq!(text.parse::<NumberType>().unwrap().to_string(), text);
        }
        let ty: NumberType = " ap_fixed< 14 , 4 > ".parse().unwrap();
        assert_eq!((ty.step(), ty.signed), (1.0 / 1024.0, true));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("fixed", "no angle brackets"),
            ("fixed<14>", "two numbers"),
            ("int<4,2>", "one number"),
            ("float<4>", "not known"),
            ("int<0>", "1 to 32"),
            ("int<x>", "no number"),
        ] {
            let said = text.parse::<NumberType>().unwrap_err().to_string();
            assert!(said.contains(part) && said.contains("fixed<16,6>"), "{said}");
        }
    }
}
