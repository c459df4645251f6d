//! The samples of a chart at equal distances. What comes irregularly, such as runs, stands in a few columns on an axis of
//! time, with most of the pane empty between them.

use crate::model::{ChartData, MetricName, Point, TimeRange, Violation};

/// The width of a sample's place on the axis, in the unit of the time that it stands for.
const PLACE_MS: i64 = 1_000;

/// A chart whose samples are dated by their place among those on screen.
#[derive(Debug, Clone)]
pub struct ByCount {
    /// The samples on screen, each in the middle of its place, and what is marked of them.
    pub data: ChartData,
    /// The stretch that all places take.
    pub range: TimeRange,
    /// Samples for each place; more than one where very many were thinned out.
    samples_a_place: f64,
    /// When they were taken.
    points: Vec<Point>,
}

impl ByCount {
    /// The samples of `chart` within `shown`.
    #[must_use]
    pub fn of(chart: &ChartData, shown: TimeRange) -> Self {
        let from = chart.points.partition_point(|point| point.timestamp_ms < shown.from_ms);
        let until = chart.points.partition_point(|point| point.timestamp_ms < shown.until_ms).max(from);
        let points = chart.points[from..until].to_vec();
        let range = TimeRange { from_ms: 0, until_ms: edge(points.len()) };
        let samples_a_place = chart.sample_count as f64 / chart.points.len().max(1) as f64;
        let mut counted = Self {
            data: ChartData {
                range,
                sample_count: (points.len() as f64 * samples_a_place).round() as u64,
                points: points.iter().enumerate().map(|(place, point)| placed(place, point.value)).collect(),
                marks: chart.marks.get(from..until).unwrap_or_default().to_vec(),
                violations: Vec::new(),
                evidence: Vec::new(),
                metric: MetricName::clone(&chart.metric),
                unit: chart.unit,
                chart: chart.chart,
                on: chart.on,
                taken_out: chart.taken_out,
                later_count: chart.later_count,
                baseline: chart.baseline,
                limits: chart.limits,
                min_samples: chart.min_samples,
                module: chart.module.clone(),
            },
            range,
            samples_a_place,
            points,
        };
        let violation = |violation: &Violation| {
            let began_ms = violation.began_ms.map(|began_ms| counted.edge_at(began_ms));
            Some(Violation { point: counted.point(violation.point)?, began_ms, ..*violation })
        };
        let violations = chart.violations.iter().filter_map(violation).collect();
        let evidence = chart.evidence.iter().filter_map(|&point| counted.point(point)).collect();
        (counted.data.violations, counted.data.evidence) = (violations, evidence);
        counted
    }

    /// Where a sample stands; `None` when it is not on screen.
    #[must_use]
    pub fn point(&self, point: Point) -> Option<Point> {
        let first = self.before(point.timestamp_ms);
        let place = first + self.points[first..].iter().position(|&other| other == point)?;
        Some(placed(place, point.value))
    }

    /// The places of the samples in a stretch of time.
    #[must_use]
    pub fn stretch(&self, range: TimeRange) -> TimeRange {
        TimeRange { from_ms: self.edge_at(range.from_ms), until_ms: self.edge_at(range.until_ms) }
    }

    /// At most `max_ticks` places with round numbers of samples between them and the newest of the series: 0 for that one, -20
    /// for the one 20 before.
    #[must_use]
    pub fn ticks(&self, max_ticks: u16) -> Vec<(i64, String)> {
        let (places, newest) = (self.points.len() as f64, self.data.later_count as f64);
        if self.points.is_empty() || max_ticks == 0 {
            return Vec::new();
        }
        let span = places * self.samples_a_place;
        let step = round_step(span / f64::from(max_ticks));
        let oldest = newest + span;
        let first = (newest / step).ceil();
        let ages = (0..=max_ticks).map(|tick| (first + f64::from(tick)) * step).take_while(|&age| age < oldest);
        let tick = |age: f64| {
            let place = (places - 1.0 - (age - newest) / self.samples_a_place).round().clamp(0.0, places - 1.0);
            (placed(place as usize, 0.0).timestamp_ms, format!("{:.0}", 0.0 - age))
        };
        ages.map(tick).collect()
    }

    /// How many samples on screen are older.
    fn before(&self, at_ms: i64) -> usize {
        self.points.partition_point(|point| point.timestamp_ms < at_ms)
    }

    /// The edge between the places of samples before an instant and from it on.
    fn edge_at(&self, at_ms: i64) -> i64 {
        edge(self.before(at_ms))
    }
}

