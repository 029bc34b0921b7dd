"""The register bank behind AXI4-Lite with the manager of cocotbext-axi."""

import random

import cocotb
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp
from common import pauses, start

HARDWARE = ("hw_status", "hw_irq", "hw_event")


def master_of(dut, paused):
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.clk, dut.rst)
    if paused:
        channels = (
            master.write_if.aw_channel,
            master.write_if.w_channel,
            master.write_if.b_channel,
            master.read_if.ar_channel,
            master.read_if.r_channel,
        )
        for seed, channel in enumerate(channels):
            channel.set_pause_generator(pauses(seed))
    return master


async def registers(dut, paused):
    master = master_of(dut, paused)
    await start(dut, HARDWARE)
    rng = random.Random(5)
    # Bytes of the registers that keep what is written, by their masks.
    masks = {0x28: 0x1FF, 0x2C: 0x80000007, 0x30: 0x1FF, 0x34: 0x80000007}
    model = {0x28: 0x1FB, 0x2C: 0, 0x30: 0x1FB, 0x34: 0}
    for _ in range(60):
        address, first = rng.choice(list(masks)), rng.randrange(4)
        data = rng.randbytes(rng.randint(1, 4 - first))
        response = await master.write(address + first, data)
        assert response.resp == AxiResp.OKAY
        written = int.from_bytes(data, "little") << 8 * first
        bits = (1 << 8 * len(data)) - 1 << 8 * first
        model[address] = (model[address] & ~bits | written & bits) & masks[address]
        address = rng.choice(list(masks))
        response = await master.read(address, 4)
        assert response.resp == AxiResp.OKAY
        assert int.from_bytes(response.data, "little") == model[address], hex(address)
    # Many at once, in the order in which they were given.
    writes = [cocotb.start_soon(master.write_dword(0x28, n)) for n in range(20)]
    reads = [cocotb.start_soon(master.read_dword(0x34)) for _ in range(20)]
    for task in writes:
        await task
    for task in reads:
        assert await task == model[0x34]
    assert await master.read_dword(0x28) == 19


@cocotb.test()
async def registers_without_pauses(dut):
    await registers(dut, False)


@cocotb.test()
async def registers_with_pauses(dut):
    await registers(dut, True)


@cocotb.test()
async def responses(dut):
    master = master_of(dut, True)
    await start(dut, HARDWARE)
    for address, data, expected in [
        (0x08, 1000, AxiResp.OKAY),
        (0x08, 1001, AxiResp.SLVERR),
        (0x04, 0, AxiResp.SLVERR),
        (0x38, 0, AxiResp.DECERR),
        (0xFC, 0, AxiResp.DECERR),
    ]:
        response = await master.write(address, data.to_bytes(4, "little"))
        assert response.resp == expected, hex(address)
    assert await master.read_dword(0x08) == 1000
    assert (await master.read(0x0C, 4)).resp == AxiResp.DECERR


@cocotb.test()
async def hardware_beside_it(dut):
    master = master_of(dut, True)
    await start(dut, HARDWARE)
    dut.hw_status.value = 0x823
    dut.hw_irq.value = 0x811
    dut.hw_event.value = 1
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
    dut.hw_irq.value = 0
    dut.hw_event.value = 0
    assert await master.read_dword(0x04) == 0x823
    assert await master.read_dword(0x24) in (1, 2)
    assert await master.read_dword(0x20) == 0x811
    await master.write_dword(0x20, 0x801)
    assert await master.read_dword(0x20) == 0x010
