//! Neural layers on integer tensors: golden models and generators.
//!
//! A [`Network`](network::Network) is a list of [`Layer`](layer::Layer)s with the exact range of every element.
//! [`Network::run`](network::Network::run) is its golden model, and [`Unrolled`](unrolled::Unrolled) its hardware.
//!
//! ```
//! use std::sync::Arc;
//!
//! use gatewright_layers::layer::{Dense, Layer, Matrix};
//! use gatewright_layers::network::{Network, Range, TensorTy};
//!
//! let x = TensorTy::uniform(vec![2], Range { lo: 0, hi: 15 });
//! let mut net = Network { name: "net".into(), inputs: vec![("x".into(), x)], ..Network::default() };
//! let weights = Arc::new(Matrix { rows: 1, cols: 2, data: vec![3, -1] });
//! let sum = net.push("fc".into(), Layer::Dense(Dense { weights, bias: vec![5] }), vec![0])?;
//! let y = net.push("relu".into(), Layer::Clip { lo: Some(0), hi: None }, vec![sum])?;
//! net.outputs.push(("y".into(), y));
//! assert_eq!(net.ty(sum).ranges, [Range { lo: -10, hi: 50 }]);
//!
//! let two_samples = Arc::new(vec![1, 2, 0, 15]);
//! let tensors = net.run(2, vec![two_samples])?;
//! assert_eq!(*tensors[y], [6, 0]);
//! # Ok::<(), gatewright_layers::Error>(())
//! ```

mod combine;
pub mod cost;
mod dense;
mod elementwise;
pub mod error;
pub mod hardware;
pub mod layer;
mod linear;
mod lookup;
mod moved;
mod multiplier;
mod net;
pub mod network;
mod pick;
pub mod ports;
mod reduce;
mod requantise;
mod staircase;
mod steps;
mod table;
pub mod target;
mod topk;
pub mod unrolled;
pub mod unrolled_stream;

pub use error::Error;
