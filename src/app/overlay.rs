//! What lies over the tab: help, alert list, filter prompt, export prompt. Which keys they take and
//! what actions mean while they are on top.

use super::keymap::Lookup;
use super::{Action, App, Effect, ExportFormat, Filter, Key, KeyCode, SizeClass, Tab, navigation, rows, split, toast};
use crate::model::{Alert, MetricName, TimeRange};

/// What lies over the tab.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// The help, scrolled down by so many lines.
    Help {
        /// First line shown.
        scroll: usize,
    },
    /// The list of alerts.
    Alerts {
        /// Id of the chosen alert; kept by id, because new alerts come in on top.
        selected: Option<i64>,
    },
    /// The filter is being typed.
    Filter {
        /// The text so far.
        input: String,
        /// What it was before, for Esc.
        before: String,
        /// The metric chosen before; it is chosen again whenever the filter lets it through.
        selected_before: Option<MetricName>,
    },
    /// The format of an export is being chosen.
    Export,
}

impl App {
    /// Index of the chosen alert in [`App::alerts`]; `None` when the list is closed or empty.
    #[must_use]
    pub fn selected_alert(&self) -> Option<usize> {
        let Some(Overlay::Alerts { selected }) = self.overlays.last() else { return None };
        let alerts = self.alerts();
        let chosen = selected.and_then(|id| alerts.iter().position(|alert| alert.id == id));
        chosen.or((!alerts.is_empty()).then_some(0))
    }

    /// Lines of the help in one column: a heading and its actions, with a blank line in between.
    #[must_use]
    pub fn help_lines() -> usize {
        Action::GROUPS.iter().map(|(_, actions)| actions.len() + 2).sum::<usize>() - 1
    }

    /// How far the help scrolls: up to its last line. At full size all of it fits, in two columns.
    fn help_end(&self) -> usize {
        let (width, height) = self.size;
        let frame_rows = 2;
        match SizeClass::of(width, height) {
            SizeClass::Full => 0,
            _ => Self::help_lines().saturating_sub(usize::from(height).saturating_sub(frame_rows)),
        }
    }
}

/// Opens the help, or closes it.
pub(super) fn toggle_help(app: &mut App) {
    if let Some(Overlay::Help { .. }) = app.overlays.last() {
        app.overlays.pop();
    } else {
        app.overlays.retain(|overlay| !matches!(overlay, Overlay::Help { .. }));
        app.overlays.push(Overlay::Help { scroll: 0 });
    }
}

/// Opens the alert list, or closes it. Whoever opens it has seen the toasts.
pub(super) fn toggle_alerts(app: &mut App) {
    if let Some(Overlay::Alerts { .. }) = app.overlays.last() {
        app.overlays.pop();
        return;
    }
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Alerts { .. }));
    app.overlays.push(Overlay::Alerts { selected: None });
    select_alert(app, 0);
    toast::dismiss_alerts(app);
}

/// Opens the filter prompt.
pub(super) fn open_filter(app: &mut App) {
    app.overlays.push(Overlay::Filter {
        input: app.filter.clone(),
        before: app.filter.clone(),
        selected_before: app.selected.clone(),
    });
}

/// Asks for the format of an export.
pub(super) fn open_export(app: &mut App) {
    if app.overlays.last() != Some(&Overlay::Export) {
        app.overlays.push(Overlay::Export);
    }
}

/// A key while a prompt waits for text or a letter; `None` when no prompt takes it.
pub(super) fn take_key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    match app.overlays.last() {
        Some(Overlay::Filter { .. }) => {
            type_filter(app, key);
            Some(Vec::new())
        }
        Some(Overlay::Export) => choose_export(app, key),
        _ => None,
    }
}

/// An action while something lies over the tab; `None` when it means what it always means. What would
/// change the tab below unseen does nothing.
pub(super) fn take_action(app: &mut App, action: Action) -> Option<Vec<Effect>> {
    match app.overlays.last()? {
        Overlay::Help { scroll } => {
            if let Some(scroll) = moved(*scroll, action, app.help_end() + 1, page(app)) {
                app.overlays.pop();
                app.overlays.push(Overlay::Help { scroll });
                return Some(Vec::new());
            }
        }
        Overlay::Alerts { .. } => {
            if action == Action::Expand {
                jump_to_alert(app);
                return Some(Vec::new());
            }
            let from = app.selected_alert().unwrap_or(0);
            if let Some(to) = moved(from, action, app.alerts().len(), page(app)) {
                select_alert(app, to);
                return Some(Vec::new());
            }
        }
        Overlay::Filter { .. } | Overlay::Export => {}
    }
    (!reaches_through(action)).then(Vec::new)
}

/// Whether an action means the same with and without something on top.
const fn reaches_through(action: Action) -> bool {
    use Action::{
        Acknowledge, Alerts, Back, Close, Copy, CopyView, DismissToasts, Export, Freeze, Help, LabelFalse, LabelTrue,
        Mute, Quit, Redraw, Suspend,
    };
    matches!(
        action,
        Acknowledge
            | Alerts
            | Back
            | Close
            | Copy
            | CopyView
            | DismissToasts
            | Export
            | Freeze
            | Help
            | LabelFalse
            | LabelTrue
            | Mute
            | Quit
            | Redraw
            | Suspend
    )
}

