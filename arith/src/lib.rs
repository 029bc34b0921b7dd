//! Algorithms on integers for constant arithmetic in hardware.
//!
//! A product with a constant is a sum of shifted copies of its operand, one for each signed digit of the constant
//! ([`csd`]); a sum of such products is a tree of additions. [`sum`] makes the trees of a constant matrix as a
//! [`ShiftAdds`], a list of two-operand steps that anything which adds better may replace: what a list computes is
//! found out by evaluating it.
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
pub mod net;
pub mod shift_adds;
pub mod staircase;
pub mod sum;
pub mod truth;

pub use shift_adds::{Cost, ShiftAdds, Step, Term};
