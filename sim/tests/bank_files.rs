//! The files that software has of a register bank, read by programs that others wrote: a C compiler and a parser of SVD.

use std::path::Path;
use std::process::Command;

use gatewright_dsl::parts::bank::c_header::c_header;
use gatewright_dsl::parts::bank::markdown::markdown;
use gatewright_dsl::parts::bank::svd::{SvdOptions, svd};
use gatewright_dsl::parts::bank::{BankMap, RegisterBank};
use svd_parser::svd;

#[path = "buses/banks.rs"]
#[allow(dead_code)]
mod banks;

use banks::{Demo, Wide};

/// Offsets, masks and resets as they are in the description, by hand; `offsetof` is the compiler's.
const ASSERTIONS: &str = r#"
#include <stddef.h>
#include "demo.h"
#include "wide.h"

#define HOLDS(condition) _Static_assert(condition, #condition)

HOLDS(offsetof(demo_regs_t, control) == 0x00 && DEMO_CONTROL_OFFSET == 0x00);
HOLDS(offsetof(demo_regs_t, status) == 0x04 && DEMO_STATUS_OFFSET == 0x04);
HOLDS(offsetof(demo_regs_t, limit) == 0x08 && DEMO_LIMIT_OFFSET == 0x08);
HOLDS(offsetof(demo_regs_t, irq) == 0x20 && DEMO_IRQ_OFFSET == 0x20);
HOLDS(offsetof(demo_regs_t, count) == 0x24 && DEMO_COUNT_OFFSET == 0x24);
HOLDS(offsetof(demo_regs_t, channels_0_gain) == 0x28 && DEMO_CHANNELS_0_GAIN_OFFSET == 0x28);
HOLDS(offsetof(demo_regs_t, channels_0_flags) == 0x2c && DEMO_CHANNELS_0_FLAGS_OFFSET == 0x2c);
HOLDS(offsetof(demo_regs_t, channels_1_gain) == 0x30 && DEMO_CHANNELS_1_GAIN_OFFSET == 0x30);
HOLDS(offsetof(demo_regs_t, channels_1_flags) == 0x34 && DEMO_CHANNELS_1_FLAGS_OFFSET == 0x34);
HOLDS(sizeof(demo_regs_t) == 0x38 && DEMO_SIZE == 0x38);
HOLDS(DEMO_CONTROL_RESET == 0x0abcde00 && DEMO_LIMIT_RESET == 10 && DEMO_CHANNELS_1_GAIN_RESET == 0x1fb);
HOLDS(DEMO_CONTROL_ENABLE_MASK == 1 && DEMO_CONTROL_MODE_MASK == 6 && DEMO_CONTROL_START_MASK == 0x80);
HOLDS(DEMO_CONTROL_WIDE_MASK == 0x0fffff00 && DEMO_CONTROL_WIDE_LSB == 8 && DEMO_CONTROL_WIDE_WIDTH == 20);
HOLDS(DEMO_CONTROL_MODE_IS_OFF == 0 && DEMO_CONTROL_MODE_IS_RISING_EDGE == 1 && DEMO_CONTROL_MODE_IS_LEVEL == 2);
HOLDS(DEMO_CHANNELS_0_FLAGS_SOME_2_MASK == 4 && DEMO_CHANNELS_0_FLAGS_TOP_MASK == 0x80000000);
HOLDS(DEMO_LIMIT_VALUE_MASK == 0x3ff && DEMO_IRQ_VALUE_MASK == 0xfff);
HOLDS(offsetof(wide_regs_t, halves) == 0x18 && sizeof(wide_regs_t) == 0x20 && WIDE_HALVES_OFFSET == 0x18);
HOLDS(WIDE_ALL_RESET == 0x0123456789abcdefull && WIDE_ALL_VALUE_MASK == 0xffffffffffffffffull);
HOLDS(WIDE_HALVES_LOW_MASK == 0x7ffffffffull && WIDE_HALVES_HIGH_MASK == 0xffffff0000000000ull);

void use(demo_regs_t *regs);
void use(demo_regs_t *regs) {
    regs->control |= DEMO_CONTROL_ENABLE_MASK;
    regs->limit = regs->status;
}
"#;

fn maps() -> [BankMap; 2] {
    [Demo::map().unwrap(), Wide::map().unwrap()]
}

fn folder() -> std::path::PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bank_files");
    std::fs::create_dir_all(&dir).unwrap();
    for map in maps() {
        std::fs::write(dir.join(format!("{}.h", map.name)), c_header(&map)).unwrap();
    }
    dir
}

