//! The log file: `perftop.YYYY-MM-DD.log` in the XDG state directory, one file a day, three kept.
//!
//! Nothing is logged to the terminal, and no file appears before there is something to log.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use tracing::Level;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::model::text::printable;

/// Daily files that are kept.
const KEPT_FILES: usize = 3;

/// Starts logging into `dir`; what is logged is on disk once the guard is dropped.
pub fn start(dir: PathBuf, level: Level) -> WorkerGuard {
    let (writer, guard) = NonBlocking::new(LazyFile { dir, file: None });
    let to_file = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false).with_writer(writer);
    let ours = Targets::new().with_target(env!("CARGO_PKG_NAME"), level);
    // Only a second start in one process could fail, and the first goes on.
    let _ = tracing_subscriber::registry().with(to_file).with(ours).try_init();
    guard
}

/// The level in force: each `-v` is one step louder than the configuration, at least `debug`.
#[must_use]
pub fn level(configured: Level, verbose: u8) -> Level {
    match verbose {
        0 => configured,
        1 => configured.max(Level::DEBUG),
        _ => Level::TRACE,
    }
}

/// A log file that is created by its first line. Every write is one line of the log: whatever a
/// terminal would act on is spelled out before it gets there.
struct LazyFile {
    dir: PathBuf,
    file: Option<RollingFileAppender>,
}

impl LazyFile {
    fn open(&mut self) -> io::Result<&mut RollingFileAppender> {
        let file = if let Some(file) = self.file.take() {
            file
        } else {
            fs::create_dir_all(&self.dir)?;
            RollingFileAppender::builder()
                .rotation(Rotation::DAILY)
                .filename_prefix("perftop")
                .filename_suffix("log")
                .max_log_files(KEPT_FILES)
                .build(&self.dir)
                .map_err(io::Error::other)?
        };
        Ok(self.file.insert(file))
    }
}

impl Write for LazyFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let mut safe = printable(text.trim_end_matches('\n')).into_owned();
        safe.push('\n');
        self.open()?.write_all(safe.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Level::INFO, 0, Level::INFO)]
    #[case(Level::INFO, 1, Level::DEBUG)]
    #[case(Level::TRACE, 1, Level::TRACE)]
    #[case(Level::WARN, 2, Level::TRACE)]
    fn each_v_is_louder(#[case] configured: Level, #[case] verbose: u8, #[case] expected: Level) {
        assert_eq!(level(configured, verbose), expected);
    }

    #[test]
    fn a_hostile_name_stays_on_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = LazyFile { dir: dir.path().join("log"), file: None };
        assert!(!dir.path().join("log").exists(), "nothing is written before there is something to say");
        file.write_all(b"WARN metric=\x1b[31mred\nWARN forged\n").unwrap();
        file.flush().unwrap();
        let written = fs::read_dir(dir.path().join("log")).unwrap().next().unwrap().unwrap().path();
        assert_eq!(fs::read_to_string(written).unwrap(), "WARN metric=^[[31mred^JWARN forged\n");
    }
}
