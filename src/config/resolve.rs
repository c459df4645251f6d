//! From what was written to what it means: each value checked, with a message that names it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use tracing::Level;

use super::error::{Origin, Problem, hint, quoted, relayed};
use super::file::{FileLayer, Named, Sourced, Value};
use super::schema::Setting;
use super::{AlertsConfig, Config, DetectConfig, DisplayConfig, RunsConfig, StoreConfig, paths, style};
use crate::app::{Action, Chord, Keymap};
use crate::model::time::{Zone, length, parse_duration_ms};
use crate::model::{Direction, MetricBook, MetricSettings, QueueLimit, Rule, RunThresholds, Severity, Unit};
use crate::ui::theme::Role;

/// Shortest retention: the longest rule about recent samples looks back a day.
const MIN_RETENTION_MS: i64 = 86_400_000;
/// Longest cool-down: an alert that gathers findings for more than a week hides what is new.
pub const MAX_COOLDOWN_MS: i64 = 7 * 86_400_000;
/// Fewest and most samples that may be asked for before a series is judged.
pub const MIN_SAMPLES_BOUNDS: (i64, i64) = (2, 1_000_000);
/// Fewest and most runs of a module that may be kept.
pub const KEEP_RUNS_BOUNDS: (i64, i64) = (1, 100_000);

/// Settings by name, the strongest word of each.
pub type Merged = BTreeMap<Setting, Sourced<Value>>;

/// Works out the configuration; the problems are all that could be found, in no particular order.
pub fn resolve(merged: &Merged, file: &FileLayer) -> (Config, Vec<Problem>) {
    let mut read = Reader { merged, problems: Vec::new() };
    let defaults = Config::default();
    let rules = read.get(Setting::Rules, defaults.detect.rules, run_rules);
    let alerts = read.get(Setting::RaisedBy, defaults.detect.alerts, any_rules);
    let sensitivity = read.get(Setting::Sensitivity, defaults.detect.sensitivity, parsed);
    let budget = read.get(Setting::Budget, sensitivity.budget(), parsed);
    let book = MetricBook::new(read.metrics(&file.metrics), rules.clone())
        .with_alerts(alerts.clone())
        .with_sensitivity(sensitivity)
        .with_budget(budget);
    let config = Config {
        store: StoreConfig {
            path: read.located(Setting::StorePath, defaults.store.path),
            drop_dir: read.located(Setting::DropDir, defaults.store.drop_dir),
            retention_ms: read.get(Setting::Retention, defaults.store.retention_ms, retention),
            rollup_retention_ms: read.rollup_retention(),
        },
        keep_runs: read.get(Setting::KeepRuns, defaults.keep_runs, keep_runs),
        runs: read.runs(defaults.runs),
        detect: DetectConfig {
            window: read.get(Setting::DetectWindow, defaults.detect.window, parsed),
            min_samples: read.get(Setting::MinSamples, defaults.detect.min_samples, min_samples),
            rules,
            alerts,
            sensitivity,
            budget,
        },
        alerts: AlertsConfig {
            cooldown_ms: read.get(Setting::Cooldown, defaults.alerts.cooldown_ms, cooldown),
            toast_severity: read.get(Setting::ToastSeverity, defaults.alerts.toast_severity, severity),
            bell: read.get(Setting::Bell, defaults.alerts.bell, flag),
        },
        display: DisplayConfig {
            theme: read.get(Setting::Theme, defaults.display.theme, parsed),
            styles: read.styles(&file.theme),
            symbols: read.get(Setting::Symbols, defaults.display.symbols, parsed),
            color: read.get(Setting::Color, defaults.display.color, parsed),
            window: read.get(Setting::Window, defaults.display.window, parsed),
            timezone: read.get(Setting::Timezone, defaults.display.timezone, timezone),
        },
        tmux: read.get(Setting::TmuxMode, defaults.tmux, parsed),
        log_level: read.get(Setting::LogLevel, defaults.log_level, level),
        book,
        keymap: read.keymap(&file.keys),
    };
    (config, read.problems)
}

