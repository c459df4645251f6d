//! A comparison in words.

use super::{GateRow, ModuleGate};
use crate::model::Unit;
use crate::model::text::{counted, percent_signed, printable, value};
use crate::runs::{Comparison, FEWEST_BEFORE, SelfTest, Verdict};

/// Values of a side that an explanation lists: the newest.
const LISTED: usize = 10;
/// The rate that fewer deals show is a rough one.
const FEW_DEALS: usize = 100;
/// Fewer make none: one of them is the order in which the runs were made, so that what did change since is one of so few.
const TOO_FEW_DEALS: usize = 20;

/// How far apart both sides are.
pub(in crate::report) fn change(found: &Comparison, unit: Unit) -> String {
    found.change.map_or_else(|| signed(found.shift, unit), |change| percent_signed(100.0 * change.estimate))
}

/// Where the true change lies; `None` when there are too few values to say.
pub(in crate::report) fn interval(found: &Comparison, unit: Unit) -> Option<String> {
    if let Some(change) = found.change {
        let (low, high) = change.interval?;
        return Some(format!("{} to {}", percent_signed(100.0 * low), percent_signed(100.0 * high)));
    }
    let (low, high) = found.shift_interval?;
    Some(format!("{} to {}", signed(low, unit), signed(high, unit)))
}

fn signed(number: f64, unit: Unit) -> String {
    let sign = if number > 0.0 { "+" } else { "" };
    format!("{sign}{}", value(number, unit))
}

/// A share without a sign; `None` when it has no end.
pub(in crate::report) fn share(share: f64) -> Option<String> {
    let percent = 100.0 * share.abs();
    let decimals = usize::from(percent < 10.0);
    percent.is_finite().then(|| format!("{percent:.decimals$} %"))
}

/// A probability, as far as it says something.
pub(in crate::report) fn chance(p: f64) -> String {
    if p < 0.0001 { "< .0001".to_owned() } else { format!("{p:.4}").trim_start_matches('0').to_owned() }
}

/// The same within a sentence.
fn probability(p: f64) -> String {
    let (is, shown) = (if p < 0.0001 { "" } else { "= " }, chance(p));
    format!("p {is}{shown}")
}

/// The verdict with its numbers.
pub(super) fn sentence(row: &GateRow, module: &ModuleGate) -> String {
    let judged = &row.judged;
    if judged.verdict == Verdict::Failed {
        let (failed, left) = (module.failed, module.judged());
        let what = match (failed, left) {
            (1, 0) => "the newest run failed".to_owned(),
            (_, 0) => format!("all {failed} newest runs failed"),
            _ => format!("{failed} of the {} newest runs failed, and {left} are too few to judge", failed + left),
        };
        return format!("{}: failed: {what}", printable(&module.module));
    }
    let name = format!("{}: {}", row.name(module), judged.verdict.as_str());
    let Some(found) = &judged.comparison else {
        let missing =
            if row.before.is_empty() { "there is nothing to compare with" } else { "the newest runs lack it" };
        return format!("{name}: {missing}");
    };
    let (before, after) = (row.show(found.first.median), row.show(found.second.median));
    let counts = format!("{} against {}", row.after.len(), counted(row.before.len() as u64, "run"));
    let numbers = format!("{before} -> {after} ({}, {counts})", change(found, row.unit));
    let p = probability(row.p_found());
    let why = match judged.verdict {
        Verdict::Inconclusive => {
            let shown_by = format!("{} of {}", judged.confirmed, counted(row.after.len() as u64, "run"));
            format!(", {p}, shown by {shown_by} where {} must: perhaps worse, measure more", judged.needed)
        }
        Verdict::NotEnoughData if row.before.len() < FEWEST_BEFORE => {
            format!(": {} are asked for before", counted(FEWEST_BEFORE as u64, "run"))
        }
        Verdict::NotEnoughData => ": too few to say".to_owned(),
        Verdict::DifferentEnvironment => ": the runs took place in different environments".to_owned(),
        Verdict::Regression | Verdict::Improvement => format!(", {p}"),
        Verdict::NoChange if is_shown(row, module) && found.shift.abs() <= row.noise => {
            format!("; differences of up to {} are noise of measuring", row.show(row.noise))
        }
        Verdict::NoChange if is_shown(row, module) => {
            format!(", {p}; changes count from {} on", share(module.min_effect).unwrap_or_default())
        }
        Verdict::NoChange => {
            let could = seen(found).map(|least| format!("; from {least} on these runs would have shown it"));
            could.unwrap_or_default()
        }
        Verdict::Failed => String::new(),
    };
    format!("{name}: {numbers}{why}")
}

