//! `perftop doctor`: what was looked at, whether it is right, and what to do if not.

use serde::Serialize;

use super::Report;
use super::csv;
use super::table::Line;
use crate::ui::symbols::SymbolSet;
use crate::ui::text::{Align, fit, width};
use crate::ui::theme::Role;

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is.
    Ok,
    /// It works, and could work better.
    Advice,
    /// It does not work.
    Wrong,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Advice => "advice",
            Self::Wrong => "wrong",
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Ok => Role::Ok,
            Self::Advice => Role::Warning,
            Self::Wrong => Role::Critical,
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it belongs to: terminal, tmux, store, ...
    pub area: &'static str,
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is right.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do.
    pub advice: Option<String>,
}

impl Check {
    /// Something that is right.
    pub fn ok(area: &'static str, what: &'static str, found: impl Into<String>) -> Self {
        Self { area, what, verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    /// Something that could be better, and how.
    pub fn advice(area: &'static str, what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { area, what, verdict: Verdict::Advice, found: found.into(), advice: Some(advice.into()) }
    }

    /// Something that does not work, and what to do.
    pub fn wrong(area: &'static str, what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { area, what, verdict: Verdict::Wrong, found: found.into(), advice: Some(advice.into()) }
    }
}

/// All that was looked at.
#[derive(Debug, Serialize)]
pub struct Checks {
    /// In the order of the text.
    pub checks: Vec<Check>,
}

impl Checks {
    /// Whether something does not work.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.checks.iter().any(|check| check.verdict == Verdict::Wrong)
    }
}

impl Report for Checks {
    const SCHEMA: &'static str = "perftop.doctor/1";
    const COLUMNS: &'static [&'static str] = &["area", "what", "verdict", "found", "advice"];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |check: &Check| {
            vec![
                check.area.to_owned(),
                check.what.to_owned(),
                check.verdict.as_str().to_owned(),
                csv::name(&check.found),
                csv::name(check.advice.as_deref().unwrap_or_default()),
            ]
        };
        self.checks.iter().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, _room: Option<usize>) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut area = "";
        let cells = self.checks.iter().map(|check| width(check.what)).max().unwrap_or(0);
        for check in &self.checks {
            if check.area != area {
                area = check.area;
                lines.push(vec![(area.to_owned(), Role::Title)]);
            }
            let found = fit(&check.found, width(&check.found), Align::Left, symbols);
            lines.push(vec![
                (format!("  {:<8}", check.verdict.as_str()), check.verdict.role()),
                (fit(check.what, cells + 2, Align::Left, symbols), Role::Text),
                (found, Role::Text),
            ]);
            if let Some(advice) = &check.advice {
                let advice = fit(advice, width(advice), Align::Left, symbols);
                lines.push(vec![(" ".repeat(12 + cells), Role::Text), (advice, Role::Accent)]);
            }
        }
        lines
    }
}
