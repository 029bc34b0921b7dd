//! Constants: decoding `TensorProto`, and integers beside real numbers.

use std::sync::Arc;

use crate::graph::{Tensor, count};
use crate::import::Short;

use super::proto::TensorProto;
use super::wrong::{Result, wrong};

/// The most axes of a tensor.
pub const MAX_RANK: usize = 32;
/// The most elements of a tensor.
pub const MAX_ELEMENTS: usize = 1 << 26;

/// A type of elements. Which floats they are does not matter: the numbers are kept as `float64`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Elem {
    Float,
    Int { bits: u32, signed: bool },
    Bool,
}

pub const INT64: Elem = Elem::Int { bits: 64, signed: true };
pub const INT32: Elem = Elem::Int { bits: 32, signed: true };
pub const UINT8: Elem = Elem::Int { bits: 8, signed: false };

impl Elem {
    /// By ONNX's number of a type.
    pub fn of(data_type: i32) -> Result<Elem> {
        let int = |bits, signed| Ok(Elem::Int { bits, signed });
        match data_type {
            1 | 10 | 11 | 16 => Ok(Elem::Float),
            2 => int(8, false),
            3 => int(8, true),
            4 => int(16, false),
            5 => int(16, true),
            6 => int(32, true),
            7 => int(64, true),
            9 => Ok(Elem::Bool),
            12 => int(32, false),
            13 => int(64, false),
            21 => int(4, false),
            22 => int(4, true),
            0 => Err(wrong("its element type is not given")),
            8 => Err(wrong("its elements are strings, which are not supported").or("remove them from the graph")),
            14 | 15 => Err(wrong("its elements are complex numbers, which are not supported")
                .or("split them into real and imaginary parts")),
            17..=20 | 23 | 24 => Err(wrong("its elements are 8-bit or 4-bit floats, which are not supported")
                .or("quantise to integers, or store it as float32")),
            other => Err(wrong(format!("its element type {other} is not known"))),
        }
    }

    pub fn is_int(self) -> bool {
        self != Elem::Float
    }
}

/// Integers, exactly.
#[derive(Debug, PartialEq)]
pub struct Ints {
    pub elem: Elem,
    pub shape: Vec<usize>,
    pub data: Vec<i64>,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    Real(Arc<Tensor>),
    Int(Arc<Ints>),
}

impl Const {
    pub fn real(shape: Vec<usize>, data: Vec<f64>) -> Const {
        Const::Real(Arc::new(Tensor { shape, data }))
    }

    pub fn int(elem: Elem, shape: Vec<usize>, data: Vec<i64>) -> Const {
        Const::Int(Arc::new(Ints { elem, shape, data }))
    }

    pub fn int64s(data: Vec<i64>) -> Const {
        Const::int(INT64, vec![data.len()], data)
    }

    /// Numbers that are to be elements of this type.
    pub fn from_reals(elem: Elem, shape: Vec<usize>, data: Vec<f64>) -> Result<Const> {
        if !elem.is_int() {
            return Ok(Const::real(shape, data));
        }
        let whole = |x: f64| (x.fract() == 0.0 && x.abs() <= EXACT).then_some(x as i64);
        let data = data.into_iter().map(whole).collect::<Option<Vec<i64>>>();
        let data = data.ok_or_else(|| wrong("the constant result is not an integer of at most 53 bits"))?;
        Ok(Const::int(elem, shape, data))
    }

    pub fn shape(&self) -> &[usize] {
        match self {
            Const::Real(t) => &t.shape,
            Const::Int(t) => &t.shape,
        }
    }

    pub fn elem(&self) -> Elem {
        match self {
            Const::Real(_) => Elem::Float,
            Const::Int(t) => t.elem,
        }
    }

    pub fn len(&self) -> usize {
        count(self.shape())
    }

    /// As real numbers.
    pub fn tensor(&self) -> Result<Arc<Tensor>> {
        match self {
            Const::Real(tensor) => Ok(tensor.clone()),
            Const::Int(ints) => {
                if ints.data.iter().any(|&x| x.unsigned_abs() > EXACT as u64) {
                    return Err(wrong("an integer constant of more than 53 bits enters the calculation"));
                }
                let data = ints.data.iter().map(|&x| x as f64).collect();
                Ok(Arc::new(Tensor { shape: ints.shape.clone(), data }))
            }
        }
    }