struct Reader<'a> {
    merged: &'a Merged,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn get<T>(&mut self, setting: Setting, default: T, convert: fn(&Value) -> Result<T, String>) -> T {
        let Some(sourced) = self.merged.get(&setting) else { return default };
        match convert(&sourced.value) {
            Ok(value) => value,
            Err(message) => {
                self.problem(&sourced.origin, format!("[{}] {}: {message}", setting.section(), setting.key()));
                default
            }
        }
    }

    fn problem(&mut self, origin: &Origin, message: String) {
        self.problems.push(Problem { origin: origin.clone(), message });
    }

    /// A path; in a file it is relative to the file, elsewhere to the working directory.
    fn located(&mut self, setting: Setting, default: PathBuf) -> PathBuf {
        let path = self.get(setting, default, path);
        match self.merged.get(&setting).map(|sourced| &sourced.origin) {
            Some(Origin::File { path: file, .. }) => file.parent().unwrap_or(Path::new("")).join(path),
            _ => path,
        }
    }

    /// What was made of samples is kept at least as long as they are.
    fn rollup_retention(&mut self) -> Option<i64> {
        let kept_ms = self.get(Setting::RollupRetention, None, retention)?;
        let samples = self.merged.get(&Setting::Retention).map_or(Ok(None), |sourced| retention(&sourced.value));
        // A retention that is wrong by itself is said elsewhere.
        let Ok(samples_ms) = samples else { return Some(kept_ms) };
        let is_too_short = samples_ms.is_none_or(|samples_ms| kept_ms < samples_ms);
        if let Some(sourced) = self.merged.get(&Setting::RollupRetention).filter(|_| is_too_short) {
            let samples = samples_ms.map_or_else(|| "forever".to_owned(), length);
            let message = format!(
                "[store] rollup_retention: {} is shorter than retention ({samples}): what samples are rolled up to is \
                 kept at least as long as they are",
                length(kept_ms)
            );
            self.problem(&sourced.origin, message);
        }
        Some(kept_ms)
    }

    fn runs(&mut self, defaults: RunsConfig) -> RunsConfig {
        let otherwise = defaults.thresholds;
        RunsConfig {
            thresholds: RunThresholds {
                deviation_percent: self.get(Setting::RunsDeviation, otherwise.deviation_percent, deviation),
                times_average: self.get(Setting::RunsTimesAverage, otherwise.times_average, times),
                z_score: self.get(Setting::RunsZScore, otherwise.z_score, times),
                error_spike: self.get(Setting::RunsErrorSpike, otherwise.error_spike, among_ten),
                streak: self.get(Setting::RunsStreak, otherwise.streak, few),
                queue_limits: self.get(Setting::RunsQueueLimits, otherwise.queue_limits, queue_limits),
                noise_ms: self.get(Setting::RunsNoiseFloor, otherwise.noise_ms, noise_ms),
                noise_bytes: self.get(Setting::RunsNoiseFloorKib, otherwise.noise_bytes, noise_bytes),
                recover_within: self.get(Setting::RunsRecoverWithin, otherwise.recover_within as u32, few) as usize,
            },
            hook: self.get(Setting::RunsHook, defaults.hook, hook),
            hook_timeout_ms: self.get(Setting::RunsHookTimeout, defaults.hook_timeout_ms, hook_timeout),
        }
    }

    fn metrics(&mut self, tables: &[(String, Vec<Named>)]) -> BTreeMap<String, MetricSettings> {
        tables.iter().map(|(metric, entries)| (metric.clone(), self.metric(metric, entries))).collect()
    }

    fn metric(&mut self, metric: &str, entries: &[Named]) -> MetricSettings {
        let mut settings = MetricSettings::default();
        for (key, value) in entries {
            let read = match key.value.as_str() {
                "unit" => parsed(&value.value).map(|unit: Unit| settings.unit = Some(unit)),
                "direction" => direction(&value.value).map(|direction| settings.direction = direction),
                "rules" => run_rules(&value.value).map(|rules| settings.rules = Some(rules)),
                "alerts" => any_rules(&value.value).map(|rules| settings.alerts = Some(rules)),
                "sensitivity" => parsed(&value.value).map(|sensitivity| settings.sensitivity = Some(sensitivity)),
                "user_facing" => flag(&value.value).map(|flag| settings.is_user_facing = flag),
                "budget" => parsed(&value.value).map(|budget| settings.budget = Some(budget)),
                "group_by" => tags(&value.value).map(|tags| settings.group_by = tags),
                // The file reader has refused every other key already.
                _ => Ok(()),
            };
            if let Err(message) = read {
                let message = format!("[metrics.\"{}\"] {}: {message}", quoted(metric), key.value);
                self.problem(&value.origin, message);
            }
        }
        settings
    }

    fn styles(&mut self, entries: &[Named]) -> Vec<(Role, ratatui::style::Style)> {
        let mut styles = Vec::new();
        for (key, value) in entries {
            let Some((role, _)) = Role::EVERY.into_iter().find(|(_, name)| *name == key.value) else {
                let hint = hint(&key.value, Role::EVERY.iter().map(|(_, name)| *name));
                self.problem(&key.origin, format!("unknown role `{}`: {hint}", quoted(&key.value)));
                continue;
            };
            match text(&value.value).and_then(style::parse) {
                Ok(style) => styles.push((role, style)),
                Err(message) => self.problem(&value.origin, format!("[theme] {}: {message}", key.value)),
            }
        }
        styles
    }

    fn keymap(&mut self, entries: &[Named]) -> Keymap {
        let mut keymap = Keymap::default();
        let mut bound: Vec<(Action, &Origin)> = Vec::new();
        for (name, value) in entries {
            let Ok(action) = name.value.parse::<Action>() else {
                let hint = hint(&name.value, Action::EVERY.iter().map(|action| action.name()));
                self.problem(&name.origin, format!("unknown action `{}`: {hint}", quoted(&name.value)));
                continue;
            };
            let mut chords = Vec::new();
            for word in list(&value.value) {
                match word.parse::<Chord>() {
                    Ok(chord) => chords.push(chord),
                    Err(error) => self.problem(&value.origin, format!("[keys] {action}: {}", relayed(&error))),
                }
            }
            keymap.bind(action, chords);
            bound.push((action, &value.origin));
        }
        if let Err(conflict) = keymap.check() {
            let places: Vec<_> =
                bound.iter().filter(|(action, _)| [conflict.first, conflict.second].contains(action)).collect();
            let (origin, other) = match places[..] {
                [(_, first), (_, second), ..] => (*second, format!(" (the other is at {first})")),
                [(_, only)] => (*only, String::new()),
                [] => (&Origin::Default, String::new()),
            };
            self.problem(origin, format!("[keys] {conflict}{other}"));
        }
        keymap
    }
}

