//! `perftop run`: executes a command and records what it cost. To whoever looks on, the command alone runs.

mod once;
mod summary;

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

pub(super) use self::once::Once;
use self::summary::Summary;
use super::args::Cli;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::{collect, record};
use crate::measure::spool::{Place, Spool};
use crate::measure::{Signals, StartError};
use crate::model::RunExit;
use crate::model::text::printable_short;
use crate::model::time::parse_duration_ms;

/// What a command is told that ran out of time, as timeout(1) tells it.
const TIMED_OUT: u8 = 124;
/// The longest time that can be asked for.
const MAX_SPAN_S: f64 = 366.0 * 86_400.0;
/// The most executions.
const MAX_REPEAT: i64 = 100_000;

/// Arguments of `perftop run`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The exit code is the command's: 128+n when signal n ended it, 124 when it ran out of time, 127 when there is no such command, 126 when it cannot be executed."
)]
pub struct Args {
    /// How often to execute it; it stops when it fails
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=MAX_REPEAT))]
    repeat: u32,

    /// How often to execute it before, unrecorded
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=MAX_REPEAT))]
    warmup: u32,

    /// How long to rest between two executions: 2s, 500ms, or a number of seconds
    #[arg(long, value_name = "SPAN", value_parser = span)]
    cooldown: Option<Duration>,

    /// Go on when it fails; what failed is recorded and left out of the summary
    #[arg(long)]
    ignore_failure: bool,

    #[command(flatten)]
    what: What,
}

/// What is executed, and as what.
#[derive(Debug, clap::Args)]
pub struct What {
    /// What to record it as; by default the program's name without its directory
    #[arg(long, value_name = "MODULE")]
    name: Option<String>,

    /// A tag of the run; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = record::tag)]
    tag: Vec<(String, String)>,

    /// End the command and all it started when it takes longer; it cannot read from the terminal then
    #[arg(long, value_name = "SPAN", value_parser = some_span)]
    timeout: Option<Duration>,

    /// The command with its arguments; after `--` where it begins with a dash
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl What {
    /// The program, as it was said.
    pub fn program(&self) -> &Path {
        Path::new(&self.command[0])
    }

    /// Whether it may run for so long only.
    pub const fn has_timeout(&self) -> bool {
        self.timeout.is_some()
    }
}

/// Reads a length of time.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let seconds = match text.parse::<f64>() {
        Ok(seconds) => seconds,
        Err(_) => parse_duration_ms(text).map_err(|error| error.to_string())? as f64 / 1_000.0,
    };
    if (0.0..=MAX_SPAN_S).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("expected a length of time from 0s to 366d".to_owned())
    }
}

/// Reads a length of time in which something can happen.
pub(super) fn some_span(text: &str) -> Result<Duration, String> {
    span(text).and_then(|span| if span.is_zero() { Err("expected more than 0s".to_owned()) } else { Ok(span) })
}

/// Runs the command.
pub fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let context = Context::new(cli)?;
    let from_ms = context.now_ms();
    let spool = collect::spool(&context);
    let once = Once::new(&args.what, &context, &spool)?;
    let signals = Signals::listen(args.what.has_timeout())?;
    let mut session = Session { args, context: &context, once, signals, summary: Summary::default() };
    let answer = session.executions();
    if args.repeat > 1 || cli.global.verbose > 0 {
        session.summary.say(session.once.module(), &context);
    }
    if cli.global.verbose > 0 {
        // Whoever wants to know what was found of it waits for the store.
        collect::bring_in_and_tell(session.once.module(), from_ms, session.summary.has_success(), &context);
    }
    if session.summary.has_runs() {
        collect_aside(cli, &context.config.store.path, &spool);
    }
    answer
}

/// The executions of one command line.
struct Session<'a> {
    args: &'a Args,
    context: &'a Context,
    once: Once<'a>,
    signals: Signals,
    summary: Summary,
}

