//! What machines read of a gate: Markdown for a summary, `JUnit` for test reports, annotations for GitHub.

use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::words::{self, change, interval};
use super::{Gate, GateRow, ModuleGate};
use crate::model::text::printable;
use crate::runs::Verdict;

impl Gate {
    /// A Markdown table of each module.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("## Performance: {}\n", self.verdict.as_str());
        for module in &self.modules {
            let _ =
                writeln!(out, "\n{}\n\n| metric | before | after | change | 95 % | verdict |", escaped(&module.head()));
            out.push_str("|---|---:|---:|---:|---:|---|\n");
            for row in &module.metrics {
                let found = row.judged.comparison;
                let side = |median: Option<f64>| median.map_or_else(|| "-".to_owned(), |median| row.show(median));
                let _ = writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} |",
                    escaped(&row.metric),
                    side(found.map(|found| found.first.median)),
                    side(found.map(|found| found.second.median)),
                    found.map_or_else(|| "-".to_owned(), |found| change(&found, row.unit)),
                    found.and_then(|found| interval(&found, row.unit)).unwrap_or_else(|| "-".to_owned()),
                    emphasised(row.judged.verdict),
                );
            }
            for note in module.notes() {
                let _ = writeln!(out, "\n{}", escaped(&note));
            }
        }
        out
    }

    /// A `JUnit` report: each metric is a test; a regression is a failure, as are runs that failed, and what could not be judged is skipped.
    ///
    /// # Errors
    /// When it cannot be written as XML.
    pub fn junit(&self) -> Result<String, quick_junit::SerializeError> {
        let mut report = Report::new("perftop gate");
        for module in &self.modules {
            let mut suite = TestSuite::new(&*printable(&module.module));
            for row in &module.metrics {
                let sentence = row.sentence(module);
                let status = match row.judged.verdict {
                    Verdict::Regression | Verdict::Failed => {
                        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                        status.set_message(sentence.as_str());
                        status.set_description(words::explanation(row, module).join("\n"));
                        status
                    }
                    Verdict::Inconclusive | Verdict::NotEnoughData | Verdict::DifferentEnvironment => {
                        let mut status = TestCaseStatus::skipped();
                        status.set_message(sentence.as_str());
                        status
                    }
                    Verdict::Improvement | Verdict::NoChange => TestCaseStatus::success(),
                };
                let mut case = TestCase::new(&*printable(&row.metric), status);
                case.set_classname(&*printable(&module.module));
                case.set_system_out(sentence);
                suite.add_test_case(case);
            }
            report.add_test_suite(suite);
        }
        report.to_string()
    }

    /// Workflow commands that GitHub shows beside a commit: an error of each regression and of a module whose runs failed, a
    /// warning of what could not be judged and of runs that were left out because they failed.
    #[must_use]
    pub fn annotations(&self) -> Vec<String> {
        let mut commands: Vec<String> = self.rows().filter_map(|(module, row)| annotation(module, row)).collect();
        // Of runs that failed every metric says the same.
        commands.dedup();
        let left_out = |module: &ModuleGate| {
            let is_said = module.metrics.iter().any(|row| row.judged.verdict == Verdict::Failed);
            let note = module.failures_left_out().filter(|_| !is_said)?;
            Some(command("warning", &format!("{}: {note}", printable(&module.module))))
        };
        commands.extend(self.modules.iter().filter_map(left_out));
        commands
    }
}

fn annotation(module: &ModuleGate, row: &GateRow) -> Option<String> {
    let kind = match row.judged.verdict {
        Verdict::Regression | Verdict::Failed => "error",
        Verdict::Inconclusive | Verdict::NotEnoughData | Verdict::DifferentEnvironment => "warning",
        Verdict::Improvement | Verdict::NoChange => return None,
    };
    Some(command(kind, &row.sentence(module)))
}

/// A line break would end the command; what comes after `%` is read as a byte.
fn command(kind: &str, text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!("::{kind} title=perftop gate::{text}")
}

fn emphasised(verdict: Verdict) -> String {
    let word = verdict.as_str();
    if matches!(verdict, Verdict::Regression | Verdict::Failed) { format!("**{word}**") } else { word.to_owned() }
}

/// A text as a cell of a table that is nothing but text.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        if "\\`*_{}[]<>()#+!|~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
