// Test bench for {{ top }}.
//
// It gives the samples of inputs.hex to the design and compares the results with those of the golden
// model, which are in outputs.hex. It prints a line for each of the first mismatches, and at the end
// "PASS: {{ samples }} samples" or "FAIL: ...".
//
// How to run it in this folder, with Icarus Verilog, Verilator (5 or newer), Vivado, Questa or VCS:
//   $ iverilog -g2005 -s {{ top }}_tb -o sim.vvp -f files.f && vvp -n sim.vvp
//   $ verilator --binary --timing --top-module {{ top }}_tb -o sim -f files.f && obj_dir/sim
//   $ xvlog -f files.f && xelab {{ top }}_tb -s sim && xsim sim -R
//   $ vlog -f files.f && vsim -c {{ top }}_tb -do "run -all; quit"
//   $ vcs -f files.f -top {{ top }}_tb -o sim && ./sim
// A simulator that runs in another folder finds the samples by the parameters INPUTS and OUTPUTS. No
// file has a `timescale; where other files have one, give the simulator a default, such as 1ns/1ps.
//
// Each line of inputs.hex and outputs.hex is a sample. All elements of all tensors stand in it in
// order, the first one in the lowest bits, each in whole bytes: two's complement with the sign
// extended, zeros above what has no sign.
