//! A finding in one sentence: the values, the limits and how far apart they are, in the metric's unit.

use super::western_electric::Side;
use crate::model::text::{counted, number, printable_short, value};
use crate::model::{ControlLimits, Explanation, Point, Rule, Unit};

/// Names longer than this are cut in messages.
pub(super) const NAME_CHARS: usize = 60;

/// What is described: the rule that fired on `side`, on the points of `evidence` (the newest last), against
/// `limits` that stand on `count` samples.
pub(super) struct Account<'a> {
    pub(super) metric: &'a str,
    pub(super) unit: Unit,
    pub(super) rule: Rule,
    pub(super) side: Side,
    pub(super) evidence: &'a [Point],
    pub(super) limits: ControlLimits,
    pub(super) count: u64,
}

impl Account<'_> {
    /// The sentence.
    pub(super) fn sentence(&self) -> String {
        let name = printable_short(self.metric, NAME_CHARS);
        match self.rule {
            Rule::BeyondLimit => format!("{name} {}", self.beyond_limit()),
            Rule::TwoOfThree => format!("{name}: {}", self.two_of_three()),
            // Detectors describe what they find themselves.
            _ => {
                format!("{name}: {} values in a row {} the mean {}", self.evidence.len(), self.side(), self.mean())
            }
        }
    }

    /// Why, with the numbers apart.
    pub(super) fn explanation(&self) -> Explanation {
        let found = self.evidence.last().map(|point| point.value);
        let z = found.and_then(|found| self.limits.z(found));
        let sentence = self.sentence();
        let name = printable_short(self.metric, NAME_CHARS);
        let text = sentence.strip_prefix(&name).unwrap_or(&sentence).trim_start_matches([':', ' ']).to_owned();
        Explanation {
            text,
            observed: found,
            expected: Some(self.limits.center),
            rarity: z.map(|z| format!("{} sd from the mean of {}", sigmas(z.abs()), counted(self.count, "value"))),
            samples: u32::try_from(self.evidence.len()).unwrap_or(u32::MAX),
        }
    }

    fn beyond_limit(&self) -> String {
        let found = self.evidence.last().map_or(self.limits.center, |point| point.value);
        let Some(z) = self.limits.z(found) else {
            return format!("{} differs from the constant {} of {} values", self.show(found), self.mean(), self.count);
        };
        let (limit, limit_value) = match self.side {
            Side::Above => ("upper", self.limits.ucl()),
            Side::Below => ("lower", self.limits.lcl()),
        };
        format!(
            "{} is {} the {limit} limit {} (mean {}, sd {}, {} sd away)",
            self.show(found),
            self.side(),
            self.show(limit_value),
            self.mean(),
            self.show(self.limits.sigma),
            sigmas(z.abs()),
        )
    }

    fn two_of_three(&self) -> String {
        let values: Vec<String> = self.evidence.iter().map(|point| self.show(point.value)).collect();
        format!(
            "2 of the last 3 values are more than 2 sd {} the mean {} (sd {}): {}",
            self.side(),
            self.mean(),
            self.show(self.limits.sigma),
            values.join(", "),
        )
    }

    fn mean(&self) -> String {
        self.show(self.limits.center)
    }

    fn show(&self, number: f64) -> String {
        value(number, self.unit)
    }

    const fn side(&self) -> &'static str {
        match self.side {
            Side::Above => "above",
            Side::Below => "below",
        }
    }
}

fn sigmas(z: f64) -> String {
    if z < 1_000.0 { format!("{z:.1}") } else { number(z) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const API: ControlLimits = ControlLimits::new(145.3, 28.6);

    #[rstest]
    #[case(
        Rule::BeyondLimit, Side::Above, &[812.0], API,
        "api_response_time 812 ms is above the upper limit 231.1 ms (mean 145.3 ms, sd 28.6 ms, 23.3 sd away)"
    )]
    #[case(
        Rule::BeyondLimit, Side::Below, &[12.0], API,
        "api_response_time 12 ms is below the lower limit 59.5 ms (mean 145.3 ms, sd 28.6 ms, 4.7 sd away)"
    )]
    #[case(
        Rule::BeyondLimit, Side::Above, &[3.0], ControlLimits::new(2.0, 0.0),
        "api_response_time 3 ms differs from the constant 2 ms of 1200 values"
    )]
    #[case(
        Rule::TwoOfThree, Side::Above, &[210.0, 215.0], API,
        "api_response_time: 2 of the last 3 values are more than 2 sd above the mean 145.3 ms (sd 28.6 ms): \
         210 ms, 215 ms"
    )]
    #[case(
        Rule::SevenOnOneSide, Side::Below, &[1.0; 7], API,
        "api_response_time: 7 values in a row below the mean 145.3 ms"
    )]
    fn findings_read_like_sentences(
        #[case] rule: Rule,
        #[case] side: Side,
        #[case] values: &[f64],
        #[case] limits: ControlLimits,
        #[case] sentence: &str,
    ) {
        let evidence: Vec<Point> = values.iter().map(|&value| Point { timestamp_ms: 0, value }).collect();
        let unit = Unit::Milliseconds;
        let metric = "api_response_time";
        let account = Account { metric, unit, rule, side, evidence: &evidence, limits, count: 1_200 };
        assert_eq!(account.sentence(), sentence);
    }

    #[test]
    fn hostile_names_are_shown_as_data() {
        let metric = format!("\x1b[31m{}", "x".repeat(10_000));
        let evidence = [Point { timestamp_ms: 0, value: 9.0 }];
        let (rule, side, limits) = (Rule::BeyondLimit, Side::Above, ControlLimits::new(0.0, 1.0));
        let account = Account { metric: &metric, unit: Unit::None, rule, side, evidence: &evidence, limits, count: 30 };
        let sentence = account.sentence();
        assert!(sentence.starts_with("^[[31mxxx"), "{sentence}");
        assert!(sentence.len() < 200, "{sentence}");
    }
}