fn text(value: &Value) -> Result<&str, String> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Whole(number) => Err(format!("expected a text in quotes: write \"{number}\"")),
        Value::Flag(flag) => Err(format!("expected a text in quotes: write \"{flag}\"")),
        Value::List(_) => Err("expected one text, not a list".to_owned()),
    }
}

/// A list; a single text is a list of one, and the environment separates with commas.
fn list(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.clone(),
        Value::Text(text) => vec![text.clone()],
        Value::Whole(number) => vec![number.to_string()],
        Value::Flag(flag) => vec![flag.to_string()],
    }
}

fn parsed<T: FromStr<Err: Display>>(value: &Value) -> Result<T, String> {
    text(value)?.parse().map_err(|error: T::Err| relayed(&error))
}

fn path(value: &Value) -> Result<PathBuf, String> {
    match text(value)? {
        "" => Err("a path cannot be empty".to_owned()),
        text => Ok(paths::expand_home(text)),
    }
}

fn duration(value: &Value) -> Result<i64, String> {
    parse_duration_ms(text(value)?).map_err(|error| relayed(&error))
}

fn retention(value: &Value) -> Result<Option<i64>, String> {
    match text(value)? {
        "forever" => Ok(None),
        text => parse_retention_ms(text).map(Some),
    }
}

