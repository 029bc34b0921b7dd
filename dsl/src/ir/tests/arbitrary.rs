//! Designs of any shape, sensible or not, for the round trip of the text form.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::ids::*;
use crate::ir::*;
use crate::ty::{IntTy, Ty};
use crate::value::Value;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z_][a-zA-Z0-9_$]{0,6}",
        1 => prop::sample::select(vec!["bool", "set", "otherwise", "default", "reg0", "reset", "as", "design", ""])
            .prop_map(str::to_string),
        1 => any::<String>(),
    ]
}
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-20i64..300).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (any::<i128>(), 0u32..300).prop_map(|(v, s)| Value::from(v).shl(s)),
    ]
}
fn ty() -> impl Strategy<Value = Ty> {
    prop_oneof![
        (value(), value()).prop_map(|(a, b)| Ty::Int(IntTy::new(a, b))),
        prop_oneof![Just(1), 0u32..80, any::<u32>()].prop_map(Ty::Bits),
    ]
}
fn id<K: Id>() -> impl Strategy<Value = K> {
    prop_oneof![9 => 0u32..20, 1 => any::<u32>()].prop_map(|n| K::new(n as usize))
}
fn place() -> impl Strategy<Value = PlaceId> {
    id()
}
fn format() -> impl Strategy<Value = Format> {
    prop_oneof![
        Just(Format::Plain),
        Just(Format::Bool),
        any::<i32>().prop_map(Format::Fixed),
        vec(name(), 0..3).prop_map(Format::Enum),
    ]
}
fn arena<K: Id, V: std::fmt::Debug>(of: impl Strategy<Value = V>, most: usize) -> impl Strategy<Value = Arena<K, V>> {
    vec(of, 0..=most).prop_map(|v| v.into_iter().collect())
}
fn dir() -> impl Strategy<Value = Dir> {
    prop::sample::select(vec![Dir::Input, Dir::Output])
}
fn domain() -> impl Strategy<Value = Domain> {
    let reset = (name(), any::<(bool, bool)>()).prop_map(|(name, (kind, level))| Reset {
        name,
        kind: if kind { ResetKind::Sync } else { ResetKind::Async },
        polarity: if level { Polarity::High } else { Polarity::Low },
    });
    (name(), option::of(reset)).prop_map(|(clock, reset)| Domain { clock, reset })
}
fn port() -> impl Strategy<Value = Port> {
    (name(), dir(), ty(), format(), option::of(id()), id(), place()).prop_map(
        |(name, dir, ty, format, driver, domain, place)| Port { name, dir, ty, format, driver, domain, place },
    )
}
fn stream() -> impl Strategy<Value = StreamPort> {
    (name(), dir(), id(), id(), id(), vec(id(), 0..3)).prop_map(|(name, dir, valid, ready, last, payload)| StreamPort {
        name,
        dir,
        valid,
        ready,
        last,
        payload,
    })
}
fn op() -> impl Strategy<Value = Op> {
    let nodes = || vec(id(), 0..4).prop_map(Vec::into_boxed_slice);
    prop_oneof![
        value().prop_map(Op::Const),
        id().prop_map(Op::Input),
        id().prop_map(Op::Reg),
        id().prop_map(Op::Wire),
        (id(), any::<u32>(), 0u32..4).prop_map(|(mem, port, field)| Op::MemRead { mem, port, field }),
        (id(), 0u32..4).prop_map(|(matvec, output)| Op::Matvec { matvec, output }),
        (id(), id()).prop_map(|(i, p)| Op::Inst(i, p)),
        (prop::sample::select(UnOp::ALL.to_vec()), id()).prop_map(|(op, x)| Op::Un(op, x)),
        (prop::sample::select(BinOp::ALL.to_vec()), id(), id()).prop_map(|(op, a, b)| Op::Bin(op, a, b)),
        (id(), id(), id()).prop_map(|(c, a, b)| Op::Mux(c, a, b)),
        (id(), nodes()).prop_map(|(i, xs)| Op::Select(i, xs)),
        (id(), any::<u32>()).prop_map(|(x, lo)| Op::Slice(x, lo)),
        nodes().prop_map(Op::Concat),
    ]
}
fn node() -> impl Strategy<Value = Node> {
    (op(), ty(), place()).prop_map(|(op, ty, place)| Node { op, ty, place })
}
fn block() -> impl Strategy<Value = Block> {
    let set = (any::<u32>(), id(), place()).prop_map(|(seq, value, place)| Stmt::Set { seq, value, place });
    vec(
        set.prop_recursive(3, 12, 2, |inner| {
            let block = || vec(inner.clone(), 0..3);
            prop_oneof![
                (any::<u32>(), vec((id(), block()), 0..3), block()).prop_map(|(seq, arms, otherwise)| Stmt::When {
                    seq,
                    arms,
                    otherwise
                }),
                (any::<u32>(), id(), vec((vec(value(), 0..3), block()), 0..3), block())
                    .prop_map(|(seq, subject, arms, default)| Stmt::Switch { seq, subject, arms, default }),
            ]
        }),
        0..3,
    )
}
fn reg() -> impl Strategy<Value = Reg> {
    let crossing = prop::sample::select(vec![Crossing::No, Crossing::Synchronizer, Crossing::Held]);
    let first = (option::of(value()), option::of(value()));
    (name(), ty(), format(), (id(), crossing), first, block(), place()).prop_map(
        |(name, ty, format, (domain, crossing), (reset, init), next, place)| Reg {
            name,
            ty,
            format,
            domain,
            crossing,
            reset,
            init,
            next,
            place,
        },
    )
}
fn wire() -> impl Strategy<Value = Wire> {
    (name(), ty(), format(), block(), place()).prop_map(|(name, ty, format, driver, place)| Wire {
        name,
        ty,
        format,
        driver,
        place,
    })
}
fn mem() -> impl Strategy<Value = Mem> {
    let field = (name(), ty()).prop_map(|(name, ty)| Field { name, ty });
    let read = (option::of(id()), id(), option::of(id()), place()).prop_map(|(sync, addr, enable, place)| MemRead {
        sync,
        addr,
        enable,
        place,
    });
    let write = (id(), id(), vec(id(), 0..3), id(), vec(id(), 0..3), place())
        .prop_map(|(domain, addr, data, enable, mask, place)| MemWrite { domain, addr, data, enable, mask, place });
    let collision = prop::sample::select(vec![Collision::Old, Collision::New, Collision::Undefined]);
    let init = vec(vec(value(), 0..3), 0..3);
    (name(), vec(field, 0..3), any::<u64>(), init, collision, vec(read, 0..3), vec(write, 0..3), place()).prop_map(
        |(name, fields, depth, init, collision, reads, writes, place)| Mem {
            name,
            fields,
            depth,
            init,
            collision,
            reads,
            writes,
            place,
        },
    )
}
fn matvec() -> impl Strategy<Value = Matvec> {
    let at = || (id::<NodeId>(), prop_oneof![Just(0), any::<u32>()]).prop_map(|(x, shift)| (x.index(), shift));
    let step = (at(), at(), any::<bool>()).prop_map(|(a, b, subtract)| ShiftAdd { a, b, subtract });
    let weight = (id::<NodeId>(), value()).prop_map(|(x, weight)| (x.index(), weight));
    let output = (vec(weight, 0..3), value(), option::of(at()), any::<bool>())
        .prop_map(|(weights, constant, value, negative)| MatvecOutput { weights, constant, value, negative });
    let adders = prop_oneof![Just(Adders::Two), Just(Adders::Three), Just(Adders::Compressors)];
    let pipeline = option::of((id(), name(), vec((any::<u32>(), vec(id(), 0..3)), 0..3), any::<u32>()));
    (vec(id(), 0..4), vec(step, 0..3), vec(output, 0..3), adders, pipeline, place()).prop_map(
        |(inputs, steps, outputs, adders, pipeline, place)| {
            // Every step and sum has a stage.
            let stages = |n: usize, from: u32| (0..n as u32).map(|k| from.wrapping_add(k)).collect();
            let pipeline = pipeline.map(|(domain, name, inputs, from)| Pipeline {
                domain,
                name,
                inputs,
                steps: stages(steps.len(), from),
                outputs: stages(outputs.len(), from.wrapping_mul(3)),
            });
            Matvec { inputs, steps, outputs, adders, pipeline, place }
        },
    )
}
fn inst() -> impl Strategy<Value = Inst> {
    (name(), id(), vec(id(), 0..3), vec((id(), id()), 0..3), place())
        .prop_map(|(name, module, domains, inputs, place)| Inst { name, module, domains, inputs, place })
}
fn check() -> impl Strategy<Value = Check> {
    let kind = prop_oneof![
        id().prop_map(CheckKind::Assert),
        id().prop_map(CheckKind::Assume),
        id().prop_map(CheckKind::Cover),
        (id(), option::of(id())).prop_map(|(claim, enable)| CheckKind::Claim { claim, enable }),
        id().prop_map(CheckKind::InputRange),
        id().prop_map(CheckKind::NoCollision),
        (id(), id(), vec(id(), 0..3)).prop_map(|(valid, ready, payload)| CheckKind::Stable { valid, ready, payload }),
    ];
    (name(), kind, any::<String>(), id(), place()).prop_map(|(name, kind, message, domain, place)| Check {
        name,
        kind,
        message,
        domain,
        place,
    })
}
fn kind() -> impl Strategy<Value = ModuleKind> {
    let param = prop_oneof![value().prop_map(Param::Int), any::<String>().prop_map(Param::Str)];
    let paths = option::of(vec((id(), id()), 0..3));
    prop_oneof![
        Just(ModuleKind::Body),
        (vec((name(), param), 0..3), option::of(id()), any::<bool>(), paths)
            .prop_map(|(params, model, clocked, paths)| ModuleKind::Extern { params, model, clocked, paths }),
    ]
}
fn module() -> impl Strategy<Value = Module> {
    let head = (name(), kind(), arena(domain(), 2), arena(port(), 3), vec(stream(), 0..2), place());
    let nodes = (arena(node(), 8), prop::collection::btree_map(id(), name(), 0..4));
    let state =
        (arena(reg(), 2), arena(wire(), 2), arena(mem(), 2), arena(matvec(), 2), arena(inst(), 2), arena(check(), 2));
    (head, nodes, state).prop_map(|(head, (nodes, names), (regs, wires, mems, matvecs, insts, checks))| {
        let (name, kind, domains, ports, streams, place) = head;
        let mut m = Module {
            kind,
            domains,
            ports,
            streams,
            nodes,
            names,
            regs,
            wires,
            mems,
            matvecs,
            insts,
            checks,
            ..Module::new(name, place)
        };
        if let (Some(domain), Some(wire)) = (m.domains.ids().last(), m.wires.ids().next()) {
            m.reset_wires.insert(domain, wire);
        }
        m
    })
}
/// Any design.
pub fn design() -> impl Strategy<Value = Design> {
    let source = (any::<String>(), any::<u32>(), any::<u32>(), option::of(id()), option::of(any::<String>()))
        .prop_map(|(file, line, column, caller, scope)| Place { file: file.into(), line, column, caller, scope });
    (arena(module(), 3), id(), arena(source, 3)).prop_map(|(modules, top, places)| Design {
        modules,
        top,
        places: Places(places),
    })
}
