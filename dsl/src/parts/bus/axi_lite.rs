//! AXI4-Lite: ports `s_axi_awaddr`, `s_axi_awprot`, `s_axi_awvalid`, `s_axi_awready` and so on, after the field's name.
//!
//! A subordinate has [`AxiLiteRequests`] among its inputs and [`AxiLiteResponses`] among its outputs, under one name; a
//! manager has them the other way round. The standard wants words of 32 or 64 bits.

use super::channel::channels;
use super::command::{Answer, Command, CommandShape, Commander, CommanderIn};
use super::{
    Address, AddressShape, BusTy, ReadResponse, ReadResponseShape, Requests, Responses, WriteRequest, WriteResponse,
    WriteResponseShape,
};
use crate::hw::bits::{Bits, word};
use crate::hw::bundle::Bundle;
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{Stream, StreamTy};
use crate::parts::fifo::RegSlice;

/// Data of a write.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WriteData {
    /// The word.
    pub data: Bits,
    /// One bit for each byte of `data`: it is to be written.
    pub strb: Bits,
}

channels! {
    /// What an AXI4-Lite manager drives.
    AxiLiteRequests
    /// The shape of [`AxiLiteRequests`].
    AxiLiteRequestsTy
    aw "aw" false Address AddressShape "Addresses of writes.";
    w "w" false WriteData WriteDataShape "Data of writes.";
    ar "ar" false Address AddressShape "Addresses of reads.";
}

channels! {
    /// What an AXI4-Lite subordinate drives.
    AxiLiteResponses
    /// The shape of [`AxiLiteResponses`].
    AxiLiteResponsesTy
    b "b" false WriteResponse WriteResponseShape "Answers to writes.";
    r "r" false ReadResponse ReadResponseShape "Answers to reads.";
}

impl BusTy {
    /// What a manager drives.
    pub fn axi_lite_requests(self) -> AxiLiteRequestsTy {
        let write = WriteDataShape { data: word(self.data), strb: word(self.bytes()) };
        AxiLiteRequestsTy { aw: self.read_request(), w: write, ar: self.read_request() }
    }
    /// What a subordinate drives.
    pub fn axi_lite_responses(self) -> AxiLiteResponsesTy {
        AxiLiteResponsesTy { b: self.write_response(), r: self.read_response() }
    }
}

impl AxiLiteRequests {
    /// The subordinate side: `answer` builds what answers the requests, and what it returns beside the responses is
    /// handed on.
    ///
    /// Address and data of a write may come in any order. A request is offered 1 clock after it was taken, a response at
    /// once; one read and one write pass in each clock. No path leads combinationally from one AXI signal to another, unless
    /// `answer` makes one from response to response.
    #[track_caller]
    pub fn serve<R>(self, m: &Module, answer: impl FnOnce(Requests) -> (Responses, R)) -> (AxiLiteResponses, R) {
        let (responses, result) = answer(self.requests(m));
        (AxiLiteResponses { b: responses.writes, r: responses.reads }, result)
    }

    /// The requests behind register slices.
    #[track_caller]
    fn requests(self, m: &Module) -> Requests {
        let slice = RegSlice { payload: self.aw.payload().shape() };
        let data = RegSlice { payload: self.w.payload().shape() };
        let address = self.aw.through(m, "aw", &slice);
        let data = self.w.through(m, "w", &data);
        let writes =
            address.zip(m, data).map(|(a, w)| WriteRequest { addr: a.addr, prot: a.prot, data: w.data, strb: w.strb });
        Requests { reads: self.ar.through(m, "ar", &slice), writes }
    }
}

