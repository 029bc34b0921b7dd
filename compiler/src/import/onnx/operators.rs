//! Which operators there are, and what to use instead of the others.

use super::builder::Val;
use super::call::Call;
use super::wrong::{Result, Wrong, wrong};
use super::{constants, elementwise, linear, quant, reduce, reshape};

type Lower = fn(&mut Call) -> Result<Vec<Val>>;

/// How an operator is translated.
#[derive(Clone, Copy)]
pub struct Operator {
    pub lower: Lower,
    pub of: Of,
}

/// What an operator may be applied to, and what its result is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Anything; a constant of constants.
    Any,
    /// Constants only.
    Constants,
    /// Anything; always a constant.
    Shapes,
}

/// The domains of QONNX's operators, by its name and those before it.
const QONNX: [&str; 3] = ["onnx.brevitas", "finn.custom_op.general", "qonnx.custom_op.general"];

/// The standard domain has two spellings.
pub fn is_standard(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// The operator of this name.
///
/// # Errors
/// Why there is none, and what could be used.
pub fn find(domain: &str, name: &str) -> Result<Operator> {
    let found = if is_standard(domain) {
        standard(name)
    } else if QONNX.contains(&domain) {
        qonnx(name).map(|lower| Operator { lower, of: Of::Any })
    } else {
        return Err(foreign(domain));
    };
    found.ok_or_else(|| wrong("the operator is not supported").or(instead(name)))
}

fn qonnx(name: &str) -> Option<Lower> {
    Some(match name {
        "Quant" | "IntQuant" => quant::quant,
        "BipolarQuant" => quant::bipolar_quant,
        "Trunc" => quant::trunc,
        "MultiThreshold" => quant::multi_threshold,
        _ => return None,
    })
}

fn standard(name: &str) -> Option<Operator> {
    let of = match name {
        "Shape" | "Size" | "Constant" => Of::Shapes,
        "Sqrt" | "Exp" | "Log" | "Reciprocal" | "Range" | "ConstantOfShape" | "ReduceProd" => Of::Constants,
        "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" => Of::Constants,
        "And" | "Or" | "Xor" | "Not" | "Mod" => Of::Constants,
        _ => Of::Any,
    };
    let lower: Lower = match name {
        "MatMul" => linear::matmul,
        "Gemm" => linear::gemm,
        "BatchNormalization" => linear::batch_normalization,
        "MatMulInteger" => linear::matmul_integer,
        "QLinearMatMul" => linear::qlinear_matmul,
        "QuantizeLinear" => quant::quantize_linear,
        "DequantizeLinear" => quant::dequantize_linear,
        "Add" | "Sub" | "Mul" | "Div" | "Pow" => elementwise::binary,
        "Sum" => elementwise::sum,
        "Neg" | "Relu" | "Sign" | "Abs" | "Sigmoid" | "Tanh" | "Round" | "Floor" | "Ceil" => elementwise::unary,
        "LeakyRelu" | "HardSigmoid" | "Elu" | "Selu" => elementwise::unary,
        "Clip" => elementwise::clip,
        "Min" | "Max" => elementwise::extreme,
        "PRelu" => elementwise::prelu,
        "Sqrt" | "Exp" | "Log" | "Reciprocal" => elementwise::of_constants,
        "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" => elementwise::compare,
        "And" | "Or" | "Xor" | "Mod" => elementwise::compare,
        "Not" => elementwise::not,
        "Cast" | "CastLike" => elementwise::cast,
        "Identity" | "Dropout" => elementwise::identity,
        "Flatten" => reshape::flatten,
        "Reshape" => reshape::reshape,
        "Transpose" => reshape::transpose,
        "Squeeze" => reshape::squeeze,
        "Unsqueeze" => reshape::unsqueeze,
        "Expand" => reshape::expand,
        "Slice" => reshape::slice,
        "Gather" => reshape::gather,
        "Split" => reshape::split,
        "Concat" => reshape::concat,
        "Where" => reshape::select,
        "Constant" => constants::constant,
        "ConstantOfShape" => constants::constant_of_shape,
        "Shape" | "Size" => constants::shape,
        "Range" => constants::range,
        "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceProd" => reduce::reduce,
        "Softmax" => reduce::softmax,
        "ArgMax" | "ArgMin" => reduce::argmax,
        "TopK" => reduce::topk,
        _ => return None,
    };
    Some(Operator { lower, of })
}

/// What to do about a domain that is not known.
fn foreign(domain: &str) -> Wrong {
    let problem = wrong("the operator is not supported: its domain is not known");
    match domain {
        "ai.onnx.ml" => {
            wrong("the operator is not supported: tree ensembles and classical models are not read from ONNX")
                .or("a neural network of the standard operators")
        }
        "qonnx.custom_op.channels_last" => problem.or("the file before it was brought to the channels-last layout"),
        "com.microsoft" => problem.or("the file before onnxruntime optimised it, or a quantised one in the QDQ format"),
        _ => problem.or("operators of the standard domain, or of qonnx.custom_op.general"),
    }
}

/// What could replace an operator.
pub fn instead(name: &str) -> &'static str {
    match name {
        "Conv" | "ConvTranspose" | "QLinearConv" | "ConvInteger" | "Im2Col" | "DeformConv" => {
            "fully connected layers (MatMul, Gemm): convolutions are not read yet"
        }
        "MaxPool" | "MaxPoolNHWC" | "GlobalMaxPool" => "ReduceMax over whole axes: windows are not read yet",
        "AveragePool" | "GlobalAveragePool" | "QuantAvgPool2d" | "LpPool" => {
            "ReduceMean or ReduceSum over whole axes: windows are not read yet"
        }
        "LSTM" | "GRU" | "RNN" => "a network without recurrence, or its steps written out at export",
        "If" | "Loop" | "Scan" => {
            "a graph without control flow: export by tracing with fixed shapes, and simplify it (onnxsim)"
        }
        "FloatQuant" => "quantisation to integers: Quant with a scale, a zero point and a bit width",
        "DynamicQuantizeLinear" => "static quantisation: QuantizeLinear with constant scale and zero point",
        "LayerNormalization"
        | "InstanceNormalization"
        | "GroupNormalization"
        | "RMSNormalization"
        | "LpNormalization"
        | "LRN" => "BatchNormalization, whose statistics are constants",
        "LogSoftmax" | "Hardmax" => "Softmax or ArgMax as the last operator, or none: the decision is the same",
        "Erf" | "Gelu" | "Softplus" | "Softsign" | "Swish" | "HardSwish" | "Mish" | "Celu" | "ThresholdedRelu" => {
            "Relu, LeakyRelu, Clip, HardSigmoid, Sigmoid or Tanh"
        }
        "Einsum" | "Attention" | "MultiHeadAttention" => "Transpose, Reshape and MatMul",
        "Sqrt" | "Exp" | "Log" | "Reciprocal" => {
            "it is known for constants only; Pow with a constant exponent, Sigmoid or Tanh for what depends on the inputs"
        }
        "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "And" | "Or" | "Xor" | "Not" | "Mod" => {
            "it is known for constants only; Sign, Clip, BipolarQuant or MultiThreshold for what depends on the inputs"
        }
        "Range" | "ConstantOfShape" | "ReduceProd" => "it is known for constants only: export with fixed shapes",
        "ReduceMin" => "ReduceMax of the negated tensor",
        "NonZero" | "Compress" | "Unique" | "NonMaxSuppression" => {
            "nothing: the shape of its result depends on the data; leave it to software after the network"
        }
        "Pad" | "Tile" | "GatherElements" | "GatherND" | "ScatterND" | "ScatterElements" => {
            "Concat, Expand, Slice or Gather with constant indices"
        }
        "XnorPopcountMatMul" => "MatMul of bipolar values (BipolarQuant)",
        _ => "a composition of MatMul, Add, Mul, activations and quantisers, or leave it to software after the network",
    }
}
