//! The program as a user meets it: the real binary in a real terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod panics;
mod terminal;
