//! `perftop gate`: whether the newest runs are a regression, for CI.

mod baseline;
mod names;
mod publish;

use std::collections::{BTreeMap, BTreeSet};

pub use baseline::Baseline;
use publish::Output;

use super::context::Context;
use super::exit::{Exit, Refusal};
use super::store;
use crate::config::nearest;
use crate::model::text::{counted, printable_short};
use crate::model::{Direction, NewRun, Run, measure, metric_of, usual_direction};
use crate::report::{Gate, GateRow, ModuleGate};
use crate::runs::{
    Confirm, Evidence, GateOptions, Row, SelfTest, Sides, Verdict, has_failed, judge, newest, self_test, values,
};
use crate::store::Store;

/// What is judged of a module when nothing else is said.
const USUAL: [&str; 4] = [measure::DURATION, measure::CPU, measure::MEMORY, measure::API_LATENCY];

const METRIC_HELP: &str = "What to judge of them, such as duration_ms; may be given several times";
const CONFIRM_HELP: &str = "Judge the N newest runs that succeeded, of whatever batches, and ask that K of them show a change one by one; without it the newest batch, and four of five of its runs";
const BASELINE_HELP: &str = "What to compare with: last-accepted, window:N, tag:KEY=VALUE, commit:HASH, runs:FROM..TO or file:PATH [default: what was accepted last, else window:30]";

/// Arguments of `perftop gate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The modules to judge; all that have runs when none is named
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,

    /// What to judge of them
    #[arg(long = "metric", value_name = "METRIC", help = METRIC_HELP)]
    metrics: Vec<String>,

    /// What to compare with
    #[arg(long, value_name = "RUNS", help = BASELINE_HELP)]
    baseline: Option<Baseline>,

    /// Judge the N newest runs and ask that K of them show a change one by one
    #[arg(long, value_name = "K/N", help = CONFIRM_HELP, value_parser = confirm)]
    confirm: Option<Confirm>,

    /// The least change that counts
    #[arg(long, value_name = "PERCENT", default_value = "3%", value_parser = percent)]
    min_effect: f64,

    /// Which way is better: METRIC=lower, higher or either; may be given several times
    #[arg(long, value_name = "METRIC=WAY", value_parser = direction)]
    direction: Vec<(String, Direction)>,

    /// Compare runs of different environments all the same
    #[arg(long)]
    any_environment: bool,

    /// How to write the answer: text, json, csv, md or junit, with =FILE into a file; may be given several times
    #[arg(long = "report", value_name = "FORMAT[=FILE]")]
    outputs: Vec<Output>,

    /// Say what the verdicts rest on
    #[arg(long)]
    explain: bool,

    /// Measure on the runs themselves how often the gate is wrong
    #[arg(long)]
    aa: bool,
}

/// `80%`, or `80` for the same.
fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.strip_suffix('%').unwrap_or(text).trim().parse().ok();
    match number.filter(|percent| (0.0..=1_000.0).contains(percent)) {
        Some(percent) => Ok(percent / 100.0),
        None => Err("expected a percentage from 0 to 1000, such as 3%".to_owned()),
    }
}

fn confirm(text: &str) -> Result<Confirm, String> {
    let parts = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
    match parts {
        Some((k, n)) if 1 <= k && k <= n && n <= 1_000 => Ok(Confirm { k, n }),
        _ => Err("expected K/N, such as 3/5: K of them at least 1 and at most N, N at most 1000".to_owned()),
    }
}

fn direction(text: &str) -> Result<(String, Direction), String> {
    let (metric, way) = text.rsplit_once('=').ok_or("expected METRIC=lower, METRIC=higher or METRIC=either")?;
    let way = match way {
        "lower" => Direction::Lower,
        "higher" => Direction::Higher,
        "either" => Direction::Either,
        _ => return Err("lower, higher or either is better".to_owned()),
    };
    Ok((metric.to_owned(), way))
}

