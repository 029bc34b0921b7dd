//! Registers around a netlist: a placer then finds each path between two registers, the ones from inputs and to outputs too,
//! and needs no pins but the clock's.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Flow;

/// Pins at which cells take their clock.
const CLOCK_PINS: [&str; 8] = ["C", "CLK", "RCLK", "WCLK", "WCK", "CLKA", "CLKB", "CLKW"];
/// The port of the clock where the design has none.
const CLOCK: &str = "frame_clock";

/// The netlist that Yosys wrote, with a register before each input and behind each output of its top module. None where it is no
/// netlist, or for devices whose registers are not known.
pub(super) fn framed(netlist: &str, top: &str, flow: Flow) -> Option<String> {
    let mut netlist: Value = serde_json::from_str(netlist).ok()?;
    let module = netlist.get_mut("modules")?.get_mut(top)?;
    let mut fresh = highest(module)? + 1..;
    let ports = std::mem::take(module.get_mut("ports")?.as_object_mut()?);
    let cells = module.get_mut("cells")?.as_object_mut()?;
    let clocks = clocks(cells);
    let is_clock = |port: &Value| numbers(&port["bits"]).any(|bit| clocks.contains(&bit));
    let mut kept: Map<String, Value> = ports.clone().into_iter().filter(|(_, port)| is_clock(port)).collect();
    let own_clock = kept.values().flat_map(|port| numbers(&port["bits"])).find(|bit| clocks.contains(bit));
    let clock = match own_clock {
        Some(bit) => bit,
        None => {
            let bit = fresh.next()?;
            kept.insert(CLOCK.to_owned(), json!({"direction": "input", "bits": [bit]}));
            bit
        }
    };
    for (name, port) in ports.iter().filter(|(_, port)| !is_clock(port)) {
        for (k, bit) in numbers(&port["bits"]).enumerate() {
            // No placer takes away a register whose input is fixed, or one that nothing reads.
            let register = match port["direction"].as_str()? {
                "input" => register(flow, clock, json!("0"), bit)?,
                _ => register(flow, clock, json!(bit), fresh.next()?)?,
            };
            cells.insert(format!("$frame${name}${k}"), register);
        }
    }
    module["ports"] = Value::Object(kept);
    serde_json::to_string(&netlist).ok()
}

/// The numbers of nets; constants are text.
fn numbers(bits: &Value) -> impl Iterator<Item = u64> {
    bits.as_array().into_iter().flatten().filter_map(Value::as_u64)
}

/// The highest number of a net.
fn highest(module: &Value) -> Option<u64> {
    let wires = ["ports", "netnames"].map(|kind| module.get(kind)?.as_object());
    let wires = wires.into_iter().flatten().flat_map(Map::values).flat_map(|wire| numbers(&wire["bits"]));
    let cells = module.get("cells")?.as_object()?.values();
    let pins = cells.filter_map(|cell| cell.get("connections")?.as_object()).flat_map(Map::values);
    wires.chain(pins.flat_map(numbers)).max()
}

/// Nets that clock something.
fn clocks(cells: &Map<String, Value>) -> BTreeSet<u64> {
    let pins = cells.values().filter_map(|cell| cell.get("connections")?.as_object()).flatten();
    pins.filter(|(name, _)| CLOCK_PINS.contains(&name.as_str())).flat_map(|(_, bits)| numbers(bits)).collect()
}

/// A register of a device.
fn register(flow: Flow, clock: u64, d: Value, q: u64) -> Option<Value> {
    let (kind, parameters, [clock_pin, d_pin]) = match flow {
        Flow::Ice40 => ("SB_DFF", json!({}), ["C", "D"]),
        Flow::Ecp5 => {
            // The blank says that it is text and no bit.
            let parameters =
                json!({"GSR": "DISABLED", "CEMUX": "1 ", "CLKMUX": "CLK", "LSRMUX": "LSR", "REGSET": "RESET"});
            ("TRELLIS_FF", parameters, ["CLK", "DI"])
        }
        Flow::Xcup | Flow::Generic => return None,
    };
    Some(json!({
        "hide_name": 1,
        "type": kind,
        "parameters": parameters,
        "attributes": {},
        "port_directions": {clock_pin: "input", d_pin: "input", "Q": "output"},
        "connections": {clock_pin: [clock], d_pin: [d], "Q": [q]},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two inputs, of which one is a register's clock, and two outputs, of which one is fixed.
    const NETLIST: &str = r#"{"modules": {"top": {
        "ports": {"clk": {"direction": "input", "bits": [2]}, "a": {"direction": "input", "bits": [3, 4]},
            "y": {"direction": "output", "bits": [5, "0"]}},
        "cells": {"r": {"type": "SB_DFF", "connections": {"C": [2], "D": [3], "Q": [5]}}},
        "netnames": {"n": {"bits": [9]}}}}}"#;

    fn cells(netlist: &Value) -> Vec<(String, Value)> {
        let cells = netlist["modules"]["top"]["cells"].as_object().unwrap();
        cells.iter().map(|(name, cell)| (name.clone(), cell["connections"].clone())).collect()
    }

    #[test]
    fn each_port_but_the_clock_gets_registers() {
        let framed: Value = serde_json::from_str(&framed(NETLIST, "top", Flow::Ice40).unwrap()).unwrap();
        let register = |name: &str, d: Value, q: u64| (name.to_owned(), json!({"C": [2], "D": [d], "Q": [q]}));
        let expected = [
            register("$frame$a$0", json!("0"), 3),
            register("$frame$a$1", json!("0"), 4),
            register("$frame$y$0", json!(5), 10),
            register("r", json!(3), 5),
        ];
        assert_eq!(cells(&framed), expected);
        assert_eq!(framed["modules"]["top"]["ports"], json!({"clk": {"direction": "input", "bits": [2]}}));
    }

    #[test]
    fn a_design_without_registers_gets_a_clock() {
        let netlist = NETLIST.replace("SB_DFF", "SB_LUT4").replace("\"C\"", "\"I0\"");
        let framed: Value = serde_json::from_str(&framed(&netlist, "top", Flow::Ecp5).unwrap()).unwrap();
        assert_eq!(framed["modules"]["top"]["ports"], json!({"frame_clock": {"direction": "input", "bits": [10]}}));
        let clocked = cells(&framed).into_iter().filter(|(_, pins)| pins["CLK"] == json!([10])).count();
        assert_eq!(clocked, 4, "{framed}");
    }

    #[test]
    fn what_is_no_netlist_is_refused() {
        assert_eq!(framed("", "top", Flow::Ice40), None);
        assert_eq!(framed(NETLIST, "other", Flow::Ice40), None);
        assert_eq!(framed(NETLIST, "top", Flow::Xcup), None);
    }
}
