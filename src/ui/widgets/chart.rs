//! Charts of one metric: the control chart with its limits, zones and violations, and the plain
//! course of values with mean and p95.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::plot::{Axis, Plot, put};
use super::rates::{Bars, draw_rates};
use super::surprises::draw_surprises;
use super::trace::draw_trace;
use super::violations::draw_violations;
use crate::app::view::Scale;
use crate::model::text::value;
use crate::model::{ChartData, ChartMark, ControlLimits, Lines, Point, RunMark, SpcChart, TimeRange, Unit, Watching};
use crate::ui::Look;
use crate::ui::text::{Align, fit};
use crate::ui::theme::Role;

/// Columns from which limits carry their values, and from which they carry their names.
const COLUMNS_FOR_VALUES: u16 = 64;
const COLUMNS_FOR_NAMES: u16 = 44;

/// Rows and columns from which there is room for a row of surprises.
const ROWS_FOR_SURPRISES: u16 = 12;
const COLUMNS_FOR_SURPRISES: u16 = 44;

/// What a chart draws besides its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartKind {
    /// What the control chart shows for each sample, centre line, control limits, zones, violations.
    Control,
    /// Mean and p95.
    Course,
    /// Of ones and zeros, what part is one.
    Rate,
}

/// What to draw.
#[derive(Debug)]
pub struct Chart<'a> {
    /// The data.
    pub data: &'a ChartData,
    /// The stretch of time on screen.
    pub range: TimeRange,
    /// What is drawn besides the data.
    pub kind: ChartKind,
    /// The sample under the crosshair.
    pub crosshair: Option<Point>,
    /// When alerts of the metric went on.
    pub alerts: Vec<TimeRange>,
    /// Samples of runs that failed or are unlike the others.
    pub runs: Vec<RunMark>,
    /// How surprising the metric was, shown below where there is room.
    pub watching: Option<&'a Watching>,
    /// The horizontal axis.
    pub axis: Axis<'a>,
}

