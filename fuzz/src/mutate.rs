//! Damage to model files.

use gatewright_sim::rng::Rng;

use crate::wire::{self, Kind};

/// A damaged copy of `one`, with parts of `other`.
pub fn mutated(one: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    if !rng.chance(0.15)
        && let (Some(mut fields), Some(other)) = (wire::parse(Kind::Model, one), wire::parse(Kind::Model, other))
    {
        for _ in 0..=rng.between(0, 3) {
            wire::damage(&mut fields, &other, rng);
        }
        return wire::write(&fields);
    }
    let mut out = one.to_vec();
    for _ in 0..=rng.between(0, 6) {
        if out.is_empty() {
            break;
        }
        let at = index(rng, out.len());
        let end = (at + rng.between(1, 40) as usize).min(out.len());
        match rng.between(0, 5) {
            0 => out[at] ^= 1 << rng.between(0, 7),
            1 => out[at] = rng.bits() as u8,
            2 => drop(out.drain(at..end)),
            3 => drop(out.splice(at..at, out[at..end].to_vec())),
            4 if !other.is_empty() => {
                let from = index(rng, other.len());
                let part = other[from..(from + end - at).min(other.len())].to_vec();
                drop(out.splice(at..end, part));
            }
            _ => out.truncate(at),
        }
    }
    out
}

/// A position in a list that is not empty.
pub fn index(rng: &mut Rng, length: usize) -> usize {
    rng.between(0, length as u64 - 1) as usize
}

/// An integer at which programs break.
pub fn number(rng: &mut Rng) -> i64 {
    const EDGES: [i64; 14] = [0, 1, -1, 2, 3, 7, 31, 32, 33, 64, i32::MAX as i64, 1 << 32, i64::MAX, i64::MIN];
    match rng.between(0, 3) {
        0 => rng.between(0, 20) as i64 - 4,
        1 => 1 << rng.between(0, 63),
        2 => EDGES[index(rng, EDGES.len())],
        _ => rng.bits() as i64 >> rng.between(0, 63),
    }
}

/// A real number at which programs break.
pub fn real(rng: &mut Rng) -> f64 {
    const EDGES: [f64; 18] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        0.1,
        -0.3,
        2.5,
        1e-30,
        -1e-30,
        1e30,
        1e-45,
        3e38,
        16_777_217.0,
        32.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    match rng.between(0, 3) {
        0 => f64::from(f32::from_bits(rng.bits() as u32)),
        1 => number(rng) as f64,
        _ => EDGES[index(rng, EDGES.len())],
    }
}

/// Changes the bytes of a tensor, a name or a list of numbers.
pub fn data(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let lane = [1, 4, 8][index(rng, 3)];
    let lanes = bytes.len() / lane;
    if lanes == 0 {
        bytes.extend(number(rng).to_le_bytes());
        return;
    }
    let new: [u8; 8] = match rng.between(0, 2) {
        0 => number(rng).to_le_bytes(),
        1 if lane == 4 => {
            let [a, b, c, d] = (real(rng) as f32).to_le_bytes();
            [a, b, c, d, 0, 0, 0, 0]
        }
        _ => real(rng).to_le_bytes(),
    };
    match rng.between(0, 9) {
        0 => bytes.truncate(index(rng, lanes) * lane),
        1 => bytes.extend_from_slice(&new[..lane]),
        // All elements alike.
        2 => bytes.chunks_exact_mut(lane).for_each(|c| c.copy_from_slice(&new[..lane])),
        _ => {
            let at = index(rng, lanes) * lane;
            bytes[at..at + lane].copy_from_slice(&new[..lane]);
        }
    }
}