fn edge(places: usize) -> i64 {
    i64::try_from(places).unwrap_or(i64::MAX).saturating_mul(PLACE_MS)
}

fn placed(place: usize, value: f64) -> Point {
    Point { timestamp_ms: edge(place).saturating_add(PLACE_MS / 2), value }
}

/// The least of 1, 2, 5, 10, 20, ... that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    steps.into_iter().find(|&step| step >= least).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::app::testing;
    use crate::model::Rule;

    fn chart(instants: &[i64]) -> ChartData {
        let points: Vec<Point> =
            instants.iter().zip(0..).map(|(&timestamp_ms, i)| Point { timestamp_ms, value: f64::from(i) }).collect();
        let range = TimeRange { from_ms: 0, until_ms: 1_000_000 };
        let violations =
            points.iter().map(|&point| Violation { point, rule: Rule::BeyondLimit, began_ms: None }).collect();
        ChartData {
            sample_count: points.len() as u64,
            range,
            violations,
            points,
            ..testing::chart("build.duration_ms")
        }
    }

    #[test]
    fn samples_stand_at_equal_distances_in_their_order() {
        let chart = chart(&[10, 20, 20, 900_000]);
        let counted = ByCount::of(&chart, chart.range);
        let at: Vec<i64> = counted.data.points.iter().map(|point| point.timestamp_ms).collect();
        assert_eq!((at, counted.range.until_ms), (vec![500, 1_500, 2_500, 3_500], 4_000));
        assert_eq!(counted.data.points, counted.data.violations.iter().map(|found| found.point).collect::<Vec<_>>());
        assert_eq!(counted.point(chart.points[2]).map(|point| point.timestamp_ms), Some(2_500), "of two at once");
        assert_eq!(counted.point(Point { timestamp_ms: 20, value: 77.0 }), None);
    }

    #[test]
    fn a_stretch_of_time_holds_the_same_samples() {
        let chart = chart(&[10, 20, 20, 900_000]);
        let counted = ByCount::of(&chart, chart.range);
        for stretch in [(0, 20), (20, 21), (21, 900_000), (5, 900_001), (30, 40)] {
            let stretch = TimeRange { from_ms: stretch.0, until_ms: stretch.1 };
            let placed = counted.stretch(stretch);
            for (before, after) in chart.points.iter().zip(&counted.data.points) {
                assert_eq!(stretch.contains(before.timestamp_ms), placed.contains(after.timestamp_ms), "{stretch:?}");
            }
        }
    }

    #[rstest]
    #[case(100, 0, 5, &["0", "-20", "-40", "-60", "-80"])]
    #[case(7, 0, 10, &["0", "-1", "-2", "-3", "-4", "-5", "-6"])]
    #[case(50, 30, 4, &["-40", "-60"])]
    #[case(1, 0, 3, &["0"])]
    #[case(0, 0, 3, &[])]
    fn ticks_count_back_from_the_newest(
        #[case] samples: i64,
        #[case] later_count: u64,
        #[case] max_ticks: u16,
        #[case] labels: &[&str],
    ) {
        let chart = ChartData { later_count, ..chart(&(0..samples).map(|i| i * i).collect::<Vec<_>>()) };
        let counted = ByCount::of(&chart, chart.range);
        let ticks = counted.ticks(max_ticks);
        assert_eq!(ticks.iter().map(|(_, label)| label.as_str()).collect::<Vec<_>>(), labels);
        for (at_ms, label) in ticks {
            let age: i64 = label.parse::<i64>().unwrap().abs() - later_count.cast_signed();
            assert_eq!(at_ms, counted.data.points[(samples - 1 - age) as usize].timestamp_ms);
        }
    }

    #[test]
    fn samples_that_were_thinned_out_are_counted() {
        let chart = ChartData { sample_count: 1_000, ..chart(&(0..100).collect::<Vec<_>>()) };
        let ticks = ByCount::of(&chart, chart.range).ticks(5);
        assert_eq!(ticks[1], (79_500, "-200".to_owned()));
    }

    proptest! {
        #[test]
        fn no_chart_and_no_range_panics(
            mut instants in prop::collection::vec(any::<i64>(), 0..50),
            from_ms in any::<i64>(), until_ms in any::<i64>(), later_count in any::<u64>(), max_ticks in 0u16..50,
        ) {
            instants.sort_unstable();
            let chart = ChartData { later_count, ..chart(&instants) };
            let counted = ByCount::of(&chart, TimeRange { from_ms, until_ms });
            prop_assert!(counted.ticks(max_ticks).iter().all(|tick| counted.range.contains(tick.0)));
        }
    }
}
