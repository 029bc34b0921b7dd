"""Samples per second of onnxruntime and numpy, in float32 on one thread, on the stored inputs of a model: FOLDER as argument.

QONNX's quantisers become standard operators: those of constants are computed beforehand, the others are Div, Clip, Round and Mul.
The outputs are compared with the stored ones first. Prints the rate of onnxruntime and that of numpy."""

import os
import sys
import time
from pathlib import Path

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

SECONDS = 1.0


def quantised(x, scale, zero, bits, signed, narrow):
    """`Quant`, rounding half to even."""
    lo = -(2.0 ** (bits - 1)) + narrow if signed else 0.0
    hi = 2.0 ** (bits - 1) - 1 if signed else 2.0**bits - 1 - narrow
    return (np.round(np.clip(x / scale + zero, lo, hi)) - zero) * scale, np.float32(lo), np.float32(hi)


def standard(model):
    """The model in standard operators, with any number of samples at once."""
    graph = model.graph
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    nodes = []

    def add(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(value, name):
        constants[name] = np.asarray(value, np.float32)
        return name

    for node in graph.node:
        out = node.output[0]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        known = all(name in constants for name in node.input)
        values = [constants.get(name) for name in node.input]
        if node.op_type == "Quant":
            assert attributes.get("rounding_mode", b"ROUND") == b"ROUND"
            scale, zero, bits = (np.asarray(v, np.float32) for v in values[1:])
            x = np.float32(0) if values[0] is None else values[0]
            y, lo, hi = quantised(x, scale, zero, float(bits), attributes["signed"], attributes["narrow"])
            if known:
                constant(y, out)
                continue
            assert not zero.any()
            names = [constant(v, f"{out}_{k}") for k, v in [("scale", scale), ("lo", lo), ("hi", hi)]]
            x = add("Div", [node.input[0], names[0]], out + "_divided")
            x = add("Clip", [x, names[1], names[2]], out + "_clipped")
            add("Mul", [add("Round", [x], out + "_rounded"), names[0]], out)
        elif node.op_type == "BipolarQuant":
            scale = np.asarray(values[1], np.float32)
            if known:
                constant(np.where(values[0] >= 0, scale, -scale), out)
                continue
            names = [constant(v, f"{out}_{k}") for k, v in [("zero", 0), ("plus", scale), ("minus", -scale)]]
            below = add("Less", [node.input[0], names[0]], out + "_below")
            add("Where", [below, names[2], names[1]], out)
        elif node.op_type == "Transpose" and known:
            constant(np.transpose(values[0], attributes.get("perm")), out)
        else:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    # Weights may be listed as inputs too.
    inputs = [i for i in graph.input if i.name not in constants]
    outputs = list(graph.output)
    for info in inputs + outputs:
        info.type.tensor_type.shape.dim[0].dim_param = "samples"
    tensors = [numpy_helper.from_array(np.array(v, order="C"), k) for k, v in constants.items() if k in used]
    new = helper.make_graph(nodes, graph.name, inputs, outputs, tensors)
    # Round and Clip with operands came with opset 11.
    opset = max(11, max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx")))
    return helper.make_model(new, opset_imports=[helper.make_opsetid("", opset)], ir_version=max(model.ir_version, 8))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gemm(x, w, c, transB=0, alpha=1.0, beta=1.0, **_):
    assert alpha == beta == 1.0
    return x @ (w.T if transB else w) + c


OPERATORS = {
    "Add": lambda x, y: x + y,
    "Sub": lambda x, y: x - y,
    "Mul": lambda x, y: x * y,
    "Div": lambda x, y: x / y,
    "Pow": lambda x, y: np.power(x, y),
    "Less": lambda x, y: x < y,
    "Where": np.where,
    "MatMul": lambda x, y: x @ y,
    "Gemm": gemm,
    "Relu": lambda x: np.maximum(x, np.float32(0)),
    "Round": np.round,
    "Clip": np.clip,
    "Softmax": lambda x, **_: softmax(x),
    "Flatten": lambda x, axis=1: x.reshape(int(np.prod(x.shape[:axis])), -1),
    "Reshape": lambda x, shape, **_: x.reshape(shape),
    "Shape": lambda x: np.array(x.shape),
    "Gather": lambda x, k, axis=0: np.take(x, k, axis),
    "Unsqueeze": lambda x, axes: np.expand_dims(x, tuple(axes)),
    "Concat": lambda *x, axis: np.concatenate([np.atleast_1d(v) for v in x], axis),
    "Transpose": lambda x, perm=None: np.transpose(x, perm),
    "ReduceSum": lambda x, axes, keepdims=1, **_: x.sum(tuple(axes), keepdims=bool(keepdims)),
    "BatchNormalization": lambda x, g, b, m, v, epsilon=1e-5, **_: (x - m) * (g / np.sqrt(v + np.float32(epsilon))) + b,
}


def numpy_runner(model):
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    steps = []
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        steps.append((OPERATORS[node.op_type], list(node.input), node.output[0], attributes))
    first, last = model.graph.input[0].name, model.graph.output[0].name

    def run(x):
        values = {**constants, first: x}
        for operator, inputs, output, attributes in steps:
            values[output] = operator(*(values[name] for name in inputs), **attributes)
        return values[last]

    return run


def rate(run, x):
    start, best = time.perf_counter(), float("inf")
    while time.perf_counter() - start < SECONDS:
        before = time.perf_counter()
        run(x)
        best = min(best, time.perf_counter() - before)
    return len(x) / best


def main():
    folder = Path(sys.argv[1])
    model = standard(onnx.load(folder / "model.onnx"))
    x = np.load(folder / "inputs.npy").astype(np.float32)
    wanted = np.load(folder / "outputs.npy")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name = model.graph.input[0].name
    x = x.reshape(len(x), *(d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]))
    rates = []
    for run in [lambda x: session.run(None, {name: x})[0], numpy_runner(model)]:
        found = run(x).reshape(wanted.shape)
        difference = np.abs(found - wanted).max()
        assert difference <= 1e-5 * np.abs(wanted).max(), f"{folder.name}: outputs differ by {difference}"
        rates.append(rate(run, x))
    print(*(f"{r:.0f}" for r in rates))


main()
