//! One-shot output: one model for each answer, written as text, JSON or CSV.
//!
//! Knows what an answer says and how it is laid out; colours are put on by who prints it.

mod alerts;
mod anomalies;
mod baselines;
mod checks;
mod compare;
mod csv;
mod dashboard;
mod expected;
mod gate;
mod json;
mod mutes;
mod runs;
mod spc;
mod status;
mod table;
mod trends;
mod why;

pub use alerts::{AlertRow, Alerts};
pub use anomalies::Anomalies;
pub use baselines::{BaselineRow, Baselines, Part};
pub use checks::{Check, Checks, Verdict};
pub use compare::{Compare, CompareRow};
pub use dashboard::Dashboard;
pub use expected::{Expected, ExpectedRow, ExpectedSeries};
pub use gate::{Gate, GateRow, ModuleGate};
pub use mutes::Mutes;
pub use runs::Runs;
pub use spc::Spc;
pub use status::{TMUX_CELLS, status_line};
pub use table::{Cell, Column, Line, Table};
pub use trends::{Hour, Trends};
pub use why::Why;

use std::io::{self, Write};

use serde::Serialize;

use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;
use crate::ui::wrap::wrapped;

/// How an answer is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object with a `schema` field.
    Json,
    /// A header line and one line a row.
    Csv,
}

impl Format {
    /// Every format.
    pub const EVERY: [Self; 3] = [Self::Text, Self::Json, Self::Csv];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

/// An answer: what it says is its JSON; text and CSV are views of the same.
pub trait Report: Serialize {
    /// `perftop.NAME/VERSION`; the version rises when a field changes its meaning or goes away.
    const SCHEMA: &'static str;
    /// The header of the CSV.
    const COLUMNS: &'static [&'static str];

    /// The rows of the CSV, a field for each column.
    fn records(&self) -> Vec<Vec<String>>;

    /// The text, line by line; `room` is the width of the terminal, if there is one.
    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line>;
}

/// Text without any colour.
#[must_use]
pub fn plain(line: &Line) -> String {
    let text: String = line.iter().map(|(text, _)| text.as_str()).collect();
    text.trim_end().to_owned()
}

/// How text is laid out and painted.
pub struct Page<'a> {
    /// The glyphs.
    pub symbols: SymbolSet,
    /// The width of the terminal, if there is one.
    pub room: Option<usize>,
    /// Puts a line on the screen: with colours or without.
    pub paint: &'a dyn Fn(&Line) -> String,
}

impl Default for Page<'_> {
    /// As wide as it likes, without colours: for files.
    fn default() -> Self {
        Self { symbols: SymbolSet::default(), room: None, paint: &plain }
    }
}

/// Writes an answer.
pub fn write<R: Report>(out: &mut dyn Write, report: &R, format: Format, page: &Page) -> io::Result<()> {
    match format {
        Format::Text => {
            let lines = report.lines(page.symbols, page.room);
            lines.iter().try_for_each(|line| writeln!(out, "{}", (page.paint)(line)))
        }
        Format::Json => json::write(out, R::SCHEMA, report),
        Format::Csv => csv::write(out, R::COLUMNS, &report.records()),
    }
}

/// A line of one text in one role.
fn line(text: impl Into<String>, role: Role) -> Line {
    vec![(text.into(), role)]
}

/// A sentence as lines that are broken between words where room is short.
fn sentence(text: &str, role: Role, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
    let broken = wrapped(text, room.unwrap_or(usize::MAX), usize::MAX, symbols);
    broken.into_iter().map(|text| line(text, role)).collect()
}
