//! Quantisers: QONNX's, and ONNX's pairs of QuantizeLinear and DequantizeLinear.

use std::sync::Arc;

use crate::graph::{Op, Rounding, Unary};
use crate::quantise::{Limits, MAX_BITS};

use super::builder::{Builder, Quantised, Val};
use super::call::{Call, axis};
use super::tensor::{Const, Elem, UINT8};
use super::wrong::{Result, wrong};

/// A parameter with one element broadcasts to anything.
fn scalar_if_one(parameter: Const) -> Const {
    if parameter.len() == 1 { parameter.reshaped(Vec::new()) } else { parameter }
}

fn parameter(call: &Call, k: usize, what: &str) -> Result<Const> {
    call.constant(k, what).map(scalar_if_one)
}

fn check_scale(scale: &Const) -> Result<()> {
    match scale.tensor()?.data.iter().find(|&&s| !(s > 0.0 && s.is_finite())) {
        Some(bad) => Err(wrong(format!("the scale {bad} is not a positive number"))
            .or("a channel whose weights are all zero needs some positive scale too")),
        None => Ok(()),
    }
}

fn scale(call: &Call, k: usize) -> Result<Const> {
    let scale = parameter(call, k, "scale")?;
    check_scale(&scale)?;
    Ok(scale)
}

fn bits(call: &Call, k: usize, what: &str) -> Result<Const> {
    let bits = parameter(call, k, what)?;
    let whole = |b: &f64| *b >= 1.0 && *b <= f64::from(MAX_BITS) && b.fract() == 0.0;
    match bits.tensor()?.data.iter().find(|b| !whole(b)) {
        Some(bad) => Err(wrong(format!("{bad} is not a number of bits from 1 to {MAX_BITS}"))),
        None => Ok(bits),
    }
}

fn rounding(call: &Call, default: Rounding) -> Result<Rounding> {
    let Some(name) = call.attrs.string("rounding_mode")? else { return Ok(default) };
    Ok(match name.to_ascii_uppercase().as_str() {
        "ROUND" | "HALF_EVEN" => Rounding::HalfEven,
        "HALF_UP" => Rounding::HalfUp,
        "HALF_DOWN" => Rounding::HalfDown,
        "CEIL" => Rounding::Ceil,
        "FLOOR" => Rounding::Floor,
        "UP" => Rounding::Up,
        "DOWN" | "ROUND_TO_ZERO" => Rounding::Down,
        other => {
            let other = crate::import::Short(other);
            return Err(wrong(format!("the rounding mode `{other}` is not known"))
                .or("ROUND, HALF_EVEN, HALF_UP, HALF_DOWN, CEIL, FLOOR, UP, DOWN or ROUND_TO_ZERO"));
        }
    })
}

/// QONNX's Quant, also called IntQuant.
pub fn quant(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let (scale, zero_point, bits) = (scale(call, 1)?, parameter(call, 2, "zero point")?, bits(call, 3, "bit width")?);
    let signed = call.attrs.flag("signed", true)?;
    let narrow = call.attrs.flag("narrow", false)?;
    let rounding = rounding(call, Rounding::HalfEven)?;
    // The format's reference takes one signed bit for -1 and 1.
    if signed && bits.tensor()?.data.contains(&1.0) {
        let plain = zero_point.tensor()?.data.iter().all(|&z| z == 0.0);
        if !plain || bits.len() != 1 {
            return Err(wrong("one signed bit with a zero point, or beside other widths, is not supported")
                .or("BipolarQuant, or two bits"));
        }
        return Ok(vec![bipolar(call, x, scale)?]);
    }
    let operands = vec![x, Val::Const(scale), Val::Const(zero_point), Val::Const(bits)];
    Ok(vec![call.builder.emit_as(Op::Quant { signed, narrow, rounding }, operands, Elem::Float)?])
}

fn bipolar(call: &mut Call, x: Val, scale: Const) -> Result<Val> {
    call.builder.emit_as(Op::BipolarQuant, vec![x, Val::Const(scale)], Elem::Float)
}

pub fn bipolar_quant(call: &mut Call) -> Result<Vec<Val>> {
    let (x, scale) = (call.input(0)?, scale(call, 1)?);
    Ok(vec![bipolar(call, x, scale)?])
}

