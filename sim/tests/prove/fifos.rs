//! FIFOs of every style, with and without fall-through, and the other buffers: order, nothing lost, nothing doubled.

use gatewright_dsl::parts::fifo::{DelayLine, Fifo, FifoStyle, RegSlice};
use gatewright_dsl::prelude::*;
use gatewright_sim::prove::Options;

use super::order::Order;
use super::{has_z3, proved};

fn options() -> Options {
    Options { depth: 12, induction: 3, ..Options::default() }
}

fn fifos(style: FifoStyle) {
    if !has_z3() {
        return;
    }
    for depth in 1..=3 {
        for through in [false, true] {
            // This one takes as long as the others together.
            if (style, depth, through) == (FifoStyle::BlockRam, 3, true) {
                continue;
            }
            let fifo = Fifo { payload: BOOL, depth, style, fall_through: through };
            // One beat more waits behind a block RAM.
            let room = depth + u64::from(style == FifoStyle::BlockRam);
            let patience = u64::from(style == FifoStyle::BlockRam);
            let harness = Order::new(fifo, room, patience);
            let harness = if through { harness.through() } else { harness };
            proved(&format!("{style:?} of {depth}, through: {through}"), &harness, &options());
        }
    }
}

#[test]
fn in_registers() {
    fifos(FifoStyle::Registers);
}

#[test]
fn in_lut_ram() {
    fifos(FifoStyle::LutRam);
}

#[test]
fn in_block_ram() {
    fifos(FifoStyle::BlockRam);
}

#[test]
fn register_slice_and_delay_line() {
    if !has_z3() {
        return;
    }
    proved("register slice", &Order::new(RegSlice { payload: BOOL }, 2, 0), &options());
    for stages in 1..=3 {
        let line = DelayLine { payload: BOOL, stages };
        proved(&format!("delay line of {stages}"), &Order::new(line, stages, stages - 1), &options());
    }
}
