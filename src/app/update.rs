//! The one place where the dashboard's state changes: an event goes in, wishes come out.

use std::sync::Arc;

use super::keymap::Lookup;
use super::{
    Action, App, Effect, Event, Key, Tab, copy, feedback, navigation, overlay, rows, split, timeline, toast,
    unusual_runs,
};
use crate::model::Snapshot;

/// Takes an event in at `now_ms` (ms since the Unix epoch) and says what is to be done about it.
pub fn update(app: &mut App, event: Event, now_ms: i64) -> Vec<Effect> {
    let looked_at = app.view_request();
    app.now_ms = now_ms;
    toast::expire(app);
    let mut effects = match event {
        Event::Key(key) => press(app, key),
        Event::Resize { width, height } => {
            app.size = (width, height);
            rows::settle(app);
            Vec::new()
        }
        Event::Snapshot(snapshot) => {
            take_snapshot(app, snapshot);
            Vec::new()
        }
        Event::Alerts { raised, inserted_here } => toast::raise(app, &raised, inserted_here),
        Event::Ended(ended) => {
            toast::end(app, &ended);
            Vec::new()
        }
        Event::Notice(notice) => {
            toast::notice(app, notice);
            Vec::new()
        }
        Event::Wake => Vec::new(),
    };
    let looks_at = app.view_request();
    if looks_at != looked_at {
        effects.push(Effect::View(looks_at));
    }
    effects
}

fn take_snapshot(app: &mut App, snapshot: Arc<Snapshot>) {
    timeline::answer_frozen(app, &snapshot);
    let before = app.snapshot.replace(snapshot);
    toast::gather_known(app);
    toast::forget_known(app);
    unusual_runs::tell(app, before.as_deref());
    split::take_answer(app);
    rows::refresh(app);
}

fn press(app: &mut App, key: Key) -> Vec<Effect> {
    if key == Key::ctrl('c') {
        return vec![Effect::Quit];
    }
    if let Some(effects) = overlay::take_key(app, key) {
        return effects;
    }
    match overlay::look_up(app, key) {
        Lookup::Action(action) => act(app, action),
        Lookup::Pending | Lookup::Nothing => Vec::new(),
    }
}

fn act(app: &mut App, action: Action) -> Vec<Effect> {
    if let Some(effects) = overlay::take_action(app, action) {
        return effects;
    }
    match action {
        Action::TabBaselines => navigation::show_tab(app, Tab::Baselines),
        Action::TabControlChart => navigation::show_tab(app, Tab::ControlChart),
        Action::TabTimeSeries => navigation::show_tab(app, Tab::TimeSeries),
        Action::NextTab => navigation::step_tab(app, true),
        Action::PreviousTab => navigation::step_tab(app, false),
        Action::NextMetric => navigation::step_metric(app, true),
        Action::PreviousMetric => navigation::step_metric(app, false),
        Action::Expand => expand(app),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::First
        | Action::Last
        | Action::NextViolation
        | Action::PreviousViolation => navigation::go(app, action),
        Action::Left => timeline::sideways(app, false),
        Action::Right => timeline::sideways(app, true),
        Action::NextChart => timeline::next_chart(app),
        Action::Residuals => timeline::other_subject(app),
        Action::NextWindow => timeline::set_window(app, app.window.next()),
        Action::LongerWindow => timeline::set_window(app, app.window.longer()),
        Action::ShorterWindow => timeline::set_window(app, app.window.shorter()),
        Action::ZoomIn => timeline::zoom_in(app),
        Action::ZoomOut => timeline::zoom_out(app),
        Action::ZoomReset => app.range = None,
        Action::ByCount => timeline::toggle_by_count(app),
        Action::Crosshair => timeline::toggle_crosshair(app),
        Action::Freeze => timeline::toggle_freeze(app),
        Action::Filter => overlay::open_filter(app),
        Action::ByTags => split::step(app),
        Action::Sort => app.sort_by(app.sort.next(), false),
        Action::SortReverse => app.sort_by(app.sort, !app.sort_reversed),
        Action::Alerts => overlay::toggle_alerts(app),
        Action::DismissToasts => drop(toast::dismiss(app)),
        Action::Export => overlay::open_export(app),
        Action::Help => overlay::toggle_help(app),
        Action::Back => navigation::back(app),
        Action::Acknowledge => return toast::acknowledge(app),
        Action::LabelTrue => return feedback::label(app, true),
        Action::LabelFalse => return feedback::label(app, false),
        Action::Mute => return feedback::mute(app),
        Action::Copy => return copy_text(app),
        Action::CopyView => return vec![Effect::CopyView],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Close => return navigation::close(app),
        Action::Quit => return vec![Effect::Quit],
    }
    Vec::new()
}

fn expand(app: &mut App) {
    if app.expanded {
        app.expanded = false;
        app.crosshair_ms = None;
    } else if app.selected_row().is_some() && app.tab != Tab::ControlChart {
        app.expanded = true;
    }
}

fn copy_text(app: &mut App) -> Vec<Effect> {
    let Some(text) = copy::text(app) else {
        toast::say(app, "nothing to copy");
        return Vec::new();
    };
    vec![Effect::Copy(text)]
}
