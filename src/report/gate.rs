//! `perftop gate`: what the newest runs are, against those before.

mod files;
pub(super) mod words;

use serde::Serialize;

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line};
use crate::model::text::{counted, printable, value};
use crate::model::{Direction, Unit};
use crate::runs::{Judged, SelfTest, Verdict};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;
use words::{change, interval, share};

/// What was found of the modules that were judged.
#[derive(Debug, Serialize)]
pub struct Gate {
    /// The worst of all verdicts.
    pub verdict: Verdict,
    /// The modules.
    pub modules: Vec<ModuleGate>,
    /// Whether the text gives the values and what was asked of them.
    #[serde(skip)]
    pub explains: bool,
}

/// What was found of a module.
#[derive(Debug, Serialize)]
pub struct ModuleGate {
    /// Its name.
    pub module: String,
    /// What its newest runs were compared with, as on the command line.
    pub baseline: String,
    /// The commit of the newest run.
    pub commit: Option<String>,
    /// How many runs of the baseline took place elsewhere, and were left out.
    pub elsewhere: usize,
    /// How many of the newest runs failed, and were left out.
    pub failed: usize,
    /// How many of the newest runs are in the baseline as well.
    pub shared: usize,
    /// What was asked of a regression: the most likely chance, and the least change as a share.
    pub significance: f64,
    /// Changes below this share are none.
    pub min_effect: f64,
    /// Its metrics.
    pub metrics: Vec<GateRow>,
    /// How often it is wrong on this history, when that was asked.
    pub self_test: Option<SelfTest>,
}

/// What was found of a metric.
#[derive(Debug, Serialize)]
pub struct GateRow {
    /// The measure, without its module.
    pub metric: String,
    /// What its values count.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// Differences up to this, in the unit of the metric, are noise of measuring.
    pub noise: f64,
    /// What was found.
    #[serde(flatten)]
    pub judged: Judged,
    /// The values before,
    pub before: Vec<f64>,
    /// and of the newest runs.
    pub after: Vec<f64>,
}

impl Gate {
    /// The report with the worst verdict of all.
    #[must_use]
    pub fn new(modules: Vec<ModuleGate>, explains: bool) -> Self {
        let rank = |verdict: &Verdict| match verdict {
            Verdict::Failed => 0,
            Verdict::Regression => 1,
            Verdict::DifferentEnvironment => 2,
            Verdict::NotEnoughData => 3,
            Verdict::Inconclusive => 4,
            Verdict::NoChange => 5,
            Verdict::Improvement => 6,
        };
        let verdicts = modules.iter().flat_map(|module| module.metrics.iter().map(|row| row.judged.verdict));
        let verdict = verdicts.min_by_key(rank).unwrap_or(Verdict::NotEnoughData);
        Self { verdict, modules, explains }
    }

    /// How many metrics the worst verdict is of: `1 of 3 metrics: regression`.
    fn sum(&self) -> String {
        let all = self.rows().count();
        let worst = self.rows().filter(|(_, row)| row.judged.verdict == self.verdict).count();
        let of = if worst < all { format!("{worst} of ") } else { String::new() };
        format!("{of}{}: {}", counted(all as u64, "metric"), self.verdict.as_str())
    }

    /// Every metric with its module.
    fn rows(&self) -> impl Iterator<Item = (&ModuleGate, &GateRow)> {
        self.modules.iter().flat_map(|module| module.metrics.iter().map(move |row| (module, row)))
    }
}

impl ModuleGate {
    fn head(&self) -> String {
        let (module, baseline) = (printable(&self.module), printable(&self.baseline));
        let before = self.metrics.iter().map(|row| row.before.len()).max().unwrap_or(0);
        if self.judged() == 0 && self.failed > 0 {
            let failed = counted(self.failed as u64, "run");
            return format!("{module}: the newest {failed} failed; {before} before ({baseline})");
        }
        let after = counted(self.judged() as u64, "run");
        format!("{module}: the newest {after} against {before} before ({baseline})")
    }

    /// How many of the newest runs have something to say.
    fn judged(&self) -> usize {
        self.metrics.iter().map(|row| row.after.len()).max().unwrap_or(0)
    }

    /// Runs that failed beside those that are judged.
    fn failures_left_out(&self) -> Option<String> {
        let failed = || format!("left out: {} of the newest, failed", counted(self.failed as u64, "run"));
        (self.failed > 0 && self.judged() > 0).then(failed)
    }

