//! Wishbone B4, classic and pipelined: ports `wb_cyc_i`, `wb_adr_i`, `wb_ack_o` and so on, after the field's name.
//!
//! `adr` is a byte address, whose low bits within a word say nothing; `sel` has one bit for each byte. `err` answers in
//! the place of `ack`. A manager keeps `cyc` until all is answered, and in classic mode `stb` with everything beside it until
//! the answer.

use super::command::{Answer, AnswerShape, Command, Commander, CommanderIn};
use super::{BusTy, Requests, Response, Responses};
use crate::hw::bits::{BOOL, Bits, Bool, word};
use crate::hw::bundle::Bundle;
use crate::hw::context::Loc;
use crate::hw::enums::{Enum, HwEnum};
use crate::hw::module::{Generator, Module};
use crate::hw::stream::{Stream, StreamTy, free_name};
use crate::parts::fifo::RegSlice;
use crate::parts::misuse::refuse;
use crate::ty::range;

/// What a manager drives, seen by the subordinate.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WishboneIn {
    /// A bus cycle is under way.
    pub cyc_i: Bool,
    /// A transfer is wanted.
    pub stb_i: Bool,
    /// It is a write.
    pub we_i: Bool,
    /// Byte address.
    pub adr_i: Bits,
    /// The bytes concerned.
    pub sel_i: Bits,
    /// The word to be written.
    pub dat_i: Bits,
}

/// What a classic subordinate drives.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WishboneOut {
    /// The word that was read.
    pub dat_o: Bits,
    /// Done.
    pub ack_o: Bool,
    /// Refused.
    pub err_o: Bool,
}

/// What a pipelined subordinate drives.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WishbonePipelinedOut {
    /// The word that was read.
    pub dat_o: Bits,
    /// Done.
    pub ack_o: Bool,
    /// Refused.
    pub err_o: Bool,
    /// The transfer is not taken in this clock.
    pub stall_o: Bool,
}

/// What a manager drives.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WishboneManagerBus {
    /// A bus cycle is under way.
    pub cyc_o: Bool,
    /// A transfer is wanted.
    pub stb_o: Bool,
    /// It is a write.
    pub we_o: Bool,
    /// Byte address.
    pub adr_o: Bits,
    /// The bytes concerned.
    pub sel_o: Bits,
    /// The word to be written.
    pub dat_o: Bits,
}

/// What a subordinate drives, seen by the manager. A classic subordinate has no `stall`.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WishboneReply {
    /// The word that was read.
    pub dat_i: Bits,
    /// Done.
    pub ack_i: Bool,
    /// Refused.
    pub err_i: Bool,
}

impl BusTy {
    /// What a subordinate sees.
    pub fn wishbone(self) -> WishboneInShape {
        let (adr_i, sel_i, dat_i) = (word(self.address), word(self.bytes()), word(self.data));
        WishboneInShape { cyc_i: BOOL, stb_i: BOOL, we_i: BOOL, adr_i, sel_i, dat_i }
    }
    /// What a manager sees.
    pub fn wishbone_reply(self) -> WishboneReplyShape {
        WishboneReplyShape { dat_i: word(self.data), ack_i: BOOL, err_i: BOOL }
    }
    /// An answer.
    pub fn answer(self) -> AnswerShape {
        AnswerShape { write: BOOL, data: word(self.data), resp: Response::shape() }
    }
}

/// The answers to `commands`, of which at most `outstanding` are under way, by what `answer` builds.
#[track_caller]
fn answered<R>(
    m: &Module,
    bus: BusTy,
    outstanding: u64,
    commands: Stream<Command>,
    answer: impl FnOnce(Requests) -> (Responses, R),
) -> (Stream<Answer>, R) {
    let (read_wire, reads) = m.stream_wire(&free_name("read_response"), bus.read_response());
    let (write_wire, writes) = m.stream_wire(&free_name("write_response"), bus.write_response());
    let commander = Commander { bus, outstanding };
    let inputs = CommanderIn { commands, responses: Responses { reads, writes } };
    let out = m.inst(&free_name("commander"), &commander, inputs);
    let (responses, result) = answer(out.requests);
    read_wire.connect(responses.reads);
    write_wire.connect(responses.writes);
    (out.answers, result)
}

impl WishboneIn {
    fn bus(&self) -> BusTy {
        BusTy { address: self.adr_i.width(), data: self.dat_i.width() }
    }
    fn command(&self) -> Command {
        Command { write: self.we_i, addr: self.adr_i, data: self.dat_i, strb: self.sel_i }
    }

