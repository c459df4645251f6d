//! The one line that stays on the shell's screen when the dashboard is gone.

use std::fmt::Write as _;

use crate::app::App;
use crate::model::MetricName;
use crate::model::text::{counted, printable_short};

/// How many metrics the line names.
const NAMED: usize = 3;
/// How much of a name it shows.
const NAME_CHARS: usize = 40;

/// `perftop: 12 metrics, 2 alerts firing (api_response_time, db_query_time)`.
#[must_use]
pub fn line(app: &App) -> String {
    let metrics = app.snapshot.as_ref().map_or(0, |snapshot| snapshot.series.len());
    let alerts = app.wanting().count();
    let mut line = format!("perftop: {}, ", counted(metrics as u64, "metric"));
    if alerts == 0 {
        line.push_str("no alert firing");
        return line;
    }
    let _ = write!(line, "{} firing ({})", counted(alerts as u64, "alert"), names(app));
    line
}

/// Each metric once, however many of its rules fire.
fn names(app: &App) -> String {
    let mut metrics: Vec<&MetricName> = Vec::new();
    for alert in app.wanting() {
        if !metrics.contains(&&alert.metric) {
            metrics.push(&alert.metric);
        }
    }
    let mut names: Vec<String> = metrics.iter().take(NAMED).map(|metric| printable_short(metric, NAME_CHARS)).collect();
    if metrics.len() > NAMED {
        names.push("...".to_owned());
    }
    names.join(", ")
}
