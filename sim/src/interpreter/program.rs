//! The program form: runs of one operation over many slots, and their execution.
//!
//! The operands of a run lie below its results, so a run reads and writes disjoint parts of the slot file.

use gatewright_dsl::ir::BinOp;
use gatewright_dsl::value::Value;

use super::memory::Store;
use super::wide::Wide;

/// A place in one of the two slot files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u32);

impl Slot {
    pub(super) const NONE: Slot = Slot(u32::MAX);
    const WIDE: u32 = 1 << 31;

    pub(super) fn small(n: u32) -> Slot {
        Slot(n)
    }
    pub(super) fn wide(n: u32) -> Slot {
        Slot(n | Slot::WIDE)
    }
    pub(super) fn is_wide(self) -> bool {
        self.0 & Slot::WIDE != 0
    }
    pub(super) fn index(self) -> u32 {
        self.0 & !Slot::WIDE
    }
}

/// An operation on small slots; the numbers are the same for a whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Code {
    Copy,
    Neg,
    Abs,
    Not(u32),
    IsOnes(u32),
    IsSome,
    Parity,
    PopCount,
    Extend(u32),
    Slice(u32),
    Bin(BinOp2),
    Join(u32),
    Mux,
    /// Operands: index slot, table.
    Table,
    /// Operands: address slot, store.
    Read,
    /// Operand: sum.
    Sum,
}

/// [`BinOp`] with an order, for sorting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BinOp2(pub(super) BinOp);

impl PartialOrd for BinOp2 {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for BinOp2 {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0 as u8).cmp(&(other.0 as u8))
    }
}

/// What happens to the results of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut {
    None,
    Signed(u32),
    Unsigned(u32),
}

pub(super) struct Table {
    pub(super) lo: i64,
    pub(super) start: u32,
    pub(super) len: u32,
}

/// `sum of weight * slot + constant` modulo 2^64.
pub(super) struct Sum {
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) constant: i64,
}

pub(super) enum Work {
    Small { code: Code, cut: Cut, dst: u32, count: u32, args: u32 },
    Wide { start: u32, end: u32 },
}

pub(super) struct Run {
    pub(super) on_input: bool,
    pub(super) work: Work,
}

#[derive(Default)]
pub(super) struct Program {
    pub(super) runs: Vec<Run>,
    /// Operand slots of small runs, as many per result as the operation has.
    pub(super) args: Vec<u32>,
    pub(super) tables: Vec<Table>,
    pub(super) entries: Vec<u32>,
    pub(super) sums: Vec<Sum>,
    /// Slots and weights of sums.
    pub(super) terms: Vec<(u32, i64)>,
    pub(super) wide: Vec<Wide>,
}

/// The low `width` bits.
fn mask(width: u32) -> i64 {
    if width >= 64 { -1 } else { ((1u64 << width) - 1) as i64 }
}

fn extend(x: i64, width: u32) -> i64 {
    match width {
        0 => 0,
        w => (x << (64 - w.min(64))) >> (64 - w.min(64)),
    }
}

impl Program {
    /// Computes everything, or with `inputs_only` what depends on inputs.
    pub(super) fn run(&self, small: &mut [i64], wide: &mut [Value], stores: &[Store], inputs_only: bool) {
        for run in &self.runs {
            if inputs_only && !run.on_input {
                continue;
            }
            match run.work {
                Work::Small { code, cut, dst, count, args } => {
                    let (src, dst) = small.split_at_mut(dst as usize);
                    self.small(code, cut, src, &mut dst[..count as usize], &self.args[args as usize..], stores);
                }
                Work::Wide { start, end } => {
                    for instruction in &self.wide[start as usize..end as usize] {
                        instruction.run(small, wide, stores);
                    }
                }
            }
        }
    }

