//! Multiplexers: beats of one of several streams, chosen by a signal or by a stream of numbers.
//!
//! Both have latency 0 and a throughput of one beat a clock. `valid` goes combinationally from the inputs to the output,
//! `ready` from the output to the chosen input. The way back is [`Stream::demux`].

use super::misuse::refuse;
use crate::hw::bits::Bool;
use crate::hw::bundle::{Bundle, ToHw};
use crate::hw::context::{Loc, with};
use crate::hw::int::Int;
use crate::hw::module::{Module, abort};
use crate::hw::select::select;
use crate::hw::stream::Stream;
use crate::ir::CheckKind;

/// Valid, last and payload of the input that `index` names.
#[track_caller]
fn chosen<T: Bundle + Clone>(index: Int, inputs: &[Stream<T>]) -> (Bool, (Bool, T)) {
    let loc = Loc::caller();
    if inputs.is_empty() {
        refuse(loc, "mux needs at least one stream", "give it a list that is not empty");
        abort()
    }
    let beats: Vec<(Bool, (Bool, T))> = inputs.iter().map(|s| (s.valid(), (s.last(), s.payload()))).collect();
    select(index, &beats)
}

/// Beats of the input that `index` names; the others wait. `index` has to stay while a beat waits at the output, which is
/// asserted. Its range is at most `0..inputs.len()`.
#[track_caller]
pub fn mux<T: Bundle + Clone>(m: &Module, index: impl ToHw<Int>, inputs: Vec<Stream<T>>) -> Stream<T> {
    let index = index.to_hw();
    let (valid, (last, payload)) = chosen(index, &inputs);
    let (output, ready) = m.stream("mux", valid, last, payload);
    stays(index, valid, ready, Loc::caller());
    for (n, input) in inputs.into_iter().enumerate() {
        let _: Bool = input.accept(ready & index.eq(n)).fire;
    }
    output
}

/// An assertion that `index` does not change between offer and beat.
fn stays(index: Int, valid: Bool, ready: Bool, loc: Loc) {
    with(|c| {
        let place = c.place(loc);
        let mut local = |raw| c.local(raw, loc);
        let (valid, ready, index) = (local(valid.raw())?, local(ready.raw())?, local(index.raw())?);
        let message = "the index changed, or a beat was withdrawn, while it waited";
        let kind = CheckKind::Stable { valid, ready, payload: vec![index] };
        c.top()?.check("mux_index", kind, message.to_string(), place);
        Some(())
    });
}

/// One beat for each beat of `indices`, which names the input that it comes from; both move in the same clock. `last` is
/// the input's. The range of the numbers is at most `0..inputs.len()`. `valid` also goes to the `ready` of `indices` and
/// of the inputs.
#[track_caller]
pub fn mux_by<T: Bundle + Clone>(m: &Module, indices: Stream<Int>, inputs: Vec<Stream<T>>) -> Stream<T> {
    let index = indices.payload();
    let (there, (last, payload)) = chosen(index, &inputs);
    let (output, ready) = m.stream("mux", there & indices.valid(), last, payload);
    let named = indices.accept(ready & there);
    for (n, input) in inputs.into_iter().enumerate() {
        let _: Bool = input.accept(named.fire & index.eq(n)).fire;
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::testing::*;
    use crate::prelude::{StreamTy, uint};

    #[test]
    fn of_nothing() {
        expect_error(
            uint(1),
            |m, i| mux::<Int>(m, i, Vec::new()), //~ mux
            "E0109: mux needs at least one stream
            at mux
            help: give it a list that is not empty",
        );
    }

    #[test]
    fn a_number_beyond_the_inputs() {
        let by_signal = codes((uint(2), vec![StreamTy(uint(8)); 3]), |m, (i, s)| mux(m, i, s));
        let by_stream = codes((StreamTy(uint(2)), vec![StreamTy(uint(8)); 3]), |m, (i, s)| mux_by(m, i, s));
        assert_eq!((by_signal, by_stream), (vec!["E0110"], vec!["E0110"]));
    }
}
