//! Taking the chosen metric apart by its tags, and putting it together again. While it is apart, the list
//! tabs are made of its segments.

use std::sync::Arc;

use super::{App, Overlay, SizeClass, Tab, rows, toast};
use crate::model::text::printable_short;
use crate::model::{Grouping, SeriesSummary, Split, SplitRequest};

/// How much of a metric's name a message shows.
const NAME_CHARS: usize = 40;

impl App {
    /// The metric that is taken apart, once the engine has answered.
    #[must_use]
    pub fn split(&self) -> Option<&Split> {
        let asked = self.taken_apart.as_ref()?;
        self.shown()?.split.as_deref().filter(|split| split.metric == asked.metric && !split.by.is_empty())
    }

    /// Whether the shown picture answers something else than what is asked to be taken apart.
    #[must_use]
    pub fn waits_for_split(&self) -> bool {
        self.shown().is_some_and(|snapshot| snapshot.request.split != self.taken_apart)
    }

    /// Whether a line above the rows says what is taken apart: as long as it leaves the title and two rows.
    #[must_use]
    pub fn has_split_line(&self) -> bool {
        let (width, height) = self.size;
        self.taken_apart.is_some() && !self.shows_chart() && SizeClass::of(width, height).body_rows(height) > 3
    }

    /// What the list tabs are made of, before the filter: every metric, or the parts of the one that is taken apart.
    #[must_use]
    pub fn listed(&self) -> &[SeriesSummary] {
        let metrics = || self.shown().map_or(&[][..], |snapshot| &snapshot.series);
        self.split().map_or_else(metrics, |split| &split.series)
    }
}

/// Takes the chosen metric apart by the next of its groupings; after the last one it is whole again. What there is
/// to see are rows, so a chart gives way to them.
pub(super) fn step(app: &mut App) {
    if app.taken_apart.is_none() {
        let Some(chosen) = app.selected_series() else { return toast::say(app, "nothing to take apart yet") };
        app.taken_apart = Some(SplitRequest { metric: chosen.metric.clone(), by: None });
    } else if app.shows_chart() {
        // The rows are what was asked for; the next press goes on.
    } else if let Some(by) = following(app) {
        app.taken_apart.iter_mut().for_each(|asked| asked.by = Some(Arc::clone(&by)));
    } else {
        end(app);
    }
    if app.tab == Tab::ControlChart {
        app.tab = Tab::Baselines;
    }
    app.expanded = false;
    app.crosshair_ms = None;
    // The picture may hold the answer from the last time.
    take_answer(app);
    rows::refresh(app);
}

/// The grouping after the one that was asked for last; `None` after the last one, and before any is known.
fn following(app: &App) -> Option<Grouping> {
    let split = app.split()?;
    let asked = app.taken_apart.as_ref().and_then(|asked| asked.by.as_ref()).unwrap_or(&split.by);
    let place = split.groupings.iter().position(|grouping| grouping == asked)?;
    split.groupings.get(place + 1).cloned()
}

/// Puts the metric together again; says whether it was apart.
pub(super) fn end(app: &mut App) -> bool {
    let Some(asked) = app.taken_apart.take() else { return false };
    app.selected = Some(asked.metric);
    match app.filter_of_metrics.take() {
        Some(filter) => app.set_filter(&filter),
        None => rows::refresh(app),
    }
    true
}

/// Takes note of what the engine answered. The filter in force was meant for metrics, and is put aside while there
/// are segments.
pub(super) fn take_answer(app: &mut App) {
    let Some(asked) = &app.taken_apart else { return };
    let answered = app.snapshot.as_ref().filter(|newest| newest.request.split.as_ref() == Some(asked));
    let missing = answered.and_then(|newest| newest.split.as_ref()).and_then(|split| match split {
        split if split.by.is_empty() => Some("tags on"),
        // Somebody has deleted them, or the window is another one.
        split if split.series.is_empty() => Some("samples of"),
        _ => None,
    });
    if let Some(missing) = missing {
        let text = format!("no {missing} {} in {}", printable_short(&asked.metric, NAME_CHARS), app.window);
        end(app);
        toast::say(app, &text);
    } else if app.split().is_some() && app.filter_of_metrics.is_none() {
        // What is being typed meanwhile is for the segments already.
        if let Some(Overlay::Filter { before, .. }) = app.overlays.last_mut() {
            app.filter_of_metrics = Some(std::mem::take(before));
        } else {
            app.filter_of_metrics = Some(app.filter.clone());
            app.set_filter("");
        }
    }
}
