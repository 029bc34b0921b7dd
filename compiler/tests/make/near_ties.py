"""Counts the values of a model's stored inputs that come within 1/10000 of a step of a rounding boundary.

An evaluation of the QONNX graph in float64 by numpy, apart from the Rust code; `models.rs` holds its counts.
Needs numpy and onnx. Usage: near_ties.py MODEL_FOLDER...
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

NEAR = 1e-4


def constant(tensor):
    array = numpy_helper.to_array(tensor)
    return array if array.dtype == np.int64 else array.astype(np.float64)


def near_ties(folder):
    graph = onnx.load(f"{folder}/model.onnx").graph
    values = {tensor.name: constant(tensor) for tensor in graph.initializer}
    constants = set(values)
    inputs = np.load(f"{folder}/inputs.npy").astype(np.float64)
    values[next(i.name for i in graph.input if i.name not in values)] = inputs
    count = 0
    for node in graph.node:
        x, *rest = [values[name] for name in node.input] or [None]
        said = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        activation = any(name not in constants for name in node.input)
        match node.op_type:
            case "Quant":
                scale, zero, bits = rest
                signed, narrow = said.get("signed", 1), said.get("narrow", 0)
                least = -(2.0 ** (bits - 1)) + narrow if signed else 0.0
                greatest = 2.0 ** (bits - 1) - 1 if signed else 2.0**bits - 1 - narrow
                clipped = np.clip(x / scale + zero, least, greatest)
                if activation:
                    count += np.count_nonzero(np.abs(clipped - np.floor(clipped) - 0.5) < NEAR)
                y = (np.round(clipped) - zero) * scale
            case "BipolarQuant":
                if activation:
                    # It has no step of its own: that of the sum before it, channel by channel.
                    gaps = np.diff(np.sort(x, axis=0), axis=0)
                    step = np.where(gaps > 1e-9 * np.abs(x).max(), gaps, np.inf).min(axis=0)
                    count += np.count_nonzero(np.abs(x) < NEAR * np.where(np.isinf(step), 0, step))
                y = np.where(x >= 0, 1.0, -1.0) * rest[0]
            case "MatMul":
                y = x @ rest[0]
            case "Gemm":
                y = x @ (rest[0].T if said.get("transB", 0) else rest[0]) + rest[1]
            case "Add":
                y = x + rest[0]
            case "Sub":
                y = x - rest[0]
            case "Mul":
                y = x * rest[0]
            case "Div":
                y = x / rest[0]
            case "Pow":
                y = x ** rest[0]
            case "Sqrt":
                y = np.sqrt(x)
            case "Relu":
                y = np.maximum(x, 0)
            case "Flatten" | "Reshape":
                y = x.reshape(len(inputs), -1)
            case "Transpose":
                y = np.transpose(x, said.get("perm"))
            case "BatchNormalization":
                scale, bias, mean, variance = rest
                y = (x - mean) / np.sqrt(variance + said.get("epsilon", 1e-5)) * scale + bias
            case "ReduceSum":
                axes = rest[0] if rest else said["axes"]
                y = x.sum(axis=tuple(int(a) for a in axes), keepdims=bool(said.get("keepdims", 1)))
            case "Softmax":
                y = x
            case "Constant":
                y = numpy_helper.to_array(said["value"])
            case "Shape" | "Gather" | "Unsqueeze" | "Concat":
                y, activation = None, False  # Of the shape that a Reshape gets, which flattens.
            case other:
                raise SystemExit(f"{folder}: {other} is not known here")
        values[node.output[0]] = y
        if not activation:
            constants.add(node.output[0])
    return count


for folder in sys.argv[1:]:
    print(folder, near_ties(folder))
