//! What runs say: which are meant, whether two groups of them differ, by how much, and whether that is a regression.
//!
//! Pure: knows numbers and runs, no store, no clock.

mod bottlenecks;
mod comparison;
mod deviation;
mod episode;
mod failures;
mod gate;
mod history;
mod module_view;
mod selection;
mod self_test;

pub use bottlenecks::{Bottleneck, GROWTH_SIGNIFICANCE, Growth, bottlenecks};
pub use comparison::{CONFIDENCE, Change, Comparison, POWER, Side};
pub use deviation::{HISTORY_RUNS, RUNS_BEFORE, judge_runs};
pub use gate::{Confirm, Evidence, FEWEST_BEFORE, FEWEST_NEW, GateOptions, Judged, Verdict, has_failed, judge};
pub use history::{Heading, History, MeasureHistory, RunTrend, SUCCESS_PERCENT, TREND_RUNS, probability};
pub use module_view::module_view;
pub use selection::{Selector, SelectorError, Sides, newest, values};
pub use self_test::{Row, SelfTest, self_test};
