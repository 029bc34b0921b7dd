//! UART: bytes over a wire. A frame is a start bit (0), 8 data bits from the lowest on, a parity bit if wanted, and stop
//! bits (1); the line rests at 1.

use super::misuse::refuse_generator;
use crate::hw::bits::{BOOL, Bits, Bool, bits, concat, word};
use crate::hw::bundle::Bundle;
use crate::hw::module::{Generator, Module, abort};
use crate::hw::stream::{Stream, StreamIn, StreamInShape, StreamTy};
use crate::ir::Crossing;
use crate::ty::range;

/// The bit behind the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parity {
    /// There is none.
    None,
    /// Makes the number of ones even.
    Even,
    /// Makes the number of ones odd.
    Odd,
}

/// What both ends of a line agree on, and the clock of this end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UartLine {
    /// Frequency of the clock in hertz.
    pub clock: u64,
    /// Bits per second. A bit takes [`divisor`](UartLine::divisor) clocks; fewer than 8, or an
    /// [`error`](UartLine::error) of more than 2 %, are refused (E0109).
    pub baud: u64,
    /// The parity bit.
    pub parity: Parity,
    /// Stop bits that are sent: 1 or 2. The receiver asks for one.
    pub stop_bits: u32,
}

/// The greatest [`UartLine::error`] that is built.
const MAX_ERROR: f64 = 0.02;
/// The fewest clocks of a bit, so that there are three samples of it apart from each other.
const MIN_DIVISOR: u64 = 8;

impl UartLine {
    /// 8 data bits, no parity, one stop bit.
    pub fn new(clock: u64, baud: u64) -> UartLine {
        UartLine { clock, baud, parity: Parity::None, stop_bits: 1 }
    }
    /// With this parity bit.
    pub fn parity(mut self, parity: Parity) -> UartLine {
        self.parity = parity;
        self
    }
    /// With so many stop bits.
    pub fn stop_bits(mut self, stop_bits: u32) -> UartLine {
        self.stop_bits = stop_bits;
        self
    }

    /// Clocks of a bit: `clock / baud`, rounded.
    pub fn divisor(&self) -> u64 {
        let baud = self.baud.max(1);
        self.clock / baud + u64::from(self.clock % baud >= baud - self.clock % baud)
    }
    /// How much longer a bit is than it should be, as a fraction: what rounding to whole clocks does.
    pub fn error(&self) -> f64 {
        self.divisor() as f64 * self.baud as f64 / self.clock as f64 - 1.0
    }
    /// Bits of a frame, with start and stop bits.
    pub fn frame_bits(&self) -> u64 {
        9 + u64::from(self.parity != Parity::None) + u64::from(self.stop_bits)
    }

    #[track_caller]
    fn check(&self) {
        if self.baud == 0 || self.divisor() < MIN_DIVISOR {
            let what = format!("a bit of {} baud is too short for a clock of {} Hz", self.baud, self.clock);
            refuse_generator(&what, &format!("give a clock of at least {MIN_DIVISOR} times the baud rate"));
            abort();
        }
        if self.error().abs() > MAX_ERROR {
            let (error, divisor) = (100.0 * self.error(), self.divisor());
            let what = format!("{divisor} clocks of {} Hz are {error:+.1} % off {} baud", self.clock, self.baud);
            refuse_generator(&what, "give a clock that is nearer to a multiple of the baud rate, or a faster one");
            abort();
        }
        if !(1..=2).contains(&self.stop_bits) {
            refuse_generator(&format!("a frame cannot have {} stop bits", self.stop_bits), "give 1 or 2");
            abort();
        }
    }
    /// The parity bit of a byte, where there is one.
    fn parity_bit(&self, byte: Bits) -> Option<Bool> {
        match self.parity {
            Parity::None => None,
            Parity::Even => Some(byte.parity()),
            Parity::Odd => Some(!byte.parity()),
        }
    }
}

/// Sends bytes.
///
/// The start bit follows the clock in which a byte is taken; with bytes waiting, frames follow each other without a
/// pause. The line comes from a register.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UartTransmitter(pub UartLine);

/// The output of a [`UartTransmitter`].
#[derive(Bundle)]
pub struct TransmitterOut {
    /// The line.
    pub line: Bool,
}

