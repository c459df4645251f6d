//! Detection as a user meets it: the rules against published run lengths, and the engine end to end over
//! real stores.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod alerting;
mod baselines;
mod classic;
mod footprint;
mod health;
mod incidents;
mod restart;
mod run_lengths;
mod snapshots;
mod splits;
mod support;
mod surprises;
