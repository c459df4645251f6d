//! `perftop runs`: what the runs of modules were like, where their time goes, and which were unusual.

use std::fmt::Write as _;

use serde::Serialize;

use super::table::{Cell, Column, Line, Table};
use super::{Report, csv, line, sentence};
use crate::model::text::{counted, percent_signed, printable_short, value};
use crate::model::time::Zone;
use crate::model::{RecordedRunAnomaly, RunAnomalyState, Unit, measure};
use crate::runs::{Bottleneck, Growth, Heading, History, MeasureHistory, RunTrend, probability};
use crate::ui::symbols::SymbolSet;
use crate::ui::theme::Role;

/// Cells of the longest bar.
const BAR_CELLS: f64 = 24.0;
/// Modules and phases that are shown as text.
const BOTTLENECKS_SHOWN: usize = 20;
/// The trend that an overview shows.
const OVERVIEW_TREND: usize = 1;

/// The runs of modules.
#[derive(Debug, Serialize)]
pub struct Runs {
    /// How many of the newest runs of each module are looked at, at most.
    pub last: usize,
    /// The module that was asked for; `None` for all.
    pub module: Option<String>,
    /// What the runs were like, by module.
    pub modules: Vec<History>,
    /// Where the time goes, the most first.
    pub bottlenecks: Vec<Bottleneck>,
    /// Which were unusual, the newest first.
    pub anomalies: Vec<RecordedRunAnomaly>,
    /// The zone of the text.
    #[serde(skip)]
    pub zone: Zone,
}

impl Report for Runs {
    const SCHEMA: &'static str = "perftop.runs/1";
    const COLUMNS: &'static [&'static str] = &[
        "module",
        "measure",
        "unit",
        "count",
        "newest",
        "average",
        "std_dev",
        "min",
        "max",
        "change_percent_10",
        "p_10",
        "change_percent_25",
        "p_25",
        "change_percent_50",
        "p_50",
        "change_percent_100",
        "p_100",
    ];

    fn records(&self) -> Vec<Vec<String>> {
        let of = csv::number;
        let rows = self.modules.iter().flat_map(|history| history.measures.iter().map(move |one| (history, one)));
        rows.map(|(history, one)| {
            let told = vec![
                csv::name(&history.module),
                one.name.to_owned(),
                one.unit.to_string(),
                one.count.to_string(),
                of(one.newest),
                of(one.average),
                csv::optional(one.std_dev),
                of(one.min),
                of(one.max),
            ];
            let trends = one.trends.iter().flat_map(|trend| [trend.change_percent, trend.p_value]);
            told.into_iter().chain(trends.map(csv::optional)).collect()
        })
        .collect()
    }

    fn lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let mut lines = match (&self.module, self.modules.first()) {
            (_, None) => return vec![line("no runs yet: `perftop run -- COMMAND` records one", Role::Muted)],
            (Some(_), Some(history)) => self.one(history, symbols, room),
            (None, Some(_)) => self.overview(symbols, room),
        };
        lines.push(Line::new());
        lines.extend(self.bottleneck_lines(symbols, room));
        if !self.anomalies.is_empty() {
            lines.push(Line::new());
            lines.extend(self.anomaly_lines(symbols, room));
        }
        lines
    }
}

impl Runs {
    fn overview(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let mut table = Table::new(&[
            Column::left("MODULE").may_shrink(),
            Column::right("RUNS"),
            Column::right("OK").may_go(6),
            Column::right("FAILED"),
            Column::right("DURATION"),
            Column::right("CPU").may_go(3),
            Column::right("MEMORY").may_go(4),
            Column::right("API LATENCY").may_go(5),
            Column::left("DURATION, LAST 25").may_go(1),
            Column::left("NEWEST").may_go(2),
        ]);
        for history in &self.modules {
            let average = |name| Cell::optional(history.measure(name).map(|one| value(one.average, one.unit)));
            let trend = history.measure(measure::DURATION).map(|one| one.trends[OVERVIEW_TREND]);
            table.push(vec![
                Cell::text(&*history.module),
                Cell::text(history.runs.to_string()),
                Cell::text(history.successes.to_string()),
                failures(history),
                average(measure::DURATION),
                average(measure::CPU),
                average(measure::MEMORY),
                average(measure::API_LATENCY),
                trend.map_or_else(|| Cell::optional(None), trend_cell),
                Cell::text(self.newest(history)),
            ]);
        }
        let mut lines = table.lines(symbols, room);
        for history in &self.modules {
            let name = printable_short(&history.module, 60);
            let told = |note| sentence(&format!("{name}: {note}"), Role::Text, symbols, room);
            lines.extend(history.notes.iter().flat_map(told));
        }
        lines
    }

    fn one(&self, history: &History, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let name = printable_short(&history.module, 60);
        let mut title = format!(
            "{name}: {}, {} succeeded, {} failed; newest {}",
            counted(history.runs as u64, "run"),
            history.successes,
            history.failures,
            self.newest(history)
        );
        if history.elsewhere > 0 {
            let _ = write!(title, "; {} in other environments, not compared", history.elsewhere);
        }
        let mut table = Table::new(&[
            Column::left("MEASURE"),
            Column::right("NEWEST"),
            Column::right("AVERAGE").may_go(1),
            Column::right("SD").may_go(6),
            Column::right("MIN").may_go(7),
            Column::right("MAX").may_go(8),
            Column::left("LAST 10").may_go(3),
            Column::left("LAST 25").may_go(2),
            Column::left("LAST 50").may_go(4),
            Column::left("LAST 100").may_go(5),
        ]);
        for one in &history.measures {
            let show = |number| value(number, shown_unit(one));
            let told = [
                Cell::text(one.label),
                Cell::text(show(one.newest)),
                Cell::text(show(one.average)),
                Cell::optional(one.std_dev.map(show)),
                Cell::text(show(one.min)),
                Cell::text(show(one.max)),
            ];
            table.push(told.into_iter().chain(one.trends.map(trend_cell)).collect());
        }
        let mut lines = sentence(&title, Role::Title, symbols, room);
        lines.extend(table.lines(symbols, room));
        lines.extend(history.notes.iter().flat_map(|note| sentence(note, Role::Text, symbols, room)));
        lines
    }