    /// What the reader has to know beside the numbers.
    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.failures_left_out().into_iter().collect();
        if self.elsewhere > 0 {
            notes.push(format!("left out: {} of another environment", counted(self.elsewhere as u64, "run")));
        }
        if self.shared > 0 {
            notes.push(format!(
                "on both sides: {} of the newest, as the baseline holds them",
                counted(self.shared as u64, "run")
            ));
        }
        notes.extend(self.metrics.iter().filter_map(|row| words::within_noise(row, self)));
        let unseen: Vec<String> = self.metrics.iter().filter_map(|row| words::unseen(row, self)).collect();
        if !unseen.is_empty() {
            notes.push(format!("no change shown, but a smaller one could hide in these runs: {}", unseen.join(", ")));
        }
        if let Some(test) = &self.self_test {
            notes.push(words::self_test(test));
        }
        notes
    }
}

impl GateRow {
    fn name(&self, module: &ModuleGate) -> String {
        format!("{}.{}", printable(&module.module), printable(&self.metric))
    }

    fn show(&self, number: f64) -> String {
        value(number, self.unit)
    }

    /// How likely the change that was found is where nothing has changed.
    fn p_found(&self) -> f64 {
        self.judged.p_found(self.direction)
    }

    /// The verdict with its numbers, in a sentence.
    fn sentence(&self, module: &ModuleGate) -> String {
        words::sentence(self, module)
    }
}

/// How a verdict looks.
const fn role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Regression | Verdict::Failed => Role::Critical,
        Verdict::Improvement | Verdict::NoChange => Role::Ok,
        Verdict::Inconclusive | Verdict::NotEnoughData | Verdict::DifferentEnvironment => Role::Warning,
    }
}

impl Report for Gate {
    const SCHEMA: &'static str = "perftop.gate/1";
    const COLUMNS: &'static [&'static str] = &[
        "module",
        "metric",
        "verdict",
        "before",
        "after",
        "change",
        "low",
        "high",
        "p_worse",
        "detectable",
        "p_better",
    ];

    fn records(&self) -> Vec<Vec<String>> {
        let record = |(module, row): (&ModuleGate, &GateRow)| {
            let found = row.judged.comparison;
            let change = found.and_then(|found| found.change);
            let optional = |number: Option<f64>| number.map_or_else(String::new, csv::number);
            let bounds = change.and_then(|change| change.interval);
            vec![
                csv::name(&module.module),
                csv::name(&row.metric),
                row.judged.verdict.as_str().to_owned(),
                optional(found.map(|found| found.first.median)),
                optional(found.map(|found| found.second.median)),
                optional(change.map(|change| change.estimate)),
                optional(bounds.map(|bounds| bounds.0)),
                optional(bounds.map(|bounds| bounds.1)),
                csv::number(row.judged.p_worse),
                optional(change.map(|change| change.detectable).filter(|least| least.is_finite())),
                csv::number(row.judged.p_better),
            ]
        };
        self.rows().map(record).collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let mut lines = Vec::new();
        for module in &self.modules {
            lines.push(line(module.head(), Role::Title));
            let mut table = Table::new(&[
                Column::left("METRIC"),
                Column::right("BEFORE"),
                Column::right("AFTER"),
                Column::right("CHANGE"),
                Column::right("95 %").may_go(2),
                Column::right("P").may_go(1),
                Column::right("COULD SEE").may_go(3),
                Column::left("VERDICT"),
            ]);
            for row in &module.metrics {
                let found = row.judged.comparison;
                let side = |of: Option<f64>| Cell::optional(of.map(|median| row.show(median)));
                table.push(vec![
                    Cell::text(printable(&row.metric)),
                    side(found.map(|found| found.first.median)),
                    side(found.map(|found| found.second.median)),
                    Cell::optional(found.map(|found| change(&found, row.unit))),
                    Cell::optional(found.and_then(|found| interval(&found, row.unit))),
                    Cell::optional(found.is_some().then(|| words::chance(row.p_found()))),
                    Cell::optional(found.and_then(|found| found.change).and_then(|change| share(change.detectable))),
                    Cell::new(row.judged.verdict.as_str(), role(row.judged.verdict)),
                ]);
            }
            lines.extend(table.lines(symbols, room));
            lines.extend(module.notes().into_iter().map(|note| line(format!("  {note}"), Role::Muted)));
            if self.explains {
                let explained = module.metrics.iter().flat_map(|row| words::explanation(row, module));
                lines.extend(explained.map(|text| line(format!("  {text}"), Role::Text)));
            }
        }
        lines.push(line(self.sum(), role(self.verdict)));
        lines
    }
}
