//! Fewest adders of small matrices by exhaustive search: a floor against which searches are measured.
//!
//! Values that differ by sign and by powers of two are one, since both are free. With `k` additions left, every output
//! that is not there yet needs one of its own; where exactly as many are left, only outputs are tried (iterative deepening;
//! O. Gustafsson, Lower bounds for constant multiplication problems, 2007, counts in the same way).

use rustc_hash::FxHashSet;

use super::{Error, Problem};

/// Coefficients by input, without common factor two, the first of them that is not zero positive.
type Form = Vec<i64>;

/// How the fewest were found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fewest {
    /// So many adders do, and fewer do not.
    Exactly(u32),
    /// The search ended before it knew; fewer than this do not.
    AtLeast(u32),
}

struct Search {
    inputs: usize,
    targets: FxHashSet<Form>,
    /// Greatest shift of an operand, and greatest magnitude of a coefficient.
    shift: u32,
    most: i64,
    left: u64,
}

/// The fewest adders that compute the outputs (their signs aside), tried with operands shifted by up to one position more
/// than the greatest weight has, and about `budget` additions looked at in all.
///
/// # Errors
/// Where the problem is none, or a weight has more than 30 bits.
pub fn fewest(problem: &Problem, budget: u64) -> Result<Fewest, Error> {
    super::check(problem)?;
    let greatest = super::greatest_weight(problem);
    if let Some(output) = problem.outputs.iter().position(|o| o.iter().any(|t| t.1.unsigned_abs() >= 1 << 30)) {
        return Err(Error::TooWide { output });
    }
    let bits = 128 - greatest.leading_zeros();
    let inputs = problem.inputs.len();
    let unit = |i: usize| (0..inputs).map(|k| i64::from(k == i)).collect::<Form>();
    let mut there: Vec<Form> = (0..inputs).map(unit).collect();
    let dense = |output: &Vec<(usize, i128)>| {
        let mut form = vec![0; inputs];
        output.iter().for_each(|&(i, w)| form[i] = w as i64);
        normal(form)
    };
    let targets: FxHashSet<Form> =
        problem.outputs.iter().filter_map(dense).filter(|form| !there.contains(form)).collect();
    let mut search = Search { inputs, targets, shift: bits + 1, most: 1 << (bits + 1), left: budget };
    let least = search.targets.len() as u32;
    for adders in least.. {
        match search.reaches(&mut there, adders) {
            Some(true) => return Ok(Fewest::Exactly(adders)),
            Some(false) => {}
            None => return Ok(Fewest::AtLeast(adders)),
        }
    }
    Ok(Fewest::AtLeast(u32::MAX))
}

impl Search {
    /// Whether `adders` more are enough. `None` where the budget is used up.
    fn reaches(&mut self, there: &mut Vec<Form>, adders: u32) -> Option<bool> {
        let missing = self.targets.iter().filter(|t| !there.contains(t)).count() as u32;
        if missing == 0 {
            return Some(true);
        }
        if missing > adders {
            return Some(false);
        }
        let only_targets = missing == adders;
        let mut tried: FxHashSet<Form> = FxHashSet::default();
        for a in 0..there.len() {
            for b in 0..=a {
                for shift in 0..=self.shift {
                    for (low, high) in [(a, b), (b, a)] {
                        for sign in [1, -1] {
                            self.left = self.left.checked_sub(1)?;
                            let sum = |i: usize| there[low][i] + sign * (there[high][i] << shift);
                            let Some(form) = normal((0..self.inputs).map(sum).collect()) else { continue };
                            let fits = form.iter().all(|c| c.abs() <= self.most);
                            if !fits || (only_targets && !self.targets.contains(&form)) || there.contains(&form) {
                                continue;
                            }
                            if !tried.insert(form.clone()) {
                                continue;
                            }
                            there.push(form);
                            let found = self.reaches(there, adders - 1);
                            there.pop();
                            if found? {
                                return Some(true);
                            }
                        }
                    }
                }
            }
        }
        Some(false)
    }
}

