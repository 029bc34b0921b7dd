//! Clock domains: which clock and reset the declarations in a closure have, and which ones a child gets.
//!
//! A domain is a plain value, a clock's name with its reset. A module's implicit domain is that of the place where it
//! stands: a child of a closure of [`Module::domain`] runs on that domain, under the names that the top's implicit domain
//! has, so that equal children on different clocks are one module. Other domains are known by their value, and become
//! ports of every module from the one that names them up to the top.

use super::bits::Bool;
use super::bundle::ToHw;
use super::context::{Builder, Context, Loc, with};
use super::module::{Generator, Module};
use crate::diag;
use crate::ids::{DomainId, Id, ModuleId, PlaceId};
use crate::ir::{Domain, Format, Polarity, Reset};
use crate::ty::Ty;

/// Clocks of one module: what a word of the check's masks holds.
pub(crate) const MAX_DOMAINS: usize = 64;

impl Module {
    /// Everything that `f` declares has this clock and reset: registers, memory ports, checks, children.
    ///
    /// A domain that the module does not know yet gets a clock pin, and a reset pin if it has a reset. Where a value of
    /// one clock meets one of another, elaboration says so (E0219), unless it comes through a part in
    /// [`cdc`](crate::parts::cdc).
    #[track_caller]
    pub fn domain<R>(&self, domain: &Domain, f: impl FnOnce() -> R) -> R {
        let loc = Loc::caller();
        with(|c| {
            let place = c.place(loc);
            let id = resolve(c, domain, place);
            if let Some(b) = c.top() {
                b.domains.push(id);
            }
        });
        let result = f();
        with(|c| c.top().map(|b| b.domains.pop()));
        result
    }

    /// The domain around, under the name that it has in this module. Of no use in a child on another clock, which calls its
    /// own so.
    pub fn here(&self) -> Domain {
        with(|c| around(c).clone()).unwrap_or_else(|| Domain::new("clk"))
    }

    /// Makes `active` the reset of a domain, which then has no pin for it: 1 resets, whatever the polarity.
    ///
    /// The domain is not the implicit one, whose reset comes from where the module stands. `active` has the domain's clock;
    /// [`synchronize_reset`](crate::parts::cdc::synchronize_reset) makes such a bit from a reset that has none.
    #[track_caller]
    pub fn drive_reset(&self, domain: &Domain, active: impl ToHw<Bool>) {
        let (loc, active) = (Loc::caller(), active.to_hw());
        let Some(reset) = &domain.reset else {
            with(|c| {
                let place = c.place(loc);
                c.report(diag::e0220::new(place, domain, "it has no reset that could be driven"));
            });
            return;
        };
        let level = if reset.polarity == Polarity::High { active } else { !active };
        let wire = with(|c| {
            let place = c.place(loc);
            let id = resolve(c, domain, place);
            let b = c.top()?;
            if !b.frames.is_empty() {
                c.report(diag::e0220::new(
                    place,
                    domain,
                    "its reset is driven inside of a condition, and has to be always",
                ));
                return None;
            }
            if id == DomainId::new(0) {
                c.report(diag::e0220::new(
                    place,
                    domain,
                    "the implicit domain's reset comes from where the module stands",
                ));
                return None;
            }
            match b.claim_name(&reset.name, place) {
                Ok(()) => {
                    let (wire, raw) = b.wire(reset.name.clone(), Ty::BOOL, Format::Bool, false, place);
                    b.ir.reset_wires.insert(id, wire);
                    Some(raw)
                }
                Err(other) => {
                    c.report(diag::e0204::new(place, other, &reset.name));
                    None
                }
            }
        });
        if let Some(wire) = wire.flatten() {
            super::reg::drive_hidden(wire, level.raw(), loc);
        }
    }

    /// As [`Module::inst`], for a child that names domains of its own: each pair is such a domain and the one here that
    /// it stands for. The two have the same kind of reset. Domains that are not listed are those of the same name here.
    #[track_caller]
    pub fn inst_on<G: Generator>(
        &self,
        name: &str,
        generator: &G,
        inputs: G::In,
        bindings: &[(&Domain, &Domain)],
    ) -> G::Out {
        self.inst_bound(name, generator, inputs, bindings, Loc::caller())
    }
}

/// The domain around; of the top where no module is open.
pub(crate) fn around(c: &Context) -> &Domain {
    c.stack.last().map_or(&c.domain, |b| &b.ir.domains[b.domain()])
}

/// The implicit domain of a module that begins here.
pub(crate) fn implicit(c: &Context) -> Domain {
    let Domain { clock, reset: of_top } = c.domain.clone();
    let reset = around(c).reset.clone().map(|r| {
        let same = of_top.filter(|t| t.polarity == r.polarity).map(|t| t.name);
        let by_level = || if r.polarity == Polarity::High { "rst" } else { "rst_n" }.to_string();
        Reset { name: same.unwrap_or_else(by_level), ..r }
    });
    Domain { clock, reset }
}

