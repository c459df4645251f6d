//! The command line: what may be said, and its help. What a command does stands in its own file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::{
    accept, alerts, anomalies, backtest, baseline, collect, compare, completions, config, dashboard, demo, doctor,
    gate, ingest, label, man, mute, phase, prune, record, run, runs, spc, status, supervise, trends, why,
};
use crate::app::Tab;
use crate::config::{ColorChoice, Setting, SymbolChoice, ThemeName};
use crate::model::{SpcChart, Subject, Window};
use crate::report::Format;

const DB_HELP: &str = "The store [env: PERFTOP_DB; default: perftop/perftop.db in the XDG data directory]";
const CONFIG_HELP: &str =
    "The configuration [env: PERFTOP_CONFIG; default: perftop/config.toml in the XDG configuration directory]";
const DROP_DIR_HELP: &str = "Take in .jsonl, .csv, .prom, .lp and .json files that appear here [env: PERFTOP_DROP_DIR; default: perftop/drop in the XDG data directory]";

/// A terminal dashboard for tmux panes: is anything drifting, and should I care?
///
/// Without a command it shows the dashboard; without a terminal it prints the table once.
#[derive(Debug, Parser)]
#[command(name = "perftop", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 fine, 1 found something, 2 usage or configuration, 3 not enough data, 4 environments not comparable, 5 I/O or store."
)]
pub struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub global: GlobalArgs,

    /// What the dashboard understands.
    #[command(flatten)]
    pub dashboard: DashboardArgs,

    /// What to do instead of showing the dashboard.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The store.
    #[arg(long, global = true, value_name = "FILE", help = DB_HELP)]
    pub db: Option<PathBuf>,

    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", help = CONFIG_HELP)]
    pub config: Option<PathBuf>,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<ColorChoice>,

    /// Log more (-v debug, -vv trace)
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Say nothing on stderr but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// Options of the dashboard.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Dashboard options")]
pub struct DashboardArgs {
    /// The watched directory.
    #[arg(long, value_name = "DIR", help = DROP_DIR_HELP)]
    pub drop_dir: Option<PathBuf>,

    /// How far to look back: 1h, 6h, 24h, 7d, 30d or all
    #[arg(long, short, value_name = "SPAN")]
    pub window: Option<Window>,

    /// The metric to start with
    #[arg(long, short, value_name = "NAME")]
    pub metric: Option<String>,

    /// The tab to start with
    #[arg(long, value_name = "TAB")]
    pub tab: Option<Tab>,

    /// Show only metrics that match
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// How fine the glyphs may be
    #[arg(long, value_name = "SET")]
    pub symbols: Option<SymbolChoice>,

    /// The colours
    #[arg(long, value_name = "NAME")]
    pub theme: Option<ThemeName>,
}

