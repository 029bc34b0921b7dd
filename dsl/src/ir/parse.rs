//! Reading the text form that [`print`](super::print) writes. The parser checks form only; what it returns can still
//! be nonsense, which the verifier finds.

use std::fmt;

use super::lex::{self, Token};
use super::visit::MAX_NESTING;
use super::{
    Adders, BinOp, Block, Check, CheckKind, Collision, Crossing, Design, Dir, Domain, Field, Format, Inst, Matvec,
    MatvecOutput, Mem, MemRead, MemWrite, Module, ModuleKind, Node, Op, Param, Pipeline, Place, Places, Polarity, Port,
    Reg, Reset, ResetKind, ShiftAdd, Stmt, StreamPort, UnOp, Wire,
};
use crate::ids::{Arena, DomainId, Id, ModuleId, NodeId, PlaceId, PortId};
use crate::ty::{IntTy, Ty};
use crate::value::Value;

/// Where and why a text is not a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// What could stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: expected {}, found {}", self.line, self.column, self.expected, self.found)
    }
}
impl std::error::Error for ParseError {}

type Result<T> = std::result::Result<T, ParseError>;

/// The design that the text spells.
pub fn parse(text: &str) -> Result<Design> {
    let (token, start, end) = lex::next(text, 0);
    Parser { text, token, start, end }.design()
}

