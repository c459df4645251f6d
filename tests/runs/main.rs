//! What is said of runs, held against histories of which the truth is known.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod deviation;
mod gate;
#[path = "../../benches/support/histories.rs"]
mod histories;
mod history;
mod module_view;
mod support;
