//! Verilog constants: always sized, decimal for numbers of up to 32 bits, hexadecimal for words and beyond.

use std::fmt::Write;

use crate::ty::Ty;
use crate::value::Value;

/// Writes a number. The standard library's formatting takes several times as long, and most of a Verilog text is names
/// and numbers.
pub(crate) fn decimal(out: &mut String, number: u32) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// Writes the hexadecimal digits of the low `width` bits of `value`.
pub(crate) fn hex_digits(out: &mut String, value: &Value, width: u32) {
    let words = value.to_words(width);
    let mut digits = width.div_ceil(4).max(1);
    for (at, word) in words.iter().enumerate().rev() {
        let here = digits - at as u32 * 8;
        let _ = write!(out, "{word:0here$x}", here = here as usize);
        digits -= here;
    }
}

/// Writes `value` as an unsigned constant of `width` bits: `8'd5`, `1'b0`, `40'h00000000ff`; words in hexadecimal.
pub(crate) fn unsigned(out: &mut String, value: &Value, width: u32, word: bool) {
    match width {
        1 => out.push_str(if value.bit(0) { "1'b1" } else { "1'b0" }),
        w if w > 32 || word => {
            let _ = write!(out, "{w}'h");
            hex_digits(out, value, w);
        }
        w => {
            decimal(out, w);
            out.push_str("'d");
            out.push_str(itoa::Buffer::new().format(value.wrap(w, false).to_u64().unwrap_or_default()));
        }
    }
}

/// Writes `value` as a signed constant of `width` bits whose value is right in any wider context: `8'sd5`, `-8'sd5`,
/// `8'sh80`.
pub(crate) fn signed(out: &mut String, value: &Value, width: u32) {
    let value = value.wrap(width, true);
    // The magnitude of the least value does not fit; as a pattern it does.
    if width == 1 || width > 32 || value == -&Value::pow2(width - 1) {
        let _ = write!(out, "{width}'sh");
        hex_digits(out, &value, width);
    } else if value.is_negative() {
        let _ = write!(out, "-{width}'sd{}", value.abs());
    } else {
        let _ = write!(out, "{width}'sd{value}");
    }
}

/// Writes `value` in the form that suits its type, at exactly `width` bits. True where it begins with a minus.
pub(crate) fn of_type(out: &mut String, value: &Value, ty: Ty, width: u32) -> bool {
    let start = out.len();
    match ty {
        Ty::Int(_) if value.is_negative() && width > 1 => signed(out, value, width),
        _ => unsigned(out, value, width, matches!(ty, Ty::Bits(_))),
    }
    out.as_bytes().get(start) == Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ty::sint;

    #[test]
    fn forms() {
        let text = |v: Value, ty: Ty, w: u32| {
            let mut s = String::new();
            of_type(&mut s, &v, ty, w);
            s
        };
        let int = Ty::Int(sint(200));
        assert_eq!(text(Value::small(5), int, 8), "8'd5");
        assert_eq!(text(Value::small(-5), int, 8), "-8'sd5");
        assert_eq!(text(Value::small(-128), int, 8), "8'sh80");
        assert_eq!(text(Value::small(-1), int, 1), "1'b1");
        assert_eq!(text(Value::small(-1), int, 33), "33'sh1ffffffff");
        assert_eq!(text(Value::pow2(64), int, 66), "66'h10000000000000000");
        assert_eq!(text(Value::ONE, int, 64), "64'h0000000000000001");
        assert_eq!(text(Value::small(0xa5), Ty::Bits(9), 9), "9'h0a5");
        assert_eq!(text(Value::ONE, Ty::BOOL, 1), "1'b1");
        assert_eq!(text(Value::from(u32::MAX), int, 32), "32'd4294967295");
    }
}
