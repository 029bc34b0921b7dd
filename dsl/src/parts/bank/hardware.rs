//! The logic of a bank: who is addressed, what is written, what is read.

use super::map::{Access, BankMap, FieldInfo, RegisterInfo};
use crate::hw::bits::{BOOL, Bits, Bool, bits, concat};
use crate::hw::context::Raw;
use crate::hw::enums::{Enum, HwEnum};
use crate::hw::int::{Int, reduce};
use crate::hw::module::Module;
use crate::hw::reg::Wire;
use crate::parts::bus::{Address, ReadResponse, Requests, Response, Responses, WriteRequest, WriteResponse};
use crate::ty::Ty;

/// Gives each field of a description its part of the bus, in the order of the map.
#[derive(Debug)]
pub struct Attacher<'a> {
    pub(super) m: &'a Module,
    map: &'a BankMap,
    register: usize,
    field: usize,
    /// The register is written, whatever the values are.
    hit: Vec<Bool>,
    /// The register is read in this clock.
    read: Vec<Bool>,
    /// The write is taken, and all its values are ones that the fields can have.
    go: Bool,
    data: Bits,
    strb: Bits,
    words: Vec<Vec<(u32, Bits)>>,
    legal: Vec<Bool>,
}

/// What a field sees of the bus.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    pub name: String,
    pub info: &'a FieldInfo,
    register: usize,
    /// It is written in this clock.
    pub write: Bool,
    /// It is read in this clock.
    pub read: Bool,
}

impl<'a> Attacher<'a> {
    /// The next field.
    pub(super) fn next(&mut self) -> Slot<'a> {
        while self.field == self.map.registers[self.register].fields.len() {
            self.register += 1;
            self.field = 0;
        }
        let (register, info) = (self.register, &self.map.registers[self.register]);
        let field = &info.fields[self.field];
        self.field += 1;
        let name = if field.name.is_empty() { info.name.clone() } else { format!("{}_{}", info.name, field.name) };
        let write = self.go & self.hit[register] & self.touched(field);
        Slot { name, info: field, register, write, read: self.read[register] }
    }

    /// The runs of a field's bits that lie in one byte of the bus: byte, bits of the word.
    fn runs(field: &FieldInfo) -> Vec<(u32, std::ops::Range<u32>)> {
        let (lo, hi) = (field.lsb, field.lsb + field.width());
        (lo / 8..hi.div_ceil(8)).map(|byte| (byte, lo.max(8 * byte)..hi.min(8 * byte + 8))).collect()
    }

    /// Some byte of the field is to be written.
    fn touched(&self, field: &FieldInfo) -> Bool {
        let strobes: Vec<Bool> = Self::runs(field).iter().map(|(byte, _)| self.strb.bit(*byte)).collect();
        reduce(&strobes, |a, b| a | b).unwrap_or_else(|| Bool::constant(false))
    }

    /// The field's bits with what is written in the place of those of `old`.
    pub(super) fn merged(&self, field: &FieldInfo, old: Bits) -> Bits {
        let runs = Self::runs(field).into_iter().rev();
        let parts = runs.map(|(byte, run)| {
            let kept = old.slice(run.start - field.lsb..run.end - field.lsb);
            self.strb.bit(byte).mux::<Bits>(self.data.slice(run), kept)
        });
        concat(&parts.collect::<Vec<_>>())
    }

    /// The bits that are written, 0 elsewhere.
    pub(super) fn written(&self, field: &FieldInfo) -> Bits {
        self.merged(field, bits(field.width(), 0))
    }

    /// What software reads of a field.
    pub(super) fn reads(&mut self, slot: &Slot<'_>, value: Bits) {
        self.words[slot.register].push((slot.info.lsb, value));
    }

    /// A condition for the write of a register.
    pub(super) fn demand(&mut self, slot: &Slot<'_>, fine: Bool) {
        let condition = !self.hit[slot.register] | fine;
        self.legal.push(condition);
    }

    /// The word of a register, zeros where there is no field.
    fn word(&mut self, register: usize) -> Bits {
        let mut parts = std::mem::take(&mut self.words[register]);
        parts.sort_by_key(|part| part.0);
        let (mut at, mut low_first) = (0, Vec::new());
        for (lsb, value) in parts {
            low_first.extend((lsb > at).then(|| bits(lsb - at, 0)));
            low_first.push(value);
            at = lsb + value.width();
        }
        low_first.extend((at < self.map.data_bits).then(|| bits(self.map.data_bits - at, 0)));
        low_first.reverse();
        concat(&low_first)
    }
}

/// The bits of a value of one leaf.
pub(super) fn to_word(raw: Raw, ty: Ty) -> Bits {
    match ty {
        Ty::Bits(_) => Bits::new(raw),
        Ty::Int(_) => Int::new(raw).to_bits(),
    }
}

/// The value of type `ty` behind `word`, and whether it is one: where it is not, the value is `old`.
pub(super) fn from_word(word: Bits, ty: Ty, old: Raw) -> (Raw, Option<Bool>) {
    let Ty::Int(range) = ty else { return (word.raw(), None) };
    let number = if range.is_signed() { word.to_sint() } else { word.to_uint() };
    if range.is_full() {
        return (number.raw(), None);
    }
    let low = (number.ty().lo() < range.lo()).then(|| number.ge(range.lo()));
    let high = (number.ty().hi() > range.hi()).then(|| number.le(range.hi()));
    let bounds: Vec<Bool> = low.into_iter().chain(high).collect();
    let Some(fine) = reduce(&bounds, |a, b| a & b) else { return (number.raw(), None) };
    (fine.mux::<Int>(number, Int::new(old)).raw(), Some(fine))
}

