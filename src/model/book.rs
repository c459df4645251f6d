//! What the user says of single metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Budget, Direction, Rule, Sensitivity, Unit};

/// What the configuration says of one metric; what it leaves out has a default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricSettings {
    /// The unit; guessed from the name when it is not said.
    pub unit: Option<Unit>,
    /// Which way is better.
    pub direction: Direction,
    /// The run rules its control chart is marked with; the general ones when it is not said.
    pub rules: Option<Vec<Rule>>,
    /// What raises alerts on it; when it is not said its own rules, and without those what holds for all.
    pub alerts: Option<Vec<Rule>>,
    /// How easily its detectors raise them; as for all when it is not said.
    pub sensitivity: Option<Sensitivity>,
    /// Whether people who use the product feel it: its alerts come first, and a surprise may be critical however small.
    pub is_user_facing: bool,
    /// How many false alarms it may raise; by its own sensitivity when it is not said, and without that as for all.
    pub budget: Option<Budget>,
    /// The tags by which it is taken apart first; empty when it is not said.
    pub group_by: Vec<Arc<str>>,
}

/// Settings by metric, and what holds for every other metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricBook {
    by_name: BTreeMap<String, MetricSettings>,
    rules: Vec<Rule>,
    alerts: Vec<Rule>,
    sensitivity: Sensitivity,
    budget: Budget,
}

impl Default for MetricBook {
    fn default() -> Self {
        Self::new(BTreeMap::new(), Rule::EVERY.to_vec())
    }
}

impl MetricBook {
    /// Settings for the metrics named, `rules` for all others; alerts are raised by the detectors.
    #[must_use]
    pub fn new(by_name: BTreeMap<String, MetricSettings>, rules: Vec<Rule>) -> Self {
        Self {
            by_name,
            rules,
            alerts: Rule::DETECTORS.to_vec(),
            sensitivity: Sensitivity::default(),
            budget: Budget::default(),
        }
    }

    /// The same, with alerts raised by these where a metric says nothing else.
    #[must_use]
    pub fn with_alerts(self, alerts: Vec<Rule>) -> Self {
        Self { alerts, ..self }
    }

    /// The same, with detectors as sensitive as this where a metric says nothing else, and the budget that it stands for.
    #[must_use]
    pub fn with_sensitivity(self, sensitivity: Sensitivity) -> Self {
        Self { sensitivity, budget: sensitivity.budget(), ..self }
    }

    /// The same, with so many false alarms of each metric where it says nothing else.
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// The same, with alerts raised by these and nothing else, whatever a metric says.
    #[must_use]
    pub fn raised_by_all_of(mut self, rules: &[Rule]) -> Self {
        for settings in self.by_name.values_mut() {
            settings.alerts = Some(rules.to_vec());
        }
        self.with_alerts(rules.to_vec())
    }

    /// The unit of a metric.
    #[must_use]
    pub fn unit(&self, metric: &str) -> Unit {
        self.by_name.get(metric).and_then(|settings| settings.unit).unwrap_or_else(|| Unit::from_name(metric))
    }

    /// Which way is better for a metric.
    #[must_use]
    pub fn direction(&self, metric: &str) -> Direction {
        self.by_name.get(metric).map(|settings| settings.direction).unwrap_or_default()
    }

    /// What raises alerts on a metric.
    #[must_use]
    pub fn alerts(&self, metric: &str) -> &[Rule] {
        self.by_name.get(metric).and_then(|settings| settings.alerts.as_deref()).unwrap_or(&self.alerts)
    }

    /// How easily the detectors of a metric raise alerts.
    #[must_use]
    pub fn sensitivity(&self, metric: &str) -> Sensitivity {
        self.by_name.get(metric).and_then(|settings| settings.sensitivity).unwrap_or(self.sensitivity)
    }

    /// Whether people who use the product feel a metric.
    #[must_use]
    pub fn is_user_facing(&self, metric: &str) -> bool {
        self.by_name.get(metric).is_some_and(|settings| settings.is_user_facing)
    }

    /// How many false alarms a metric may raise.
    #[must_use]
    pub fn budget(&self, metric: &str) -> Budget {
        let own = self.by_name.get(metric);
        let own = own.and_then(|settings| settings.budget.or(settings.sensitivity.map(Sensitivity::budget)));
        own.unwrap_or(self.budget)
    }

    /// The run rules a metric's control chart is marked with.
    #[must_use]
    pub fn rules(&self, metric: &str) -> &[Rule] {
        self.by_name.get(metric).and_then(|settings| settings.rules.as_deref()).unwrap_or(&self.rules)
    }

    /// The tags by which a metric is taken apart first.
    #[must_use]
    pub fn group_by(&self, metric: &str) -> &[Arc<str>] {
        self.by_name.get(metric).map_or(&[], |settings| &settings.group_by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_has_a_default() {
        let latency = MetricSettings { direction: Direction::Lower, rules: Some(vec![]), ..Default::default() };
        let book = MetricBook::new([("api_response_time".to_owned(), latency)].into(), vec![Rule::BeyondLimit]);
        assert_eq!(book.unit("api_response_time"), Unit::Milliseconds);
        assert_eq!(book.direction("api_response_time"), Direction::Lower);
        assert_eq!(book.rules("api_response_time"), []);
        assert_eq!(book.direction("other"), Direction::Either);
        assert_eq!(book.rules("other"), [Rule::BeyondLimit]);
        assert_eq!(book.alerts("api_response_time"), Rule::DETECTORS);
        let book = book.with_alerts(vec![Rule::BeyondLimit]);
        assert_eq!(
            (book.alerts("other"), book.alerts("api_response_time")),
            (&[Rule::BeyondLimit][..], &[Rule::BeyondLimit][..])
        );
        let book = book.raised_by_all_of(&[Rule::Iqr]);
        assert_eq!((book.alerts("other"), book.alerts("api_response_time")), (&[Rule::Iqr][..], &[Rule::Iqr][..]));
    }

    #[test]
    fn a_metric_may_be_more_sensitive_than_others() {
        let own = MetricSettings { sensitivity: Some(Sensitivity::High), ..Default::default() };
        let book = MetricBook::new([("lcp".to_owned(), own)].into(), vec![]);
        assert_eq!((book.sensitivity("lcp"), book.sensitivity("other")), (Sensitivity::High, Sensitivity::Medium));
        let book = book.with_sensitivity(Sensitivity::Low);
        assert_eq!((book.sensitivity("lcp"), book.sensitivity("other")), (Sensitivity::High, Sensitivity::Low));
    }

    #[test]
    fn a_budget_is_said_in_numbers_or_by_the_sensitivity() {
        let sensitive = MetricSettings { sensitivity: Some(Sensitivity::High), ..Default::default() };
        let both = MetricSettings { budget: Some(Budget::OFF), ..sensitive.clone() };
        let book = MetricBook::new([("lcp".to_owned(), sensitive), ("cls".to_owned(), both)].into(), vec![]);
        let budgets = |book: &MetricBook| ["lcp", "cls", "other"].map(|metric| book.budget(metric));
        assert_eq!(budgets(&book), [Budget::DAILY, Budget::OFF, Budget::WEEKLY]);
        assert_eq!(budgets(&book.with_budget(Budget::MONTHLY)), [Budget::DAILY, Budget::OFF, Budget::MONTHLY]);
    }
}
