//! Small generators through the front end, read in the IR's text form.

#![allow(missing_docs)]

use gatewright_dsl::ir::print;
use gatewright_dsl::prelude::*;

/// The multiply-accumulate element of the design.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pe {
    pub act: IntTy,
    pub wgt: IntTy,
    pub terms: u64,
}

#[derive(Bundle)]
pub struct PeIn {
    pub a: Int,
    pub w: Int,
    pub clear: Bool,
    pub en: Bool,
}

#[derive(Bundle, Clone)]
pub struct PeOut {
    pub a: Int,
    pub w: Int,
    pub sum: Int,
}

impl Generator for Pe {
    type In = PeIn;
    type Out = PeOut;

    fn shape(&self) -> PeInShape {
        PeInShape { a: self.act, w: self.wgt, clear: BOOL, en: BOOL }
    }

    fn build(&self, m: &Module, i: PeIn) -> PeOut {
        let product = i.a * i.w;
        let sum = m.reg("sum", product.ty().times(self.terms)).reset(0);
        let base = i.clear.mux(0, sum.q());
        m.when(i.en, || sum.set((base + product).claim(sum.ty())));
        PeOut { a: m.delay("a", i.a), w: m.delay("w", i.w), sum: sum.q() }
    }
}

/// A row of equal elements.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Row(usize);

#[derive(Bundle)]
struct RowIn {
    a: Int,
    w: Vec<Int>,
    en: Bool,
}

impl Generator for Row {
    type In = RowIn;
    type Out = Vec<Int>;
    fn shape(&self) -> RowInShape {
        RowInShape { a: uint(4), w: vec![sint(4); self.0], en: BOOL }
    }
    fn build(&self, m: &Module, i: RowIn) -> Vec<Int> {
        let pe = Pe { act: uint(4), wgt: sint(4), terms: 16 };
        let mut a = i.a;
        let mut sums = Vec::new();
        for (n, &w) in i.w.iter().enumerate() {
            let out = m.inst(&format!("pe_{n}"), &pe, PeIn { a, w, clear: false.to_hw(), en: i.en });
            a = out.a;
            sums.push(out.sum);
        }
        sums
    }
}

#[test]
fn equal_generators_are_one_module() {
    let design = elaborate(&Row(4)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(design.modules.len(), 2);
    insta::assert_snapshot!(print::print_without_places(&design));
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Buffered;

impl Generator for Buffered {
    type In = StreamIn<Int>;
    type Out = StreamOut<Int>;
    fn shape(&self) -> StreamInShape<Int> {
        StreamInShape { input: StreamTy(uint(8)) }
    }
    fn build(&self, m: &Module, i: Self::In) -> Self::Out {
        let output = i.input.fifo(m, 4).map(|v| v * 3 - 5).regslice(m);
        StreamOut { output }
    }
}

#[test]
fn streams_chain() {
    let design = elaborate(&Buffered).unwrap_or_else(|e| panic!("{e}"));
    insta::assert_snapshot!(print::print_without_places(&design));
}

/// A region with enough arithmetic to need registers at 400 MHz.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Dot;

impl Generator for Dot {
    type In = (Vec<Int>, Vec<Int>);
    type Out = Int;
    fn shape(&self) -> (Vec<IntTy>, Vec<IntTy>) {
        (vec![sint(6); 4], vec![sint(6); 4])
    }
    fn build(&self, m: &Module, (a, b): Self::In) -> Int {
        let products: Vec<Int> = a.iter().zip(&b).map(|(&a, &b)| a * b).collect();
        let y = m.wire("y", sint(14));
        let total = sum(&products);
        m.when(total.lt(0), || y.set(-total)).otherwise(|| y.set(total));
        y.get()
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Piped(u32);

impl Generator for Piped {
    type In = (Vec<Int>, Vec<Int>);
    type Out = Int;
    fn shape(&self) -> (Vec<IntTy>, Vec<IntTy>) {
        Dot.shape()
    }
    fn build(&self, m: &Module, i: Self::In) -> Int {
        let (y, latency) = m.pipelined("dot", &Dot, i, &Target::lut6(f64::from(self.0)));
        assert_eq!(latency > 0, self.0 > 0);
        y
    }
}

#[test]
fn pipelined_regions_get_registers() {
    let combinational = elaborate(&Piped(0)).unwrap_or_else(|e| panic!("{e}"));
    assert!(combinational.modules[combinational.top].regs.is_empty());
    let fast = elaborate(&Piped(300)).unwrap_or_else(|e| panic!("{e}"));
    assert!(!fast.modules[fast.top].regs.is_empty());
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Narrow;

impl Generator for Narrow {
    type In = Int;
    type Out = Int;
    fn shape(&self) -> IntTy {
        uint(8)
    }
    fn build(&self, m: &Module, i: Int) -> Int {
        let acc = m.reg("acc", uint(8)).reset(0);
        acc.set(acc.q() + i);
        acc.q()
    }
}

#[test]
fn nothing_narrows_by_itself() {
    let errors = elaborate(&Narrow).unwrap_err();
    assert_eq!(errors.codes(), ["E0102"]);
    println!("{errors}");
}

#[test]
fn probes_reach_into_children() {
    let mut design = elaborate(&Row(4)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(design.probe("pe_2.sum_reg").unwrap(), "probe_pe_2_sum_reg");
    assert_eq!(design.probe("pe_1.sum_reg").unwrap(), "probe_pe_1_sum_reg");
    let top = &design.modules[design.top];
    let port = top.ports.values().find(|p| p.name == "probe_pe_2_sum_reg").unwrap();
    assert_eq!(port.ty, Ty::Int(range(-1920..=1680)));
    // Both probes share one output of the element.
    let pe = design.modules.values().find(|m| m.name == "pe").unwrap();
    assert_eq!(pe.ports.values().filter(|p| p.name.starts_with("probe")).count(), 1);
    let error = design.probe("pe_9.sum").unwrap_err().to_string();
    assert!(error.contains("no instance `pe_9`") && error.contains("pe_0, pe_1, pe_2, pe_3"), "{error}");
    let error = design.probe("pe_0.acc").unwrap_err().to_string();
    assert!(error.contains("no value `acc` in module `pe`") && error.contains("sum_reg"), "{error}");
}

/// What the front end makes keeps the invariants of the IR, prints and parses, and stays good through each pass.
#[test]
fn designs_and_passes_keep_the_invariants() {
    use gatewright_dsl::ir::{parse::parse, verify::verify};
    use gatewright_dsl::pass::PASSES;
    let designs = [elaborate(&Row(4)), elaborate(&Buffered), elaborate(&Piped(300))];
    for design in designs.map(|d| d.unwrap_or_else(|e| panic!("{e}"))) {
        assert_eq!(verify(&design), Ok(()));
        assert_eq!(parse(&print::print(&design)).as_ref(), Ok(&design));
        let mut all = design.clone();
        for pass in PASSES {
            let mut one = design.clone();
            for design in [&mut one, &mut all] {
                (pass.run)(design);
                assert_eq!(verify(design), Ok(()), "after {}", pass.name);
            }
            let before = one.clone();
            (pass.run)(&mut one);
            assert_eq!(one, before, "{} runs twice", pass.name);
        }
    }
}
