//! Damaged and hostile files: an error or a graph, never a panic, in bounded time and memory.

#[path = "support/bounded.rs"]
mod bounded;

use std::path::{Path, PathBuf};

use bounded::import;
use proptest::prelude::*;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder of cases").map(|f| f.expect("a file").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "onnx"));
    files.sort();
    files
}

fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx").join(name).with_extension("onnx");
    std::fs::read(path).expect("a case")
}

#[test]
fn every_truncation() {
    for file in cases() {
        let whole = std::fs::read(&file).expect("a case");
        for end in (0..whole.len()).step_by(1 + whole.len() / 60) {
            import(&whole[..end]);
        }
    }
    let whole = bytes("qlinear_matmul");
    let errors = (0..whole.len()).filter(|&end| import(&whole[..end]).is_some()).count();
    // A file cut between two messages of the model may be whole again.
    assert!(errors + 3 > whole.len(), "{errors} of {}", whole.len());
}

#[test]
fn every_flipped_bit() {
    for name in [
        "qlinear_matmul",
        "shape_arithmetic",
        "domain_onnx_brevitas",
        "batch_foreign",
        "slice_input",
        "topk_11",
        "constants",
    ] {
        let whole = bytes(name);
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            import(&damaged);
        }
    }
}

#[test]
fn a_damaged_real_model() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's folder").to_owned();
    let shared = std::env::var_os("GATEWRIGHT_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let Ok(whole) = std::fs::read(shared.join("models/digits_mlp_w4a4/model.onnx")) else {
        eprintln!("skipped: there is no folder {}", shared.display());
        return;
    };
    for end in (0..whole.len()).step_by(37) {
        assert!(import(&whole[..end]).is_some());
    }
    let mut seed = 1u64;
    for _ in 0..3000 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let bit = (seed >> 20) as usize % (8 * whole.len());
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        import(&damaged);
    }
}

/// A case with bytes replaced, removed, repeated or taken from another one.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let files = cases();
    let pick = 0..files.len();
    let edit = (0u8..5, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 1usize..40);
    (pick.clone(), pick, prop::collection::vec(edit, 1..8)).prop_map(move |(one, other, edits)| {
        let mut out = std::fs::read(&files[one]).expect("a case");
        let other = std::fs::read(&files[other]).expect("a case");
        for (kind, at, from, byte, length) in edits {
            if out.is_empty() {
                break;
            }
            let at = at.index(out.len());
            let end = (at + length).min(out.len());
            match kind {
                0 => out[at] = byte,
                1 => drop(out.drain(at..end)),
                2 => out.splice(at..at, out[at..end].to_vec()).for_each(drop),
                3 => {
                    let from = from.index(other.len());
                    let part = other[from..(from + length).min(other.len())].to_vec();
                    out.splice(at..end, part).for_each(drop);
                }
                // The largest numbers.
                _ => out.splice(at..at, [0xff; 9].into_iter().chain([1])).for_each(drop),
            }
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn mutations(bytes in mutated()) {
        import(&bytes);
    }

    #[test]
    fn noise(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        import(&bytes);
    }
}