/// Judges.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open_unjudged(context)?;
    let mut known = BTreeSet::new();
    let mut gates = Vec::new();
    for module in modules(&store, &args.modules)? {
        gates.push(of_module(args, context, &store, &module, &mut known)?);
    }
    names::check(args, &known, &gates)?;
    // Of all modules, those that do not have what was asked for are none of its business.
    gates.retain(|gate| !gate.metrics.is_empty());
    let gate = Gate::new(gates, args.explain);
    publish::publish(context, &gate, &args.outputs)?;
    Ok(match gate.verdict {
        Verdict::Regression | Verdict::Failed => Exit::Found,
        Verdict::DifferentEnvironment => Exit::OtherEnvironment,
        Verdict::NotEnoughData | Verdict::Inconclusive => Exit::NotEnoughData,
        Verdict::NoChange | Verdict::Improvement => Exit::Ok,
    })
}

/// The modules of these names, or all.
pub fn modules(store: &Store, names: &[String]) -> anyhow::Result<Vec<String>> {
    let known: Vec<String> = store.modules()?.into_iter().map(|module| module.module.to_string()).collect();
    if known.is_empty() {
        return Err(Refusal::not_enough_data("no runs yet: `perftop run -- COMMAND` measures one").into());
    }
    for name in names {
        if !known.contains(name) {
            let shown = printable_short(name, 60);
            let hint = match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{}`?", printable_short(near, 60)),
                None => "`perftop runs` lists them".to_owned(),
            };
            return Err(Refusal::usage(format!("no runs of `{shown}`: {hint}")).into());
        }
    }
    Ok(if names.is_empty() { known } else { names.to_vec() })
}

/// What is found of a module; `known` gets the names of what its runs have.
fn of_module(
    args: &Args,
    context: &Context,
    store: &Store,
    module: &str,
    known: &mut BTreeSet<String>,
) -> anyhow::Result<ModuleGate> {
    let runs = store.runs(module, usize::MAX)?;
    let (after, failed) = newest(&runs, args.confirm.map(|confirm| confirm.n));
    let (baseline, before) = baseline::find(args.baseline.as_ref(), store, module, &runs, &after)?;
    let commit = after.last().and_then(|run| run.run.commit.clone());
    let after: Vec<&NewRun> = after.into_iter().map(|run| &run.run).collect();
    let sides = Sides::new(before.iter().collect(), (after, failed), args.any_environment);
    known.extend(sides.before.iter().chain(&sides.after).flat_map(|run| run.measures.keys().cloned()));
    let measures = measures(&args.metrics, &sides);
    let is_comparable = args.any_environment || sides.is_comparable();
    let book = &context.config.book;
    let way = |measure: &str| {
        let said = args.direction.iter().rev().find(|(metric, _)| metric == measure).map(|(_, way)| *way);
        said.unwrap_or_else(|| match book.direction(&metric_of(module, measure)) {
            Direction::Either => usual_direction(measure),
            way => way,
        })
    };
    // What starting a command costs differs from one start of perftop to the next, and hardly within one: runs of a batch
    // are no evidence of it.
    let thresholds = &context.config.runs.thresholds;
    let noise = |name: &str| match name {
        measure::MEMORY => thresholds.noise_bytes,
        measure::CPU => thresholds.noise_ms,
        _ => 0.0,
    };
    let options = GateOptions { min_effect: args.min_effect, confirm: args.confirm, ..GateOptions::default() };
    let has_failed = has_failed(sides.after.len(), sides.failed, &options);
    let evidence: Vec<Evidence> = measures
        .iter()
        .map(|measure| Evidence {
            before: values(&sides.before, measure),
            after: values(&sides.after, measure),
            direction: way(measure),
            noise: noise(measure),
            is_comparable,
            has_failed,
        })
        .collect();
    let judged = judge(&evidence, &options);
    let rows = measures.iter().zip(evidence.iter().zip(judged)).map(|(measure, (evidence, judged))| GateRow {
        metric: measure.clone(),
        unit: book.unit(&metric_of(module, measure)),
        direction: evidence.direction,
        noise: evidence.noise,
        judged,
        before: evidence.before.clone(),
        after: evidence.after.clone(),
    });
    let judged_by =
        || measures.iter().map(|measure| (measure.clone(), way(measure), noise(measure))).collect::<Vec<_>>();
    let self_test =
        (args.aa && !has_failed).then(|| own_rate(context, module, &sides, &judged_by(), &options)).flatten();
    Ok(ModuleGate {
        module: module.to_owned(),
        baseline,
        commit,
        elsewhere: sides.elsewhere,
        failed: sides.failed,
        shared: sides.shared(),
        significance: options.significance,
        min_effect: options.min_effect,
        metrics: rows.collect(),
        self_test,
    })
}

/// What is judged: what was asked for, as far as the runs have it; else the usual ones that at least half of the newest
/// have (of others there are too few values for ever), or all, where they have none of these.
fn measures(asked: &[String], sides: &Sides<'_>) -> Vec<String> {
    let newest = if sides.after.is_empty() { &sides.before } else { &sides.after };
    let is_usual =
        |measure: &str| 2 * newest.iter().filter(|run| run.measured(measure).is_some()).count() >= newest.len();
    let has: BTreeSet<&str> =
        sides.before.iter().chain(&sides.after).flat_map(|run| run.measures.keys()).map(String::as_str).collect();
    let asked: BTreeSet<&str> = asked.iter().map(String::as_str).collect();
    let found: Vec<&str> = if has.is_empty() {
        // Runs that all failed have no measures to judge: it is said of what they should have.
        vec![asked.first().copied().unwrap_or(USUAL[0])]
    } else if asked.is_empty() {
        let usual: Vec<&str> = USUAL.into_iter().filter(|measure| has.contains(measure) && is_usual(measure)).collect();
        if usual.is_empty() { has.into_iter().collect() } else { usual }
    } else {
        asked.intersection(&has).copied().collect()
    };
    found.into_iter().map(str::to_owned).collect()
}

/// How often the gate is wrong on these runs, all taken as one; `None` when they are too few to tell, which is said.
fn own_rate(
    context: &Context,
    module: &str,
    sides: &Sides<'_>,
    metrics: &[(String, Direction, f64)],
    options: &GateOptions,
) -> Option<SelfTest> {
    let mut batches: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for run in sides.before.iter().chain(&sides.after) {
        let row = metrics.iter().map(|(measure, ..)| run.measured(measure)).collect();
        batches.entry(&run.batch).or_default().push(row);
    }
    let batches: Vec<Vec<Row>> = batches.into_values().collect();
    let judged_by: Vec<(Direction, f64)> = metrics.iter().map(|&(_, direction, noise)| (direction, noise)).collect();
    let tested = self_test(&batches, &judged_by, sides.after.len(), options);
    if tested.is_none() {
        let (shown, count) = (printable_short(module, 60), counted(batches.len() as u64, "batch"));
        context.say(&format!(
            "--aa: the runs of `{shown}` come in {count}, too few to be dealt out: --baseline window:N takes more"
        ));
    }
    tested
}

/// The runs of a list, without their numbers.
fn plain(runs: &[&Run]) -> Vec<NewRun> {
    runs.iter().map(|run| run.run.clone()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("3%", Some(0.03))]
    #[case("0", Some(0.0))]
    #[case("12.5 %", Some(0.125))]
    #[case("-1%", None)]
    #[case("NaN", None)]
    #[case("x", None)]
    fn percentages(#[case] text: &str, #[case] expected: Option<f64>) {
        assert_eq!(percent(text).ok(), expected);
    }

    #[rstest]
    #[case("3/5", Some((3, 5)))]
    #[case("1/1", Some((1, 1)))]
    #[case("0/5", None)]
    #[case("6/5", None)]
    #[case("5", None)]
    #[case("a/b", None)]
    fn confirmations(#[case] text: &str, #[case] expected: Option<(usize, usize)>) {
        assert_eq!(confirm(text).ok().map(|confirm| (confirm.k, confirm.n)), expected);
    }
}
