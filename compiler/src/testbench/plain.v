{% include "header.v" %}
//
// The first eight samples go in clock by clock, the next eight with pseudo-random gaps, and so on. A
// result has to come LATENCY clocks after its sample, and at no other time.

// Bits that fill bytes have no port, and counts in tasks take effect at once.
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off BLKSEQ */

module {{ top }}_tb;
{% include "parameters.v" %}

{% include "load.v" %}

    // Bit k: a sample went in k clocks ago.
    reg [LATENCY:0] flight;
    wire in_valid = flight[0];
    wire due = flight[LATENCY];
    reg [IN_BITS-1:0] sample;
    integer given;
    integer taken;
    integer quiet;
    initial begin
        flight = {(LATENCY+1){1'b0}};
        sample = {IN_BITS{1'b0}};
        given = 0;
        taken = 0;
        quiet = 0;
    end

    wire out_valid;
{% for e in outputs if e.port %}
    wire {{ e.wires }}{{ e.port }};
{% endfor %}
    wire [OUT_BITS-1:0] expected = outputs[taken];
    wire [OUT_BITS-1:0] found;
{% for e in outputs %}
    assign found[{{ e.bits }}] = {{ e.value }};
{% endfor %}

    {{ top }} dut (
{% for line in controls %}
        {{ line }},
{% endfor %}
        .in_valid(in_valid),
{% for e in inputs if e.port %}
        .{{ e.port }}(sample[{{ e.own_bits }}]), // {{ e.range }}
{% endfor %}
{% for e in outputs if e.port %}
        .{{ e.port }}({{ e.port }}), // {{ e.range }}
{% endfor %}
        .out_valid(out_valid)
    );

{% include "verdict.v" %}

    always @(posedge clk) begin
        flight <= flight << 1;
        flight[0] <= 1'b0;
        if (!rst && given < SAMPLES && !(given[3] && lfsr[0])) begin
            flight[0] <= 1'b1;
            sample <= inputs[given];
            given <= given + 1;
        end

        if (!rst && out_valid !== due) begin
            mismatches = mismatches + 1;
            if (mismatches <= MAX_LINES) begin
                if (due)
                    $display("sample %0d: out_valid is %b, %0d clocks after it went in", taken, out_valid, LATENCY);
                else
                    $display("clock %0d: out_valid is %b, and no sample is due", clocks, out_valid);
            end
        end
        if (due) begin
            if (out_valid === 1'b1 && found !== expected)
                check_result;
            taken <= taken + 1;
        end

        if (taken == SAMPLES) begin
            quiet <= quiet + 1;
            if (quiet == LATENCY + 2)
                verdict;
        end
    end
endmodule
