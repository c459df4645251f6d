//! What is wrong with a configuration, and where: every problem carries its place.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::text::{printable, printable_short};

/// How much of a key or value that came from outside is repeated in a message.
const SHOWN_CHARS: usize = 60;

/// Words a message lists at most.
const LISTED: usize = 20;

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A place in a file; line and column count from 1, the column in characters.
    File {
        /// The file.
        path: Arc<PathBuf>,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// An environment variable.
    Env(&'static str),
    /// An option of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => {
                write!(f, "{}:{line}:{column}", printable(&path.display().to_string()))
            }
            Self::Env(name) => f.write_str(name),
            Self::Flag(flag) => write!(f, "--{flag}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// What, and what to do.
    pub message: String,
}

impl Problem {
    /// Sorts by place: the file from top to bottom, then the environment and the command line.
    #[must_use]
    pub const fn place(&self) -> (bool, usize, usize) {
        match self.origin {
            Origin::File { line, column, .. } => (false, line, column),
            Origin::Default | Origin::Env(_) | Origin::Flag(_) => (true, 0, 0),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message)
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was asked for cannot be read.
    #[error("{path}: cannot read the configuration: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It was read and is wrong in these places.
    #[error("{}", lines(.0))]
    Wrong(Vec<Problem>),
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Text from outside as it may stand in a message.
pub fn quoted(text: &str) -> String {
    printable_short(text, SHOWN_CHARS)
}

/// A message of another room as it may stand in ours; longer than a word, for it says what to do.
pub fn relayed(message: &impl fmt::Display) -> String {
    printable_short(&message.to_string(), 4 * SHOWN_CHARS)
}

/// `did you mean ...`, or the words that would have been understood, or where to find them.
pub fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.clone().count() > LISTED => "`perftop config print --default` lists them all".to_owned(),
        None => format!("expected one of {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// The known word most like `word`, if one is like it at all: at most a third of it mistyped, or else
/// the shortest that `word` is a part of.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let word = word.to_lowercase();
    let mistyped = known
        .clone()
        .map(|known| (strsim::damerau_levenshtein(&word, &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= (known.chars().count().max(word.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known);
    let part_of = |known: &&str| word.chars().count() >= 3 && known.to_lowercase().contains(&word);
    mistyped.or_else(|| known.filter(part_of).min_by_key(|known| known.len()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("pth", Some("path"))]
    #[case("drop-dir", Some("drop_dir"))]
    #[case("Path", Some("path"))]
    #[case("retentoin", Some("retention"))]
    #[case("reten", Some("retention"))]
    #[case("re", None)]
    #[case("colour_scheme", None)]
    fn the_nearest_word_is_offered_only_when_it_is_near(#[case] word: &str, #[case] near: Option<&str>) {
        assert_eq!(nearest(word, ["path", "drop_dir", "retention"].into_iter()), near);
    }

    #[test]
    fn without_a_near_word_all_are_listed() {
        assert_eq!(hint("zzz", ["auto", "mono"].into_iter()), "expected one of auto, mono");
    }
}