struct Parser<'a> {
    text: &'a str,
    token: Token<'a>,
    start: usize,
    /// The byte after the token.
    end: usize,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) {
        (self.token, self.start, self.end) = lex::next(self.text, self.end);
    }

    fn error<T>(&self, expected: impl Into<String>) -> Result<T> {
        let before = &self.text[..self.start];
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        Err(ParseError {
            line: before.bytes().filter(|&b| b == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            expected: expected.into(),
            found: self.token.describe(),
        })
    }

    fn is(&self, punct: &str) -> bool {
        matches!(self.token, Token::Punct(p) if p == punct)
    }
    fn eat(&mut self, punct: &str) -> bool {
        let found = self.is(punct);
        if found {
            self.advance();
        }
        found
    }
    fn punct(&mut self, punct: &str) -> Result<()> {
        if self.eat(punct) { Ok(()) } else { self.error(format!("`{punct}`")) }
    }
    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.token == Token::Word(word);
        if found {
            self.advance();
        }
        found
    }
    fn word(&mut self, word: &str) -> Result<()> {
        if self.eat_word(word) { Ok(()) } else { self.error(format!("`{word}`")) }
    }
    /// The value that goes with the word that stands here.
    fn one_of<T: Copy>(&mut self, choices: &[(&str, T)]) -> Result<T> {
        if let Token::Word(word) = self.token
            && let Some((_, choice)) = choices.iter().find(|(w, _)| *w == word)
        {
            self.advance();
            return Ok(*choice);
        }
        let words: Vec<_> = choices.iter().map(|(w, _)| format!("`{w}`")).collect();
        self.error(words.join(" or "))
    }

    fn string(&mut self) -> Result<String> {
        if let Token::Str(inside) = self.token {
            let Some(s) = lex::unescape(inside) else {
                return self.error("a string with the escapes of Rust");
            };
            self.advance();
            return Ok(s);
        }
        self.error("a string")
    }
    fn name(&mut self) -> Result<String> {
        match self.token {
            Token::Word(word) => {
                self.advance();
                Ok(word.to_string())
            }
            Token::Str(_) => self.string(),
            _ => self.error("a name"),
        }
    }
    fn value(&mut self) -> Result<Value> {
        if let Token::Number(digits) = self.token {
            let Some(v) = lex::value(digits) else {
                return self.error("a shorter number");
            };
            self.advance();
            return Ok(v);
        }
        self.error("a number")
    }
    fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T> {
        if let Token::Number(digits) = self.token
            && let Ok(n) = digits.parse()
        {
            self.advance();
            return Ok(n);
        }
        self.error(what)
    }
    fn u32(&mut self) -> Result<u32> {
        self.number("a number below 2^32")
    }

    fn marked(&mut self, mark: char, what: &str) -> Result<u32> {
        if let Token::Marked(m, digits) = self.token
            && m == mark
            && let Ok(n) = digits.parse()
        {
            self.advance();
            return Ok(n);
        }
        self.error(what)
    }
    fn node(&mut self) -> Result<NodeId> {
        self.marked('%', "a node such as `%0`").map(NodeId)
    }
    fn place_id(&mut self) -> Result<PlaceId> {
        self.marked('@', "a place such as `@0`").map(PlaceId)
    }
    /// A place, or nothing.
    fn place(&mut self) -> Result<PlaceId> {
        if matches!(self.token, Token::Marked('@', _)) { self.place_id() } else { Ok(PlaceId(0)) }
    }
    fn id_of(&self, prefix: &str) -> Option<usize> {
        match self.token {
            Token::Word(word) => word.strip_prefix(prefix)?.parse::<u32>().ok().map(|n| n as usize),
            _ => None,
        }
    }
    fn id<K: Id>(&mut self, prefix: &str) -> Result<K> {
        match self.id_of(prefix) {
            Some(n) => {
                self.advance();
                Ok(K::new(n))
            }
            None => self.error(format!("an id such as `{prefix}0`")),
        }
    }
    fn port_id(&mut self) -> Result<PortId> {
        self.id("port")
    }
    fn domain_id(&mut self) -> Result<DomainId> {
        self.id("domain")
    }
    /// The id of the next entry of an arena.
    fn next_id<K: Id + fmt::Display, V>(&mut self, arena: &Arena<K, V>, prefix: &str) -> Result<()> {
        if self.id_of(prefix) == Some(arena.len()) {
            self.advance();
            return Ok(());
        }
        self.error(format!("`{prefix}{}`, for entries stand in order", arena.len()))
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.punct("[")?;
        let mut items = Vec::new();
        while !self.is("]") {
            items.push(item(self)?);
            if !self.eat(",") && !self.is("]") {
                return self.error("`,` or `]`");
            }
        }
        self.punct("]")?;
        Ok(items)
    }

    fn ty(&mut self) -> Result<Ty> {
        if self.eat_word("bool") {
            return Ok(Ty::BOOL);
        }
        if self.eat_word("bits") {
            self.punct("<")?;
            let width = self.u32()?;
            self.punct(">")?;
            return Ok(Ty::Bits(width));
        }
        if !matches!(self.token, Token::Number(_)) {
            return self.error("a type: `lo..=hi`, `bits<n>` or `bool`");
        }
        let lo = self.value()?;
        self.punct("..=")?;
        if matches!(self.token, Token::Number(digits) if lex::value(digits).is_some_and(|hi| hi < lo)) {
            return self.error(format!("a number not below {lo}"));
        }
        Ok(Ty::Int(IntTy::new(lo, self.value()?)))
    }

    fn design(mut self) -> Result<Design> {
        self.word("design")?;
        self.word("top")?;
        let top = self.id("module")?;
        let mut modules = Arena::new();
        let mut places = Places::default();
        loop {
            if self.eat_word("module") {
                self.next_id(&modules, "module")?;
                let name = self.name()?;
                let place = self.place()?;
                modules.push(self.module(name, ModuleKind::Body, place)?);
            } else if self.eat_word("extern") {
                self.next_id(&modules, "module")?;
                let name = self.name()?;
                let kind = self.extern_kind()?;
                let place = self.place()?;
                modules.push(self.module(name, kind, place)?);
            } else {
                break;
            }
        }
        if self.eat_word("places") {
            self.punct("{")?;
            while !self.eat("}") {
                let place = self.place_entry(&places)?;
                places.0.push(place);
            }
        }
        if self.token != Token::End {
            return self.error("`module`, `extern`, `places` or the end of the text");
        }
        Ok(Design { modules, top, places })
    }

    fn place_entry(&mut self, places: &Places) -> Result<Place> {
        let due = places.0.len();
        match self.token {
            Token::Marked('@', digits) if digits.parse() == Ok(due) => self.advance(),
            _ => return self.error(format!("`@{due}`, for entries stand in order, or `}}`")),
        }
        let file = self.string()?;
        let line = self.u32()?;
        self.punct(":")?;
        let column = self.u32()?;
        let caller = if self.eat_word("in") { Some(self.place_id()?) } else { None };
        let scope = if self.eat_word("scope") { Some(self.string()?) } else { None };
        Ok(Place { file: file.into(), line, column, caller, scope })
    }

    fn extern_kind(&mut self) -> Result<ModuleKind> {
        let clocked = self.eat_word("clocked");
        let model = if self.eat_word("model") { Some(self.id("module")?) } else { None };
        let mut params = Vec::new();
        if self.eat_word("params") {
            params = self.list(|p| {
                let name = p.name()?;
                p.punct("=")?;
                let value = match p.token {
                    Token::Str(_) => Param::Str(p.string()?),
                    Token::Number(_) => Param::Int(p.value()?),
                    _ => return p.error("a number or a string"),
                };
                Ok((name, value))
            })?;
        }
        let paths = if self.eat_word("paths") {
            Some(self.list(|p| {
                let input = p.port_id()?;
                p.punct("->")?;
                Ok((input, p.port_id()?))
            })?)
        } else {
            None
        };
        Ok(ModuleKind::Extern { params, model, clocked, paths })
    }

    fn module(&mut self, name: String, kind: ModuleKind, place: PlaceId) -> Result<Module> {
        let mut m = Module { kind, ..Module::new(name, place) };
        self.punct("{")?;
        while !self.eat("}") {
            match self.token {
                Token::Marked('%', _) => self.node_line(&mut m)?,
                Token::Word(word) => self.declaration(word, &mut m)?,
                _ => return self.error("a declaration, a node or `}`"),
            }
        }
        Ok(m)
    }

    fn declaration(&mut self, word: &str, m: &mut Module) -> Result<()> {
        let known = ["domain", "input", "output", "stream", "name", "wire", "reg", "mem", "matvec", "inst", "check"]
            .contains(&word);
        if !known {
            return self.error("a declaration, a node or `}`");
        }
        self.advance();
        match word {
            "domain" => {
                self.next_id(&m.domains, "domain")?;
                let domain = self.domain()?;
                let id = m.domains.push(domain);
                if self.eat_word("from") {
                    m.reset_wires.insert(id, self.id("wire")?);
                }
            }
            "input" | "output" => {
                self.next_id(&m.ports, "port")?;
                let (name, ty, format) = self.declared()?;
                let domain = if self.eat_word("clock") { self.domain_id()? } else { DomainId(0) };
                let driver = if self.eat("=") { Some(self.node()?) } else { None };
                let place = self.place()?;
                let dir = if word == "input" { Dir::Input } else { Dir::Output };
                m.ports.push(Port { name, dir, ty, format, driver, domain, place });
            }
            "stream" => {
                let stream = self.stream()?;
                m.streams.push(stream);
            }
            "name" => {
                let node = self.node()?;
                let name = self.name()?;
                m.names.insert(node, name);
            }
            "wire" => {
                self.next_id(&m.wires, "wire")?;
                let (name, ty, format) = self.declared()?;
                let place = self.place()?;
                let driver = self.block(0)?;
                m.wires.push(Wire { name, ty, format, driver, place });
            }
            "reg" => {
                self.next_id(&m.regs, "reg")?;
                let (name, ty, format) = self.declared()?;
                let domain = self.domain_id()?;
                let crossing = match () {
                    () if self.eat_word("synchronizer") => Crossing::Synchronizer,
                    () if self.eat_word("held") => Crossing::Held,
                    () => Crossing::No,
                };
                let reset = if self.eat_word("reset") { Some(self.value()?) } else { None };
                let init = if self.eat_word("init") { Some(self.value()?) } else { None };
                let place = self.place()?;
                let next = self.block(0)?;
                m.regs.push(Reg { name, ty, format, domain, crossing, reset, init, next, place });
            }
            "mem" => {
                self.next_id(&m.mems, "mem")?;
                let mem = self.mem()?;
                m.mems.push(mem);
            }
            "matvec" => {
                self.next_id(&m.matvecs, "matvec")?;
                let matvec = self.matvec()?;
                m.matvecs.push(matvec);
            }
            "inst" => {
                self.next_id(&m.insts, "inst")?;
                let inst = self.inst()?;
                m.insts.push(inst);
            }
            _ => {
                self.next_id(&m.checks, "check")?;
                let check = self.check()?;
                m.checks.push(check);
            }
        }
        Ok(())
    }

    fn domain(&mut self) -> Result<Domain> {
        let clock = self.name()?;
        if !self.eat_word("reset") {
            return Ok(Domain { clock, reset: None });
        }
        let name = self.name()?;
        let kind = self.one_of(&[("sync", ResetKind::Sync), ("async", ResetKind::Async)])?;
        let polarity = self.one_of(&[("high", Polarity::High), ("low", Polarity::Low)])?;
        Ok(Domain { clock, reset: Some(Reset { name, kind, polarity }) })
    }

    fn stream(&mut self) -> Result<StreamPort> {
        let name = self.name()?;
        let dir = self.one_of(&[("input", Dir::Input), ("output", Dir::Output)])?;
        self.word("valid")?;
        let valid = self.port_id()?;
        self.word("ready")?;
        let ready = self.port_id()?;
        self.word("last")?;
        let last = self.port_id()?;
        self.word("payload")?;
        let payload = self.list(|p| p.port_id())?;
        Ok(StreamPort { name, dir, valid, ready, last, payload })
    }

    /// `name: type as format`.
    fn declared(&mut self) -> Result<(String, Ty, Format)> {
        let name = self.name()?;
        self.punct(":")?;
        let ty = self.ty()?;
        let mut format = Format::Plain;
        if self.eat_word("as") {
            format = match self.one_of(&[("bool", 0), ("fixed", 1), ("enum", 2)])? {
                0 => Format::Bool,
                1 => Format::Fixed(self.number("a number of fraction bits")?),
                _ => Format::Enum(self.list(|p| p.name())?),
            };
        }
        Ok((name, ty, format))
    }

    fn node_line(&mut self, m: &mut Module) -> Result<()> {
        let due = m.nodes.next_id();
        if !matches!(self.token, Token::Marked('%', digits) if digits.parse() == Ok(due.0)) {
            return self.error(format!("`{due}`, for entries stand in order"));
        }
        self.advance();
        if !self.is(":") {
            let name = self.name()?;
            m.names.insert(due, name);
        }
        self.punct(":")?;
        let ty = self.ty()?;
        self.punct("=")?;
        let op = self.op()?;
        let place = self.place()?;
        m.nodes.push(Node { op, ty, place });
        Ok(())
    }

    fn op(&mut self) -> Result<Op> {
        let Token::Word(word) = self.token else {
            return self.error("an operator");
        };
        for prefix in ["port", "reg", "wire", "mem", "matvec", "inst"] {
            if self.id_of(prefix).is_none() {
                continue;
            }
            return Ok(match prefix {
                "port" => Op::Input(self.id(prefix)?),
                "reg" => Op::Reg(self.id(prefix)?),
                "wire" => Op::Wire(self.id(prefix)?),
                "mem" => {
                    let mem = self.id(prefix)?;
                    self.punct(".")?;
                    let port = self.id::<NodeId>("read")?.0;
                    self.punct(".")?;
                    Op::MemRead { mem, port, field: self.id::<NodeId>("field")?.0 }
                }
                "matvec" => {
                    let matvec = self.id(prefix)?;
                    self.punct(".")?;
                    Op::Matvec { matvec, output: self.id::<NodeId>("sum")?.0 }
                }
                _ => {
                    let inst = self.id(prefix)?;
                    self.punct(".")?;
                    Op::Inst(inst, self.port_id()?)
                }
            });
        }
        if let Some(&op) = UnOp::ALL.iter().find(|op| op.mnemonic() == word) {
            self.advance();
            return Ok(Op::Un(op, self.node()?));
        }
        if let Some(&op) = BinOp::ALL.iter().find(|op| op.mnemonic() == word) {
            self.advance();
            return Ok(Op::Bin(op, self.node()?, self.node()?));
        }
        let rest: fn(&mut Self) -> Result<Op> = match word {
            "const" => |p| Ok(Op::Const(p.value()?)),
            "mux" => |p| Ok(Op::Mux(p.node()?, p.node()?, p.node()?)),
            "select" => |p| Ok(Op::Select(p.node()?, p.list(Self::node)?.into())),
            "slice" => |p| Ok(Op::Slice(p.node()?, p.u32()?)),
            "concat" => |p| Ok(Op::Concat(p.list(Self::node)?.into())),
            _ => return self.error("an operator"),
        };
        self.advance();
        rest(self)
    }

    fn block(&mut self, depth: usize) -> Result<Block> {
        if depth > MAX_NESTING {
            return self.error(format!("at most {MAX_NESTING} levels of `when` and `switch`"));
        }
        self.punct("{")?;
        let mut block = Block::new();
        while !self.eat("}") {
            let seq = self.marked('#', "a statement such as `#0 set %0`, or `}`")?;
            let stmt = match self.one_of(&[("set", 0), ("when", 1), ("switch", 2)])? {
                0 => Stmt::Set { seq, value: self.node()?, place: self.place()? },
                1 => self.when(seq, depth)?,
                _ => self.switch(seq, depth)?,
            };
            block.push(stmt);
        }
        Ok(block)
    }

    fn when(&mut self, seq: u32, depth: usize) -> Result<Stmt> {
        let mut arms = Vec::new();
        if self.token != Token::Word("otherwise") {
            arms.push((self.node()?, self.block(depth + 1)?));
            while self.eat_word("elsewhen") {
                arms.push((self.node()?, self.block(depth + 1)?));
            }
        }
        let otherwise = if self.eat_word("otherwise") { self.block(depth + 1)? } else { Block::new() };
        Ok(Stmt::When { seq, arms, otherwise })
    }

    fn switch(&mut self, seq: u32, depth: usize) -> Result<Stmt> {
        let subject = self.node()?;
        self.punct("{")?;
        let mut arms = Vec::new();
        let mut default = Block::new();
        while !self.eat("}") {
            if self.eat_word("default") {
                self.punct("=>")?;
                default = self.block(depth + 1)?;
                self.punct("}")?;
                break;
            }
            if !self.is("[") {
                return self.error("an arm such as `[0, 1] => {}`, `default` or `}`");
            }
            let values = self.list(Self::value)?;
            self.punct("=>")?;
            arms.push((values, self.block(depth + 1)?));
        }
        Ok(Stmt::Switch { seq, subject, arms, default })
    }

    fn mem(&mut self) -> Result<Mem> {
        let name = self.name()?;
        self.punct(":")?;
        let fields = self.list(|p| {
            let name = p.name()?;
            p.punct(":")?;
            Ok(Field { name, ty: p.ty()? })
        })?;
        self.word("depth")?;
        let depth = self.number("a number below 2^64")?;
        self.word("collision")?;
        let collision =
            self.one_of(&[("old", Collision::Old), ("new", Collision::New), ("undefined", Collision::Undefined)])?;
        let place = self.place()?;
        let mut mem = Mem { name, fields, depth, init: vec![], collision, reads: vec![], writes: vec![], place };
        self.punct("{")?;
        while !self.eat("}") {
            if self.eat_word("word") {
                mem.init.push(self.list(Self::value)?);
            } else if self.eat_word("read") {
                let sync = if self.eat_word("async") { None } else { Some(self.domain_id()?) };
                self.word("addr")?;
                let addr = self.node()?;
                let enable = if self.eat_word("enable") { Some(self.node()?) } else { None };
                mem.reads.push(MemRead { sync, addr, enable, place: self.place()? });
            } else if self.eat_word("write") {
                let domain = self.domain_id()?;
                self.word("addr")?;
                let addr = self.node()?;
                self.word("data")?;
                let data = self.list(Self::node)?;
                self.word("enable")?;
                let enable = self.node()?;
                let mask = if self.eat_word("mask") { self.list(Self::node)? } else { Vec::new() };
                mem.writes.push(MemWrite { domain, addr, data, enable, mask, place: self.place()? });
            } else {
                return self.error("`word`, `read`, `write` or `}`");
            }
        }
        Ok(mem)
    }

    fn matvec(&mut self) -> Result<Matvec> {
        let inputs = self.list(Self::node)?;
        let adders = match self.eat_word("by") {
            true => self.one_of(&[Adders::Three, Adders::Compressors].map(|a| (a.mnemonic(), a)))?,
            false => Adders::Two,
        };
        let mut pipeline = if self.eat_word("stages") { Some(self.pipeline()?) } else { None };
        let place = self.place()?;
        let mut m = Matvec { inputs, steps: Vec::new(), outputs: Vec::new(), adders, pipeline: None, place };
        self.punct("{")?;
        while !self.eat("}") {
            if self.eat_word("sum") {
                let weights = self.list(|p| {
                    let weight = p.value()?;
                    Ok((p.id::<NodeId>("x")?.index(), weight))
                })?;
                let mut output = MatvecOutput { weights, constant: self.value()?, value: None, negative: false };
                if self.eat_word("from") {
                    output.negative = self.eat_word("neg");
                    // `0` stands where there is no value.
                    match self.token {
                        Token::Number("0") => self.advance(),
                        _ => output.value = Some(self.shifted()?),
                    }
                }
                m.outputs.push(output);
                if let Some(pipeline) = &mut pipeline {
                    pipeline.outputs.push(self.stage()?);
                }
                continue;
            }
            let due = m.inputs.len() + m.steps.len();
            if self.id_of("x") != Some(due) {
                return self.error(format!("the step `x{due}`, a `sum` or `}}`"));
            }
            self.advance();
            self.punct("=")?;
            let a = self.shifted()?;
            let subtract = self.one_of(&[("add", false), ("sub", true)])?;
            m.steps.push(ShiftAdd { a, b: self.shifted()?, subtract });
            if let Some(pipeline) = &mut pipeline {
                pipeline.steps.push(self.stage()?);
            }
        }
        m.pipeline = pipeline;
        Ok(m)
    }

    /// The clock, the name and the inputs of a product with stages.
    fn pipeline(&mut self) -> Result<Pipeline> {
        let (domain, name) = (self.domain_id()?, self.name()?);
        let inputs = self.list(|p| Ok((p.u32()?, p.list(Self::node)?)))?;
        Ok(Pipeline { domain, name, inputs, steps: Vec::new(), outputs: Vec::new() })
    }

    fn stage(&mut self) -> Result<u32> {
        self.word("at")?;
        self.u32()
    }

    /// A value of a matrix-vector product, perhaps shifted.
    fn shifted(&mut self) -> Result<(usize, u32)> {
        let value = self.id::<NodeId>("x")?.index();
        Ok((value, if self.eat_word("shl") { self.u32()? } else { 0 }))
    }

    fn inst(&mut self) -> Result<Inst> {
        let name = self.name()?;
        self.punct(":")?;
        let module: ModuleId = self.id("module")?;
        let domains = self.list(Self::domain_id)?;
        let inputs = self.list(|p| {
            let port = p.port_id()?;
            p.punct("=")?;
            Ok((port, p.node()?))
        })?;
        Ok(Inst { name, module, domains, inputs, place: self.place()? })
    }

    fn check(&mut self) -> Result<Check> {
        let name = self.name()?;
        self.punct(":")?;
        let kinds = ["assert", "assume", "cover", "claim", "input_range", "no_collision", "stable"];
        let kind = match self.one_of(&kinds.map(|k| (k, k)))? {
            "assert" => CheckKind::Assert(self.node()?),
            "assume" => CheckKind::Assume(self.node()?),
            "cover" => CheckKind::Cover(self.node()?),
            "claim" => {
                let claim = self.node()?;
                let enable = if self.eat_word("enable") { Some(self.node()?) } else { None };
                CheckKind::Claim { claim, enable }
            }
            "input_range" => CheckKind::InputRange(self.port_id()?),
            "no_collision" => CheckKind::NoCollision(self.id("mem")?),
            _ => {
                self.word("valid")?;
                let valid = self.node()?;
                self.word("ready")?;
                let ready = self.node()?;
                self.word("payload")?;
                CheckKind::Stable { valid, ready, payload: self.list(Self::node)? }
            }
        };
        let domain = self.domain_id()?;
        let message = self.string()?;
        Ok(Check { name, kind, message, domain, place: self.place()? })
    }
}
