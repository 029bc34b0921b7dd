//! z3 as a process: terms go to it as equations in SMT-LIB, values of unknowns come back.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;

use easy_smt::{Context, ContextBuilder, Response, SExpr};
use gatewright_dsl::value::Value;

use super::error::ProveError;
use super::operators::Num;
use super::terms::{Bv, Cmp, T, Term, Terms};

/// What z3 says.
pub(super) enum Answer {
    /// There are values, which make every term what it is.
    Yes(Model),
    /// There are none.
    No,
    /// It gave up.
    Unknown,
}

/// The value of every term, by number.
pub(super) struct Model {
    values: Vec<Value>,
    widths: Vec<u32>,
}

impl Model {
    pub(super) fn holds(&self, t: T) -> bool {
        !self.values[t.0 as usize].is_zero()
    }
    pub(super) fn number(&self, n: Num) -> Value {
        self.values[n.t.0 as usize].wrap(self.widths[n.t.0 as usize], n.signed)
    }
}

/// A conversation with z3, which begins with the first question that is not trivial.
pub(super) struct Solver {
    effort: u32,
    context: Option<Context>,
    defined: HashSet<T>,
    switches: HashSet<T>,
    /// Whether it is asked what was enough for an answer.
    cores: bool,
    /// What made the last question trivial.
    never: Option<T>,
    asserted: Vec<T>,
    /// How many of them z3 knows.
    told: usize,
}

fn failed(e: io::Error) -> ProveError {
    ProveError::Solver(e.to_string())
}

/// The program that GATEWRIGHT_Z3 names, else `z3` in PATH.
fn program() -> OsString {
    std::env::var_os("GATEWRIGHT_Z3").filter(|p| !p.is_empty()).unwrap_or_else(|| "z3".into())
}

