"""A network of neurons with few inputs of few bits, as LogicNets trains them, and what the qonnx package computes of it.

Each neuron reads some elements of the layer before it, with weights of `--weight-bits` bits; a normalisation and a quantiser of
`--bits` bits follow (of one bit: the sign), but for the last layer. All numbers are random. Needs numpy, onnx and qonnx
(requirements.txt). Usage: sparse.py OUT_FOLDER [options]; writes model.onnx, inputs.npy and outputs.npy.
"""

import argparse
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
args.add_argument("out", type=pathlib.Path)
args.add_argument("--sizes", type=int, nargs="+", default=[16, 64, 32, 5])
args.add_argument("--fan-in", type=int, default=3)
args.add_argument("--bits", type=int, default=2)
args.add_argument("--weight-bits", type=int, default=6)
args.add_argument("--samples", type=int, default=500)
args.add_argument("--seed", type=int, default=1)
args = args.parse_args()
rng = np.random.default_rng(args.seed)
f32 = np.float32
nodes, constants = [], []


def constant(name, value):
    constants.append(numpy_helper.from_array(np.asarray(value, f32), name))
    return name


def quantised(name, x, scale, bits, signed):
    if bits == 1:
        nodes.append(helper.make_node("BipolarQuant", [x, constant(f"{name}_scale", scale)], [name], name=name, domain="qonnx.custom_op.general"))
    else:
        inputs = [x, constant(f"{name}_scale", scale), constant(f"{name}_zero", 0), constant(f"{name}_bits", bits)]
        nodes.append(helper.make_node("Quant", inputs, [name], name=name, domain="qonnx.custom_op.general", signed=signed, narrow=0, rounding_mode="ROUND"))
    return name


x = quantised("x", "input", 0.5, args.bits, 1)
for n, (cols, rows) in enumerate(zip(args.sizes, args.sizes[1:])):
    weights = np.zeros((cols, rows), f32)
    for row in range(rows):
        read = rng.choice(cols, args.fan_in, replace=False)
        most = 2 ** (args.weight_bits - 1) - 1
        values = rng.integers(1, most, args.fan_in, endpoint=True) * rng.choice([-1, 1], args.fan_in)
        weights[read, row] = values / 2 ** (args.weight_bits - 1)
    nodes.append(helper.make_node("MatMul", [x, constant(f"w{n}", weights)], [f"fc{n}"], name=f"fc{n}"))
    x = f"fc{n}"
    if n < len(args.sizes) - 2:
        # As a batch normalisation that has been folded.
        nodes.append(helper.make_node("Mul", [x, constant(f"g{n}", rng.uniform(0.5, 2, rows))], [f"norm{n}"], name=f"norm{n}"))
        nodes.append(helper.make_node("Add", [f"norm{n}", constant(f"b{n}", rng.uniform(-0.3, 0.5, rows))], [f"bias{n}"], name=f"bias{n}"))
        x = quantised(f"act{n}", f"bias{n}", 0.4, args.bits, 0)
nodes[-1].output[0] = "output"
io = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
graph = helper.make_graph(nodes, "sparse", [io("input", args.sizes[0])], [io("output", args.sizes[-1])], constants)
opsets = [helper.make_opsetid("", 13), helper.make_opsetid("qonnx.custom_op.general", 1)]
model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="sparse.py")
args.out.mkdir(parents=True, exist_ok=True)
onnx.save(model, args.out / "model.onnx")
wrapper = ModelWrapper(model).transform(InferShapes())
inputs = rng.normal(0, 0.7, (args.samples, args.sizes[0])).astype(f32)
outputs = np.concatenate([execute_onnx(wrapper, {"input": x[None]})["output"] for x in inputs])
np.save(args.out / "inputs.npy", inputs)
np.save(args.out / "outputs.npy", outputs.astype(f32))
