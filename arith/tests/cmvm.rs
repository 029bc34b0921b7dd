//! Constant products against their definition: coefficients by evaluation, ranges by extreme inputs, bits and depth counted
//! anew from the list.

use gatewright_arith::cmvm::{CostModel, Delay, DelayBound, Effort, Error, Input, Options, Problem, solve};
use gatewright_arith::shift_adds::{ShiftAdds, width};
use proptest::prelude::*;

fn weight() -> impl Strategy<Value = i128> {
    prop_oneof![
        4 => -1..=1_i128,
        6 => -128..128_i128,
        2 => -40_000..40_000_i128,
        1 => -(1_i128 << 62)..1 << 62,
        1 => Just(i128::from(i64::MIN)),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let range = prop_oneof![
        3 => (-300..300_i128, 0..500_i128).prop_map(|(lo, more)| (lo, lo + more)),
        1 => Just((0, 1)),
        1 => Just((-128, 127)),
        1 => (-5..5_i128).prop_map(|only| (only, only)),
    ];
    (range, 0..4_u32).prop_map(|(range, arrival)| Input { range, arrival })
}

/// Shapes, sparsity and widths of all kinds.
fn problem() -> impl Strategy<Value = Problem> {
    (1..14_usize, 0..10_usize, 0..3_u32, any::<[bool; 2]>()).prop_flat_map(|(n, m, sparse, [chains, related])| {
        let weight = weight().prop_flat_map(move |w| prop_oneof![sparse => Just(0), 2 => Just(w)]);
        let matrix = prop::collection::vec(prop::collection::vec(weight, n), m);
        (prop::collection::vec(input(), n), matrix, prop::option::of(0..3_u32)).prop_map(
            move |(inputs, mut matrix, room)| {
                if related {
                    relate(&mut matrix);
                }
                let row = |row: &Vec<i128>| row.iter().copied().enumerate().filter(|w| w.1 != 0).collect();
                let outputs: Vec<Vec<(usize, i128)>> = matrix.iter().map(row).collect();
                let cost = if chains { CostModel::CarryChains } else { CostModel::FullAdders };
                let depth = room.map(|room| outputs.iter().map(|o| least_depth(&inputs, o)).max().unwrap_or(0) + room);
                Problem { inputs, outputs, depth, cost, delay: None }
            },
        )
    })
}

/// Makes each row but the first like one before it, or the negative of that, but for one weight.
fn relate(matrix: &mut [Vec<i128>]) {
    for row in 1..matrix.len() {
        let (before, here) = matrix.split_at_mut(row);
        let sign = if row % 3 == 0 { -1 } else { 1 };
        for (i, (weight, like)) in here[0].iter_mut().zip(&before[row / 2]).enumerate() {
            if i != row % before[0].len() {
                *weight = sign * like.clamp(&-(1 << 62), &(1 << 62));
            }
        }
    }
}

/// Digits of the canonical form, counted by the rule: an odd rest gives a digit that makes the rest divisible by four.
fn digits(mut w: i128) -> u32 {
    let mut count = 0;
    while w != 0 {
        if w % 2 != 0 {
            w -= if w.rem_euclid(4) == 1 { 1 } else { -1 };
            count += 1;
        }
        w /= 2;
    }
    count
}

fn least_depth(inputs: &[Input], output: &[(usize, i128)]) -> u32 {
    let leaves: u128 = output.iter().map(|&(i, w)| u128::from(digits(w)) << inputs[i].arrival).sum();
    (0..).find(|d| 1_u128 << d >= leaves).unwrap_or(0)
}

/// The matrix by unit inputs.
fn by_evaluation(adds: &ShiftAdds) -> Vec<Vec<(usize, i128)>> {
    let n = adds.inputs();
    let unit = |i: usize| adds.evaluate(&(0..n).map(|k| i128::from(k == i)).collect::<Vec<_>>());
    let columns: Vec<Vec<i128>> = (0..n).map(unit).collect();
    let row = |o: usize| (0..n).map(|i| (i, columns[i][o])).filter(|w| w.1 != 0).collect();
    (0..adds.outputs.len()).map(row).collect()
}

/// Adders on the longest path, arrivals included; a negated output counts as one.
fn depth(problem: &Problem, adds: &ShiftAdds) -> u32 {
    let mut depths: Vec<u32> = problem.inputs.iter().map(|i| i.arrival).collect();
    for step in &adds.steps {
        depths.push(1 + depths[step.a.value].max(depths[step.b.value]));
    }
    adds.outputs.iter().flatten().map(|o| depths[o.value]).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 120 } else { 3000 }))]

    #[test]
    fn the_additions_compute_the_matrix(problem in problem(), seed in 0..4_u64) {
        let adds = solve(&problem, &Options { seed, ..Options::default() }).unwrap();
        prop_assert_eq!(by_evaluation(&adds), problem.outputs.clone());
        prop_assert_eq!(adds.coefficients(), problem.outputs.clone());
        if let Some(most) = problem.depth {
            prop_assert!(depth(&problem, &adds) <= most);
        }
        for (range, input) in adds.ranges.iter().zip(&problem.inputs) {
            prop_assert_eq!(*range, input.range);
        }
        // The extreme inputs of each step reach its range, and no input leaves it.
        let n = adds.inputs();
        for (k, step) in adds.steps.iter().enumerate() {
            let only = ShiftAdds { outputs: vec![Some(gatewright_arith::Term::of(n + k))], ..adds.clone() };
            let form = by_evaluation(&only).remove(0);
            let end = |greatest: bool| -> i128 {
                form.iter().map(|&(i, w)| { let r = problem.inputs[i].range; w * if (w > 0) == greatest { r.1 } else { r.0 } }).sum()
            };
            prop_assert_eq!(adds.ranges[n + k], (end(false), end(true)));
            prop_assert!(!step.a.negative && step.a.shift.min(step.b.shift) == 0);
        }
    }

    /// Two searches give the same list, and no more effort a worse one by its own measure.
    #[test]
    fn a_search_is_deterministic(problem in problem()) {
        let thorough = Options { effort: Effort::Thorough, ..Options::default() };
        let found = solve(&problem, &thorough).unwrap();
        prop_assert_eq!(&found, &solve(&problem, &thorough).unwrap());
        let fast = solve(&problem, &Options::default()).unwrap();
        match problem.cost {
            CostModel::FullAdders => prop_assert!(found.cost().bits <= fast.cost().bits),
            CostModel::CarryChains => prop_assert!(found.luts() <= fast.luts()),
        }
    }

    /// Without sharing, a sum of `k` digits takes `k - 1` additions: never more than that.
    #[test]
    fn sharing_saves(problem in problem()) {
        let problem = Problem { depth: None, ..problem };
        let adds = solve(&problem, &Options::default()).unwrap();
        let plain: u64 = problem.outputs.iter().map(|o| o.iter().map(|w| u64::from(digits(w.1))).sum::<u64>().saturating_sub(1)).sum();
        let negated = adds.outputs.iter().flatten().filter(|o| o.negative).count() as u64;
        prop_assert!(adds.steps.len() as u64 <= plain);
        prop_assert_eq!(adds.cost().adders, adds.steps.len() as u64 + negated);
    }
}