/// The module's domain of this value, a new one where there is none yet.
fn resolve(c: &mut Context, domain: &Domain, place: PlaceId) -> DomainId {
    if let Some(b) = c.top()
        && let Some((id, _)) = b.ir.domains.iter().find(|(_, d)| *d == domain)
    {
        return id;
    }
    let problem = c.top().and_then(|b| problem(b, domain));
    if let Some(problem) = problem {
        c.report(diag::e0220::new(place, domain, &problem));
        return DomainId::new(0);
    }
    super::elaborate::check_domain(c, domain, place);
    match c.top() {
        Some(b) => b.ir.domains.push(domain.clone()),
        None => DomainId::new(0),
    }
}

/// Why a domain cannot stand beside those of the module.
fn problem(b: &Builder, domain: &Domain) -> Option<String> {
    if b.ir.domains.len() == MAX_DOMAINS {
        return Some(format!("module `{}` has {MAX_DOMAINS} clock domains already", b.ir.name));
    }
    for known in b.ir.domains.values() {
        let resets = (known.reset.as_ref(), domain.reset.as_ref());
        if let (Some(a), Some(b)) = resets
            && a.name == b.name
            && (a.kind, a.polarity) != (b.kind, b.polarity)
        {
            return Some(format!("the reset `{}` is of another kind in the domain of `{}`", a.name, known.clock));
        }
        let clash = |a: &Domain, b: &Domain| a.reset.as_ref().is_some_and(|r| r.name == b.clock);
        if clash(known, domain) || clash(domain, known) {
            return Some("a clock and a reset have the same name".into());
        }
    }
    None
}

/// The domains here that the domains of `child` stand for.
pub(crate) fn of_child(
    c: &mut Context,
    child: ModuleId,
    name: &str,
    bindings: &[(&Domain, &Domain)],
    place: PlaceId,
) -> Vec<DomainId> {
    // Instances are many, and most children have one domain.
    if c.modules[child].domains.len() == 1 && bindings.is_empty() {
        return vec![c.top().map_or_else(DomainId::default, |b| b.domain())];
    }
    let inner: Vec<Domain> = c.modules[child].domains.values().cloned().collect();
    for (formal, actual) in bindings {
        if !inner.iter().skip(1).any(|d| d == *formal) {
            let problem = format!("module `{name}` does not name it");
            c.report(diag::e0220::new(place, formal, &problem));
        } else if bindings.iter().filter(|(other, _)| other == formal).count() > 1 {
            c.report(diag::e0220::new(place, formal, "it is bound twice"));
        } else if formal.kind() != actual.kind() {
            let problem =
                format!("the domain of `{}`, which it is to be here, has another kind of reset", actual.clock);
            c.report(diag::e0220::new(place, formal, &problem));
        }
    }
    let mut outer = Vec::with_capacity(inner.len());
    for (n, domain) in inner.iter().enumerate() {
        // Without a reset, or with one that is made inside and no pin, the clock is what counts.
        let clock_alone = domain.reset.is_none() || c.modules[child].reset_wire(DomainId::new(n)).is_some();
        let id = match bindings.iter().find(|(formal, _)| *formal == domain) {
            _ if n == 0 => c.top().map_or_else(DomainId::default, |b| b.domain()),
            Some((_, actual)) => resolve(c, actual, place),
            None if clock_alone && inner[0].clock == domain.clock => outer[0],
            None if clock_alone => {
                let bound = bindings.iter().find(|(formal, _)| formal.clock == domain.clock);
                let clock = bound.map_or(&domain.clock, |(_, actual)| &actual.clock);
                let known =
                    c.top().and_then(|b| b.ir.domains.iter().find(|(_, d)| d.clock == *clock).map(|(id, _)| id));
                known.unwrap_or_else(|| resolve(c, &Domain::new(clock), place))
            }
            None => resolve(c, domain, place),
        };
        outer.push(id);
    }
    // Domains with one clock pin in the child have one clock here, too.
    let clock = |c: &Context, id: DomainId| c.stack.last().map(|b| b.ir.domains[id].clock.clone());
    for n in 1..inner.len() {
        let twin = (0..n).find(|&k| inner[k].clock == inner[n].clock && clock(c, outer[k]) != clock(c, outer[n]));
        if twin.is_some() {
            let problem = format!("module `{name}` has another domain with this clock, which is another clock here");
            c.report(diag::e0220::new(place, &inner[n], &problem));
        }
    }
    outer
}