impl Chart<'_> {
    /// Draws the chart. Too small an area, or no data, draws as much as there is room and reason for.
    pub fn draw(&self, area: Rect, look: &Look, buf: &mut Buffer) {
        if self.kind == ChartKind::Rate {
            return self.draw_rate(area, look, buf);
        }
        let courses = self.courses();
        let Some(scale) = self.scale(&courses) else { return };
        let mut levels = self.levels(look);
        let right = match area.width {
            COLUMNS_FOR_VALUES.. => levels.iter().map(|level| level.long.chars().count() + 1).max().unwrap_or(0),
            COLUMNS_FOR_NAMES.. => levels.iter().map(|level| level.name.chars().count() + 1).max().unwrap_or(0),
            _ => 0,
        };
        let has_room = area.height >= ROWS_FOR_SURPRISES && area.width >= COLUMNS_FOR_SURPRISES;
        let watching = self.watching.filter(|watching| has_room && !watching.is_learning());
        let area = Rect { height: area.height - u16::from(watching.is_some()), ..area };
        let plot = Plot::new(area, scale, self.unit(), self.range, self.axis, right.min(20) as u16);
        if let Some(watching) = watching {
            draw_surprises(watching, &plot, area.bottom(), look, buf);
        }
        if self.kind == ChartKind::Course {
            plot.draw_grid(look, buf);
        }
        levels.retain(|level| level.role != Role::Zone || has_room_for_zones(self.data.limits, &plot));
        for level in levels.iter().rev() {
            match level.moves {
                None => plot.level(level.at, level.glyph, level.role, look, buf),
                Some(line) => plot.path(self.lines(line), level.glyph, level.role, look, buf),
            }
        }
        for course in &courses {
            draw_trace(course, &plot, look, buf);
        }
        plot.draw_axes(look, buf);
        draw_level_names(&levels, &plot, area.width >= COLUMNS_FOR_VALUES, look, buf);
        if self.kind == ChartKind::Control {
            draw_violations(self, &plot, look, buf);
        }
        for mark in &self.runs {
            // A control chart marks what is beyond its limits.
            let (glyph, role) = match (mark.has_failed, self.kind) {
                (true, _) => (look.symbols.failure(), Role::Critical),
                (false, ChartKind::Course) => (look.symbols.outlier(), Role::Warning),
                (false, _) => continue,
            };
            plot.mark(mark.point.timestamp_ms, self.height(mark.point), glyph, role, look, buf);
        }
        for point in &self.data.evidence {
            plot.mark(point.timestamp_ms, point.value, look.symbols.evidence(), Role::Accent, look, buf);
        }
        if let Some(point) = self.crosshair {
            draw_crosshair(Point { value: self.height(point), ..point }, &plot, look, buf);
        }
    }

    /// Bars of what part is one, and the crosshair.
    fn draw_rate(&self, area: Rect, look: &Look, buf: &mut Buffer) {
        let scale = Scale { low: 0.0, high: 100.0 };
        let plot = Plot::new(area, scale, Unit::Percent, self.range, self.axis, 0);
        let bars = match self.axis {
            Axis::Time(_) => Bars::of_time(plot.inner.width),
            Axis::Count(..) => Bars::of_runs(self.data.points.len(), plot.inner.width),
        };
        plot.draw_grid(look, buf);
        draw_rates(&bars.rates(&self.data.points, self.range), bars, plot.inner, look, buf);
        plot.draw_axes(look, buf);
        if let Some(point) = self.crosshair {
            draw_crosshair(Point { value: 100.0 * point.value, ..point }, &plot, look, buf);
        }
    }

    /// Whether something else than the samples is shown, or moving lines.
    fn marks(&self) -> &[ChartMark] {
        if self.kind == ChartKind::Control { &self.data.marks } else { &[] }
    }

    fn unit(&self) -> Unit {
        if self.kind == ChartKind::Control { self.data.shown_unit() } else { self.data.unit }
    }

    /// What is drawn, oldest first: the samples, or what is shown for them, which may be two courses.
    fn courses(&self) -> Vec<Cow<'_, [Point]>> {
        let marks = self.marks();
        if marks.is_empty() {
            return vec![Cow::Borrowed(&self.data.points)];
        }
        let course = |value: fn(&ChartMark) -> Option<f64>| -> Cow<'_, [Point]> {
            let at = |(point, mark): (&Point, &ChartMark)| Some(Point { value: value(mark)?, ..*point });
            self.data.points.iter().zip(marks).filter_map(at).collect()
        };
        vec![course(|mark| Some(mark.value)), course(|mark| mark.low)]
    }

    /// Where a sample is drawn.
    pub(super) fn height(&self, point: Point) -> f64 {
        if self.marks().is_empty() {
            return point.value;
        }
        self.data.mark_of(point).map_or(point.value, |mark| mark.farther())
    }

    /// The course of one of the lines.
    fn lines(&self, line: fn(&Lines) -> f64) -> impl Iterator<Item = (i64, f64)> {
        self.data.points.iter().zip(self.marks()).map(move |(point, mark)| (point.timestamp_ms, line(&mark.lines)))
    }

    /// A scale over what is drawn in the range, and the limits. Limits below zero of a series that never is
    /// below zero do not stretch it.
    fn scale(&self, courses: &[Cow<'_, [Point]>]) -> Option<Scale> {
        let from = self.data.points.partition_point(|point| point.timestamp_ms < self.range.from_ms);
        let until = self.data.points.partition_point(|point| point.timestamp_ms < self.range.until_ms);
        let values = courses.iter().flat_map(|course| course.get(from..until).unwrap_or_default());
        let values = values.map(|point| point.value);
        let is_positive = values.clone().all(|value| value >= 0.0);
        let level = self.data.limits.filter(|_| self.kind == ChartKind::Control && self.marks().is_empty());
        let moving = self.marks().get(from..until).unwrap_or_default().iter().map(|mark| mark.lines);
        let lines = level.map(Lines::from).into_iter().chain(moving);
        // One wild value must not press the limits of sums together.
        let most = |lines: Lines| if self.data.chart == SpcChart::Cusum { 3.0 * lines.upper } else { f64::INFINITY };
        let most = self.marks().first().map_or(f64::INFINITY, |mark| most(mark.lines));
        let lines = lines.flat_map(|lines| [lines.lower, lines.upper]);
        let lines = lines.map(|line| if is_positive { line.max(0.0) } else { line });
        let scale = Scale::around(values.map(|value| value.clamp(-most, most)).chain(lines), 0.06)?;
        Some(if is_positive { Scale { low: scale.low.max(0.0), ..scale } } else { scale })
    }

    /// The horizontal lines, the most important first.
    fn levels(&self, look: &Look) -> Vec<Level> {
        let line = |name: String, at: f64, glyph: &'static str, role: Role| {
            let long = format!("{name} {}", value(at, self.unit()));
            Level { name, long, at, moves: None, glyph, role }
        };
        let symbols = look.symbols;
        if let Some(newest) = self.marks().last() {
            let line = |name: &str, moves: fn(&Lines) -> f64, glyph: &'static str, role: Role| Level {
                moves: Some(moves),
                ..line(name.to_owned(), moves(&newest.lines), glyph, role)
            };
            return vec![
                line("UCL", |lines| lines.upper, symbols.limit_line(), Role::Limit),
                line("LCL", |lines| lines.lower, symbols.limit_line(), Role::Limit),
                line("CL", |lines| lines.center, symbols.horizontal(), Role::Center),
            ];
        }
        match (self.kind, self.data.limits, self.data.baseline) {
            (ChartKind::Control, Some(limits), _) => {
                let mut levels = vec![
                    line("UCL".to_owned(), limits.ucl(), symbols.limit_line(), Role::Limit),
                    line("LCL".to_owned(), limits.lcl(), symbols.limit_line(), Role::Limit),
                    line("CL".to_owned(), limits.center, symbols.horizontal(), Role::Center),
                ];
                for sigmas in [2, 1, -1, -2] {
                    let name = format!("{sigmas:+}{}", symbols.sigma());
                    let at = limits.at(f64::from(sigmas));
                    let (long, glyph) = (name.clone(), symbols.zone_line());
                    levels.push(Level { long, name, at, moves: None, glyph, role: Role::Zone });
                }
                levels
            }
            (ChartKind::Course, _, Some(baseline)) => vec![
                line("mean".to_owned(), baseline.mean, symbols.horizontal(), Role::Center),
                line("p95".to_owned(), baseline.p95, symbols.limit_line(), Role::Limit),
            ],
            _ => Vec::new(),
        }
    }
}

