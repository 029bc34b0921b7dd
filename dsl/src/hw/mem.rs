//! Memories.

use std::marker::PhantomData;

use super::bits::Bool;
use super::bundle::{Bundle, Shape, ToHw, greatest_width, has_stream};
use super::context::{Context, Loc, Raw, user_name, with};
use super::int::Int;
use super::module::{Module, abort_if_none};
use super::when::{Target, fitted_leaves};
use crate::diag;
use crate::ids::{MemId, NodeId, PlaceId};
use crate::ir::{self, CheckKind, Collision, Field, MemRead, MemWrite, Op};
use crate::ty::{IntTy, MAX_WIDTH, Ty};
use crate::value::Value;

/// A memory that still has to say what a read during a write returns.
#[must_use = "say .collision(…)"]
pub struct MemDecl<'m, S: Shape> {
    module: PhantomData<&'m Module>,
    name: String,
    shape: S,
    depth: u64,
    init: Vec<Vec<Value>>,
    loc: Loc,
}

/// A memory whose words are a bundle.
#[derive(Debug)]
pub struct Mem<T: Bundle> {
    id: MemId,
    owner: u32,
    place: PlaceId,
    depth: u64,
    shape: T::Shape,
    not_send: PhantomData<*const ()>,
}

impl Module {
    /// Declares a memory of `depth` words; `.collision(…)` completes it.
    #[track_caller]
    pub fn mem<S: Shape>(&self, name: &str, shape: S, depth: u64) -> MemDecl<'_, S> {
        MemDecl { module: PhantomData, name: name.to_string(), shape, depth, init: Vec::new(), loc: Loc::caller() }
    }
    /// Declares a memory that is only read.
    #[track_caller]
    pub fn rom<S: Shape>(
        &self,
        name: &str,
        shape: S,
        contents: impl IntoIterator<Item = impl Into<Value>>,
    ) -> Mem<S::Value> {
        let words: Vec<Value> = contents.into_iter().map(Into::into).collect();
        let depth = words.len() as u64;
        let decl =
            MemDecl { module: PhantomData, name: name.into(), shape, depth, init: Vec::new(), loc: Loc::caller() };
        decl.contents(words).collision(Collision::Old)
    }
}

impl<S: Shape> MemDecl<'_, S> {
    /// The words at power-up, from address 0; for words of one leaf. Where there are fewer than the depth, the rest
    /// holds the value nearest to zero.
    pub fn contents(self, words: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        let words = words.into_iter().map(|w| vec![w.into()]).collect();
        self.contents_of(words)
    }
    /// The words at power-up, each a list of one number per leaf.
    pub fn contents_of(mut self, words: Vec<Vec<Value>>) -> Self {
        self.init = words;
        self
    }

    /// Says what a synchronous read returns for a word that is written at the same clock edge, and completes the
    /// memory. (A read without clock always shows the word before the edge.)
    pub fn collision(self, collision: Collision) -> Mem<S::Value> {
        let MemDecl { module: _, name, shape, depth, mut init, loc } = self;
        let mut fields = Vec::new();
        shape.leaves(&mut Default::default(), &mut |path, leaf| {
            fields.push(Field { name: path.joined(), ty: leaf.ty });
        });
        let made = with(|c| {
            let place = c.place(loc);
            if has_stream(&shape) {
                c.report(diag::e0213::new(place, "a memory"));
            }
            if greatest_width(&shape) > MAX_WIDTH {
                c.report(diag::e0105::declared(place, &format!("memory `{name}`")));
            }
            if fields.is_empty() {
                c.report(diag::e0214::new(place, &name, "its words have no parts"));
            }
            check_contents(c, &name, &fields, depth, &mut init, place);
            let name = user_name(c, &name, "memory", place);
            let b = c.top()?;
            let (reads, writes) = (Vec::new(), Vec::new());
            let depth = depth.max(1);
            let id = b.ir.mems.push(ir::Mem { name, fields, depth, init, collision, reads, writes, place });
            Some((id, b.uid, place, depth))
        });
        let (id, owner, place, depth) = abort_if_none(made.flatten());
        Mem { id, owner, place, depth, shape, not_send: PhantomData }
    }
}

/// Reports contents that do not fit, and fills up the rest.
fn check_contents(
    c: &mut Context,
    name: &str,
    fields: &[Field],
    depth: u64,
    init: &mut Vec<Vec<Value>>,
    place: PlaceId,
) {
    if depth == 0 || depth > ir::MAX_WORDS {
        c.report(diag::e0214::new(place, name, &format!("its depth is {depth}")));
        init.clear();
    }
    if init.is_empty() {
        return;
    }
    if init.len() as u64 > depth {
        c.report(diag::e0214::new(place, name, &format!("{} words of contents, depth {depth}", init.len())));
        init.clear();
        return;
    }
    for (address, word) in init.iter().enumerate() {
        if word.len() != fields.len() {
            let what = format!("word {address} has {} numbers for {} leaves", word.len(), fields.len());
            c.report(diag::e0214::new(place, name, &what));
            init.clear();
            return;
        }
        for (v, field) in word.iter().zip(fields) {
            if !field.ty.contains(v) {
                c.report(diag::e0101::new(place, v, field.ty, &format!("word {address}"), Some(name)));
                init.clear();
                return;
            }
        }
    }
    let rest: Vec<Value> = fields.iter().map(|f| f.ty.power_up()).collect();
    init.resize(depth as usize, rest);
}

