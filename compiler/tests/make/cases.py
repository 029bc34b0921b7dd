"""Small ONNX models for the importer's tests, with what onnxruntime or the qonnx package computes.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python cases.py

writes ../onnx/NAME.onnx and ../onnx/NAME.npz: in0, in1, .. and out0, out1, .., whose first axis counts samples. What those two
packages cannot run (opset 6, constants at a tie) is computed here with numpy or with fractions. Names that begin with
`exact_` are compared without tolerance.
"""

import math
import pathlib
import zlib
from fractions import Fraction

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

OUT = pathlib.Path(__file__).parent.parent / "onnx"
GENERAL = "qonnx.custom_op.general"
f32, i64, i8, u8, i32 = np.float32, np.int64, np.int8, np.uint8, np.int32
TYPES = {np.dtype(t): v for t, v in [(f32, T.FLOAT), (np.float64, T.DOUBLE), (np.float16, T.FLOAT16), (i64, T.INT64), (i32, T.INT32), (i8, T.INT8), (u8, T.UINT8), (np.int16, T.INT16), (np.bool_, T.BOOL)]}
made = []


def node(op, inputs, outputs, domain="", name=None, **attrs):
    inputs, outputs = (v.split() if isinstance(v, str) else v for v in (inputs, outputs))
    return h.make_node(op, inputs, outputs, name=name, domain=domain, **attrs)


def quant(inputs, outputs, signed=1, narrow=0, rounding_mode="ROUND", op="Quant", **attrs):
    return node(op, inputs, outputs, GENERAL, signed=signed, narrow=narrow, rounding_mode=rounding_mode, **attrs)


