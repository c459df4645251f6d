//! perftop: a terminal dashboard that answers one question at a glance: is anything drifting, and
//! should I care?
//!
//! `ARCHITECTURE.md` is the map of the house; the rooms and who may use whom stand there and are
//! held by `tests/architecture.rs`.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod detect;
pub mod engine;
pub mod ingest;
pub mod measure;
pub mod model;
pub mod render;
pub mod report;
pub mod runs;
pub mod stats;
pub mod store;
pub mod tui;
pub mod ui;
