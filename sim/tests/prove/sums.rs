//! Constant matrix-vector products are what `expand` writes of them, for all inputs.

use gatewright_dsl::ir::Op;
use gatewright_dsl::prelude::*;
use gatewright_sim::prove::{self, Equality, Options};

use super::{design, has_z3};

#[path = "../products/mod.rs"]
pub mod products;
use products::{ADDERS, Product, Rng, written};

#[test]
fn expanded_products_are_equal() {
    if !has_z3() {
        return;
    }
    let mut r = Rng(4);
    let mut changed = 0;
    for n in 0..90 {
        let product = match n % 2 {
            0 => Product::of_bits(&mut r, 6, 8, 2),
            _ => Product::random(&mut r, 4, 4, 6, 3),
        };
        let before = design(&product);
        let after = written(&before, ADDERS[n % ADDERS.len()]);
        let found = prove::equal(&before, &after, &Options::default()).expect("an answer");
        assert_eq!(found, Equality::Proved, "{n}, {product:?}: {found}");
        // A weight that is off by one is found, so that the question was no empty one.
        let mut wrong = before.clone();
        let module = &mut wrong.modules[before.top];
        let shown = module.ports.values().find_map(|p| match module.nodes[p.driver?].op {
            Op::Matvec { matvec, output } => Some((matvec, output as usize)),
            _ => None,
        });
        let Some((matvec, output)) = shown else { continue };
        let (nodes, product) = (&module.nodes, &mut module.matvecs[matvec]);
        let varies = |(i, _): &&mut (usize, Value)| nodes[product.inputs[*i]].ty.as_constant().is_none();
        let Some((_, weight)) = product.outputs[output].weights.iter_mut().find(varies) else { continue };
        *weight = &*weight + &Value::ONE;
        let found = prove::equal(&after, &wrong, &Options::default()).expect("an answer");
        assert!(matches!(found, Equality::Differs(_)), "{n}: {found}");
        changed += 1;
    }
    assert!(changed > 45, "{changed}");
}
