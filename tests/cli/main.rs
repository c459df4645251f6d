//! The command line as a user sees it: command in; stdout, stderr and exit code out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

mod backtest;
mod ci;
mod compare;
mod config;
mod damage;
mod demo;
mod doctor;
mod dropdir;
mod feedback;
mod follow;
mod formats;
mod gate;
#[path = "../support/home.rs"]
mod home;
mod ingest;
mod manual;
mod prune;
mod reading;
mod record;
mod results;
mod run;
mod run_records;
mod run_signals;
mod runs;
mod segments;
mod status;
mod stores;
mod supervise;
#[allow(dead_code, reason = "these tests need a part of it")]
#[path = "../support/terminal.rs"]
mod terminal;
