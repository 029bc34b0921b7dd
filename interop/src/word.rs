//! Values that cross between the two: rust_hdl's words of fixed width, and our exact integers.

use gatewright_dsl::value::Value;
use rust_hdl_core::prelude::*;

/// A type of rust_hdl that carries a number: `Bit`, `Bits<N>`, `Signed<N>`, `Clock`, or a state of yours.
pub trait Word: Synth {
    /// The word whose two's-complement bits are the low ones of `value`.
    fn of_value(value: &Value) -> Self;
    /// The number: negative for a `Signed` with its sign bit set.
    fn to_value(self) -> Value;
}

impl Word for bool {
    fn of_value(value: &Value) -> bool {
        value.bit(0)
    }
    fn to_value(self) -> Value {
        self.into()
    }
}

impl Word for Clock {
    fn of_value(value: &Value) -> Clock {
        Clock { clk: value.bit(0) }
    }
    fn to_value(self) -> Value {
        self.clk.into()
    }
}

impl<const N: usize> Word for Bits<N> {
    fn of_value(value: &Value) -> Bits<N> {
        let ones = (0..N).filter(|&n| value.bit(n as u32));
        ones.fold(Bits::default(), |word, n| word.replace_bit(n, true))
    }
    fn to_value(self) -> Value {
        let mut words = vec![0u32; N.div_ceil(32)];
        (0..N).filter(|&n| self.get_bit(n)).for_each(|n| words[n / 32] |= 1 << (n % 32));
        Value::from_words(&words, N as u32, false)
    }
}

impl<const N: usize> Word for Signed<N> {
    fn of_value(value: &Value) -> Signed<N> {
        signed_cast(Bits::of_value(value))
    }
    fn to_value(self) -> Value {
        unsigned_cast(self).to_value().wrap(N as u32, true)
    }
}

/// A signal at the edge of a rust_hdl block, whatever its type.
pub trait Wire: Atom {
    /// Gives an input its next value.
    fn set(&mut self, value: &Value);
    /// The present value.
    fn get(&self) -> Value;
}

impl<T: Word> Wire for Signal<In, T> {
    fn set(&mut self, value: &Value) {
        self.next = T::of_value(value);
    }
    fn get(&self) -> Value {
        self.val().to_value()
    }
}

impl<T: Word> Wire for Signal<Out, T> {
    fn set(&mut self, value: &Value) {
        self.next = T::of_value(value);
    }
    fn get(&self) -> Value {
        self.val().to_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of `w` bits that are most likely to go wrong.
    fn corners(w: u32, signed: bool) -> Vec<Value> {
        let top = &Value::pow2(w - u32::from(signed)) - &Value::ONE;
        let bottom = if signed { -&Value::pow2(w - 1) } else { Value::ZERO };
        [Value::ZERO, Value::ONE, top.clone(), bottom.clone(), &top - &Value::ONE, &bottom + &Value::ONE].to_vec()
    }

    fn round_trip<T: Word>(signed: bool) {
        for value in corners(T::BITS as u32, signed) {
            assert_eq!(T::of_value(&value).to_value(), value, "{} bits", T::BITS);
        }
    }

    #[test]
    fn both_ways() {
        round_trip::<Bits<2>>(false);
        round_trip::<Bits<31>>(false);
        round_trip::<Bits<32>>(false);
        round_trip::<Bits<33>>(false);
        round_trip::<Bits<64>>(false);
        round_trip::<Bits<65>>(false);
        round_trip::<Bits<200>>(false);
        round_trip::<Signed<2>>(true);
        round_trip::<Signed<32>>(true);
        round_trip::<Signed<64>>(true);
        round_trip::<Signed<90>>(true);
        round_trip::<Bit>(false);
        // Against rust_hdl's own reading.
        let five: Bits<12> = 0xabc_u64.into();
        assert_eq!(five.to_value(), Value::from(0xabc));
        assert_eq!(Bits::<12>::of_value(&Value::from(-1)), Bits::<12>::mask());
        assert_eq!(Signed::<8>::of_value(&Value::from(-3)).bigint(), (-3).into());
    }
}
