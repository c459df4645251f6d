//! `perftop supervise`: a job that repeats, each run of it recorded and judged.
//!
//! What it has to know after a restart of its own stands in the tags of the runs.

mod schedule;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use self::schedule::{Attempt, Done, Plan};
use super::collect;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::run::{Once, What, refusal, some_span, span};
use crate::config::paths;
use crate::measure::Signals;
use crate::model::text::{counted, printable_short, value};
use crate::model::time::length;
use crate::model::{NewRun, Unit, measure};
use crate::store::{Store, StoreError};

/// How far back the newest run of a job is looked for among those that others made of the same module.
const LOOKED_THROUGH: usize = 1_000;
/// A restart waits this long at most.
const MAX_BACKOFF: Duration = Duration::from_mins(1);
/// The clock is looked at again so often: it may be set, or the machine sleep.
const LOOK_EVERY: Duration = Duration::from_secs(30);
const HOUR_MS: i64 = 3_600_000;

/// Arguments of `perftop supervise`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// From the beginning of one run to that of the next: 1h, 30s
    #[arg(long, value_name = "SPAN", value_parser = some_span)]
    every: Duration,

    /// How often to restart it, each time, when it fails, before the next run is waited for
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=1_000))]
    restarts: u32,

    /// How long the first restart waits; each further one waits twice as long, at most a minute
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = span)]
    backoff: Duration,

    #[command(flatten)]
    what: What,
}

/// Runs the job until it is told to end.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let spool = collect::spool(context);
    let once = Once::new(&args.what, context, &spool)?;
    let _turn = turn(context, once.module())?;
    let signals = Signals::listen(args.what.has_timeout())?;
    collect::bring_in(context);
    let newest = newest(context, once.module())?;
    Supervisor { args, context, once, signals, newest, has_run: false }.until_told()
}

/// What a job was up to when it was last run.
fn newest(context: &Context, module: &str) -> Result<Option<Done>, StoreError> {
    let store = match Store::open_read(&context.config.store.path) {
        Err(StoreError::Missing { .. }) => return Ok(None),
        store => store?,
    };
    Ok(store.runs(module, LOOKED_THROUGH)?.iter().rev().find_map(|run| Done::of(&run.run)))
}

/// One supervisor at a time has a module; kept until the answer is dropped.
fn turn(context: &Context, module: &str) -> anyhow::Result<File> {
    let store = std::path::absolute(&context.config.store.path)?;
    let what = [store.as_os_str().as_encoded_bytes(), b"\0", module.as_bytes()].concat();
    let number = crc::Crc::<u64>::new(&crc::CRC_64_XZ).checksum(&what);
    let path = paths::log_dir().join(format!("supervise-{number:016x}.lock"));
    let unusable = |error: io::Error| anyhow::anyhow!("cannot write `{}`: {error}", shown(&path));
    fs::create_dir_all(paths::log_dir()).map_err(unusable)?;
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let module = printable_short(module, 60);
            Err(Refusal::usage(format!("`{module}` is supervised already: give this job another --name")).into())
        }
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn shown(path: &Path) -> String {
    printable_short(&path.to_string_lossy(), 200)
}

/// To the second, from a second on: half of what is shown would be cut off else.
const fn rounded(span_ms: i64) -> i64 {
    if span_ms < 1_000 { span_ms } else { (span_ms + 500) / 1_000 * 1_000 }
}

struct Supervisor<'a> {
    args: &'a Args,
    context: &'a Context,
    once: Once<'a>,
    signals: Signals,
    newest: Option<Done>,
    /// Whether the command could be executed at all.
    has_run: bool,
}

