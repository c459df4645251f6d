//! `perftop backtest [METRIC...] < samples`: what the detectors would have said of them, as the samples came.

mod live;

use std::collections::{BTreeMap, HashSet};
use std::io::{self, BufWriter, StdoutLock, Write as _};
use std::ops::ControlFlow;

use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Refusal};
use super::store;
use crate::detect::{Change, Monitors, Told, Trouble, Verdict};
use crate::ingest::reader::{Input, read_batches};
use crate::ingest::{Dictionary, Reading};
use crate::model::text::{counted, printable_short};
use crate::model::time::Zone;
use crate::model::{MetricName, Point, Rule, Severity, Window};
use crate::report::Format;
use live::{Chosen, Live, chosen};

/// Rows of the store in one step.
const STEP_ROWS: usize = 20_000;
/// Names longer than this are cut.
const NAME_CHARS: usize = 60;
const WEEK_MS: f64 = 7.0 * 86_400_000.0;

/// Arguments of `perftop backtest`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of these metrics
    #[arg(value_name = "METRIC")]
    metrics: Vec<String>,

    /// Say nothing of what happened before the last SPAN, which is learned all the same: 1h, 6h, 24h, 7d, 30d or all
    #[arg(long, value_name = "SPAN", default_value = "all")]
    since: Window,

    /// Print a line of JSON for every sample instead: how surprising it was, and a score of 0.5 or more when there
    /// would have been a message
    #[arg(long, conflicts_with = "format")]
    scores: bool,

    /// Judge by these instead of surprise, stuck and silence: any rules and detectors that `alerts` may name, separated
    /// by commas, or `configured` for what it does name for each metric
    #[arg(long, value_name = "LIST", conflicts_with = "scores", value_parser = chosen)]
    detectors: Option<Chosen>,

    /// How to write what would have been said: text, or json for one object a line
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = text_or_json)]
    format: Format,
}

fn text_or_json(word: &str) -> Result<Format, String> {
    match word {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err("expected text or json".to_owned()),
    }
}

/// Runs the command: over the samples of standard input when there are any, else over the store.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let mut replay = Replay::new(args, context);
    let rejected = if has_input() { replay.stdin()? } else { 0 };
    if rejected == 0 && !replay.has_read {
        replay.store()?;
    }
    replay.finish()?;
    Ok(if rejected > 0 { Exit::Found } else { Exit::Ok })
}

/// Whether somebody has put something on standard input: neither a terminal nor a device like `/dev/null`.
fn has_input() -> bool {
    let kind = rustix::fs::fstat(io::stdin()).map(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode));
    matches!(kind, Ok(rustix::fs::FileType::Fifo | rustix::fs::FileType::RegularFile | rustix::fs::FileType::Socket))
}

struct Replay<'a> {
    context: &'a Context,
    args: &'a Args,
    only: HashSet<&'a str>,
    /// Whether standard input held any sample.
    has_read: bool,
    monitors: Monitors,
    /// Judges in place of the monitors, where something else was chosen.
    live: Option<Live>,
    output: Output<'a>,
    tally: Tally,
}

/// Where it is written, and how.
struct Output<'a> {
    context: &'a Context,
    is_json: bool,
    zone: Zone,
    from_ms: i64,
    out: BufWriter<StdoutLock<'static>>,
    /// What writing said.
    result: io::Result<()>,
}

#[derive(Default)]
struct Tally {
    samples: u64,
    /// Since when is counted.
    from_ms: i64,
    metrics: BTreeMap<MetricName, (i64, i64)>,
    raised: BTreeMap<(&'static str, Severity), u64>,
}

/// A line of `--scores`.
#[derive(Serialize)]
struct Judged<'a> {
    metric_name: &'a str,
    timestamp: i64,
    value: f64,
    score: f64,
    surprise: f64,
    severity: Option<Severity>,
}

