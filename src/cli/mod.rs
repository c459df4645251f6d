//! The command line: parse, run, answer with an exit code. One short file per command.

mod accept;
mod alerts;
mod anomalies;
pub mod args;
mod backtest;
mod baseline;
mod collect;
mod compare;
mod completions;
mod config;
mod context;
mod dashboard;
pub mod demo;
mod doctor;
mod exit;
mod expected;
mod gate;
mod ingest;
mod interrupt;
mod judged;
mod label;
mod logging;
mod man;
mod mute;
mod output;
mod phase;
mod progress;
mod prune;
mod record;
mod run;
mod runs;
mod segments;
mod spc;
mod status;
mod store;
mod supervise;
mod trends;
mod tui;
mod why;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::ErrorKind;

use args::{Cli, Command, DashboardArgs};
pub use context::Context;
pub use exit::{Exit, Refusal};

use crate::config::{ConfigError, paths};
use crate::report::Format;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let words: Vec<_> = env::args_os().collect();
    let cli = match Cli::read(&words) {
        Ok(cli) => cli,
        Err(error) => return answer_clap(&error).into(),
    };
    match dispatch(&cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = exit::exit_for(&error);
            if exit != Exit::Ok {
                report(&error);
            }
            exit.into()
        }
    }
}

/// Says what went wrong. Problems of the configuration start with their own place, as editors want it.
fn report(error: &anyhow::Error) {
    let who = if error.is::<ConfigError>() { "" } else { "perftop: " };
    let _ = writeln!(io::stderr(), "{who}{}", told(error));
}

/// The causes from the outside in; one whose text stands in the one before it is not said twice.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

/// Help and version are answers, everything else is wrong usage. A reader that has gone is neither.
fn answer_clap(error: &clap::Error) -> Exit {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
        _ => Exit::Usage,
    }
}

fn dispatch(cli: &Cli) -> anyhow::Result<Exit> {
    if cli.command.is_some() && cli.dashboard != DashboardArgs::default() {
        return Err(Refusal::usage("options of the dashboard go without a command: see `perftop --help`").into());
    }
    match &cli.command {
        Some(Command::Config(args)) => config::run(args, cli),
        Some(Command::Doctor(args)) => doctor::run(args, cli),
        Some(Command::Completions(args)) => completions::run(args),
        Some(Command::Man(args)) => man::run(args),
        // What is executed shall not wait for a log.
        Some(Command::Run(args)) => run::run(args, cli),
        Some(Command::Phase(args)) => phase::run(args),
        command => over_the_store(cli, command.as_ref()),
    }
}

/// Commands that need the whole configuration to be right, and may have something to log.
fn over_the_store(cli: &Cli, command: Option<&Command>) -> anyhow::Result<Exit> {
    let context = Context::new(cli)?;
    let _logging = logging::start(paths::log_dir(), logging::level(context.config.log_level, cli.global.verbose));
    match command {
        Some(Command::Demo(args)) => demo::run(args, &context),
        Some(Command::Backtest(args)) => backtest::run(args, &context),
        Some(Command::Ingest(args)) => ingest::run(args, &context),
        Some(Command::Record(args)) => record::run(args, &context),
        Some(Command::Collect(args)) => collect::run(args, &context),
        Some(Command::Supervise(args)) => supervise::run(args, &context),
        Some(Command::Runs(args)) => runs::run(args, &context),
        Some(Command::Dashboard(args)) => dashboard::run(args, &context),
        Some(Command::Spc(args)) => spc::run(args, &context),
        Some(Command::Trends(args)) => trends::run(args, &context),
        Some(Command::Baseline(args)) => baseline::run(args, &context),
        Some(Command::Alerts(args)) => alerts::run(args, &context),
        Some(Command::Why(args)) => why::run(args, &context),
        Some(Command::Label(args)) => label::run(args, &context),
        Some(Command::Mute(args)) => mute::run(args, &context),
        Some(Command::Unmute(args)) => mute::unmute(args, &context),
        Some(Command::Anomalies(args)) => anomalies::run(args, &context),
        Some(Command::Status(args)) => status::run(args, &context),
        Some(Command::Gate(args)) => gate::run(args, &context),
        Some(Command::Compare(args)) => compare::run(args, &context),
        Some(Command::Accept(args)) => accept::run(args, &context),
        Some(Command::Prune(args)) => prune::run(args, &context),
        _ => bare(&cli.dashboard, &context),
    }
}

/// `perftop` alone: the dashboard; without somebody to look at it, the table once.
fn bare(args: &DashboardArgs, context: &Context) -> anyhow::Result<Exit> {
    if Context::is_interactive() {
        return tui::run(args, context);
    }
    dashboard::print(context, args.window, args.filter.as_deref(), Format::Text)
}
