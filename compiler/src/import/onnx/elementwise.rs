//! Operators on each element.

use crate::graph::{Op, Unary};

use super::builder::Val;
use super::call::{Call, axis};
use super::tensor::{Const, Elem};
use super::wrong::{Result, wrong};

/// Add, Sub, Mul, Div, Pow.
pub fn binary(call: &mut Call) -> Result<Vec<Val>> {
    let (x, mut y) = (call.input(0)?, call.input(1)?);
    if call.opset < 7 {
        y = old_broadcast(call, &x, y)?;
    }
    let op = match call.node.op_type() {
        "Add" => Op::Add,
        "Sub" => Op::Sub,
        "Mul" => Op::Mul,
        "Div" => return divide(call, x, y).map(|v| vec![v]),
        _ => return power(call, x, y).map(|v| vec![v]),
    };
    Ok(vec![call.emit(op, vec![x, y])?])
}

/// Until opset 6 the second operand is stretched only if told so, and its axes may lie anywhere.
fn old_broadcast(call: &mut Call, x: &Val, y: Val) -> Result<Val> {
    let stretch = call.attrs.flag("broadcast", false)?;
    let (to, from) = (call.shape(x), call.shape(&y));
    let at = call.attrs.int("axis")?;
    let (Some(at), true) = (at, stretch) else { return Ok(y) };
    let at = axis(at, to.len())?;
    if at + from.len() > to.len() {
        return Err(wrong(format!("the shape {from:?} at axis {at} does not fit into {to:?}")));
    }
    let mut shape = from.clone();
    shape.resize(to.len() - at, 1);
    call.builder.reshape(y, shape)
}

fn divide(call: &mut Call, x: Val, y: Val) -> Result<Val> {
    let Some(divisor) = y.constant().cloned() else {
        return Err(wrong("it divides by a tensor that depends on the inputs")
            .or("divide by a constant, or leave the division to the software after the last quantised layer"));
    };
    if divisor.tensor()?.data.contains(&0.0) {
        return Err(wrong("it divides by zero"));
    }
    let quotient = call.emit(Op::Div, vec![x.clone(), y.clone()]);
    if !(x.elem().is_int() && y.elem().is_int()) {
        return quotient;
    }
    let (Some(Const::Int(above)), Const::Int(below)) = (x.constant(), &divisor) else {
        return Err(wrong("it divides integers, which cuts off the fraction").or("cast to float first"));
    };
    let shape = crate::shape::broadcast(&above.shape, &below.shape).ok_or_else(|| wrong("the shapes do not fit"))?;
    call.builder.pay(&shape)?;
    let walk = |from: &[usize]| crate::shape::walk(&shape, crate::shape::stretched(from, &shape), 0);
    let pairs = walk(&above.shape).zip(walk(&below.shape));
    let data = pairs.map(|(a, b)| above.data[a].wrapping_div(below.data[b])).collect();
    Ok(Val::Const(Const::int(above.elem, shape, data)))
}

fn power(call: &mut Call, x: Val, y: Val) -> Result<Val> {
    if y.constant().is_none() {
        return Err(wrong("its exponent depends on the inputs of the model").or("use a constant exponent"));
    }
    call.emit(Op::Pow, vec![x, y])
}

/// Sum of any number of tensors.
pub fn sum(call: &mut Call) -> Result<Vec<Val>> {
    let mut operands = call.all()?.into_iter();
    let mut total = operands.next().ok_or_else(|| wrong("it has no operands"))?;
    for operand in operands {
        total = call.emit(Op::Add, vec![total, operand])?;
    }
    Ok(vec![total])
}

/// Operators with one operand, and parameters in attributes.
pub fn unary(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let a = &call.attrs;
    let function = match call.node.op_type() {
        "Neg" => Unary::Neg,
        "Relu" => Unary::Relu,
        "Sign" => Unary::Sign,
        "Abs" => Unary::Abs,
        "Sigmoid" => Unary::Sigmoid,
        "Tanh" => Unary::Tanh,
        "Round" => Unary::Round,
        "Floor" => Unary::Floor,
        "Ceil" => Unary::Ceil,
        "LeakyRelu" => Unary::LeakyRelu(a.float_or("alpha", 0.01)?),
        "HardSigmoid" => Unary::HardSigmoid(a.float_or("alpha", 0.2)?, a.float_or("beta", 0.5)?),
        "Elu" => Unary::Elu(a.float_or("alpha", 1.0)?),
        // The standard's constants, to the digits that a float32 holds.
        _ => Unary::Selu(a.float_or("alpha", 1.673_263_2)?, a.float_or("gamma", 1.050_701)?),
    };
    if let Unary::LeakyRelu(p) | Unary::Elu(p) | Unary::HardSigmoid(p, _) | Unary::Selu(p, _) = function
        && !p.is_finite()
    {
        return Err(wrong("its parameter is not a finite number"));
    }
    Ok(vec![call.builder.unary(function, x)?])
}

