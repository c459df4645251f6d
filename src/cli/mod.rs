//! The command line: parse, run, answer with an exit code. One short file per command.

pub mod args;
mod completions;
mod config;
mod context;
pub mod demo;
mod exit;
mod logging;
mod man;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use args::{Cli, Command, DashboardArgs};
pub use context::Context;
pub use exit::{Exit, Refusal};

use crate::config::{ConfigError, paths};

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
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
    let _ = writeln!(io::stderr(), "{who}{error:#}");
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
        Some(Command::Completions(args)) => return completions::run(args),
        Some(Command::Man(args)) => return man::run(args),
        Some(Command::Config(args)) => return config::run(args, cli),
        None => {}
    }
    let context = Context::new(cli)?;
    let _logging = logging::start(paths::log_dir(), logging::level(context.config.log_level, cli.global.verbose));
    Ok(Exit::Ok)
}
