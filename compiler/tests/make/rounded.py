"""Outputs of a model for inputs that are rounded to a fixed-point type first, by the qonnx package, one sample at a time.

The stored inputs are rounded to the nearest value (half to even) and clipped to the type. Needs numpy, onnx, onnxruntime and qonnx.
Usage: rounded.py MODEL_FOLDER BITS INTEGER_BITS OUT.npy   (both with the sign, as in fixed<8,4>)
"""

import sys

import numpy as np
import onnx
import qonnx.core.onnx_exec as execution
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_shapes import InferShapes

folder, bits, whole, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
model = ModelWrapper(onnx.load(f"{folder}/model.onnx")).transform(InferShapes())
inputs = np.load(f"{folder}/inputs.npy").astype(np.float64)
step = 2.0 ** (whole - bits)
rounded = np.clip(np.round(inputs / step), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) * step
name, result = model.graph.input[0].name, model.graph.output[0].name
run = lambda x: execution.execute_onnx(model, {name: x[None].astype(np.float32)})[result][0]
np.save(out, np.stack([run(x) for x in rounded]).astype(np.float32))