/// QONNX's Trunc: version 1 has the new width, version 2 also the new scale, and clips.
pub fn trunc(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let (old, zero_point) = (scale(call, 1)?, parameter(call, 2, "zero point")?);
    let rounding = rounding(call, Rounding::Floor)?;
    let from = bits(call, 3, "input bit width")?;
    if call.inputs.len() < 6 {
        let to = bits(call, 4, "output bit width")?;
        let parameters = [old, zero_point, from, to].map(Val::Const);
        let operands = std::iter::once(x).chain(parameters).collect();
        return Ok(vec![call.builder.emit_as(Op::Trunc(rounding), operands, Elem::Float)?]);
    }
    let (new, to) = (scale(call, 4)?, bits(call, 5, "output bit width")?);
    let signed = call.attrs.flag("signed", true)?;
    let narrow = call.attrs.flag("narrow", false)?;
    let ratio = call.builder.emit_as(Op::Div, vec![Val::Const(new.clone()), Val::Const(old)], Elem::Float)?;
    let power = |r: &f64| r.is_normal() && r.to_bits().trailing_zeros() >= 52;
    let Some(factor) = ratio.constant().cloned().filter(|r| r.tensor().is_ok_and(|t| t.data.iter().all(power))) else {
        return Err(wrong("the ratio of its scales is not a power of two").or("a power of two"));
    };
    if to.tensor()?.data.contains(&1.0) && signed {
        return Err(wrong("one signed bit is not supported here").or("BipolarQuant, or two bits"));
    }
    // On the grid of the old scale, this is a quantiser with the new one.
    let zero_point = call.builder.emit_as(Op::Div, vec![Val::Const(zero_point), Val::Const(factor)], Elem::Float)?;
    let operands = vec![x, Val::Const(new), zero_point, Val::Const(to)];
    Ok(vec![call.builder.emit_as(Op::Quant { signed, narrow, rounding }, operands, Elem::Float)?])
}

/// MultiThreshold of FINN and QONNX.
pub fn multi_threshold(call: &mut Call) -> Result<Vec<Val>> {
    call.attrs.ignore(&["out_dtype"]);
    let x = call.input(0)?;
    let rank = call.builder.shape(&x).len();
    let thresholds = call.constant(1, "thresholds")?.tensor()?;
    let [channels, steps] = thresholds.shape[..] else {
        return Err(wrong(format!("thresholds are a matrix, channels by steps; these are {:?}", thresholds.shape)));
    };
    let (out_scale, out_bias) = (call.attrs.float_or("out_scale", 1.0)?, call.attrs.float_or("out_bias", 0.0)?);
    if thresholds.data.iter().any(|t| t.is_nan()) || !out_scale.is_finite() || !out_bias.is_finite() {
        return Err(wrong("a threshold, its scale or its bias is not a number"));
    }
    let layout = match call.attrs.string("data_layout")? {
        None | Some("") => ["", "", "NC", "NWC", "NCHW"].get(rank).copied().unwrap_or(""),
        Some(layout) => layout,
    };
    let axis = axis(layout.find('C').unwrap_or(1) as i64, rank)?;
    // The count does not depend on their order.
    let mut data = thresholds.data.clone();
    for row in data.chunks_mut(steps.max(1)) {
        row.sort_by(f64::total_cmp);
    }
    let thresholds = Val::Const(Const::real(vec![channels, steps], data));
    call.builder.pay(&[channels, steps])?;
    let op = Op::MultiThreshold { out_scale, out_bias, axis };
    Ok(vec![call.builder.emit_as(op, vec![x, thresholds], Elem::Float)?])
}

/// Scale or zero point of QuantizeLinear, to broadcast along its axis.
fn along(call: &Call, parameter: Const, rank: usize) -> Result<Const> {
    let at = call.attrs.int_or("axis", 1)?;
    if call.attrs.int_or("block_size", 0)? != 0 {
        return Err(wrong("blocks with a scale each are not supported").or("one scale per tensor or per channel"));
    }
    match parameter.shape() {
        _ if parameter.len() == 1 => Ok(parameter.reshaped(Vec::new())),
        &[n] => {
            let mut shape = vec![1; rank - axis(at, rank)?];
            shape[0] = n;
            Ok(parameter.reshaped(shape))
        }
        other => Err(wrong(format!("a scale or zero point of the shape {other:?} is not supported"))
            .or("one number, or one per channel")),
    }
}

pub fn quantize_linear(call: &mut Call) -> Result<Vec<Val>> {
    call.attrs.ignore(&["saturate"]);
    let x = call.input(0)?;
    let rank = call.builder.shape(&x).len();
    let scale = along(call, call.constant(1, "scale")?, rank)?;
    let said = call.attrs.int_or("output_dtype", 0)?;
    let zero_point = call.optional_constant(2, "zero point")?;
    let elem = match (&zero_point, said) {
        (Some(zero_point), _) => zero_point.elem(),
        (None, 0) => UINT8,
        (None, said) => Elem::of(i32::try_from(said).unwrap_or(-1))?,
    };
    let zero_point = zero_point.unwrap_or_else(|| Const::int(elem, Vec::new(), vec![0]));
    let zero_point = along(call, zero_point, rank)?;
    Ok(vec![quantised(call.builder, x, &scale, &zero_point, elem)?])
}

pub fn dequantize_linear(call: &mut Call) -> Result<Vec<Val>> {
    call.attrs.ignore(&["output_dtype"]);
    let x = call.input(0)?;
    let rank = call.builder.shape(&x).len();
    let scale = along(call, call.constant(1, "scale")?, rank)?;
    let zero_point = match call.optional_constant(2, "zero point")? {
        Some(zero_point) => along(call, zero_point, rank)?,
        None => Const::int(x.elem(), Vec::new(), vec![0]),
    };
    Ok(vec![dequantised(call.builder, x, &scale, &zero_point)?])
}