/// Runs a compiler; false where there is none.
fn compiles(compiler: &str, args: &[&str], name: &str, text: &str) -> Result<bool, String> {
    let dir = folder();
    std::fs::write(dir.join(name), text).unwrap();
    match Command::new(compiler).current_dir(&dir).args(args).arg(name).output() {
        Ok(run) if run.status.success() && run.stderr.is_empty() => Ok(true),
        Ok(run) => Err(String::from_utf8_lossy(&run.stderr).into_owned()),
        Err(e) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: no {compiler}: {e}");
            Ok(false)
        }
        Err(e) => panic!("{compiler}: {e}"),
    }
}

#[test]
fn a_c_compiler_agrees_about_every_place() {
    let args = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];
    if compiles("cc", &args, "assertions.c", ASSERTIONS).unwrap() {
        let wrong = ASSERTIONS.replace("limit) == 0x08", "limit) == 0x0c");
        assert!(compiles("cc", &args, "wrong.c", &wrong).unwrap_err().contains("limit"));
        // What is only read cannot be written.
        let written = ASSERTIONS.replace("regs->limit = regs->status", "regs->status = regs->limit");
        assert!(compiles("cc", &args, "written.c", &written).unwrap_err().contains("read-only"));
    }
    let args = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
    compiles("c++", &args, "both.cpp", "#include \"demo.h\"\n#include \"wide.h\"\n").unwrap();
}

#[test]
fn a_parser_of_svd_finds_what_was_described() {
    let strict = svd_parser::Config::default().validate_level(svd_parser::ValidateLevel::Strict);
    let options = SvdOptions { device: "detector".into(), base: 0x4000_0000 };
    for map in maps() {
        let xml = svd(&map, &options);
        let device = svd_parser::parse_with_config(&xml, &strict).unwrap_or_else(|e| panic!("{e:?}\n{xml}"));
        let peripheral = &device.peripherals[0];
        assert_eq!((device.name.as_str(), peripheral.name.as_str()), ("detector", map.name.as_str()));
        assert_eq!(peripheral.base_address, 0x4000_0000);
    }
    let xml = svd(&maps()[0], &options);
    let device = svd_parser::parse_with_config(&xml, &strict).unwrap();
    let registers: Vec<&svd::Register> = device.peripherals[0].registers().collect();
    let places: Vec<(&str, u32)> = registers.iter().map(|r| (r.name.as_str(), r.address_offset)).collect();
    let expected = [
        ("control", 0x00),
        ("status", 0x04),
        ("limit", 0x08),
        ("irq", 0x20),
        ("count", 0x24),
        ("channels_0_gain", 0x28),
        ("channels_0_flags", 0x2c),
        ("channels_1_gain", 0x30),
        ("channels_1_flags", 0x34),
    ];
    assert_eq!(places, expected);

    let control = registers[0];
    assert_eq!(control.properties.reset_value, Some(0x0abc_de00));
    assert_eq!(control.description.as_deref(), Some("Switches, and more."));
    let fields: Vec<(&str, u32, u32)> =
        control.fields().map(|f| (f.name.as_str(), f.bit_range.offset, f.bit_range.width)).collect();
    assert_eq!(fields, [("enable", 0, 1), ("mode", 1, 2), ("start", 7, 1), ("wide", 8, 20)]);
    let mode = control.fields().nth(1).unwrap();
    let values: Vec<(&str, Option<u64>)> =
        mode.enumerated_values[0].values.iter().map(|v| (v.name.as_str(), v.value)).collect();
    assert_eq!(values, [("Off", Some(0)), ("RisingEdge", Some(1)), ("Level", Some(2))]);

    assert_eq!(registers[1].properties.access, Some(svd::Access::ReadOnly));
    assert_eq!(registers[1].description.as_deref(), Some("A measurement | in steps of <1 & 2>."));
    let start = control.fields().nth(2).unwrap();
    assert_eq!(start.access, Some(svd::Access::WriteOnly));
    let irq = registers[3].fields().next().unwrap();
    assert_eq!(irq.modified_write_values, Some(svd::ModifiedWriteValues::OneToClear));
}

#[test]
fn tables() {
    let page = markdown(&maps()[0]);
    for line in [
        "# Registers of `demo`",
        "Words of 32 bits, 56 bytes in all.",
        "| 0x0 | `control` | 0xabcde00 | Switches, and more. |",
        "| 0x4 | `status` | 0x0 | A measurement \\| in steps of <1 & 2>. |",
        "| 2:1 | `mode` | RW | 0 | How it works. (0 = Off, 1 = RisingEdge, 2 = Level) |",
        "| 7 | `start` | WP | 0 | Begins. |",
        "| 9:0 |  | RW | 10 | A number that is not every number of its bits. (3 to 1000) |",
        "| 8:0 |  | RW | -5 | What samples are multiplied with. (-256 to 255) |",
        "| 11:0 |  | W1C | 0 | Interrupts. |",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
}
