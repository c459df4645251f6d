//! What runs say: which are meant, whether two groups of them differ, by how much, and whether that is a regression.
//!
//! Pure: knows numbers and runs, no store, no clock.

mod comparison;
mod gate;
mod selection;
mod self_test;

pub use comparison::{CONFIDENCE, Change, Comparison, POWER, Side};
pub use gate::{Confirm, Evidence, GateOptions, Judged, Verdict, judge};
pub use selection::{Selector, SelectorError, Sides, newest, values};
pub use self_test::{SelfTest, self_test};
