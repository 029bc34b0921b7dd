//! Samples from numpy's `.npy` files.

use std::path::{Path, PathBuf};

use gatewright_compiler::eval;
use gatewright_compiler::graph::{Tensor, count};
use gatewright_compiler::package::Package;
use ndarray::ArrayD;
use ndarray_npy::ReadNpyError;

use crate::Failure;
use crate::output::counted;

/// Numbers of any type.
pub fn array(path: &Path) -> Result<ArrayD<f64>, Failure> {
    macro_rules! read {
        ($($ty:ty)*) => {
            $(match ndarray_npy::read_npy::<_, ArrayD<$ty>>(path) {
                Ok(array) => return Ok(array.mapv(|x| x as f64)),
                Err(ReadNpyError::WrongDescriptor(_)) => {}
                Err(e) => return Err(Failure::Unusable(format!("cannot read `{}`: {e}", path.display()))),
            })*
        };
    }
    read!(f32 f64 i64 i32 i16 i8 u8 u16 u32 u64);
    let way = "save it as float32, float64 or integers";
    Err(Failure::Unusable(format!("`{}` has elements of another type; {way}", path.display())))
}

/// The samples of one file, each of this shape.
pub fn rows(path: &Path, shape: &[usize], what: &str) -> Result<Vec<Tensor>, Failure> {
    let array = array(path)?;
    let elements = count(shape);
    let total = array.len();
    let rows = array.shape().first().copied().unwrap_or(0);
    if rows == 0 || total != rows * elements {
        let problem = format!("`{}` has the shape {:?}", path.display(), array.shape());
        let wanted = format!("{what} takes samples of {elements} numbers, {shape:?}");
        return Err(Failure::Unusable(format!("{problem}, and {wanted}: its first axis has to count the samples")));
    }
    let data: Vec<f64> = array.iter().copied().collect();
    if let Some(at) = data.iter().position(|x| !x.is_finite()) {
        let problem = format!("`{}`, sample {}: {} is no number", path.display(), at / elements, data[at]);
        return Err(Failure::Unusable(problem));
    }
    Ok(data.chunks(elements).map(|x| Tensor { shape: shape.to_vec(), data: x.to_vec() }).collect())
}

/// The inputs of all samples, at most `limit`, from a file for each input of the model.
pub fn inputs(package: &Package, files: &[PathBuf], limit: Option<usize>) -> Result<Vec<Vec<Tensor>>, Failure> {
    let head = &package.model.head;
    if files.len() != head.inputs.len() {
        let (wanted, given) = (head.inputs.len(), files.len());
        let (inputs, files) = (counted(wanted, "input"), counted(given, "file"));
        let problem = format!("the model has {inputs}, and --inputs names {files}");
        return Err(Failure::Unusable(problem));
    }
    let mut all: Vec<Vec<Tensor>> = Vec::new();
    for (k, (path, id)) in files.iter().zip(&head.inputs).enumerate() {
        let info = &head.values[id.0];
        let rows = rows(path, &info.shape, &format!("input `{}`", info.name))?;
        if k > 0 && rows.len() != all.len() {
            let problem =
                format!("`{}` has {} samples, and the input before it {}", path.display(), rows.len(), all.len());
            return Err(Failure::Unusable(problem));
        }
        all.resize_with(rows.len(), Vec::new);
        all.iter_mut().zip(rows).for_each(|(sample, row)| sample.push(row));
    }
    all.truncate(limit.unwrap_or(usize::MAX));
    Ok(all)
}

/// That the hardware's input types hold all inputs.
pub fn held(package: &Package, samples: &[Vec<Tensor>]) -> Result<(), Failure> {
    let head = &package.model.head;
    for (s, sample) in samples.iter().enumerate() {
        let values = eval::values(head, sample).map_err(|e| Failure::Finding(e.to_string()))?;
        for ((output, given), ty) in head.outputs.iter().zip(sample).zip(package.options.input_types.iter().cycle()) {
            if let Some(e) = values[output.0].data.iter().zip(&given.data).position(|(a, b)| a != b) {
                let (is, near) = (given.data[e], values[output.0].data[e]);
                let place = format!("sample {s}, input `{}`, element {e}", head.values[output.0].name);
                let way = "compile with a wider --input-type, or say --round-inputs";
                return Err(Failure::Finding(format!("{place}: {ty} does not hold {is}, only {near}; {way}")));
            }
        }
    }
    Ok(())
}
