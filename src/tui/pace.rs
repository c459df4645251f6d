//! When the next frame is due.

use std::time::Duration;

use tokio::time::Instant;

/// After a key: at once, but a held key must not draw more often than a screen can show.
const AFTER_INPUT: Duration = Duration::from_millis(8);
/// After new data: ten frames a second are as many as an eye follows in a table of numbers.
const AFTER_DATA: Duration = Duration::from_millis(100);
/// After new data while the keyboard is in another pane: still in view, not being read closely.
const AFTER_DATA_UNFOCUSED: Duration = Duration::from_millis(250);

/// Why a frame is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A key, a new size, an alert, the first picture of a view: the user waits for it.
    Input,
    /// New data.
    Data,
}

/// Decides when to draw. Everything wanted before a frame is due goes into that one frame.
#[derive(Debug)]
pub struct Pacer {
    last_frame: Option<Instant>,
    gap: Option<Duration>,
    focused: bool,
}

impl Pacer {
    /// Nothing drawn, nothing wanted. Terminals that do not report the focus count as focused.
    #[must_use]
    pub const fn new() -> Self {
        Self { last_frame: None, gap: None, focused: true }
    }

    /// Whether the pane has the keyboard.
    pub fn set_focused(&mut self, focused: bool) {
        self.focused = focused;
    }

    /// Asks for a frame.
    pub fn want(&mut self, cause: Cause) {
        let gap = match cause {
            Cause::Input => AFTER_INPUT,
            Cause::Data if self.focused => AFTER_DATA,
            Cause::Data => AFTER_DATA_UNFOCUSED,
        };
        self.gap = Some(self.gap.map_or(gap, |wanted| wanted.min(gap)));
    }

    /// When the next frame is due; `None` while nothing has changed.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let gap = self.gap?;
        Some(self.last_frame.map_or(now, |last| last + gap))
    }

    /// Whether to draw now.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        self.due(now).is_some_and(|due| due <= now)
    }

    /// A frame was drawn.
    pub fn drawn(&mut self, now: Instant) {
        self.last_frame = Some(now);
        self.gap = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_a_frame() -> (Pacer, Instant) {
        let now = Instant::now();
        let mut pacer = Pacer::new();
        pacer.want(Cause::Data);
        assert!(pacer.is_due(now), "the first frame is due at once");
        pacer.drawn(now);
        (pacer, now)
    }

    #[test]
    fn nothing_is_due_while_nothing_changes() {
        let (pacer, now) = after_a_frame();
        assert_eq!(pacer.due(now + Duration::from_hours(1)), None);
    }

    #[test]
    fn data_waits_for_its_turn_and_input_goes_before_it() {
        let (mut pacer, now) = after_a_frame();
        pacer.want(Cause::Data);
        assert_eq!(pacer.due(now), Some(now + AFTER_DATA));
        pacer.want(Cause::Input);
        assert_eq!(pacer.due(now), Some(now + AFTER_INPUT));
        pacer.want(Cause::Data);
        assert_eq!(pacer.due(now), Some(now + AFTER_INPUT), "data does not put input off");
        assert!(pacer.is_due(now + AFTER_INPUT));
    }

    #[test]
    fn data_comes_slower_to_a_pane_without_the_keyboard() {
        let (mut pacer, now) = after_a_frame();
        pacer.set_focused(false);
        pacer.want(Cause::Data);
        assert_eq!(pacer.due(now), Some(now + AFTER_DATA_UNFOCUSED));
    }
}