impl Generator for UartTransmitter {
    type In = StreamIn<Bits>;
    type Out = TransmitterOut;

    fn shape(&self) -> StreamInShape<Bits> {
        StreamInShape { input: StreamTy(word(8)) }
    }

    fn build(&self, m: &Module, i: StreamIn<Bits>) -> TransmitterOut {
        self.0.check();
        let (divisor, bits_left) = (self.0.divisor(), self.0.frame_bits());
        let has_parity = self.0.parity != Parity::None;
        // Start bit, data and parity; ones for the stop bits come in behind.
        let width = 9 + u32::from(has_parity);
        let frame = m.reg("frame", word(width)).reset((1u64 << width) - 1);
        let left = m.reg("left", range(0..=bits_left)).reset(0);
        let clocks = m.reg("clocks", range(0..=divisor - 1)).reset(0);

        let ends = clocks.q().eq(divisor - 1);
        let beat = i.input.accept(left.q().eq(0) | (left.q().eq(1) & ends));
        let byte = beat.payload;
        let behind = self.0.parity_bit(byte).map_or(byte, |parity| parity.to_bits().concat(byte));
        m.when(beat.fire, || {
            frame.set(behind.concat(bits(1, 0)));
            left.set(bits_left);
            clocks.set(0);
        })
        .elsewhen(left.q().gt(0), || {
            clocks.set(clocks.q().next_wrapping(divisor));
            m.when(ends, || {
                frame.set(concat(&[bits(1, 1), frame.q().slice(1..width)]));
                left.set(left.q() - 1);
            });
        });
        TransmitterOut { line: frame.q().bit(0) }
    }
}

/// Receives bytes.
///
/// The line passes two registers that bring it to the clock. A frame begins where it falls; each bit is the majority of
/// three samples, in the middle and an eighth of a bit before and behind, so that a glitch shorter than an eighth of a bit
/// changes nothing. A start bit that is not 0 then was a glitch. A byte is offered an eighth of a bit behind the middle of
/// its stop bit, from where on the next start bit is looked for. The sender's bits may be 2 % longer or shorter than `divisor`
/// clocks; 4 % where these are at least 16 and frames have half a bit between them.
///
/// A wire cannot wait: a byte that comes while another one is still offered is lost, and `overrun` is 1 for a clock.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UartReceiver(pub UartLine);

/// The input of a [`UartReceiver`].
#[derive(Bundle)]
pub struct ReceiverIn {
    /// The line, from any clock.
    pub line: Bool,
}

/// A byte and what was wrong with it.
#[derive(Clone, Copy, Bundle)]
pub struct Received {
    /// The data bits.
    pub byte: Bits,
    /// The parity bit was not that of the data.
    pub parity_error: Bool,
    /// The stop bit was 0: another baud rate, or a break.
    pub framing_error: Bool,
}

/// The outputs of a [`UartReceiver`].
#[derive(Bundle)]
pub struct ReceiverOut {
    /// Bytes, with and without errors.
    pub output: Stream<Received>,
    /// A byte is lost in this clock.
    pub overrun: Bool,
}

impl Generator for UartReceiver {
    type In = ReceiverIn;
    type Out = ReceiverOut;

    fn shape(&self) -> ReceiverInShape {
        ReceiverInShape { line: BOOL }
    }

