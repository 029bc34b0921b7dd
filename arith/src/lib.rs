//! Algorithms on integers for constant arithmetic in hardware.
//!
//! A product with a constant is a sum of shifted copies of its operand, one for each signed digit of the constant
//! ([`csd`]). [`cmvm`] finds few and narrow additions for all sums of a constant matrix together; [`sum`] adds each by
//! itself, for matrices that are too large for a search. Either gives a [`ShiftAdds`], a list of two-operand steps.
//! [`staircase`], [`lookup`] and [`truth`] make functions of few bits into networks of lookup tables ([`net`]).
//!
//! ```
//! use gatewright_arith::sum;
//!
//! // 3x + 5y and x - y, of two inputs in 0..=15.
//! let adds = sum::rows(&[(0, 15), (0, 15)], &[vec![(0, 3), (1, 5)], vec![(0, 1), (1, -1)]]);
//! assert_eq!(adds.evaluate(&[2, 10]), [56, -8]);
//! assert_eq!((adds.cost().adders, adds.cost().depth), (4, 2));
//! ```

pub mod cmvm;
pub mod csd;
pub mod lookup;
pub mod net;
pub mod shift_adds;
pub mod staircase;
pub mod sum;
pub mod truth;

pub use shift_adds::{Cost, ShiftAdds, Step, Term};
