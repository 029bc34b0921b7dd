//! AXI4 with bursts: managers that turn long transfers into bursts, under the names that vendors' tools infer (`m_axi_awid`,
//! `m_axi_awaddr`, `m_axi_awlen`, …).
//!
//! A [`Transfer`] is an address and a number of words. It is split into INCR bursts of full words of at most `burst` beats,
//! none of which crosses a boundary of 4096 bytes. All bursts have the identifier 0, so that they are answered in their
//! order. [`AxiReader`] and [`AxiWriter`] have the channels of one direction, [`AxiManager`] has both.

mod bursts;
mod reader;
mod writer;

pub use reader::{AxiReader, AxiReaderIn, AxiReaderInShape, AxiReaderOut, AxiReaderOutShape};
pub use writer::{AxiWriter, AxiWriterIn, AxiWriterInShape, AxiWriterOut, AxiWriterOutShape};

use super::axi_lite::{WriteData, WriteDataShape};
use super::channel::channels;
use super::{BusTy, Response, WriteResponse};
use crate::hw::bits::{Bits, Bool, bits, word};
use crate::hw::bundle::Bundle;
use crate::hw::context::Loc;
use crate::hw::enums::{Enum, HwEnum};
use crate::hw::int::Int;
use crate::hw::module::{Generator, Module};
use crate::hw::reg::Reg;
use crate::hw::stream::{Stream, StreamTy};
use crate::parts::misuse::refuse;
use crate::ty::{IntTy, range};

/// The head of a burst.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct AxiAddress {
    /// Identifier.
    pub id: Bits,
    /// Byte address of the first beat.
    pub addr: Bits,
    /// Beats less 1.
    pub len: Bits,
    /// Bytes of a beat as a power of two.
    pub size: Bits,
    /// The kind: 1 is INCR.
    pub burst: Bits,
    /// Exclusive access.
    pub lock: Bits,
    /// What caches may do.
    pub cache: Bits,
    /// Protection.
    pub prot: Bits,
    /// Quality of service.
    pub qos: Bits,
}

/// The answer to a burst of writes.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct AxiWriteResponse {
    /// Identifier.
    pub id: Bits,
    /// How it went.
    pub resp: Enum<Response>,
}

/// A beat of a burst of reads.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct AxiReadData {
    /// Identifier.
    pub id: Bits,
    /// The word.
    pub data: Bits,
    /// How it went.
    pub resp: Enum<Response>,
}

channels! {
    /// What a manager that only reads drives.
    AxiReadRequests
    /// The shape of [`AxiReadRequests`].
    AxiReadRequestsTy
    ar "ar" false AxiAddress AxiAddressShape "Heads of reads.";
}

channels! {
    /// What a subordinate answers to reads.
    AxiReadResponses
    /// The shape of [`AxiReadResponses`].
    AxiReadResponsesTy
    r "r" true AxiReadData AxiReadDataShape "Data of reads.";
}

channels! {
    /// What a manager that only writes drives.
    AxiWriteRequests
    /// The shape of [`AxiWriteRequests`].
    AxiWriteRequestsTy
    aw "aw" false AxiAddress AxiAddressShape "Heads of writes.";
    w "w" true WriteData WriteDataShape "Data of writes.";
}

channels! {
    /// What a subordinate answers to writes.
    AxiWriteResponses
    /// The shape of [`AxiWriteResponses`].
    AxiWriteResponsesTy
    b "b" false AxiWriteResponse AxiWriteResponseShape "Answers to writes.";
}

channels! {
    /// What a manager drives.
    AxiRequests
    /// The shape of [`AxiRequests`].
    AxiRequestsTy
    aw "aw" false AxiAddress AxiAddressShape "Heads of writes.";
    w "w" true WriteData WriteDataShape "Data of writes.";
    ar "ar" false AxiAddress AxiAddressShape "Heads of reads.";
}

channels! {
    /// What a subordinate drives.
    AxiResponses
    /// The shape of [`AxiResponses`].
    AxiResponsesTy
    b "b" false AxiWriteResponse AxiWriteResponseShape "Answers to writes.";
    r "r" true AxiReadData AxiReadDataShape "Data of reads.";
}

/// Words one after the other.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct Transfer {
    /// Byte address of the first word. The low bits within a word say nothing.
    pub addr: Bits,
    /// Words, at least 1.
    pub beats: Int,
}

/// The parameters of a manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AxiTy {
    /// Widths. A word has 8 bits times a power of two, up to 1024.
    pub bus: BusTy,
    /// Bits of an identifier.
    pub id: u32,
    /// The longest transfer, in words.
    pub transfer: u64,
    /// The longest burst, 1 to 256 beats.
    pub burst: u64,
    /// Bursts under way at most, at least 1.
    pub outstanding: u64,
}

