//! Designs with register banks: one bank of all kinds of fields behind each bus, and managers in front of it.

use gatewright_dsl::parts::bank::*;
use gatewright_dsl::parts::bus::axi_lite::*;
use gatewright_dsl::parts::bus::command::{Answer, Command, Commander, CommanderIn};
use gatewright_dsl::parts::bus::wishbone::*;
use gatewright_dsl::parts::bus::{BusTy, Requests, Responses};
use gatewright_dsl::parts::lfsr::lfsr;
use gatewright_dsl::prelude::*;

/// All kinds of fields.
#[derive(RegisterBank)]
pub struct Demo {
    /// Switches,
    /// and more.
    pub control: Control,
    /// A measurement | in steps of <1 & 2>.
    #[register(ty = sint(12))]
    pub status: ReadOnly<Int>,
    /// A number that is not every number of its bits.
    #[register(ty = range(3..=1000), reset = 10)]
    pub limit: ReadWrite<Int>,
    /// Interrupts.
    #[register(at = 0x20, ty = word(12))]
    pub irq: WriteOneToClear<Bits>,
    /// Events. /* Not a comment. */
    #[register(ty = uint(4))]
    pub count: Counter,
    /// The channels.
    pub channels: [Channel; 2],
}

/// One channel.
#[derive(RegisterBank)]
pub struct Channel {
    /// What samples are multiplied with.
    #[register(ty = sint(9), reset = -5)]
    pub gain: ReadWrite<Int>,
    /// Flags.
    pub flags: Flags,
}

/// Switches, and more.
#[derive(Register)]
pub struct Control {
    /// It works.
    pub enable: ReadWrite<Bool>,
    /// How it works.
    pub mode: ReadWrite<Enum<Mode>>,
    /// Begins.
    #[register(bit = 7)]
    pub start: WritePulse<Bool>,
    /// Across bytes.
    #[register(bit = 8, ty = uint(20), reset = 0xabcde)]
    pub wide: ReadWrite<Int>,
}

/// Three of four values.
#[derive(HwEnum, Clone, Copy, Debug)]
#[allow(dead_code)]
pub enum Mode {
    Off,
    RisingEdge,
    Level,
}

/// Flags.
#[derive(Register)]
pub struct Flags {
    /// Some.
    pub some: [ReadWrite<Bool>; 3],
    /// Another.
    #[register(bit = 31)]
    pub top: ReadWrite<Bool>,
}

/// What hardware gives.
#[derive(Bundle)]
pub struct DemoIn {
    pub status: Int,
    pub irq: Bits,
    pub event: Bool,
}

/// What hardware sees.
#[derive(Bundle)]
pub struct DemoOut {
    pub enable: Bool,
    pub mode: Enum<Mode>,
    pub start: Bool,
    pub wide: Int,
    pub limit: Int,
    pub limit_written: Bool,
    pub status_read: Bool,
    pub pending: Bits,
    pub count: Int,
    pub gains: Vec<Int>,
    pub flags: Vec<Bool>,
}

pub const BUS: BusTy = BusTy { address: 8, data: 32 };

fn demo_in() -> DemoInShape {
    DemoInShape { status: sint(12), irq: word(12), event: BOOL }
}

fn connect(m: &Module, demo: Demo, i: DemoIn) -> DemoOut {
    demo.status.set(i.status);
    demo.irq.raise(i.irq);
    demo.count.count(i.event);
    DemoOut {
        enable: demo.control.enable.q(),
        mode: demo.control.mode.q(),
        start: demo.control.start.q(),
        wide: demo.control.wide.q(),
        limit: demo.limit.q(),
        limit_written: demo.limit.written(m, "limit_written"),
        status_read: demo.status.is_read(),
        pending: demo.irq.q(),
        count: demo.count.q(),
        gains: demo.channels.iter().map(|c| c.gain.q()).collect(),
        flags: demo.channels.iter().flat_map(|c| [c.flags.some[0].q(), c.flags.some[2].q(), c.flags.top.q()]).collect(),
    }
}

/// The bank behind AXI4-Lite.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AxiLiteTop;

#[derive(Bundle)]
pub struct AxiLiteTopIn {
    pub s_axi: AxiLiteRequests,
    pub hw: DemoIn,
}

#[derive(Bundle)]
pub struct AxiLiteTopOut {
    pub s_axi: AxiLiteResponses,
    pub hw: DemoOut,
}

