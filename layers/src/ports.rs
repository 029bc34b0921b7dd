//! The ports of a network: one per element, under the names of its tensors.

use gatewright_dsl::hw::Raw;
use gatewright_dsl::hw::bundle::{Leaf, Path};
use gatewright_dsl::prelude::{BOOL, Bool, Bundle, Int, IntTy, Shape, range};

use crate::network::{Network, Range, TensorTy};

/// `valid`, and tensors by name: element 3 of `x` is the port `x_3`.
pub struct Ports {
    /// Name and value of the valid flag.
    pub valid: (String, Bool),
    /// Names and elements.
    pub tensors: Vec<(String, Vec<Int>)>,
}

/// The shape of [`Ports`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PortsShape {
    /// Name of the valid flag.
    pub valid: String,
    /// Names and element types.
    pub tensors: Vec<(String, Vec<IntTy>)>,
}

impl Bundle for Ports {
    type Shape = PortsShape;
    fn shape(&self) -> PortsShape {
        let tensor = |(name, elements): &(String, Vec<Int>)| (name.clone(), elements.shape());
        PortsShape { valid: self.valid.0.clone(), tensors: self.tensors.iter().map(tensor).collect() }
    }
    fn raws(&self, f: &mut dyn FnMut(Raw)) {
        self.valid.1.raws(f);
        self.tensors.iter().for_each(|(_, elements)| elements.raws(f));
    }
}

impl Shape for PortsShape {
    type Value = Ports;
    fn leaves(&self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf)) {
        path.with(&self.valid, |path| BOOL.leaves(path, f));
        for (name, elements) in &self.tensors {
            path.with(name, |path| elements.leaves(path, f));
        }
    }
    fn value(&self, next: &mut dyn FnMut() -> Raw) -> Ports {
        let valid = (self.valid.clone(), BOOL.value(next));
        let tensors = self.tensors.iter().map(|(name, types)| (name.clone(), types.value(next))).collect();
        Ports { valid, tensors }
    }
}

/// The type of an element in hardware.
pub fn int_ty(r: Range) -> IntTy {
    range(r.lo..=r.hi)
}

/// The types of a tensor's elements in hardware.
pub fn int_types(ty: &TensorTy) -> Vec<IntTy> {
    ty.ranges.iter().map(|r| int_ty(*r)).collect()
}

/// The names of the input and output tensors in hardware: those of the network, an output that has the name of an input
/// or of an output before it with `_out` behind it.
pub fn tensor_names(network: &Network) -> (Vec<String>, Vec<String>) {
    let inputs: Vec<String> = network.inputs.iter().map(|(name, _)| name.clone()).collect();
    let mut outputs: Vec<String> = Vec::new();
    for (name, _) in &network.outputs {
        let mut name = name.clone();
        while inputs.contains(&name) || outputs.contains(&name) {
            name.push_str("_out");
        }
        outputs.push(name);
    }
    (inputs, outputs)
}
