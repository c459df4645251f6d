//! `perftop compare A B`: what differs between two groups of runs, or two stretches of time.

use std::collections::BTreeSet;

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::segments::Series;
use super::{output, store};
use crate::model::text::{counted, printable_short};
use crate::model::time::{Zone, length, parse_duration_ms, parse_since};
use crate::model::{Run, TimeRange, metric_of};
use crate::report::{Compare, CompareRow};
use crate::runs::{Comparison, Selector, values};
use crate::stats::false_discovery;
use crate::store::Store;

/// More metrics are not compared at once unless they are named.
const MOST_METRICS: usize = 1_000;
/// What is not likelier than this by chance, among all that are compared, is a difference.
const SIGNIFICANCE: f64 = 0.05;
/// On both sides of an instant, when nothing else is said.
const SPAN_MS: i64 = 3_600_000;

/// Arguments of `perftop compare`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_name = "A B [METRIC]", help = WHAT_HELP)]
    what: Vec<String>,

    /// Compare the time before an instant with the time after it: an age (2h) or an instant (2026-11-21T07:00:00Z);
    /// no A and B then
    #[arg(long, value_name = "WHEN")]
    around: Option<String>,

    /// How much time before and after
    #[arg(long, value_name = "TIME", requires = "around", default_value = "1h")]
    span: String,

    #[command(flatten)]
    format: FormatArg,
}

const WHAT_HELP: &str = "Two groups of runs (last:N, runs:FROM..TO, tag:KEY=VALUE, commit:HASH) or of time (FROM..TO, each an instant or an age such as 2h; FROM.. is up to now), then metrics; all when none is named";

/// Values that are one side.
#[derive(Debug)]
enum Group {
    Time(TimeRange),
    Runs(Selector),
}

impl Group {
    fn parse(text: &str, now_ms: i64) -> Result<Self, Refusal> {
        if let Ok(selector) = text.parse() {
            return Ok(Self::Runs(selector));
        }
        let range = text.split_once("..").and_then(|(from, until)| {
            let from_ms = parse_since(from, now_ms).ok()?;
            let until_ms = if until.is_empty() { now_ms + 1 } else { parse_since(until, now_ms).ok()? };
            (from_ms < until_ms).then_some(TimeRange { from_ms, until_ms })
        });
        range.map(Self::Time).ok_or_else(|| {
            let shown = printable_short(text, 60);
            Refusal::usage(format!(
                "`{shown}` is neither runs nor time: write last:5, runs:3..8, tag:branch=main, commit:9cfd88a or 2h..1h"
            ))
        })
    }

    fn named(&self, zone: &Zone) -> String {
        match self {
            Self::Time(range) => format!("{} to {}", zone.full(range.from_ms), zone.full(range.until_ms)),
            Self::Runs(selector) => selector.to_string(),
        }
    }
}

/// A metric with its values on both sides.
type Both = (String, Vec<f64>, Vec<f64>);

/// Compares.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let now_ms = context.now_ms();
    let (first, second, metrics) = args.sides(now_ms)?;
    let store = store::open_unjudged(context)?;
    let (found, shared) = match (&first, &second) {
        (Group::Time(first), Group::Time(second)) => {
            (of_time(&store, *first, *second, metrics)?, shared_time(*first, *second)?)
        }
        (Group::Runs(first), Group::Runs(second)) => of_runs(&store, first, second, metrics)?,
        _ => return Err(Refusal::usage("runs cannot be compared with time: name two of the same").into()),
    };
    let compared: Vec<(Both, Comparison)> = found
        .into_iter()
        .filter_map(|both| Comparison::of(&both.1, &both.2, SIGNIFICANCE / 2.0).map(|found| (both, found)))
        .collect();
    if compared.is_empty() {
        return Err(Refusal::not_enough_data("nothing has values on both sides").into());
    }
    let chances = false_discovery(&compared.iter().map(|(_, found)| found.p_value).collect::<Vec<_>>());
    let row = |(((metric, before, after), comparison), p_adjusted): ((Both, Comparison), f64)| CompareRow {
        unit: context.config.book.unit(metric.split('{').next().unwrap_or(&metric)),
        metric,
        comparison,
        p_adjusted,
        differs: p_adjusted <= SIGNIFICANCE,
        first: before,
        second: after,
    };
    let mut rows: Vec<CompareRow> = compared.into_iter().zip(chances).map(row).collect();
    if metrics.is_empty() {
        // What differs for sure comes first.
        rows.sort_by(|one, other| one.p_adjusted.total_cmp(&other.p_adjusted));
    }
    let zone = context.config.display.zone();
    let report = Compare { first: first.named(&zone), second: second.named(&zone), shared, rows };
    output::print(context, &report, args.format.format)?;
    Ok(Exit::Ok)
}