/// Reads how long something is kept, in ms.
pub fn parse_retention_ms(text: &str) -> Result<i64, String> {
    let Ok(retention_ms) = parse_duration_ms(text) else {
        return Err(format!("`{}` is not a length of time: write 30d, 12w or 1y", quoted(text)));
    };
    if retention_ms < MIN_RETENTION_MS {
        return Err(format!("{} is too short: keep at least {}", length(retention_ms), length(MIN_RETENTION_MS)));
    }
    Ok(retention_ms)
}

fn cooldown(value: &Value) -> Result<i64, String> {
    let cooldown_ms = duration(value)?;
    if cooldown_ms > MAX_COOLDOWN_MS {
        return Err(format!("{} is too long: at most {}", length(cooldown_ms), length(MAX_COOLDOWN_MS)));
    }
    Ok(cooldown_ms)
}

fn min_samples(value: &Value) -> Result<u64, String> {
    whole(value, MIN_SAMPLES_BOUNDS).map(i64::unsigned_abs)
}

fn keep_runs(value: &Value) -> Result<usize, String> {
    whole(value, KEEP_RUNS_BOUNDS).map(|number| number as usize)
}

/// Percent of an average.
fn deviation(value: &Value) -> Result<f64, String> {
    decimal(value, (1.0, 10_000.0))
}

/// How many times something.
fn times(value: &Value) -> Result<f64, String> {
    decimal(value, (1.0, 1_000.0))
}

fn decimal(value: &Value, (least, most): (f64, f64)) -> Result<f64, String> {
    let number = match value {
        Value::Whole(number) => *number as f64,
        Value::Text(text) => text.parse().map_err(|_| format!("`{}` is not a number", quoted(text)))?,
        Value::Flag(_) | Value::List(_) => {
            return Err("expected a number, with a fraction in quotes: \"2.5\"".to_owned());
        }
    };
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{number} is out of bounds: from {least} to {most}"))
    }
}

/// Of the ten runs among which a spike is looked for.
fn among_ten(value: &Value) -> Result<u32, String> {
    whole(value, (2, 10)).map(|number| number as u32)
}

fn few(value: &Value) -> Result<u32, String> {
    whole(value, (1, 100)).map(|number| number as u32)
}

fn noise_ms(value: &Value) -> Result<f64, String> {
    duration(value).map(|span_ms| span_ms as f64)
}

fn noise_bytes(value: &Value) -> Result<f64, String> {
    whole(value, (0, 1 << 30)).map(|kib| kib as f64 * 1_024.0)
}

fn queue_limits(value: &Value) -> Result<Vec<QueueLimit>, String> {
    let words = match value {
        Value::Text(text) => text.split(',').filter(|word| !word.trim().is_empty()).map(str::to_owned).collect(),
        Value::List(words) => words.clone(),
        Value::Whole(_) | Value::Flag(_) => return Err("expected a list: write [\"queue_depth=1000\"]".to_owned()),
    };
    words.iter().map(|word| word.parse().map_err(|error| relayed(&error))).collect()
}

fn hook(value: &Value) -> Result<Vec<String>, String> {
    if matches!(value, Value::Whole(_) | Value::Flag(_)) {
        return Err("expected a command as a list: write [\"program\", \"argument\"]".to_owned());
    }
    let words = list(value);
    match words.first() {
        Some(program) if program.is_empty() => Err("the command has no name".to_owned()),
        _ => Ok(words),
    }
}

