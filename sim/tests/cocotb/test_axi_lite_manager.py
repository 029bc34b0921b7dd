"""The AXI4-Lite manager with the memory of cocotbext-axi."""

import random

import cocotb
from cocotbext.axi import AxiLiteBus, AxiLiteRam
from common import pauses, receive, send, start


@cocotb.test()
async def commands(dut):
    ram = AxiLiteRam(AxiLiteBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, size=2**10)
    channels = (
        ram.write_if.aw_channel,
        ram.write_if.w_channel,
        ram.write_if.b_channel,
        ram.read_if.ar_channel,
        ram.read_if.r_channel,
    )
    for seed, channel in enumerate(channels):
        channel.set_pause_generator(pauses(seed))
    zeros = ["commands_" + name for name in ("valid", "write", "addr", "data", "strb", "last")] + ["answers_ready"]
    await start(dut, zeros)
    rng = random.Random(6)
    memory, beats, expected = bytearray(2**10), [], []
    for _ in range(300):
        write, word, data, strb = rng.randrange(2), rng.randrange(16), rng.getrandbits(32), rng.randrange(16)
        beats.append({"write": write, "addr": 4 * word, "data": data, "strb": strb, "last": 1})
        if write:
            for n in range(4):
                if strb >> n & 1:
                    memory[4 * word + n] = data >> 8 * n & 0xFF
            expected.append((1, 0))
        else:
            expected.append((0, int.from_bytes(memory[4 * word : 4 * word + 4], "little")))
    sender = cocotb.start_soon(send(dut, "commands", beats, 7))
    answers = await receive(dut, "answers", ("write", "data", "resp"), len(beats), 8)
    await sender
    assert all(resp == 0 for _, _, resp in answers)
    assert [(write, 0 if write else data) for write, data, _ in answers] == expected
    assert ram.read(0, 64) == memory[:64]