/// Clip: limits are attributes until opset 10, operands from 11.
pub fn clip(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let limit = |call: &Call, name, k| match call.attrs.float(name)? {
        Some(limit) => Ok(Some(limit)),
        None => call.optional_number(k, name),
    };
    let low = limit(call, "min", 1)?.unwrap_or(f64::NEG_INFINITY);
    let high = limit(call, "max", 2)?.unwrap_or(f64::INFINITY);
    if low.is_nan() || high.is_nan() {
        return Err(wrong("a limit is not a number"));
    }
    if let Val::Dyn(value) = &x
        && let Some(from) = &value.quantised
        && let Some(narrower) = super::quant::with_limits(call.builder, &from.clone(), low, high)?
    {
        return Ok(vec![narrower.of_type(x.elem())]);
    }
    Ok(vec![call.builder.unary(Unary::Clip(low, high), x)?])
}

/// Min and Max of two tensors: against one number they clip.
pub fn extreme(call: &mut Call) -> Result<Vec<Val>> {
    let least = call.node.op_type() == "Min";
    let mut operands = call.all()?;
    let mut limit = None;
    operands.retain(|value| match value.constant() {
        Some(constant) if constant.len() == 1 && constant.shape().len() <= 1 => {
            let number = constant.tensor().map(|t| t.data[0]).unwrap_or(f64::NAN);
            let joined = limit.map_or(number, |other: f64| if least { other.min(number) } else { other.max(number) });
            limit = Some(joined);
            false
        }
        _ => true,
    });
    let instead = "use Clip or Relu; for the greatest element of one tensor ReduceMax";
    match (&operands[..], limit) {
        ([x], Some(limit)) if !limit.is_nan() => {
            let function =
                if least { Unary::Clip(f64::NEG_INFINITY, limit) } else { Unary::Clip(limit, f64::INFINITY) };
            Ok(vec![call.builder.unary(function, x.clone())?])
        }
        ([x], None) => Ok(vec![x.clone()]),
        ([], Some(limit)) => {
            let elem = call.input(0)?.elem();
            Ok(vec![Val::Const(Const::from_reals(elem, Vec::new(), vec![limit])?)])
        }
        _ => Err(wrong("it compares tensors with each other, which is not supported").or(instead)),
    }
}

/// PRelu: until opset 6 slopes run along axis 1.
pub fn prelu(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    let slope = call.constant(1, "slope")?;
    let mut shape = slope.shape().to_vec();
    let rank = call.builder.shape(&x).len();
    if slope.len() == 1 {
        shape.clear();
    } else if call.opset < 7 && shape.len() == 1 && rank > 2 {
        shape.resize(rank - 1, 1);
    }
    Ok(vec![call.emit(Op::PRelu, vec![x, Val::Const(slope.reshaped(shape))])?])
}

/// Functions of constants only.
pub fn of_constants(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.constant(0, "a constant")?;
    call.builder.pay(x.shape())?;
    let function: fn(f64) -> f64 = match call.node.op_type() {
        "Sqrt" => f64::sqrt,
        "Exp" => f64::exp,
        "Log" => f64::ln,
        _ => f64::recip,
    };
    let data = x.tensor()?.data.iter().map(|&v| function(v)).collect();
    Ok(vec![Val::Const(Const::real(x.shape().to_vec(), data))])
}

/// Comparisons and logic of constants, and `Mod` of integers.
pub fn compare(call: &mut Call) -> Result<Vec<Val>> {
    let (a, b) = (call.constant(0, "a constant")?, call.constant(1, "a constant")?);
    let shape = crate::shape::broadcast(a.shape(), b.shape()).ok_or_else(|| wrong("the shapes do not fit"))?;
    call.builder.pay(&shape)?;
    let walk = |from: &[usize]| crate::shape::walk(&shape, crate::shape::stretched(from, &shape), 0);
    let places = walk(a.shape()).zip(walk(b.shape()));
    let name = call.node.op_type();
    let (elem, data) = if let (Const::Int(x), Const::Int(y)) = (&a, &b) {
        let fmod = call.attrs.flag("fmod", false)?;
        let function = |x: i64, y: i64| match name {
            "Equal" => i64::from(x == y),
            "Greater" => i64::from(x > y),
            "GreaterOrEqual" => i64::from(x >= y),
            "Less" => i64::from(x < y),
            "LessOrEqual" => i64::from(x <= y),
            "And" => x & y,
            "Or" => x | y,
            "Xor" => x ^ y,
            _ if y == 0 => 0,
            _ if fmod => x.wrapping_rem(y),
            // The sign is the divisor's.
            _ => x.wrapping_rem(y).wrapping_add(y).wrapping_rem(y),
        };
        let elem = if name == "Mod" { a.elem() } else { Elem::Bool };
        (elem, places.map(|(i, k)| function(x.data[i], y.data[k])).collect())
    } else {
        let (x, y) = (a.tensor()?, b.tensor()?);
        let function = |x: f64, y: f64| match name {
            "Equal" => Some(x == y),
            "Greater" => Some(x > y),
            "GreaterOrEqual" => Some(x >= y),
            "Less" => Some(x < y),
            "LessOrEqual" => Some(x <= y),
            _ => None,
        };
        let data: Option<Vec<i64>> = places.map(|(i, k)| function(x.data[i], y.data[k]).map(i64::from)).collect();
        (Elem::Bool, data.ok_or_else(|| wrong("it takes integers"))?)
    };
    Ok(vec![Val::Const(Const::int(elem, shape, data))])
}