/// The version of z3, as it says it; an error that says what to install where it is not there.
pub fn version() -> Result<String, ProveError> {
    let program = program();
    let missing = |why: String| ProveError::NoZ3 { tried: format!("`{}`: {why}", program.display()) };
    let output = std::process::Command::new(&program).arg("--version").output().map_err(|e| missing(e.to_string()))?;
    if !output.status.success() {
        return Err(missing(format!("--version ends with {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

impl Solver {
    /// `effort` is what z3 may spend on a question, in its own units of resources; 0 is without limit.
    pub(super) fn new(effort: u32) -> Solver {
        Solver {
            effort,
            context: None,
            defined: HashSet::new(),
            switches: HashSet::new(),
            cores: false,
            never: None,
            asserted: Vec::new(),
            told: 0,
        }
    }

    /// As [`Solver::new`], and [`Solver::core`] can be called.
    pub(super) fn with_cores(effort: u32) -> Solver {
        Solver { cores: true, ..Solver::new(effort) }
    }

    /// From now on, `t` holds.
    pub(super) fn assert(&mut self, t: T) {
        self.asserted.push(t);
    }

    fn start(&mut self) -> Result<(), ProveError> {
        if self.context.is_some() {
            return Ok(());
        }
        let program = program();
        let tried = |e: io::Error| ProveError::NoZ3 { tried: format!("`{}`: {e}", program.display()) };
        let mut builder = ContextBuilder::new();
        let mut context = builder.solver(&program).solver_args(["-smt2", "-in"]).build().map_err(tried)?;
        let effort = context.numeral(self.effort);
        context.set_option(":rlimit", effort).map_err(failed)?;
        if self.cores {
            let yes = context.true_();
            context.set_option(":produce-unsat-cores", yes).map_err(failed)?;
        }
        context.set_logic("QF_BV").map_err(failed)?;
        self.context = Some(context);
        Ok(())
    }

    /// Whether what was asserted can hold together with `wanted`.
    pub(super) fn ask(&mut self, b: &Terms, wanted: &[T]) -> Result<Answer, ProveError> {
        let never = |t: &&T| b.constant_of(**t).is_some_and(Value::is_zero);
        self.never = self.asserted.iter().chain(wanted).find(never).copied();
        if self.never.is_some() {
            return Ok(Answer::No);
        }
        self.start()?;
        for n in std::mem::replace(&mut self.told, self.asserted.len())..self.asserted.len() {
            let t = self.asserted[n];
            self.define(b, t)?;
            if let Some(context) = &mut self.context {
                let condition = reference(context, b, t);
                context.assert(condition).map_err(failed)?;
            }
        }
        let mut literals = Vec::new();
        for &t in wanted.iter().filter(|t| b.constant_of(**t).is_none()) {
            self.define(b, t)?;
            // Each term has a name, as z3 wants it for what is assumed.
            literals.extend(self.context.as_ref().map(|c| reference(c, b, t)));
        }
        let Some(context) = &mut self.context else { return Ok(Answer::Unknown) };
        match context.check_assuming(literals).map_err(failed)? {
            Response::Unsat => Ok(Answer::No),
            Response::Unknown => Ok(Answer::Unknown),
            Response::Sat => {
                let model = self.model(b, wanted)?;
                // The terms' meaning here and there is the same, or this would not hold.
                match self.asserted.iter().chain(wanted).all(|&t| model.holds(t)) {
                    true => Ok(Answer::Yes(model)),
                    false => Err(ProveError::Solver("its values do not fulfil what was asked".into())),
                }
            }
        }
    }

    /// An unknown that switches clauses on where it is among what is wanted.
    pub(super) fn switch(&mut self, b: &mut Terms) -> Result<T, ProveError> {
        self.start()?;
        let switch = b.var(1);
        if let Some(context) = &mut self.context {
            let sort = context.bool_sort();
            context.declare_const(name(switch), sort).map_err(failed)?;
        }
        self.switches.insert(switch);
        Ok(switch)
    }

    /// From now on, one of `literals` holds, where `switch` does.
    pub(super) fn clause(&mut self, b: &Terms, switch: T, literals: &[T]) -> Result<(), ProveError> {
        self.start()?;
        for &t in literals {
            self.define(b, t)?;
        }
        let Some(context) = &mut self.context else { return Ok(()) };
        let name = context.atom(name(switch));
        let off = context.not(name);
        let list: Vec<SExpr> = literals.iter().map(|&t| reference(context, b, t)).collect();
        let clause = context.or_many(std::iter::once(off).chain(list));
        context.assert(clause).map_err(failed)
    }

    /// After the answer No: those of the terms wanted that are enough for it.
    pub(super) fn core(&mut self) -> Result<HashSet<T>, ProveError> {
        if let Some(t) = self.never {
            return Ok(HashSet::from([t]));
        }
        let Some(context) = &mut self.context else { return Ok(HashSet::new()) };
        let core = context.get_unsat_core().map_err(failed)?;
        let names = context.get_list(core).unwrap_or_default().iter().filter_map(|&x| context.get_atom(x));
        let number = |name: &str| name.strip_prefix('t')?.parse().ok().map(T);
        Ok(names.filter_map(number).collect())
    }

    /// Defines `t` and what it is made of.
    fn define(&mut self, b: &Terms, t: T) -> Result<(), ProveError> {
        let Some(context) = &mut self.context else { return Ok(()) };
        let mut stack = vec![(t, false)];
        while let Some((t, expanded)) = stack.pop() {
            if matches!(b.get(t), Term::Const(_)) || self.defined.contains(&t) || self.switches.contains(&t) {
                continue;
            }
            if !expanded {
                stack.push((t, true));
                stack.extend(b.operands(t).map(|x| (x, false)));
                continue;
            }
            self.defined.insert(t);
            let sort = match b.width(t) {
                1 => context.bool_sort(),
                w => {
                    let width = context.numeral(w);
                    context.bit_vec_sort(width)
                }
            };
            // A constant with an equation: z3 takes very long over many nested `define-fun`.
            let name = context.declare_const(name(t), sort).map_err(failed)?;
            if !matches!(b.get(t), Term::Var(_)) {
                let body = expression(context, b, t);
                let equation = context.eq(name, body);
                context.assert(equation).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn model(&mut self, b: &Terms, wanted: &[T]) -> Result<Model, ProveError> {
        let Some(context) = &mut self.context else { return Err(ProveError::Solver("not running".into())) };
        let vars: Vec<T> = self.defined.iter().copied().filter(|&t| matches!(b.get(t), Term::Var(_))).collect();
        let on = wanted.iter().filter(|t| self.switches.contains(t));
        let mut values: HashMap<T, Value> = on.map(|&t| (t, Value::ONE)).collect();
        if !vars.is_empty() {
            let names = vars.iter().map(|&t| context.atom(name(t))).collect();
            let found = context.get_value(names).map_err(failed)?;
            for (&t, (_, value)) in vars.iter().zip(found) {
                let text = context.get_atom(value).unwrap_or_default();
                let value = read(text).ok_or_else(|| ProveError::Solver(format!("`{text}` is no value")))?;
                values.insert(t, value);
            }
        }
        Ok(Model { values: b.evaluate(&values), widths: b.widths() })
    }
}

/// `true`, `#b0101` or `#x5a`.
fn read(text: &str) -> Option<Value> {
    let digits = |digits: &str, bits: u32| {
        digits.chars().try_fold(Value::ZERO, |v, c| Some(&v.shl(bits) | &Value::from(c.to_digit(1 << bits)?)))
    };
    match text {
        "true" => Some(Value::ONE),
        "false" => Some(Value::ZERO),
        _ => match text.split_at_checked(2)? {
            ("#b", rest) => digits(rest, 1),
            ("#x", rest) => digits(rest, 4),
            _ => None,
        },
    }
}

fn name(t: T) -> String {
    format!("t{}", t.0)
}

/// A term by its name: of one bit, a Bool.
fn reference(c: &Context, b: &Terms, t: T) -> SExpr {
    match (b.get(t), b.width(t)) {
        (Term::Const(v), 1) if v.is_zero() => c.false_(),
        (Term::Const(_), 1) => c.true_(),
        (Term::Const(v), w) => c.list(vec![c.atom("_"), c.atom(format!("bv{v}")), c.numeral(w)]),
        _ => c.atom(name(t)),
    }
}

/// A term as a bit vector, also where it has one bit.
fn vector(c: &Context, b: &Terms, t: T) -> SExpr {
    match (b.get(t), b.width(t)) {
        (Term::Const(v), 1) => c.atom(if v.is_zero() { "#b0" } else { "#b1" }),
        (_, 1) => c.ite(reference(c, b, t), c.atom("#b1"), c.atom("#b0")),
        _ => reference(c, b, t),
    }
}

/// How a term is made from its operands.
fn expression(c: &Context, b: &Terms, t: T) -> SExpr {
    let width = b.width(t);
    let (plain, vector) = (|x| reference(c, b, x), |x| vector(c, b, x));
    let call = |name: &str, list: Vec<SExpr>| c.list(std::iter::once(c.atom(name)).chain(list).collect());
    let indexed = |name: &str, numbers: &[u32], x: SExpr| {
        let numbers = numbers.iter().map(|&n| c.numeral(n));
        c.list(vec![c.list([c.atom("_"), c.atom(name)].into_iter().chain(numbers).collect()), x])
    };
    let made = match *b.get(t) {
        // Never asked for.
        Term::Const(_) | Term::Var(_) => return plain(t),
        Term::Not(x) if width == 1 => return call("not", vec![plain(x)]),
        Term::Bv(op @ (Bv::And | Bv::Or | Bv::Xor), x, y) if width == 1 => {
            let name = match op {
                Bv::And => "and",
                Bv::Or => "or",
                _ => "xor",
            };
            return call(name, vec![plain(x), plain(y)]);
        }
        Term::Cmp(Cmp::Eq, x, y) => return call("=", vec![plain(x), plain(y)]),
        Term::Cmp(op, x, y) => {
            let name = if op == Cmp::SignedLt { "bvslt" } else { "bvult" };
            return call(name, vec![vector(x), vector(y)]);
        }
        Term::Ite(k, x, y) => return call("ite", vec![plain(k), plain(x), plain(y)]),
        Term::Not(x) => call("bvnot", vec![vector(x)]),
        Term::Bv(op, x, y) => {
            let name = match op {
                Bv::And => "bvand",
                Bv::Or => "bvor",
                Bv::Xor => "bvxor",
                Bv::Add => "bvadd",
                Bv::Sub => "bvsub",
                Bv::Mul => "bvmul",
                Bv::UnsignedDiv => "bvudiv",
                Bv::UnsignedRem => "bvurem",
                Bv::SignedDiv => "bvsdiv",
                Bv::SignedRem => "bvsrem",
                Bv::Shl => "bvshl",
                Bv::LogicShr => "bvlshr",
                Bv::ArithShr => "bvashr",
            };
            call(name, vec![vector(x), vector(y)])
        }
        Term::Extract(x, lo) => indexed("extract", &[lo + width - 1, lo], vector(x)),
        Term::Concat(x, y) => call("concat", vec![vector(x), vector(y)]),
        Term::Extend(x, signed) => {
            let name = if signed { "sign_extend" } else { "zero_extend" };
            indexed(name, &[width - b.width(x)], vector(x))
        }
    };
    // The operators on vectors give a vector, also of one bit.
    if width == 1 { call("=", vec![made, c.atom("#b1")]) } else { made }
}
