//! The one line that stays on the shell's screen when the dashboard is gone.

use std::fmt::Write as _;

use crate::app::App;
use crate::model::text::{counted, printable_short};
use crate::model::{MetricName, RunAnomaly};

/// How many metrics the line names.
const NAMED: usize = 3;
/// How much of a name it shows.
const NAME_CHARS: usize = 40;

/// `perftop: 12 metrics, 2 alerts firing (api_response_time, db_query_time), 1 unusual run (build.duration_ms)`.
#[must_use]
pub fn line(app: &App) -> String {
    let metrics = app.snapshot.as_ref().map_or(0, |snapshot| snapshot.series.len());
    let alerts = app.wanting().count();
    let mut line = format!("perftop: {}, ", counted(metrics as u64, "metric"));
    if alerts == 0 {
        line.push_str("no alert firing");
    } else {
        let firing = app.wanting().map(|alert| MetricName::clone(&alert.metric));
        let _ = write!(line, "{} firing ({})", counted(alerts as u64, "alert"), names(firing));
    }
    let runs = app.unusual_runs().count();
    if runs > 0 {
        let unusual = app.unusual_runs().map(RunAnomaly::metric_name);
        let _ = write!(line, ", {} ({})", counted(runs as u64, "unusual run"), names(unusual));
    }
    line
}

/// Each metric once, however many of its rules fire.
fn names(all: impl Iterator<Item = MetricName>) -> String {
    let mut metrics: Vec<MetricName> = Vec::new();
    for metric in all {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    let mut names: Vec<String> = metrics.iter().take(NAMED).map(|metric| printable_short(metric, NAME_CHARS)).collect();
    if metrics.len() > NAMED {
        names.push("...".to_owned());
    }
    names.join(", ")
}
