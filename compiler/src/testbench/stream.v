{% include "header.v" %}
//
// These lines are s_axis_tdata and m_axis_tdata. The first eight samples go through without a stall;
// behind them the sink, the source or both stall by pseudo-random bits, in turns. Checked are the
// elements and tlast of each result, that a result stays as it is until it is taken, and, of the first
// eight, that they come LATENCY clocks after their samples.

// Bits that fill bytes have no port, and counts in tasks take effect at once.
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off BLKSEQ */

module {{ top }}_tb;
{% include "parameters.v" %}
    // Clocks without any beat after which the design hangs.
    parameter PATIENCE = LATENCY + 1000;

{% include "load.v" %}

    // Which samples end a packet: each third, and the last.
    function ends_packet;
        input integer n;
        ends_packet = n % 3 == 2 || n == SAMPLES - 1;
    endfunction

    // The source.
    reg s_axis_tvalid;
    reg [IN_BITS-1:0] s_axis_tdata;
    reg s_axis_tlast;
    wire s_axis_tready;
    integer offered;
    integer given;
    integer first_given;
    initial begin
        s_axis_tvalid = 1'b0;
        s_axis_tdata = {IN_BITS{1'b0}};
        s_axis_tlast = 1'b0;
        offered = 0;
        given = 0;
        first_given = 0;
    end
    always @(posedge clk) begin
        if (!rst && (!s_axis_tvalid || s_axis_tready)) begin
            s_axis_tvalid <= 1'b0;
            if (offered < SAMPLES && !(offered[4] && lfsr[1:0] != 2'd0)) begin
                s_axis_tvalid <= 1'b1;
                s_axis_tdata <= inputs[offered];
                s_axis_tlast <= ends_packet(offered);
                offered <= offered + 1;
            end
        end
        if (s_axis_tvalid && s_axis_tready) begin
            given <= given + 1;
            if (given == 0)
                first_given <= clocks;
        end
    end

    // The sink.
    reg m_axis_tready;
    wire m_axis_tvalid;
    wire [OUT_BITS-1:0] m_axis_tdata;
    wire m_axis_tlast;
    integer taken;
    initial begin
        m_axis_tready = 1'b0;
        taken = 0;
    end
    always @(posedge clk)
        m_axis_tready <= !rst && !(taken[3] && lfsr[9:8] != 2'd0);

    {{ top }} dut (
{% for line in controls %}
        {{ line }},
{% endfor %}
        .s_axis_tvalid(s_axis_tvalid),
        .s_axis_tready(s_axis_tready),
        .s_axis_tdata(s_axis_tdata),
        .s_axis_tlast(s_axis_tlast),
        .m_axis_tvalid(m_axis_tvalid),
        .m_axis_tready(m_axis_tready),
        .m_axis_tdata(m_axis_tdata),
        .m_axis_tlast(m_axis_tlast)
    );

    wire [OUT_BITS-1:0] found = m_axis_tdata;
    wire [OUT_BITS-1:0] expected = outputs[taken];

{% include "verdict.v" %}

    task mismatch;
        input [8*64-1:0] problem;
        begin
            mismatches = mismatches + 1;
            if (mismatches <= MAX_LINES)
                $display("sample %0d: %0s", taken, problem);
        end
    endtask

    // A result that waited in the clock before.
    reg waited;
    reg [OUT_BITS-1:0] waited_tdata;
    reg waited_tlast;
    integer idle;
    integer quiet;
    initial begin
        waited = 1'b0;
        idle = 0;
        quiet = 0;
    end
    always @(posedge clk) begin
        waited <= !rst && m_axis_tvalid && !m_axis_tready;
        waited_tdata <= m_axis_tdata;
        waited_tlast <= m_axis_tlast;
        if (waited && (m_axis_tvalid !== 1'b1 || m_axis_tdata !== waited_tdata || m_axis_tlast !== waited_tlast))
            mismatch("the result changed while it waited");

        if (!rst && m_axis_tvalid && taken == given)
            mismatch("a result came before its sample");
        if (m_axis_tvalid && m_axis_tready) begin
            if (taken < 8 && clocks - first_given != LATENCY + taken)
                mismatch("the result came too early or too late");
            if (m_axis_tlast !== ends_packet(taken))
                mismatch("tlast is wrong");
            if (found !== expected)
                check_result;
            taken <= taken + 1;
        end

        idle <= idle + 1;
        if ((s_axis_tvalid && s_axis_tready) || (m_axis_tvalid && m_axis_tready))
            idle <= 0;
        if (taken >= SAMPLES) begin
            quiet <= quiet + 1;
            if (quiet == LATENCY + 2)
                verdict;
        end else if (idle == PATIENCE) begin
            $display("FAIL: the design hangs with %0d of %0d results, %0d mismatches", taken, SAMPLES, mismatches);
            $finish;
        end
    end
endmodule