def case(name, nodes, ins, outs, consts={}, opset=13, general=1, samples=5, expect=None, data=None, many=None,
         domain=None, listed=True, tweak=None, wide=3.0, out_shapes=None, raw_consts=()):
    """`ins`: name -> shape or (shape, type). `many`: the first axis counts that many samples, and all run at once."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    ins = {k: v if isinstance(v, tuple) and isinstance(v[0], (list, tuple)) else (v, f32) for k, v in ins.items()}
    infos = [h.make_tensor_value_info(k, TYPES[np.dtype(t)], s) for k, (s, t) in ins.items()]
    outs = outs.split() if isinstance(outs, str) else outs
    # Decisions are integers.
    kinds = {o: T.INT64 for n in nodes for o in n.output[-1:] if n.op_type in ["ArgMax", "ArgMin", "TopK"]}
    out_infos = [h.make_tensor_value_info(o, kinds.get(o, T.FLOAT), None) for o in outs]
    tensors = [numpy_helper.from_array(np.asarray(v), k) for k, v in consts.items()] + list(raw_consts)
    graph = h.make_graph(nodes, name, infos, out_infos, tensors)
    imports = [h.make_opsetid("", opset)]
    custom = any(n.domain == GENERAL for n in nodes)
    if custom:
        imports.append(h.make_opsetid(GENERAL, general))
    model = h.make_model(graph, opset_imports=imports, ir_version=10 if opset > 20 else 8, producer_name="cases.py")
    if data is None:
        data = []
        for shape, t in ins.values():
            fixed = [d if isinstance(d, int) else 1 for d in shape]
            size = [many or samples, *(fixed[1:] if many else fixed)]
            if np.issubdtype(t, np.integer):
                data.append(rng.integers(np.iinfo(t).min, np.iinfo(t).max, size, endpoint=True).astype(t))
            else:
                data.append(rng.uniform(-wide, wide, size).astype(t))
    runs = [[d for d in data]] if many else [[d[k] for d in data] for k in range(len(data[0]))]
    if expect is None:
        run = runner(model, list(ins), outs, custom)
        results = [run(*inputs) for inputs in runs]
    else:
        results = [expect(*inputs) for inputs in runs]
        results = [r if isinstance(r, (list, tuple)) else [r] for r in results]
    results = results[0] if many else [np.stack([r[k] for r in results]) for k in range(len(outs))]
    # Types and shapes as exporters write them.
    for info, result in zip(model.graph.output, results):
        t = np.asarray(result).dtype
        info.type.tensor_type.elem_type = TYPES.get(np.dtype(t), T.FLOAT)
        shape = np.shape(result) if many else np.shape(result)[1:]
        if out_shapes != "none":
            info.type.tensor_type.shape.CopyFrom(h.make_tensor_type_proto(1, shape).tensor_type.shape)
    if domain is not None:
        for n in model.graph.node:
            n.domain = domain if n.domain == GENERAL else n.domain
        for o in model.opset_import:
            o.domain = domain if o.domain == GENERAL else o.domain
    if not listed:
        kept = [o for o in model.opset_import if o.domain == ""]
        del model.opset_import[:]
        model.opset_import.extend(kept)
    if tweak:
        tweak(model)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())
    arrays = {f"in{k}": np.asarray(d) for k, d in enumerate(data)} | {f"out{k}": np.asarray(r) for k, r in enumerate(results)}
    for k, v in arrays.items():
        assert np.all(np.isfinite(v)), (name, k)
        arrays[k] = v.astype(np.float64)
    np.savez_compressed(OUT / f"{name}.npz", **arrays)
    made.append(name)


def runner(model, names, outs, custom):
    if custom:
        wrapper = ModelWrapper(model).transform(InferShapes())

        def run(*inputs):
            made = execute_onnx(wrapper, dict(zip(names, inputs)))
            return [made[o] for o in outs]

        return run
    # As written: an optimised graph may calculate in fewer bits.
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda *inputs: session.run(outs, dict(zip(names, inputs)))


def unit(op, name=None, opset=13, shape=(1, 6), **attrs):
    case(name or f"{op.lower()}_{opset}", [node(op, "x", "y", **attrs)], {"x": shape}, "y", opset=opset)


def elementwise():
    for op in ["Neg", "Relu", "Abs", "Sigmoid", "Tanh", "Round", "Floor", "Ceil", "Elu", "Selu", "HardSigmoid", "LeakyRelu", "Identity"]:
        unit(op)
    unit("Relu", opset=21)
    ties = np.arange(-8, 9, dtype=f32).reshape(1, 17) / 4
    for op in ["Round", "Sign", "Floor", "Ceil"]:
        case(f"{op.lower()}_ties", [node(op, "x", "y")], {"x": (17,)}, "y", data=[ties])
    unit("Elu", "elu_alpha", alpha=0.3)
    unit("Selu", "selu_alpha", alpha=1.3, gamma=0.7)
    unit("HardSigmoid", "hardsigmoid_alpha", alpha=0.5, beta=0.25)
    unit("LeakyRelu", "leakyrelu_alpha", alpha=0.125)
    slope = np.array([0.1, -0.2, 0.3], f32)
    case("prelu_7", [node("PRelu", "x s", "y")], {"x": (1, 3, 4)}, "y", {"s": slope.reshape(3, 1)}, opset=7)
    case("prelu_6", [node("PRelu", "x s", "y")], {"x": (1, 3, 4)}, "y", {"s": slope}, opset=6,
         expect=lambda x: np.where(x >= 0, x, x * slope.reshape(3, 1)))
    case("prelu_one", [node("PRelu", "x s", "y")], {"x": (1, 3)}, "y", {"s": slope[:1]}, opset=16)
    case("clip_6", [node("Clip", "x", "y", min=-1.0, max=0.5)], {"x": (1, 6)}, "y", opset=6, expect=lambda x: np.clip(x, -1, 0.5))
    unit("Clip", "clip_6_open", opset=10, max=0.75)
    limits = {"lo": f32(-0.5), "hi": f32(1.5)}
    case("clip_11", [node("Clip", "x lo hi", "y")], {"x": (1, 6)}, "y", limits, opset=11)
    case("clip_low", [node("Clip", "x lo", "y")], {"x": (1, 6)}, "y", {"lo": f32(0.25)}, opset=13)
    case("clip_high", [node("Clip", ["x", "", "hi"], "y")], {"x": (1, 6)}, "y", {"hi": f32(0.25)}, opset=13)
    case("min_max", [node("Min", "x hi", "a"), node("Max", "lo a", "y")], {"x": (1, 6)}, "y", limits)
    for op in ["Add", "Sub", "Mul", "Div"]:
        w = np.array([[0.5], [-2.0], [3.0]], f32)
        case(f"{op.lower()}_const", [node(op, "x w", "y")], {"x": (1, 3, 4)}, "y", {"w": w})
    case("sub_from_const", [node("Sub", "w x", "y")], {"x": (1, 3)}, "y", {"w": f32([1, 2, 3])})
    case("mul_const_first", [node("Mul", "w x", "y")], {"x": (1, 3)}, "y", {"w": f32([1, 2, 3])})
    case("add_inputs", [node("Add", "a b", "s"), node("Mul", "s a", "y"), node("Sub", "y b", "z")], {"a": (1, 2, 3), "b": (1, 1, 3)}, "y z")
    case("sum_three", [node("Sum", "a b w", "y")], {"a": (1, 4), "b": (1, 4)}, "y", {"w": f32([1, 2, 3, 4])})
    case("pow_const", [node("Pow", "x w", "y")], {"x": (1, 6)}, "y", {"w": f32(2)})
    case("pow_int", [node("Pow", "x w", "y")], {"x": (1, 3)}, "y", {"w": i64([1, 2, 3])})
    b = f32([[1, 2, 3], [4, 5, 6]])
    case("add_6_axis", [node("Add", "x b", "y", broadcast=1, axis=1)], {"x": (1, 2, 3, 2)}, "y", {"b": b}, opset=6,
         expect=lambda x: x + b.reshape(2, 3, 1))
    case("mul_6_suffix", [node("Mul", "x b", "y", broadcast=1)], {"x": (1, 2, 3)}, "y", {"b": b}, opset=6, expect=lambda x: x * b)
    case("swish", [node("Sigmoid", "x", "s"), node("Mul", "x s", "y")], {"x": (1, 6)}, "y")
    # Constants in every encoding.
    for t, values in [(np.float16, [0.1, -2.5, 6e-8]), (np.float64, [0.1, -2.5, 1e-3]), (i8, [-128, 3, 127]), (u8, [255, 0, 7]),
                      (np.int16, [-32768, 5, 3]), (np.uint16, [65535, 5, 3]), (i32, [-(2**31), 5, 3]), (np.uint32, [2**32 - 1, 5, 3]),
                      (i64, [-(2**52), 5, 3]), (np.uint64, [2**52, 5, 3]), (np.bool_, [True, False, True])]:
        w = np.array(values, t)
        for raw in [True, False]:
            kind = TYPES.get(np.dtype(t)) or h.np_dtype_to_tensor_dtype(np.dtype(t))
            tensor = h.make_tensor("w", kind, [3], w.tobytes() if raw else w.tolist(), raw=raw)
            case(f"exact_tensor_{np.dtype(t).name}{'_raw' if raw else ''}", [node("Cast", "w", "c", to=T.FLOAT), node("Mul", "x c", "y")],
                 {"x": (3,)}, "y", raw_consts=[tensor], data=[f32([[1, 1, 1], [2, 0.5, 4]])], expect=lambda x: x.astype(np.float64) * w.astype(np.float64))
    bf = h.make_tensor("w", T.BFLOAT16, [3], np.array([0x3f80, 0xc020, 0x4049], np.uint16).tobytes(), raw=True)
    case("exact_tensor_bfloat16", [node("Cast", "w", "c", to=T.FLOAT), node("Mul", "x c", "y")], {"x": (3,)}, "y", raw_consts=[bf],
         data=[f32([[1, 1, 1]])], expect=lambda x: x.astype(np.float64) * np.array([1.0, -2.5, 3.140625]))
    for t, values in [(T.INT4, [-8, 7, -1]), (T.UINT4, [15, 0, 9])]:
        tensor = h.make_tensor("w", t, [3], values)
        case(f"exact_tensor_{'int4' if t == T.INT4 else 'uint4'}", [node("Cast", "w", "c", to=T.FLOAT), node("Mul", "x c", "y")], {"x": (3,)}, "y", opset=21,
             raw_consts=[tensor], data=[f32([[1, 1, 1]])], expect=lambda x: x.astype(np.float64) * np.array(values, np.float64))
    case("cast_int", [node("Cast", "x", "i", to=T.INT32), node("Cast", "i", "y", to=T.FLOAT)], {"x": (1, 6)}, "y")
    case("cast_double", [node("Cast", "x", "d", to=T.DOUBLE), node("Cast", "d", "y", to=T.FLOAT)], {"x": (1, 6)}, "y")
    case("int_input", [node("Cast", "x", "c", to=T.FLOAT), node("Mul", "c w", "y")], {"x": ((1, 6), u8)}, "y", {"w": f32(1 / 256)})


def shapes():
    for axis in [0, 1, 2, 3, -1]:
        unit("Flatten", f"flatten_{axis}".replace("-", "m"), shape=(1, 2, 3), axis=axis)
    for name, target in [("minus", [1, -1]), ("copy", [0, 3, -1]), ("full", [1, 3, 2])]:
        case(f"reshape_{name}", [node("Reshape", "x s", "y")], {"x": (1, 2, 3)} if name != "copy" else {"x": (1, 6)}, "y", {"s": i64(target)})
    unit("Transpose", "transpose", shape=(1, 2, 3))
    unit("Transpose", "transpose_perm", shape=(1, 2, 3, 4), perm=[0, 3, 1, 2])
    unit("Squeeze", "squeeze_attr", opset=11, shape=(1, 2, 1, 3), axes=[2])
    unit("Squeeze", "squeeze_all", opset=13, shape=(1, 2, 1, 3, 1))
    case("squeeze_input", [node("Squeeze", "x a", "y")], {"x": (1, 2, 1, 3)}, "y", {"a": i64([-2])})
    unit("Unsqueeze", "unsqueeze_attr", opset=11, shape=(1, 3), axes=[1, 3])
    case("unsqueeze_input", [node("Unsqueeze", "x a", "y")], {"x": (1, 3)}, "y", {"a": i64([-1, 1])})
    unit("Slice", "slice_attr", opset=9, shape=(1, 5, 4), starts=[1, -3], ends=[4, 1000], axes=[1, 2])
    big = np.iinfo(i64).max
    case("slice_input", [node("Slice", "x s e a t", "y")], {"x": (1, 5, 7)}, "y", {"s": i64([-1, 1]), "e": i64([-big, big]), "a": i64([1, 2]), "t": i64([-2, 3])})
    case("slice_no_axes", [node("Slice", "x s e", "y")], {"x": (4, 5)}, "y", {"s": i64([1, 1]), "e": i64([3, -1])})
    case("gather", [node("Gather", "x i", "y", axis=2)], {"x": (1, 2, 4)}, "y", {"i": i64([[3, -1], [0, 0]])})
    case("gather_one", [node("Gather", "x i", "y", axis=1)], {"x": (1, 4, 2)}, "y", {"i": i64(-1)})
    case("split_attr", [node("Split", "x", "a b c", axis=1, split=[1, 2, 3])], {"x": (1, 6, 2)}, "a b c", opset=11)
    case("split_equal", [node("Split", "x", "a b", axis=-1)], {"x": (1, 6)}, "b a", opset=11)
    case("split_input", [node("Split", "x s", "a b", axis=1)], {"x": (1, 6)}, "a b", {"s": i64([5, 1])})
    case("split_18", [node("Split", "x", "a b c", axis=1, num_outputs=3)], {"x": (1, 7)}, "a b c", opset=18)
    case("concat", [node("Concat", "a w b a", "y", axis=1)], {"a": (1, 2, 2), "b": (1, 1, 2)}, "y", {"w": f32([[[7, 8]]])})
    case("expand", [node("Expand", "x s", "y")], {"x": (1, 3, 1)}, "y", {"s": i64([2, 1, 1, 4])})
    cond = np.array([[True, False, True]])
    case("where", [node("Where", "c x w", "y")], {"x": (1, 2, 3)}, "y", {"c": cond, "w": f32(-7)})
    case("where_inputs", [node("Where", "c a b", "y")], {"a": (1, 3), "b": (1, 3)}, "y", {"c": cond})
    case("dropout_10", [node("Dropout", "x", "y", ratio=0.4)], {"x": (1, 3)}, "y", opset=10)
    case("dropout_13", [node("Dropout", "x r t", "d"), node("Relu", "d", "y")], {"x": (1, 3)}, "y", {"r": f32(0.5), "t": np.array(False)})
    case("two_outputs_of_one", [node("Relu", "x", "r"), node("Identity", "r", "y"), node("Identity", "x", "z")], {"x": (1, 3)}, "r y z")
    # Shape arithmetic as exporters write it.
    case("shape_chain", [node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Unsqueeze", "n", "u", axes=[0]),
                         node("Concat", "u minus", "t", axis=0), node("Reshape", "x t", "y")],
         {"x": (1, 2, 3)}, "y", {"zero": i64(0), "minus": i64([-1])}, opset=11)
    case("shape_arithmetic", [
        node("Shape", "x", "s", start=1), node("Cast", "s", "sf", to=T.FLOAT), node("Mul", "sf half", "m"), node("Floor", "m", "f"),
        node("Cast", "f", "i", to=T.INT64), node("Slice", "i zero one", "j"), node("Sub", "s2 j", "k"), node("Div", "k two", "d"), node("Mul", "d two", "e"),
        node("Concat", "zero e", "starts", axis=0), node("Slice", "x starts ends", "y"), node("Size", "x", "n"),
        node("ReduceProd", "s", "p", keepdims=0), node("Equal", "n p", "q"), node("Where", "q x negative", "z")],
        {"x": (1, 9, 2)}, "y z", {"half": f32(0.5), "zero": i64([0]), "one": i64([1]), "two": i64([2]), "s2": i64([7]),
                                  "ends": i64([1, big]), "negative": f32(-1)}, opset=15)
    case("range_mask", [node("Range", "a b c", "r"), node("Mod", "r three", "m"), node("Equal", "m zero", "e"), node("Not", "e", "n"),
                        node("Less", "r five", "l"), node("And", "n l", "k"), node("Where", "k x w", "y")],
         {"x": (1, 8)}, "y", {"a": i64(0), "b": i64(8), "c": i64(1), "three": i64(3), "zero": i64(0), "five": i64(5), "w": f32(0)})
    fill = h.make_tensor("v", T.FLOAT, [1], [2.5])
    case("constant_of_shape", [node("Shape", "x", "s"), node("ConstantOfShape", "s", "c", value=fill), node("Add", "x c", "y")], {"x": (1, 3)}, "y")
    case("constants", [node("Constant", [], "a", value_float=1.5), node("Constant", [], "b", value_floats=[1.0, 2.0, 3.0]), node("Constant", [], "c", value_ints=[3, 1]),
                       node("Constant", [], "d", value=h.make_tensor("t", T.FLOAT, [1, 3], [1, 2, 4])), node("Constant", [], "e", value_int=1),
                       node("Mul", "x a", "p"), node("Add", "p b", "q"), node("Div", "q d", "r"), node("Reshape", "r c", "t"), node("Gather", "t e", "y")],
         {"x": (1, 3)}, "y")
    case("fold_floats", [node("Sqrt", "v", "s"), node("Reciprocal", "s", "r"), node("Exp", "v", "e"), node("Log", "e", "l"), node("Mul", "x r", "a"), node("Add", "a l", "y")],
         {"x": (1, 3)}, "y", {"v": f32([0.25, 2, 9])})
    w = f32(np.arange(6).reshape(2, 3))
    case("fold_matmul", [node("Transpose", "w", "t"), node("MatMul", "w t", "p"), node("ReduceSum", "p", "s", keepdims=1), node("Softmax", "p", "m", axis=1),
                         node("MatMul", "x m", "q"), node("Mul", "q s", "y")], {"x": (1, 2)}, "y", {"w": w})


def linear():
    rng = np.random.default_rng(1)
    w, c = rng.normal(size=(4, 3)).astype(f32), rng.normal(size=3).astype(f32)
    case("matmul", [node("MatMul", "x w", "y")], {"x": (1, 4)}, "y", {"w": w})
    case("matmul_left", [node("MatMul", "w x", "y")], {"x": (3, 2)}, "y", {"w": w})
    case("matmul_vector", [node("MatMul", "x w", "y")], {"x": (4,)}, "y", {"w": w})
    case("matmul_batched", [node("MatMul", "x w", "y")], {"x": (1, 2, 5, 4)}, "y", {"w": rng.normal(size=(2, 4, 3)).astype(f32)})
    case("matmul_inputs", [node("MatMul", "a b", "y")], {"a": (1, 2, 3), "b": (1, 3, 2)}, "y")
    case("gemm", [node("Gemm", "x w c", "y")], {"x": (1, 4)}, "y", {"w": w, "c": c})
    case("gemm_no_c", [node("Gemm", "x w", "y", transB=1, alpha=0.3)], {"x": (1, 3)}, "y", {"w": w}, opset=11)
    case("gemm_all", [node("Gemm", "x w c", "y", transA=1, transB=1, alpha=0.5, beta=-2.0)], {"x": (3, 1)}, "y", {"w": w, "c": f32(0.75)})
    case("gemm_6", [node("Gemm", "x w c", "y", transB=1, broadcast=1, beta=0.5)], {"x": (1, 3)}, "y", {"w": w, "c": f32([1, 2, 3, 4])}, opset=6,
         expect=lambda x: x @ w.T + 0.5 * f32([1, 2, 3, 4]))
    for rank, shape in [(2, (1, 3)), (3, (1, 3, 4)), (4, (1, 3, 2, 2))]:
        p = {"s": f32([1.5, -0.5, 1e-3]), "b": f32([0.1, 0.2, -0.3]), "m": f32([1, 2, -3]), "v": f32([0.5, 2, 1e-6])}
        case(f"batchnorm_{rank}", [node("BatchNormalization", "x s b m v", "y", epsilon=1e-3)], {"x": shape}, "y", p, opset=9 if rank == 3 else 15)
    mean, var = p["m"].reshape(3, 1).astype(np.float64), p["v"].reshape(3, 1).astype(np.float64)
    case("batchnorm_6", [node("BatchNormalization", "x s b m v", "y", is_test=1, spatial=1)], {"x": (1, 3, 2)}, "y", p, opset=6,
         expect=lambda x: (x - mean) / np.sqrt(var + np.float64(f32(1e-5))) * p["s"].reshape(3, 1) + p["b"].reshape(3, 1))
    a8 = rng.integers(0, 255, (1, 4)).astype(u8)
    b8 = rng.integers(-127, 127, (4, 3)).astype(i8)
    case("matmul_integer", [node("MatMulInteger", "x w az bz", "i"), node("Cast", "i", "y", to=T.FLOAT)], {"x": ((1, 4), u8)}, "y",
         {"w": b8, "az": u8(7), "bz": i8([0, -3, 5])})
    case("matmul_integer_plain", [node("MatMulInteger", "x w", "i"), node("Cast", "i", "f", to=T.FLOAT), node("Mul", "f s", "y")], {"x": ((1, 4), u8)}, "y",
         {"w": b8, "s": f32(0.01)})
    case("qlinear_matmul", [node("QuantizeLinear", "x xs xz", "q"), node("QLinearMatMul", "q xs xz w ws wz ys yz", "p"), node("DequantizeLinear", "p ys yz", "y")],
         {"x": (1, 4)}, "y", {"xs": f32(0.02), "xz": u8(128), "w": b8, "ws": f32(0.01), "wz": i8(0), "ys": f32(0.05), "yz": u8(120)})


def quantisers():
    one = {"s": f32(0.25), "z": f32(0), "b": f32(4)}
    grid = np.arange(-80, 81, dtype=f32).reshape(1, 161) / 32
    modes = ["ROUND", "HALF_EVEN", "HALF_UP", "HALF_DOWN", "CEIL", "FLOOR", "UP", "DOWN", "round"]
    for mode in modes:
        case(f"quant_{mode.lower()}{'_lower' if mode == 'round' else ''}", [quant("x s z b", "y", rounding_mode=mode)], {"x": (161,)}, "y", one, data=[grid])
        case(f"fold_quant_{mode.lower()}{'_lower' if mode == 'round' else ''}", [quant("w s z b", "q", rounding_mode=mode), node("Add", "x q", "y")], {"x": (161,)}, "y",
             one | {"w": grid[0]}, data=[np.zeros((1, 161), f32)])
    for signed in [0, 1]:
        for narrow in [0, 1]:
            for bits in [2, 3, 8]:
                case(f"quant_s{signed}n{narrow}b{bits}", [quant("x s z b", "y", signed, narrow)], {"x": (161,)}, "y",
                     {"s": f32(0.0625), "z": f32(0), "b": f32(bits)}, data=[grid])
    case("quant_bit_signed", [quant("x s z b", "y", 1, 0)], {"x": (161,)}, "y", {"s": f32(0.5), "z": f32(0), "b": f32(1)}, data=[grid])
    case("quant_bit_unsigned", [quant("x s z b", "y", 0, 0)], {"x": (161,)}, "y", {"s": f32(0.5), "z": f32(0), "b": f32(1)}, data=[grid])
    case("quant_zero_point", [quant("x s z b", "y", 0, 0)], {"x": (161,)}, "y", {"s": f32(0.25), "z": f32(3), "b": f32(4)}, data=[grid])
    case("quant_ints", [quant("x s z b", "y", op="IntQuant")], {"x": (161,)}, "y", {"s": f32(0.25), "z": i64(0), "b": i64(5)}, data=[grid])
    channels = {"s": f32([[0.1], [0.033], [0.7]]), "z": f32([[0], [1], [-2]]), "b": f32(5)}
    case("quant_channels", [quant("x s z b", "y")], {"x": (1, 3, 20)}, "y", channels)
    w = np.random.default_rng(3).normal(size=(3, 20)).astype(f32)
    case("fold_quant_channels", [quant("w s z b", "q", 1, 1), node("Transpose", "q", "t"), node("MatMul", "x t", "y")], {"x": (1, 20)}, "y", channels | {"w": w, "z": f32(0)})
    case("quant_one_element", [quant("x s z b", "y")], {"x": (1, 6)}, "y", {"s": f32([0.1]), "z": f32([0]), "b": f32([4])})
    for domain in ["onnx.brevitas", "finn.custom_op.general", GENERAL]:
        case(f"domain_{domain.replace('.', '_')}", [quant("x s z b", "q"), node("BipolarQuant", "q s", "y", GENERAL)], {"x": (1, 6)}, "q y", one, domain=domain, listed=domain == GENERAL)
    case("bipolar", [node("BipolarQuant", "x s", "y", GENERAL)], {"x": (5,)}, "y", {"s": f32(0.3)}, data=[f32([[-1, -0.0, 0, 1e-30, 2]])])
    case("bipolar_channels", [node("BipolarQuant", "w s", "q", GENERAL), node("MatMul", "x q", "y")], {"x": (1, 3)}, "y", {"w": f32([[1, -1], [0, -2], [-3, 4]]), "s": f32([[0.3, 0.7]])})
    # Trunc: on the grid of the input's scale.
    for mode in ["FLOOR", "ROUND", "CEIL", "HALF_UP"]:
        case(f"trunc1_{mode.lower()}", [node("Trunc", "x s z a b", "y", GENERAL, rounding_mode=mode)], {"x": (81,)}, "y",
             {"s": f32(0.125), "z": f32(0), "a": f32(8), "b": f32(6)}, data=[np.arange(-40, 41, dtype=f32).reshape(1, 81) / 8])
        case(f"trunc2_{mode.lower()}", [node("Trunc", "x s z a t b", "y", GENERAL, rounding_mode=mode, narrow=0, signed=1)], {"x": (81,)}, "y",
             {"s": f32(0.125), "z": f32(0), "a": f32(8), "t": f32(0.5), "b": f32(4)}, general=2, data=[np.arange(-40, 41, dtype=f32).reshape(1, 81) / 8])
    case("trunc1_zero_point", [node("Trunc", "x s z a b", "y", GENERAL, rounding_mode="FLOOR")], {"x": (81,)}, "y",
         {"s": f32(0.125), "z": f32(3), "a": f32(8), "b": f32(6)}, data=[np.arange(-40, 41, dtype=f32).reshape(1, 81) / 8])
    # Thresholds.
    t3 = np.sort(np.random.default_rng(5).normal(size=(3, 7)).astype(f32), axis=1)
    at = lambda op, **a: [node("MultiThreshold", "x t", "y", GENERAL, out_dtype="INT4", **a)]
    case("threshold", at(""), {"x": (1, 3)}, "y", {"t": t3})
    case("threshold_scaled", at("", out_scale=0.5, out_bias=-1.75), {"x": (1, 3)}, "y", {"t": t3})
    case("threshold_one", at(""), {"x": (1, 4)}, "y", {"t": t3[:1]})
    case("threshold_equal", at(""), {"x": (1, 3)}, "y", {"t": f32([[0, 1, 1, 2]] * 3)}, data=[f32([[[0, 1, 2]], [[-1, 0.5, 3]]])])
    case("threshold_unsorted", at(""), {"x": (1, 3)}, "y", {"t": t3[:, ::-1].copy()})
    case("threshold_nchw", at("", data_layout="NCHW"), {"x": (1, 3, 2, 2)}, "y", {"t": t3})
    case("threshold_nhwc", at("", data_layout="NHWC"), {"x": (1, 2, 2, 3)}, "y", {"t": t3})
    case("threshold_rank3", at(""), {"x": (1, 4, 3)}, "y", {"t": t3})


def standard_quantisers():
    def pair(name, scale, zero, shape=(1, 3, 5), opset=13, expect=None, data=None, **attrs):
        dequantise = {k: v for k, v in attrs.items() if k == "axis"}
        case(name, [node("QuantizeLinear", "x s z", "q", **attrs), node("DequantizeLinear", "q s z", "y", **dequantise), node("Cast", "q", "i", to=T.FLOAT)],
             {"x": shape}, "y i", {"s": scale, "z": zero}, opset=opset, expect=expect, data=data)

    pair("qdq_10", f32(0.02), u8(128), opset=10)
    pair("qdq_int8", f32(0.02), i8(0))
    pair("qdq_odd", f32(0.02), i8(-3))
    pair("qdq_axis", f32([0.02, 0.1, 0.005]), u8([0, 10, 131]), axis=1)
    pair("qdq_axis_even", f32([0.02, 0.1, 0.005]), u8([0, 10, 130]), axis=-2)
    pair("qdq_int16", f32(0.001), np.int16(0), opset=21)
    ties = (np.arange(-40, 41, dtype=f32) / 8).reshape(1, 81)
    pair("qdq_ties_even", f32(0.25), i8(4), shape=(81,), data=[ties])
    pair("qdq_ties_odd", f32(0.25), i8(5), shape=(81,), data=[ties])
    case("qdq_no_zero", [node("QuantizeLinear", "x s", "q"), node("DequantizeLinear", "q s", "y")], {"x": (1, 5)}, "y", {"s": f32(0.01)})
    case("qdq_output_dtype", [node("QuantizeLinear", "x s", "q", output_dtype=T.INT8), node("DequantizeLinear", "q s", "y")], {"x": (1, 5)}, "y", {"s": f32(0.05)}, opset=21)
    case("qdq_other_scale", [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q t z", "y")], {"x": (1, 5)}, "y", {"s": f32(0.05), "t": f32(0.1), "z": i8(2)})
    # Fewer bits than a type has: the integers are clipped in between.
    for name, lo, hi, zero in [("signed", -8, 7, i8(0)), ("narrow", -7, 7, i8(0)), ("unsigned", 0, 15, u8(0)), ("zero_point", 0, 15, u8(6)), ("odd", 0, 15, u8(5)), ("other", -5, 6, i8(0))]:
        t = zero.dtype.type
        case(f"qcdq_{name}", [node("QuantizeLinear", "x s z", "q"), node("Clip", "q lo hi", "c"), node("DequantizeLinear", "c s z", "y")], {"x": (1, 40)}, "y",
             {"s": f32(0.25), "z": zero, "lo": t(lo), "hi": t(hi)})
    w8 = np.random.default_rng(7).integers(-127, 127, (3, 4)).astype(i8)
    case("dq_weights", [node("DequantizeLinear", "w ws wz", "f", axis=0), node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "a"), node("Gemm", "a f c", "g", transB=1),
                        node("Relu", "g", "r"), node("QuantizeLinear", "r t u", "p"), node("DequantizeLinear", "p t u", "y")],
         {"x": (1, 4)}, "y", {"w": w8, "ws": f32([0.01, 0.02, 0.007]), "wz": i8([0, 0, 0]), "s": f32(0.03), "z": i8(2), "c": f32([0.1, 0.2, -0.3]), "t": f32(0.05), "u": u8(0)})
    bias = np.array([1000, -2000, 30], i32)
    case("dq_bias", [node("DequantizeLinear", "b s", "f"), node("Add", "x f", "y")], {"x": (1, 3)}, "y", {"b": bias, "s": f32(0.001)})
    case("q_weights", [node("QuantizeLinear", "w s z", "q"), node("DequantizeLinear", "q s z", "f"), node("MatMul", "x f", "y")], {"x": (1, 3)}, "y",
         {"w": np.random.default_rng(8).normal(size=(3, 4)).astype(f32), "s": f32(0.02), "z": i8(3)})


def decisions():
    for op in ["ReduceSum", "ReduceMean", "ReduceMax"]:
        for keep in [0, 1]:
            unit(op, f"{op.lower()}_11_{keep}", opset=11, shape=(1, 3, 4), axes=[-1], keepdims=keep)
        unit(op, f"{op.lower()}_two", opset=11, shape=(1, 3, 4), axes=[2, 1], keepdims=0)
        unit(op, f"{op.lower()}_all", opset=11, shape=(1, 3, 4))
        case(f"{op.lower()}_18", [node(op, "x a", "y", keepdims=0)], {"x": (1, 3, 4)}, "y", {"a": i64([1])}, opset=18)
    case("reducesum_noop", [node("ReduceSum", "x a", "y", noop_with_empty_axes=1)], {"x": (1, 3)}, "y", {"a": np.zeros(0, i64)})
    for opset in [9, 13]:
        for axis in [1, 2, -1]:
            unit("Softmax", f"softmax_{opset}_{axis}".replace("-", "m"), opset=opset, shape=(1, 3, 4), axis=axis)
        unit("Softmax", f"softmax_{opset}_default", opset=opset, shape=(1, 3, 4))
    ties = f32([[[1, 3, 3, 2]], [[5, 5, 5, 5]], [[-1, -2, -3, -1]]])
    case("argmax_default", [node("ArgMax", "x", "y", axis=1)], {"x": (1, 4)}, "y", data=[ties])
    case("argmax_last", [node("ArgMax", "x", "y", axis=-1, keepdims=0, select_last_index=1)], {"x": (1, 4)}, "y", data=[ties])
    case("argmin", [node("ArgMin", "x", "y", axis=1, keepdims=0)], {"x": (1, 4)}, "y", data=[ties])
    unit("ArgMax", "argmax_middle", shape=(1, 3, 4), axis=1, keepdims=0)
    case("topk_9", [node("TopK", "x", "v i", k=2, axis=1)], {"x": (1, 5)}, "i", opset=9)
    case("topk_11", [node("TopK", "x k", "v i", axis=-1)], {"x": (1, 3, 5)}, "i", {"k": i64([3])}, opset=11)
    case("topk_one", [node("TopK", "x k", "v i")], {"x": (1, 5)}, "v i", {"k": i64([1])}, opset=11)
    case("topk_least", [node("TopK", "x k", "v i", largest=0)], {"x": (1, 5)}, "v i", {"k": i64([1])}, opset=11)
    case("topk_ties", [node("TopK", "x k", "v i")], {"x": (1, 4)}, "i", {"k": i64([2])}, opset=11, data=[ties])


def files():
    rng = np.random.default_rng(9)
    w, c = rng.normal(size=(6, 3)).astype(f32), rng.normal(size=3).astype(f32)
    layers = [node("Reshape", "x t", "f"), node("MatMul", "f w", "m"), node("Add", "m c", "a"), node("Relu", "a", "y")]
    consts = {"w": w, "c": c}
    case("batch_foreign", layers, {"x": (8, 2, 3)}, "y", consts | {"t": i64([8, 6])}, many=8)
    case("batch_foreign_minus", layers, {"x": (4, 2, 3)}, "y", consts | {"t": i64([4, -1])}, many=4)
    case("batch_foreign_no_output_shape", layers, {"x": (8, 2, 3)}, "y", consts | {"t": i64([8, 6])}, many=8, out_shapes="none")
    case("batch_symbol", layers, {"x": ("N", 2, 3)}, "y", consts | {"t": i64([-1, 6])}, many=3)
    merge = [node("Reshape", "x t", "f"), node("MatMul", "f w", "m"), node("Reshape", "m u", "y")]
    case("batch_merged", merge, {"x": (4, 5, 6)}, "y", {"w": w, "t": i64([20, 6]), "u": i64([4, 15])}, many=4)
    case("batch_squeeze", [node("Squeeze", "x", "f"), node("MatMul", "f w", "y")], {"x": (4, 6, 1)}, "y", {"w": w}, many=4)
    case("batch_none", [node("MatMul", "x w", "m"), node("ReduceMax", "m", "y", axes=[0], keepdims=0)], {"x": (5, 6)}, "y", {"w": w})

    def as_inputs(model):
        model.graph.input.extend(h.make_tensor_value_info(t.name, t.data_type, t.dims) for t in model.graph.initializer)

    case("initialisers_as_inputs", layers, {"x": (1, 2, 3)}, "y", consts | {"t": i64([1, 6])}, tweak=as_inputs)

    def twice(model):
        model.opset_import.insert(0, h.make_opsetid("", 9))

    case("opset_twice", layers, {"x": (1, 2, 3)}, "y", consts | {"t": i64([1, 6])}, tweak=twice)

    def reverse(model):
        nodes = list(model.graph.node)[::-1]
        del model.graph.node[:]
        model.graph.node.extend(nodes)

    case("out_of_order", layers, {"x": (1, 2, 3)}, "y", consts | {"t": i64([1, 6])}, tweak=reverse)

    def extras(model):
        model.graph.initializer.append(numpy_helper.from_array(w, "unused"))
        model.graph.node.append(node("Conv", "x unused", "dead"))
        for n in model.graph.node:
            n.name = "same"

    case("unused_parts", layers, {"x": (1, 2, 3)}, "y", consts | {"t": i64([1, 6])}, tweak=extras)
    case("several", [node("MatMul", "a w", "p"), node("Add", "p b", "s"), node("Relu", "s", "y"), node("Sigmoid", "p", "z"), node("ArgMax", "s", "k", axis=1)],
         {"a": (1, 6), "b": (1, 3)}, "z y k", {"w": w})
    case("shared_weights", [node("MatMul", "x w", "p"), node("MatMul", "p v", "q"), node("MatMul", "q w", "y")], {"x": (1, 6)}, "y", {"w": w, "v": w.T.copy()})


def rounded(q, mode):
    floor, half = math.floor(q), Fraction(1, 2)
    if mode == "ROUND":
        return round(q)
    if mode == "HALF_UP":
        return int(math.copysign(1, q)) * math.floor(abs(q) + half)
    if mode == "HALF_DOWN":
        return int(math.copysign(1, q)) * math.ceil(abs(q) - half)
    return {"CEIL": math.ceil(q), "FLOOR": floor, "UP": int(math.copysign(1, q)) * math.ceil(abs(q)), "DOWN": math.trunc(q)}[mode]


def exact():
    """Weights at and beside a tie of float32 scales, where only exact arithmetic decides rightly."""
    rng = np.random.default_rng(11)
    for mode in ["ROUND", "HALF_UP", "HALF_DOWN", "CEIL", "FLOOR", "UP", "DOWN"]:
        scales = rng.uniform(0.001, 0.1, 8).astype(f32)
        # Scales with few digits make true ties.
        scales[:4] = f32(rng.integers(1, 4096, 4)) / f32(2**16)
        halves = rng.integers(-30, 30, (8, 24))
        w = (np.float64(scales)[:, None] * halves / 2).astype(f32)
        w[:, ::3] = np.nextafter(w[:, ::3], f32(np.inf))
        w[:, 1::3] = np.nextafter(w[:, 1::3], f32(-np.inf))
        zero = 3
        want = np.zeros(w.shape)
        for i, k in np.ndindex(*w.shape):
            s = Fraction(float(scales[i]))
            q = max(-8, min(7, rounded(Fraction(float(w[i, k])) / s + zero, mode)))
            want[i, k] = float((q - zero) * s)
        case(f"exact_quant_{mode.lower()}", [quant("w s z b", "q", rounding_mode=mode), node("Mul", "x q", "y")], {"x": (1, 8, 24)}, "y",
             {"w": w, "s": scales.reshape(8, 1), "z": f32(zero), "b": f32(4)}, data=[np.ones((1, 1, 8, 24), f32)], expect=lambda x: want)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for group in [elementwise, shapes, linear, quantisers, standard_quantisers, decisions, files, exact]:
        group()
    print(f"{len(made)} cases, {sum(f.stat().st_size for f in OUT.iterdir()) // 1024} KiB")
