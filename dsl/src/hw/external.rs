//! Black boxes: modules whose Verilog comes from elsewhere.

use std::hash::Hash;
use std::rc::Rc;

use super::bundle::{Bundle, Role, Shape};
use super::context::{Builder, Loc, with};
use super::elaborate::{self, Key};
use super::module::{Generator, Module, abort, abort_if_none, direction, instantiate};
use crate::diag;
use crate::ids::{DomainId, ModuleId, PortId};
use crate::ir::{Dir, ModuleKind, Param, Port};

/// A module given by its ports: Verilog name, parameters, and, for simulation, a model in the language.
pub trait ExternModule: Clone + Eq + Hash + 'static {
    /// The inputs; port names are the paths joined with `_`.
    type In: Bundle;
    /// The outputs.
    type Out: Bundle;
    /// The module's name in Verilog.
    fn verilog_name(&self) -> String;
    /// Verilog parameters by name.
    fn params(&self) -> Vec<(String, Param)> {
        Vec::new()
    }
    /// The types of the inputs.
    fn shape(&self) -> <Self::In as Bundle>::Shape;
    /// The types of the outputs. Simulators check that values lie in their ranges.
    fn out_shape(&self) -> <Self::Out as Bundle>::Shape;
    /// True where the module has ports for clock and reset, with the names of the domain.
    fn clocked(&self) -> bool {
        true
    }
    /// Pairs of port names (input, output) with a combinational path; `None` where any may have one.
    fn paths(&self) -> Option<Vec<(String, String)>> {
        None
    }
    /// What stands in for the module in simulation. `None`: only Verilog simulators can run the design.
    fn model(&self, m: &Module, i: Self::In) -> Option<Self::Out> {
        let _ = (m, i);
        None
    }
}

/// Lets a black box share the cache of modules.
struct Boxed<E>(E);

impl<E: Clone> Clone for Boxed<E> {
    fn clone(&self) -> Self {
        Boxed(self.0.clone())
    }
}
impl<E: PartialEq> PartialEq for Boxed<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<E: Eq> Eq for Boxed<E> {}
impl<E: Hash> Hash for Boxed<E> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<E: ExternModule> Generator for Boxed<E> {
    type In = E::In;
    type Out = E::Out;
    fn shape(&self) -> <E::In as Bundle>::Shape {
        self.0.shape()
    }
    fn build(&self, m: &Module, i: E::In) -> E::Out {
        self.0.model(m, i).unwrap_or_else(|| abort())
    }
}

impl Module {
    /// Instantiates a black box.
    #[track_caller]
    pub fn extern_inst<E: ExternModule>(&self, name: &str, module: &E, inputs: E::In) -> E::Out {
        let loc = Loc::caller();
        with(|c| {
            let place = c.place(loc);
            if let Some(pure) = c.top().and_then(|b| b.pure) {
                c.report(diag::e0216::new(place, pure, &format!("black box `{name}`")));
            }
        });
        let key = Key::new(&Boxed(module.clone()));
        let (shape, out_shape) = (module.shape(), module.out_shape());
        let known = with(|c| c.cache.get(&key).map(|(id, _)| *id)).flatten();
        let id = known.unwrap_or_else(|| {
            elaborate::begin(&key, &module.verilog_name(), loc);
            let id = declare(module, &shape, &out_shape, name, loc);
            with(|c| {
                c.building.pop();
                c.cache.insert(key, (id, Rc::new(out_shape.clone())))
            });
            id
        });
        instantiate(name, id, &inputs, (&shape, &out_shape), &[], true, loc)
    }
}

fn declare<E: ExternModule>(
    module: &E,
    shape: &<E::In as Bundle>::Shape,
    out_shape: &<E::Out as Bundle>::Shape,
    instance: &str,
    loc: Loc,
) -> ModuleId {
    let verilog_name = module.verilog_name();
    let build = |m: &Module, i: E::In| module.model(m, i);
    let usable = super::names::is_identifier(&verilog_name);
    let model_name = if usable { format!("{verilog_name}_model") } else { "model".to_string() };
    let model = elaborate::body::<E::In, E::Out>(&model_name, shape, Some(out_shape), build, instance, loc);
    let declared = with(|c| {
        let place = c.scope_place(loc, instance.to_string());
        if let Some(named) = model.as_ref().and_then(|(id, _)| c.modules[*id].domains.values().nth(1).cloned()) {
            c.report(diag::e0220::new(place, &named, "a black box has one clock, and its model names another domain"));
        }
        if !usable {
            c.report(diag::e0203::new(place, &verilog_name, "module"));
        }
        let domain = super::clock::implicit(c);
        c.stack.push(Builder::new(verilog_name.clone(), domain, place));
        let b = c.top()?;
        let mut add = |output: bool, name: String, leaf: super::bundle::Leaf| {
            let dir = direction(output, if leaf.role == Role::Ready { Role::Ready } else { Role::Data });
            let ty = if output { elaborate::unchecked(leaf.ty) } else { leaf.ty };
            b.ir.ports.push(Port { name, dir, ty, format: leaf.format, driver: None, domain: DomainId(0), place });
        };
        shape.leaves(&mut Default::default(), &mut |path, leaf| {
            add(false, elaborate::port_name(path.parts(), "in"), leaf)
        });
        out_shape.leaves(&mut Default::default(), &mut |path, leaf| {
            add(true, elaborate::port_name(path.parts(), "out"), leaf)
        });
        let port = |dir, name: &str| b.ir.ports.iter().find(|(_, p)| p.name == *name && p.dir == dir).map(|(id, _)| id);
        let mut unknown = None;
        let paths: Option<Vec<(PortId, PortId)>> = module.paths().map(|pairs| {
            let known = pairs.iter().filter_map(|(i, o)| {
                let ends = port(Dir::Input, i).zip(port(Dir::Output, o));
                if ends.is_none() {
                    unknown = Some(format!("`{i}` to `{o}`"));
                }
                ends
            });
            known.collect()
        });
        let (params, clocked) = (module.params(), module.clocked());
        let mut seen = std::collections::BTreeSet::new();
        let bad = params.iter().map(|p| &p.0).find(|n| !super::names::is_identifier(n)).cloned();
        let twice = params.iter().map(|p| &p.0).find(|n| !seen.insert(*n)).cloned();
        b.ir.kind = ModuleKind::Extern { params, model: model.as_ref().map(|(id, _)| *id), clocked, paths };
        if let Some(unknown) = unknown {
            c.report(diag::e0218::new(
                place,
                &verilog_name,
                &format!("it has no input and output for a path from {unknown}"),
            ));
        }
        if let Some(bad) = bad {
            c.report(diag::e0203::new(place, &bad, "parameter"));
        }
        if let Some(twice) = twice {
            c.report(diag::e0204::new(place, place, &twice));
        }
        super::finish::external(c);
        let b = c.stack.pop()?;
        Some(c.modules.push(b.ir))
    });
    abort_if_none(declared.flatten())
}
