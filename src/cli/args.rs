//! The command line: what may be said, and its help. What a command does stands in its own file.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::{completions, man};
use crate::app::Tab;
use crate::config::{ColorChoice, SymbolChoice};
use crate::model::Window;
use crate::report::Format;

/// A terminal dashboard for tmux panes: is anything drifting, and should I care?
///
/// Without a command it shows the dashboard; without a terminal it prints the table once.
#[derive(Debug, Parser)]
#[command(name = "perftop", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 fine, 1 found something, 2 usage or configuration, 3 not enough data, 5 I/O or store."
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
    /// The store; by default perftop/perftop.db in the XDG data directory
    #[arg(long, global = true, env = "PERFTOP_DB", hide_env_values = true, value_name = "FILE")]
    pub db: Option<PathBuf>,

    /// The configuration; by default perftop/config.toml in the XDG configuration directory
    #[arg(long, global = true, env = "PERFTOP_CONFIG", hide_env_values = true, value_name = "FILE")]
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
    /// Take in .jsonl files that appear here; by default perftop/drop in the XDG data directory
    #[arg(long, value_name = "DIR")]
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

    /// The colours: auto or mono
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
}

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Write the manual pages
    Man(man::Args),
}

/// `--format`, for commands that have more than one.
#[derive(Debug, Clone, Copy, Args)]
pub struct FormatArg {
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Text, Self::Json, Self::Csv]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for ColorChoice {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::EVERY
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for SymbolChoice {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::EVERY
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for Tab {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::EVERY
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(match self {
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
    }
}
