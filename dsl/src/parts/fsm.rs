//! State machines: states of an enum or by name, a choice of encoding, a closure of transitions per state, and a diagram
//! of what was declared.

mod diagram;

use std::cell::{Cell, RefCell};

pub use diagram::{Diagram, Transition, diagrams};

use super::encode::{from_gray, is_one_hot, one_hot_index};
use super::misuse::refuse;
use crate::diag::w0304;
use crate::hw::bits::{Bits, Bool, bits, from_bools, word};
use crate::hw::bundle::Shape;
use crate::hw::context::{Loc, Raw, with};
use crate::hw::enums::{Enum, HwEnum};
use crate::hw::int::{Int, lit, reduce};
use crate::hw::module::{Module, abort};
use crate::hw::names::{is_identifier, snake_case};
use crate::hw::reg::{Reg, Wire};
use crate::hw::when::Switch;
use crate::ir::{Format, Op};
use crate::ty::{MAX_WIDTH, range};
use crate::value::Value;

/// How states become bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The number of the state: the fewest registers.
    #[default]
    Binary,
    /// A bit for each state: the fastest, as a state is recognised by its bit.
    OneHot,
    /// The Gray code of the number: from a state to the next one in the list a single bit changes, and from the last to
    /// the first where their number is a power of two.
    Gray,
}

/// What names a state: a variant of an enum, or a string.
pub trait StateName: Copy + 'static {
    /// The state's number among these names.
    fn find(self, names: &[String]) -> Option<usize>;
    /// What a message calls it.
    fn text(self) -> String;
}
impl<E: HwEnum> StateName for E {
    fn find(self, names: &[String]) -> Option<usize> {
        Some(self.index()).filter(|&n| n < names.len())
    }
    fn text(self) -> String {
        E::NAMES.get(self.index()).map_or(String::new(), |name| name.to_string())
    }
}
impl StateName for &'static str {
    fn find(self, names: &[String]) -> Option<usize> {
        names.iter().position(|name| name == self)
    }
    fn text(self) -> String {
        self.to_string()
    }
}

/// A state machine that is still to be declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use = "say .declare(m, name)"]
pub struct Machine<S> {
    names: Vec<String>,
    start: S,
    encoding: Encoding,
    recovers: bool,
}

impl<E: HwEnum> Machine<E> {
    /// With the states of an enum; reset leads to `start`.
    pub fn of(start: E) -> Machine<E> {
        let names = E::NAMES.iter().map(|name| name.to_string()).collect();
        Machine { names, start, encoding: Encoding::default(), recovers: false }
    }
}

