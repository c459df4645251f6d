//! The configuration in force as a TOML file, each setting with where it comes from.

use std::fmt::Write as _;

use toml::Value;

use super::load::Loaded;
use super::schema::Setting;
use super::{Config, Origin};

impl Loaded {
    /// The settings in force as a TOML file that reads back as the same configuration. Tables of the
    /// user's own naming are left to the file they stand in.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for setting in Setting::EVERY {
            if setting.section() != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                section = setting.section();
                let _ = writeln!(text, "{gap}[{section}]");
            }
            let line = format!("{} = {}", setting.key(), written(&self.config, setting));
            match self.origin(setting) {
                Origin::Default => text.extend([line.as_str(), "\n"]),
                origin => {
                    let _ = writeln!(text, "{line}  # {origin}");
                }
            }
        }
        text
    }
}

/// A setting's value as TOML.
fn written(config: &Config, setting: Setting) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    match setting {
        Setting::StorePath => text(&config.store.path.to_string_lossy()),
        Setting::DropDir => text(&config.store.drop_dir.to_string_lossy()),
        Setting::Retention => kept(config.store.retention_ms),
        Setting::RollupRetention => kept(config.store.rollup_retention_ms),
        Setting::KeepRuns => Value::Integer(i64::try_from(config.keep_runs).unwrap_or(i64::MAX)),
        Setting::RunsDeviation => decimal(config.runs.thresholds.deviation_percent),
        Setting::RunsTimesAverage => decimal(config.runs.thresholds.times_average),
        Setting::RunsZScore => decimal(config.runs.thresholds.z_score),
        Setting::RunsErrorSpike => Value::Integer(config.runs.thresholds.error_spike.into()),
        Setting::RunsStreak => Value::Integer(config.runs.thresholds.streak.into()),
        Setting::RunsQueueLimits => {
            Value::Array(config.runs.thresholds.queue_limits.iter().map(|limit| text(&limit.to_string())).collect())
        }
        Setting::RunsNoiseFloor => Value::String(exact(config.runs.thresholds.noise_ms as i64)),
        Setting::RunsNoiseFloorKib => Value::Integer((config.runs.thresholds.noise_bytes / 1_024.0) as i64),
        Setting::RunsRecoverWithin => Value::Integer(config.runs.thresholds.recover_within.cast_signed() as i64),
        Setting::RunsHook => Value::Array(config.runs.hook.iter().map(|word| text(word)).collect()),
        Setting::RunsHookTimeout => Value::String(exact(config.runs.hook_timeout_ms)),
        Setting::DetectWindow => text(config.detect.window.as_str()),
        Setting::MinSamples => Value::Integer(i64::try_from(config.detect.min_samples).unwrap_or(i64::MAX)),
        Setting::Rules => Value::Array(config.detect.rules.iter().map(|rule| text(rule.as_str())).collect()),
        Setting::RaisedBy => Value::Array(config.detect.alerts.iter().map(|rule| text(rule.as_str())).collect()),
        Setting::Sensitivity => text(config.detect.sensitivity.as_str()),
        Setting::Budget => text(&config.detect.budget.to_string()),
        Setting::Cooldown => Value::String(exact(config.alerts.cooldown_ms)),
        Setting::ToastSeverity => text(config.alerts.toast_severity.as_str()),
        Setting::Bell => Value::Boolean(config.alerts.bell),
        Setting::Theme => text(config.display.theme.as_str()),
        Setting::Symbols => text(config.display.symbols.as_str()),
        Setting::Color => text(config.display.color.as_str()),
        Setting::Window => text(config.display.window.as_str()),
        Setting::Timezone => text(&config.display.timezone),
        Setting::TmuxMode => text(config.tmux.as_str()),
        Setting::LogLevel => Value::String(config.log_level.to_string().to_lowercase()),
    }
}

fn kept(age_ms: Option<i64>) -> Value {
    Value::String(age_ms.map_or_else(|| "forever".to_owned(), exact))
}

/// As the file takes it: fractions stand in quotes.
fn decimal(number: f64) -> Value {
    if number.fract() == 0.0 { Value::Integer(number as i64) } else { Value::String(number.to_string()) }
}

/// A length of time in the largest unit that holds it exactly.
fn exact(span_ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    UNITS
        .into_iter()
        .find(|(unit_ms, _)| span_ms > 0 && span_ms % unit_ms == 0)
        .map_or_else(|| format!("{span_ms}ms"), |(unit_ms, unit)| format!("{}{unit}", span_ms / unit_ms))
}