/// Eight random outputs, and 24 that are one of these or its negative but for one weight in ten.
#[test]
fn related_outputs_share_their_sums() {
    // SplitMix64 (G. Steele and others, 2014).
    let hash = |x: usize| {
        let x = (x as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ x >> 31) as usize
    };
    let random = |i: usize, o: usize| (hash(o * 32 + i) % 255) as i128 - 127;
    let related = |i: usize, o: usize| match hash(o * 32 + i + 7000) % 10 {
        0 if o >= 8 => random(i, o),
        _ => random(i, o % 8) * if o / 8 == 2 { -1 } else { 1 },
    };
    let bits = |rows: usize, f: &dyn Fn(usize, usize) -> i128| {
        let problem = square(32, f);
        let outputs = problem.outputs[..rows].to_vec();
        solve(&Problem { outputs, ..problem }, &Options::default()).unwrap().cost().bits
    };
    // Three weights in each of the 24 are other ones: nine digits, and the sum that they are added to.
    let differences = 24 * 10 * 14;
    assert!(bits(32, &related) < bits(8, &random) + differences);
}

/// Sums of eight inputs of 8 bits, by hand: 9, 10 and 11 bits in three levels. The lowest bits are there after 100, 200 and
/// 300, the highest after 190, 300 and 410.
#[test]
fn delays_are_kept() {
    let of = Delay { adder: 100, chain: 0, bit: 10 };
    let sum = |most: u64| {
        let problem = Problem { delay: Some(DelayBound { of, most }), ..square(8, |_, o| i128::from(o == 0)) };
        solve(&problem, &Options::default()).map(|adds| (of.whole(&adds, &problem), adds.cost().depth))
    };
    assert_eq!(sum(410), Ok((410, 3)));
    assert_eq!(sum(409), Err(Error::Delay { least: 410 }));
    assert!(sum(2000).is_ok_and(|(delay, _)| delay <= 2000));
    // What arrives late comes last.
    let late = Input { range: (-128, 127), arrival: 2 };
    let mut problem = Problem { delay: Some(DelayBound { of, most: 300 }), ..square(2, |_, o| i128::from(o == 0)) };
    problem.inputs[1] = late;
    assert_eq!(solve(&problem, &Options::default()), Err(Error::Delay { least: 390 }));
}