impl Machine<&'static str> {
    /// With these states; reset leads to the first.
    pub fn named(names: &[&'static str]) -> Machine<&'static str> {
        let start = names.first().copied().unwrap_or_default();
        let names = names.iter().map(|name| name.to_string()).collect();
        Machine { names, start, encoding: Encoding::default(), recovers: false }
    }
}

impl<S: StateName> Machine<S> {
    /// In this encoding; binary where nothing is said.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }
    /// A word that encodes no state, which only a disturbed register can hold, is followed by the reset state. Without
    /// this such a word is an assertion that fails. Synthesis tools that recode state machines may remove the way back:
    /// ask them for safe state machines too.
    pub fn recovers(mut self) -> Self {
        self.recovers = true;
        self
    }

    /// Declares the register of the state under this name. [`Fsm::rules`] completes it.
    #[track_caller]
    pub fn declare(self, m: &Module, name: &str) -> Fsm<S> {
        let loc = Loc::caller();
        let Machine { names, start, encoding, recovers } = self;
        let twice = (1..names.len()).find(|&n| names[..n].contains(&names[n]));
        let problem = match twice {
            _ if names.is_empty() => Some("has no states".to_string()),
            _ if names.len() as u64 > MAX_WIDTH.into() => Some(format!("has {} states", names.len())),
            Some(n) => Some(format!("has two states `{}`", names[n])),
            None => None,
        };
        if let Some(problem) = problem {
            let help = format!("give 1 to {MAX_WIDTH} states, each another name");
            refuse(loc, &format!("state machine `{name}` {problem}"), &help);
            abort();
        }
        let start = start.find(&names).unwrap_or(0);
        let count = names.len() as u64;
        let width = match encoding {
            Encoding::OneHot => names.len() as u32,
            _ => (u64::BITS - (count - 1).leading_zeros()).max(1),
        };
        let code = |state: usize| code_of(encoding, state);
        let register = m.reg(name, word(width)).reset(code(start));
        if encoding != Encoding::OneHot {
            let by_code = |c: u64| {
                let state = (0..names.len()).find(|&state| code(state) == Value::from(c));
                // A name in the text of a design has no spaces.
                let plain = |name: &String| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
                state.map_or_else(|| format!("illegal_{c}"), |state| plain(&names[state]))
            };
            show_as(register.q().raw(), (0..1 << width).map(by_code).collect());
        }
        let name = name.to_string();
        let every_word = encoding != Encoding::OneHot && count.is_power_of_two() && count > 1;
        let ruled = Cell::new(false);
        let fsm =
            Fsm { names, name, start, encoding, recovers, every_word, register, ruled, loc, kind: Default::default() };
        if !recovers && !every_word {
            m.assert(&format!("{}_legal", fsm.name), fsm.is_legal(), "the register holds a word that is no state");
        }
        fsm
    }
}

/// The word of a state.
fn code_of(encoding: Encoding, state: usize) -> Value {
    match encoding {
        Encoding::Binary => Value::from(state),
        Encoding::OneHot => Value::pow2(state as u32),
        Encoding::Gray => Value::from(state ^ (state >> 1)),
    }
}

/// Lets waves and comments of the Verilog show names for the words of a register.
fn show_as(register: Raw, names: Vec<String>) {
    with(|c| {
        let b = c.top()?;
        if let Op::Reg(id) = b.ir.nodes.get(register.node)?.op {
            b.ir.regs[id].format = Format::Enum(names);
        }
        Some(())
    });
}

/// A declared state machine. It changes its state by [`rules`](Fsm::rules), which are given once.
#[must_use = "give its transitions with .rules(…)"]
pub struct Fsm<S> {
    names: Vec<String>,
    name: String,
    start: usize,
    encoding: Encoding,
    recovers: bool,
    /// All words of the register are states.
    every_word: bool,
    register: Reg<Bits>,
    ruled: Cell<bool>,
    loc: Loc,
    kind: std::marker::PhantomData<S>,
}

/// The transitions of a machine under construction.
pub struct Rules<'r, S> {
    fsm: &'r Fsm<S>,
    module: &'r Module,
    /// `None` where every state has a wire.
    switch: Option<&'r mut Switch<Bits>>,
    wires: Vec<Option<Wire<Int>>>,
    given: Vec<bool>,
    ends: Vec<bool>,
    arcs: RefCell<Vec<Transition>>,
}

/// A state whose transitions are being given.
pub struct At<'r, S> {
    fsm: &'r Fsm<S>,
    from: usize,
    /// What takes the number of the next state; `None` where it is the register itself, in code.
    wire: Option<Wire<Int>>,
    /// Conditions around the state's closure.
    depth: usize,
    arcs: &'r RefCell<Vec<Transition>>,
}

impl<S: StateName> Fsm<S> {
    /// True in this state. In one-hot encoding this is a bit of the register.
    #[track_caller]
    pub fn is(&self, state: S) -> Bool {
        match self.find(state, Loc::caller()) {
            Some(state) => self.is_number(state),
            None => Bool::new(Raw::POISON),
        }
    }
    /// The number of the state, `0..=states - 1`, in the order of their declaration.
    #[track_caller]
    pub fn number(&self) -> Int {
        let q = self.register.q();
        let number = match self.encoding {
            Encoding::Binary => q.to_uint(),
            Encoding::OneHot => one_hot_index(q),
            Encoding::Gray => from_gray(q).to_uint(),
        };
        number.min(self.names.len() - 1)
    }
    /// The register's word.
    pub fn code(&self) -> Bits {
        self.register.q()
    }

