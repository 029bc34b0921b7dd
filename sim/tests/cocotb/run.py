"""Runs a module of cocotb tests on a folder of Verilog under Icarus Verilog: run.py FOLDER TOP MODULE."""

import sys
from pathlib import Path

from cocotb_tools.runner import get_runner

folder, top, module = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
sources = [folder / name for name in (folder / "files.f").read_text().split()]
runner = get_runner("icarus")
runner.build(sources=sources, hdl_toplevel=top, build_dir=folder / "build", always=True, timescale=("1ns", "1ps"))
here = Path(__file__).parent
runner.test(
    hdl_toplevel=top,
    test_module=module,
    build_dir=folder / "build",
    test_dir=folder,
    results_xml=str(folder / "results.xml"),
    extra_env={"PYTHONPATH": str(here), "PYTHONDONTWRITEBYTECODE": "1", "COCOTB_RANDOM_SEED": "2024"},
)
