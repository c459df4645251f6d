//! What the user says of alerts.

use super::toast::say;
use super::{App, Effect};
use crate::model::Alert;

impl App {
    /// The alert that is chosen in the open list.
    #[must_use]
    pub fn chosen_alert(&self) -> Option<&Alert> {
        self.selected_alert().and_then(|index| self.alerts().get(index))
    }
}

/// Calls the chosen alert true or false; the same again takes it back.
pub(super) fn label(app: &mut App, label: bool) -> Vec<Effect> {
    let Some(alert) = app.chosen_alert() else {
        say(app, "alerts are called true or false in their list");
        return Vec::new();
    };
    let label = (alert.label != Some(label)).then_some(label);
    vec![Effect::Label { alert_id: alert.id, label }]
}