/// Zones are drawn where one standard deviation is at least two rows high; closer lines are clutter.
fn has_room_for_zones(limits: Option<ControlLimits>, plot: &Plot) -> bool {
    limits.is_some_and(|limits| plot.row(limits.center).abs_diff(plot.row(limits.at(1.0))) >= 2)
}

struct Level {
    name: String,
    long: String,
    /// Where it stands, or its newest place.
    at: f64,
    /// Which of the chart's lines it follows.
    moves: Option<fn(&Lines) -> f64>,
    glyph: &'static str,
    role: Role,
}

/// Names at the right edge, the most important first; a name whose row is taken moves by one or goes.
fn draw_level_names(levels: &[Level], plot: &Plot, with_values: bool, look: &Look, buf: &mut Buffer) {
    if plot.right.width == 0 {
        return;
    }
    let mut taken = Vec::new();
    for level in levels.iter().filter(|level| plot.scale.contains(level.at)) {
        let row = plot.row(level.at);
        let is_free = |row: &u16| (plot.right.top()..plot.right.bottom()).contains(row) && !taken.contains(row);
        let candidates = if level.role == Role::Zone { vec![row] } else { vec![row, row.saturating_sub(1), row + 1] };
        let Some(row) = candidates.into_iter().find(is_free) else { continue };
        taken.push(row);
        let text = if with_values { &level.long } else { &level.name };
        let text = fit(text, usize::from(plot.right.width - 1), Align::Left, look.symbols);
        buf.set_string(plot.right.x + 1, row, text, look.theme.style(level.role));
    }
}

fn draw_crosshair(point: Point, plot: &Plot, look: &Look, buf: &mut Buffer) {
    let Some(x) = plot.column(point.timestamp_ms) else { return };
    let style = look.theme.style(Role::Crosshair);
    let [line, center] = look.symbols.crosshair();
    for y in plot.inner.top()..plot.inner.bottom() {
        put(buf, x, y, line, style);
    }
    put(buf, x, plot.row(point.value), center, style);
}

/// A distance from the centre in standard deviations: `+3.2`, and `0.0` without a sign.
#[must_use]
pub fn signed(z: f64) -> String {
    let text = format!("{z:+.1}");
    if matches!(text.as_str(), "+0.0" | "-0.0") { "0.0".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::signed;

    #[rstest]
    #[case(3.24, "+3.2")]
    #[case(-0.26, "-0.3")]
    #[case(-0.04, "0.0")]
    #[case(0.0, "0.0")]
    fn distances_carry_their_sign(#[case] z: f64, #[case] text: &str) {
        assert_eq!(signed(z), text);
    }
}