    /// Gives the transitions: a closure for each state with `on`. A state without one stays. States that are never
    /// entered, and such that are never left without a word of [`Rules::ends`], are warnings (W0304).
    #[track_caller]
    pub fn rules(&self, m: &Module, f: impl FnOnce(&mut Rules<'_, S>)) {
        let loc = Loc::caller();
        if self.ruled.replace(true) {
            refuse(
                loc,
                &format!("state machine `{}` has its rules already", self.name),
                "give all of them in one call",
            );
            return;
        }
        let states = self.names.len();
        let (arcs, ends) = if self.encoding == Encoding::OneHot {
            let mut rules = Rules::new(self, m, None);
            f(&mut rules);
            let Rules { wires, arcs, ends, .. } = rules;
            let arcs = arcs.into_inner();
            self.register.set(self.next_word(&wires, &arcs));
            (arcs, ends)
        } else {
            let mut done = (Vec::new(), Vec::new());
            m.switch(self.register.q(), |switch| {
                let mut rules = Rules::new(self, m, Some(&mut *switch));
                f(&mut rules);
                let Rules { arcs, ends, given, .. } = rules;
                if self.recovers && !self.every_word {
                    let stay = (0..states).filter(|&s| !given[s]).filter_map(|s| code_of(self.encoding, s).to_u64());
                    let stay: Vec<u64> = stay.collect();
                    if !stay.is_empty() {
                        switch.cases(stay, || {});
                    }
                    switch.default(|| self.register.set(self.word_of(self.start)));
                }
                done = (arcs.into_inner(), ends);
            });
            done
        };
        let diagram = Diagram::new(&self.name, &self.names, self.start, arcs);
        self.warn(&diagram, &ends);
        diagram.collect();
    }

    /// What comes after a one-hot word: each bit from the states that lead to it.
    fn next_word(&self, wires: &[Option<Wire<Int>>], arcs: &[Transition]) -> Bits {
        let leads = |from: usize, to: usize| {
            let here = self.is_number(from);
            match &wires[from] {
                None => (from == to).then_some(here),
                Some(wire) => {
                    let known = from == to || arcs.iter().any(|arc| (arc.from, arc.to) == (from, to));
                    known.then(|| here & wire.get().eq(to))
                }
            }
        };
        let states = 0..self.names.len();
        let bit = |to: usize| {
            let ways: Vec<Bool> = states.clone().filter_map(|from| leads(from, to)).collect();
            reduce(&ways, |a, b| a | b).unwrap_or_else(|| Bool::constant(false))
        };
        let next = from_bools(&states.clone().map(bit).collect::<Vec<_>>());
        if self.recovers { self.is_legal().mux(next, self.word_of(self.start)) } else { next }
    }

    fn warn(&self, diagram: &Diagram, ends: &[bool]) {
        let entered = diagram.reachable();
        with(|c| {
            let place = c.place(self.loc);
            for (state, name) in self.names.iter().enumerate() {
                if !entered[state] {
                    c.report(w0304::never_entered(place, name, &self.name));
                } else if self.names.len() > 1 && !ends[state] && !diagram.is_left(state) {
                    c.report(w0304::never_left(place, name, &self.name));
                }
            }
        });
    }

    fn find(&self, state: S, loc: Loc) -> Option<usize> {
        let found = state.find(&self.names);
        if found.is_none() {
            let what = format!("state machine `{}` has no state `{}`", self.name, state.text());
            refuse(loc, &what, &format!("its states are {}", self.names.join(", ")));
        }
        found
    }
    #[track_caller]
    fn word_of(&self, state: usize) -> Bits {
        bits(self.register.ty().0, code_of(self.encoding, state))
    }
    #[track_caller]
    fn is_number(&self, state: usize) -> Bool {
        match self.encoding {
            Encoding::OneHot => self.register.q().bit(state as u32),
            _ => self.register.q().eq(self.word_of(state)),
        }
    }
    fn is_legal(&self) -> Bool {
        let q = self.register.q();
        match self.encoding {
            Encoding::OneHot => is_one_hot(q),
            Encoding::Binary => q.to_uint().lt(self.names.len()),
            Encoding::Gray => from_gray(q).to_uint().lt(self.names.len()),
        }
    }
}

impl<E: HwEnum> Fsm<E> {
    /// The state as a value of the enum.
    #[track_caller]
    pub fn state(&self) -> Enum<E> {
        let number = self.number().raw();
        E::shape().value(&mut || number)
    }
}

impl<S> Drop for Fsm<S> {
    fn drop(&mut self) {
        if !self.ruled.get() && !std::thread::panicking() {
            let what = format!("state machine `{}` has no rules", self.name);
            refuse(self.loc, &what, "give its transitions with .rules(…)");
        }
    }
}

impl<'r, S: StateName> Rules<'r, S> {
    fn new(fsm: &'r Fsm<S>, module: &'r Module, switch: Option<&'r mut Switch<Bits>>) -> Rules<'r, S> {
        let states = fsm.names.len();
        let (given, ends) = (vec![false; states], vec![false; states]);
        Rules { fsm, module, switch, wires: vec![None; states], given, ends, arcs: RefCell::default() }
    }

    /// What happens in `state`: `f` runs under this condition, and `At::go`, under further ones if you like, leads on.
    /// Where several apply, the last one wins, as with any assignment; where none does, the state stays.
    #[track_caller]
    pub fn on<R>(&mut self, state: S, f: impl FnOnce(&At<'_, S>) -> R) -> &mut Self {
        let loc = Loc::caller();
        let Some(from) = self.fsm.find(state, loc) else { return self };
        if std::mem::replace(&mut self.given[from], true) {
            let what = format!("state `{}` of `{}` has rules already", state.text(), self.fsm.name);
            refuse(loc, &what, "give all of a state's rules in one closure");
            return self;
        }
        let (fsm, arcs) = (self.fsm, &self.arcs);
        match &mut self.switch {
            Some(switch) => {
                let code = code_of(fsm.encoding, from).to_u64().unwrap_or(0);
                switch.case(code, || _ = f(&At { fsm, from, wire: None, depth: depth(), arcs }));
            }
            None => {
                let state = snake_case(&fsm.names[from]);
                let state = if is_identifier(&state) { state } else { from.to_string() };
                let wire = self.module.wire(&format!("{}_from_{state}", fsm.name), range(0..=fsm.names.len() - 1));
                wire.set(lit(from));
                self.wires[from] = Some(wire);
                let rules = || _ = f(&At { fsm, from, wire: Some(wire), depth: depth(), arcs });
                self.module.when(fsm.is_number(from), rules);
            }
        }
        self
    }
    /// Says that `state` is not left on purpose.
    #[track_caller]
    pub fn ends(&mut self, state: S) -> &mut Self {
        if let Some(state) = self.fsm.find(state, Loc::caller()) {
            self.ends[state] = true;
        }
        self
    }
}

fn depth() -> usize {
    with(|c| c.top().map_or(0, |b| b.frames.len())).unwrap_or(0)
}

impl<S: StateName> At<'_, S> {
    /// The next state, under the conditions around.
    #[track_caller]
    pub fn go(&self, to: S) {
        let Some(to) = self.fsm.find(to, Loc::caller()) else { return };
        match &self.wire {
            Some(wire) => wire.set(lit(to)),
            None => self.fsm.register.set(self.fsm.word_of(to)),
        }
        let condition = diagram::condition(self.depth);
        self.arcs.borrow_mut().push(Transition { from: self.from, to, condition });
    }
}

#[cfg(test)]
mod tests;
