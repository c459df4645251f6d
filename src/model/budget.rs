//! How many false alarms a metric may raise.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::UnknownWord;

/// A stretch of time that a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Per {
    Day,
    Week,
    /// 30 days.
    Month,
}

impl Per {
    const EVERY: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    const fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
            Self::Month => 30.0,
        }
    }
}

/// More than so many a day is no budget any more.
const MOST_A_DAY: f64 = 24.0;

/// How many toasts a metric may raise by chance, while nothing is wrong with it: `1/week`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget(Option<(NonZeroU32, Per)>);

impl Budget {
    /// None: thresholds stay where they are.
    pub const OFF: Self = Self(None);
    /// `1/day`
    pub const DAILY: Self = Self(Some((NonZeroU32::MIN, Per::Day)));
    /// `1/week`
    pub const WEEKLY: Self = Self(Some((NonZeroU32::MIN, Per::Week)));
    /// `1/month`
    pub const MONTHLY: Self = Self(Some((NonZeroU32::MIN, Per::Month)));

    /// How many in a week; `None` when there is no budget.
    #[must_use]
    pub fn per_week(self) -> Option<f64> {
        self.0.map(|(count, per)| f64::from(count.get()) * 7.0 / per.days())
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::WEEKLY
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((count, per)) => write!(f, "{count}/{}", per.as_str()),
            None => f.write_str("off"),
        }
    }
}

impl Serialize for Budget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Budget {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (count, per) = word.split_once('/')?;
            let per = Per::EVERY.into_iter().find(|known| known.as_str() == per)?;
            let count: NonZeroU32 = count.parse().ok()?;
            (f64::from(count.get()) <= MOST_A_DAY * per.days()).then_some(Self(Some((count, per))))
        };
        let known = if word == "off" { Some(Self::OFF) } else { parse() };
        known.ok_or_else(|| UnknownWord {
            what: "budget",
            found: word.to_owned(),
            expected: "1/month, 1/week, 2/day or the like, at most 24 a day, or off",
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1/week", 1.0)]
    #[case("3/week", 3.0)]
    #[case("2/day", 14.0)]
    #[case("24/day", 168.0)]
    #[case("1/month", 7.0 / 30.0)]
    #[case("720/month", 168.0)]
    fn a_budget_is_so_many_in_a_time(#[case] word: &str, #[case] per_week: f64) {
        let budget: Budget = word.parse().unwrap();
        assert!(budget.per_week().is_some_and(|found| (found - per_week).abs() < 1e-12), "{budget:?}");
        assert_eq!(budget.to_string(), word);
    }

    #[rstest]
    fn what_is_no_budget_is_refused(
        #[values("", "1", "0/week", "-1/day", "1.5/day", "1/hour", "25/day", "721/month", "1/week ", "/week", "OFF")]
        word: &str,
    ) {
        assert!(word.parse::<Budget>().is_err(), "{word}");
        assert!("4294967296/week".parse::<Budget>().is_err());
    }

    #[test]
    fn off_is_no_budget() {
        assert_eq!(("off".parse(), Budget::OFF.per_week()), (Ok(Budget::OFF), None));
    }
}
