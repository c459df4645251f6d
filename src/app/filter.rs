//! The filter's little language: `api status:warning z>3 unit:ms`. All terms must hold.
//!
//! Words are looked for in the name as it is shown. What only looks like a field (`http:latency`) is
//! a word, because metric names may hold anything.

use std::str::FromStr;

use crate::model::text::printable;
use crate::model::{SeriesSummary, Status, Unit};

/// A condition on a series.
#[derive(Debug, Clone, PartialEq)]
enum Term {
    /// The name holds this, lower case, as it is or with other characters in between.
    Word(String),
    /// The status is one of these.
    Status(Vec<Status>),
    /// The unit is this.
    Unit(Unit),
    /// A number of the row compares like this.
    Number(Field, Comparison, f64),
}

/// A number of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Z,
    AbsoluteZ,
    Deviation,
    Current,
    Mean,
    StdDev,
    P95,
    P99,
    Count,
}

/// How it compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    Greater,
}

const FIELDS: [(&str, Field); 11] = [
    ("z", Field::Z),
    ("|z|", Field::AbsoluteZ),
    ("dev", Field::Deviation),
    ("deviation", Field::Deviation),
    ("current", Field::Current),
    ("mean", Field::Mean),
    ("sd", Field::StdDev),
    ("p95", Field::P95),
    ("p99", Field::P99),
    ("n", Field::Count),
    ("count", Field::Count),
];

/// Longer signs first: `>=` must not be read as `>`.
const COMPARISONS: [(&str, Comparison); 5] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
];

const STATUSES: [Status; 5] = [Status::Ok, Status::Learning, Status::Stale, Status::Warning, Status::Critical];

/// Why a text is no filter (yet).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// `z>` or `z>three`.
    #[error("{0} wants a number")]
    NoNumber(String),
    /// `status:` or `status:bad`.
    #[error("status: wants ok, learning, stale, info, warning, critical or alert")]
    NoStatus,
    /// `unit:` or `unit:furlongs`.
    #[error("unit: wants none, ms, s, bytes, % or count")]
    NoUnit,
}

/// A filter that can be asked. The empty one lets everything through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    terms: Vec<Term>,
}

impl Filter {
    /// Whether the series passes.
    #[must_use]
    pub fn lets_through(&self, series: &SeriesSummary) -> bool {
        if self.terms.is_empty() {
            return true;
        }
        let name = printable(&series.label()).to_lowercase();
        self.terms.iter().all(|term| match term {
            Term::Word(word) => holds(&name, word),
            Term::Status(statuses) => statuses.contains(&series.status),
            Term::Unit(unit) => series.unit == *unit,
            Term::Number(field, comparison, bound) => {
                field.of(series).is_some_and(|number| comparison.holds(number, *bound))
            }
        })
    }

    /// The terms that can be understood, and why the first other one cannot: somebody is typing.
    pub(super) fn understood(text: &str) -> (Self, Option<FilterError>) {
        let mut filter = Self::default();
        let mut refused = None;
        for word in text.split_whitespace() {
            match term(&word.to_lowercase()) {
                Ok(term) => filter.terms.push(term),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        (filter, refused)
    }
}

/// Whether the characters of `word` stand in `name` in this order.
fn holds(name: &str, word: &str) -> bool {
    let mut letters = name.chars();
    word.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

impl Field {
    fn of(self, series: &SeriesSummary) -> Option<f64> {
        let baseline = series.baseline.as_ref();
        match self {
            Self::Z => series.z,
            Self::AbsoluteZ => series.z.map(f64::abs),
            Self::Deviation => series.deviation_pct,
            Self::Current => series.latest.map(|point| point.value),
            Self::Mean => baseline.map(|baseline| baseline.mean),
            Self::StdDev => baseline.map(|baseline| baseline.std_dev),
            Self::P95 => baseline.map(|baseline| baseline.p95),
            Self::P99 => baseline.map(|baseline| baseline.p99),
            Self::Count => baseline.map(|baseline| baseline.count as f64),
        }
    }
}

impl Comparison {
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Less => number < bound,
            Self::AtMost => number <= bound,
            Self::Equal => number.total_cmp(&bound).is_eq(),
            Self::AtLeast => number >= bound,
            Self::Greater => number > bound,
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Self::understood(text) {
            (filter, None) => Ok(filter),
            (_, Some(error)) => Err(error),
        }
    }
}

fn term(word: &str) -> Result<Term, FilterError> {
    if let Some(name) = word.strip_prefix("status:") {
        return statuses(name).map(Term::Status);
    }
    if let Some(name) = word.strip_prefix("unit:") {
        let unit =
            if name.is_empty() { Err(FilterError::NoUnit) } else { name.parse().map_err(|_| FilterError::NoUnit) };
        return unit.map(Term::Unit);
    }
    for (name, field) in FIELDS {
        let Some(rest) = word.strip_prefix(name) else { continue };
        for (sign, comparison) in COMPARISONS {
            if let Some(number) = rest.strip_prefix(sign) {
                let bound: f64 = number.parse().map_err(|_| FilterError::NoNumber(format!("{name}{sign}")))?;
                return Ok(Term::Number(field, comparison, bound));
            }
        }
    }
    Ok(Term::Word(word.to_owned()))
}

/// A status by the beginning of its word; `alert` is every status that an alert gives.
fn statuses(name: &str) -> Result<Vec<Status>, FilterError> {
    if name.is_empty() {
        return Err(FilterError::NoStatus);
    }
    if "alert".starts_with(name) {
        return Ok(vec![Status::Warning, Status::Critical]);
    }
    let found: Vec<Status> = STATUSES.into_iter().filter(|status| status.as_str().starts_with(name)).collect();
    if found.is_empty() { Err(FilterError::NoStatus) } else { Ok(found) }
}
