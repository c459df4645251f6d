//! The configuration: flags over environment over file over defaults, with errors that say where.

mod choice;
mod error;
mod file;
mod load;
pub mod paths;
mod print;
mod resolve;
mod schema;
mod style;

use std::path::PathBuf;

use ratatui::style::Style;

pub use choice::{ColorChoice, Env, SymbolChoice, ThemeName, TmuxMode};
pub use error::{ConfigError, Origin, Problem, nearest};
pub use load::{Loaded, Sources, load};
pub use resolve::parse_retention_ms;
pub use schema::Setting;

use crate::app::Keymap;
use crate::model::time::Zone;
use crate::model::{Budget, MetricBook, Rule, RunThresholds, Sensitivity, Severity, Window};
use crate::ui::theme::{Role, Theme};

/// Everything a user can set, resolved and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[store]`
    pub store: StoreConfig,
    /// `[runs] keep_runs`: how many runs of a module are kept; their samples have an age of their own.
    pub keep_runs: usize,
    /// What else stands in `[runs]`.
    pub runs: RunsConfig,
    /// `[detect]`
    pub detect: DetectConfig,
    /// `[alerts]`
    pub alerts: AlertsConfig,
    /// `[display]`
    pub display: DisplayConfig,
    /// `[tmux] mode`
    pub tmux: TmuxMode,
    /// `[log] level`
    pub log_level: tracing::Level,
    /// `[metrics."name"]`, and `[detect] rules` for all others.
    pub book: MetricBook,
    /// `[keys]` over the default keys.
    pub keymap: Keymap,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The database file.
    pub path: PathBuf,
    /// Where `.jsonl` files are taken from.
    pub drop_dir: PathBuf,
    /// Samples older than this are pruned daily, what they were rolled up to stays; `None` keeps everything. In ms.
    pub retention_ms: Option<i64>,
    /// What is rolled up is pruned daily when it is older than this, which is no less than `retention_ms`;
    /// `None` keeps everything. In ms.
    pub rollup_retention_ms: Option<i64>,
}

/// `[runs]`, but for `keep_runs`.
#[derive(Debug, Clone, PartialEq)]
pub struct RunsConfig {
    /// How far runs may go before they are anomalies.
    pub thresholds: RunThresholds,
    /// The command that is told of it, with its arguments; none when it is empty.
    pub hook: Vec<String>,
    /// How long it may take, in ms.
    pub hook_timeout_ms: i64,
}

/// `[detect]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectConfig {
    /// How far back the baseline looks that a new sample is judged against.
    pub window: Window,
    /// A series with fewer samples in that window is learned, not judged.
    pub min_samples: u64,
    /// The run rules that mark the charts of metrics without rules of their own.
    pub rules: Vec<Rule>,
    /// What raises alerts on metrics that say nothing else.
    pub alerts: Vec<Rule>,
    /// How easily their detectors do.
    pub sensitivity: Sensitivity,
    /// How many false alarms a metric may raise.
    pub budget: Budget,
}

/// `[alerts]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertsConfig {
    /// Findings of one rule on one metric within this time make one alert. In ms.
    pub cooldown_ms: i64,
    /// Alerts below this are listed but not toasted.
    pub toast_severity: Severity,
    /// Ring the bell on a new critical alert.
    pub bell: bool,
}

/// `[display]` and `[theme]`
#[derive(Debug, Clone, PartialEq)]
pub struct DisplayConfig {
    /// The theme, before colour is decided.
    pub theme: ThemeName,
    /// `[theme]`: what differs from the theme.
    pub styles: Vec<(Role, Style)>,
    /// How fine the glyphs may be.
    pub symbols: SymbolChoice,
    /// When to use colour.
    pub color: ColorChoice,
    /// The window to start with.
    pub window: Window,
    /// The zone in which instants are shown: `local`, `utc` or an IANA name.
    pub timezone: String,
}

impl DisplayConfig {
    /// The styles to draw with; without colour only the attributes are left.
    #[must_use]
    pub fn theme(&self, has_color: bool) -> Theme {
        let base = if has_color { self.theme.theme() } else { Theme::mono() };
        self.styles.iter().fold(base, |theme, &(role, style)| {
            let style = if has_color { style } else { Style { fg: None, bg: None, underline_color: None, ..style } };
            theme.with(role, style)
        })
    }

    /// The zone in which instants are shown.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::named(&self.timezone).unwrap_or_else(Zone::utc)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: StoreConfig {
                path: paths::store(),
                drop_dir: paths::drop_dir(),
                retention_ms: None,
                rollup_retention_ms: None,
            },
            keep_runs: 100,
            runs: RunsConfig { thresholds: RunThresholds::default(), hook: Vec::new(), hook_timeout_ms: 10_000 },
            detect: DetectConfig {
                window: Window::D7,
                min_samples: 30,
                rules: Rule::EVERY.to_vec(),
                alerts: Rule::DETECTORS.to_vec(),
                sensitivity: Sensitivity::default(),
                budget: Budget::default(),
            },
            alerts: AlertsConfig { cooldown_ms: 15 * 60_000, toast_severity: Severity::Warning, bell: true },
            display: DisplayConfig {
                theme: ThemeName::Auto,
                styles: Vec::new(),
                symbols: SymbolChoice::Auto,
                color: ColorChoice::Auto,
                window: Window::H24,
                timezone: "local".to_owned(),
            },
            tmux: TmuxMode::Auto,
            log_level: tracing::Level::INFO,
            book: MetricBook::default(),
            keymap: Keymap::default(),
        }
    }
}
