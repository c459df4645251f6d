//! What becomes of lines that were not taken: the first are shown, all are kept when asked.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::Context;
use super::super::exit::Refusal;
use crate::ingest::Reject;
use crate::model::text::printable_short;

/// How many rejected lines are shown one by one.
const SHOWN: u64 = 10;

/// The rejects file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the rejects file `{}`: {source}", path.display())]
pub struct RejectsError {
    path: PathBuf,
    source: io::Error,
}

/// Refuses to write rejects over a file that they come from: creating it would empty it.
///
/// # Errors
/// When an input is the very file, by whatever name.
pub fn refuse_input(rejects: &Path, inputs: &[PathBuf]) -> Result<(), Refusal> {
    let identity =
        |path: &Path| fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|file| (file.dev(), file.ino()));
    let Some(own) = identity(rejects) else { return Ok(()) };
    match inputs.iter().find(|input| identity(input) == Some(own)) {
        Some(input) => Err(Refusal::usage(format!(
            "`{}` is an input: keep the rejects in another file",
            printable_short(&input.to_string_lossy(), 200)
        ))),
        None => Ok(()),
    }
}

/// Shows the first rejects and keeps them all.
#[derive(Debug)]
pub struct RejectLog {
    file: Option<(PathBuf, BufWriter<File>)>,
    count: u64,
}

#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    line: u64,
    reason: String,
    text: &'a str,
}

impl RejectLog {
    /// Creates the rejects file, if there is to be one.
    pub fn new(path: Option<&Path>) -> Result<Self, RejectsError> {
        let create = |path: &Path| {
            let file = File::create(path).map_err(|source| RejectsError { path: path.to_owned(), source })?;
            Ok((path.to_owned(), BufWriter::new(file)))
        };
        Ok(Self { file: path.map(create).transpose()?, count: 0 })
    }

    /// Takes the rejects of a stretch of an input.
    pub fn keep(&mut self, context: &Context, input: &str, rejects: &[Reject]) -> Result<(), RejectsError> {
        let shown_input = printable_short(input, 200);
        for Reject { line, reason, text } in rejects {
            if self.count < SHOWN {
                context.say(&format!("{shown_input}:{line}: {reason}"));
            }
            self.count += 1;
            if let Some((path, file)) = &mut self.file {
                let row = Row { file: input, line: *line, reason: reason.to_string(), text };
                serde_json::to_writer(&mut *file, &row)
                    .map_err(io::Error::from)
                    .and_then(|()| file.write_all(b"\n"))
                    .map_err(|source| RejectsError { path: path.clone(), source })?;
            }
        }
        Ok(())
    }

    /// Says how many there were besides those shown, and where they are.
    pub fn finish(&mut self, context: &Context) -> Result<(), RejectsError> {
        let more = self.count.saturating_sub(SHOWN);
        let place = self.file.as_ref().map(|(path, _)| format!("all of them are in {}", path.display()));
        match (more, place) {
            (0, _) => {}
            (more, Some(place)) => context.say(&format!("and {more} more; {place}")),
            (more, None) => context.say(&format!("and {more} more (--rejects FILE keeps them all)")),
        }
        match &mut self.file {
            Some((path, file)) => file.flush().map_err(|source| RejectsError { path: path.clone(), source }),
            None => Ok(()),
        }
    }
}