    /// The classic subordinate: `answer` builds what answers the requests, and what it returns beside the responses is
    /// handed on.
    ///
    /// A transfer is offered in its first clock and acknowledged with its response, so that it takes 1 clock more than
    /// `answer` needs, and one is under way at a time. `stb` and what is beside it go combinationally to the requests.
    #[track_caller]
    pub fn serve<R>(self, m: &Module, answer: impl FnOnce(Requests) -> (Responses, R)) -> (WishboneOut, R) {
        let busy = m.reg(&free_name("wb_busy"), BOOL).reset(false);
        let (commands, taken) = m.stream(&free_name("wb"), self.cyc_i & self.stb_i & !busy.q(), true, self.command());
        let moves = commands.valid() & taken;
        let (answers, result) = answered(m, self.bus(), 1, commands, answer);
        let answer = answers.accept(true);
        m.when(moves, || busy.set(true)).elsewhen(answer.valid, || busy.set(false));
        let (ack_o, err_o) = judged(answer.valid, answer.payload.resp);
        (WishboneOut { dat_o: answer.payload.data, ack_o, err_o }, result)
    }

    /// The pipelined subordinate: `answer` builds what answers the requests, and what it returns beside the responses is
    /// handed on.
    ///
    /// A transfer is offered 1 clock after it was taken and acknowledged with its response; one passes in each clock while
    /// reads follow reads and writes follow writes, and at most `outstanding` (at least 1) are under way. No path leads
    /// combinationally from one of the signals to another.
    #[track_caller]
    pub fn serve_pipelined<R>(
        self,
        m: &Module,
        outstanding: u64,
        answer: impl FnOnce(Requests) -> (Responses, R),
    ) -> (WishbonePipelinedOut, R) {
        let (commands, taken) = m.stream(&free_name("wb"), self.cyc_i & self.stb_i, true, self.command());
        let commands = commands.through(m, "wb_slice", &RegSlice { payload: self.bus().command() });
        let (answers, result) = answered(m, self.bus(), outstanding, commands, answer);
        let answer = answers.accept(true);
        let (ack_o, err_o) = judged(answer.valid, answer.payload.resp);
        (WishbonePipelinedOut { dat_o: answer.payload.data, ack_o, err_o, stall_o: !taken }, result)
    }
}

/// `ack` and `err`.
fn judged(valid: Bool, resp: Enum<Response>) -> (Bool, Bool) {
    let bad = resp.is(Response::SubordinateError) | resp.is(Response::DecodeError);
    (valid & !bad, valid & bad)
}

/// An answer to a transfer.
fn reply(write: Bool, bus: WishboneReply) -> Answer {
    let resp = bus.err_i.mux::<Enum<Response>>(Response::SubordinateError, Response::Okay);
    Answer { write, data: bus.dat_i, resp }
}

fn driven(cyc_o: Bool, stb_o: Bool, command: Command) -> WishboneManagerBus {
    WishboneManagerBus {
        cyc_o,
        stb_o,
        we_o: command.write,
        adr_o: command.addr,
        sel_o: command.strb,
        dat_o: command.data,
    }
}

/// A classic Wishbone manager that carries out commands in their order.
///
/// A command goes out at once and is taken with its answer, which is offered 1 clock later. A subordinate that answers in the
/// same clock gets one transfer a clock. `valid` of the commands goes combinationally to `cyc` and `stb`, `ack` and `err`
/// to `ready` of the commands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WishboneManager {
    /// Widths.
    pub bus: BusTy,
}

/// Inputs of a classic manager.
#[derive(Bundle)]
pub struct WishboneManagerIn {
    /// What is to be done.
    pub commands: Stream<Command>,
    /// The bus.
    pub wb: WishboneReply,
}

/// Outputs of a manager.
#[derive(Bundle)]
pub struct WishboneManagerOut {
    /// One for each command, in their order. An `err` is a subordinate's error.
    pub answers: Stream<Answer>,
    /// The bus.
    pub wb: WishboneManagerBus,
}

impl Generator for WishboneManager {
    type In = WishboneManagerIn;
    type Out = WishboneManagerOut;

    fn shape(&self) -> WishboneManagerInShape {
        WishboneManagerInShape { commands: StreamTy(self.bus.command()), wb: self.bus.wishbone_reply() }
    }

