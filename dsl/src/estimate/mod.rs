//! What a design takes in a device, estimated without a synthesiser: LUTs, carry cells, registers, levels of logic.
//!
//! The design becomes gates of single bits and carry chains in the forms that Yosys 0.23 gives to each operator
//! (additions, comparisons, products, choices), and the gates are covered with LUTs. Constants, bits that pass by, signs
//! that repeat and logic that is there twice cost what they cost there: nothing. No factor is fitted; what is left out is
//! Yosys's rewriting of gates before it maps them. `cargo xtask calibrate` prints estimates beside Yosys's own counts.

mod function;
mod lower;
mod map;
mod net;
mod shared;
mod state;
mod sums;
mod words;

use std::collections::HashMap;

use crate::ids::NodeId;
use crate::ir::Design;
use crate::pass::expand::expanded;
use lower::{Flop, Lowered, lower};
use map::{Cover, Luts, cover};
use net::{Gate, Lit};

/// The owner of what belongs to nobody.
const NOBODY: u32 = u32::MAX;
/// Most registers in a row that are one shift register of a LUT.
const SHIFT_REGISTER: usize = 32;
/// Least.
const LEAST_SHIFT_REGISTER: usize = 3;

/// A family of devices, by the Yosys command whose counts are estimated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// LUTs of six inputs, carry cells of four bits: `synth_xilinx -family xcup -flatten -nodsp -noiopad -noclkbuf`.
    Lut6,
    /// LUTs of four inputs, a carry cell for each bit: `synth_ice40`. A bit of a sum is a LUT's output.
    Ice40,
    /// LUTs of four inputs, carry cells of two bits that add by themselves: `synth_ecp5 -nodsp`.
    Ecp5,
}

impl Family {
    fn lut_inputs(self) -> usize {
        self.luts().narrow
    }

    fn luts(self) -> &'static Luts {
        match self {
            Family::Lut6 => &Luts::SIX,
            Family::Ice40 => &Luts::FOUR,
            Family::Ecp5 => &Luts::FOUR_TO_SEVEN,
        }
    }

    /// Positions of a carry chain in one cell.
    fn carry_bits(self) -> usize {
        match self {
            Family::Lut6 => 4,
            Family::Ice40 => 1,
            Family::Ecp5 => 2,
        }
    }

    /// Bits of the longest sum that is made of gates instead of a carry chain.
    fn longest_without_chain(self) -> usize {
        match self {
            Family::Lut6 | Family::Ice40 => 2,
            Family::Ecp5 => 4,
        }
    }
}

/// What a design takes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Estimate {
    /// LUTs, those of carry chains included.
    pub luts: u64,
    /// Carry cells.
    pub carries: u64,
    /// Flip-flops: bits of all registers on which an output depends, shift registers apart.
    pub registers: u64,
    /// Bits of shift registers that are a LUT each: registers in a row, three or more, that are not reset and that nothing
    /// else reads. Only for [`Family::Lut6`].
    pub shift_registers: u64,
    /// LUTs and carry cells on the longest path that crosses no register, as Yosys counts them; on such a path a carry chain
    /// counts with all its cells.
    pub depth: u32,
    /// LUTs of each owner; see [`estimate`].
    pub luts_of: Vec<u64>,
}

/// The estimate for a design, which is a verified one. `owner` says for nodes of the top module (of the
/// [expanded](crate::pass::expand::expanded) design, where it has products) to which of `owners`
/// they belong, such as the layers of a network; none for no one. Memories, black boxes and what is in them are not
/// counted, nor is what only checks read.
///
/// ```
/// use gatewright_dsl::estimate::{Family, estimate};
/// use gatewright_dsl::prelude::*;
///
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct Add;
///
/// impl Generator for Add {
///     type In = (Int, Int);
///     type Out = Int;
///     fn shape(&self) -> (IntTy, IntTy) {
///         (uint(8), uint(4))
///     }
///     fn build(&self, _: &Module, (a, b): (Int, Int)) -> Int {
///         a + b
///     }
/// }
///
/// let found = estimate(&elaborate(&Add).unwrap(), Family::Lut6, 0, &|_| None);
/// // A LUT for each bit where two bits meet; above them the carry runs by itself.
/// assert_eq!((found.luts, found.carries, found.registers), (4, 3, 0));
/// ```
pub fn estimate(design: &Design, family: Family, owners: usize, owner: &dyn Fn(NodeId) -> Option<usize>) -> Estimate {
    let design = &*expanded(design);
    let number = |n: NodeId| owner(n).filter(|k| *k < owners).map_or(NOBODY, |k| k as u32);
    let lowered = lower(design, family, &number);
    let Lowered { logic, flops, roots } = &lowered;
    let mut needed: Vec<Lit> = roots.clone();
    needed.extend(flops.iter().map(|f| f.d));
    for chain in &logic.chains {
        needed.extend(chain.positions.iter().flatten());
        needed.push(chain.carry_in);
    }
    let cover = cover(&logic.net, &needed, family.luts());
    let mut found = Estimate { luts_of: vec![0; owners], ..Estimate::default() };
    let mut count = |owner: u32, luts: u64| {
        found.luts += luts;
        if let Some(own) = found.luts_of.get_mut(owner as usize) {
            *own += luts;
        }
    };
    for (gate, lut) in cover.luts.iter().enumerate() {
        if let Some(inputs) = lut {
            count(logic.net.owners[gate], family.luts().count[inputs.len()]);
        }
    }
    logic.chain_luts.iter().for_each(|owner| count(*owner, 1));
    if family != Family::Lut6 {
        inverters(&lowered, &needed).into_iter().for_each(|owner| count(owner, 1));
    }
    found.carries = logic.chains.iter().map(|c| c.places.div_ceil(family.carry_bits()) as u64).sum();
    let (single, shifted) = match family {
        Family::Lut6 => registers(&lowered, &cover),
        Family::Ice40 | Family::Ecp5 => (flops.len() as u64, 0),
    };
    (found.registers, found.shift_registers) = (single, shifted);
    found.depth = depth(&lowered, &cover, &needed);
    found
}