    /// As integers, whatever the type says.
    pub fn ints(&self) -> Option<Vec<i64>> {
        match self {
            Const::Int(ints) => Some(ints.data.clone()),
            Const::Real(t) => {
                t.data.iter().map(|&x| (x.fract() == 0.0 && x.abs() <= EXACT).then_some(x as i64)).collect()
            }
        }
    }

    /// The same elements in another shape of as many.
    pub fn reshaped(&self, shape: Vec<usize>) -> Const {
        match self {
            Const::Real(t) => Const::real(shape, t.data.clone()),
            Const::Int(t) => Const::int(t.elem, shape, t.data.clone()),
        }
    }
}

/// Integers up to here are exact in a `float64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A shape from a file.
pub fn shape_of(dims: &[i64]) -> Result<Vec<usize>> {
    if dims.len() > MAX_RANK {
        return Err(wrong(format!("it has {} axes; at most {MAX_RANK} are supported", dims.len())));
    }
    let shape: Option<Vec<usize>> = dims.iter().map(|&d| usize::try_from(d).ok()).collect();
    let shape = shape.ok_or_else(|| wrong(format!("its shape {dims:?} has a negative length")))?;
    if !within_limit(&shape) {
        return Err(wrong(format!("its shape {shape:?} has more than {MAX_ELEMENTS} elements")));
    }
    Ok(shape)
}

/// Whether a tensor of this shape is not too large. An empty one's other axes count too, so that no product of some of them
/// overflows.
pub fn within_limit(shape: &[usize]) -> bool {
    let product = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d.max(1)));
    product.is_some_and(|n| n <= MAX_ELEMENTS)
}

/// Why a tensor cannot be read whatever its elements are.
pub fn unreadable(proto: &TensorProto) -> Option<super::wrong::Wrong> {
    let elem = Elem::of(proto.data_type()).err();
    if proto.data_location() == 1 || !proto.external_data.is_empty() {
        return Some(wrong("its data is in another file, which is not supported").or(
            "save the model with its weights inside: `onnx.save(onnx.load(path), path, save_as_external_data=False)`",
        ));
    }
    if proto.segment.is_some() {
        return Some(wrong("its data is split into segments, which is not supported"));
    }
    elem
}

/// Decodes a tensor. Nothing is allocated that the file does not hold.
pub fn decode(proto: &TensorProto) -> Result<Const> {
    if let Some(problem) = unreadable(proto) {
        return Err(problem);
    }
    let elem = Elem::of(proto.data_type())?;
    let shape = shape_of(&proto.dims)?;
    let wanted = count(&shape);
    let check = |found: usize| {
        if found == wanted {
            return Ok(());
        }
        Err(wrong(format!("its shape {shape:?} has {wanted} elements, and its data {found}")))
    };
    if elem == Elem::Float {
        let data = reals(proto)?;
        check(data.len())?;
        return Ok(Const::real(shape, data));
    }
    let mut data = integers(proto, elem)?;
    if let Elem::Int { bits: 4, .. } = elem
        && data.len() == wanted + 1
        && wanted % 2 == 1
    {
        // Two to a byte: the last half is padding.
        data.pop();
    }
    check(data.len())?;
    Ok(Const::int(elem, shape, data))
}

/// Raw bytes as numbers of `N` bytes, little-endian.
fn raw<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Result<Vec<T>> {
    let (numbers, rest) = bytes.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(wrong(format!("its data of {} bytes is not a whole number of elements", bytes.len())));
    }
    Ok(numbers.iter().map(|&n| number(n)).collect())
}

fn reals(proto: &TensorProto) -> Result<Vec<f64>> {
    let words = || proto.int32_data.iter().map(|&word| word as u16);
    match (proto.data_type(), &proto.raw_data) {
        (1, Some(bytes)) => raw(bytes, |b| f64::from(f32::from_le_bytes(b))),
        (1, None) => Ok(proto.float_data.iter().map(|&x| f64::from(x)).collect()),
        (11, Some(bytes)) => raw(bytes, f64::from_le_bytes),
        (11, None) => Ok(proto.double_data.clone()),
        (10, Some(bytes)) => raw(bytes, |b| half(u16::from_le_bytes(b))),
        (10, None) => Ok(words().map(half).collect()),
        (16, Some(bytes)) => raw(bytes, |b| brain(u16::from_le_bytes(b))),
        (_, _) => Ok(words().map(brain).collect()),
    }
}