fn page(app: &App) -> usize {
    (usize::from(app.size.1) / 2).max(1)
}

/// Where an action of movement leads among `len` lines; `None` for other actions.
fn moved(from: usize, action: Action, len: usize, page: usize) -> Option<usize> {
    let last = len.saturating_sub(1);
    let to = match action {
        Action::Up => from.saturating_sub(1),
        Action::Down => from.saturating_add(1),
        Action::PageUp => from.saturating_sub(page),
        Action::PageDown => from.saturating_add(page),
        Action::First => 0,
        Action::Last => last,
        _ => return None,
    };
    Some(to.min(last))
}

fn select_alert(app: &mut App, index: usize) {
    let id = app.alerts().get(index).map(|alert| alert.id);
    if let Some(Overlay::Alerts { selected }) = app.overlays.last_mut() {
        *selected = id;
    }
}

/// Shows the chosen alert on its metric's control chart, with the crosshair on its newest value.
fn jump_to_alert(app: &mut App) {
    let Some(alert) = app.selected_alert().and_then(|index| app.alerts().get(index)).cloned() else { return };
    app.overlays.clear();
    app.frozen = None;
    split::end(app);
    rows::refresh(app);
    app.tab = Tab::ControlChart;
    app.expanded = false;
    app.range = range_around(app, &alert);
    app.crosshair_ms = Some(alert.last.timestamp_ms);
    app.crosshair_nth = 0;
    app.looked_at = Some(alert.id);
    app.selected = Some(alert.metric);
    if app.selected_row().is_none() {
        app.set_filter("");
    }
    rows::settle(app);
}

/// `None` while the window up to now shows the alert, else as long a stretch about it.
fn range_around(app: &App, alert: &Alert) -> Option<TimeRange> {
    let at_ms = alert.last.timestamp_ms;
    let span_ms = app.window.span_ms()?;
    (!app.window.range_at(app.now_ms).contains(at_ms))
        .then(|| TimeRange { from_ms: at_ms.saturating_sub(span_ms / 2), until_ms: at_ms.saturating_add(span_ms / 2) })
}

fn choose_export(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let format = match key.code {
        _ if key.ctrl || key.alt => return None,
        KeyCode::Char('c') => ExportFormat::Csv,
        KeyCode::Char('j') => ExportFormat::Json,
        KeyCode::Char('s') => ExportFormat::Svg,
        _ => return None,
    };
    app.overlays.pop();
    Some(vec![Effect::Export(format)])
}

/// The filter prompt takes every key; what is typed is in force at once, as far as it is a filter.
fn type_filter(app: &mut App, key: Key) {
    let Some(Overlay::Filter { mut input, before, mut selected_before }) = app.overlays.pop() else { return };
    match key.code {
        KeyCode::Enter if input.parse::<Filter>().is_ok() => return,
        KeyCode::Esc => {
            app.set_filter(&before);
            app.selected = selected_before;
            rows::refresh(app);
            return;
        }
        KeyCode::Backspace if key.alt => delete_word(&mut input),
        KeyCode::Backspace if input.is_empty() => return,
        KeyCode::Backspace => drop(input.pop()),
        KeyCode::Char('w') if key.ctrl => delete_word(&mut input),
        KeyCode::Char('u') if key.ctrl => input.clear(),
        KeyCode::Char(c) if !key.ctrl && !key.alt && input.chars().count() < MAX_FILTER_CHARS => input.push(c),
        KeyCode::Up => navigation::move_selection(app, -1),
        KeyCode::Down => navigation::move_selection(app, 1),
        _ => {}
    }
    if matches!(key.code, KeyCode::Up | KeyCode::Down) {
        selected_before.clone_from(&app.selected);
    }
    // Rows that come and go while a word is typed do not change what was chosen.
    app.selected.clone_from(&selected_before);
    app.set_filter(&input);
    app.overlays.push(Overlay::Filter { input, before, selected_before });
}

/// Longer than any name worth typing; a paste gone wrong stops here.
const MAX_FILTER_CHARS: usize = 256;

fn delete_word(input: &mut String) {
    let kept = input.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
    // `rfind` gives the start of a white-space character, which may be longer than a byte.
    let kept = (kept..=input.len()).find(|&at| input.is_char_boundary(at)).unwrap_or(0);
    input.truncate(kept);
}

/// What a key means to the overlays and the tab below, by the keymap.
pub(super) fn look_up(app: &mut App, key: Key) -> Lookup {
    let pending = app.pending.take();
    let lookup = app.options.keymap.look_up(pending, key);
    match lookup {
        Lookup::Pending => app.pending = Some(key),
        // A chord that leads nowhere is forgotten, but its second key still counts: `g j` moves down.
        Lookup::Nothing if pending.is_some() => return look_up(app, key),
        _ => {}
    }
    lookup
}