impl Generator for AxiLiteTop {
    type In = AxiLiteTopIn;
    type Out = AxiLiteTopOut;
    fn shape(&self) -> AxiLiteTopInShape {
        AxiLiteTopInShape { s_axi: BUS.axi_lite_requests(), hw: demo_in() }
    }
    fn build(&self, m: &Module, i: AxiLiteTopIn) -> AxiLiteTopOut {
        let (s_axi, demo) = i.s_axi.serve(m, |requests| Demo::attach(m, "regs", requests));
        AxiLiteTopOut { s_axi, hw: connect(m, demo, i.hw) }
    }
}

/// The bank behind classic Wishbone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WishboneTop;

#[derive(Bundle)]
pub struct WishboneTopIn {
    pub wb: WishboneIn,
    pub hw: DemoIn,
}

#[derive(Bundle)]
pub struct WishboneTopOut {
    pub wb: WishboneOut,
    pub hw: DemoOut,
}

impl Generator for WishboneTop {
    type In = WishboneTopIn;
    type Out = WishboneTopOut;
    fn shape(&self) -> WishboneTopInShape {
        WishboneTopInShape { wb: BUS.wishbone(), hw: demo_in() }
    }
    fn build(&self, m: &Module, i: WishboneTopIn) -> WishboneTopOut {
        let (wb, demo) = i.wb.serve(m, |requests| Demo::attach(m, "regs", requests));
        WishboneTopOut { wb, hw: connect(m, demo, i.hw) }
    }
}

/// The bank behind pipelined Wishbone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WishbonePipelinedTop;

#[derive(Bundle)]
pub struct WishbonePipelinedTopOut {
    pub wb: WishbonePipelinedOut,
    pub hw: DemoOut,
}

impl Generator for WishbonePipelinedTop {
    type In = WishboneTopIn;
    type Out = WishbonePipelinedTopOut;
    fn shape(&self) -> WishboneTopInShape {
        WishboneTop.shape()
    }
    fn build(&self, m: &Module, i: WishboneTopIn) -> WishbonePipelinedTopOut {
        let (wb, demo) = i.wb.serve_pipelined(m, 4, |requests| Demo::attach(m, "regs", requests));
        WishbonePipelinedTopOut { wb, hw: connect(m, demo, i.hw) }
    }
}

/// What is between the commands and the bank.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Link {
    /// Nothing.
    Direct,
    /// AXI4-Lite, so many commands under way; channels stall at random where it says so.
    AxiLite { outstanding: u64, stalls: bool },
    /// Classic Wishbone.
    Wishbone,
    /// Pipelined Wishbone, so many commands under way.
    WishbonePipelined { outstanding: u64 },
}

/// Commands to the bank over a bus inside of the module.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LoopTop(pub Link);

#[derive(Bundle)]
pub struct LoopIn {
    pub commands: Stream<Command>,
    pub hw: DemoIn,
}

#[derive(Bundle)]
pub struct LoopOut {
    pub answers: Stream<Answer>,
    pub hw: DemoOut,
}

/// The stream, which waits now and then.
fn bubbles<T: Bundle>(m: &Module, name: &str, seed: u64, stream: Stream<T>) -> Stream<T> {
    let random = lfsr(m, &format!("{name}_random"), 9, seed, true);
    let held = m.reg(&format!("{name}_held"), BOOL).reset(false);
    let gated = stream.gate(m, random.bit(0) | held.q());
    held.set(gated.valid() & !gated.ready());
    gated
}

