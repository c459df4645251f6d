//! Toasts: which alerts and notices are worth one, how they gather, and when they go.
//!
//! A toast for an alert is only a view of the row in the store; putting it away loses nothing.

mod gathered;

use std::collections::HashSet;
use std::sync::Arc;

use super::{App, Effect, Notice};
use crate::model::time::TimeRange;
use crate::model::{Alert, AlertState, Command, Incident, MetricName, Severity};

pub(super) use gathered::gather_known;
use gathered::{end_of, forget_over, gather, incidents_of, matters};

/// How a toast looks and how long it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    /// An alert of this severity.
    Alert(Severity),
    /// An alert has ended.
    Over,
    /// Something was done.
    Done,
    /// Something failed.
    Failed,
}

/// A message over the tab. For an alert it is only a view of the row in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    /// How it looks.
    pub kind: ToastKind,
    /// The alert behind it; `None` for notices, incidents and a summary of many alerts.
    pub alert_id: Option<i64>,
    /// The incident behind it: its alerts have one toast.
    pub incident: Option<Arc<Incident>>,
    /// The metric, for alerts.
    pub metric: Option<MetricName>,
    /// What to say.
    pub text: String,
    /// How often it was said; for a summary, how many alerts it stands for.
    pub count: u64,
    /// When it was last said.
    pub shown_at_ms: i64,
    /// When it goes away by itself; `None` stays until seen.
    pub until_ms: Option<i64>,
}

/// Toasts on the screen at once; the rest is a number.
pub const MAX_SHOWN: usize = 3;
/// Toasts kept; more alerts than that are found in the list.
const MAX_KEPT: usize = 40;
/// More alerts at once than this become one summary.
const BURST: usize = 20;
/// Alerts on samples older than this are history: one summary, and no bell.
const HISTORY_MS: i64 = 3_600_000;
/// The bell rings at most once in this time.
const BELL_PAUSE_MS: i64 = 30_000;
const SHORT_MS: i64 = 4_000;
const LONG_MS: i64 = 8_000;

impl ToastKind {
    /// How long such a toast stays; `None` until it is seen.
    const fn lifetime_ms(self) -> Option<i64> {
        match self {
            Self::Alert(Severity::Critical) => None,
            Self::Alert(Severity::Warning) | Self::Failed | Self::Over => Some(LONG_MS),
            Self::Alert(Severity::Info) | Self::Done => Some(SHORT_MS),
        }
    }

    /// Order on the screen: what matters most stands on top.
    const fn rank(self) -> u8 {
        match self {
            Self::Alert(Severity::Critical) => 4,
            Self::Failed => 3,
            Self::Alert(Severity::Warning) => 2,
            Self::Done => 1,
            Self::Alert(Severity::Info) | Self::Over => 0,
        }
    }
}

impl Toast {
    /// Whether it stands for several alerts.
    #[must_use]
    pub const fn is_summary(&self) -> bool {
        matches!(self.kind, ToastKind::Alert(_)) && self.metric.is_none() && self.incident.is_none()
    }

    /// Whether it is of a run that is unlike those before it, which is no alert.
    const fn is_of_run(&self) -> bool {
        matches!(self.kind, ToastKind::Alert(_)) && self.metric.is_some() && self.alert_id.is_none()
    }

    /// Ids of the open alerts behind it.
    fn alert_ids(&self) -> impl Iterator<Item = i64> {
        let of_incident = self.incident.iter().flat_map(|incident| incident.alerts.iter());
        self.alert_id.into_iter().chain(of_incident.filter(|alert| alert.is_open).map(|alert| alert.alert_id))
    }
}

impl App {
    /// The toasts to draw, the gravest and newest first, at most [`MAX_SHOWN`].
    #[must_use]
    pub fn shown_toasts(&self) -> Vec<&Toast> {
        let mut toasts: Vec<&Toast> = self.toasts.iter().collect();
        toasts.sort_by_key(|toast| std::cmp::Reverse((toast.kind.rank(), toast.shown_at_ms)));
        toasts.truncate(MAX_SHOWN);
        toasts
    }
}

