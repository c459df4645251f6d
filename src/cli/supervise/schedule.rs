//! When a job is to be run next. Worked out from its newest run, so whoever takes it up again goes on where it was.

use std::collections::BTreeMap;

use crate::model::NewRun;

/// Tags of a run that say which it was.
const ITERATION: &str = "supervise.iteration";
/// When the first attempt of the iteration began: ms since the Unix epoch.
const BEGAN: &str = "supervise.began_ms";
/// Which restart within the iteration it was; 0 for the first attempt.
const RESTART: &str = "supervise.restart";
/// Restarts so far.
const RESTARTS: &str = "supervise.restarts";

/// How a job repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// From the beginning of one iteration to that of the next, in ms.
    pub every_ms: i64,
    /// How often it is restarted within an iteration when it fails.
    pub max_restarts: u32,
    /// How long the first restart waits after the failure, in ms; each further one twice as long,
    pub backoff_ms: i64,
    /// at most this, in ms.
    pub max_backoff_ms: i64,
}

/// An attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Which iteration it belongs to, from 1 on.
    pub iteration: u64,
    /// When that began: ms since the Unix epoch.
    pub began_ms: i64,
    /// Which restart it is.
    pub restart: u32,
    /// Restarts so far, of all iterations.
    pub restarts: u64,
}

/// An attempt that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Which it was.
    pub attempt: Attempt,
    /// When it was over: ms since the Unix epoch.
    pub ended_ms: i64,
    /// How it ended.
    pub is_success: bool,
}

impl Attempt {
    /// As tags of its run.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let Self { iteration, began_ms, restart, restarts } = self;
        [
            (ITERATION, iteration.to_string()),
            (BEGAN, began_ms.to_string()),
            (RESTART, restart.to_string()),
            (RESTARTS, restarts.to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }
}

impl Done {
    /// What a run says of itself; `None` when it was not one of a supervised job.
    pub fn of(run: &NewRun) -> Option<Self> {
        fn number<T: std::str::FromStr>(run: &NewRun, key: &str) -> Option<T> {
            run.tags.get(key)?.parse().ok()
        }
        let attempt = Attempt {
            iteration: number(run, ITERATION)?,
            began_ms: number(run, BEGAN)?,
            restart: number(run, RESTART)?,
            restarts: number(run, RESTARTS)?,
        };
        Some(Self { attempt, ended_ms: run.ended_ms, is_success: run.exit.is_success() })
    }
}

impl Plan {
    /// The next attempt and when it is due: ms since the Unix epoch. One that is due already begins its iteration now.
    pub fn next(&self, newest: Option<Done>, now_ms: i64) -> (i64, Attempt) {
        let Some(Done { attempt, ended_ms, is_success }) = newest else {
            return (now_ms, Attempt { iteration: 1, began_ms: now_ms, restart: 0, restarts: 0 });
        };
        let latest_ms = now_ms.saturating_add(self.every_ms);
        // Never farther than an interval ahead: a clock that was set back must not keep the job from running.
        let interval_ms = attempt.began_ms.saturating_add(self.every_ms).clamp(now_ms, latest_ms);
        let restart_ms = ended_ms.saturating_add(self.backoff_ms(attempt.restart)).clamp(now_ms, latest_ms);
        if !is_success && attempt.restart < self.max_restarts && restart_ms < interval_ms {
            let next =
                Attempt { restart: attempt.restart + 1, restarts: attempt.restarts.saturating_add(1), ..attempt };
            return (restart_ms, next);
        }
        let iteration = attempt.iteration.saturating_add(1);
        (interval_ms, Attempt { iteration, began_ms: interval_ms, restart: 0, restarts: attempt.restarts })
    }

    fn backoff_ms(&self, restart: u32) -> i64 {
        let factor = 1_i64.checked_shl(restart.min(62)).unwrap_or(i64::MAX);
        self.backoff_ms.saturating_mul(factor).min(self.max_backoff_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunExit;

    const HOUR_MS: i64 = 3_600_000;
    const PLAN: Plan = Plan { every_ms: HOUR_MS, max_restarts: 3, backoff_ms: 1_000, max_backoff_ms: 3_000 };

    fn first(began_ms: i64) -> Attempt {
        Attempt { iteration: 7, began_ms, restart: 0, restarts: 2 }
    }

    const fn done(attempt: Attempt, ended_ms: i64, is_success: bool) -> Done {
        Done { attempt, ended_ms, is_success }
    }

    #[test]
    fn an_iteration_follows_the_beginning_of_the_one_before() {
        assert_eq!(PLAN.next(None, 5), (5, Attempt { iteration: 1, began_ms: 5, restart: 0, restarts: 0 }));
        let (due_ms, next) = PLAN.next(Some(done(first(1_000), 60_000, true)), 61_000);
        assert_eq!((due_ms, next), (HOUR_MS + 1_000, Attempt { iteration: 8, ..first(HOUR_MS + 1_000) }));
    }

    #[test]
    fn what_was_missed_is_made_up_for_once() {
        let now_ms = 100 * HOUR_MS;
        let (due_ms, next) = PLAN.next(Some(done(first(0), 10, true)), now_ms);
        assert_eq!((due_ms, next.began_ms, next.iteration), (now_ms, now_ms, 8));
    }

    #[test]
    fn a_clock_that_was_set_back_delays_by_an_interval_at_most() {
        assert_eq!(PLAN.next(Some(done(first(100 * HOUR_MS), 100 * HOUR_MS, true)), 0).0, HOUR_MS);
        assert_eq!(PLAN.next(Some(done(first(100 * HOUR_MS), 100 * HOUR_MS, false)), 0).0, HOUR_MS);
    }

    #[test]
    fn a_failure_is_tried_again_ever_later_and_then_waits_for_the_next_interval() {
        let (mut newest, mut waits) = (Some(done(first(0), 10, false)), Vec::new());
        while let Some(Done { ended_ms, .. }) = newest {
            let (due_ms, next) = PLAN.next(newest, ended_ms);
            waits.push((due_ms - ended_ms, next.iteration, next.restart, next.restarts));
            newest = if next.restart > 0 { Some(done(next, due_ms + 10, false)) } else { None };
        }
        let rest_ms = HOUR_MS - (10 + 1_010 + 2_010 + 3_010);
        assert_eq!(waits, [(1_000, 7, 1, 3), (2_000, 7, 2, 4), (3_000, 7, 3, 5), (rest_ms, 8, 0, 5)]);
    }

    #[test]
    fn the_next_iteration_comes_before_a_late_restart() {
        let short = Plan { every_ms: 500, ..PLAN };
        let (due_ms, next) = short.next(Some(done(first(0), 10, false)), 10);
        assert_eq!((due_ms, next.iteration, next.restart), (500, 8, 0));
    }

    #[test]
    fn a_run_says_which_attempt_it_was() {
        let attempt = Attempt { iteration: 9, began_ms: 5, restart: 1, restarts: 4 };
        let run = NewRun {
            module: "job".into(),
            key: String::new(),
            batch: String::new(),
            started_ms: 8,
            ended_ms: 10,
            exit: RunExit::TimedOut,
            source: String::new(),
            commit: None,
            environment: None,
            tags: attempt.tags(),
            measures: BTreeMap::new(),
            phases: Vec::new(),
        };
        assert_eq!(Done::of(&run), Some(done(attempt, 10, false)));
        assert_eq!(Done::of(&NewRun { tags: BTreeMap::new(), ..run }), None);
    }
}
