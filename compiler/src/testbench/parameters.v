    parameter SAMPLES = {{ samples }};
    parameter INPUTS = "inputs.hex";
    parameter OUTPUTS = "outputs.hex";
    parameter HALF_PERIOD = 5;
    // Mismatches that are printed.
    parameter MAX_LINES = 10;

    localparam LATENCY = {{ latency }};
    localparam RESET_CLOCKS = 4;
    localparam IN_BITS = {{ in_bits }};
    localparam OUT_BITS = {{ out_bits }};