/// Takes in alerts that were raised; answers with the bell, if it is to ring.
pub(super) fn raise(app: &mut App, raised: &[Alert], inserted_here: bool) -> Vec<Effect> {
    if let Some(frozen) = &mut app.frozen {
        frozen.alerts_since = frozen.alerts_since.saturating_add(raised.len());
    }
    let is_loud = |alert: &&Alert| {
        let is_tiring = alert.is_repeated_flapping() && alert.severity < Severity::Critical;
        alert.severity >= app.options.toast_severity && !is_tiring
    };
    let loud: Vec<&Alert> = raised.iter().filter(is_loud).collect();
    let recent = TimeRange { from_ms: app.now_ms.saturating_sub(HISTORY_MS), until_ms: i64::MAX };
    let (news, history): (Vec<&Alert>, Vec<&Alert>) =
        loud.into_iter().partition(|alert| recent.contains(alert.last.timestamp_ms));
    if matters(&news) + history.len() > BURST {
        summarise(app, &[news.as_slice(), history.as_slice()].concat(), "at once");
    } else {
        summarise(app, &history, "on older samples");
        for alert in &news {
            show_alert(app, alert);
        }
        gather(app, &incidents_of(raised));
    }
    let is_critical = news.iter().any(|alert| alert.severity == Severity::Critical);
    if is_critical && inserted_here && may_ring(app) { vec![Effect::Bell] } else { Vec::new() }
}

/// Says of the alerts that were worth a toast how they ended, and puts away what was said of them before. Of one that
/// comes and goes, nothing more is said.
pub(super) fn end(app: &mut App, ended: &[Alert]) {
    app.toasts.retain(|toast| toast.alert_id.is_none_or(|id| ended.iter().all(|alert| alert.id != id)));
    forget_over(app, &incidents_of(ended));
    let recent_ms = app.now_ms.saturating_sub(HISTORY_MS);
    let is_news = |alert: &&Alert| {
        let ended_ms = alert.ended_ms.unwrap_or(alert.last.timestamp_ms);
        let is_recent = ended_ms >= recent_ms || alert.opened_at_ms >= recent_ms;
        alert.severity >= app.options.toast_severity && !alert.is_flapping() && is_recent
    };
    let news: Vec<&Alert> = ended.iter().filter(is_news).collect();
    if matters(&news) > BURST {
        push(app, ToastKind::Over, None, format!("{} alerts are over", news.len()), 1);
        return;
    }
    let mut told = HashSet::new();
    for alert in news {
        let Some(incident) = &alert.incident else {
            let Some(text) = alert.end_sentence(app.unit(&alert.metric)) else { continue };
            push(app, ToastKind::Over, Some((alert.id, alert.metric.clone())), text, 1);
            continue;
        };
        if incident.is_over() && told.insert(incident.id) {
            push(app, ToastKind::Over, None, end_of(incident, ended), 1);
        }
    }
}

fn may_ring(app: &mut App) -> bool {
    let rested = app.last_bell_ms.is_none_or(|at_ms| app.now_ms.saturating_sub(at_ms) >= BELL_PAUSE_MS);
    if !app.options.bell || !rested {
        return false;
    }
    app.last_bell_ms = Some(app.now_ms);
    true
}

/// Shows an alert; what was said of it before goes. One that comes and goes has one notice, the first time that it is
/// found to.
fn show_alert(app: &mut App, alert: &Alert) {
    let known = app.toasts.iter().position(|toast| toast.alert_id == Some(alert.id));
    let count = known.map_or(0, |index| app.toasts.remove(index).count).saturating_add(1);
    let text = if alert.is_flapping() {
        format!(
            "comes and goes, {} times within an hour; quiet until it rests: {}",
            alert.opened_in_hour, alert.description
        )
    } else {
        alert.description.clone()
    };
    push(app, ToastKind::Alert(alert.severity), Some((alert.id, alert.metric.clone())), text, count);
}

/// Whether something of this time is news, and not history.
pub(super) const fn is_recent(app: &App, at_ms: i64) -> bool {
    at_ms >= app.now_ms.saturating_sub(HISTORY_MS)
}

/// Shows what is unusual about a run; what was said of the metric's run before goes.
pub(super) fn show_run(app: &mut App, metric: MetricName, severity: Severity, text: String) {
    forget_runs(app, std::slice::from_ref(&metric));
    push(app, ToastKind::Alert(severity), None, text, 1);
    if let Some(toast) = app.toasts.last_mut() {
        toast.metric = Some(metric);
    }
}

/// Puts the toasts of runs away that are as usual again.
pub(super) fn forget_runs(app: &mut App, metrics: &[MetricName]) {
    app.toasts.retain(|toast| !toast.is_of_run() || !toast.metric.as_ref().is_some_and(|of| metrics.contains(of)));
}

