//! What perftop survives: the real binary, other programs in processes of their own, and trouble. Whatever
//! happens, each sample that went in is there once, in the log and in what is derived from it.
//!
//! | module | trouble |
//! |---|---|
//! | `kills` | `kill -9` of ingests, dashboards, and both with another program at work |
//! | `drops` | torn, copied, renamed, rotated, truncated files; a directory that goes away; two at once |
//! | `events` | file events that are lost or cannot be had |
//! | `room` | a full disk, enlarged later |
//! | `locks` | a long reader, a crowd of writers, a lock held for long, a stopped dashboard |
//! | `junk` | rows that are no samples |
//! | `replaced` | a store that is deleted, replaced, emptied, or lies behind a link |
//! | `clocks` | a clock that is set back |
//!
//! Moments are random, from a seed that a failing test prints and `PERFTOP_SURVIVAL_SEED` sets. Once around takes
//! a minute; for longer, `PERFTOP_SURVIVAL_ROUNDS=20 cargo test --test survival`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod chance;
mod clocks;
mod drops;
mod events;
#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "../support/home.rs"]
mod home;
mod junk;
mod kills;
mod locks;
mod outsider;
mod place;
mod replaced;
mod room;
mod series;
#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "../support/terminal.rs"]
mod terminal;
