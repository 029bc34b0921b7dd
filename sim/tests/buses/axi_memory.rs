//! An AXI4 memory in plain Rust that answers a manager, with stalls on all channels, and watches the rules of bursts.

use std::collections::{HashMap, VecDeque};

use gatewright_dsl::prelude::Value;
use gatewright_sim::rng::Rng;
use gatewright_sim::stream::Agent;
use gatewright_sim::{Beat, Dut, SimError, Stall, StreamSink, StreamSource};

/// The head of a burst.
#[derive(Clone, Copy, Debug)]
struct Head {
    addr: u64,
    beats: u64,
}

/// A memory of bytes; those that nobody wrote hold a value that follows from their address.
pub struct AxiMemory {
    heads: [StreamSink; 2],
    words: StreamSink,
    data: StreamSource,
    answers: StreamSource,
    seen: [usize; 3],
    writes: VecDeque<Head>,
    /// Bytes of a word.
    bytes: u64,
    longest: u64,
    bytes_written: HashMap<u64, u8>,
    /// Bursts whose last answer has not moved, reads and writes, and the most there were.
    under_way: [u64; 2],
    pub most: [u64; 2],
    waiting: [VecDeque<u64>; 2],
    pub bursts: u64,
}

/// A byte of the memory before it is written.
pub fn before(address: u64) -> u8 {
    (Rng::new(address).bits() >> 32) as u8
}

/// How an access goes: of every 32 pages one refuses, and the next is not there.
pub fn resp(address: u64) -> u64 {
    match address / 4096 % 32 {
        27 => 2,
        28 => 3,
        _ => 0,
    }
}

impl AxiMemory {
    pub fn new(dut: &dyn Dut, bytes: u64, longest: u64, stall: [&Stall; 2], seed: u64) -> Result<AxiMemory, SimError> {
        let sink = |name: &str, n: u64| Ok(StreamSink::new(dut, name, 0)?.stall(stall[0].clone(), seed + n));
        let source = |name: &str, n: u64| Ok(StreamSource::new(dut, name)?.stall(stall[1].clone(), seed + n));
        Ok(AxiMemory {
            heads: [sink("m_axi_ar", 1)?, sink("m_axi_aw", 2)?],
            words: sink("m_axi_w", 3)?,
            data: source("m_axi_r", 4)?,
            answers: source("m_axi_b", 5)?,
            seen: [0; 3],
            writes: VecDeque::new(),
            bytes,
            longest,
            bytes_written: HashMap::new(),
            under_way: [0; 2],
            most: [0; 2],
            waiting: [VecDeque::new(), VecDeque::new()],
            bursts: 0,
        })
    }

    pub fn byte(&self, address: u64) -> u8 {
        self.bytes_written.get(&address).copied().unwrap_or_else(|| before(address))
    }

    pub fn word(&self, address: u64) -> Value {
        let bytes = (0..self.bytes).rev().map(|n| self.byte(address + n));
        bytes.fold(Value::ZERO, |word, byte| &word.shl(8) + &Value::from(byte))
    }

    /// Fields of a head as the standard wants them from a manager of full words.
    fn head(&mut self, beat: &Beat) -> Head {
        let number = |n: usize| beat.payload[n].to_u64().unwrap();
        let (addr, beats) = (number(1), number(2) + 1);
        assert_eq!(number(0), 0, "the identifier");
        assert_eq!(1 << number(3), self.bytes, "the size");
        assert_eq!(number(4), 1, "the kind");
        assert!(beats <= self.longest, "a burst of {beats}");
        assert_eq!(addr % self.bytes, 0, "an address within a word");
        assert_eq!(addr / 4096, (addr + beats * self.bytes - 1) / 4096, "a burst from {addr:#x} of {beats}");
        self.bursts += 1;
        Head { addr, beats }
    }

    fn begin(&mut self, direction: usize) {
        self.under_way[direction] += 1;
        self.most[direction] = self.most[direction].max(self.under_way[direction]);
    }

    /// Takes in what moved.
    fn take(&mut self) -> Result<(), SimError> {
        let new = self.heads[0].beats()[self.seen[0]..].to_vec();
        for beat in &new {
            self.seen[0] += 1;
            let head = self.head(beat);
            self.begin(0);
            for n in 0..head.beats {
                let address = head.addr + n * self.bytes;
                let payload = vec![Value::ZERO, self.word(address), Value::from(resp(address))];
                self.data.push(Beat { payload, last: n + 1 == head.beats })?;
            }
            let before = self.waiting[0].back().copied().unwrap_or(self.data.sent());
            self.waiting[0].push_back(before + head.beats);
        }
        let new = self.heads[1].beats()[self.seen[1]..].to_vec();
        for beat in &new {
            self.seen[1] += 1;
            let head = self.head(beat);
            self.begin(1);
            self.writes.push_back(head);
        }
        while let Some(&head) = self.writes.front() {
            let words = &self.words.beats()[self.seen[2]..];
            let Some(end) = words.iter().position(|beat| beat.last) else { break };
            assert_eq!(end as u64 + 1, head.beats, "`wlast`");
            let words = words[..=end].to_vec();
            self.seen[2] += end + 1;
            for (n, beat) in words.iter().enumerate() {
                for k in (0..self.bytes).filter(|&k| beat.payload[1].bit(k as u32)) {
                    let byte =
                        (0..8).fold(0u8, |byte, bit| byte | u8::from(beat.payload[0].bit((8 * k + bit) as u32)) << bit);
                    self.bytes_written.insert(head.addr + n as u64 * self.bytes + k, byte);
                }
            }
            self.writes.pop_front();
            let payload = vec![Value::ZERO, Value::from(resp(head.addr))];
            self.answers.push(Beat { payload, last: true })?;
            let before = self.waiting[1].back().copied().unwrap_or(self.answers.sent());
            self.waiting[1].push_back(before + 1);
        }
        for (direction, sent) in [self.data.sent(), self.answers.sent()].into_iter().enumerate() {
            while self.waiting[direction].front().is_some_and(|&done| done <= sent) {
                self.waiting[direction].pop_front();
                self.under_way[direction] -= 1;
            }
        }
        Ok(())
    }

    fn agents(&mut self) -> [&mut dyn Agent; 5] {
        let [ar, aw] = &mut self.heads;
        [ar, aw, &mut self.words, &mut self.data, &mut self.answers]
    }
}

impl Agent for AxiMemory {
    fn drive(&mut self, dut: &mut dyn Dut) -> Result<(), SimError> {
        self.agents().into_iter().try_for_each(|a| a.drive(dut))
    }
    fn observe(&mut self, dut: &mut dyn Dut) -> Result<bool, SimError> {
        let mut moved = false;
        for agent in self.agents() {
            moved |= agent.observe(dut)?;
        }
        self.take()?;
        Ok(moved)
    }
    fn release(&mut self, dut: &mut dyn Dut) -> Result<(), SimError> {
        self.agents().into_iter().try_for_each(|a| a.release(dut))
    }
    fn is_done(&self) -> bool {
        self.waiting.iter().all(VecDeque::is_empty) && self.writes.is_empty()
    }
    fn waits_for(&self) -> String {
        format!("{} bursts are under way", self.under_way[0] + self.under_way[1])
    }
}
