//! Memories: one store per field, and what happens to them at a clock edge.

use gatewright_dsl::ir::Collision;
use gatewright_dsl::value::Value;

use super::program::Slot;
use super::wide::{read, write};
use crate::clocks::Timeline;

/// The words of one field of one memory.
pub(super) enum Store {
    Small { words: Vec<i64>, outside: i64 },
    Wide { words: Vec<Value>, outside: Value },
}

impl Store {
    /// The word at an address; outside of the memory, what an untouched word holds.
    pub(super) fn small(&self, addr: i64) -> i64 {
        match self {
            Store::Small { words, outside } => usize::try_from(addr).ok().and_then(|a| words.get(a)).unwrap_or(outside),
            Store::Wide { .. } => &0,
        }
        .to_owned()
    }
    pub(super) fn read(&self, addr: &Value) -> Value {
        let addr = addr.to_usize();
        match self {
            Store::Small { words, outside } => Value::small(*addr.and_then(|a| words.get(a)).unwrap_or(outside)),
            Store::Wide { words, outside } => addr.and_then(|a| words.get(a)).unwrap_or(outside).clone(),
        }
    }
    fn write(&mut self, addr: usize, value: Value) {
        match self {
            Store::Small { words, .. } => {
                if let (Some(word), Some(value)) = (words.get_mut(addr), value.to_i64()) {
                    *word = value;
                }
            }
            Store::Wide { words, .. } => {
                if let Some(word) = words.get_mut(addr) {
                    *word = value;
                }
            }
        }
    }
}

/// A synchronous read port; `data` are state slots, one per field.
pub(super) struct ReadPort {
    pub(super) clock: u32,
    pub(super) addr: Slot,
    pub(super) enable: Option<Slot>,
    pub(super) data: Vec<Slot>,
}

pub(super) struct WritePort {
    pub(super) clock: u32,
    pub(super) addr: Slot,
    pub(super) enable: Slot,
    pub(super) data: Vec<Slot>,
    pub(super) mask: Vec<Slot>,
}

/// A memory with state ports.
pub(super) struct Memory {
    pub(super) stores: u32,
    pub(super) collision: Collision,
    pub(super) reads: Vec<ReadPort>,
    pub(super) writes: Vec<WritePort>,
}

/// The slot files before the edge.
#[derive(Clone, Copy)]
pub(super) struct Now<'a> {
    pub(super) small: &'a [i64],
    pub(super) wide: &'a [Value],
}

impl Now<'_> {
    pub(super) fn get(&self, slot: Slot) -> Value {
        read(self.small, self.wide, slot)
    }
    pub(super) fn bit(&self, slot: Slot) -> bool {
        !slot.is_wide() && self.small[slot.index() as usize] != 0
    }
    fn addr(&self, slot: Slot) -> Option<usize> {
        if slot.is_wide() {
            return self.get(slot).to_usize();
        }
        usize::try_from(self.small[slot.index() as usize]).ok()
    }
}

impl Memory {
    /// The edge: samples `now`, puts what the read ports take into the state to come, writes the stores.
    pub(super) fn edge(
        &self,
        now: Now<'_>,
        timeline: &Timeline,
        next_small: &mut [i64],
        next_wide: &mut [Value],
        stores: &mut [Store],
    ) {
        if self.collision == Collision::New {
            self.write(now, timeline, stores);
        }
        for port in &self.reads {
            if !timeline.ticks(port.clock as usize) || port.enable.is_some_and(|e| !now.bit(e)) {
                continue;
            }
            let addr = now.get(port.addr);
            for (field, &data) in port.data.iter().enumerate() {
                write(next_small, next_wide, data, stores[self.stores as usize + field].read(&addr));
            }
        }
        if self.collision != Collision::New {
            self.write(now, timeline, stores);
        }
    }

    fn write(&self, now: Now<'_>, timeline: &Timeline, stores: &mut [Store]) {
        for port in self.writes.iter().filter(|p| timeline.ticks(p.clock as usize)) {
            let Some(addr) = now.addr(port.addr).filter(|_| now.bit(port.enable)) else {
                continue;
            };
            for (field, &data) in port.data.iter().enumerate() {
                if port.mask.get(field).is_none_or(|&m| now.bit(m)) {
                    stores[self.stores as usize + field].write(addr, now.get(data));
                }
            }
        }
    }

    /// An address that is read and written at this edge of one clock, if any.
    pub(super) fn collision(&self, now: Now<'_>, clock: u32) -> Option<usize> {
        let written: Vec<usize> = self
            .writes
            .iter()
            .filter(|w| {
                w.clock == clock && now.bit(w.enable) && (w.mask.is_empty() || w.mask.iter().any(|&m| now.bit(m)))
            })
            .filter_map(|w| now.addr(w.addr))
            .collect();
        let reads = self.reads.iter().filter(|r| r.clock == clock && r.enable.is_none_or(|e| now.bit(e)));
        reads.filter_map(|r| now.addr(r.addr)).find(|a| written.contains(a))
    }
}
