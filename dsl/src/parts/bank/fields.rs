//! The kinds of fields, as the hardware has them: each is a member of a description, and a handle once it is attached.

use super::describe::Describer;
use super::hardware::{Attacher, Slot, from_word, to_word};
use super::map::Access;
use crate::hw::bits::{BOOL, Bits, BitsTy, Bool, BoolTy};
use crate::hw::bundle::{Bundle, Leaf, Path, Shape, ToHw};
use crate::hw::context::Raw;
use crate::hw::enums::{Enum, EnumTy, HwEnum};
use crate::hw::fixed::{Fixed, FixedTy};
use crate::hw::int::Int;
use crate::hw::module::Module;
use crate::hw::reg::{Reg, ResetValue, Wire};
use crate::ty::IntTy;
use crate::value::Value;

/// A part of a description: a field, a register, a bank, or an array of one of them.
pub trait Block: Sized {
    /// What attributes say about it.
    type Options: Default;
    /// Adds it to a map.
    fn describe(options: &Self::Options, d: &mut Describer);
    /// Builds it, in the order of [`Block::describe`].
    fn build(options: &Self::Options, a: &mut Attacher<'_>) -> Self;
}

/// What a field can hold: one number, word or enum.
pub trait FieldValue: Bundle + Clone {
    /// Its type, where there is no choice.
    fn only_shape() -> Option<Self::Shape>;
}

impl FieldValue for Bool {
    fn only_shape() -> Option<BoolTy> {
        Some(BOOL)
    }
}
impl FieldValue for Bits {
    fn only_shape() -> Option<BitsTy> {
        None
    }
}
impl FieldValue for Int {
    fn only_shape() -> Option<IntTy> {
        None
    }
}
impl FieldValue for Fixed {
    fn only_shape() -> Option<FixedTy> {
        None
    }
}
impl<E: HwEnum> FieldValue for Enum<E> {
    fn only_shape() -> Option<EnumTy<E>> {
        Some(E::shape())
    }
}

/// A value whose bits are independent of each other.
pub trait FieldBits: FieldValue {}
impl FieldBits for Bool {}
impl FieldBits for Bits {}

/// What `#[register(…)]` says of a field.
#[derive(Debug)]
pub struct FieldOptions<S> {
    shape: Option<S>,
    bit: Option<u32>,
    reset: Option<Vec<Value>>,
}

impl<S> Default for FieldOptions<S> {
    fn default() -> Self {
        FieldOptions { shape: None, bit: None, reset: None }
    }
}

impl<S: Shape> FieldOptions<S>
where
    S::Value: FieldValue,
{
    /// Its type.
    pub fn ty(&mut self, shape: S) {
        self.shape = Some(shape);
    }
    /// Its lowest bit.
    pub fn bit(&mut self, bit: u32) {
        self.bit = Some(bit);
    }
    /// Its value after reset. The type has to be given before.
    pub fn reset(&mut self, value: impl ResetValue<S>) {
        // Without a type there is nothing to compare with, and that is said elsewhere.
        self.reset = self.known().map(|shape| value.leaves(&shape));
    }

    fn known(&self) -> Option<S> {
        self.shape.clone().or_else(S::Value::only_shape)
    }

    fn describe(&self, access: Access, d: &mut Describer) {
        let mut leaf: Option<Leaf> = None;
        if let Some(shape) = self.known() {
            shape.leaves(&mut Path::default(), &mut |_, l| leaf = Some(l));
        }
        d.field(access, leaf, self.reset.as_deref(), self.bit);
    }

    /// The shape; that there is one was checked with the map.
    fn shape(&self) -> S {
        self.known().unwrap_or_else(|| crate::hw::module::abort())
    }

    /// A register for the field.
    fn reg(&self, m: &Module, slot: &Slot<'_>) -> Reg<S::Value> {
        m.reg(&slot.name, self.shape()).reset(vec![slot.info.reset.clone()])
    }
}

/// The handle of a value of one leaf.
fn raw_of<T: Bundle>(value: &T) -> Raw {
    let mut raw = Raw::POISON;
    value.raws(&mut |r| raw = r);
    raw
}

fn word_of<T: Bundle>(value: &T, slot: &Slot<'_>) -> Bits {
    to_word(raw_of(value), slot.info.leaf.ty)
}

/// Software writes it and reads it back; hardware reads it.
///
/// A write of a value that the type does not have changes nothing of the whole register, and is answered with an error.
#[derive(Clone, Debug)]
pub struct ReadWrite<T: FieldValue> {
    q: T,
    write: Bool,
}

impl<T: FieldValue> ReadWrite<T> {
    /// The present value. It changes 1 clock after the write was offered.
    pub fn q(&self) -> T {
        self.q.clone()
    }
    /// 1 in the first clock of a value that was written, also of one that is the same as before.
    #[track_caller]
    pub fn written(&self, m: &Module, name: &str) -> Bool {
        let written = m.reg(name, BOOL).reset(false);
        written.set(self.write);
        written.q()
    }
}

impl<T: FieldValue> Block for ReadWrite<T> {
    type Options = FieldOptions<T::Shape>;
    fn describe(options: &Self::Options, d: &mut Describer) {
        options.describe(Access::ReadWrite, d);
    }
    fn build(options: &Self::Options, a: &mut Attacher<'_>) -> Self {
        let slot = a.next();
        let reg = options.reg(a.m, &slot);
        let old = word_of(&reg.q(), &slot);
        let (new, fine) = from_word(a.merged(slot.info, old), slot.info.leaf.ty, raw_of(&reg.q()));
        if let Some(fine) = fine {
            a.demand(&slot, fine);
        }
        a.m.when(slot.write, || reg.set(options.shape().value(&mut || new)));
        a.reads(&slot, old);
        ReadWrite { q: reg.q(), write: slot.write }
    }
}

/// Hardware gives the value, with [`set`](ReadOnly::set); software reads it.
#[derive(Clone, Debug)]
pub struct ReadOnly<T: FieldValue> {
    wire: Wire<T>,
    read: Bool,
}

impl<T: FieldValue> ReadOnly<T> {
    /// Gives the value, on every path. Software sees that of the clock in which its request is taken.
    #[track_caller]
    pub fn set(&self, value: impl ToHw<T>) {
        self.wire.set(value);
    }
    /// 1 in the clock in which software's request is taken.
    pub fn is_read(&self) -> Bool {
        self.read
    }
}

impl<T: FieldValue> Block for ReadOnly<T> {
    type Options = FieldOptions<T::Shape>;
    fn describe(options: &Self::Options, d: &mut Describer) {
        options.describe(Access::ReadOnly, d);
    }
    fn build(options: &Self::Options, a: &mut Attacher<'_>) -> Self {
        let slot = a.next();
        let wire = a.m.wire(&slot.name, options.shape());
        a.reads(&slot, word_of(&wire.get(), &slot));
        ReadOnly { wire, read: slot.read }
    }
}

/// Bits that hardware sets, with [`raise`](WriteOneToClear::raise), and software clears where it writes 1: interrupts.
#[derive(Clone, Debug)]
pub struct WriteOneToClear<T: FieldBits> {
    q: T,
    raise: Wire<T>,
}

impl<T: FieldBits> WriteOneToClear<T> {
    /// The bits that are set.
    pub fn q(&self) -> T {
        self.q.clone()
    }
    /// Sets the bits that are 1, from the next clock on. A bit that is set and cleared in one clock stays set.
    #[track_caller]
    pub fn raise(&self, event: impl ToHw<T>) {
        self.raise.set(event);
    }
}

impl<T: FieldBits> Block for WriteOneToClear<T> {
    type Options = FieldOptions<T::Shape>;
    fn describe(options: &Self::Options, d: &mut Describer) {
        options.describe(Access::WriteOneToClear, d);
    }
    fn build(options: &Self::Options, a: &mut Attacher<'_>) -> Self {
        let slot = a.next();
        let reg = options.reg(a.m, &slot);
        let raise = a.m.wire(&format!("{}_raise", slot.name), options.shape());
        let old = word_of(&reg.q(), &slot);
        let kept = slot.write.mux::<Bits>(old & !a.written(slot.info), old);
        let new = (kept | word_of(&raise.get(), &slot)).raw();
        reg.set(options.shape().value(&mut || new));
        a.reads(&slot, old);
        WriteOneToClear { q: reg.q(), raise }
    }
}

/// Hardware sees the bits that software writes, for one clock; software reads 0.
#[derive(Clone, Debug)]
pub struct WritePulse<T: FieldBits> {
    q: T,
}

impl<T: FieldBits> WritePulse<T> {
    /// The bits in the clock after the write was offered, 0 else.
    pub fn q(&self) -> T {
        self.q.clone()
    }
}

impl<T: FieldBits> Block for WritePulse<T> {
    type Options = FieldOptions<T::Shape>;
    fn describe(options: &Self::Options, d: &mut Describer) {
        options.describe(Access::WritePulse, d);
    }
    fn build(options: &Self::Options, a: &mut Attacher<'_>) -> Self {
        let slot = a.next();
        let reg = a.m.reg(&slot.name, options.shape()).reset(0);
        let none = crate::hw::bits::bits(slot.info.width(), 0);
        let new = slot.write.mux::<Bits>(a.written(slot.info), none).raw();
        reg.set(options.shape().value(&mut || new));
        WritePulse { q: reg.q() }
    }
}

/// A counter of events, which hardware gives with [`count`](Counter::count). It stays at the end of its range. Software
/// reads it and may write it, 0 for a new start; an event in the clock of the write counts on top.
#[derive(Clone, Debug)]
pub struct Counter {
    q: Int,
    event: Wire<Bool>,
}

impl Counter {
    /// The count.
    pub fn q(&self) -> Int {
        self.q
    }
    /// Counts the clocks in which `event` is 1.
    #[track_caller]
    pub fn count(&self, event: impl ToHw<Bool>) {
        self.event.set(event);
    }
}

impl Block for Counter {
    type Options = FieldOptions<IntTy>;
    fn describe(options: &Self::Options, d: &mut Describer) {
        options.describe(Access::Counter, d);
    }
    fn build(options: &Self::Options, a: &mut Attacher<'_>) -> Self {
        let slot = a.next();
        let reg = options.reg(a.m, &slot);
        let event = a.m.wire(&format!("{}_event", slot.name), BOOL);
        let old = word_of(&reg.q(), &slot);
        let (new, fine) = from_word(a.merged(slot.info, old), slot.info.leaf.ty, reg.q().raw());
        if let Some(fine) = fine {
            a.demand(&slot, fine);
        }
        let base = slot.write.mux::<Int>(Int::new(new), reg.q());
        reg.set((base + event.get().to_int()).sat(options.shape()));
        a.reads(&slot, old);
        Counter { q: reg.q(), event }
    }
}

impl<T: Block, const N: usize> Block for [T; N] {
    type Options = T::Options;
    fn describe(options: &Self::Options, d: &mut Describer) {
        (0..N).for_each(|n| d.element(n, |d| T::describe(options, d)));
    }
    fn build(options: &Self::Options, a: &mut Attacher<'_>) -> Self {
        std::array::from_fn(|_| T::build(options, a))
    }
}
