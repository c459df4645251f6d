//! The program as a user meets it: the real binary in a real terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod dashboard;
mod endings;
mod living;
mod panics;
mod screen;
mod splits;
#[path = "../support/store.rs"]
mod store;
#[path = "../support/terminal.rs"]
mod terminal;
