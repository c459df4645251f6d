//! What the newest runs are compared with.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, anyhow};

use super::plain;
use crate::cli::exit::Refusal;
use crate::model::text::{printable_short, value};
use crate::model::{NewRun, Run, Unit};
use crate::runs::Selector;
use crate::store::Store;

/// Runs before the newest, when nothing else is said and nothing was accepted.
const WINDOW: usize = 30;
/// A file of more than this is none of ours: a run takes less than a kilobyte.
const MOST_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A baseline as the user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baseline {
    /// What was accepted last.
    LastAccepted,
    /// So many runs before the newest.
    Window(usize),
    /// Runs by tag or commit.
    Selected(Selector),
    /// Runs in a file that `perftop accept --file` wrote.
    File(PathBuf),
}

impl FromStr for Baseline {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "last-accepted" {
            return Ok(Self::LastAccepted);
        }
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Self::File(path.into()));
        }
        if let Some(count) = text.strip_prefix("window:") {
            let count = count.parse().ok().filter(|&count| count > 0);
            return count
                .map(Self::Window)
                .ok_or_else(|| "window: expected a number of runs, such as window:30".to_owned());
        }
        match text.parse() {
            Ok(selector @ (Selector::Tag(..) | Selector::Commit(_) | Selector::Numbers(..))) => {
                Ok(Self::Selected(selector))
            }
            _ => {
                Err("expected last-accepted, window:N, tag:KEY=VALUE, commit:HASH, runs:FROM..TO or file:PATH"
                    .to_owned())
            }
        }
    }
}

/// The runs of a baseline and how it is named; none of the newest is among them.
pub(super) fn find(
    baseline: Option<&Baseline>,
    store: &Store,
    module: &str,
    runs: &[Run],
    newest: &[&Run],
) -> anyhow::Result<(String, Vec<NewRun>)> {
    let is_before = |run: &&Run| {
        newest.first().is_none_or(|first| (run.run.started_ms, run.id) < (first.run.started_ms, first.id))
            && run.run.exit.is_success()
    };
    let window = |count: usize| {
        let before: Vec<&Run> = runs.iter().filter(is_before).collect();
        (format!("window:{count}"), plain(&before[before.len().saturating_sub(count)..]))
    };
    let accepted = || -> anyhow::Result<Option<(String, Vec<NewRun>)>> {
        let newest = store.accepted(module)?.into_iter().next();
        Ok(newest.map(|accepted| (format!("accepted, version {}", accepted.id), accepted.runs)))
    };
    match baseline {
        None => Ok(accepted()?.unwrap_or_else(|| window(WINDOW))),
        Some(Baseline::LastAccepted) => accepted()?.ok_or_else(|| {
            let shown = printable_short(module, 60);
            Refusal::not_enough_data(format!("nothing is accepted of `{shown}`: `perftop accept {shown}` does")).into()
        }),
        Some(Baseline::Window(count)) => Ok(window(*count)),
        Some(Baseline::Selected(selector)) => {
            let before: Vec<&Run> = selector.of(runs).into_iter().filter(is_before).collect();
            Ok((selector.to_string(), plain(&before)))
        }
        Some(Baseline::File(path)) => {
            let mut runs = read(path)?;
            runs.retain(|run| *run.module == *module);
            Ok((format!("file:{}", path.display()), runs))
        }
    }
}

/// The runs of a file, one JSON object a line.
fn read(path: &Path) -> anyhow::Result<Vec<NewRun>> {
    let shown = printable_short(&path.to_string_lossy(), 200);
    let about = || format!("cannot read the baseline `{shown}`");
    let file = fs::metadata(path).with_context(about)?;
    if !file.is_file() {
        return Err(anyhow!("it is not a regular file").context(about()));
    }
    if file.len() > MOST_FILE_BYTES {
        let most = value(MOST_FILE_BYTES as f64, Unit::Bytes);
        return Err(anyhow!("it is larger than {most}: `perftop accept --file` writes smaller ones").context(about()));
    }
    let mut text = String::new();
    File::open(path).with_context(about)?.take(MOST_FILE_BYTES).read_to_string(&mut text).with_context(about)?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let run = |(line, number): (&str, usize)| {
        parsed(line).map_err(|what| anyhow!("{shown}:{number}: {what}; `perftop accept --file` writes it anew"))
    };
    lines.map(run).collect()
}

fn parsed(line: &str) -> Result<NewRun, String> {
    let run: NewRun = serde_json::from_str(line).map_err(|error| format!("no run: {error}"))?;
    match run.impossible() {
        Some((name, found)) => Err(format!("`{}` cannot be {found}", printable_short(name, 60))),
        None => Ok(run),
    }
}
