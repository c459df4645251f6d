//! What several runs cost together, in a few lines for whoever waited for them.

use super::super::Context;
use crate::model::text::{counted, printable_short, value};
use crate::model::{NewRun, Unit, measure};
use crate::stats::Moments;

/// What is summed up, and how it is called.
const SHOWN: [(&str, &str); 3] = [("time", measure::DURATION), ("cpu", measure::CPU), ("memory", measure::MEMORY)];

/// The runs so far.
#[derive(Debug, Default)]
pub struct Summary {
    successes: u64,
    failures: u64,
    measured: [Moments; SHOWN.len()],
}

impl Summary {
    /// One more. What failed is counted, and says nothing of what the command costs.
    pub fn add(&mut self, run: &NewRun) {
        if !run.exit.is_success() {
            self.failures += 1;
            return;
        }
        self.successes += 1;
        for (moments, (_, name)) in self.measured.iter_mut().zip(SHOWN) {
            if let Some(measured) = run.measured(name) {
                moments.push(measured);
            }
        }
    }

    /// Whether there were any.
    pub const fn has_runs(&self) -> bool {
        self.successes + self.failures > 0
    }

    /// Whether any succeeded.
    pub const fn has_success(&self) -> bool {
        self.successes > 0
    }

    /// Says it, on stderr.
    pub fn say(&self, module: &str, context: &Context) {
        for line in self.lines(module) {
            context.say(&line);
        }
    }

    fn lines(&self, module: &str) -> Vec<String> {
        let failed = if self.failures > 0 { format!(", {} failed", self.failures) } else { String::new() };
        let runs = counted(self.successes + self.failures, "run");
        let mut lines = vec![format!("{}: {runs}{failed}", printable_short(module, 60))];
        for (moments, (what, name)) in self.measured.iter().zip(SHOWN) {
            let told = |number| value(number, Unit::from_name(name));
            match moments.std_dev() {
                Some(sd) => lines.push(format!(
                    "  {what:<7} {}, sd {}, {} to {}",
                    told(moments.mean),
                    told(sd),
                    told(moments.min),
                    told(moments.max)
                )),
                None if moments.n == 1 => lines.push(format!("  {what:<7} {}", told(moments.mean))),
                None => {}
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunExit;

    fn run(exit: RunExit, duration_ms: f64) -> NewRun {
        NewRun {
            module: "build".into(),
            key: String::new(),
            batch: String::new(),
            started_ms: 0,
            ended_ms: 0,
            exit,
            source: String::new(),
            commit: None,
            environment: None,
            tags: [].into(),
            measures: [(measure::DURATION.to_owned(), duration_ms)].into(),
            phases: Vec::new(),
        }
    }

    fn told(runs: &[NewRun]) -> Vec<String> {
        let mut summary = Summary::default();
        for run in runs {
            summary.add(run);
        }
        summary.lines("bu\u{1b}ild")
    }

    #[test]
    fn what_failed_is_counted_and_not_measured() {
        let runs = [run(RunExit::Code(0), 90.0), run(RunExit::TimedOut, 5_000.0), run(RunExit::Code(0), 110.0)];
        assert_eq!(told(&runs), ["bu^[ild: 3 runs, 1 failed", "  time    100 ms, sd 14.14 ms, 90 ms to 110 ms"]);
    }

    #[test]
    fn one_run_has_no_spread_and_none_nothing_to_tell() {
        assert_eq!(told(&[run(RunExit::Code(0), 90.0)]), ["bu^[ild: 1 run", "  time    90 ms"]);
        assert_eq!(told(&[run(RunExit::Signal(9), 90.0)]), ["bu^[ild: 1 run, 1 failed"]);
    }
}