impl Args {
    /// What is compared with what, and of which metrics.
    fn sides(&self, now_ms: i64) -> Result<(Group, Group, &[String]), Refusal> {
        if let Some(around) = &self.around {
            let at_ms = parse_since(around, now_ms).map_err(|error| Refusal::usage(format!("--around: {error}")))?;
            let span_ms = parse_duration_ms(&self.span).map_err(|error| Refusal::usage(format!("--span: {error}")))?;
            let span_ms = if span_ms > 0 { span_ms } else { SPAN_MS };
            let range = |from_ms: i64, until_ms| Group::Time(TimeRange { from_ms, until_ms });
            return Ok((
                range(at_ms.saturating_sub(span_ms), at_ms),
                range(at_ms, at_ms.saturating_add(span_ms)),
                &self.what,
            ));
        }
        let [first, second, metrics @ ..] = &*self.what else {
            return Err(Refusal::usage(
                "what is to be compared? Name two groups, such as `last:5 runs:1..20`, or --around",
            ));
        };
        Ok((Group::parse(first, now_ms)?, Group::parse(second, now_ms)?, metrics))
    }
}

/// Samples of metrics over two stretches of time; of all metrics when none is named.
fn of_time(store: &Store, first: TimeRange, second: TimeRange, metrics: &[String]) -> anyhow::Result<Vec<Both>> {
    let series: Vec<Series> = if metrics.is_empty() {
        let all = store.metrics()?;
        if all.len() > MOST_METRICS {
            return Err(
                Refusal::usage(format!("{} metrics are too many to compare at once: name some", all.len())).into()
            );
        }
        all.into_iter().map(Series::Metric).collect()
    } else {
        metrics.iter().map(|name| Series::find(store, name)).collect::<Result<_, _>>()?
    };
    let values = |series: &Series, range: TimeRange| -> anyhow::Result<Vec<f64>> {
        let points = match series {
            Series::Metric(metric) => store.points(metric, range)?,
            Series::Segment(segment) => store.segment_points(segment, range, range)?,
        };
        Ok(points.iter().map(|point| point.value).collect())
    };
    let both = |series: &Series| Ok((series.name().to_string(), values(series, first)?, values(series, second)?));
    series.iter().map(both).collect()
}

/// What two stretches of time have in common.
fn shared_time(first: TimeRange, second: TimeRange) -> Result<Option<String>, Refusal> {
    if first == second {
        return Err(the_same());
    }
    let shared_ms = first.until_ms.min(second.until_ms).saturating_sub(first.from_ms.max(second.from_ms));
    Ok((shared_ms > 0).then(|| format!("{} of time", length(shared_ms))))
}

fn the_same() -> Refusal {
    Refusal::usage("A and B are the same: there is nothing to compare")
}

/// Measures of runs that succeeded, of every module; and what runs are in both groups.
fn of_runs(
    store: &Store,
    first: &Selector,
    second: &Selector,
    metrics: &[String],
) -> anyhow::Result<(Vec<Both>, Option<String>)> {
    let modules = super::gate::modules(store, &[])?;
    let (mut found, mut shared, mut only_in_one) = (Vec::new(), 0, 0);
    for module in modules {
        let runs = store.runs(&module, usize::MAX)?;
        let good = |selector: &Selector| -> Vec<&Run> {
            selector.of(&runs).into_iter().filter(|run| run.run.exit.is_success()).collect()
        };
        let (before, after) = (good(first), good(second));
        let measures: BTreeSet<&String> = before.iter().chain(&after).flat_map(|run| run.run.measures.keys()).collect();
        let side = |runs: &[&Run], measure: &str| values(&runs.iter().map(|run| &run.run).collect::<Vec<_>>(), measure);
        let named = measures.into_iter().map(|measure| (metric_of(&module, measure), measure));
        let wanted = named.filter(|(metric, _)| metrics.is_empty() || metrics.iter().any(|name| **name == **metric));
        let compared: Vec<Both> = wanted
            .map(|(metric, measure)| (metric.to_string(), side(&before, measure), side(&after, measure)))
            .collect();
        if !compared.is_empty() {
            let of = |runs: &[&Run]| runs.iter().map(|run| run.id).collect::<BTreeSet<i64>>();
            shared += of(&before).intersection(&of(&after)).count();
            only_in_one += of(&before).symmetric_difference(&of(&after)).count();
        }
        found.extend(compared);
    }
    if let Some(missing) = metrics.iter().find(|name| !found.iter().any(|(metric, _, _)| metric == *name)) {
        let shown = printable_short(missing, 60);
        return Err(Refusal::usage(format!(
            "these runs have no `{shown}`: a module's measure is named MODULE.MEASURE"
        ))
        .into());
    }
    if shared > 0 && only_in_one == 0 {
        return Err(the_same().into());
    }
    Ok((found, (shared > 0).then(|| counted(shared as u64, "run"))))
}