impl Cli {
    /// The options that are settings, too.
    #[must_use]
    pub fn settings(&self) -> Vec<(Setting, &'static str, String)> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let dashboard = &self.dashboard;
        [
            (Setting::StorePath, "db", self.global.db.as_ref().map(path)),
            (Setting::Color, "color", self.global.color.map(|color| color.as_str().to_owned())),
            (Setting::DropDir, "drop-dir", dashboard.drop_dir.as_ref().map(path)),
            (Setting::Window, "window", dashboard.window.map(|window| window.to_string())),
            (Setting::Symbols, "symbols", dashboard.symbols.map(|symbols| symbols.as_str().to_owned())),
            (Setting::Theme, "theme", dashboard.theme.map(|theme| theme.as_str().to_owned())),
        ]
        .into_iter()
        .filter_map(|(setting, flag, value)| Some((setting, flag, value?)))
        .collect()
    }
}

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show a living dashboard over made-up samples, nothing to set up
    Demo(demo::Args),
    /// Put samples into the store
    Ingest(ingest::Args),
    /// Record one sample
    Record(record::Args),
    /// Execute a command, and record what it cost
    Run(run::Args),
    /// Say what a run does from now on
    Phase(phase::Args),
    /// Take in finished runs at once; every other command does so first
    #[command(hide = true)]
    Collect(collect::Args),
    /// Print what runs were like, where their time goes, and which were unusual
    Runs(runs::Args),
    /// Execute a command again and again, record and judge each run
    Supervise(supervise::Args),
    /// Print the table of baselines once
    Dashboard(dashboard::Args),
    /// Print the control chart of a metric
    Spc(spc::Args),
    /// Print where a metric is heading, hour by hour
    Trends(trends::Args),
    /// Print what is normal over 24 hours, a week and thirty days
    Baseline(baseline::Args),
    /// List alerts, and how often they were true
    Alerts(alerts::Args),
    /// Print everything that is known of an alert
    Why(why::Args),
    /// Call an alert true or false
    Label(label::Args),
    /// Tell no more of a metric or a rule for a while; alone, list what is muted
    Mute(mute::Args),
    /// Tell of it again
    Unmute(mute::UnmuteArgs),
    /// List recorded anomalies
    Anomalies(anomalies::Args),
    /// Replay samples through the detectors: what would have been raised
    Backtest(backtest::Args),
    /// Judge the newest runs for CI; exit code 1 when they are a regression or failed
    Gate(gate::Args),
    /// Compare two groups of runs, or two stretches of time
    Compare(compare::Args),
    /// Accept what the newest runs cost as the new normal
    Accept(accept::Args),
    /// Print one line for a status bar; exit code 1 when an alert fires
    Status(status::Args),
    /// Look at everything perftop depends on
    Doctor(doctor::Args),
    /// Delete what is old
    Prune(prune::Args),
    /// Show or check the configuration
    Config(config::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Write the manual pages
    Man(man::Args),
}

/// The command line of `perftop run` without the rest of it, which takes about as long to put together as a command takes
/// to start.
#[derive(Parser)]
#[command(name = "perftop")]
struct RunLine {
    #[command(flatten)]
    global: GlobalArgs,

    #[command(subcommand)]
    command: RunOnly,
}

#[derive(Subcommand)]
enum RunOnly {
    Run(run::Args),
}

impl Cli {
    /// Reads a command line. One of `perftop run` that is right is read by itself; a wrong one as all others, for what there
    /// is to say of it.
    ///
    /// # Errors
    /// When it is wrong, or asks for help.
    pub fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        let is_run = words.get(1).is_some_and(|word| word == "run");
        match is_run.then(|| RunLine::try_parse_from(words)) {
            Some(Ok(RunLine { global, command: RunOnly::Run(args) })) => {
                Ok(Self { global, dashboard: DashboardArgs::default(), command: Some(Command::Run(args)) })
            }
            _ => Self::try_parse_from(words),
        }
    }
}

/// `--format`, for commands that have more than one.
#[derive(Debug, Clone, Copy, Args)]
pub struct FormatArg {
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Makes words of other rooms words of the command line.
macro_rules! words {
    ($($choice:ty),*) => {
        $(impl ValueEnum for $choice {
            fn value_variants<'a>() -> &'a [Self] {
                &Self::EVERY
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(PossibleValue::new(self.as_str()))
            }
        })*
    };
}

words!(Format, ColorChoice, SymbolChoice, SpcChart, Subject, ThemeName);

impl ValueEnum for Tab {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::EVERY
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Baselines => "baselines",
            Self::ControlChart => "control-chart",
            Self::TimeSeries => "time-series",
        }))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        RunLine::command().debug_assert();
    }

    #[test]
    fn a_run_reads_the_same_by_itself() {
        let lines = [
            "perftop run true",
            "perftop run --name a --tag b=c --repeat 3 -q --db x -- sh -c --help",
            "perftop run -vv --config y --timeout 5m make -j 4",
        ];
        for line in lines {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let (alone, whole) = (Cli::read(&words).unwrap(), Cli::try_parse_from(&words).unwrap());
            assert_eq!(format!("{alone:?}"), format!("{whole:?}"));
        }
        for wrong in ["perftop run", "perftop run --help", "perftop run --nmae x true", "perftop run --repeat 0 true"] {
            let words: Vec<OsString> = wrong.split(' ').map(OsString::from).collect();
            let said = |answer: Result<Cli, clap::Error>| answer.unwrap_err().to_string();
            assert_eq!(said(Cli::read(&words)), said(Cli::try_parse_from(&words)));
        }
    }
}
