//! What the demo measures, as data: the metrics with their rhythm and noise, and when they drift.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, de};

use crate::model::time::parse_duration_ms;
use crate::model::{Direction, MetricBook, MetricName, MetricSettings, Rule, Unit};

const BUILT_IN: &str = include_str!("../../../assets/demo/profile.toml");

/// Everything the generator needs to know; see `assets/demo/profile.toml` for the meaning of each key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// How much history there is at the start, in ms.
    #[serde(rename = "history", deserialize_with = "duration_ms")]
    pub history_ms: i64,
    /// The rules that judge the metrics.
    pub rules: Vec<Rule>,
    /// What is measured.
    #[serde(rename = "metric")]
    pub metrics: Vec<MetricProfile>,
    /// When which metric leaves its limits.
    #[serde(rename = "drift")]
    pub drifts: Vec<Drift>,
}

/// One metric: its level, its spread and what moves it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricProfile {
    /// Its name.
    pub name: MetricName,
    /// Its unit.
    #[serde(default)]
    pub unit: Unit,
    /// Which way is better.
    #[serde(default)]
    pub direction: Direction,
    /// The mean of its healthy values.
    pub level: f64,
    /// About the standard deviation of its healthy values.
    pub spread: f64,
    /// Digits kept after the decimal point.
    pub decimals: i32,
    /// Share of the variance that follows the day and the week, 0 to 1.
    pub rhythm: f64,
    /// Hour of the day, UTC, at which it is highest.
    pub peak_hour: f64,
    /// Height of the daily peak on Saturday and Sunday, 1 being a weekday's.
    pub weekend: f64,
    /// Time over which its noise remembers itself, in ms.
    #[serde(rename = "memory", deserialize_with = "duration_ms")]
    pub memory_ms: i64,
    /// Time between two samples once the demo runs, in ms.
    #[serde(rename = "every", deserialize_with = "duration_ms")]
    pub every_ms: i64,
    /// Contexts of its samples, one drawn for each.
    #[serde(default)]
    pub contexts: Vec<Arc<str>>,
}

/// A stretch of time during which a metric leaves its limits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Which metric.
    pub metric: MetricName,
    /// When it begins.
    #[serde(flatten)]
    begin: Begin,
    /// How long it lasts, in ms.
    #[serde(rename = "lasts", deserialize_with = "duration_ms")]
    pub lasts_ms: i64,
    /// How far, in spreads; negative is downward.
    pub by: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Begin {
    #[serde(deserialize_with = "duration_ms")]
    BeforeStart(i64),
    #[serde(deserialize_with = "duration_ms")]
    AfterStart(i64),
}

impl Drift {
    /// When it begins, for a demo that starts at `start_ms`.
    #[must_use]
    pub const fn begins_at_ms(&self, start_ms: i64) -> i64 {
        match self.begin {
            Begin::BeforeStart(span_ms) => start_ms - span_ms,
            Begin::AfterStart(span_ms) => start_ms + span_ms,
        }
    }
}

impl Profile {
    /// The profile that is compiled in.
    pub fn built_in() -> Result<Self, toml::de::Error> {
        toml::from_str(BUILT_IN)
    }

    /// The metric that drifts first.
    #[must_use]
    pub fn first_drift(&self) -> Option<&MetricName> {
        let ahead = self.drifts.iter().filter(|drift| drift.begins_at_ms(0) > 0);
        ahead.min_by_key(|drift| drift.begins_at_ms(0)).map(|drift| &drift.metric)
    }

    /// Units, directions and rules of the metrics, as a configuration file would say them.
    #[must_use]
    pub fn book(&self) -> MetricBook {
        let settings: BTreeMap<_, _> = self
            .metrics
            .iter()
            .map(|metric| {
                let said = MetricSettings {
                    unit: Some(metric.unit),
                    direction: metric.direction,
                    ..MetricSettings::default()
                };
                (metric.name.to_string(), said)
            })
            .collect();
        MetricBook::new(settings, self.rules.clone())
    }
}

fn duration_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration_ms(&text).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profile_is_read_and_every_drift_names_a_metric() {
        let profile = Profile::built_in().unwrap();
        assert!(profile.metrics.len() >= 11);
        for drift in &profile.drifts {
            assert!(profile.metrics.iter().any(|metric| metric.name == drift.metric), "{}", drift.metric);
        }
    }

    #[test]
    fn the_first_drift_comes_within_the_first_half_minute_and_is_measured_every_second() {
        let profile = Profile::built_in().unwrap();
        let first = profile.drifts.iter().find(|drift| drift.begins_at_ms(0) > 0).unwrap();
        assert!((10_000..20_000).contains(&first.begins_at_ms(0)));
        let metric = profile.metrics.iter().find(|metric| metric.name == first.metric).unwrap();
        assert_eq!(metric.every_ms, 1_000);
    }

    #[test]
    fn the_book_says_what_the_profile_says() {
        let book = Profile::built_in().unwrap().book();
        assert_eq!(book.unit("cache_hit_rate"), Unit::Percent);
        assert_eq!(book.direction("cache_hit_rate"), Direction::Higher);
        assert_eq!(book.rules("cache_hit_rate"), [Rule::BeyondLimit, Rule::TwoOfThree]);
    }
}
