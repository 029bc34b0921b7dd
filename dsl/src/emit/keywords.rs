//! Words that no Verilog name may be: keywords of Verilog-2005 and SystemVerilog-2017, and the words of C++ and SystemC
//! that Verilator warns about and renames in its models (`SYMRSVDWORD`), such as `set`, `map` or `double`.

use std::sync::OnceLock;

use rustc_hash::FxHashSet;

/// In order, for the reader.
const RESERVED: &str = "\
    abort accept_on alias alignas alignof always always_comb always_ff always_latch and and_eq asm assert assign \
    assume atomic_cancel atomic_commit atomic_noexcept auto automatic before begin bind bins binsof bit bit_vector \
    bitand bitor bool break buf bufif0 bufif1 byte case casex casez catch cdecl cell chandle char char16_t char32_t \
    char8_t checker class clocking cmos co_await co_return co_yield compl complex concept config const const_cast \
    const_iterator consteval constexpr constinit constraint context continue cover covergroup coverpoint cross \
    deassign decltype default defparam delete deque design disable dist do double dynamic_cast edge else end endcase \
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface endmodule endpackage \
    endprimitive endprogram endproperty endsequence endspecify endtable endtask enum event eventually expect \
    explicit export extends extern false far final first_match float for force foreach forever fork forkjoin friend \
    function generate genvar global goto highz0 highz1 huge if iff ifnone ignore_bins illegal_bins implements \
    implies import incdir include initial inline inout input inside instance int integer interconnect interface \
    interrupt intersect iterator join join_any join_none large let liblist library list local localparam logic long \
    longint macromodule map matches medium modport module mutable namespace nand near negedge nettype new nexttime \
    nmos noexcept nor noshowcancelled not not_eq notif0 notif1 null nullptr operator or or_eq output override \
    package packed parameter pascal pmos posedge primitive priority private program property protected public pull0 \
    pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure queue rand randc randcase randsequence rcmos \
    real realtime ref reference reg register reinterpret_cast reject_on release repeat requires restrict return \
    rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with sc_clock sc_in \
    sc_inout sc_out sc_signal scalared sensitive sensitive_neg sensitive_pos sequence set short shortint shortreal \
    showcancelled signed sizeof small soft solve specify specparam stack static static_assert static_cast std string \
    strong strong0 strong1 struct super supply0 supply1 switch sync_accept_on sync_reject_on synchronized table \
    tagged task template this thread_local throughout throw time timeprecision timeunit tran tranif0 tranif1 \
    transaction_safe transaction_safe_dynamic tri tri0 tri1 triand trior trireg true try type type_info typedef \
    typeid typename uint16_t uint32_t uint8_t union unique unique0 unsigned until until_with untyped use using uwire \
    var vector vectored virtual void volatile wait wait_order wand wchar_t weak weak0 weak1 while wildcard wire with \
    within wor xnor xor xor_eq \
";

/// True where `name` is a word of Verilog, SystemVerilog or C++ that cannot name anything in the output.
pub fn is_reserved(name: &str) -> bool {
    static WORDS: OnceLock<FxHashSet<&str>> = OnceLock::new();
    WORDS.get_or_init(|| RESERVED.split_whitespace().collect()).contains(name)
}

/// True where `name` is a Verilog identifier: a letter or `_`, then letters, digits or `_`, and not reserved.
pub fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    first && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') && !is_reserved(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_words() {
        assert!(RESERVED.split_whitespace().is_sorted());
        for word in ["accept_on", "always", "logic", "xor_eq", "typename", "until_with", "set", "sc_in"] {
            assert!(is_reserved(word), "{word}");
        }
        assert!(is_identifier("sum_next") && !is_identifier("reg") && !is_identifier("3a") && !is_identifier(""));
        assert!(!is_identifier("a.b") && !is_identifier("größe"));
    }
}
