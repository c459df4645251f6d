//! What tools that measure write down of their results, to runs.
//!
//! One file per tool: it knows how the tool's document looks and what its numbers mean. Documents are read as a
//! whole. Knows no store; the one file looked for is the one that criterion puts a benchmark's name in.

mod cargo_bench;
mod criterion;
mod document;
mod go_bench;
mod google_benchmark;
mod hyperfine;
mod k6;
mod lighthouse;
mod oha;
mod outcome;
mod pytest_benchmark;
mod tool;
mod vegeta;
mod wrk;

pub use criterion::under as criterion_files;
pub(super) use document::{Collector, Fault, Origin, read, shown};
pub(super) use tool::Beginning;
pub use tool::Tool;

#[cfg(test)]
mod tests;