impl AxiTy {
    /// A transfer.
    pub fn command(self) -> TransferShape {
        TransferShape { addr: word(self.bus.address), beats: range(1..=self.transfer.max(1)) }
    }
    fn read_data(self) -> AxiReadDataShape {
        AxiReadDataShape { id: word(self.id), data: word(self.bus.data), resp: Response::shape() }
    }
    fn written(self) -> AxiWriteResponseShape {
        AxiWriteResponseShape { id: word(self.id), resp: Response::shape() }
    }
    fn write_data(self) -> WriteDataShape {
        WriteDataShape { data: word(self.bus.data), strb: word(self.bus.bytes()) }
    }
    fn beats(self) -> IntTy {
        range(1..=self.burst.clamp(1, 256))
    }
    /// Bytes of a word as a power of two.
    fn size(self) -> u32 {
        self.bus.bytes().max(1).ilog2()
    }

    #[track_caller]
    fn check(self) {
        let width = self.bus.data;
        if !width.is_power_of_two() || !(8..=1024).contains(&width) {
            refuse(Loc::caller(), "AXI has no words of this width", "give 8, 16, 32, … or 1024 bits");
        }
        if !(1..=256).contains(&self.burst) {
            refuse(Loc::caller(), "AXI has no bursts of this length", "give 1 to 256 beats");
        }
        if self.outstanding == 0 || self.transfer == 0 {
            let what = "neither `outstanding` nor `transfer` may be 0";
            refuse(Loc::caller(), what, "let both be at least 1");
        }
        if self.bus.address <= self.size() || self.bus.address > 64 {
            refuse(Loc::caller(), "the address has too few or too many bits", "give enough for two words, up to 64");
        }
    }

    /// The head of a burst.
    fn head(self, burst: bursts::Burst) -> AxiAddress {
        AxiAddress {
            id: bits(self.id, 0),
            addr: burst.addr,
            len: (burst.beats - 1).to_bits().zero_extend(8),
            size: bits(3, self.size()),
            burst: bits(2, 1),
            lock: bits(1, 0),
            // Normal, non-cacheable, bufferable: what a memory controller may merge and no cache keeps.
            cache: bits(4, 0b0011),
            prot: bits(3, 0),
            qos: bits(4, 0),
        }
    }
}

/// Keeps the first error of a transfer.
struct FirstError {
    failed: Reg<Bool>,
    first: Reg<Enum<Response>>,
}

impl FirstError {
    fn new(m: &Module) -> FirstError {
        let failed = m.reg("failed", crate::hw::bits::BOOL).reset(false);
        FirstError { failed, first: m.reg("first_error", Response::shape()).reset(Response::Okay) }
    }

    /// What is known of the transfer where `resp` comes now; takes it in where `fires`, and forgets all where it `ends`.
    fn with(&self, m: &Module, resp: Enum<Response>, fires: Bool, ends: Bool) -> WriteResponse {
        let bad = resp.is(Response::SubordinateError) | resp.is(Response::DecodeError);
        let now = bad.mux::<Enum<Response>>(resp, Response::Okay);
        let known = self.failed.q().mux::<Enum<Response>>(self.first.q(), now);
        m.when(fires, || {
            self.failed.set(!ends & (self.failed.q() | bad));
            self.first.set(known);
        });
        WriteResponse { resp: known }
    }
}

/// An AXI4 manager for both directions: an [`AxiReader`] and an [`AxiWriter`] beside each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AxiManager(pub AxiTy);

/// Inputs of a manager.
#[derive(Bundle)]
pub struct AxiManagerIn {
    /// What is to be read.
    pub reads: Stream<Transfer>,
    /// What is to be written.
    pub writes: Stream<Transfer>,
    /// The words for it.
    pub write_data: Stream<WriteData>,
    /// The bus.
    pub m_axi: AxiResponses,
}

/// Outputs of a manager.
#[derive(Bundle)]
pub struct AxiManagerOut {
    /// The words of the reads; `last` ends a transfer.
    pub read_data: Stream<Bits>,
    /// How each read went.
    pub read_done: Stream<WriteResponse>,
    /// How each write went.
    pub write_done: Stream<WriteResponse>,
    /// The bus.
    pub m_axi: AxiRequests,
}

impl Generator for AxiManager {
    type In = AxiManagerIn;
    type Out = AxiManagerOut;

    fn shape(&self) -> AxiManagerInShape {
        let (command, write_data) = (StreamTy(self.0.command()), StreamTy(self.0.write_data()));
        let m_axi = AxiResponsesTy { b: self.0.written(), r: self.0.read_data() };
        AxiManagerInShape { reads: command.clone(), writes: command, write_data, m_axi }
    }

    fn build(&self, m: &Module, i: AxiManagerIn) -> AxiManagerOut {
        let m_axi = AxiReadResponses { r: i.m_axi.r };
        let reader = m.inst("reader", &AxiReader(self.0), AxiReaderIn { reads: i.reads, m_axi });
        let m_axi = AxiWriteResponses { b: i.m_axi.b };
        let inputs = AxiWriterIn { writes: i.writes, write_data: i.write_data, m_axi };
        let writer = m.inst("writer", &AxiWriter(self.0), inputs);
        AxiManagerOut {
            read_data: reader.read_data,
            read_done: reader.read_done,
            write_done: writer.write_done,
            m_axi: AxiRequests { aw: writer.m_axi.aw, w: writer.m_axi.w, ar: reader.m_axi.ar },
        }
    }
}