    fn build(&self, m: &Module, i: WishboneManagerIn) -> WishboneManagerOut {
        let (offered, command) = (i.commands.valid(), i.commands.payload());
        let done = i.wb.ack_i | i.wb.err_i;
        let room = m.wire("room", BOOL);
        let stb = (offered & room.get()).named("stb");
        let (answers, ready) = m.stream("answer", stb & done, true, reply(command.write, i.wb));
        room.set(ready);
        let _: Bool = i.commands.accept(room.get() & done).fire;
        WishboneManagerOut { answers: answers.regslice(m), wb: driven(stb, stb, command) }
    }
}

/// A pipelined Wishbone manager that carries out commands in their order.
///
/// Commands go out at once, one a clock; an answer is offered 1 clock after it came. A read waits for the answers to all
/// writes before it, and the other way round. `valid` of the commands goes combinationally to `cyc` and `stb`, `stall` to
/// `ready` of the commands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WishbonePipelinedManager {
    /// Widths.
    pub bus: BusTy,
    /// Commands that are under way or whose answers nobody has taken: so many at most, at least 1. For one command a clock it
    /// is 2 more than the clocks that the subordinate takes to answer.
    pub outstanding: u64,
}

/// Inputs of a pipelined manager.
#[derive(Bundle)]
pub struct WishbonePipelinedManagerIn {
    /// What is to be done.
    pub commands: Stream<Command>,
    /// The bus.
    pub wb: WishbonePipelinedReply,
}

/// What a pipelined subordinate drives, seen by the manager.
#[derive(Bundle, Clone, Copy, Debug)]
pub struct WishbonePipelinedReply {
    /// The word that was read.
    pub dat_i: Bits,
    /// Done.
    pub ack_i: Bool,
    /// Refused.
    pub err_i: Bool,
    /// The transfer is not taken in this clock.
    pub stall_i: Bool,
}

impl Generator for WishbonePipelinedManager {
    type In = WishbonePipelinedManagerIn;
    type Out = WishboneManagerOut;

    fn shape(&self) -> WishbonePipelinedManagerInShape {
        let WishboneReplyShape { dat_i, ack_i, err_i } = self.bus.wishbone_reply();
        let wb = WishbonePipelinedReplyShape { dat_i, ack_i, err_i, stall_i: BOOL };
        WishbonePipelinedManagerInShape { commands: StreamTy(self.bus.command()), wb }
    }

    fn build(&self, m: &Module, i: WishbonePipelinedManagerIn) -> WishboneManagerOut {
        if self.outstanding == 0 {
            refuse(Loc::caller(), "no command may be under way", "let `outstanding` be at least 1");
        }
        let limit = self.outstanding.max(1);
        // Those without an answer, and those whose answer was not taken: there is a place for each.
        let flying = m.reg("flying", range(0..=limit)).reset(0);
        let places = m.reg("places", range(0..=limit)).reset(0);
        let writing = m.reg("writing", BOOL).reset(false);

        let (offered, command) = (i.commands.valid(), i.commands.payload());
        let alike = flying.q().eq(0) | writing.q().eq(command.write);
        let open = (places.q().lt(limit) & alike).named("open");
        let stb = offered & open;
        let taken = i.commands.accept(open & !i.wb.stall_i).fire;
        let cyc = stb | flying.q().gt(0);

        let any = flying.q().gt(0);
        // A subordinate may answer in the clock in which it takes the command.
        let write = any.mux::<Bool>(writing.q(), command.write);
        let came = (i.wb.ack_i | i.wb.err_i) & (any | taken);
        let WishbonePipelinedReply { dat_i, ack_i, err_i, .. } = i.wb;
        let (answers, room) = m.stream("answer", came, true, reply(write, WishboneReply { dat_i, ack_i, err_i }));
        m.assert("place", !came | room, "an answer came for which there is no place");
        let answers = answers.fifo(m, limit);
        let left = answers.valid() & answers.ready();

        m.when(taken, || writing.set(command.write));
        m.when(taken & !came, || flying.set((flying.q() + 1).claim(flying.ty())))
            .elsewhen(!taken & came, || flying.set((flying.q() - 1).claim(flying.ty())));
        m.when(taken & !left, || places.set(places.q() + 1))
            .elsewhen(!taken & left, || places.set((places.q() - 1).claim(places.ty())));
        WishboneManagerOut { answers, wb: driven(cyc, stb, command) }
    }
}
