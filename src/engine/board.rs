//! The notice board of the tasks: what each has to say of its health, read by the publisher.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::supervisor::Waker;

/// What the tasks say of their health; cheap to clone, shared by all of them.
#[derive(Debug, Clone)]
pub(super) struct Board {
    notes: Arc<Mutex<Notes>>,
    publisher: Waker,
}

#[derive(Debug, Default)]
struct Notes {
    problems: BTreeMap<&'static str, String>,
    rejected_lines: u64,
    backlog: u64,
    last_arrival_ms: Option<i64>,
}

/// The board at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// What is wrong, in one line.
    pub(super) problem: Option<String>,
    /// Lines from the drop directory that were rejected since the start.
    pub(super) rejected_lines: u64,
    /// Samples committed but not yet judged.
    pub(super) backlog: u64,
    /// When new samples were last seen: ms since the Unix epoch.
    pub(super) last_arrival_ms: Option<i64>,
}

impl Board {
    /// An empty board; `publisher` is woken when something on it changes.
    pub(super) fn new(publisher: Waker) -> Self {
        Self { notes: Arc::default(), publisher }
    }

    /// Shows what is wrong with a task, in one line.
    pub(super) fn report(&self, task: &'static str, problem: &str) {
        let before = self.notes().problems.insert(task, problem.to_owned());
        if before.as_deref() != Some(problem) {
            self.publisher.wake();
        }
    }

    /// Says that a task works again.
    pub(super) fn clear(&self, task: &'static str) {
        if self.notes().problems.remove(task).is_some() {
            self.publisher.wake();
        }
    }

    /// Counts lines of the drop directory that were rejected.
    pub(super) fn add_rejected(&self, lines: u64) {
        if lines > 0 {
            self.notes().rejected_lines += lines;
            self.publisher.wake();
        }
    }

    /// Says how many samples wait to be judged.
    pub(super) fn set_backlog(&self, samples: u64) {
        let before = std::mem::replace(&mut self.notes().backlog, samples);
        if before != samples {
            self.publisher.wake();
        }
    }

    /// Says that new samples were seen.
    pub(super) fn set_last_arrival(&self, now_ms: i64) {
        self.notes().last_arrival_ms = Some(now_ms);
    }

    /// Everything on the board; several problems in one line.
    pub(super) fn read(&self) -> Reading {
        let notes = self.notes();
        let problems: Vec<&str> = notes.problems.values().map(String::as_str).collect();
        Reading {
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
            rejected_lines: notes.rejected_lines,
            backlog: notes.backlog,
            last_arrival_ms: notes.last_arrival_ms,
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // Notes are replaced whole: a task that panicked while holding the lock left nothing half done.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