fn integers(proto: &TensorProto, elem: Elem) -> Result<Vec<i64>> {
    let large = |x: u64| i64::try_from(x).map_err(|_| wrong(format!("its element {x} does not fit in 63 bits")));
    let (bits, signed) = match elem {
        Elem::Int { bits, signed } => (bits, signed),
        _ => (1, false),
    };
    let Some(bytes) = &proto.raw_data else {
        return match (bits, signed) {
            (64, true) => Ok(proto.int64_data.clone()),
            (64, false) => proto.uint64_data.iter().map(|&x| large(x)).collect(),
            (32, false) => Ok(proto.uint64_data.iter().map(|&x| i64::from(x as u32)).collect()),
            (4, _) => Ok(proto.int32_data.iter().flat_map(|&pair| nibbles(pair as u8, signed)).collect()),
            (1, _) => Ok(proto.int32_data.iter().map(|&x| i64::from(x != 0)).collect()),
            _ => {
                // What does not fit the type is cut to it, as everywhere else.
                let cut = |x: i32| match (bits, signed) {
                    (8, true) => i64::from(x as i8),
                    (8, false) => i64::from(x as u8),
                    (16, true) => i64::from(x as i16),
                    (16, false) => i64::from(x as u16),
                    _ => i64::from(x),
                };
                Ok(proto.int32_data.iter().map(|&x| cut(x)).collect())
            }
        };
    };
    match (bits, signed) {
        (64, true) => raw(bytes, i64::from_le_bytes),
        (64, false) => raw(bytes, u64::from_le_bytes)?.into_iter().map(large).collect(),
        (32, true) => raw(bytes, |b| i64::from(i32::from_le_bytes(b))),
        (32, false) => raw(bytes, |b| i64::from(u32::from_le_bytes(b))),
        (16, true) => raw(bytes, |b| i64::from(i16::from_le_bytes(b))),
        (16, false) => raw(bytes, |b| i64::from(u16::from_le_bytes(b))),
        (8, true) => raw(bytes, |b| i64::from(i8::from_le_bytes(b))),
        (8, false) => raw(bytes, |b| i64::from(u8::from_le_bytes(b))),
        (4, _) => Ok(bytes.iter().flat_map(|&pair| nibbles(pair, signed)).collect()),
        _ => raw(bytes, |[b]: [u8; 1]| i64::from(b != 0)),
    }
}

/// The two numbers in a byte, low half first.
fn nibbles(pair: u8, signed: bool) -> [i64; 2] {
    let number = |n: u8| if signed { i64::from((n << 4) as i8 >> 4) } else { i64::from(n) };
    [number(pair & 15), number(pair >> 4)]
}

/// A `float16`.
fn half(word: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(word >> 10 & 31), f64::from(word & 1023));
    let magnitude = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + mantissa) * 2f64.powi(exponent - 25),
    };
    if word >> 15 == 1 { -magnitude } else { magnitude }
}

/// A `bfloat16`: the upper half of a `float32`.
fn brain(word: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(word) << 16))
}

/// A name for messages about a tensor.
pub fn named(name: &str) -> String {
    if name.is_empty() { "(without a name)".into() } else { Short(name).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        // By numpy.float16(x).view(uint16).
        for (word, number) in [(0x3c00, 1.0), (0xc100, -2.5), (0x7bff, 65504.0), (0x0001, 5.960464477539063e-8)] {
            assert_eq!(half(word), number);
        }
        assert_eq!(half(0xfc00), f64::NEG_INFINITY);
        assert!(half(0x7e00).is_nan());
        assert_eq!(brain(0x4049), 3.140625);
    }

    #[test]
    fn halves_of_bytes() {
        assert_eq!(nibbles(0x8f, true), [-1, -8]);
        assert_eq!(nibbles(0x8f, false), [15, 8]);
    }
}