/// Not, of constants.
pub fn not(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.constant(0, "a constant")?;
    call.builder.pay(x.shape())?;
    let data = x.ints().ok_or_else(|| wrong("it takes truth values"))?.iter().map(|&v| i64::from(v == 0)).collect();
    Ok(vec![Val::Const(Const::int(Elem::Bool, x.shape().to_vec(), data))])
}

/// Cast: between floats, or from integers, nothing changes.
pub fn cast(call: &mut Call) -> Result<Vec<Val>> {
    call.attrs.ignore(&["saturate"]);
    let x = call.input(0)?;
    let to = match call.node.op_type() {
        "CastLike" => call.input(1)?.elem(),
        _ => {
            let to = call.attrs.int("to")?.ok_or_else(|| wrong("attribute `to` is missing"))?;
            Elem::of(i32::try_from(to).unwrap_or(-1)).map_err(|e| wrong(format!("as its target {}", e.what)))?
        }
    };
    let from = x.elem();
    if from == to {
        return Ok(vec![x]);
    }
    if let Val::Const(constant) = &x {
        call.builder.pay(constant.shape())?;
        return cast_constant(constant, to).map(|c| vec![Val::Const(c)]);
    }
    let value = match (from, to) {
        (_, Elem::Float) => x.of_type(to),
        (Elem::Float, Elem::Int { .. }) => {
            // Toward zero.
            let sign = call.builder.unary(Unary::Sign, x.clone())?;
            let size = call.builder.unary(Unary::Abs, x)?;
            let size = call.builder.unary(Unary::Floor, size)?;
            call.emit(Op::Mul, vec![sign, size])?.of_type(to)
        }
        (Elem::Int { bits, signed }, Elem::Int { bits: wide, signed: sign }) => {
            let fits = if signed == sign { wide >= bits } else { sign && wide > bits };
            // Positions of the greatest are small.
            let made = |id| call.builder.graph.nodes.iter().find(|n| n.output == id).map(|n| &n.op);
            let index =
                matches!(&x, Val::Dyn(x) if matches!(made(x.id), Some(Op::ArgMax { .. } | Op::TopKIndices { .. })));
            if !(fits || index && wide >= 32) {
                return Err(wrong("a cast to a smaller integer type wraps around, which is not supported")
                    .or("clip first, or quantise to fewer bits"));
            }
            x.of_type(to)
        }
        _ => return Err(wrong("casts to truth values are supported for constants only")),
    };
    Ok(vec![value])
}

fn cast_constant(x: &Const, to: Elem) -> Result<Const> {
    let shape = x.shape().to_vec();
    match to {
        Elem::Float => Ok(Const::Real(x.tensor()?)),
        Elem::Bool => {
            let data = match x {
                Const::Real(t) => t.data.iter().map(|&v| i64::from(v != 0.0)).collect(),
                Const::Int(t) => t.data.iter().map(|&v| i64::from(v != 0)).collect(),
            };
            Ok(Const::int(to, shape, data))
        }
        Elem::Int { bits, signed } => {
            let (lo, hi) = match (bits, signed) {
                (64, true) => (i64::MIN, i64::MAX),
                (64, false) => (0, i64::MAX),
                (_, true) => (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1),
                (_, false) => (0, (1i64 << bits) - 1),
            };
            let outside = || wrong("a constant does not fit the integer type that it is cast to");
            let data: Vec<i64> = match x {
                Const::Int(t) => t.data.clone(),
                Const::Real(t) => {
                    if t.data.iter().any(|v| !(v.trunc() >= lo as f64 && v.trunc() <= hi as f64)) {
                        return Err(outside());
                    }
                    t.data.iter().map(|v| v.trunc() as i64).collect()
                }
            };
            if data.iter().any(|v| !(lo..=hi).contains(v)) {
                return Err(outside());
            }
            Ok(Const::int(to, shape, data))
        }
    }
}

/// Identity, and Dropout in inference.
pub fn identity(call: &mut Call) -> Result<Vec<Val>> {
    let x = call.input(0)?;
    if call.node.op_type() == "Dropout" {
        call.attrs.ignore(&["ratio", "seed", "is_test"]);
        if call.optional_number(2, "training_mode")?.is_some_and(|mode| mode != 0.0) {
            return Err(wrong("it is in training mode").or("export the model for inference: `model.eval()`"));
        }
        if call.wants(1) {
            return Err(wrong("its mask is used").or("export the model for inference: `model.eval()`"));
        }
    }
    Ok(vec![x])
}
