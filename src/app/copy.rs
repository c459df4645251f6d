//! What `y` puts on the clipboard: one line a person can paste into a chat.

use super::App;
use crate::model::text::{percent_signed, printable, value};
use crate::model::{Baseline, SeriesSummary};

/// The sample under the crosshair, the chosen alert, or the chosen row; `None` when there is none.
pub(super) fn text(app: &App) -> Option<String> {
    if let Some(index) = app.selected_alert() {
        let alert = app.alerts().get(index)?;
        return Some(printable(&alert.description).into_owned());
    }
    let series = app.selected_series()?;
    if let Some(point) = app.crosshair_point().filter(|_| app.shows_chart()) {
        let at = app.options.zone.full(point.timestamp_ms);
        return Some(format!("{} {} at {at}", printable(&series.metric), value(point.value, series.unit)));
    }
    Some(row(series))
}

/// `api_response_time 145.3 ms (mean 120 ms, sd 8 ms, p95 131 ms, p99 140 ms, n 1440, +21 %, z 3.16)`.
fn row(series: &SeriesSummary) -> String {
    let current = series.latest.map_or("no value".to_owned(), |point| value(point.value, series.unit));
    let mut facts = series.baseline.as_ref().map_or_else(Vec::new, |baseline| statistics(series, baseline));
    facts.extend(series.deviation_pct.map(percent_signed));
    facts.extend(series.z.map(|z| format!("z {z:.2}")));
    let name = printable(&series.metric);
    if facts.is_empty() { format!("{name} {current}") } else { format!("{name} {current} ({})", facts.join(", ")) }
}

fn statistics(series: &SeriesSummary, baseline: &Baseline) -> Vec<String> {
    let of_unit = |name: &str, number: f64| format!("{name} {}", value(number, series.unit));
    let about = if baseline.exact { "" } else { " about" };
    vec![
        of_unit("mean", baseline.mean),
        of_unit("sd", baseline.std_dev),
        of_unit(&format!("p95{about}"), baseline.p95),
        of_unit(&format!("p99{about}"), baseline.p99),
        format!("n {}", baseline.count),
    ]
}
