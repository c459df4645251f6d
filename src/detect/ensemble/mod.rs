//! Detectors that compare a sample with the hundred before it: the vote of an isolation forest, the fences around the
//! middle half and a linear trend; and z-score, fences and a multiple of the average by themselves.
//!
//! One pass, no look ahead. What is kept of a metric is bounded: a hundred values, and for the vote a forest of at most
//! 12 800 leaves.

mod limits;
mod oddity;
mod recent;

pub use oddity::Oddity;

use limits::Limits;
use recent::Recent;

use super::monitor::CALM_SAMPLES;
use crate::model::{Point, Rule, Sensitivity};

/// So many samples of a long history are enough to know what is usual and what is open.
pub(super) const REMEMBERED: usize = 1024;

/// A metric as these detectors know it.
#[derive(Debug, Clone)]
pub(super) struct Classics {
    limits: Limits,
    recent: Recent,
    newest_ms: i64,
    lives: Vec<(Rule, Life)>,
}

/// What one of them has to say of a sample.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// It is odd: something has begun, or goes on.
    Odd(Oddity),
    /// What this one found is over.
    Over(Rule),
}

/// Whether something goes on.
#[derive(Debug, Clone, Copy, Default)]
struct Life {
    is_open: bool,
    /// Samples in a row that were not odd.
    calm: u32,
}

impl Classics {
    /// The detectors that are named among `rules`; `None` when there are none.
    pub(super) fn new(rules: &[Rule], sensitivity: Sensitivity) -> Option<Self> {
        let lives: Vec<_> =
            Rule::CLASSIC.into_iter().filter(|rule| rules.contains(rule)).map(|rule| (rule, Life::default())).collect();
        let (limits, recent) = (Limits::of(sensitivity), Recent::default());
        (!lives.is_empty()).then_some(Self { limits, recent, newest_ms: i64::MIN, lives })
    }

    /// Judges the next sample, then learns it. One that is older than the newest is passed over.
    pub(super) fn judge(&mut self, point: Point, mut tell: impl FnMut(Told)) {
        if point.timestamp_ms < self.newest_ms {
            return;
        }
        self.newest_ms = point.timestamp_ms;
        if self.recent.is_enough() {
            for (rule, life) in &mut self.lives {
                let oddity = Oddity::of(*rule, &mut self.recent, point.value, &self.limits);
                if let Some(told) = life.step(*rule, oddity) {
                    tell(told);
                }
            }
        }
        self.recent.push(point.value);
    }
}

impl Life {
    /// What a sample does to it.
    fn step(&mut self, rule: Rule, oddity: Option<Oddity>) -> Option<Told> {
        if let Some(oddity) = oddity {
            *self = Self { is_open: true, calm: 0 };
            return Some(Told::Odd(oddity));
        }
        self.calm = self.calm.saturating_add(1);
        let is_over = self.is_open && self.calm >= CALM_SAMPLES;
        self.is_open &= !is_over;
        is_over.then_some(Told::Over(rule))
    }
}
