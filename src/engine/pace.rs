//! Something that is done again and again, but not too often: it rests in proportion to what it cost.

use std::time::{Duration, Instant};

/// A repeated piece of work.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    at_least: Duration,
    /// How many times its own cost it rests.
    rest: u32,
    from: Instant,
    wanted: bool,
}

impl Pace {
    /// Wanted at once; later at most every `at_least`, and resting `rest` times its own cost.
    pub(super) fn new(at_least: Duration, rest: u32) -> Self {
        Self { at_least, rest, from: Instant::now(), wanted: true }
    }

    /// Not wanted yet.
    pub(super) fn idle(at_least: Duration) -> Self {
        Self { wanted: false, ..Self::new(at_least, 0) }
    }

    /// There is a reason to do it, when its rest is over.
    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    /// There is a reason to do it at once.
    pub(super) fn want_now(&mut self) {
        self.wanted = true;
        self.from = Instant::now();
    }

    /// It is not due before `time` has passed.
    pub(super) fn postpone(&mut self, time: Duration) {
        self.from = Instant::now() + time;
    }

    /// Whether it is wanted and has rested.
    pub(super) fn is_due(&self) -> bool {
        self.due_at().is_some_and(|at| at <= Instant::now())
    }

    /// When it is due, if it is wanted.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.wanted.then_some(self.from)
    }

    /// It was done, begun at `started`.
    pub(super) fn done(&mut self, started: Instant) {
        let cost = started.elapsed();
        self.wanted = false;
        self.from = Instant::now() + self.at_least.max(cost.saturating_mul(self.rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_after_it_was_done() {
        let mut pace = Pace::new(Duration::from_mins(1), 10);
        assert!(pace.is_due());
        pace.done(Instant::now());
        assert!(!pace.is_due() && pace.due_at().is_none());
        pace.want();
        assert!(!pace.is_due() && pace.due_at().is_some());
        pace.want_now();
        assert!(pace.is_due());
    }
}
