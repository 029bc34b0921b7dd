//! The texts around a Verilated model: a Verilog module with numbered ports, and the C interface in C++.
//!
//! Numbered ports keep Verilator's rules for renaming identifiers out of the way. The C interface hands out the
//! addresses of the ports, so that pokes and peeks are plain memory accesses.

use std::fmt::Write;

/// What a port of the Verilog module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A clock: index into the interface's clocks.
    Clock(usize),
    /// The reset of a clock.
    Reset(usize),
    /// A data input: index into the interface's pins.
    Input(usize),
    /// A data output.
    Output(usize),
}

/// A port of the Verilog module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Its Verilog name.
    pub name: String,
    /// Bits.
    pub width: u32,
    /// What it is.
    pub role: Role,
}

/// The instance of the design in the module with numbered ports.
pub(super) const INSTANCE: &str = "gw_dut";
/// The module with numbered ports.
pub(super) const TOP: &str = "gw_top";

pub(super) fn verilog(top: &str, wires: &[Wire]) -> String {
    let mut text = format!("module {TOP} (\n");
    for (n, wire) in wires.iter().enumerate() {
        let direction = if matches!(wire.role, Role::Output(_)) { "output" } else { "input" };
        let comma = if n + 1 < wires.len() { "," } else { "" };
        let high = wire.width - 1;
        let _ = writeln!(text, "    {direction} wire [{high}:0] p{n}{comma}");
    }
    let _ = writeln!(text, ");\n    {top} {INSTANCE} (");
    for (n, wire) in wires.iter().enumerate() {
        let comma = if n + 1 < wires.len() { "," } else { "" };
        let _ = writeln!(text, "        .{}(p{n}){comma}", wire.name);
    }
    text + "    );\nendmodule\n"
}

/// Included before everything: Verilator's messages go to the model that is being evaluated.
pub(super) const HEADER: &str = "\
#ifndef GATEWRIGHT_H
#define GATEWRIGHT_H
#ifdef __cplusplus
extern \"C\"
#endif
int gatewright_printf(const char* format, ...);
#define VL_PRINTF gatewright_printf
#define VL_USER_FINISH
#define VL_USER_STOP
#define VL_USER_FATAL
#define VL_USER_WARN
#endif
";

/// What [`HEADER`] promises; once per library.
pub(super) const HOOKS: &str = r#"
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>
#include "verilated.h"

std::string*& gatewright_log() {
    static thread_local std::string* log = nullptr;
    return log;
}

extern "C" int gatewright_printf(const char* format, ...) {
    char line[4096];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (std::string* log = gatewright_log()) log->append(line);
    return length;
}

void vl_finish(const char*, int, const char*) {}
void vl_stop(const char*, int, const char*) {}
void vl_warn(const char* file, int line, const char*, const char* message) {
    gatewright_printf("%%Warning: %s:%d: %s\n", file, line, message);
}
void vl_fatal(const char* file, int line, const char*, const char* message) {
    gatewright_printf("%%Fatal: %s:%d: %s\n", file, line, message);
}
"#;

/// The C interface of one model. `prefix` is the model's class, and starts the names of the functions.
pub(super) fn interface(prefix: &str, wires: &[Wire], trace: bool) -> String {
    let mut pins = String::new();
    for n in 0..wires.len() {
        let _ = writeln!(pins, "    out[{n}] = &m->top->p{n};");
    }
    let (include, member, open, dump) = if trace {
        (
            "#include \"verilated_vcd_c.h\"\n",
            "    VerilatedVcdC* wave = nullptr;\n",
            "    m->context.traceEverOn(true);\n    m->wave = new VerilatedVcdC;\n    m->top->trace(m->wave, 99);\n    \
             m->wave->open(path);\n",
            "    if (m->wave) { m->wave->dump(time); m->wave->flush(); }\n",
        )
    } else {
        ("", "", "", "")
    };
    let close = if trace { "        if (wave) { wave->close(); delete wave; }\n" } else { "" };
    format!(
        r#"#include "{prefix}.h"
#include "verilated.h"
{include}#include <string>

std::string*& gatewright_log();

namespace {{
struct Model {{
    VerilatedContext context;
    {prefix}* top;
    std::string log;
{member}    Model() {{
        context.fatalOnError(false);
        top = new {prefix}{{&context, "TOP"}};
    }}
    ~Model() {{
{close}        top->final();
        delete top;
    }}
}};
}}

#define GW_EXPORT extern "C" __attribute__((visibility("default")))

GW_EXPORT void* {prefix}_new() {{ return new Model; }}
GW_EXPORT void {prefix}_free(void* model) {{ delete static_cast<Model*>(model); }}
GW_EXPORT void {prefix}_pins(void* model, void** out) {{
    Model* m = static_cast<Model*>(model);
{pins}    (void)m; (void)out;
}}
GW_EXPORT const char* {prefix}_eval(void* model, size_t* length) {{
    Model* m = static_cast<Model*>(model);
    m->log.clear();
    gatewright_log() = &m->log;
    m->top->eval();
    gatewright_log() = nullptr;
    *length = m->log.size();
    return m->log.data();
}}
GW_EXPORT void {prefix}_open(void* model, const char* path) {{
    Model* m = static_cast<Model*>(model);
    (void)m; (void)path;
{open}}}
GW_EXPORT void {prefix}_dump(void* model, uint64_t time) {{
    Model* m = static_cast<Model*>(model);
    m->context.time(time);
{dump}}}
"#
    )
}
