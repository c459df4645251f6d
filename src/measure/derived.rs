//! What follows from what was measured of a run and what it said of itself.

use std::collections::BTreeMap;

use crate::model::measure;

const MS_PER_HOUR: f64 = 3_600_000.0;

/// Adds, where what it takes is there: CPU time in percent of wall time; things and lines done in an hour; how many times
/// faster it was than estimated.
pub fn complete(measures: &mut BTreeMap<String, f64>) {
    let of = |name: &str| measures.get(name).copied();
    let Some(duration_ms) = of(measure::DURATION).filter(|duration_ms| *duration_ms > 0.0) else { return };
    let derived = [
        (measure::CPU_PERCENT, of(measure::CPU).map(|cpu_ms| cpu_ms / duration_ms * 100.0)),
        (measure::ITEMS_PER_HOUR, of(measure::ITEMS).map(|items| items / duration_ms * MS_PER_HOUR)),
        (measure::LINES_PER_HOUR, of(measure::LINES).map(|lines| lines / duration_ms * MS_PER_HOUR)),
        (measure::SPEED_UP, of(measure::ESTIMATE).map(|estimate_ms| estimate_ms / duration_ms)),
    ];
    for (name, value) in derived {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            measures.insert(name.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(given: &[(&str, f64)]) -> BTreeMap<String, f64> {
        let mut measures = given.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        complete(&mut measures);
        measures
    }

    #[test]
    fn what_follows_is_added() {
        let measures = completed(&[
            (measure::DURATION, 2_000.0),
            (measure::CPU, 3_000.0),
            (measure::ITEMS, 10.0),
            (measure::LINES, 500.0),
            (measure::ESTIMATE, 5_000.0),
        ]);
        let derived = [measure::CPU_PERCENT, measure::ITEMS_PER_HOUR, measure::LINES_PER_HOUR, measure::SPEED_UP];
        assert_eq!(derived.map(|name| measures[name]).to_vec(), [150.0, 18_000.0, 900_000.0, 2.5]);
    }

    #[test]
    fn nothing_follows_from_nothing() {
        assert_eq!(completed(&[(measure::DURATION, 2_000.0)]).len(), 1);
        assert_eq!(completed(&[(measure::DURATION, 0.0), (measure::CPU, 1.0)]).len(), 2);
        assert_eq!(completed(&[(measure::CPU, 1.0)]).len(), 1);
    }
}
