"""What the tests share: clock and reset, random pauses, and drivers of plain valid/ready streams."""

import itertools
import random

from cocotb.clock import Clock
from cocotb.triggers import ReadOnly, RisingEdge


def pauses(seed, probability=0.4):
    """A pause generator of cocotbext-axi."""
    rng = random.Random(seed)
    return (rng.random() < probability for _ in itertools.count())


async def start(dut, zeros=()):
    """Starts the clock and resets the device, whose inputs `zeros` are 0."""
    for name in zeros:
        getattr(dut, name).value = 0
    dut.rst.value = 1
    Clock(dut.clk, 10, unit="ns").start()
    for _ in range(4):
        await RisingEdge(dut.clk)
    dut.rst.value = 0
    await RisingEdge(dut.clk)


async def send(dut, stream, beats, seed):
    """Offers beats, dictionaries of signals, with pauses."""
    rng = random.Random(seed)
    valid, ready = getattr(dut, stream + "_valid"), getattr(dut, stream + "_ready")
    for beat in beats:
        while rng.random() < 0.4:
            await RisingEdge(dut.clk)
        for name, value in beat.items():
            getattr(dut, f"{stream}_{name}").value = value
        valid.value = 1
        while True:
            await ReadOnly()
            taken = int(ready.value)
            await RisingEdge(dut.clk)
            if taken:
                break
        valid.value = 0


async def receive(dut, stream, names, count, seed):
    """Takes `count` beats, as tuples of signals, with pauses."""
    rng = random.Random(seed)
    valid, ready = getattr(dut, stream + "_valid"), getattr(dut, stream + "_ready")
    beats = []
    while len(beats) < count:
        ready.value = int(rng.random() < 0.6)
        await ReadOnly()
        if int(valid.value) and int(ready.value):
            beats.append(tuple(int(getattr(dut, f"{stream}_{name}").value) for name in names))
        await RisingEdge(dut.clk)
    ready.value = 0
    return beats