/// Each bound is kept with fewer adders in a row, until there is an error that says how fast it went.
#[test]
fn a_delay_takes_adders_from_the_path() {
    let of = Delay { adder: 500, chain: 100, bit: 15 };
    let free = square(12, |i, o| ((i * 37 + o * 101 + i * o * 13) % 255) as i128 - 127);
    let adds = solve(&free, &Options::default()).unwrap();
    let (mut reached, mut deep) = (of.whole(&adds, &free), depth(&free, &adds));
    let mut tightened = 0;
    loop {
        let problem = Problem { delay: Some(DelayBound { of, most: reached - 1 }), ..free.clone() };
        match solve(&problem, &Options::default()) {
            Ok(faster) => {
                assert!(of.whole(&faster, &problem) < reached && depth(&free, &faster) < deep);
                assert_eq!(by_evaluation(&faster), by_evaluation(&adds));
                (reached, deep) = (of.whole(&faster, &problem), depth(&free, &faster));
                tightened += 1;
            }
            Err(e) => {
                assert_eq!(e, Error::Delay { least: reached });
                break;
            }
        }
    }
    assert!(tightened > 0);
}

fn square(n: usize, f: impl Fn(usize, usize) -> i128) -> Problem {
    let outputs = (0..n).map(|o| (0..n).map(|i| (i, f(i, o))).collect()).collect();
    Problem { inputs: vec![Input { range: (-128, 127), arrival: 0 }; n], outputs, ..Problem::default() }
}

#[test]
fn known_least_numbers_of_adders() {
    // Of single constants (J. Thong and N. Nicolici, An optimal and practical approach to single constant multiplication,
    // 2011, and older tables): 45 = 5 * 9 takes two, where its signed digits take three.
    for (constant, adders) in [(1, 0), (2, 0), (3, 1), (7, 1), (45, 2), (23, 2), (105, 2), (255, 1)] {
        let thorough = Options { effort: Effort::Thorough, ..Options::default() };
        let found = solve(&square(1, |_, _| constant), &thorough).unwrap().steps.len();
        assert!(found >= adders, "{constant} with {found}");
        assert!(found <= adders + 1, "{constant} with {found}");
    }
    // All outputs equal: as many as one takes.
    assert_eq!(solve(&square(8, |_, _| 1), &Options::default()).unwrap().steps.len(), 7);
    // Every output a sum of all inputs but one: far fewer than 8 * 6.
    assert!(solve(&square(8, |i, o| i128::from(i != o)), &Options::default()).unwrap().steps.len() <= 22);
}

#[test]
fn outputs_are_not_negative_without_need() {
    // -x - y: turning the sign of a sum costs more than turning an operand; x - y: the difference the other way round.
    let problem = square(2, |i, o| [[-1, 1], [-1, -1]][o][i]);
    let adds = solve(&problem, &Options::default()).unwrap();
    assert_eq!(adds.outputs.iter().flatten().filter(|o| o.negative).count(), 1);
}

#[test]
fn problems_that_are_none() {
    let one = Input { range: (0, 3), arrival: 0 };
    let solved = |problem: &Problem| solve(problem, &Options::default());
    let mut problem = Problem { inputs: vec![one; 2], outputs: vec![vec![(0, 1)], vec![(2, 1)]], ..Problem::default() };
    assert_eq!(solved(&problem), Err(Error::Input { output: 1, input: 2 }));
    problem.outputs[1] = vec![(1, 1), (0, 2), (1, 3)];
    assert_eq!(solved(&problem), Err(Error::Input { output: 1, input: 1 }));
    problem.outputs[1] = vec![(1, 7), (0, 7)];
    problem.depth = Some(1);
    assert_eq!(solved(&problem), Err(Error::Depth { output: 1, least: 2 }));
    assert_eq!(
        Error::Depth { output: 1, least: 2 }.to_string(),
        "output 1 takes at least 2 adders in a row; allow a depth of 2 or more"
    );
    problem.inputs[1].range = (3, 2);
    assert_eq!(solved(&problem), Err(Error::EmptyRange { input: 1 }));
    problem.inputs[1].range = (0, 1 << 60);
    problem.outputs[1] = vec![(1, 1 << 60)];
    assert_eq!(solved(&problem), Err(Error::TooWide { output: 1 }));
}

/// Bits as the definition says: the width of the result less the lowest position that needs an adder.
#[test]
fn bits_are_those_of_the_definition() {
    let problem = square(6, |i, o| ((i * 37 + o * 101 + i * o * 13) % 255) as i128 - 127);
    let adds = solve(&problem, &Options::default()).unwrap();
    let mut bits = 0;
    for (k, step) in adds.steps.iter().enumerate() {
        let lowest = if step.b.negative { step.b.shift } else { step.a.shift.max(step.b.shift) };
        bits += u64::from(width(adds.ranges[6 + k]).saturating_sub(lowest));
    }
    for output in adds.outputs.iter().flatten().filter(|o| o.negative) {
        let (lo, hi) = adds.ranges[output.value];
        bits += u64::from(width((-hi, -lo)));
    }
    assert_eq!(adds.cost().bits, bits);
}
