//! One execution as a run: where it took place, what it said of itself, and into the spool with it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, process};

use super::super::{Context, Refusal};
use super::What;
use crate::ingest::limits::{MAX_CONTEXT_BYTES, MAX_NAME_BYTES, MAX_TAGS};
use crate::ingest::{Reason, context, jsonl};
use crate::measure::phases::{self, PhaseLines};
use crate::measure::said::{self, Said};
use crate::measure::spool::{Record, Spool};
use crate::measure::{Execution, Measured, Signals, StartError, commit, complete, environment, execute};
use crate::model::text::{printable, printable_short};
use crate::model::{Environment, NewRun, measure, metric_of};

/// What measured it: wall time by our clock, CPU time and memory by the kernel's accounting of the process and of those
/// it waited for (wait4); so memory is the peak of the largest of them.
const SOURCE: &str = "run/rusage";

/// What holds for every execution of a command line.
pub struct Once<'a> {
    what: &'a What,
    context: &'a Context,
    spool: &'a Spool,
    module: String,
    tags: BTreeMap<String, String>,
    /// The key of the first run.
    batch: String,
    count: u32,
    commit: OnceCell<Option<String>>,
    cores: OnceCell<u32>,
    environment: OnceCell<Environment>,
}

/// What is wrong with the name, in the words of the options.
fn about_name(reason: &Reason) -> String {
    match reason {
        Reason::EmptyName => "the module has no name: give it one with --name".to_owned(),
        Reason::NameTooLong(_) => {
            format!("the names of the module's metrics have more than {MAX_NAME_BYTES} bytes: give it a shorter --name")
        }
        other => format!("the name of the module: {other}"),
    }
}

/// What is wrong with the tags, in the words of the options.
fn about_tags(reason: &Reason) -> String {
    match reason {
        Reason::TagTwice(key) => format!("--tag {}=... is given twice", printable_short(key, 60)),
        Reason::TooManyTags => format!("--tag is given more than {MAX_TAGS} times"),
        Reason::ContextTooLong(_) => format!("--tag: all tags together have more than {MAX_CONTEXT_BYTES} bytes"),
        other => format!("--tag: {other}"),
    }
}

impl<'a> Once<'a> {
    /// Checks what is said of the runs; nothing was executed.
    pub fn new(what: &'a What, context: &'a Context, spool: &'a Spool) -> Result<Self, Refusal> {
        let module = match &what.name {
            Some(name) => name.clone(),
            None => Path::new(&what.command[0]).file_name().unwrap_or_default().to_string_lossy().into_owned(),
        };
        // The longest that stands after it, of those that are always there.
        jsonl::check_name(&module)
            .and_then(|()| jsonl::check_name(&metric_of(&module, measure::MEMORY)))
            .map_err(|reason| Refusal::usage(about_name(&reason)))?;
        context::from_tags(what.tag.iter().map(|(key, value)| (&**key, &**value)))
            .map_err(|reason| Refusal::usage(about_tags(&reason)))?;
        let batch = key(context, 0);
        let tags = what.tag.iter().cloned().collect();
        let (commit, cores, environment) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Ok(Self { what, context, spool, module, tags, batch, count: 0, commit, cores, environment })
    }

    /// What the runs are recorded as.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// Executes the command.
    pub fn execute(&mut self, signals: &mut Signals) -> Result<Record, StartError> {
        let key = key(self.context, self.count);
        self.count += 1;
        let lines = self.spool.in_first(|place| PhaseLines::create(place.work_file(&key, "phases")));
        let drop = lines.as_ref().ok().map(|lines| lines.path().with_extension("drop"));
        let (program, args) = (&self.what.command[0], &self.what.command[1..]);
        let execution = Execution { program, args, timeout: self.what.timeout, drop: drop.as_deref() };
        // While the command begins there is time to look around; not so much that its end could come unnoticed.
        let look = || {
            self.commit.get_or_init(checked_out);
            self.cores.get_or_init(environment::cores);
        };
        let measured = execute(&execution, lines.ok(), signals, &self.context.clock, look)?;
        Ok(self.record(key, measured, drop))
    }

    fn record(&self, key: String, measured: Measured, drop: Option<PathBuf>) -> Record {
        let environment =
            self.environment.get_or_init(|| environment::here(self.cores.get().copied().unwrap_or_default()));
        let said = drop.map(|path| said::take(&path, &self.module, &self.context.clock)).unwrap_or_default();
        self.tell(phases::VARIABLE, &measured.phases.faults);
        self.tell(said::VARIABLE, &said.faults);
        let Said { mut measures, samples, .. } = said;
        let ms = |span: std::time::Duration| span.as_secs_f64() * 1_000.0;
        let duration_ms = ms(measured.duration);
        measures.insert(measure::DURATION.to_owned(), duration_ms);
        measures.insert(measure::CPU.to_owned(), ms(measured.cpu));
        measures.insert(measure::MEMORY.to_owned(), measured.peak_bytes as f64);
        complete(&mut measures);
        let run = NewRun {
            module: self.module.as_str().into(),
            key,
            batch: self.batch.clone(),
            started_ms: measured.began_ms as i64,
            ended_ms: (measured.began_ms + duration_ms) as i64,
            exit: measured.exit,
            source: SOURCE.to_owned(),
            commit: self.commit.get().cloned().flatten(),
            environment: Some(environment.clone()),
            tags: self.tags.clone(),
            measures,
            phases: measured.phases.phases,
        };
        Record { run, samples }
    }

    fn tell(&self, variable: &str, faults: &[String]) {
        for fault in faults {
            self.context.say(&format!("perftop: ${variable}: {fault}"));
        }
    }

    /// Keeps a run until the store has it. That it cannot be kept is said, and is no reason to fail.
    pub fn keep(&self, record: &Record) {
        if let Err(error) = self.spool.in_first(|place| place.write(record)) {
            let store = self.context.config.store.path.to_string_lossy();
            let shown = printable(&store);
            let _ = writeln!(io::stderr(), "perftop: this run is not recorded: cannot write beside `{shown}`: {error}");
        }
    }
}

fn checked_out() -> Option<String> {
    let here = env::current_dir().ok()?;
    commit::checked_out(&here, |name| env::var(name).ok())
}

/// Names a run: by when it began, in an order that is that of the names, by whom it was started, and its number there.
fn key(context: &Context, number: u32) -> String {
    let now_ns = (context.clock.now_fraction_ms() * 1e6) as u64;
    format!("{now_ns:019}-{}-{number}", process::id())
}