impl Session<'_> {
    fn executions(&mut self) -> anyhow::Result<Exit> {
        let Args { warmup, repeat, .. } = *self.args;
        for number in 1..warmup + repeat {
            let exit = self.execution(number > warmup)?;
            if let Some(stopped) = self.is_stopped(exit, number)? {
                return Ok(stopped);
            }
        }
        let exit = self.execution(true)?;
        Ok(if self.args.ignore_failure { Exit::Ok } else { shell_exit(exit) })
    }

    fn execution(&mut self, is_recorded: bool) -> Result<RunExit, Refusal> {
        let run = self.once.execute(&mut self.signals).map_err(|error| refusal(self.args.what.program(), &error))?;
        let exit = run.run.exit;
        if is_recorded {
            self.once.keep(&run);
            self.summary.add(&run.run);
        }
        Ok(exit)
    }

    /// Whether there are to be no more, and what to answer then; rests when there are.
    fn is_stopped(&mut self, exit: RunExit, number: u32) -> anyhow::Result<Option<Exit>> {
        let Args { warmup, ignore_failure, cooldown, .. } = *self.args;
        let is_failure = !exit.is_success() && !ignore_failure;
        let is_asked_to_end = self.signals.pause(cooldown.filter(|_| !is_failure).unwrap_or_default())?;
        match self.signals.ending() {
            Some(signal) if is_asked_to_end && exit.is_success() => {
                Ok(Some(Exit::Signal(u8::try_from(signal.as_raw()).unwrap_or_default())))
            }
            _ if is_failure => {
                let (what, number) = if number > warmup { ("run", number - warmup) } else { ("warm-up", number) };
                let ended = match exit {
                    RunExit::Code(code) => format!("ended with exit code {code}"),
                    RunExit::Signal(signal) => format!("was ended by signal {signal}"),
                    RunExit::TimedOut => "took too long".to_owned(),
                };
                let module = printable_short(self.once.module(), 60);
                self.context.say(&format!("{module}: {what} {number} {ended}, no more runs; --ignore-failure goes on"));
                Ok(Some(shell_exit(exit)))
            }
            Some(_) if is_asked_to_end => Ok(Some(shell_exit(exit))),
            _ => Ok(None),
        }
    }
}

/// What a shell would say of it.
fn shell_exit(exit: RunExit) -> Exit {
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    match exit {
        RunExit::Code(code) => Exit::Command(byte(code)),
        RunExit::Signal(signal) => Exit::Signal(byte(signal)),
        RunExit::TimedOut => Exit::Command(TIMED_OUT),
    }
}

/// The command was not executed: what to answer.
pub(super) fn refusal(program: &Path, error: &StartError) -> Refusal {
    let is_path = program.components().count() > 1;
    let why = match error {
        StartError::Missing if is_path && program.exists() => {
            "the interpreter in its first line is missing (after `#!`)".to_owned()
        }
        StartError::Missing if is_path => "there is no such file".to_owned(),
        StartError::Missing => "no such command on the PATH".to_owned(),
        StartError::NotExecutable(_) | StartError::Lost(_) => error.to_string(),
    };
    let shown = printable_short(&program.to_string_lossy(), 200);
    Refusal::command(error.code(), format!("cannot run `{shown}`: {why}"))
}

/// Has another process take the runs into the store, so that nobody waits for it. When it cannot be started, or somebody
/// is at it already, the next command takes them in.
fn collect_aside(cli: &Cli, store: &Path, spool: &Spool) {
    if matches!(spool.in_first(Place::turn), Ok(None)) {
        return;
    }
    let Ok(perftop) = env::current_exe() else { return };
    let mut collect = Command::new(perftop);
    collect.args(["collect", "--after-run", "--db"]).arg(store);
    if let Some(config) = &cli.global.config {
        collect.arg("--config").arg(config);
    }
    let silent = collect.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Nobody waits for it: it outlives us.
    let _ = silent.spawn();
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2", Some(2_000))]
    #[case("0.5", Some(500))]
    #[case("250ms", Some(250))]
    #[case("10m", Some(600_000))]
    #[case("-1", None)]
    #[case("inf", None)]
    #[case("nan", None)]
    #[case("9y", None)]
    #[case("soon", None)]
    fn spans_are_read(#[case] text: &str, #[case] expected_ms: Option<u64>) {
        assert_eq!(span(text).ok(), expected_ms.map(Duration::from_millis));
    }

    #[test]
    fn exits_are_those_of_a_shell() {
        let codes = [RunExit::Code(3), RunExit::Signal(15), RunExit::TimedOut].map(|exit| shell_exit(exit).code());
        assert_eq!(codes, [3, 143, 124]);
    }
}
