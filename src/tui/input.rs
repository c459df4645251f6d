//! What the terminal sends, in the words of the dashboard.

use crossterm::event::{Event as TerminalEvent, KeyCode as TerminalKey, KeyEvent, KeyEventKind, KeyModifiers};

use crate::app::{Key, KeyCode};

/// What the loop makes of a terminal event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed, or is held down.
    Key(Key),
    /// The pane has the keyboard, or has lost it.
    Focus(bool),
}

/// The meaning of a terminal event; `None` for what the dashboard does not listen to.
#[must_use]
pub fn input(event: &TerminalEvent) -> Option<Input> {
    match event {
        TerminalEvent::Key(event) => key(event).map(Input::Key),
        TerminalEvent::FocusGained => Some(Input::Focus(true)),
        TerminalEvent::FocusLost => Some(Input::Focus(false)),
        // crossterm 0.29 forgets a change of size that comes together with a key; `signals` tells of all.
        TerminalEvent::Resize(..) | TerminalEvent::Mouse(_) | TerminalEvent::Paste(_) => None,
    }
}

fn key(event: &KeyEvent) -> Option<Key> {
    // Some terminals report the release as well; a key counts once.
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let code = match event.code {
        TerminalKey::Char(c) => KeyCode::Char(c),
        TerminalKey::Enter => KeyCode::Enter,
        TerminalKey::Esc => KeyCode::Esc,
        TerminalKey::Tab | TerminalKey::BackTab => KeyCode::Tab,
        TerminalKey::Backspace => KeyCode::Backspace,
        TerminalKey::Delete => KeyCode::Delete,
        TerminalKey::Up => KeyCode::Up,
        TerminalKey::Down => KeyCode::Down,
        TerminalKey::Left => KeyCode::Left,
        TerminalKey::Right => KeyCode::Right,
        TerminalKey::Home => KeyCode::Home,
        TerminalKey::End => KeyCode::End,
        TerminalKey::PageUp => KeyCode::PageUp,
        TerminalKey::PageDown => KeyCode::PageDown,
        TerminalKey::F(n) => KeyCode::F(n),
        _ => return None,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    // A character is already the shifted one (`G`); only other keys keep shift apart.
    let shift = !matches!(code, KeyCode::Char(_)) && (held(KeyModifiers::SHIFT) || event.code == TerminalKey::BackTab);
    Some(Key { code, ctrl: held(KeyModifiers::CONTROL), alt: held(KeyModifiers::ALT), shift })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(TerminalKey::Char('q'), KeyModifiers::NONE, "q")]
    #[case(TerminalKey::Char('G'), KeyModifiers::SHIFT, "G")]
    #[case(TerminalKey::Char('d'), KeyModifiers::CONTROL, "ctrl-d")]
    #[case(TerminalKey::Char(' '), KeyModifiers::NONE, "space")]
    #[case(TerminalKey::BackTab, KeyModifiers::SHIFT, "shift-tab")]
    #[case(TerminalKey::BackTab, KeyModifiers::NONE, "shift-tab")]
    #[case(TerminalKey::Left, KeyModifiers::ALT, "alt-left")]
    #[case(TerminalKey::F(5), KeyModifiers::NONE, "f5")]
    fn keys_are_named_as_the_configuration_names_them(
        #[case] code: TerminalKey,
        #[case] modifiers: KeyModifiers,
        #[case] name: &str,
    ) {
        let event = TerminalEvent::Key(KeyEvent::new(code, modifiers));
        let Some(Input::Key(key)) = input(&event) else { panic!("{event:?} is no key") };
        assert_eq!(key.to_string(), name);
    }

    #[test]
    fn a_key_counts_when_pressed_and_held_but_not_when_released() {
        let counts = |kind| {
            let event = KeyEvent::new_with_kind(TerminalKey::Char('j'), KeyModifiers::NONE, kind);
            input(&TerminalEvent::Key(event)).is_some()
        };
        assert!(counts(KeyEventKind::Press));
        assert!(counts(KeyEventKind::Repeat));
        assert!(!counts(KeyEventKind::Release));
    }
}
