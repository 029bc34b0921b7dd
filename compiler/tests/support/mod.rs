//! What the tests share: where files are, and reading arrays.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use gatewright_compiler::graph::Tensor;
use ndarray::ArrayD;
use ndarray_npy::ReadNpyError;

/// `shared/models`, if it is there.
pub fn models() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's folder").to_owned();
    let shared = std::env::var_os("GATEWRIGHT_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let models = shared.join("models");
    if models.is_dir() {
        return Some(models);
    }
    eprintln!("skipped: there is no folder {}", models.display());
    None
}

/// An array of floats or integers.
pub fn array(path: &Path) -> ArrayD<f64> {
    macro_rules! read {
        ($($ty:ty)*) => {
            $(match ndarray_npy::read_npy::<_, ArrayD<$ty>>(path) {
                Ok(array) => return array.mapv(|x| x as f64),
                Err(ReadNpyError::WrongDescriptor(_)) => {}
                Err(error) => panic!("{}: {error}", path.display()),
            })*
        };
    }
    read!(f32 f64 i64 i32 u8 i8);
    panic!("{}: elements of another type", path.display());
}

/// The rows of an array along its first axis.
pub fn rows(array: &ArrayD<f64>) -> Vec<Tensor> {
    let row =
        |row: ndarray::ArrayViewD<f64>| Tensor { shape: row.shape().to_vec(), data: row.iter().copied().collect() };
    array.outer_iter().map(row).collect()
}

/// The position of the greatest element, of equal ones the first.
pub fn decision(scores: &[f64]) -> usize {
    (0..scores.len()).fold(0, |best, k| if scores[k] > scores[best] { k } else { best })
}