/// The owners of inverters of their own: those of fixed points, which no LUT takes in.
fn inverters(lowered: &Lowered, needed: &[Lit]) -> Vec<u32> {
    let net = &lowered.logic.net;
    let turned = |x: &&Lit| **x & 1 == 1 && net.gates[(**x >> 1) as usize] == Gate::Leaf;
    let mut gates: Vec<u32> = needed.iter().filter(turned).map(|x| x >> 1).collect();
    gates.sort_unstable();
    gates.dedup();
    gates.into_iter().map(|gate| net.owners[gate as usize]).collect()
}

/// Flip-flops, and shift registers in LUTs.
fn registers(lowered: &Lowered, cover: &Cover) -> (u64, u64) {
    let mut readers: HashMap<u32, u32> = HashMap::new();
    let mut read = |gate: u32| *readers.entry(gate).or_insert(0) += 1;
    cover.luts.iter().flatten().flatten().for_each(|g| read(*g));
    lowered.roots.iter().for_each(|x| read(x >> 1));
    lowered.flops.iter().for_each(|f| read(f.d >> 1));
    lowered.logic.chains.iter().flat_map(|c| c.positions.iter().flatten()).for_each(|x| read(x >> 1));
    let by_output: HashMap<Lit, usize> = lowered.flops.iter().enumerate().map(|(k, f)| (f.q, k)).collect();
    let before = |f: &Flop| {
        let k = by_output.get(&f.d).copied()?;
        let other = &lowered.flops[k];
        let alone = readers.get(&(other.q >> 1)) == Some(&1);
        (alone && !other.reset && !f.reset && other.enable == f.enable).then_some(k)
    };
    let chains: Vec<Option<usize>> = lowered.flops.iter().map(before).collect();
    let mut goes_on = vec![false; chains.len()];
    chains.iter().flatten().for_each(|k| goes_on[*k] = true);
    let (mut single, mut shifted) = (0, 0);
    for last in (0..chains.len()).filter(|k| !goes_on[*k]) {
        let mut length = 1;
        let mut at = last;
        while let Some(k) = chains[at].filter(|_| length < chains.len()) {
            (at, length) = (k, length + 1);
        }
        let (whole, rest) = (length / SHIFT_REGISTER, length % SHIFT_REGISTER);
        shifted += whole as u64;
        if rest >= LEAST_SHIFT_REGISTER { shifted += 1 } else { single += rest as u64 }
    }
    (single, shifted)
}

/// Cells on the longest path.
fn depth(lowered: &Lowered, cover: &Cover, needed: &[Lit]) -> u32 {
    let logic = &lowered.logic;
    let bits = logic.family.carry_bits();
    // A sum's bit is behind a LUT of its own.
    let behind = u32::from(logic.family == Family::Ice40);
    let mut chain_of: HashMap<u32, (usize, usize)> = HashMap::new();
    for (c, chain) in logic.chains.iter().enumerate() {
        chain_of.extend(chain.outputs.iter().map(|(k, x)| (x >> 1, (c, k / bits))));
    }
    let mut cells: HashMap<usize, Vec<u32>> = HashMap::new();
    let mut arrival = vec![0_u32; logic.net.gates.len()];
    let inverter = |x: Lit| u32::from(x & 1 == 1 && logic.net.gates[(x >> 1) as usize] == Gate::Leaf);
    for gate in 0..arrival.len() {
        if let Some(inputs) = &cover.luts[gate] {
            // Multiplexers join LUTs two by two.
            let wide = inputs.len().saturating_sub(logic.family.lut_inputs()) as u32;
            arrival[gate] = 1 + wide + inputs.iter().map(|i| arrival[*i as usize]).max().unwrap_or(0);
        } else if let Some(&(c, cell)) = chain_of.get(&(gate as u32)) {
            let cells = cells.entry(c).or_insert_with(|| {
                let chain = &logic.chains[c];
                let mut before = arrival[(chain.carry_in >> 1) as usize];
                let cell = |positions: &[Vec<Lit>]| {
                    let inputs = positions.iter().flatten().map(|x| arrival[(x >> 1) as usize] + inverter(*x));
                    before = 1 + inputs.max().unwrap_or(0).max(before);
                    before
                };
                chain.positions.chunks(bits).map(cell).collect()
            });
            arrival[gate] = cells[cell] + behind;
        }
    }
    needed.iter().map(|x| arrival[(x >> 1) as usize] + inverter(*x)).max().unwrap_or(0)
}
