//! Buses: plain requests and responses, and the protocols that carry them.
//!
//! What answers a bus (a register bank, a memory, logic of yours) is written against [`Requests`] and [`Responses`]: streams
//! of reads and writes with byte addresses. [`axi_lite`], [`axi`] and [`wishbone`] lead there and back under the signal names
//! that vendors' tools infer.
//!
//! A subordinate answers the requests of each stream in their order, one response for each. Reads and writes are
//! independent of each other: who needs an order waits for the response.

pub mod axi;
pub mod axi_lite;
mod channel;
pub mod command;
pub mod wishbone;

use crate::hw::bits::{Bits, word};
use crate::hw::bundle::Bundle;
use crate::hw::enums::{Enum, HwEnum};
use crate::hw::stream::{Stream, StreamTy};

/// How a request went, in the encoding of AXI.
#[derive(HwEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Done.
    Okay,
    /// Done as an exclusive access.
    ExclusiveOkay,
    /// Refused by the one that was addressed.
    SubordinateError,
    /// There is nothing at the address.
    DecodeError,
}

/// Where a word is: all of a read, half of a write.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct Address {
    /// Byte address. The low bits within a word say nothing.
    pub addr: Bits,
    /// The protection bits of AXI: privileged, not secure, instruction.
    pub prot: Bits,
}

/// A write to one word.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WriteRequest {
    /// Byte address. The low bits within a word say nothing.
    pub addr: Bits,
    /// The protection bits of AXI: privileged, not secure, instruction.
    pub prot: Bits,
    /// The word.
    pub data: Bits,
    /// One bit for each byte of `data`: it is to be written.
    pub strb: Bits,
}

/// The answer to a read.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct ReadResponse {
    /// The word.
    pub data: Bits,
    /// How it went.
    pub resp: Enum<Response>,
}

/// The answer to a write.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WriteResponse {
    /// How it went.
    pub resp: Enum<Response>,
}

/// What a manager wants.
#[derive(Bundle, Debug)]
pub struct Requests {
    /// Reads.
    pub reads: Stream<Address>,
    /// Writes.
    pub writes: Stream<WriteRequest>,
}

/// What a subordinate answers.
#[derive(Bundle, Debug)]
pub struct Responses {
    /// To the reads, in their order.
    pub reads: Stream<ReadResponse>,
    /// To the writes, in their order.
    pub writes: Stream<WriteResponse>,
}

/// The widths of a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BusTy {
    /// Bits of a byte address.
    pub address: u32,
    /// Bits of a word: a multiple of 8. AXI4-Lite has 32 and 64.
    pub data: u32,
}

impl BusTy {
    /// Bytes of a word.
    pub fn bytes(self) -> u32 {
        self.data / 8
    }
    /// A read.
    pub fn read_request(self) -> AddressShape {
        AddressShape { addr: word(self.address), prot: word(3) }
    }
    /// A write.
    pub fn write_request(self) -> WriteRequestShape {
        WriteRequestShape { addr: word(self.address), prot: word(3), data: word(self.data), strb: word(self.bytes()) }
    }
    /// The answer to a read.
    pub fn read_response(self) -> ReadResponseShape {
        ReadResponseShape { data: word(self.data), resp: Response::shape() }
    }
    /// The answer to a write.
    pub fn write_response(self) -> WriteResponseShape {
        WriteResponseShape { resp: Response::shape() }
    }
    /// Both streams of requests.
    pub fn requests(self) -> RequestsShape {
        RequestsShape { reads: StreamTy(self.read_request()), writes: StreamTy(self.write_request()) }
    }
    /// Both streams of responses.
    pub fn responses(self) -> ResponsesShape {
        ResponsesShape { reads: StreamTy(self.read_response()), writes: StreamTy(self.write_response()) }
    }
}