/// One toast that counts alerts and says `what` of them; it gathers with the summary on the screen.
fn summarise(app: &mut App, alerts: &[&Alert], what: &str) {
    let Some(gravest) = alerts.iter().map(|alert| alert.severity).max() else { return };
    let earlier = app.toasts.iter().position(|toast| toast.is_summary() && toast.text == what);
    let (mut count, mut severity) = (alerts.len() as u64, gravest);
    if let Some(earlier) = earlier.map(|index| app.toasts.remove(index)) {
        count = count.saturating_add(earlier.count);
        if let ToastKind::Alert(shown) = earlier.kind {
            severity = severity.max(shown);
        }
    }
    push(app, ToastKind::Alert(severity), None, what.to_owned(), count);
}

/// Tells the user that something was done or failed.
pub(super) fn notice(app: &mut App, notice: Notice) {
    let kind = if notice.is_error { ToastKind::Failed } else { ToastKind::Done };
    let said = app.toasts.iter().position(|toast| toast.kind == kind && toast.text == notice.text);
    let count = said.map_or(0, |index| app.toasts.remove(index).count).saturating_add(1);
    push(app, kind, None, notice.text, count);
}

/// A word from the dashboard itself.
pub(super) fn say(app: &mut App, text: &str) {
    notice(app, Notice { is_error: false, text: text.to_owned() });
}

fn push(app: &mut App, kind: ToastKind, alert: Option<(i64, MetricName)>, text: String, count: u64) {
    if app.toasts.len() >= MAX_KEPT {
        app.toasts.remove(0);
    }
    let (alert_id, metric) = alert.unzip();
    let until_ms = kind.lifetime_ms().map(|lifetime_ms| app.now_ms.saturating_add(lifetime_ms));
    app.toasts.push(Toast { kind, alert_id, incident: None, metric, text, count, shown_at_ms: app.now_ms, until_ms });
}

/// Puts away what has been shown long enough.
pub(super) fn expire(app: &mut App) {
    let now_ms = app.now_ms;
    app.toasts.retain(|toast| toast.until_ms.is_none_or(|until_ms| now_ms < until_ms));
}

/// Puts away toasts of alerts that somebody, perhaps in another pane, has acknowledged or muted; of an incident, of all of
/// its alerts.
pub(super) fn forget_known(app: &mut App) {
    let is_known = |alert: &&Alert| alert.state == AlertState::Acknowledged || app.mute_of(alert).is_some();
    let known: Vec<i64> = app.alerts().iter().filter(is_known).map(|alert| alert.id).collect();
    let is_known = |toast: &Toast| {
        let mut ids = toast.alert_ids().peekable();
        ids.peek().is_some() && ids.all(|id| known.contains(&id))
    };
    app.toasts.retain(|toast| !is_known(toast));
}

/// Puts every toast away; says whether there was one.
pub(super) fn dismiss(app: &mut App) -> bool {
    !std::mem::take(&mut app.toasts).is_empty()
}

/// Puts the toasts of alerts away: their list is open.
pub(super) fn dismiss_alerts(app: &mut App) {
    app.toasts.retain(|toast| !matches!(toast.kind, ToastKind::Alert(_)));
}

/// Acknowledges the chosen alert of the open list with all of its incident, else the alerts of all toasts.
pub(super) fn acknowledge(app: &mut App) -> Vec<Effect> {
    let (alert_ids, nothing): (Vec<i64>, &str) = match app.chosen_alert() {
        Some(chosen) => (firing_with(app, chosen), "this alert is not firing any more"),
        None => (
            app.toasts.iter().flat_map(Toast::alert_ids).collect(),
            "no toast to acknowledge; the alert list has them all",
        ),
    };
    if alert_ids.is_empty() {
        let before = app.toasts.len();
        app.toasts.retain(|toast| !toast.is_of_run());
        // Runs are not acknowledged: what is unusual about them ends with the next ones.
        if app.toasts.len() == before {
            say(app, nothing);
        }
        return Vec::new();
    }
    dismiss_alerts(app);
    vec![Effect::Ask(Command::Acknowledge { alert_ids })]
}

/// The alerts that fire among the chosen one and those of its incident.
fn firing_with(app: &App, chosen: &Alert) -> Vec<i64> {
    let Some(incident) = &chosen.incident else {
        return if chosen.is_firing() { vec![chosen.id] } else { Vec::new() };
    };
    // The list may end before the incident does.
    let is_known = |id: i64| app.alerts().iter().any(|alert| alert.id == id && !alert.is_firing());
    let open = incident.alerts.iter().filter(|alert| alert.is_open && !is_known(alert.alert_id));
    open.map(|alert| alert.alert_id).collect()
}
