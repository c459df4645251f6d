//! `perftop config print|path|check`: what is in force, where it stands, whether it is right.

use std::io::{self, Write as _};

use clap::Subcommand;

use super::args::Cli;
use super::context::Context;
use super::exit::Exit;

/// The default configuration, every setting commented out.
pub const TEMPLATE: &str = include_str!("../../assets/config.toml");

/// Arguments of `perftop config`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the settings in force, each with where it comes from
    Print {
        /// Print a commented file with every setting and its default instead
        #[arg(long)]
        default: bool,
    },
    /// Print where the configuration file is, or would be
    Path,
    /// Say what is wrong with the configuration, if anything
    Check,
}

/// Answers; of the configuration it needs no more than the question does.
pub fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    match args.what {
        What::Print { default: true } => out.write_all(TEMPLATE.as_bytes())?,
        What::Print { default: false } => out.write_all(Context::load(cli)?.to_toml().as_bytes())?,
        What::Path => writeln!(out, "{}", Context::config_path(cli).display())?,
        What::Check => {
            let loaded = Context::load(cli)?;
            let missing = if loaded.has_file { "" } else { " (there is no such file; the defaults hold)" };
            writeln!(out, "{}: ok{missing}", loaded.path.display())?;
        }
    }
    Ok(Exit::Ok)
}
