"""Streams under the names of AXI4-Stream with source and sink of cocotbext-axi."""

import random

import cocotb
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource
from common import pauses, start


async def frames(dut, paused):
    source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.clk, dut.rst)
    sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk, dut.rst)
    if paused:
        source.set_pause_generator(pauses(1))
        sink.set_pause_generator(pauses(2, 0.6))
    await start(dut)
    rng = random.Random(3)
    sent = [rng.randbytes(rng.randint(1, 30)) for _ in range(40)]
    for frame in sent:
        await source.send(frame)
    for frame in sent:
        assert (await sink.recv()).tdata == frame
    assert sink.empty()


@cocotb.test()
async def frames_without_pauses(dut):
    await frames(dut, False)


@cocotb.test()
async def frames_with_pauses(dut):
    await frames(dut, True)