impl Requests {
    /// The manager side: addresses and data of writes go out as soon as each can. Latency 0, one read and one write in
    /// each clock. `ready` goes combinationally from the AXI channels to the requests, `valid` and payload the other way.
    #[track_caller]
    pub fn axi_lite(self, m: &Module) -> AxiLiteRequests {
        let mut ways = self.writes.fork(m, 2).into_iter();
        // Not `expect`: a fork in two has two ways.
        let (Some(address), Some(data)) = (ways.next(), ways.next()) else { crate::hw::module::abort() };
        AxiLiteRequests {
            aw: address.map(|w| Address { addr: w.addr, prot: w.prot }),
            w: data.map(|w| WriteData { data: w.data, strb: w.strb }),
            ar: self.reads,
        }
    }
}

impl AxiLiteResponses {
    /// The answers on the manager's side, as they are.
    pub fn responses(self) -> Responses {
        Responses { reads: self.r, writes: self.b }
    }
}

/// An AXI4-Lite manager that carries out commands in their order.
///
/// Commands go out with latency 0, one a clock; answers come back with latency 0. A read waits for the answers to all writes
/// before it and the other way round, so that each sees what the one before did.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AxiLiteManager {
    /// Widths.
    pub bus: BusTy,
    /// So many commands at most are under way, at least 1.
    pub outstanding: u64,
}

/// Inputs of a manager.
#[derive(Bundle)]
pub struct AxiLiteManagerIn {
    /// What is to be done.
    pub commands: Stream<Command>,
    /// The bus.
    pub m_axi: AxiLiteResponses,
}

/// Outputs of a manager.
#[derive(Bundle)]
pub struct AxiLiteManagerOut {
    /// One for each command, in their order.
    pub answers: Stream<Answer>,
    /// The bus.
    pub m_axi: AxiLiteRequests,
}

impl Generator for AxiLiteManager {
    type In = AxiLiteManagerIn;
    type Out = AxiLiteManagerOut;

    fn shape(&self) -> AxiLiteManagerInShape {
        let commands: StreamTy<CommandShape> = StreamTy(self.bus.command());
        AxiLiteManagerInShape { commands, m_axi: self.bus.axi_lite_responses() }
    }

    fn build(&self, m: &Module, i: AxiLiteManagerIn) -> AxiLiteManagerOut {
        let commander = Commander { bus: self.bus, outstanding: self.outstanding };
        let inputs = CommanderIn { commands: i.commands, responses: i.m_axi.responses() };
        let out = m.inst("commander", &commander, inputs);
        AxiLiteManagerOut { answers: out.answers, m_axi: out.requests.axi_lite(m) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hw::elaborate::elaborate;
    use crate::ir::Dir;

    #[test]
    fn ports_have_the_names_of_the_standard() {
        let design = elaborate(&AxiLiteManager { bus: BusTy { address: 12, data: 32 }, outstanding: 2 }).unwrap();
        let top = &design.modules[design.top];
        let ports = top.ports.values().filter(|p| p.name.starts_with("m_axi_"));
        let mut ports: Vec<(&str, Dir, u32)> =
            ports.map(|p| (p.name.trim_start_matches("m_axi_"), p.dir, p.ty.width())).collect();
        ports.sort_unstable_by_key(|p| p.0);
        let (i, o) = (Dir::Input, Dir::Output);
        let expected = [
            ("araddr", o, 12),
            ("arprot", o, 3),
            ("arready", i, 1),
            ("arvalid", o, 1),
            ("awaddr", o, 12),
            ("awprot", o, 3),
            ("awready", i, 1),
            ("awvalid", o, 1),
            ("bready", o, 1),
            ("bresp", i, 2),
            ("bvalid", i, 1),
            ("rdata", i, 32),
            ("rready", o, 1),
            ("rresp", i, 2),
            ("rvalid", i, 1),
            ("wdata", o, 32),
            ("wready", i, 1),
            ("wstrb", o, 4),
            ("wvalid", o, 1),
        ];
        assert_eq!(ports, expected);
        let streams: Vec<&str> = top.streams.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(streams, ["commands", "m_axi_b", "m_axi_r", "answers", "m_axi_aw", "m_axi_w", "m_axi_ar"]);
    }
}
