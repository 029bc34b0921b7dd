"""The AXI4 manager with the memory of cocotbext-axi."""

import random

import cocotb
from cocotbext.axi import AxiBus, AxiRam
from common import pauses, receive, send, start

SIZE = 2**16


async def transfers(dut, paused):
    ram = AxiRam(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, size=SIZE)
    if paused:
        channels = (
            ram.write_if.aw_channel,
            ram.write_if.w_channel,
            ram.write_if.b_channel,
            ram.read_if.ar_channel,
            ram.read_if.r_channel,
        )
        for seed, channel in enumerate(channels):
            channel.set_pause_generator(pauses(seed))
    signals = {
        "reads": ("valid", "addr", "beats", "last"),
        "writes": ("valid", "addr", "beats", "last"),
        "write_data": ("valid", "data", "strb", "last"),
    }
    zeros = [f"{stream}_{name}" for stream, names in signals.items() for name in names]
    await start(dut, zeros + ["read_data_ready", "read_done_ready", "write_done_ready"])
    rng = random.Random(9)
    memory = bytearray(rng.randbytes(SIZE))
    ram.write(0, bytes(memory))
    commands, words = [], []
    for _ in range(12):
        beats = rng.choice([1, 2, rng.randint(1, 40), rng.randint(1, 300)])
        # Around boundaries of 4096 bytes.
        address = max(0, rng.randint(1, 14) * 4096 - 8 * rng.randint(0, beats))
        commands.append({"addr": address, "beats": beats, "last": 1})
        for n in range(beats):
            data, strb = rng.getrandbits(64), rng.choice([0xFF, rng.getrandbits(8)])
            words.append({"data": data, "strb": strb, "last": 0})
            for k in range(8):
                if strb >> k & 1:
                    memory[address + 8 * n + k] = data >> 8 * k & 0xFF
    tasks = [cocotb.start_soon(send(dut, "writes", commands, 1)), cocotb.start_soon(send(dut, "write_data", words, 2))]
    done = await receive(dut, "write_done", ("resp",), len(commands), 3)
    for task in tasks:
        await task
    assert done == [(0,)] * len(commands)
    assert ram.read(0, SIZE) == memory

    sender = cocotb.start_soon(send(dut, "reads", commands, 4))
    completions = cocotb.start_soon(receive(dut, "read_done", ("resp",), len(commands), 5))
    got = await receive(dut, "read_data", ("data", "last"), len(words), 6)
    await sender
    assert await completions == [(0,)] * len(commands)
    expected = []
    for command in commands:
        for n in range(command["beats"]):
            at = command["addr"] + 8 * n
            expected.append((int.from_bytes(memory[at : at + 8], "little"), int(n + 1 == command["beats"])))
    assert got == expected


@cocotb.test()
async def transfers_without_pauses(dut):
    await transfers(dut, False)


@cocotb.test()
async def transfers_with_pauses(dut):
    await transfers(dut, True)
