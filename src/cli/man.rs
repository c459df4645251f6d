//! `perftop man [DIR]`: the manual, one page per command.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::args::Cli;
use super::exit::Exit;

/// Arguments of `perftop man`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to write the pages; without it the main page goes to stdout
    dir: Option<PathBuf>,
}

/// Prints the main page, or writes every page into a directory.
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut command = Cli::command();
    command.build();
    let Some(dir) = &args.dir else {
        io::stdout().write_all(&page(command)?)?;
        return Ok(Exit::Ok);
    };
    fs::create_dir_all(dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    write_pages(&command, dir)?;
    Ok(Exit::Ok)
}

/// Writes the page of a command and of everything below it: `perftop.1`, `perftop-config-print.1`.
fn write_pages(command: &Command, dir: &Path) -> anyhow::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let path = dir.join(format!("{name}.1"));
    fs::write(&path, page(command.clone().name(name))?)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        write_pages(below, dir)?;
    }
    Ok(())
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}