impl<T: Bundle> Mem<T> {
    /// The range of an address.
    pub fn address_ty(&self) -> IntTy {
        IntTy::new(0, self.depth - 1)
    }

    /// The address of a write (`guarded`), which counts under the conditions around, or of a read, which always does.
    fn address(&self, c: &mut Context, addr: Raw, guarded: bool, loc: Loc) -> Option<NodeId> {
        if c.top()?.uid != self.owner {
            let place = c.place(loc);
            let here = c.top()?.ir.name.clone();
            let owner = c.stack.iter().find(|b| b.uid == self.owner).map(|b| b.ir.name.clone());
            c.report(match owner {
                Some(owner) => diag::e0201::new(place, self.place, &here, &owner),
                None => diag::e0202::new(place, &here, c.finished.get(&self.owner).map(String::as_str)),
            });
            return None;
        }
        let name = c.top()?.ir.mems[self.id].name.clone();
        let full = |_: &Context| name.clone();
        let (ty, place) = (Ty::Int(self.address_ty()), Some(self.place));
        let target = Target { what: "address of memory", name: &full, ty, place, guarded };
        c.fitted(addr, &target, loc)
    }

    fn read_port(&self, addr: Int, sync: bool, enable: Option<Bool>, loc: Loc) -> T {
        let raws = with(|c| {
            let addr = self.address(c, addr.raw(), false, loc)?;
            let enable = match enable {
                Some(e) => Some(c.local(e.raw(), loc)?),
                None => None,
            };
            let place = c.place(loc);
            let b = c.top()?;
            let domain = b.domain();
            let mem = &mut b.ir.mems[self.id];
            let port = mem.reads.len() as u32;
            mem.reads.push(MemRead { sync: sync.then_some(domain), addr, enable, place });
            let undefined = mem.collision == Collision::Undefined;
            let (tys, name): (Vec<Ty>, String) = (mem.fields.iter().map(|f| f.ty).collect(), mem.name.clone());
            // Checks are many, such memories few.
            let checked = || b.ir.checks.values().any(|k| k.kind == CheckKind::NoCollision(self.id));
            if sync && undefined && !checked() {
                let message = format!("memory `{name}`: a word is read and written at the same clock edge");
                b.check(&format!("{name}_collision"), CheckKind::NoCollision(self.id), message, place);
            }
            let read = |(i, ty)| b.push(Op::MemRead { mem: self.id, port, field: i as u32 }, ty, place);
            Some(tys.into_iter().enumerate().map(read).collect::<Vec<Raw>>())
        });
        let mut next = raws.flatten().unwrap_or_default().into_iter();
        self.shape.value(&mut || next.next().unwrap_or(Raw::POISON))
    }

    /// The word at `addr`, in the same clock (register file or LUT RAM).
    #[track_caller]
    pub fn read(&self, addr: impl ToHw<Int>) -> T {
        self.read_port(addr.to_hw(), false, None, Loc::caller())
    }
    /// The word at the address of the last clock edge (block RAM).
    #[track_caller]
    pub fn read_sync(&self, addr: impl ToHw<Int>) -> T {
        self.read_port(addr.to_hw(), true, None, Loc::caller())
    }
    /// The word at the address of the last clock edge at which `enable` was 1.
    #[track_caller]
    pub fn read_sync_when(&self, addr: impl ToHw<Int>, enable: impl ToHw<Bool>) -> T {
        self.read_port(addr.to_hw(), true, Some(enable.to_hw()), Loc::caller())
    }
    /// Writes at the clock edge, under the conditions around. Every call is a write port; a later one wins.
    #[track_caller]
    pub fn write(&self, addr: impl ToHw<Int>, data: impl ToHw<T>) {
        self.write_port(addr.to_hw(), &data.to_hw(), &[], Loc::caller());
    }
    /// As [`Mem::write`], only the leaves whose bit in `mask` is 1: one bit per leaf, in order.
    #[track_caller]
    pub fn write_masked(&self, addr: impl ToHw<Int>, data: impl ToHw<T>, mask: &[Bool]) {
        let loc = Loc::caller();
        let data = data.to_hw();
        let leaves = super::bundle::leaf_count(&self.shape);
        if mask.len() != leaves {
            with(|c| {
                let place = c.place(loc);
                c.report(diag::e0215::new(place, self.place, mask.len(), leaves));
            });
            return;
        }
        self.write_port(addr.to_hw(), &data, mask, loc);
    }

    fn write_port(&self, addr: Int, data: &T, mask: &[Bool], loc: Loc) {
        let addr = with(|c| self.address(c, addr.raw(), true, loc)).flatten();
        let Some(addr) = addr else { return };
        // The address was refused where the memory belongs to another module.
        let name = |c: &Context| c.stack.last().map_or(String::new(), |b| b.ir.mems[self.id].name.clone());
        let Some(data) = fitted_leaves(data, &self.shape, "memory", &name, self.place, loc) else { return };
        with(|c| {
            let mut bits = Vec::with_capacity(mask.len());
            for bit in mask {
                bits.push(c.local(bit.raw(), loc)?);
            }
            let place = c.place(loc);
            let b = c.top()?;
            let domain = b.domain();
            let enable = match b.path_condition(place) {
                Some(path) => path,
                None => b.constant(Value::ONE, Ty::BOOL, place).node,
            };
            b.ir.mems[self.id].writes.push(MemWrite { domain, addr, data, enable, mask: bits, place });
            Some(())
        });
    }
}
