//! `perftop phase`: what a run does from now on, said by the command that is run.

use std::env;
use std::path::Path;

use super::exit::{Exit, Refusal};
use crate::clock::Clock;
use crate::measure::phases::{self, BeginError, VARIABLE};

/// Arguments of `perftop phase`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What begins; it lasts until the next phase or the end of the run
    name: String,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) else {
        let message =
            format!("there is no run to have a phase: `perftop run -- COMMAND` sets ${VARIABLE} for the command");
        return Err(Refusal::usage(message).into());
    };
    phases::begin(Path::new(&path), &args.name, &Clock::System).map_err(|error| match error {
        BeginError::Name { .. } | BeginError::Over => Refusal::usage(error.to_string()).into(),
        BeginError::Unwritable { .. } => anyhow::Error::from(error),
    })?;
    Ok(Exit::Ok)
}
