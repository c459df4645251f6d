//! `perftop mute`: what is not told of, until when and why.

use serde::Serialize;

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::time::Zone;
use crate::model::{Mute, Rule};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// The mutes in force.
#[derive(Debug, Serialize)]
pub struct Mutes {
    /// The newest first.
    pub mutes: Vec<Mute>,
    /// The zone of the text.
    #[serde(skip)]
    pub zone: Zone,
}

impl Report for Mutes {
    const SCHEMA: &'static str = "perftop.mutes/1";
    const COLUMNS: &'static [&'static str] = &["metric", "rule", "until_ms", "created_at_ms", "reason"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |mute: &Mute| {
            vec![
                mute.metric.as_deref().map_or_else(String::new, csv::name),
                csv::optional(mute.rule.map(Rule::as_str)),
                mute.until_ms.map_or_else(String::new, |until_ms| until_ms.to_string()),
                mute.created_at_ms.to_string(),
                csv::name(mute.reason.as_deref().unwrap_or_default()),
            ]
        };
        self.mutes.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        if self.mutes.is_empty() {
            return vec![line("nothing is muted", Role::Ok)];
        }
        let mut table = Table::new(&[
            Column::left("METRIC"),
            Column::left("RULE"),
            Column::left("UNTIL"),
            Column::left("MUTED AT"),
            Column::left("WHY"),
        ]);
        for mute in &self.mutes {
            table.push(vec![
                Cell::text(mute.metric.as_deref().unwrap_or("every metric")),
                Cell::text(mute.rule.map_or("every rule", Rule::as_str)),
                Cell::text(mute.until_ms.map_or_else(|| "for ever".to_owned(), |until_ms| self.zone.full(until_ms))),
                Cell::text(self.zone.full(mute.created_at_ms)),
                Cell::text(mute.reason.as_deref().unwrap_or_default()),
            ]);
        }
        table.lines(symbols, room)
    }
}
