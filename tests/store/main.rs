//! The store as other rooms and other programs meet it: over real files, with real processes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod contract;
mod detector_states;
mod findings;
mod history;
mod incidents;
mod layouts;
mod processes;
mod rebuild;
mod retention;
mod run_anomalies;
mod runs;
mod salvage;
mod segments;
mod support;
mod trouble;
mod windows;