    fn newest(&self, history: &History) -> String {
        format!("{}, {}", self.zone.full(history.newest_ms), history.newest_exit)
    }

    fn bottleneck_lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let mut table = Table::new(&[
            Column::left("WHERE THE TIME GOES").may_shrink(),
            Column::right("TOTAL"),
            Column::right("SHARE"),
            Column::right("RUNS").may_go(2),
            Column::left("AGAINST RUNS BEFORE").may_go(1),
            Column::left("").may_go(3),
        ]);
        let bar = symbols.bar();
        for one in self.bottlenecks.iter().take(BOTTLENECKS_SHOWN) {
            let cells = if one.share > 0.0 { (one.share * BAR_CELLS).round().max(1.0) as usize } else { 0 };
            table.push(vec![
                Cell::text(place(one)),
                Cell::text(value(one.total_ms, Unit::Milliseconds)),
                Cell::text(format!("{:.0} %", 100.0 * one.share)),
                Cell::text(one.runs.to_string()),
                growth_cell(one.growth.as_ref()),
                Cell::new(bar.repeat(cells), if one.phase.is_none() { Role::Data } else { Role::Muted }),
            ]);
        }
        let mut lines = table.lines(symbols, room);
        let more = self.bottlenecks.len().saturating_sub(BOTTLENECKS_SHOWN);
        if more > 0 {
            lines.push(line(format!("and {more} more: --format json has them"), Role::Muted));
        }
        let sure = self.bottlenecks.iter().filter_map(|one| Some((one, one.growth.filter(Growth::is_sure)?)));
        let most = sure.max_by(|(_, one), (_, other)| one.change_percent.total_cmp(&other.change_percent));
        if let Some((one, growth)) = most {
            let Growth { change_percent, p_value, before, newest } = growth;
            let most = format!(
                "grew most: {}, {} in the last {newest} runs against the {before} before ({})",
                printable_short(&place(one), 120),
                percent_signed(change_percent),
                probability(p_value)
            );
            lines.extend(sentence(&most, Role::Warning, symbols, room));
        }
        lines
    }

    fn anomaly_lines(&self, symbols: SymbolSet, room: Option<usize>) -> Vec<Line> {
        let mut table = Table::new(&[
            Column::left("ANOMALY").may_go(1),
            Column::left("STATE"),
            Column::left("MODULE").may_shrink(),
            Column::left("METRIC").may_shrink(),
            Column::right("VALUE"),
            Column::right("AVERAGE").may_go(2),
            Column::right("LIMIT").may_go(3),
            Column::left("RULES").may_go(4),
        ]);
        for RecordedRunAnomaly { anomaly, state, .. } in &self.anomalies {
            let rules: Vec<&str> = anomaly.rules.iter().map(|rule| rule.as_str()).collect();
            let role = match state {
                RunAnomalyState::Open => Role::Warning,
                RunAnomalyState::Recovered => Role::Ok,
                RunAnomalyState::Lasting => Role::Info,
            };
            let told = |number| value(number, Unit::from_name(&anomaly.metric));
            table.push(vec![
                Cell::text(self.zone.full(anomaly.at_ms)),
                Cell::new(state.as_str(), role),
                Cell::text(&*anomaly.module),
                Cell::text(&*anomaly.metric),
                Cell::text(told(anomaly.value)),
                Cell::optional(anomaly.average.map(told)),
                Cell::text(told(anomaly.limit)),
                Cell::text(rules.join(", ")),
            ]);
        }
        table.lines(symbols, room)
    }
}

fn place(one: &Bottleneck) -> String {
    match &one.phase {
        Some(phase) => format!("{} / {phase}", one.module),
        None => one.module.to_string(),
    }
}

fn failures(history: &History) -> Cell {
    let role = if history.failures > 0 { Role::Warning } else { Role::Text };
    Cell::new(history.failures.to_string(), role)
}

/// What is done in an hour is counted, speed-ups are plain.
fn shown_unit(one: &MeasureHistory) -> Unit {
    match one.name {
        measure::ITEMS_PER_HOUR | measure::LINES_PER_HOUR => Unit::Count,
        _ => one.unit,
    }
}

fn trend_cell(trend: RunTrend) -> Cell {
    let otherwise = match trend.heading {
        Heading::TooFew => return Cell::new("too few runs", Role::Muted),
        Heading::Flat => return Cell::new("flat", Role::Muted),
        Heading::Up => "up",
        Heading::Down => "down",
    };
    let change = trend.change_percent.map_or_else(|| otherwise.to_owned(), percent_signed);
    Cell::text(format!("{change} ({})", probability(trend.p_value.unwrap_or(1.0))))
}

fn growth_cell(growth: Option<&Growth>) -> Cell {
    match growth {
        None => Cell::new("too few runs", Role::Muted),
        Some(growth) => {
            let text = format!("{} ({})", percent_signed(growth.change_percent), probability(growth.p_value));
            Cell::new(text, if growth.is_sure() { Role::Warning } else { Role::Muted })
        }
    }
}
