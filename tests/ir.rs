//! The sub-command `ir`, run as the user runs it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const DESIGN: &str = "\
design top module0

module module0 m @0 {
  input port0 a: 0..=9 @1
  output port1 y: 0..=9 = %2 @1
  %0: 0..=9 = port0 @1
  %1: 0..=0 = const 0 @1
  %2: 0..=9 = add %0 %1 @1
}

places {
  @0 \"src/lib.rs\" 3:5
  @1 \"src/lib.rs\" 4:9 in @0
}
";

/// A folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ir-{test}-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    path
}

fn gatewright(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatewright"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn ends(output: &Output, code: i32, stdout: &str, stderr: &str) {
    let shown = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), &*shown.0, &*shown.1), (Some(code), stdout, stderr));
}

#[test]
fn prints_what_it_reads() {
    ends(&gatewright(&["ir", "-"], DESIGN), 0, DESIGN, "");
    ends(&gatewright(&["ir", "-", "--verify"], DESIGN), 0, DESIGN, "");
}

#[test]
fn runs_passes_by_name() {
    let after = DESIGN
        .replace("= %2", "= %0")
        .replace("  %1: 0..=0 = const 0 @1\n", "")
        .replace("  %2: 0..=9 = add %0 %1 @1\n", "");
    ends(&gatewright(&["ir", "-", "--pass", "fold", "--verify"], DESIGN), 0, &after, "");
    ends(&gatewright(&["ir", "-", "--pass", "share, dead", "--pass", "narrow,fold"], DESIGN), 0, &after, "");
    let unknown = "error: there is no pass `melt`; the passes are narrow, fold, share, dead, expand, name\n";
    ends(&gatewright(&["ir", "-", "--pass", "fold,melt"], DESIGN), 2, "", unknown);
}

#[test]
fn lists_the_passes() {
    let output = gatewright(&["ir", "--list"], "");
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = text.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(names, ["narrow", "fold", "share", "dead", "expand", "name"]);
    assert!(text.lines().all(|l| l.len() > 20), "{text}");
}

#[test]
fn writes_files_whole_or_not_at_all() {
    let folder = folder("files");
    let (input, output) = (folder.join("in.gw"), folder.join("out.gw"));
    fs::write(&input, DESIGN).unwrap();
    let args = ["ir", input.to_str().unwrap(), "-o", output.to_str().unwrap()];
    ends(&gatewright(&args, ""), 0, "", "");
    assert_eq!(fs::read_to_string(&output).unwrap(), DESIGN);
    // What cannot be read leaves the output as it was, and nothing beside it.
    fs::write(&input, "design bottom").unwrap();
    assert_eq!(gatewright(&args, "").status.code(), Some(2));
    assert_eq!(fs::read_to_string(&output).unwrap(), DESIGN);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    let nowhere = folder.join("nowhere").join("out.gw");
    let refused = gatewright(&["ir", "-", "-o", nowhere.to_str().unwrap()], DESIGN);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).starts_with("error: cannot write `"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    // A folder cannot be replaced by a file.
    let taken = folder.join("taken");
    fs::create_dir(&taken).unwrap();
    assert_eq!(gatewright(&["ir", "-", "-o", taken.to_str().unwrap()], DESIGN).status.code(), Some(2));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn json_is_the_same_design() {
    let output = gatewright(&["ir", "-", "--json"], DESIGN);
    assert_eq!(output.status.code(), Some(0));
    let design: gatewright::dsl::ir::Design = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(gatewright::dsl::ir::print::print(&design), DESIGN);
}

#[test]
fn says_what_is_wrong() {
    let broken = DESIGN.replace("add %0 %1", "sub %1 %0");
    let errors = "\
error: standard input breaks invariants of the intermediate representation
  V10 m %2: its type uint<4> [0..=9] is not inside of the result sint<5> [-9..=0]
    --> src/lib.rs:4:9
";
    ends(&gatewright(&["ir", "-", "--verify"], &broken), 1, "", errors);
    ends(&gatewright(&["ir", "-", "--pass", "fold"], &broken), 1, "", errors);
    ends(&gatewright(&["ir", "-"], &broken), 0, &broken, "");
    let damaged = DESIGN.replace("const 0", "konst 0");
    ends(
        &gatewright(&["ir", "-"], &damaged),
        2,
        "",
        "error: standard input:7:15: expected an operator, found `konst`\n",
    );
    let missing = gatewright(&["ir", "no/such/file"], "");
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).starts_with("error: cannot read `no/such/file`: "));
    assert_eq!(gatewright(&["ir"], "").status.code(), Some(2));
    assert_eq!(gatewright(&["ir", "--list", "-"], "").status.code(), Some(2));
    assert_eq!(gatewright(&["melt"], "").status.code(), Some(2));
}

#[test]
fn writes_verilog() {
    let folder = folder("verilog");
    let out = folder.join("rtl");
    let args = ["ir", "-", "--pass", "fold,dead", "--verilog", out.to_str().unwrap()];
    ends(&gatewright(&args, DESIGN), 0, "", "");
    let verilog = fs::read_to_string(out.join("m.v")).unwrap();
    assert!(verilog.contains("assign y = a;"), "{verilog}");
    // What breaks an invariant is not printed.
    fs::remove_dir_all(&out).unwrap();
    let broken = DESIGN.replace("add %0 %1", "sub %1 %0");
    assert_eq!(gatewright(&["ir", "-", "--verilog", out.to_str().unwrap()], &broken).status.code(), Some(1));
    assert!(!out.exists());
    let taken = folder.join("file");
    fs::write(&taken, "").unwrap();
    let refused = gatewright(&["ir", "-", "--verilog", taken.to_str().unwrap()], DESIGN);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).starts_with("error: cannot write `"), "{refused:?}");
    fs::remove_dir_all(&folder).unwrap();
}
