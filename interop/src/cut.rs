//! Leaves taken out of a design: each becomes a module that passes its ports on, up to the top level, so that the rest
//! runs in our interpreter and the leaf elsewhere.
//!
//! A black box with input `a` and output `y` becomes a module with a further output that shows `a` and a further input
//! that gives `y`; a module that instantiates it, directly or not, gets the same further ports. Further ports come after
//! all others, so that the ids of ports stay. Their names are paths with dots, which no name of Verilog has.

use gatewright_dsl::ids::{Arena, InstId, ModuleId, NodeId, PlaceId, PortId};
use gatewright_dsl::ir::{Design, Dir, Module, ModuleKind, Node, Op, Port};
use gatewright_dsl::ty::Ty;
use gatewright_sim::Pin;

/// One instance of a leaf.
pub(crate) struct Hole {
    /// The instance, from the top's name down, joined with dots.
    pub path: String,
    /// The black box.
    pub module: ModuleId,
    /// Its ports: id in the black box, and the top's pin that shows an input or gives an output.
    pub ports: Vec<(PortId, Pin)>,
}

/// A further port of a module.
#[derive(Clone)]
struct Further {
    /// Instances from the module down to the leaf.
    path: Vec<String>,
    /// The leaf.
    module: ModuleId,
    /// The leaf's port.
    port: PortId,
    /// The further port.
    here: PortId,
    /// The further port's direction and type.
    dir: Dir,
    ty: Ty,
    /// The name of the leaf's port.
    name: String,
}

/// `design` without the black boxes for which `is_leaf` holds.
pub(crate) fn cut(design: &Design, is_leaf: impl Fn(&Module) -> bool) -> (Design, Vec<Hole>) {
    let mut design = design.clone();
    let mut all: Arena<ModuleId, Vec<Further>> = Arena::new();
    for (id, m) in design.modules.iter_mut() {
        let further = if is_leaf(m) { pass_on(id, m) } else { carry(m, &all) };
        all.push(further);
    }
    let top = design.top;
    let name = design.modules[top].name.clone();
    let mut holes: Vec<Hole> = Vec::new();
    for further in &all[top] {
        let path = std::iter::once(&name).chain(&further.path).cloned().collect::<Vec<_>>().join(".");
        let known = holes.iter().position(|h| h.path == path);
        let at = known.unwrap_or_else(|| {
            holes.push(Hole { path, module: further.module, ports: Vec::new() });
            holes.len() - 1
        });
        holes[at].ports.push((further.port, Pin::of(further.here)));
    }
    (design, holes)
}

/// Makes a leaf a module that passes on what goes in and out.
fn pass_on(id: ModuleId, m: &mut Module) -> Vec<Further> {
    m.kind = ModuleKind::Body;
    let ports: Vec<(PortId, Port)> = m.ports.iter().map(|(id, p)| (id, p.clone())).collect();
    let mut further = Vec::with_capacity(ports.len());
    for (port, was) in ports {
        let (here, dir) = match was.dir {
            Dir::Input => {
                let value = push(m, Op::Input(port), was.ty, was.place);
                (add(m, format!(".{}", was.name), was.ty, Dir::Output, Some(value)), Dir::Output)
            }
            Dir::Output => {
                let here = add(m, format!(".{}", was.name), was.ty, Dir::Input, None);
                let value = push(m, Op::Input(here), was.ty, was.place);
                m.ports[port].driver = Some(value);
                (here, Dir::Input)
            }
        };
        further.push(Further { path: Vec::new(), module: id, port, here, dir, ty: was.ty, name: was.name });
    }
    further
}

/// Gives a module the further ports of its children.
fn carry(m: &mut Module, children: &Arena<ModuleId, Vec<Further>>) -> Vec<Further> {
    let insts: Vec<(InstId, String, ModuleId)> = m.insts.iter().map(|(i, x)| (i, x.name.clone(), x.module)).collect();
    let mut all = Vec::new();
    for (inst, name, child) in insts {
        // A child that comes later is no child of a verified design.
        for below in children.get(child).into_iter().flatten() {
            let mut path = vec![name.clone()];
            path.extend(below.path.iter().cloned());
            let (ty, place) = (below.ty, m.insts[inst].place);
            let full = format!("{}.{}", path.join("."), below.name);
            let here = match below.dir {
                Dir::Output => {
                    let value = push(m, Op::Inst(inst, below.here), ty, place);
                    add(m, full, ty, Dir::Output, Some(value))
                }
                Dir::Input => {
                    let here = add(m, full, ty, Dir::Input, None);
                    let value = push(m, Op::Input(here), ty, place);
                    m.insts[inst].inputs.push((below.here, value));
                    here
                }
            };
            all.push(Further { path, here, ..below.clone() });
        }
    }
    all
}

fn push(m: &mut Module, op: Op, ty: Ty, place: PlaceId) -> NodeId {
    m.nodes.push(Node { op, ty, place })
}

fn add(m: &mut Module, name: String, ty: Ty, dir: Dir, driver: Option<NodeId>) -> PortId {
    let place = m.place;
    m.ports.push(Port { name, dir, ty, format: Default::default(), driver, domain: Default::default(), place })
}
