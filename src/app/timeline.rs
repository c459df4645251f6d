//! The stretch of time on screen: window, zoom, pan, crosshair, violations, freeze. Sums of instants
//! saturate, so that no timestamp a store can hold breaks them.

use std::sync::Arc;

use super::{App, Frozen, SizeClass, Tab, toast};
use crate::model::{Point, Snapshot, SpcChart, Subject, TimeRange, ViewRequest, Violation, Window};

/// Zooming in stops here.
const SHORTEST_SPAN_MS: i64 = 1_000;

impl App {
    /// Whether a full chart of the chosen metric is on screen.
    #[must_use]
    pub fn shows_chart(&self) -> bool {
        self.tab == Tab::ControlChart || self.expanded
    }

    /// Whether the chosen metric of a list takes the whole tab.
    #[must_use]
    pub fn is_expanded(&self) -> bool {
        self.expanded && self.tab != Tab::ControlChart
    }

    /// Whether the table has room for the chart of the chosen metric below it.
    #[must_use]
    pub fn has_detail(&self) -> bool {
        let (width, height) = self.size;
        self.tab == Tab::Baselines && SizeClass::of(width, height) == SizeClass::Full
    }

    /// What the engine is to work out for what is on screen.
    #[must_use]
    pub fn view_request(&self) -> ViewRequest {
        let range = match &self.frozen {
            Some(frozen) if self.range.is_none() => frozen.range,
            _ => self.range,
        };
        // The course of a series is the same for all control charts.
        let (chart, on) = match self.tab {
            Tab::TimeSeries => (SpcChart::default(), Subject::Raw),
            Tab::Baselines | Tab::ControlChart => (self.spc, self.spc_on),
        };
        ViewRequest {
            window: self.window,
            focus: self.selected.clone().filter(|_| self.shows_chart() || self.has_detail()),
            range,
            chart,
            on,
            split: self.taken_apart.clone(),
            alert_id: self.looked_at,
        }
    }

    /// The stretch of time the chart covers: the zoomed one, else the chart's own, else the window's.
    #[must_use]
    pub fn visible_range(&self) -> TimeRange {
        let pinned = self.view_request().range;
        pinned.or_else(|| self.chart().map(|chart| chart.range)).unwrap_or_else(|| self.window.range_at(self.now_ms))
    }

    /// The sample under the crosshair: the one nearest to its place in time.
    #[must_use]
    pub fn crosshair_point(&self) -> Option<Point> {
        Some(self.chart()?.points[self.crosshair_index()?])
    }

    /// Its place among the samples of the chart.
    fn crosshair_index(&self) -> Option<usize> {
        let points = &self.chart()?.points;
        let at_ms = points[nearest(points, self.crosshair_ms?)?].timestamp_ms;
        let first = points.partition_point(|point| point.timestamp_ms < at_ms);
        let of_that_time = points[first..].iter().take_while(|point| point.timestamp_ms == at_ms).count();
        Some(first + self.crosshair_nth.min(of_that_time - 1))
    }
}

/// Puts the crosshair on a sample of the chart.
fn place_crosshair(app: &mut App, index: usize) {
    let Some(points) = app.chart().map(|chart| &chart.points) else { return };
    let Some(at_ms) = points.get(index).map(|point| point.timestamp_ms) else { return };
    app.crosshair_nth = index - points.partition_point(|point| point.timestamp_ms < at_ms);
    app.crosshair_ms = Some(at_ms);
}

/// Index of the point nearest in time.
fn nearest(points: &[Point], at_ms: i64) -> Option<usize> {
    let after = points.partition_point(|point| point.timestamp_ms < at_ms);
    let distance = |index: usize| points.get(index).map_or(u64::MAX, |point| point.timestamp_ms.abs_diff(at_ms));
    match after.checked_sub(1) {
        Some(before) if distance(before) < distance(after) => Some(before),
        _ if after < points.len() => Some(after),
        before => before,
    }
}

/// Draws the next kind of control chart, where there is one on screen.
pub(super) fn next_chart(app: &mut App) {
    if has_control_chart(app) {
        app.spc = app.spc.next();
    }
}

/// Judges raw values instead of what is left of them, or the other way round.
pub(super) fn other_subject(app: &mut App) {
    if has_control_chart(app) {
        app.spc_on = app.spc_on.other();
    }
}

fn has_control_chart(app: &mut App) -> bool {
    let has_one = app.tab != Tab::TimeSeries && (app.shows_chart() || app.has_detail());
    if !has_one {
        toast::say(app, "no control chart here");
    }
    has_one
}

/// Looks back over another window, up to now.
pub(super) fn set_window(app: &mut App, window: Window) {
    app.window = window;
    app.range = None;
}