    fn build(&self, m: &Module, i: ReceiverIn) -> ReceiverOut {
        self.0.check();
        let divisor = self.0.divisor();
        let has_parity = self.0.parity != Parity::None;
        let width = 8 + u32::from(has_parity);
        // The number of the stop bit; the start bit is 0.
        let stop = u64::from(width) + 1;

        let resting = |name: &str| m.reg(name, BOOL).reset(true);
        let synchronized = |name: &str| m.reg(name, BOOL).crossing(Crossing::Synchronizer).reset(true);
        let (meta, line) = (synchronized("meta"), synchronized("line_now"));
        meta.set(i.line);
        line.set(meta.q());
        // The line was at rest, so that where it is 0 a frame begins.
        let rested = resting("rested");

        let busy = m.reg("busy", BOOL).reset(false);
        let clocks = m.reg("clocks", range(0..=divisor - 1)).reset(0);
        let at = m.reg("at", range(0..=stop)).reset(0);
        let shift = m.reg("shift", word(width)).no_reset();
        let samples = [m.reg("first", BOOL).no_reset(), m.reg("second", BOOL).no_reset()];

        // The line fell a clock before `clocks` is 0.
        let (middle, apart) = (divisor / 2 - 1, divisor / 8);
        for (sample, clock) in samples.iter().zip([middle - apart, middle]) {
            m.when(clocks.q().eq(clock), || sample.set(line.q()));
        }
        let (a, b, c) = (samples[0].q(), samples[1].q(), line.q());
        let bit = ((a & b) | (a & c) | (b & c)).named("majority");
        let decides = (busy.q() & clocks.q().eq(middle + apart)).named("decides");
        let done = (decides & at.q().eq(stop)).named("done");

        m.when(busy.q(), || {
            clocks.set(clocks.q().next_wrapping(divisor));
            m.when(decides, || {
                at.set(at.q().next_wrapping(stop + 1));
                m.when((at.q().eq(0) & bit) | at.q().eq(stop), || {
                    busy.set(false);
                    at.set(0);
                    rested.set(bit);
                })
                .otherwise(|| shift.set(concat(&[bit.to_bits(), shift.q().slice(1..width)])));
            });
        })
        .elsewhen(line.q(), || rested.set(true))
        .elsewhen(rested.q(), || {
            busy.set(true);
            clocks.set(0);
        });

        let byte = shift.q().slice(0..8);
        let parity_error = match self.0.parity_bit(byte) {
            Some(parity) => parity ^ shift.q().bit(8),
            None => Bool::constant(false),
        };
        let offered = m.reg("offered", BOOL).reset(false);
        let held = m.reg("held", (word(8), BOOL)).no_reset();
        let held_parity = has_parity.then(|| m.reg("held_parity", BOOL).no_reset());
        let wrong = held_parity.as_ref().map_or_else(|| Bool::constant(false), |held| held.q());
        let payload = Received { byte: held.q().0, parity_error: wrong, framing_error: held.q().1 };
        let (output, ready) = m.stream("output", offered.q(), false, payload);
        let room = !offered.q() | ready;
        m.when(done & room, || {
            offered.set(true);
            held.set((byte, !bit));
            if let Some(held) = &held_parity {
                held.set(parity_error);
            }
        })
        .elsewhen(ready, || offered.set(false));
        ReceiverOut { output, overrun: done & !room }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::elaborate;

    #[test]
    fn the_divisor_is_the_nearest() {
        for (clock, baud, divisor, error) in [
            (100_000_000, 115_200, 868, -0.0000640),
            (12_000_000, 115_200, 104, -0.0016),
            (10_000_000, 921_600, 11, 0.01376),
            (80, 10, 8, 0.0),
            (125, 10, 13, 0.04),
        ] {
            let line = UartLine::new(clock, baud);
            assert_eq!(line.divisor(), divisor);
            assert!((line.error() - error).abs() < 1e-6, "{}", line.error());
        }
        assert_eq!(UartLine::new(100, 1).parity(Parity::Odd).stop_bits(2).frame_bits(), 12);
    }

    #[test]
    fn lines_that_cannot_be() {
        let told = |line: UartLine| {
            let sent = elaborate(&UartTransmitter(line)).unwrap_err();
            let got = elaborate(&UartReceiver(line)).unwrap_err();
            assert_eq!((sent.codes(), got.codes()), (vec!["E0109"], vec!["E0109"]));
            assert_eq!(sent.0[0].title, got.0[0].title);
            sent.0[0].title.clone()
        };
        assert_eq!(told(UartLine::new(1_000_000, 0)), "a bit of 0 baud is too short for a clock of 1000000 Hz");
        assert_eq!(told(UartLine::new(800_000, 115_200)), "a bit of 115200 baud is too short for a clock of 800000 Hz");
        assert_eq!(told(UartLine::new(1_250_000, 100_000)), "13 clocks of 1250000 Hz are +4.0 % off 100000 baud");
        assert_eq!(told(UartLine::new(1_000_000, 9_600).stop_bits(3)), "a frame cannot have 3 stop bits");
    }
}