impl Generator for LoopTop {
    type In = LoopIn;
    type Out = LoopOut;
    fn shape(&self) -> LoopInShape {
        LoopInShape { commands: StreamTy(BUS.command()), hw: demo_in() }
    }
    fn build(&self, m: &Module, i: LoopIn) -> LoopOut {
        let attach = |requests| Demo::attach(m, "regs", requests);
        let (answers, demo) = match self.0 {
            Link::Direct => {
                let (read_wire, reads) = m.stream_wire("read_back", BUS.read_response());
                let (write_wire, writes) = m.stream_wire("write_back", BUS.write_response());
                let commander = Commander { bus: BUS, outstanding: 3 };
                let inputs = CommanderIn { commands: i.commands, responses: Responses { reads, writes } };
                let out = m.inst("commander", &commander, inputs);
                let (responses, demo) = attach(out.requests);
                read_wire.connect(responses.reads);
                write_wire.connect(responses.writes);
                (out.answers, demo)
            }
            Link::AxiLite { outstanding, stalls } => {
                let (b_wire, b) = m.stream_wire("b", BUS.write_response());
                let (r_wire, r) = m.stream_wire("r", BUS.read_response());
                let manager = AxiLiteManager { bus: BUS, outstanding };
                let inputs = AxiLiteManagerIn {
                    commands: i.commands,
                    m_axi: AxiLiteResponses { b: b.regslice(m), r: r.regslice(m) },
                };
                let out = m.inst("manager", &manager, inputs);
                let AxiLiteRequests { aw, w, ar } = out.m_axi;
                let requests = match stalls {
                    false => AxiLiteRequests { aw, w, ar },
                    true => AxiLiteRequests {
                        aw: bubbles(m, "aw", 5, aw),
                        w: bubbles(m, "w", 99, w),
                        ar: bubbles(m, "ar", 77, ar),
                    },
                };
                let (back, demo) = requests.serve(m, attach);
                b_wire.connect(if stalls { bubbles(m, "b", 300, back.b) } else { back.b });
                r_wire.connect(if stalls { bubbles(m, "r", 200, back.r) } else { back.r });
                (out.answers, demo)
            }
            Link::Wishbone => {
                let back = m.wire("back", BUS.wishbone_reply());
                let inputs = WishboneManagerIn { commands: i.commands, wb: back.get() };
                let out = m.inst("manager", &WishboneManager { bus: BUS }, inputs);
                let (wb, demo) = subordinate(out.wb).serve(m, attach);
                back.set(WishboneReply { dat_i: wb.dat_o, ack_i: wb.ack_o, err_i: wb.err_o });
                (out.answers, demo)
            }
            Link::WishbonePipelined { outstanding } => {
                let WishboneReplyShape { dat_i, ack_i, err_i } = BUS.wishbone_reply();
                let back = m.wire("back", WishbonePipelinedReplyShape { dat_i, ack_i, err_i, stall_i: BOOL });
                let inputs = WishbonePipelinedManagerIn { commands: i.commands, wb: back.get() };
                let out = m.inst("manager", &WishbonePipelinedManager { bus: BUS, outstanding }, inputs);
                let (wb, demo) = subordinate(out.wb).serve_pipelined(m, 3, attach);
                let (dat_i, ack_i, err_i, stall_i) = (wb.dat_o, wb.ack_o, wb.err_o, wb.stall_o);
                back.set(WishbonePipelinedReply { dat_i, ack_i, err_i, stall_i });
                (out.answers, demo)
            }
        };
        LoopOut { answers, hw: connect(m, demo, i.hw) }
    }
}

fn subordinate(wb: WishboneManagerBus) -> WishboneIn {
    WishboneIn { cyc_i: wb.cyc_o, stb_i: wb.stb_o, we_i: wb.we_o, adr_i: wb.adr_o, sel_i: wb.sel_o, dat_i: wb.dat_o }
}

/// Words of 64 bits, and a field of all of them.
#[derive(RegisterBank)]
#[bank(data_bits = 64)]
pub struct Wide {
    /// All bits of a word.
    #[register(ty = uint(64), reset = 0x0123_4567_89ab_cdefu64)]
    pub all: ReadWrite<Int>,
    /// Two halves.
    #[register(at = 0x18)]
    pub halves: Halves,
}

/// Two halves.
#[derive(Register)]
pub struct Halves {
    /// Up to bit 34.
    #[register(ty = sint(35))]
    pub low: ReadWrite<Int>,
    /// Given by hardware.
    #[register(bit = 40, ty = word(24))]
    pub high: ReadOnly<Bits>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WideTop;

#[derive(Bundle)]
pub struct WideIn {
    pub s_axi: AxiLiteRequests,
    pub high: Bits,
}

#[derive(Bundle)]
pub struct WideOut {
    pub s_axi: AxiLiteResponses,
    pub all: Int,
    pub low: Int,
}

impl Generator for WideTop {
    type In = WideIn;
    type Out = WideOut;
    fn shape(&self) -> WideInShape {
        WideInShape { s_axi: BusTy { address: 5, data: 64 }.axi_lite_requests(), high: word(24) }
    }
    fn build(&self, m: &Module, i: WideIn) -> WideOut {
        let (s_axi, wide) = i.s_axi.serve(m, |requests: Requests| Wide::attach(m, "regs", requests));
        wide.halves.high.set(i.high);
        WideOut { s_axi, all: wide.all.q(), low: wide.halves.low.q() }
    }
}
