//! Keys as the configuration writes them: `q`, `ctrl-d`, `shift-tab`, `f1`, `space`.

use std::fmt;
use std::str::FromStr;

/// A key without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names on the keys say it")]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Tab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// A key press. Shift is part of a character (`G`), so `shift` is only set for other keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Held with control.
    pub ctrl: bool,
    /// Held with alt.
    pub alt: bool,
    /// Held with shift; never set for characters.
    pub shift: bool,
}

impl Key {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// A character key without modifiers.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// A character held with control.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), ctrl: true, alt: false, shift: false }
    }
}

const NAMED: [(&str, KeyCode); 15] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("minus", KeyCode::Char('-')),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(name)?;
            }
        }
        let held = self.ctrl || self.alt || self.shift;
        match self.code {
            KeyCode::Char('-') if !held => f.write_str("-"),
            KeyCode::F(n) => write!(f, "f{n}"),
            code => match NAMED.iter().find(|(_, named)| *named == code) {
                Some((name, _)) => f.write_str(name),
                None => match code {
                    KeyCode::Char(c) => write!(f, "{c}"),
                    _ => Ok(()),
                },
            },
        }
    }
}

/// The text names no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key: write a character, or ctrl-, alt-, shift- and enter, esc, space, tab, f1, ...")]
pub struct KeyParseError(pub String);

impl FromStr for Key {
    type Err = KeyParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || KeyParseError(text.to_owned());
        let mut key = Self::char(' ');
        let mut rest = text;
        loop {
            let (flag, after) = if let Some(after) = rest.strip_prefix("ctrl-") {
                (&mut key.ctrl, after)
            } else if let Some(after) = rest.strip_prefix("alt-") {
                (&mut key.alt, after)
            } else if let Some(after) = rest.strip_prefix("shift-") {
                (&mut key.shift, after)
            } else {
                break;
            };
            if std::mem::replace(flag, true) {
                return Err(refuse());
            }
            rest = after;
        }
        key.code = match NAMED.iter().find(|(name, _)| *name == rest) {
            Some((_, code)) => *code,
            None => parse_unnamed(rest).ok_or_else(refuse)?,
        };
        if key.shift && matches!(key.code, KeyCode::Char(_)) {
            return Err(refuse());
        }
        Ok(key)
    }
}

fn parse_unnamed(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_control() && c != ' ' => Some(KeyCode::Char(c)),
        (Some('f'), Some(_)) => {
            let n: u8 = text.get(1..)?.parse().ok()?;
            (1..=12).contains(&n).then_some(KeyCode::F(n))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("q", Key::char('q'))]
    #[case("G", Key::char('G'))]
    #[case("-", Key::char('-'))]
    #[case("ctrl-d", Key::ctrl('d'))]
    #[case("space", Key::char(' '))]
    #[case("f1", Key::plain(KeyCode::F(1)))]
    #[case("f", Key::char('f'))]
    #[case("shift-tab", Key { shift: true, ..Key::plain(KeyCode::Tab) })]
    #[case("ctrl-alt-minus", Key { ctrl: true, alt: true, ..Key::char('-') })]
    fn keys_read_as_they_are_written(#[case] text: &str, #[case] key: Key) {
        assert_eq!(text.parse(), Ok(key));
        assert_eq!(key.to_string(), text);
    }

    #[rstest]
    #[case("")]
    #[case("ctrl-")]
    #[case("ctrl-ctrl-a")]
    #[case("shift-a")]
    #[case("f13")]
    #[case("qq")]
    #[case("\u{1b}")]
    fn other_texts_are_no_keys(#[case] text: &str) {
        assert_eq!(text.parse::<Key>(), Err(KeyParseError(text.to_owned())));
    }
}
