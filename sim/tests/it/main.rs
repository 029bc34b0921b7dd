//! Tests of the simulators. Designs are built by hand from IR structs (`build`), so that they depend on nothing but the
//! IR's meaning; what is expected is worked out by hand.

mod batch;
mod build;
mod bus_parts;
mod clock_parts;
mod interpreter;
mod semantics;
mod stream_parts;
mod streams;
mod sums;
mod text_wave;
mod verilator;
mod wave_files;