/// A line of `--format json`.
#[derive(Serialize)]
struct Line<'a> {
    metric_name: &'a str,
    timestamp: i64,
    event: &'static str,
    rule: &'static str,
    severity: Option<Severity>,
    value: Option<f64>,
    description: String,
}

impl<'a> Replay<'a> {
    fn new(args: &'a Args, context: &'a Context) -> Self {
        let zone = context.config.display.zone();
        let from_ms = args.since.range_at(context.now_ms()).from_ms;
        Self {
            context,
            args,
            only: args.metrics.iter().map(String::as_str).collect(),
            has_read: false,
            monitors: Monitors::new(context.config.book.clone(), zone.clone()),
            live: args.detectors.as_ref().map(|chosen| Live::new(chosen, context)),
            output: Output {
                context,
                is_json: args.format == Format::Json,
                zone,
                from_ms,
                out: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
                result: Ok(()),
            },
            tally: Tally { from_ms, ..Tally::default() },
        }
    }

    /// Replays standard input; answers how many lines were not taken.
    fn stdin(&mut self) -> anyhow::Result<u64> {
        let mut input = Input::stdin()?;
        let reading = input.reading(Reading::default());
        let (mut dictionary, clock) = (Dictionary::default(), self.context.clock.clone());
        let mut rejected = 0;
        let mut written = Ok(());
        read_batches(&mut input, reading, &clock, &mut dictionary, |progress| {
            for reject in &progress.batch.rejects {
                rejected += 1;
                if rejected <= 3 {
                    self.context.say(&format!("line {}: {}", reject.line, reject.reason));
                }
            }
            self.has_read |= !progress.batch.samples.is_empty();
            for sample in &progress.batch.samples {
                let point = sample.point();
                written = self.judge(&sample.metric, point);
                if written.is_err() {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        written?;
        if rejected > 3 {
            self.context.say(&format!("{rejected} lines were not taken"));
        }
        Ok(rejected)
    }

    /// Replays the store, in the order in which the samples came.
    fn store(&mut self) -> anyhow::Result<()> {
        let store = store::open_unjudged(self.context)?;
        let mut after_id = i64::MIN;
        loop {
            let batch = store.tail(after_id, STEP_ROWS)?;
            if batch.last_id == after_id {
                return Ok(());
            }
            after_id = batch.last_id;
            for sample in &batch.samples {
                let point = sample.point();
                self.judge(&sample.metric, point)?;
            }
        }
    }

    fn judge(&mut self, metric: &MetricName, point: Point) -> io::Result<()> {
        if !self.only.is_empty() && !self.only.contains(&**metric) {
            return Ok(());
        }
        let Self { monitors, live, output, tally, args, .. } = self;
        tally.take(metric, point.timestamp_ms);
        let row = tally.samples.cast_signed();
        if let Some(live) = live {
            live.judge(metric, point, output, tally);
        } else if args.scores {
            let verdict = monitors.judge(metric, (row, point), |told| tally.count(&told));
            if point.timestamp_ms >= output.from_ms {
                output.score(metric, point, verdict);
            }
        } else {
            monitors.look(point.timestamp_ms, |told| output.tell(&told, tally));
            monitors.judge(metric, (row, point), |told| output.tell(&told, tally));
        }
        std::mem::replace(&mut output.result, Ok(()))
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.output.out.flush()?;
        if self.tally.samples == 0 {
            let said = match self.args.metrics.first() {
                Some(metric) => format!("no samples of `{}`", printable_short(metric, NAME_CHARS)),
                None => "no samples".to_owned(),
            };
            return Err(Refusal::not_enough_data(said).into());
        }
        if !self.args.scores {
            self.context.say(&self.tally.summary());
        }
        Ok(())
    }
}

impl Output<'_> {
    fn score(&mut self, metric: &MetricName, point: Point, verdict: Option<Verdict>) {
        let Point { timestamp_ms: timestamp, value } = point;
        let (score, surprise) = verdict.map_or((0.0, 0.0), |verdict| (verdict.score, verdict.surprise));
        let severity = verdict.and_then(|verdict| verdict.message);
        self.line(&Judged { metric_name: metric, timestamp, value, score, surprise, severity });
    }

    fn line(&mut self, line: &impl Serialize) {
        self.result = serde_json::to_writer(&mut self.out, line)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"));
    }

    fn tell(&mut self, told: &Told<'_>, tally: &mut Tally) {
        if told.timestamp_ms < self.from_ms || self.result.is_err() {
            return;
        }
        tally.count(told);
        let (event, severity) = match told.notice.change {
            Change::Opened(severity) => ("opened", Some(severity)),
            Change::Raised(severity) => ("raised", Some(severity)),
            // Counted, not told of again.
            Change::Updated(_) => return,
            Change::Recovered { .. } => ("recovery", None),
            Change::NewNormal { .. } => ("new-normal", None),
        };
        let unit = self.context.config.book.unit(told.metric);
        let description = told.notice.sentence(told.value, told.timestamp_ms, unit);
        let what = (event, rule(told.notice.trouble), severity);
        self.event(told.metric, told.timestamp_ms, told.value, what, description);
    }

    /// Writes what happened: the event, the rule and how grave it is.
    fn event(
        &mut self,
        metric: &MetricName,
        timestamp_ms: i64,
        value: Option<f64>,
        (event, rule, severity): (&'static str, &'static str, Option<Severity>),
        description: String,
    ) {
        if timestamp_ms < self.from_ms || self.result.is_err() {
            return;
        }
        if self.is_json {
            let (metric_name, timestamp) = (&**metric, timestamp_ms);
            self.line(&Line { metric_name, timestamp, event, rule, severity, value, description });
        } else {
            let at = self.zone.full(timestamp_ms);
            let name = printable_short(metric, NAME_CHARS);
            let word = severity.map_or(event, Severity::as_str);
            self.result = writeln!(self.out, "{at}  {word:<10} {name}: {description}");
        }
    }
}

const fn rule(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Surprise => Rule::Surprise.as_str(),
        Trouble::Stuck => Rule::Stuck.as_str(),
        Trouble::Silence => Rule::Silence.as_str(),
    }
}

impl Tally {
    fn take(&mut self, metric: &MetricName, timestamp_ms: i64) {
        self.samples += 1;
        match self.metrics.get_mut(metric) {
            Some((first_ms, last_ms)) => {
                *first_ms = timestamp_ms.min(*first_ms);
                *last_ms = timestamp_ms.max(*last_ms);
            }
            None => {
                self.metrics.insert(MetricName::clone(metric), (timestamp_ms, timestamp_ms));
            }
        }
    }

    fn count(&mut self, told: &Told<'_>) {
        if let Change::Opened(severity) | Change::Raised(severity) = told.notice.change {
            self.raise(rule(told.notice.trouble), severity);
        }
    }

    fn raise(&mut self, rule: &'static str, severity: Severity) {
        *self.raised.entry((rule, severity)).or_default() += 1;
    }

    fn summary(&self) -> String {
        let weeks: f64 = self
            .metrics
            .values()
            .map(|(first, last)| last.saturating_sub(*first.max(&self.from_ms)).max(0) as f64 / WEEK_MS)
            .sum();
        let mut lines = vec![format!(
            "{} of {} over {weeks:.1} metric-weeks",
            counted(self.samples, "sample"),
            counted(self.metrics.len() as u64, "metric"),
        )];
        let width = self.raised.keys().map(|(rule, _)| rule.len()).max().unwrap_or(0).max(9);
        for ((rule, severity), count) in &self.raised {
            let severity = severity.as_str();
            let rate = *count as f64 / weeks.max(f64::MIN_POSITIVE);
            lines.push(format!("  {rule:<width$} {severity:<9} {count:>6}   {rate:.2} per metric-week"));
        }
        if self.raised.is_empty() {
            lines.push("  nothing would have been raised".to_owned());
        }
        lines.join("\n")
    }
}
