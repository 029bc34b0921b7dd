    reg [IN_BITS-1:0] inputs [0:SAMPLES-1];
    reg [OUT_BITS-1:0] outputs [0:SAMPLES-1];
    integer inputs_file;
    integer outputs_file;
    integer line;
    reg complete;
    initial begin
        inputs_file = $fopen(INPUTS, "r");
        outputs_file = $fopen(OUTPUTS, "r");
        complete = inputs_file != 0 && outputs_file != 0;
        if (complete) begin
            $fclose(inputs_file);
            $fclose(outputs_file);
            $readmemh(INPUTS, inputs);
            $readmemh(OUTPUTS, outputs);
            for (line = 0; line < SAMPLES; line = line + 1)
                if (^inputs[line] === 1'bx || ^outputs[line] === 1'bx)
                    complete = 1'b0;
        end
        if (!complete) begin
            $display("FAIL: %0s and %0s do not hold %0d samples", INPUTS, OUTPUTS, SAMPLES);
            $finish;
        end
    end

    reg clk;
    initial clk = 1'b0;
    always #HALF_PERIOD clk = ~clk;

    reg rst;
    integer clocks;
    // Pseudo-random bits: x^16 + x^14 + x^13 + x^11 + 1.
    reg [15:0] lfsr;
    initial begin
        rst = 1'b1;
        clocks = 0;
        lfsr = 16'hACE1;
    end
    always @(posedge clk) begin
        rst <= clocks < RESET_CLOCKS;
        clocks <= clocks + 1;
        lfsr <= {lfsr[14:0], lfsr[15] ^ lfsr[13] ^ lfsr[12] ^ lfsr[10]};
    end