    fn small(&self, code: Code, cut: Cut, src: &[i64], dst: &mut [i64], args: &[u32], stores: &[Store]) {
        let un = Unary { src, args, cut };
        let bin = Binary { src, args, cut };
        match code {
            Code::Copy => un.run(dst, |x| x),
            Code::Neg => un.run(dst, |x| x.wrapping_neg()),
            Code::Abs => un.run(dst, |x| x.wrapping_abs()),
            Code::Not(w) => un.run(dst, |x| x ^ mask(w)),
            Code::IsOnes(w) => un.run(dst, |x| i64::from(x == mask(w))),
            Code::IsSome => un.run(dst, |x| i64::from(x != 0)),
            Code::Parity => un.run(dst, |x| i64::from(x.count_ones() & 1)),
            Code::PopCount => un.run(dst, |x| i64::from(x.count_ones())),
            Code::Extend(w) => un.run(dst, |x| extend(x, w)),
            Code::Slice(lo) => un.run(dst, |x| x >> lo.min(63)),
            Code::Join(low) => bin.run(dst, |a, b| (a << low.min(63)) | b),
            Code::Bin(BinOp2(op)) => match op {
                BinOp::Add => bin.run(dst, i64::wrapping_add),
                BinOp::Sub => bin.run(dst, i64::wrapping_sub),
                BinOp::Mul => bin.run(dst, i64::wrapping_mul),
                BinOp::Div => bin.run(dst, |a, b| if b == 0 { 0 } else { a.wrapping_div(b) }),
                BinOp::Rem => bin.run(dst, |a, b| if b == 0 { 0 } else { a.wrapping_rem(b) }),
                BinOp::Min => bin.run(dst, i64::min),
                BinOp::Max => bin.run(dst, i64::max),
                BinOp::Eq => bin.run(dst, |a, b| i64::from(a == b)),
                BinOp::Ne => bin.run(dst, |a, b| i64::from(a != b)),
                BinOp::Lt => bin.run(dst, |a, b| i64::from(a < b)),
                BinOp::Le => bin.run(dst, |a, b| i64::from(a <= b)),
                BinOp::And => bin.run(dst, |a, b| a & b),
                BinOp::Or => bin.run(dst, |a, b| a | b),
                BinOp::Xor => bin.run(dst, |a, b| a ^ b),
                BinOp::Shl => bin.run(dst, |a, b| if (0..64).contains(&b) { a << b } else { 0 }),
                BinOp::Shr => bin.run(dst, |a, b| a >> (b as u64).min(63)),
            },
            Code::Mux => {
                let mux = |a: &[u32]| src[if src[a[0] as usize] != 0 { a[1] } else { a[2] } as usize];
                each(dst, args, 3, cut, mux);
            }
            Code::Table => each(dst, args, 2, cut, |a| {
                let table = &self.tables[a[1] as usize];
                let n = (src[a[0] as usize].wrapping_sub(table.lo) as u64).min(u64::from(table.len));
                src[self.entries[table.start as usize + n as usize] as usize]
            }),
            Code::Sum => each(dst, args, 1, cut, |a| {
                let sum = &self.sums[a[0] as usize];
                let terms = &self.terms[sum.start as usize..][..sum.len as usize];
                let product = |&(slot, weight): &(u32, i64)| src[slot as usize].wrapping_mul(weight);
                terms.iter().map(product).fold(sum.constant, i64::wrapping_add)
            }),
            Code::Read => each(dst, args, 2, cut, |a| stores[a[1] as usize].small(src[a[0] as usize])),
        }
    }
}

/// One loop per kind of cut, so that none is decided inside.
#[inline(always)]
fn each(dst: &mut [i64], args: &[u32], arity: usize, cut: Cut, f: impl Fn(&[u32]) -> i64) {
    let rows = dst.iter_mut().zip(args.chunks_exact(arity));
    match cut {
        Cut::None => rows.for_each(|(d, a)| *d = f(a)),
        Cut::Signed(w) => rows.for_each(|(d, a)| *d = extend(f(a), w)),
        Cut::Unsigned(w) => rows.for_each(|(d, a)| *d = f(a) & mask(w)),
    }
}

struct Unary<'a> {
    src: &'a [i64],
    args: &'a [u32],
    cut: Cut,
}
impl Unary<'_> {
    #[inline(always)]
    fn run(self, dst: &mut [i64], f: impl Fn(i64) -> i64) {
        each(dst, self.args, 1, self.cut, |a| f(self.src[a[0] as usize]));
    }
}

struct Binary<'a> {
    src: &'a [i64],
    args: &'a [u32],
    cut: Cut,
}
impl Binary<'_> {
    #[inline(always)]
    fn run(self, dst: &mut [i64], f: impl Fn(i64, i64) -> i64) {
        each(dst, self.args, 2, self.cut, |a| f(self.src[a[0] as usize], self.src[a[1] as usize]));
    }
}
