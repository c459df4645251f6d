//! What was found, set against the bars, and `benches/RESULTS.md`, which keeps it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A table of the report.
#[derive(Debug)]
pub struct Table {
    pub title: String,
    pub head: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// A figure with the bar it is held against.
#[derive(Debug)]
struct Held {
    what: String,
    found: String,
    bar: String,
    is_met: bool,
}

/// Everything one run found.
#[derive(Debug, Default)]
pub struct Results {
    /// What the next figures are about, when there are several of a kind.
    about: String,
    held: Vec<Held>,
    tables: Vec<Table>,
}

impl Results {
    /// Says what the next figures are about.
    pub fn about(&mut self, what: &str) {
        what.clone_into(&mut self.about);
    }

    /// A figure that must be `limit` at most.
    pub fn at_most(&mut self, what: &str, found: f64, limit: f64, unit: &str) {
        self.hold(what, format!("{} {unit}", short(found)), format!("<= {} {unit}", short(limit)), found <= limit);
    }

    /// A ratio that must be `limit` at least.
    pub fn times(&mut self, what: &str, found: f64, limit: f64) {
        self.hold(what, format!("{found:.2}x"), format!(">= {limit}x"), found >= limit);
    }

    fn hold(&mut self, what: &str, found: String, bar: String, is_met: bool) {
        let what = format!("{}{what}", self.about);
        eprintln!("{what}: {found} (bar {bar}{})", if is_met { "" } else { ", MISSED" });
        self.held.push(Held { what, found, bar, is_met });
    }

    /// Figures beside each other, without a bar.
    pub fn table(&mut self, table: Table) {
        eprintln!("{}", markdown(&table));
        self.tables.push(table);
    }

    /// All of it as Markdown.
    pub fn report(&self) -> String {
        let verdict = |held: &Held| if held.is_met { "yes" } else { "**no**" }.to_owned();
        let rows = self.held.iter();
        let bars = Table {
            title: "Against the bars".to_owned(),
            head: vec!["measured", "found", "bar", "met"],
            rows: rows
                .map(|held| vec![held.what.clone(), held.found.clone(), held.bar.clone(), verdict(held)])
                .collect(),
        };
        std::iter::once(&bars).chain(&self.tables).map(markdown).collect::<Vec<_>>().join("\n")
    }
}

fn markdown(table: &Table) -> String {
    let mut text = format!("### {}\n\n", table.title);
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    text += &line(&table.head);
    text += &line(&vec!["---"; table.head.len()]);
    for row in &table.rows {
        text += &line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

/// Replaces the part of the file that the last run of the same name wrote.
pub fn keep(path: &Path, name: &str, report: &str) {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let mut text = fs::read_to_string(path).expect("the results so far");
    let part = format!("{begin}{report}{end}");
    match (text.find(&begin), text.find(&end)) {
        (Some(from), Some(until)) => text.replace_range(from..until + end.len(), &part),
        _ => write!(text, "\n{part}").expect("a string takes it"),
    }
    fs::write(path, text).expect("the results can be written");
}

/// Three digits that matter.
pub fn short(number: f64) -> String {
    match number.abs() {
        100.0.. => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// The middle of some numbers.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    f64::midpoint(numbers[(numbers.len() - 1) / 2], numbers[numbers.len() / 2])
}

pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Durations, to be asked for their quantiles in ms: the value at rank `ceil(q * n)`.
#[derive(Debug)]
pub struct Delays(Vec<f64>);

impl Delays {
    pub fn new(durations: impl IntoIterator<Item = Duration>) -> Self {
        let mut delays: Vec<f64> = durations.into_iter().map(ms).collect();
        delays.sort_by(f64::total_cmp);
        Self(delays)
    }

    pub fn quantile(&self, q: f64) -> f64 {
        let rank = (q * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    pub fn longest(&self) -> f64 {
        self.quantile(1.0)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The cells of a table: p50, p95, p99, longest.
    pub fn cells(&self) -> Vec<String> {
        [0.5, 0.95, 0.99, 1.0].map(|q| short(self.quantile(q))).to_vec()
    }
}
