//! Matrix products and batch normalisation.

use crate::graph::Op;

use super::builder::Val;
use super::call::Call;
use super::quant;
use super::tensor::{Const, INT32};
use super::wrong::{Result, wrong};

pub fn matmul(call: &mut Call) -> Result<Vec<Val>> {
    let operands = vec![call.input(0)?, call.input(1)?];
    Ok(vec![call.emit(Op::MatMul, operands)?])
}

/// `alpha * A' * B' + beta * C`.
pub fn gemm(call: &mut Call) -> Result<Vec<Val>> {
    // Until opset 6; the standard's rules give the same.
    call.attrs.ignore(&["broadcast"]);
    let alpha = call.attrs.float_or("alpha", 1.0)?;
    let beta = call.attrs.float_or("beta", 1.0)?;
    let mut factors = Vec::with_capacity(2);
    for (k, turned) in [call.attrs.flag("transA", false)?, call.attrs.flag("transB", false)?].into_iter().enumerate() {
        let factor = call.input(k)?;
        let rank = call.builder.shape(&factor).len();
        if rank != 2 {
            return Err(wrong(format!("operand {k} has {rank} axes and not 2")));
        }
        factors.push(if turned { call.builder.transpose(factor, &[1, 0])? } else { factor });
    }
    let mut result = call.emit(Op::MatMul, factors)?;
    // Apart from the weights, so that no weight is rounded.
    if alpha != 1.0 {
        result = call.emit(Op::Mul, vec![result, Val::real(alpha)])?;
    }
    if let Some(mut offset) = call.optional(2) {
        let shape = call.shape(&result);
        if crate::shape::broadcast(&shape, call.builder.shape(&offset)).as_ref() != Some(&shape) {
            let other = call.shape(&offset);
            return Err(wrong(format!("operand 2 of the shape {other:?} does not stretch to {shape:?}")));
        }
        if beta != 1.0 {
            offset = call.emit(Op::Mul, vec![offset, Val::real(beta)])?;
        }
        result = call.emit(Op::Add, vec![result, offset])?;
    }
    Ok(vec![result])
}

/// A gain and an offset per channel.
pub fn batch_normalization(call: &mut Call) -> Result<Vec<Val>> {
    call.attrs.ignore(&["momentum", "is_test"]);
    if call.attrs.flag("training_mode", false)? || (1..5).any(|k| call.wants(k)) {
        return Err(wrong("it is in training mode").or("export the model for inference: `model.eval()`"));
    }
    let x = call.input(0)?;
    let shape = call.shape(&x);
    if !call.attrs.flag("spatial", true)? && shape.len() > 2 {
        return Err(wrong("`spatial` is 0: statistics per element are not supported").or("one pair per channel"));
    }
    let epsilon = call.attrs.float_or("epsilon", 1e-5)?;
    let channels = match shape[..] {
        [] => return Err(wrong("its operand has no axes")),
        [_] => 1,
        [_, channels, ..] => channels,
    };
    let mut parameters = Vec::with_capacity(4);
    for (k, name) in ["scale", "B", "mean", "var"].into_iter().enumerate() {
        let parameter = call.constant(k + 1, name)?;
        if parameter.len() != channels || parameter.shape().len() != 1 {
            let found = parameter.shape();
            return Err(wrong(format!("operand {} ({name}) has the shape {found:?}, not [{channels}]", k + 1)));
        }
        parameters.push(parameter.tensor()?);
    }
    let [scale, bias, mean, var] = &parameters[..] else { return Err(wrong("operands are missing")) };
    if let Some(bad) = var.data.iter().find(|&&v| !(v + epsilon > 0.0 && v.is_finite())) {
        return Err(wrong(format!("the variance {bad} plus epsilon is not positive")));
    }
    let gain: Vec<f64> = scale.data.iter().zip(&var.data).map(|(s, v)| s / (v + epsilon).sqrt()).collect();
    let offset = bias.data.iter().zip(&mean.data).zip(&gain).map(|((b, m), g)| b - m * g).collect();
    let mut along = vec![1; shape.len().saturating_sub(1).max(1)];
    along[0] = channels;
    let product = call.emit(Op::Mul, vec![x, Val::Const(Const::real(along.clone(), gain))])?;
    Ok(vec![call.emit(Op::Add, vec![product, Val::Const(Const::real(along, offset))])?])
}

/// Subtracts a zero point of integers, if there is one; one per row of the left factor, or per column of the right one.
fn centred(call: &mut Call, k: usize, zero: usize, rows: bool) -> Result<Val> {
    let x = call.input(k)?;
    let Some(zero_point) = call.optional_constant(zero, "zero point")? else { return Ok(x.of_type(INT32)) };
    let zero_point = lined(&zero_point, rows);
    let x = x.of_type(INT32);
    if zero_point.tensor()?.data.iter().all(|&z| z == 0.0) {
        return Ok(x);
    }
    call.emit(Op::Sub, vec![x, Val::Const(zero_point)])
}

/// A parameter as a scalar, or one per row or column.
fn lined(parameter: &Const, rows: bool) -> Const {
    match parameter.shape() {
        _ if parameter.len() == 1 => parameter.reshaped(Vec::new()),
        &[n] if rows => parameter.reshaped(vec![n, 1]),
        _ => parameter.clone(),
    }
}

pub fn matmul_integer(call: &mut Call) -> Result<Vec<Val>> {
    let factors = vec![centred(call, 0, 2, true)?, centred(call, 1, 3, false)?];
    Ok(vec![call.builder.emit_as(Op::MatMul, factors, INT32)?])
}

/// Operands a, scale, zero point, b, scale, zero point, scale and zero point of the result.
pub fn qlinear_matmul(call: &mut Call) -> Result<Vec<Val>> {
    let mut factors = Vec::with_capacity(2);
    for (k, rows) in [(0, true), (3, false)] {
        let scale = lined(&call.constant(k + 1, "scale")?, rows);
        let zero_point = lined(&call.constant(k + 2, "zero point")?, rows);
        let x = call.input(k)?;
        factors.push(quant::dequantised(call.builder, x, &scale, &zero_point)?);
    }
    let product = call.emit(Op::MatMul, factors)?;
    let (scale, zero_point) = (call.constant(6, "scale")?, call.constant(7, "zero point")?);
    let elem = zero_point.elem();
    let (scale, zero_point) = (lined(&scale, true), lined(&zero_point, true));
    Ok(vec![quant::quantised(call.builder, product, &scale, &zero_point, elem)?])
}