impl Supervisor<'_> {
    fn until_told(&mut self) -> anyhow::Result<Exit> {
        let plan = self.plan();
        loop {
            let (due_ms, attempt) = plan.next(self.newest, self.context.now_ms());
            if let Some(ended) = self.wait(due_ms)? {
                return Ok(ended);
            }
            // It begins when it is begun, not when it was due.
            let began_ms = if attempt.restart == 0 { self.context.now_ms() } else { attempt.began_ms };
            let attempt = Attempt { began_ms, ..attempt };
            let told = self.execute(attempt)?;
            if let Some(run) = told {
                collect::bring_in(self.context);
                self.tell(&plan, &run, &attempt);
                let is_success = run.exit.is_success();
                collect::bring_in_and_tell(self.once.module(), run.started_ms, is_success, self.context);
            }
        }
    }

    fn plan(&self) -> Plan {
        let ms = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX).max(1);
        let Args { every, restarts, backoff, .. } = self.args;
        Plan {
            every_ms: ms(*every),
            max_restarts: *restarts,
            backoff_ms: ms(*backoff),
            max_backoff_ms: ms(MAX_BACKOFF).max(ms(*backoff)),
        }
    }

    /// Waits until it is time; answers how to end when it was told to.
    fn wait(&mut self, due_ms: i64) -> io::Result<Option<Exit>> {
        loop {
            let left_ms = u64::try_from(due_ms - self.context.now_ms()).unwrap_or(0);
            let is_asked_to_end = self.signals.pause(Duration::from_millis(left_ms).min(LOOK_EVERY))?;
            if let (true, Some(signal)) = (is_asked_to_end, self.signals.ending()) {
                return Ok(Some(Exit::Signal(u8::try_from(signal.as_raw()).unwrap_or_default())));
            }
            if self.context.now_ms() >= due_ms {
                return Ok(None);
            }
        }
    }

    /// Executes the job; answers with the run, if there was one that counts.
    fn execute(&mut self, attempt: Attempt) -> anyhow::Result<Option<NewRun>> {
        let mut record = match self.once.execute(&mut self.signals) {
            Ok(record) => record,
            Err(error) => {
                let error = refusal(self.args.what.program(), &error);
                if !self.has_run {
                    return Err(error.into());
                }
                // It was there before, and may be again: while it is replaced, for example.
                let _ = writeln!(io::stderr(), "perftop: {error}");
                let ended_ms = self.context.now_ms();
                self.newest = Some(Done { attempt, ended_ms, is_success: false });
                return Ok(None);
            }
        };
        self.has_run = true;
        let is_success = record.run.exit.is_success();
        if self.signals.ending().is_some() && !is_success {
            // It was ended together with us, and has not failed: it will be run again.
            return Ok(None);
        }
        record.run.tags.extend(attempt.tags());
        self.once.keep(&record);
        self.newest = Some(Done { attempt, ended_ms: record.run.ended_ms, is_success });
        Ok(Some(record.run))
    }

    fn tell(&self, plan: &Plan, run: &NewRun, attempt: &Attempt) {
        let took = value(run.measured(measure::DURATION).unwrap_or_default(), Unit::Milliseconds);
        let now_ms = self.context.now_ms();
        let (due_ms, next) = plan.next(self.newest, now_ms);
        let what = if next.restart > 0 { "restart" } else { "next" };
        let ended = if run.exit.is_success() { run.exit.to_string() } else { format!("FAILED ({})", run.exit) };
        let line = format!(
            "{}: iteration {}, {ended} in {took}, {}, {}, {what} in {}",
            printable_short(self.once.module(), 60),
            attempt.iteration,
            counted(attempt.restarts, "restart"),
            self.surroundings(now_ms).unwrap_or_else(|error| format!("store: {error}")),
            length(rounded(due_ms - now_ms)),
        );
        self.context.say(&line);
    }

    /// How many modules there are, and how many anomalies there were of late.
    fn surroundings(&self, now_ms: i64) -> Result<String, StoreError> {
        let store = Store::open_read(&self.context.config.store.path)?;
        let modules = store.modules()?.len() as u64;
        let anomalies = store.run_anomalies(None, now_ms - HOUR_MS, usize::MAX)?.len() as u64;
        let (modules, anomalies) = (counted(modules, "module"), counted(anomalies, "anomaly"));
        Ok(format!("{modules} tracked, {anomalies} in the last hour"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{length, rounded};

    #[rstest]
    #[case(400, "400ms")]
    #[case(1_000, "1s")]
    #[case(1_499, "1s")]
    #[case(1_900, "2s")]
    #[case(59_700, "1m")]
    #[case(3_599_999, "1h")]
    fn what_is_left_is_said_to_the_second(#[case] span_ms: i64, #[case] told: &str) {
        assert_eq!(length(rounded(span_ms)), told);
    }
}
