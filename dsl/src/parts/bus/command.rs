//! Commands in one order: reads and writes in one stream, for managers and for buses that have one stream of both.

use super::{Address, BusTy, Requests, Response, Responses, ResponsesShape, WriteRequest};
use crate::hw::bits::{BOOL, Bits, Bool, bits, word};
use crate::hw::bundle::Bundle;
use crate::hw::context::Loc;
use crate::hw::enums::Enum;
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{Stream, StreamTy};
use crate::parts::misuse::refuse;
use crate::ty::range;

/// A read or a write of one word.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct Command {
    /// A write.
    pub write: Bool,
    /// Byte address.
    pub addr: Bits,
    /// The word to be written; of no meaning for a read.
    pub data: Bits,
    /// One bit for each byte of `data`: it is to be written.
    pub strb: Bits,
}

/// How a command went.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct Answer {
    /// To a write.
    pub write: Bool,
    /// The word that was read; of no meaning for a write.
    pub data: Bits,
    /// How it went.
    pub resp: Enum<Response>,
}

impl BusTy {
    /// A command.
    pub fn command(self) -> CommandShape {
        CommandShape { write: BOOL, addr: word(self.address), data: word(self.data), strb: word(self.bytes()) }
    }
}

/// Commands to requests, responses to answers in the order of the commands.
///
/// Latency 0 both ways, one command a clock. A read waits for the answers to all writes before it, and the other way round.
/// `valid` and payload go combinationally from commands to requests and from responses to answers, `ready` back.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commander {
    /// Widths.
    pub bus: BusTy,
    /// So many commands at most are under way, at least 1.
    pub outstanding: u64,
}

/// Inputs of a [`Commander`].
#[derive(Bundle)]
pub struct CommanderIn {
    /// What is to be done.
    pub commands: Stream<Command>,
    /// What came of it.
    pub responses: Responses,
}

/// Outputs of a [`Commander`].
#[derive(Bundle)]
pub struct CommanderOut {
    /// One for each command, in their order.
    pub answers: Stream<Answer>,
    /// To whom it may concern.
    pub requests: Requests,
}

impl Generator for Commander {
    type In = CommanderIn;
    type Out = CommanderOut;

    fn shape(&self) -> CommanderInShape {
        let responses: ResponsesShape = self.bus.responses();
        CommanderInShape { commands: StreamTy(self.bus.command()), responses }
    }

    fn build(&self, m: &Module, i: CommanderIn) -> CommanderOut {
        if self.outstanding == 0 {
            refuse(Loc::caller(), "no command may be under way", "let `outstanding` be at least 1");
        }
        let limit = self.outstanding.max(1);
        let count = m.reg("count", range(0..=limit)).reset(0);
        let writing = m.reg("writing", BOOL).reset(false);

        let (offered, command) = (i.commands.valid(), i.commands.payload());
        let alike = count.q().eq(0) | writing.q().eq(command.write);
        // Once open it stays so until the command is taken: answers only make room.
        let open = (count.q().lt(limit) & alike).named("open");
        let prot = bits(3, 0);
        let read = Address { addr: command.addr, prot };
        let (reads, read_ready) = m.stream("reads", offered & open & !command.write, true, read);
        let write = WriteRequest { addr: command.addr, prot, data: command.data, strb: command.strb };
        let (writes, write_ready) = m.stream("writes", offered & open & command.write, true, write);
        let taken = i.commands.accept(open & command.write.mux::<Bool>(write_ready, read_ready));

        let Responses { reads: read, writes: written } = i.responses;
        let (word, read_resp, write_resp) = (read.payload().data, read.payload().resp, written.payload().resp);
        let there = writing.q().mux::<Bool>(written.valid(), read.valid()) & count.q().gt(0);
        let resp = writing.q().mux::<Enum<Response>>(write_resp, read_resp);
        let answer = Answer { write: writing.q(), data: word, resp };
        let (answers, answer_ready) = m.stream("answers", there, true, answer);
        let wanted = answer_ready & count.q().gt(0);
        let _: Bool = read.accept(wanted & !writing.q()).fire;
        let _: Bool = written.accept(wanted & writing.q()).fire;
        let answered = there & answer_ready;

        m.when(taken.fire, || writing.set(command.write));
        m.when(taken.fire & !answered, || count.set(count.q() + 1))
            .elsewhen(!taken.fire & answered, || count.set(count.q() - 1));
        CommanderOut { answers, requests: Requests { reads, writes } }
    }
}
