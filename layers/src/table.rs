//! A function of one integer over many integers, by a table where that pays.

use crate::layer::OfOne;
use crate::network::Range;

/// True where a table over `span` is small, and smaller than the `count` values that are looked up in it.
pub(crate) fn pays(span: Range, count: usize) -> bool {
    span.count() <= 1 << 16 && span.count() <= count as u64
}

/// The hull of ranges; `None` of none.
pub(crate) fn hull(ranges: &[Range]) -> Option<Range> {
    ranges.iter().copied().reduce(|a, b| Range { lo: a.lo.min(b.lo), hi: a.hi.max(b.hi) })
}

/// `f` of each of about `count` values, all of which lie in `ranges`.
pub(crate) fn prepared<'f>(ranges: &[Range], count: usize, f: impl Fn(i64) -> i64 + 'f) -> OfOne<'f> {
    match hull(ranges).filter(|span| pays(*span, count)) {
        Some(span) => {
            let table: Vec<i64> = (span.lo..=span.hi).map(f).collect();
            Box::new(move |x| x.iter().map(|x| table[(x - span.lo) as usize]).collect())
        }
        None => Box::new(move |x| x.iter().map(|x| f(*x)).collect()),
    }
}
