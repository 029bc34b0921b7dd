//! Our design as a rust_hdl block with typed signals.

/// Makes a rust_hdl block of an elaborated design: a struct with one `Signal` for each port, under the names that the
/// ports have in Verilog. The clock is an input of type `Clock`, the reset one of type `Bit`.
///
/// ```
/// use gatewright_dsl::prelude::{Bundle, Generator, IntTy, Int, Module, elaborate, uint};
/// use rust_hdl_core::prelude::*;
///
/// #[derive(Bundle)]
/// struct Pair {
///     a: Int,
///     b: Int,
/// }
///
/// #[derive(Bundle)]
/// struct Sum {
///     sum: Int,
/// }
///
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct Adder;
///
/// impl Generator for Adder {
///     type In = Pair;
///     type Out = Sum;
///     fn shape(&self) -> PairShape {
///         PairShape { a: uint(8), b: uint(8) }
///     }
///     fn build(&self, _: &Module, i: Pair) -> Sum {
///         Sum { sum: i.a + i.b }
///     }
/// }
///
/// gatewright_interop::rust_hdl_block! {
///     /// The sum of two bytes.
///     pub struct AdderBlock {
///         in a: Bits<8>,
///         in b: Bits<8>,
///         out sum: Bits<9>,
///     }
/// }
///
/// let mut block = AdderBlock::new(&elaborate(&Adder).unwrap()).unwrap();
/// block.a.next = 200u64.into();
/// block.b.next = 100u64.into();
/// assert!(rust_hdl_core::simulate::simulate(&mut block, 10));
/// assert_eq!(block.sum.val(), 300u64);
/// ```
///
/// `new(&design)` checks the signals against the design's ports. `status()` says after a simulation whether a check of
/// the design failed; where one did, rust_hdl's simulation ends in `FailedToConverge`.
#[macro_export]
macro_rules! rust_hdl_block {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$in_attribute:meta])* in $input:ident : $input_type:ty,)*
            $($(#[$out_attribute:meta])* out $output:ident : $output_type:ty),* $(,)?
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $(
                $(#[$in_attribute])*
                #[doc = "An input."]
                pub $input: $crate::rust_hdl_core::signal::Signal<
                    $crate::rust_hdl_core::direction::In, $input_type>,
            )*
            $(
                $(#[$out_attribute])*
                #[doc = "An output."]
                pub $output: $crate::rust_hdl_core::signal::Signal<
                    $crate::rust_hdl_core::direction::Out, $output_type>,
            )*
            engine: $crate::Engine,
        }

        impl $name {
            /// The block of a design, whose ports have to be these.
            $visibility fn new(
                design: &$crate::Design,
            ) -> ::core::result::Result<Self, $crate::InteropError> {
                let block = Self {
                    $($input: ::core::default::Default::default(),)*
                    $($output: ::core::default::Default::default(),)*
                    engine: $crate::Engine::new(design)?,
                };
                block.engine.check(&block)?;
                ::core::result::Result::Ok(block)
            }

            /// What went wrong; ask it after the simulation.
            #[allow(dead_code)]
            $visibility fn status(&self) -> $crate::Status {
                self.engine.status()
            }
        }

        impl $crate::rust_hdl_core::logic::Logic for $name {
            fn update(&mut self) {
                self.engine.exchange(
                    &[$((::core::stringify!($input), &self.$input as &dyn $crate::Drives)),*],
                    &mut [$((::core::stringify!($output), &mut self.$output as &mut dyn $crate::Takes)),*],
                );
            }
            fn connect(&mut self) {
                $($crate::rust_hdl_core::logic::Logic::connect(&mut self.$output);)*
            }
            fn hdl(&self) -> $crate::rust_hdl_core::ast::Verilog {
                self.engine.hdl()
            }
        }

        impl $crate::rust_hdl_core::block::Block for $name {
            fn connect_all(&mut self) {
                $crate::rust_hdl_core::logic::Logic::connect(self);
            }
            fn update_all(&mut self) {
                $crate::rust_hdl_core::logic::Logic::update(self);
                $($crate::rust_hdl_core::block::Block::update_all(&mut self.$input);)*
                $($crate::rust_hdl_core::block::Block::update_all(&mut self.$output);)*
            }
            fn has_changed(&self) -> bool {
                self.engine.failed()
                    $(|| $crate::rust_hdl_core::block::Block::has_changed(&self.$input))*
                    $(|| $crate::rust_hdl_core::block::Block::has_changed(&self.$output))*
            }
            fn accept(&self, name: &str, probe: &mut dyn $crate::rust_hdl_core::probe::Probe) {
                probe.visit_start_scope(name, self);
                $($crate::rust_hdl_core::block::Block::accept(&self.$input, ::core::stringify!($input), probe);)*
                $($crate::rust_hdl_core::block::Block::accept(&self.$output, ::core::stringify!($output), probe);)*
                probe.visit_end_scope(name, self);
            }
        }
    };
}
