    integer mismatches;
    initial mismatches = 0;

    task check_element;
        input [8*{{ name_length }}-1:0] name;
        input signed [63:0] found_value;
        input signed [63:0] expected_value;
        if (found_value !== expected_value) begin
            mismatches = mismatches + 1;
            if (mismatches <= MAX_LINES)
                $display("sample %0d, %0s: expected %0d, found %0d", taken, name, expected_value, found_value);
        end
    endtask

    task check_result;
        begin
{% for e in outputs %}
            check_element("{{ e.name }}", {{ e.found }}, {{ e.expected }});
{% endfor %}
        end
    endtask

    task verdict;
        begin
            if (mismatches == 0)
                $display("PASS: %0d samples", SAMPLES);
            else
                $display("FAIL: %0d mismatches in %0d samples", mismatches, SAMPLES);
            $finish;
        end
    endtask