/// `None` for 0.
fn normal(mut form: Form) -> Option<Form> {
    let zeros = form.iter().filter(|c| **c != 0).map(|c| c.trailing_zeros()).min()?;
    let negative = form.iter().find(|c| **c != 0).is_some_and(|c| *c < 0);
    form.iter_mut().for_each(|c| *c = if negative { -(*c >> zeros) } else { *c >> zeros });
    Some(form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmvm::{Effort, Input, Options, solve};

    fn problem(rows: &[&[i128]]) -> Problem {
        let outputs = rows.iter().map(|r| r.iter().copied().enumerate().filter(|w| w.1 != 0).collect()).collect();
        Problem { inputs: vec![Input { range: (-8, 7), arrival: 0 }; rows[0].len()], outputs, ..Problem::default() }
    }

    fn found(rows: &[&[i128]]) -> Fewest {
        fewest(&problem(rows), 3_000_000).unwrap()
    }

    /// The least numbers that take two and three adders are 11 and 43 (A. Dempster and M. Macleod, Constant integer
    /// multiplication using minimum adders, 1994).
    #[test]
    fn single_constants() {
        for constant in 1..=45 {
            let adders = match found(&[&[constant]]) {
                Fewest::Exactly(n) => n,
                Fewest::AtLeast(_) => panic!("{constant}"),
            };
            assert_eq!(found(&[&[-constant]]), Fewest::Exactly(adders));
            assert_eq!(adders == 0, constant.count_ones() == 1, "{constant}");
            assert!(adders <= 1 || constant >= 11, "{constant}");
            assert!(adders <= 2 || constant == 43, "{constant}");
        }
        for (constant, adders) in [(7, 1), (96, 1), (11, 2), (45, 2), (43, 3)] {
            assert_eq!(found(&[&[constant]]), Fewest::Exactly(adders), "{constant}");
        }
    }

    #[test]
    fn several_constants() {
        // 3 on the way to 11 and 13: 11 = 8 + 3, 13 = 16 - 3.
        assert_eq!(found(&[&[11], &[13]]), Fewest::Exactly(3));
        assert_eq!(found(&[&[3], &[6], &[-12]]), Fewest::Exactly(1));
        // A sum and a difference; and three of three that are sums of two.
        assert_eq!(found(&[&[1, 1], &[1, -1]]), Fewest::Exactly(2));
        assert_eq!(found(&[&[1, 1, 0], &[0, 1, 1], &[1, 0, 1]]), Fewest::Exactly(3));
        // Only one more for all three.
        assert_eq!(found(&[&[1, 1, 0], &[0, 1, 1], &[1, 2, 1]]), Fewest::Exactly(3));
        assert_eq!(fewest(&problem(&[&[12345, 54321], &[9999, 7777]]), 10), Ok(Fewest::AtLeast(2)));
    }

    /// No search finds fewer, and a thorough one on small matrices at most one more.
    #[test]
    fn searches_are_near_the_floor() {
        let (mut least, mut ours) = (0, 0);
        for seed in 0..12_i128 {
            let w = |i: i128, o: i128| (seed * 7919 + i * 104_729 + o * 1_299_709) % 1009 % 13 - 6;
            let rows: Vec<Vec<i128>> = (0..2).map(|o| (0..2).map(|i| w(i, o)).collect()).collect();
            let rows: Vec<&[i128]> = rows.iter().map(Vec::as_slice).collect();
            let Fewest::Exactly(fewest) = found(&rows) else { continue };
            let options = Options { effort: Effort::Thorough, ..Options::default() };
            let steps = solve(&problem(&rows), &options).unwrap().steps.len() as u32;
            assert!(fewest <= steps && steps <= fewest + 1, "{rows:?}: {fewest}, {steps}");
            least += fewest;
            ours += steps;
        }
        assert!(least > 20 && ours <= least + 3, "{least} {ours}");
    }
}
