//! Which runs are meant: by their number, tag or commit.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::model::{Environment, NewRun, Run};

/// Runs as the user names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `last:N`: the newest of a module.
    Last(usize),
    /// `runs:FROM..TO`: by their numbers, both included.
    Numbers(i64, i64),
    /// `tag:KEY=VALUE`.
    Tag(String, String),
    /// `commit:HASH`: its beginning will do.
    Commit(String),
}

/// What is wrong with a text that should name runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no runs: write last:N, runs:FROM..TO, tag:KEY=VALUE or commit:HASH")]
pub struct SelectorError(String);

impl Selector {
    /// Those of a module's runs that are meant, in their order.
    #[must_use]
    pub fn of<'a>(&self, runs: &'a [Run]) -> Vec<&'a Run> {
        match self {
            Self::Last(count) => runs[runs.len().saturating_sub(*count)..].iter().collect(),
            _ => runs.iter().filter(|run| self.is_met_by(run)).collect(),
        }
    }

    fn is_met_by(&self, Run { id, run }: &Run) -> bool {
        match self {
            Self::Last(_) => true,
            Self::Numbers(from, to) => (from..=to).contains(&id),
            Self::Tag(key, value) => run.tags.get(key) == Some(value),
            Self::Commit(beginning) => run.commit.as_ref().is_some_and(|commit| commit.starts_with(beginning)),
        }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = text.split_once(':').and_then(|(kind, what)| match kind {
            "last" => what.parse().ok().filter(|&count| count > 0).map(Self::Last),
            "runs" => {
                let (from, to) = what.split_once("..").unwrap_or((what, what));
                let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
                (from <= to).then_some(Self::Numbers(from, to))
            }
            "tag" => {
                let (key, value) = what.split_once('=').filter(|(key, _)| !key.is_empty())?;
                Some(Self::Tag(key.to_owned(), value.to_owned()))
            }
            "commit" => (!what.is_empty()).then(|| Self::Commit(what.to_owned())),
            _ => None,
        });
        named.ok_or_else(|| SelectorError(crate::model::text::printable_short(text, 60)))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last(count) => write!(f, "last:{count}"),
            Self::Numbers(from, to) => write!(f, "runs:{from}..{to}"),
            Self::Tag(key, value) => write!(f, "tag:{key}={value}"),
            Self::Commit(beginning) => write!(f, "commit:{beginning}"),
        }
    }
}

/// The runs that a gate judges, and those that it judges them against.
#[derive(Debug, Clone, PartialEq)]
pub struct Sides<'a> {
    /// Those before, in the environment of the newest where it is known.
    pub before: Vec<&'a NewRun>,
    /// The newest.
    pub after: Vec<&'a NewRun>,
    /// How many of those before took place elsewhere, and were left out.
    pub elsewhere: usize,
    /// How many of the newest failed, and say nothing of what a success costs.
    pub failed: usize,
}

/// The newest runs of a module that succeeded: those of its newest batch, or so many, whatever batches they are of; and how
/// many failed among them. When all of the newest batch failed there are none: those before do not speak for it.
#[must_use]
pub fn newest(runs: &[Run], count: Option<usize>) -> (Vec<&Run>, usize) {
    let is_good = |run: &&Run| run.run.exit.is_success();
    let batch = runs.last().map(|run| run.run.batch.as_str());
    let of_newest = runs.iter().filter(|run| Some(run.run.batch.as_str()) == batch);
    let (good, failed): (Vec<&Run>, Vec<&Run>) = of_newest.partition(is_good);
    let Some(count) = count.filter(|_| !good.is_empty()) else { return (good, failed.len()) };
    let mut good: Vec<&Run> = runs.iter().filter(is_good).collect();
    good.drain(..good.len().saturating_sub(count));
    let oldest_ms = good.first().map_or(i64::MAX, |run| run.run.started_ms);
    let failed = runs.iter().filter(|run| !is_good(run) && run.run.started_ms > oldest_ms).count();
    (good, failed)
}

impl<'a> Sides<'a> {
    /// Puts newest runs beside those before. Unless `takes_any`, what took place elsewhere is left out, as long as
    /// something remains.
    #[must_use]
    pub fn new(before: Vec<&'a NewRun>, (after, failed): (Vec<&'a NewRun>, usize), takes_any: bool) -> Self {
        let here = after.last().and_then(|run| run.environment.as_ref());
        let is_here = |run: &&NewRun| takes_any || are_alike(run.environment.as_ref(), here);
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            before.into_iter().filter(|run| run.exit.is_success()).partition(is_here);
        if here.is_empty() {
            return Self { before: elsewhere, after, elsewhere: 0, failed };
        }
        Self { before: here, after, elsewhere: elsewhere.len(), failed }
    }

    /// How many of the newest are among those before: what was accepted, or lies in a file, may be the newest themselves.
    #[must_use]
    pub fn shared(&self) -> usize {
        let before: BTreeSet<&str> = self.before.iter().map(|run| run.key.as_str()).collect();
        self.after.iter().filter(|run| before.contains(run.key.as_str())).count()
    }

    /// Whether all took place in one environment, as far as that is known.
    #[must_use]
    pub fn is_comparable(&self) -> bool {
        let here = self.after.last().and_then(|run| run.environment.as_ref());
        self.before.iter().chain(&self.after).all(|run| are_alike(run.environment.as_ref(), here))
    }
}

