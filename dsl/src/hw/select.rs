//! Data-path choices over whole bundles.

use super::bits::Bool;
use super::bundle::{Bundle, Shape, ToHw, has_stream};
use super::context::{Loc, Raw, with};
use super::int::Int;
use crate::diag;

fn leaves<T: Bundle>(value: &T) -> Vec<Raw> {
    let mut raws = Vec::new();
    value.raws(&mut |r| raws.push(r));
    raws
}

/// A shape with as many leaves as `template`, its leaves taken from `raws`.
fn rebuilt<T: Bundle>(template: &T, raws: Vec<Raw>) -> T {
    let mut next = raws.into_iter();
    template.shape().value(&mut || next.next().unwrap_or(Raw::POISON))
}

fn mismatch<T: Bundle>(values: &[T], what: &str, loc: Loc) -> Option<()> {
    let first = values.first()?;
    let count = leaves(first).len();
    let odd = values.iter().map(|v| leaves(v).len()).find(|&n| n != count);
    let stream = has_stream(&first.shape());
    let point = values.iter().find_map(|v| super::bundle::point_mismatch(v, &first.shape()));
    if odd.is_none() && !stream && point.is_none() {
        return None;
    }
    values.iter().for_each(|v| super::stream::discard(v, loc));
    with(|c| {
        let place = c.place(loc);
        if let (None, false, Some((_, found, wanted))) = (odd, stream, &point) {
            c.report(diag::e0111::choices(place, what, *wanted, *found));
            return;
        }
        c.report(match odd {
            Some(n) => diag::e0112::new(place, place, what, "the choices", n, count),
            None => diag::e0213::new(place, what),
        });
    })
}

pub(crate) fn mux<T: Bundle>(condition: Bool, a: T, b: T, loc: Loc) -> T {
    let pair = [a, b];
    if mismatch(&pair, "mux", loc).is_some() {
        return rebuilt(&pair[0], Vec::new());
    }
    let (x, y) = (leaves(&pair[0]), leaves(&pair[1]));
    let raws = with(|c| x.iter().zip(&y).map(|(&x, &y)| c.mux(condition.raw(), x, y, loc)).collect());
    rebuilt(&pair[0], raws.unwrap_or_default())
}

/// `choices[index]`: of any bundle without streams. The range of the index lies in `0..choices.len()`.
#[track_caller]
pub fn select<T: Bundle>(index: impl ToHw<Int>, choices: &[T]) -> T {
    let loc = Loc::caller();
    let index = index.to_hw();
    let Some(first) = choices.first() else {
        with(|c| {
            let place = c.place(loc);
            c.report(diag::e0109::new(place, "select needs at least one choice", "give it a list that is not empty"));
        });
        super::module::abort()
    };
    if mismatch(choices, "select", loc).is_some() {
        return rebuilt(first, Vec::new());
    }
    let columns: Vec<Vec<Raw>> = choices.iter().map(leaves).collect();
    let raws = (0..columns[0].len())
        .map(|leaf| {
            let column: Vec<Raw> = columns.iter().map(|choice| choice[leaf]).collect();
            with(|c| c.select(index.raw(), &column, loc)).unwrap_or(Raw::POISON)
        })
        .collect();
    rebuilt(first, raws)
}
