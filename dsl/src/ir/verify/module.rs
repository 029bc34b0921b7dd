//! Names, ports, streams and black boxes.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Display;

use super::super::{Design, Dir, ModuleKind};
use super::{Checker, Errors};
use crate::emit::keywords::is_reserved;
use crate::ids::PlaceId;
use crate::ty::Ty;

/// A letter or `_`, then letters, digits, `_` and `$`.
fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

/// V04.
pub(super) fn check_names(design: &Design, errors: &mut Errors) {
    let mut seen = HashMap::new();
    for m in design.modules.values() {
        let is_extern = m.kind != ModuleKind::Body;
        if !is_identifier(&m.name) || is_reserved(&m.name) {
            errors.push(4, &m.name, "", m.place, "its name is not an identifier");
        }
        match seen.insert(m.name.as_str(), is_extern) {
            Some(before) if !(before && is_extern) => {
                errors.push(4, &m.name, "", m.place, "another module has this name");
            }
            _ => {}
        }
    }
}

impl Checker<'_> {
    pub(super) fn ports(&mut self) {
        let m = self.m;
        self.names();
        let is_extern = m.kind != ModuleKind::Body;
        for (id, p) in m.ports.iter() {
            match (p.dir, p.driver) {
                (Dir::Input, Some(_)) => self.fail(7, id, p.place, "an input with a driver"),
                (Dir::Output, None) if !is_extern => self.fail(7, id, p.place, "an output without a driver"),
                _ => {}
            }
            if let Some(x) = p.driver {
                let ty = m.nodes[x].ty;
                if !ty.fits(p.ty) {
                    self.fail(8, id, p.place, format!("{x} is {ty} and does not fit {}", p.ty));
                }
                self.plain_use(x, id, p.place);
            }
        }
        for s in &m.streams {
            let opposite = if s.dir == Dir::Input { Dir::Output } else { Dir::Input };
            let bits = [(s.valid, s.dir), (s.ready, opposite), (s.last, s.dir)];
            for (n, (port, dir)) in bits.into_iter().chain(s.payload.iter().map(|&p| (p, s.dir))).enumerate() {
                let p = &m.ports[port];
                if p.dir != dir || (n < 3 && p.ty != Ty::BOOL) {
                    let message = format!("{port} has the wrong direction or type");
                    self.fail(28, format_args!("stream {}", s.name), p.place, message);
                }
            }
        }
        self.black_box();
    }

    fn names(&mut self) {
        let m = self.m;
        // Several domains may share a clock or a reset.
        let resets = m.domains.values().filter_map(|d| d.reset.as_ref()).map(|r| r.name.as_str());
        let clocks: BTreeSet<&str> = m.domains.values().map(|d| d.clock.as_str()).collect();
        let resets: BTreeSet<&str> = resets.collect();
        let clocks = clocks.into_iter().chain(resets).map(|n| ("domain", n, m.place));
        self.unique(clocks.chain(m.ports.values().map(|p| ("port", p.name.as_str(), p.place))));
        self.unique(m.regs.values().map(|r| ("reg", r.name.as_str(), r.place)));
        self.unique(m.wires.values().map(|w| ("wire", w.name.as_str(), w.place)));
        self.unique(m.mems.values().map(|x| ("mem", x.name.as_str(), x.place)));
        self.unique(m.insts.values().map(|i| ("inst", i.name.as_str(), i.place)));
        self.unique(m.checks.values().map(|c| ("check", c.name.as_str(), c.place)));
        for (&id, name) in &m.names {
            if !is_identifier(name) {
                self.fail(5, id, m.nodes[id].place, format!("`{name}` is not an identifier"));
            }
        }
    }

    fn unique<'n>(&mut self, names: impl Iterator<Item = (&'n str, &'n str, PlaceId)>) {
        let mut seen = HashSet::new();
        for (kind, name, place) in names {
            let what = format_args!("{kind} {name}").to_string();
            if !is_identifier(name) {
                self.fail(5, &what, place, "its name is not an identifier");
            }
            if !seen.insert(name) {
                self.fail(5, &what, place, "the name stands twice");
            }
        }
    }

    fn black_box(&mut self) {
        let m = self.m;
        let ModuleKind::Extern { model, paths, .. } = &m.kind else {
            return;
        };
        let bad = |c: &mut Self, what: &dyn Display, message: String| c.fail(30, what, m.place, message);
        let empty = m.nodes.is_empty()
            && m.regs.is_empty()
            && m.wires.is_empty()
            && m.mems.is_empty()
            && m.matvecs.is_empty()
            && m.insts.is_empty()
            && m.checks.is_empty();
        if !empty {
            bad(self, &"", "a black box with more than ports and domains".into());
        }
        for &(a, b) in paths.iter().flatten() {
            if m.ports[a].dir != Dir::Input || m.ports[b].dir != Dir::Output {
                bad(self, &"paths", format!("{a} -> {b} does not lead from an input to an output"));
            }
        }
        let Some(model) = model.map(|id| &self.design.modules[id]) else {
            return;
        };
        let same = m.ports.len() == model.ports.len()
            && m.ports
                .values()
                .zip(model.ports.values())
                .all(|(a, b)| a.name == b.name && a.dir == b.dir && a.ty == b.ty);
        if model.kind != ModuleKind::Body || !same || m.domains.len() != model.domains.len() {
            bad(self, &"model", "the model is a black box, or has other ports or domains".into());
        }
    }
}