/// Whether two environments are not known to differ.
fn are_alike(one: Option<&Environment>, other: Option<&Environment>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

/// The values of a measure, of the runs that have it.
#[must_use]
pub fn values(runs: &[&NewRun], measure: &str) -> Vec<f64> {
    runs.iter().filter_map(|run| run.measured(measure)).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{RunExit, measure};

    fn run(id: i64, batch: &str, code: i32, cores: Option<u32>) -> Run {
        let environment = cores.map(|cores| Environment { cpu: "EPYC".to_owned(), cores, os: "linux".to_owned() });
        Run {
            id,
            run: NewRun {
                module: "build".into(),
                key: id.to_string(),
                batch: batch.to_owned(),
                started_ms: id * 1_000,
                ended_ms: id * 1_000 + 500,
                exit: RunExit::Code(code),
                source: "run".to_owned(),
                commit: Some(format!("c{id}")),
                environment,
                tags: [("branch".to_owned(), batch.to_owned())].into(),
                measures: [(measure::DURATION.to_owned(), id as f64)].into(),
                phases: Vec::new(),
            },
        }
    }

    fn ids(runs: &[&Run]) -> Vec<i64> {
        runs.iter().map(|run| run.id).collect()
    }

    #[rstest]
    #[case("last:2", &[3, 4])]
    #[case("runs:2..3", &[2, 3])]
    #[case("runs:4", &[4])]
    #[case("tag:branch=b", &[3, 4])]
    #[case("commit:c1", &[1])]
    fn runs_are_named(#[case] text: &str, #[case] expected: &[i64]) {
        let runs = [run(1, "a", 0, None), run(2, "a", 0, None), run(3, "b", 0, None), run(4, "b", 0, None)];
        let selector: Selector = text.parse().unwrap();
        assert_eq!(ids(&selector.of(&runs)), expected);
        assert_eq!(selector.to_string().parse::<Selector>().unwrap(), selector);
    }

    #[rstest]
    fn other_texts_name_no_runs(
        #[values(
            "",
            "last:0",
            "last:x",
            "runs:",
            "runs:a..b",
            "tag:",
            "tag:=x",
            "commit:",
            "a..b",
            "7d",
            "last:-1\u{1b}"
        )]
        text: &str,
    ) {
        let error = text.parse::<Selector>().unwrap_err().to_string();
        assert!(error.contains("names no runs") && !error.contains('\u{1b}'), "{error}");
    }

    #[test]
    fn the_newest_are_a_batch_or_so_many_without_what_failed() {
        let runs = [run(1, "a", 0, None), run(2, "b", 1, None), run(3, "b", 0, None), run(4, "b", 0, None)];
        let told = |count| {
            let (found, failed) = newest(&runs, count);
            (ids(&found), failed)
        };
        assert_eq!(told(None), (vec![3, 4], 1));
        assert_eq!(told(Some(3)), (vec![1, 3, 4], 1));
        assert_eq!(newest(&[], None), (vec![], 0));
        for count in [None, Some(1)] {
            let (found, failed) = newest(&runs[..2], count);
            assert_eq!((ids(&found), failed), (vec![], 1), "the run before does not speak for one that failed");
        }
    }

    #[test]
    fn what_took_place_elsewhere_is_left_out_unless_there_is_nothing_else() {
        let (here, elsewhere, unknown) = (run(1, "a", 0, Some(2)), run(2, "a", 0, Some(8)), run(3, "a", 0, None));
        let newest = run(4, "b", 0, Some(2));
        let sides = |before: &[&'static str], takes_any| {
            let of = |name: &&str| match *name {
                "here" => &here.run,
                "elsewhere" => &elsewhere.run,
                _ => &unknown.run,
            };
            let sides = Sides::new(before.iter().map(of).collect(), (vec![&newest.run], 0), takes_any);
            (sides.before.len(), sides.elsewhere, sides.is_comparable())
        };
        assert_eq!(sides(&["here", "elsewhere", "unknown"], false), (2, 1, true));
        assert_eq!(sides(&["elsewhere"], false), (1, 0, false));
        assert_eq!(sides(&["here", "elsewhere"], true), (2, 0, false));
    }
}
