//! When the picture changes although nothing happens: a toast has been shown long enough, an age
//! reads differently. Between these moments the dashboard sleeps.

use super::{App, Overlay};
use crate::model::time::coarse_age_changes_in_ms;

impl App {
    /// When to send [`super::Event::Wake`]: ms since the Unix epoch; `None` while nothing is going to
    /// change by itself.
    #[must_use]
    pub fn next_deadline_ms(&self) -> Option<i64> {
        let toasts = self.toasts.iter().filter_map(|toast| toast.until_ms);
        let ages = self.shown_instants().filter_map(|instant_ms| self.age_changes_at_ms(instant_ms));
        let mutes = self.snapshot.iter().flat_map(|snapshot| snapshot.mutes.iter().filter_map(|mute| mute.until_ms));
        toasts.chain(ages).chain(mutes.filter(|until_ms| *until_ms > self.now_ms)).min()
    }

    /// Instants whose age is on the screen.
    fn shown_instants(&self) -> impl Iterator<Item = i64> {
        let newest = self.snapshot.as_ref().and_then(|snapshot| snapshot.health.newest_sample_ms);
        let frozen = self.frozen.as_ref().map(|frozen| frozen.since_ms);
        let list_is_open = matches!(self.overlays.last(), Some(Overlay::Alerts { .. }));
        let alerts = self.alerts().iter().filter(move |_| list_is_open).map(|alert| alert.updated_at_ms);
        let series = self.shown().map_or(&[][..], |snapshot| &snapshot.series);
        let open = series.iter().filter_map(|series| series.alert_since_ms);
        newest.into_iter().chain(frozen).chain(alerts).chain(open)
    }

    fn age_changes_at_ms(&self, instant_ms: i64) -> Option<i64> {
        let age_ms = self.now_ms.saturating_sub(instant_ms);
        // What lies ahead reads "now" until it has come.
        let in_ms = if age_ms < 0 { age_ms.saturating_neg() } else { coarse_age_changes_in_ms(age_ms) };
        self.now_ms.checked_add(in_ms)
    }
}
