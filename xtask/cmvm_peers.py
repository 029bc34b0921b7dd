"""Constant products of the peers, measured as they are installed: one line for each run,

    MATRIX PEER SETTING DEPTH BITS ADDERS SECONDS

    cmvm_peers.py SCORE.py MATRIX.npy ...

Both da4ml and alkaid with depth limits none, +0 and +2 and all of their objectives; CPU seconds of one thread. The graphs
are scored by SCORE.py, which recovers all coefficients.
"""
import importlib.util
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from alkaid.cmvm import cmvm_solve
from da4ml.cmvm import solve

BITS = 8


def graph(stages, inputs):
    """The additions of a chain of stages, each of which reads the outputs of the one before.

    Every value is a node times a power of two, with a sign.
    """
    nodes = []

    def add(x, y, shift, subtract):
        (a, ea, na), (b, eb, nb) = x, y
        eb += shift
        nb ^= subtract
        low = min(ea, eb)
        first, second = (a, ea - low), (b, eb - low)
        if na and not nb:
            first, second = second, first
        nodes.append({"a": first[0], "sa": first[1], "b": second[0], "sb": second[1], "sub": na != nb})
        return inputs + len(nodes) - 1, low, na and nb

    values = [(i, 0, False) for i in range(inputs)]
    for stage in stages:
        buffer = []
        for op in stage.ops:
            data = op.data[0] if hasattr(op, "addr") else op.data
            ids = op.addr if hasattr(op, "addr") else (op.id0, op.id1)
            if op.opcode == -1:
                at = data if hasattr(op, "addr") else ids[0]
                value = values[at]
                buffer.append(value and (value[0], value[1] + int(stage.inp_shifts[at]), value[2]))
            elif op.opcode == -2 and hasattr(op, "addr"):
                node, exponent, negative = buffer[ids[0]]
                buffer.append((node, exponent, not negative))
            elif op.opcode in (0, 1):
                buffer.append(add(buffer[ids[0]], buffer[ids[1]], int(data), op.opcode == 1))
            else:
                raise SystemExit(f"operation {op.opcode} is none of a constant product")
        values = []
        for at, shift, negative in zip(stage.out_idxs, stage.out_shifts, stage.out_negs):
            value = buffer[at] if at >= 0 else None
            values.append(value and (value[0], value[1] + int(shift), value[2] ^ bool(negative)))
    outputs = [value and {"node": value[0], "shift": value[1], "neg": value[2]} for value in values]
    span = [-(1 << (BITS - 1)), (1 << (BITS - 1)) - 1]
    return {"inputs": [span] * inputs, "nodes": nodes, "outputs": outputs}


def main():
    spec = importlib.util.spec_from_file_location("score", sys.argv[1])
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    for path in sys.argv[2:]:
        matrix = np.load(path)
        kernel = matrix.astype(np.float32)
        ranges = [(-128.0, 127.0, 1.0)] * matrix.shape[0]
        name = os.path.basename(path).removesuffix(".npy")
        for peer, run in (("da4ml", solve), ("alkaid", cmvm_solve)):
            for method in ("wmc", "mc"):
                for limit in (-1, 0, 2):
                    started = time.process_time()
                    found = run(kernel, method0=method, hard_dc=limit, qintervals=ranges)
                    seconds = time.process_time() - started
                    stages = getattr(found, "solutions", found)
                    result = score.score(matrix, graph(stages, matrix.shape[0]), BITS)
                    setting = f"{method}{'' if limit < 0 else f'+{limit}'}"
                    line = (name, peer, setting, result["depth"], result["bits"], result["adders"], f"{seconds:.4f}")
                    print(*line, flush=True)


main()