fn hook_timeout(value: &Value) -> Result<i64, String> {
    const BOUNDS_MS: (i64, i64) = (100, 3_600_000);
    let timeout_ms = duration(value)?;
    if (BOUNDS_MS.0..=BOUNDS_MS.1).contains(&timeout_ms) {
        Ok(timeout_ms)
    } else {
        Err(format!("{} is out of bounds: from {} to {}", length(timeout_ms), length(BOUNDS_MS.0), length(BOUNDS_MS.1)))
    }
}

/// A whole number within bounds that include both.
fn whole(value: &Value, (least, most): (i64, i64)) -> Result<i64, String> {
    let number = match value {
        Value::Whole(number) => *number,
        Value::Text(text) => text.parse().map_err(|_| format!("`{}` is not a whole number", quoted(text)))?,
        Value::Flag(_) | Value::List(_) => return Err("expected a whole number".to_owned()),
    };
    if !(least..=most).contains(&number) {
        return Err(format!("{number} is out of bounds: from {least} to {most}"));
    }
    Ok(number)
}

fn flag(value: &Value) -> Result<bool, String> {
    match value {
        Value::Flag(flag) => Ok(*flag),
        Value::Text(text) if text == "true" || text == "1" => Ok(true),
        Value::Text(text) if text == "false" || text == "0" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

fn level(value: &Value) -> Result<Level, String> {
    const WORDS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
    let word = text(value)?;
    let known = WORDS.contains(&word).then(|| word.parse().ok()).flatten();
    known.ok_or_else(|| format!("unknown level `{}`: {}", quoted(word), hint(word, WORDS.into_iter())))
}

fn severity(value: &Value) -> Result<Severity, String> {
    const EVERY: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];
    let word = text(value)?;
    EVERY
        .into_iter()
        .find(|severity| severity.as_str() == word)
        .ok_or_else(|| format!("unknown severity `{}`: expected one of info, warning, critical", quoted(word)))
}

fn direction(value: &Value) -> Result<Direction, String> {
    match text(value)? {
        "lower" => Ok(Direction::Lower),
        "higher" => Ok(Direction::Higher),
        "either" => Ok(Direction::Either),
        word => Err(format!("unknown direction `{}`: expected one of lower, higher, either", quoted(word))),
    }
}

/// What may mark a chart.
fn run_rules(value: &Value) -> Result<Vec<Rule>, String> {
    rules(value, &Rule::EVERY)
}

/// What may raise an alert.
fn any_rules(value: &Value) -> Result<Vec<Rule>, String> {
    rules(value, &Rule::all().collect::<Vec<_>>())
}

fn rules(value: &Value, known: &[Rule]) -> Result<Vec<Rule>, String> {
    let words = match value {
        Value::List(words) => words.clone(),
        Value::Text(text) => {
            text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
        }
        Value::Whole(_) | Value::Flag(_) => return Err("expected a list of rules".to_owned()),
    };
    let mut rules = Vec::new();
    for word in words {
        let rule = known.iter().copied().find(|rule| rule.as_str() == word).ok_or_else(|| {
            let hint = hint(&word, known.iter().map(|rule| rule.as_str()));
            format!("unknown rule `{}`: {hint}", quoted(&word))
        })?;
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    Ok(rules)
}

fn tags(value: &Value) -> Result<Vec<Arc<str>>, String> {
    if matches!(value, Value::Whole(_) | Value::Flag(_)) {
        return Err("expected a list of tags: write [\"page\"]".to_owned());
    }
    let mut tags: Vec<Arc<str>> = Vec::new();
    for word in list(value) {
        if word.is_empty() {
            return Err("a tag has a name: write [\"page\"]".to_owned());
        }
        if tags.iter().any(|tag| **tag == *word) {
            return Err(format!("the tag `{}` is named twice", quoted(&word)));
        }
        tags.push(word.into());
    }
    Ok(tags)
}

fn timezone(value: &Value) -> Result<String, String> {
    let name = text(value)?;
    Zone::named(name)
        .map(|_| name.to_owned())
        .ok_or_else(|| format!("unknown time zone `{}`: write local, utc or a name like Europe/Berlin", quoted(name)))
}