/// Shows the samples at equal distances, or when they were taken.
pub(super) fn toggle_by_count(app: &mut App) {
    if app.shows_chart() || app.has_detail() {
        app.by_count = !app.by_count;
    } else {
        toast::say(app, "no chart here");
    }
}

/// Halves what is on screen about the crosshair, else up to its end: the stretch of time, or the samples where those are
/// counted.
pub(super) fn zoom_in(app: &mut App) {
    let shown = bounded(app.visible_range(), app);
    if app.by_count {
        app.range = half_of_the_samples(app, shown).or(app.range);
        return;
    }
    let span_ms = (shown.span_ms() / 2).max(SHORTEST_SPAN_MS);
    if span_ms < shown.span_ms() {
        app.range = Some(about_anchor(app, shown, span_ms));
    }
}

/// The stretch with half of the samples; `None` when there are none to leave out.
fn half_of_the_samples(app: &App, shown: TimeRange) -> Option<TimeRange> {
    let points = &app.chart()?.points;
    let from = points.partition_point(|point| point.timestamp_ms < shown.from_ms);
    let points = points.get(from..)?;
    let points = &points[..points.partition_point(|point| point.timestamp_ms < shown.until_ms)];
    let half = points.len().div_ceil(2);
    let anchor = app.crosshair_ms.filter(|&at_ms| shown.contains(at_ms)).and_then(|at_ms| nearest(points, at_ms));
    // The anchor stands where it stood.
    let first = anchor.map_or(points.len() - half, |anchor| anchor - anchor / 2);
    let from_ms = points.get(first)?.timestamp_ms;
    let until_ms = points.get(first + half).map_or(shown.until_ms, |after| after.timestamp_ms);
    (half < points.len() && from_ms < until_ms).then_some(TimeRange { from_ms, until_ms })
}

/// Doubles it, up to the window.
pub(super) fn zoom_out(app: &mut App) {
    let Some(shown) = app.range else { return };
    let span_ms = shown.span_ms().saturating_mul(2);
    let whole = whole_range(app);
    // Halving rounds, so what is left of the whole window after some steps is a little less than it.
    if span_ms >= whole.span_ms() - whole.span_ms() / 64 {
        app.range = None;
        return;
    }
    let range = about_anchor(app, shown, span_ms);
    app.range = Some(if range.until_ms > whole.until_ms { ending_at(whole.until_ms, span_ms) } else { range });
}

/// The window up to now (or to the moment of the freeze).
fn whole_range(app: &App) -> TimeRange {
    let frozen = app.frozen.as_ref().and_then(|frozen| frozen.range);
    bounded(frozen.unwrap_or_else(|| app.window.range_at(app.now_ms)), app)
}

/// A range that starts at the beginning of time starts at the first sample known instead.
fn bounded(range: TimeRange, app: &App) -> TimeRange {
    if range.from_ms > i64::MIN {
        return range;
    }
    let first_ms = app.chart().and_then(|chart| chart.points.first()).map(|point| point.timestamp_ms);
    TimeRange { from_ms: first_ms.unwrap_or(0).min(range.until_ms), ..range }
}

const fn ending_at(until_ms: i64, span_ms: i64) -> TimeRange {
    TimeRange { from_ms: until_ms.saturating_sub(span_ms), until_ms }
}

/// `span_ms` of time in which the anchor stands where it stood in `shown`.
fn about_anchor(app: &App, shown: TimeRange, span_ms: i64) -> TimeRange {
    let Some(anchor_ms) = app.crosshair_ms.filter(|&at_ms| shown.contains(at_ms)) else {
        return ending_at(shown.until_ms, span_ms);
    };
    let share = anchor_ms.saturating_sub(shown.from_ms) as f64 / shown.span_ms().max(1) as f64;
    let before_ms = (share * span_ms as f64) as i64;
    let from_ms = anchor_ms.saturating_sub(before_ms);
    TimeRange { from_ms, until_ms: from_ms.saturating_add(span_ms) }
}

/// Left and right: steps the crosshair sample by sample, else pans by a quarter of the screen.
pub(super) fn sideways(app: &mut App, forward: bool) {
    if app.crosshair_ms.is_none() {
        if app.shows_chart() {
            pan(app, forward);
        }
        return;
    }
    let Some(chart) = app.chart() else { return };
    let count = chart.points.len();
    let next = app.crosshair_index().and_then(|at| if forward { at.checked_add(1) } else { at.checked_sub(1) });
    match next.filter(|&next| next < count) {
        Some(next) => place_crosshair(app, next),
        None => pan(app, forward),
    }
}

