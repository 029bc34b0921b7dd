//! A bridge between a UART and streams of bytes.

use gatewright_dsl::parts::uart::{ReceiverIn, UartLine, UartReceiver, UartTransmitter};
use gatewright_dsl::prelude::*;
use gatewright_sim::{Agent, Dut, DutExt, Interpreter, StreamSink, StreamSource};

/// Bytes from the wire wait in a FIFO for whoever reads them; bytes of a stream go out on another wire. A byte with a
/// wrong parity or stop bit is dropped, and told, and so is one for which there is no place.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UartBridge {
    /// Clock, baud rate and format of both wires.
    pub line: UartLine,
    /// Bytes that can wait, in either direction.
    pub depth: u64,
}

/// What comes in.
#[derive(Bundle)]
pub struct BridgeIn {
    /// The wire from the other device.
    pub rx: Bool,
    /// Bytes to send.
    pub to_send: Stream<Bits>,
    /// Forget what was told of errors.
    pub clear: Bool,
}

/// What goes out.
#[derive(Bundle)]
pub struct BridgeOut {
    /// The wire to the other device.
    pub tx: Bool,
    /// Bytes that came.
    pub received: Stream<Bits>,
    /// A byte was dropped as its parity or stop bit was wrong.
    pub broken: Bool,
    /// A byte was dropped as there was no place for it.
    pub lost: Bool,
}

impl Generator for UartBridge {
    type In = BridgeIn;
    type Out = BridgeOut;

    fn shape(&self) -> BridgeInShape {
        BridgeInShape { rx: BOOL, to_send: StreamTy(word(8)), clear: BOOL }
    }

    fn build(&self, m: &Module, i: BridgeIn) -> BridgeOut {
        let receiver = m.inst("receiver", &UartReceiver(self.line), ReceiverIn { line: i.rx });
        let byte = receiver.output.payload();
        let wrong = byte.parity_error | byte.framing_error;
        let (bad, good) = receiver.output.split(m, wrong);
        let dropped = bad.accept(true).valid;
        let received = good.map(|received| received.byte).fifo(m, self.depth);

        let queued = i.to_send.fifo(m, self.depth);
        let tx = m.inst("transmitter", &UartTransmitter(self.line), StreamIn { input: queued }).line;

        let told = |name: &str, now: Bool| {
            let told = m.reg(name, BOOL).reset(false);
            m.when(now, || told.set(true)).elsewhen(i.clear, || told.set(false));
            told.q()
        };
        let (broken, lost) = (told("was_broken", dropped), told("was_lost", receiver.overrun));
        BridgeOut { tx, received, broken, lost }
    }
}

/// Shows it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let line = UartLine::new(12_000_000, 115_200);
    println!("a bit is {} clocks, {:+.2} % off", line.divisor(), 100.0 * line.error());
    let mut dut = Interpreter::new(&elaborate(&UartBridge { line, depth: 16 })?)?;
    let mut source = StreamSource::new(&dut, "to_send")?;
    let mut sink = StreamSink::new(&dut, "received", 5)?;
    source.push_packet(*b"hello")?;
    // One wire is the other.
    let mut clocks = 0;
    while !sink.is_done() {
        let tx = dut.get("tx")?;
        dut.set("rx", tx)?;
        for agent in [&mut source as &mut dyn Agent, &mut sink] {
            agent.drive(&mut dut)?;
            agent.observe(&mut dut)?;
        }
        dut.step()?;
        clocks += 1;
    }
    let text: String = sink.values().iter().filter_map(Value::to_u64).map(|byte| byte as u8 as char).collect();
    println!("{text:?} came back after {clocks} clocks");
    Ok(())
}