/// The smallest change that the runs would have shown; `None` when there is no such, or no share to say it in.
fn seen(found: &Comparison) -> Option<String> {
    found.change.and_then(|change| share(change.detectable))
}

/// Whether a change is sure, whatever its size.
fn is_shown(row: &GateRow, module: &ModuleGate) -> bool {
    row.p_found() <= module.significance
}

/// A metric that did change, by no more than measuring it scatters.
pub(super) fn within_noise(row: &GateRow, module: &ModuleGate) -> Option<String> {
    let found = row.judged.comparison.filter(|_| row.judged.verdict == Verdict::NoChange && is_shown(row, module))?;
    let name = printable(&row.metric);
    (found.shift.abs() <= row.noise).then(|| format!("{name}: differences of up to {} are noise", row.show(row.noise)))
}

/// A metric without a change, with what it would have taken to show one, where that is more than was asked for.
pub(super) fn unseen(row: &GateRow, module: &ModuleGate) -> Option<String> {
    let found = row.judged.comparison.filter(|_| row.judged.verdict == Verdict::NoChange && !is_shown(row, module))?;
    let is_more = found.change.is_some_and(|change| change.detectable > module.min_effect);
    let least = seen(&found).filter(|_| is_more)?;
    Some(format!("{} below {least}", printable(&row.metric)))
}

/// How often the gate is wrong, as far as its test of itself can tell.
pub(super) fn self_test(test: &SelfTest) -> String {
    let (deals, batches) = (counted(test.splits as u64, "deal"), counted(test.batches as u64, "batch"));
    let percent = 100.0 * test.regressions as f64 / test.splits as f64;
    let rate = match test.splits {
        ..TOO_FEW_DEALS => "; too few deals for a rate".to_owned(),
        TOO_FEW_DEALS..FEW_DEALS => format!(", {percent:.1} %; so few deals tell it roughly"),
        _ => format!(", {percent:.1} %"),
    };
    format!(
        "self-test: of {deals} of these {batches} by chance ({} runs against {}), {} called a regression{rate}",
        test.after, test.before, test.regressions
    )
}

/// What the verdict rests on, line by line.
pub(super) fn explanation(row: &GateRow, module: &ModuleGate) -> Vec<String> {
    let judged = &row.judged;
    let mut lines = vec![sentence(row, module)];
    let Some(found) = &judged.comparison else { return lines };
    let listed = |values: &[f64]| {
        let newest = &values[values.len().saturating_sub(LISTED)..];
        let dots = if newest.len() < values.len() { "... " } else { "" };
        let shown: Vec<String> = newest.iter().map(|&number| row.show(number)).collect();
        format!("{dots}{}", shown.join(", "))
    };
    lines.push(format!("  before: {}", listed(&row.before)));
    lines.push(format!("  after:  {}", listed(&row.after)));
    lines.push(format!(
        "  chance of such a change from noise: for the worse {}, for the better {} (asked: at most {}, over all metrics)",
        chance(judged.p_worse),
        chance(judged.p_better),
        chance(module.significance)
    ));
    lines.push(format!(
        "  ranks: {}; a run after is above one before in {:.0} of 100 pairs",
        probability(found.p_value),
        100.0 * found.superiority
    ));
    let least = share(module.min_effect).unwrap_or_default();
    let seen = seen(found).map_or_else(
        || "can show none, however large".to_owned(),
        |least| format!("would have shown one from {least} on"),
    );
    lines.push(format!("  least change that counts: {least}; these runs {seen}"));
    lines.push(format!(
        "  runs that show it one by one: {} of {} (asked: {})",
        judged.confirmed,
        row.after.len(),
        judged.needed
    ));
    if let Some(commit) = &module.commit {
        lines.push(format!("  commit: {}", printable(commit)));
    }
    lines
}