fn pan(app: &mut App, forward: bool) {
    let shown = bounded(app.visible_range(), app);
    let whole = whole_range(app);
    let nothing_there = app.chart().is_some_and(|chart| chart.points.is_empty() && Some(chart.range) == app.range);
    if !forward && nothing_there {
        return toast::say(app, "no samples farther back");
    }
    let step_ms = (shown.span_ms() / 4).max(1);
    let by_ms = if forward { step_ms } else { -step_ms };
    let until_ms = shown.until_ms.saturating_add(by_ms);
    if until_ms < whole.until_ms {
        app.range = Some(TimeRange { from_ms: shown.from_ms.saturating_add(by_ms), until_ms });
    } else if shown.span_ms() >= whole.span_ms() {
        app.range = None;
    } else if app.range.is_some() {
        app.range = Some(ending_at(whole.until_ms, shown.span_ms()));
    }
}

/// Shows the crosshair on the newest sample, or puts it away.
pub(super) fn toggle_crosshair(app: &mut App) {
    if app.crosshair_ms.take().is_none() {
        crosshair_to_end(app, true);
    }
}

/// Puts the crosshair on the newest (or oldest) sample of the chart.
pub(super) fn crosshair_to_end(app: &mut App, newest: bool) {
    if !app.shows_chart() {
        app.expanded = true;
    }
    // Before the chart has come there is nothing to point at: then the end of the stretch will do.
    let visible = app.visible_range();
    app.crosshair_ms = Some(if newest { visible.until_ms } else { visible.from_ms });
    app.crosshair_nth = 0;
    if let Some(last) = app.chart().and_then(|chart| chart.points.len().checked_sub(1)) {
        place_crosshair(app, if newest { last } else { 0 });
    }
}

/// Puts the crosshair on the next or previous violation; without a crosshair, on the newest one.
pub(super) fn step_violation(app: &mut App, forward: bool) {
    let at_ms = app.crosshair_point().map(|point| point.timestamp_ms);
    let violations = app.chart().map_or(&[][..], |chart| &chart.violations);
    let found = match at_ms {
        None => violations.last(),
        Some(at_ms) if forward => violations.iter().find(|violation| violation.point.timestamp_ms > at_ms),
        Some(at_ms) => violations.iter().rev().find(|violation| violation.point.timestamp_ms < at_ms),
    };
    match found {
        Some(&Violation { point, .. }) => {
            let points = app.chart().map_or(&[][..], |chart| &chart.points);
            let index = points.iter().position(|&other| other == point);
            app.crosshair_ms = Some(point.timestamp_ms);
            if let Some(index) = index {
                place_crosshair(app, index);
            }
        }
        None if violations.is_empty() => toast::say(app, "no violations here"),
        None => toast::say(app, if forward { "no later violation" } else { "no earlier violation" }),
    }
}

/// Stops the view, or lets it jump to now. The engine goes on either way.
pub(super) fn toggle_freeze(app: &mut App) {
    if app.frozen.take().is_some() {
        super::rows::refresh(app);
        return;
    }
    let Some(snapshot) = app.snapshot.clone() else { return toast::say(app, "nothing to freeze yet") };
    app.frozen = Some(freeze(snapshot, app.window, app.now_ms));
}

fn freeze(snapshot: Arc<Snapshot>, window: Window, now_ms: i64) -> Frozen {
    // The chart's own stretch, or the window's; `all` has no beginning to pin.
    let own = snapshot.chart.as_ref().map(|chart| chart.range).filter(|_| snapshot.request.range.is_none());
    let range = own.or_else(|| window.span_ms().map(|_| window.range_at(snapshot.taken_at_ms)));
    Frozen { snapshot, range, since_ms: now_ms, alerts_since: 0 }
}

/// While the view is frozen, a new picture only answers what the user went on to ask: another chart
/// over the frozen stretch, a metric taken apart, or, for another window, a whole picture that is frozen in its turn.
pub(super) fn answer_frozen(app: &mut App, arrived: &Arc<Snapshot>) {
    let request = app.view_request();
    let (window, now_ms) = (app.window, app.now_ms);
    let Some(frozen) = &mut app.frozen else { return };
    if arrived.request.window != window {
        return;
    }
    if frozen.snapshot.request.window != window {
        let alerts_since = frozen.alerts_since;
        *frozen = Frozen { alerts_since, ..freeze(arrived.clone(), window, now_ms) };
    } else if arrived.request == request && frozen.snapshot.request != request {
        let parts = if frozen.snapshot.request.split == request.split { &frozen.snapshot } else { arrived };
        let (chart, split) = (arrived.chart.clone(), parts.split.clone());
        let answered = Snapshot { request, chart, split, ..Snapshot::clone(&frozen.snapshot) };
        frozen.snapshot = Arc::new(answered);
    }
}
