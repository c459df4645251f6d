//! What the user does not want to be told of for a while.

use serde::Serialize;

use super::{MetricName, Rule};

/// A mute: alerts that it covers are recorded and listed, and not told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mute {
    /// The row's id.
    pub id: i64,
    /// The metric; `None` for every metric.
    pub metric: Option<MetricName>,
    /// The rule; `None` for every rule.
    pub rule: Option<Rule>,
    /// When it ends: ms since the Unix epoch; `None` when it does not end by itself.
    pub until_ms: Option<i64>,
    /// Why, in the user's words.
    pub reason: Option<String>,
    /// When it was set: ms since the Unix epoch.
    pub created_at_ms: i64,
}

impl Mute {
    /// Whether it is in force at an instant.
    #[must_use]
    pub fn is_in_force(&self, now_ms: i64) -> bool {
        self.until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }

    /// Whether nothing is to be told of a rule on a metric at an instant.
    #[must_use]
    pub fn covers(&self, metric: &str, rule: Rule, now_ms: i64) -> bool {
        self.metric.as_ref().is_none_or(|of| **of == *metric)
            && self.rule.is_none_or(|of| of == rule)
            && self.is_in_force(now_ms)
    }

    /// Whether nothing is to be told of a metric at all at an instant.
    #[must_use]
    pub fn covers_every_rule(&self, metric: &str, now_ms: i64) -> bool {
        self.rule.is_none() && self.metric.as_ref().is_none_or(|of| **of == *metric) && self.is_in_force(now_ms)
    }

    /// The mutes of a metric itself that cover a rule on it.
    pub fn of_metric<'a>(
        mutes: &'a [Self],
        metric: &'a str,
        rule: Rule,
        now_ms: i64,
    ) -> impl Iterator<Item = &'a Self> {
        mutes.iter().filter(move |mute| mute.metric.is_some() && mute.covers(metric, rule, now_ms))
    }

    /// The mute that covers a rule on a metric for the longest time, if one does.
    #[must_use]
    pub fn covering<'a>(mutes: &'a [Self], metric: &str, rule: Rule, now_ms: i64) -> Option<&'a Self> {
        let covering = mutes.iter().filter(|mute| mute.covers(metric, rule, now_ms));
        covering.max_by_key(|mute| mute.until_ms.unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mute(metric: Option<&str>, rule: Option<Rule>, until_ms: Option<i64>) -> Mute {
        Mute { id: 1, metric: metric.map(Into::into), rule, until_ms, reason: None, created_at_ms: 0 }
    }

    #[test]
    fn a_mute_covers_what_it_names_until_it_ends() {
        let lcp = mute(Some("lcp"), Some(Rule::Stuck), Some(100));
        assert!(lcp.covers("lcp", Rule::Stuck, 99));
        assert!(!lcp.covers("lcp", Rule::Stuck, 100), "it has ended");
        assert!(!lcp.covers("lcp", Rule::Silence, 99) && !lcp.covers("fcp", Rule::Stuck, 99));
        assert!(mute(None, Some(Rule::Stuck), None).covers("fcp", Rule::Stuck, i64::MAX));
        assert!(mute(None, None, None).covers("fcp", Rule::Silence, i64::MAX));
    }

    #[test]
    fn the_longest_of_several_counts() {
        let mutes = [mute(Some("lcp"), None, Some(100)), mute(None, None, Some(200)), mute(Some("fcp"), None, None)];
        let until = |metric, now_ms| Mute::covering(&mutes, metric, Rule::Surprise, now_ms).map(|mute| mute.until_ms);
        assert_eq!(until("lcp", 50), Some(Some(200)));
        assert_eq!(until("fcp", 50), Some(None));
        assert_eq!(until("lcp", 200), None);
    }
}
