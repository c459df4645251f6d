//! The dependency rule of `ARCHITECTURE.md`, held against the code: a room uses only the rooms listed
//! for it, SQL stays in the store, and only the terminal and command-line rooms print.

#![allow(clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &[]),
    ("stats", &["model"]),
    ("detect", &["model", "stats"]),
    ("runs", &["model", "stats"]),
    ("ingest", &["model", "clock"]),
    ("measure", &["model", "clock", "ingest"]),
    ("store", &["model", "stats"]),
    ("engine", &["model", "clock", "stats", "detect", "runs", "ingest", "store"]),
    ("app", &["model"]),
    ("ui", &["model", "app"]),
    ("render", &[]),
    ("report", &["model", "runs", "ui"]),
    ("config", &["model", "app", "ui"]),
    ("tui", &["model", "clock", "engine", "app", "ui", "render", "report"]),
    (
        "cli",
        &[
            "model", "clock", "stats", "detect", "runs", "ingest", "measure", "store", "engine", "app", "ui", "render",
            "report", "config", "tui",
        ],
    ),
];

/// Crates that belong to some rooms only.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("ratatui", &["ui", "render", "tui", "config", "cli"]),
    ("crossterm", &["tui"]),
    ("tokio", &["engine", "tui", "cli"]),
    ("notify", &["engine"]),
    ("clap", &["cli", "main"]),
    ("anyhow", &["cli", "main"]),
    ("statrs", &["stats"]),
    ("wait4", &["measure"]),
    ("signal_hook", &["measure"]),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The room a file stands in, and its lines of code without comments.
fn rooms() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 10, "found only {} source files", files.len());
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&src).expect("below src");
            let first = inside.iter().next().expect("a file has a name").to_string_lossy();
            let room = first.trim_end_matches(".rs").to_owned();
            let code = fs::read_to_string(&path)
                .expect("source is readable")
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            (room, path, code)
        })
        .collect()
}

/// Whether `code` names `path::` as a whole word.
fn names(code: &str, path: &str) -> bool {
    let needle = format!("{path}::");
    code.match_indices(&needle).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ':')
    })
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    for (room, path, code) in rooms() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == room) else {
            assert!(room == "lib" || room == "main", "{} stands in a room the rule does not know", path.display());
            continue;
        };
        for (other, _) in MAY_USE {
            if *other != room && !allowed.contains(other) {
                assert!(
                    !names(&code, &format!("crate::{other}")) && !code.contains(&format!("use crate::{other};")),
                    "{} uses {other}, which {room} may not",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    for (room, path, code) in rooms() {
        for (library, allowed) in ONLY_IN {
            if !allowed.contains(&room.as_str()) {
                assert!(!names(&code, library), "{} uses {library}, which {room} may not", path.display());
            }
        }
    }
}

#[test]
fn sql_stays_in_the_store() {
    for (room, path, code) in rooms() {
        if room != "store" {
            for statement in ["SELECT ", "INSERT INTO", "DELETE FROM", "UPDATE perf", "CREATE TABLE", "PRAGMA "] {
                assert!(!code.contains(statement), "{} speaks SQL", path.display());
            }
        }
    }
}

#[test]
fn every_source_file_says_what_it_owns() {
    for (_, path, _) in rooms() {
        let text = fs::read_to_string(&path).expect("source is readable");
        assert!(text.starts_with("//!"), "{} has no module comment", path.display());
    }
}
