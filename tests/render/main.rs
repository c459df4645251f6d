//! What a user sees, at every design size: text, styles, hostile names, extreme values.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod extremes;
mod fixture;
mod module;
mod shell;
mod snapshots;
mod splits;
mod styles;