/// Software can write words that are no value of the field.
fn has_illegal(field: &FieldInfo) -> bool {
    let stored = matches!(field.access, Access::ReadWrite | Access::Counter);
    stored && field.leaf.ty.as_int().is_some_and(|range| !range.is_full())
}

/// Registers whose responses wait to be taken.
struct Reply {
    valid: crate::hw::reg::Reg<Bool>,
    resp: crate::hw::reg::Reg<Enum<Response>>,
}

impl Reply {
    fn new(m: &Module, name: &str) -> Reply {
        let valid = m.reg(&format!("{name}_done"), BOOL).reset(false);
        Reply { valid, resp: m.reg(&format!("{name}_resp"), Response::shape()).reset(Response::Okay) }
    }
}

/// One bit for each register: it is the one that `address` names.
fn hits(map: &BankMap, address: Bits, name: &str) -> (Int, Vec<Bool>) {
    let skip = map.bytes().ilog2();
    let index = address.slice(skip..address.width()).to_uint().named(&format!("{name}_index"));
    let hit = |r: &RegisterInfo| index.eq(r.offset / map.bytes()).named(&format!("{name}_is_{}", r.name));
    (index, map.registers.iter().map(hit).collect())
}

fn any(of: impl IntoIterator<Item = Bool>) -> Bool {
    let of: Vec<Bool> = of.into_iter().collect();
    reduce(&of, |a, b| a | b).unwrap_or_else(|| Bool::constant(false))
}

/// The hardware of `map` behind `requests`; `attach` visits the fields in its order.
pub(super) fn build<R>(
    m: &Module,
    map: &BankMap,
    requests: Requests,
    attach: impl FnOnce(&mut Attacher<'_>) -> R,
) -> (R, Responses) {
    let write_reply = Reply::new(m, "write");
    let response = WriteResponse { resp: write_reply.resp.q() };
    let (writes, write_taken) = m.stream("write_response", write_reply.valid.q(), true, response);
    let read_reply = Reply::new(m, "read");
    let read_data = m.reg("read_data", crate::hw::bits::word(map.data_bits)).no_reset();
    let response = ReadResponse { data: read_data.q(), resp: read_reply.resp.q() };
    let (reads, read_taken) = m.stream("read_response", read_reply.valid.q(), true, response);

    let write_beat = requests.writes.accept(!write_reply.valid.q() | write_taken);
    let WriteRequest { addr, data, strb, .. } = write_beat.payload;
    let (_, hit) = hits(map, addr, "write");
    let read_beat = requests.reads.accept(!read_reply.valid.q() | read_taken);
    let Address { addr, .. } = read_beat.payload;
    let (read_index, read_hit) = hits(map, addr, "read");

    let fields = map.registers.iter().flat_map(|r| &r.fields);
    let legal: Option<Wire<Bool>> = fields.into_iter().any(has_illegal).then(|| m.wire("write_legal", BOOL));
    let go = legal.as_ref().map_or(write_beat.fire, |legal| write_beat.fire & legal.get()).named("write_go");
    let mut attacher = Attacher {
        m,
        map,
        register: 0,
        field: 0,
        hit: hit.clone(),
        read: read_hit.iter().map(|&hit| hit & read_beat.fire).collect(),
        go,
        data,
        strb,
        words: vec![Vec::new(); map.registers.len()],
        legal: Vec::new(),
    };
    let result = attach(&mut attacher);

    let writable = map.registers.iter().zip(&hit).filter(|(r, _)| r.is_writable()).map(|(_, &hit)| hit);
    let (known, mut taken) = (any(hit.iter().copied()), any(writable));
    if let Some(legal) = legal {
        legal.set(reduce(&attacher.legal, |a, b| a & b).unwrap_or_else(|| Bool::constant(true)));
        taken = taken & legal.get();
    }
    let fine = taken.mux::<Enum<Response>>(Response::Okay, Response::SubordinateError);
    m.when(write_beat.fire, || {
        write_reply.valid.set(true);
        write_reply.resp.set(known.mux::<Enum<Response>>(fine, Response::DecodeError));
    })
    .elsewhen(write_taken, || write_reply.valid.set(false));

    let words: Vec<Bits> = (0..map.registers.len()).map(|n| attacher.word(n)).collect();
    let word = m.wire("read_word", crate::hw::bits::word(map.data_bits));
    m.switch(read_index, |s| {
        for (register, &value) in map.registers.iter().zip(&words) {
            s.case((register.offset / map.bytes()) as i64, || word.set(value));
        }
        s.default(|| word.set(bits(map.data_bits, 0)));
    });
    m.when(read_beat.fire, || {
        read_reply.valid.set(true);
        read_data.set(word.get());
        let known = any(read_hit.iter().copied());
        read_reply.resp.set(known.mux::<Enum<Response>>(Response::Okay, Response::DecodeError));
    })
    .elsewhen(read_taken, || read_reply.valid.set(false));
    (result, Responses { reads, writes })
}