/// The integer `saturate(round(x / scale) + zero_point)`.
pub fn quantised(b: &mut Builder, x: Val, scale: &Const, zero_point: &Const, elem: Elem) -> Result<Val> {
    let Elem::Int { bits, signed } = elem else {
        return Err(wrong("its zero point is not an integer, so that the result would be a small float")
            .or("a zero point of type int8 or uint8"));
    };
    if bits > 32 {
        return Err(wrong("its zero point has 64 bits").or("a zero point of type int8 or uint8"));
    }
    check_scale(scale)?;
    let zeros = zero_point.tensor()?;
    // Ties go to even integers before the zero point is added: an even one does not change which these are.
    let odd = zeros.data.iter().any(|z| z % 2.0 != 0.0);
    let [s, z] = [scale, zero_point].map(|c| Val::Const(c.clone()));
    let (quant_zero, quant_bits, quant_signed) =
        if odd { (Val::real(0.0), bits + 2, true) } else { (z.clone(), bits, signed) };
    let op = Op::Quant { signed: quant_signed, narrow: false, rounding: Rounding::HalfEven };
    let quant = b.emit_as(op, vec![x.clone(), s.clone(), quant_zero, Val::real(f64::from(quant_bits))], Elem::Float)?;
    let integer = integer(b, &quant, &s, &z, elem)?;
    let limits = Limits::of(bits, signed, false);
    if odd {
        return b.unary(Unary::Clip(limits.lo, limits.hi), integer);
    }
    Ok(remember(integer, Quantised { x, quant, limits, scale: scale.clone(), zero_point: zero_point.clone() }))
}

/// `quant / scale + zero_point`.
fn integer(b: &mut Builder, quant: &Val, scale: &Val, zero_point: &Val, elem: Elem) -> Result<Val> {
    let integer = b.emit_as(Op::Div, vec![quant.clone(), scale.clone()], elem)?;
    match zero_point.constant() {
        Some(z) if z.tensor()?.data.iter().all(|&z| z == 0.0) => Ok(integer),
        _ => b.emit_as(Op::Add, vec![integer, zero_point.clone()], elem),
    }
}

fn remember(integer: Val, from: Quantised) -> Val {
    match integer {
        Val::Dyn(value) => Val::Dyn(super::builder::Dyn { quantised: Some(Arc::new(from)), ..value }),
        constant => constant,
    }
}

/// `(x - zero_point) * scale`; of what was just quantised with the same parameters, the quantiser itself.
pub fn dequantised(b: &mut Builder, x: Val, scale: &Const, zero_point: &Const) -> Result<Val> {
    check_scale(scale)?;
    if let Val::Dyn(value) = &x
        && let Some(from) = &value.quantised
        && same(&from.scale, scale)?
        && same(&from.zero_point, zero_point)?
    {
        return Ok(from.quant.clone());
    }
    let mut x = x;
    if zero_point.tensor()?.data.iter().any(|&z| z != 0.0) {
        x = b.emit_as(Op::Sub, vec![x, Val::Const(zero_point.clone())], Elem::Float)?;
    }
    b.emit_as(Op::Mul, vec![x, Val::Const(scale.clone())], Elem::Float)
}

fn same(a: &Const, b: &Const) -> Result<bool> {
    Ok(a.tensor()? == b.tensor()?)
}

/// What a quantiser's integer is after it was clipped, if that is a quantiser of fewer bits.
pub fn with_limits(b: &mut Builder, from: &Arc<Quantised>, low: f64, high: f64) -> Result<Option<Val>> {
    let candidates = (2..=32).flat_map(|bits| [(true, false), (true, true), (false, false)].map(|k| (bits, k)));
    let mut fitting = candidates.filter(|&(bits, (signed, narrow))| {
        let limits = Limits::of(bits, signed, narrow);
        limits.lo == low && limits.hi == high && from.limits.lo <= low && high <= from.limits.hi
    });
    let Some((bits, (signed, narrow))) = fitting.next() else { return Ok(None) };
    let [scale, zero_point] = [&from.scale, &from.zero_point].map(|c| Val::Const(c.clone()));
    let op = Op::Quant { signed, narrow, rounding: Rounding::HalfEven };
    let operands = vec![from.x.clone(), scale.clone(), zero_point.clone(), Val::real(f64::from(bits))];
    let quant = b.emit_as(op, operands, Elem::Float)?;
    let integer = integer(b, &quant, &scale, &zero_point, UINT8)?;
    let (scale, zero_point) = (from.scale.clone(), from.zero_point.clone());
    let limits = Limits { lo: low, hi: high };
    Ok(Some(remember(integer, Quantised { x: from.x.clone(), quant, limits, scale, zero_point })))
}
