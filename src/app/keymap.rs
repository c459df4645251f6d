//! Which keys mean which action. The help and the footer are made from it, so they cannot go stale.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{Action, Key, KeyParseError};

/// One key, or two keys pressed one after the other without a time limit: `q`, `g g`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// The first key.
    pub first: Key,
    /// The second key, when one press is not enough.
    pub second: Option<Key>,
}

impl From<Key> for Chord {
    fn from(first: Key) -> Self {
        Self { first, second: None }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.second {
            // Two plain characters are written as people say them: `gg`.
            Some(second) if self.first == second && self.first.to_string().len() == 1 => {
                write!(f, "{}{second}", self.first)
            }
            Some(second) => write!(f, "{} {second}", self.first),
            None => self.first.fmt(f),
        }
    }
}

/// The text names neither a key nor two keys in a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChordParseError {
    /// A part is no key.
    #[error(transparent)]
    Key(#[from] KeyParseError),
    /// More than two keys in a row.
    #[error("`{0}` is more than two keys in a row: write one key, or two separated by a space")]
    TooMany(String),
}

impl FromStr for Chord {
    type Err = ChordParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let first = words.next().unwrap_or_default();
        // `gg` reads like it is shown; every other pair needs its space.
        let mut twice = first.chars();
        if let (Some(c), Some(again), None, None) = (twice.next(), twice.next(), twice.next(), words.clone().next())
            && c == again
        {
            return Ok(Self { first: Key::char(c), second: Some(Key::char(c)) });
        }
        let chord = Self { first: first.parse()?, second: words.next().map(str::parse).transpose()? };
        if words.next().is_some() {
            return Err(ChordParseError::TooMany(text.to_owned()));
        }
        Ok(chord)
    }
}

/// Two actions want the same keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{chord}` means both `{first}` and `{second}`: give one of them another key")]
pub struct KeyConflict {
    /// The keys in question.
    pub chord: Chord,
    /// The action that has them.
    pub first: Action,
    /// The action that wants them as well.
    pub second: Action,
}

/// What the keys pressed so far mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// This.
    Action(Action),
    /// The beginning of something.
    Pending,
    /// Nothing.
    Nothing,
}

/// Keys by action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: BTreeMap<Action, Vec<Chord>>,
}

/// Default keys, as the configuration would write them.
const DEFAULTS: &[(Action, &[&str])] = &[
    (Action::TabBaselines, &["1"]),
    (Action::TabControlChart, &["2"]),
    (Action::TabTimeSeries, &["3"]),
    (Action::NextTab, &["tab"]),
    (Action::PreviousTab, &["shift-tab"]),
    (Action::NextMetric, &["m"]),
    (Action::PreviousMetric, &["M"]),
    (Action::Expand, &["enter"]),
    (Action::NextChart, &["c"]),
    (Action::Residuals, &["r"]),
    (Action::Up, &["k", "up"]),
    (Action::Down, &["j", "down"]),
    (Action::Left, &["h", "left"]),
    (Action::Right, &["l", "right"]),
    (Action::PageUp, &["ctrl-u", "pageup"]),
    (Action::PageDown, &["ctrl-d", "pagedown"]),
    (Action::First, &["gg", "home"]),
    (Action::Last, &["G", "end"]),
    (Action::NextViolation, &["n"]),
    (Action::PreviousViolation, &["N"]),
    (Action::NextWindow, &["w"]),
    (Action::LongerWindow, &["]"]),
    (Action::ShorterWindow, &["["]),
    (Action::ZoomIn, &["+", "="]),
    (Action::ZoomOut, &["-"]),
    (Action::ZoomReset, &["0"]),
    (Action::ByCount, &["o"]),
    (Action::Crosshair, &["x"]),
    (Action::Freeze, &["space"]),
    (Action::Filter, &["/"]),
    (Action::ByTags, &["b"]),
    (Action::Sort, &["s"]),
    (Action::SortReverse, &["S"]),
    (Action::Alerts, &["a"]),
    (Action::Acknowledge, &["A"]),
    (Action::LabelTrue, &["t"]),
    (Action::LabelFalse, &["f"]),
    (Action::Mute, &["z"]),
    (Action::DismissToasts, &["d"]),
    (Action::Copy, &["y"]),
    (Action::CopyView, &["Y"]),
    (Action::Export, &["E"]),
    (Action::Help, &["?", "f1"]),
    (Action::Redraw, &["ctrl-l"]),
    (Action::Suspend, &["ctrl-z"]),
    (Action::Back, &["esc"]),
    (Action::Close, &["q"]),
    (Action::Quit, &["Q", "ctrl-c"]),
];

impl Default for Keymap {
    fn default() -> Self {
        let bindings = DEFAULTS
            .iter()
            .map(|(action, keys)| (*action, keys.iter().filter_map(|keys| keys.parse().ok()).collect()))
            .collect();
        Self { bindings }
    }
}

impl Keymap {
    /// Gives an action these keys instead of those it had; no keys turn it off. Call [`Self::check`]
    /// once everything is bound, so that two actions can swap their keys.
    pub fn bind(&mut self, action: Action, keys: Vec<Chord>) {
        self.bindings.insert(action, keys);
    }

    /// Refuses a keymap in which some keys mean two things, or start something else.
    pub fn check(&self) -> Result<(), KeyConflict> {
        let all: Vec<(Action, Chord)> =
            self.bindings.iter().flat_map(|(action, chords)| chords.iter().map(|chord| (*action, *chord))).collect();
        for (place, &(first, one)) in all.iter().enumerate() {
            for &(second, other) in &all[place + 1..] {
                let covers =
                    one == other || (one.first == other.first && (one.second.is_none() || other.second.is_none()));
                if covers {
                    return Err(KeyConflict { chord: other, first, second });
                }
            }
        }
        Ok(())
    }

    /// The keys of an action, the first being the one to show where there is room for one.
    #[must_use]
    pub fn keys(&self, action: Action) -> &[Chord] {
        self.bindings.get(&action).map_or(&[], Vec::as_slice)
    }

    /// What `key` means after `pending`, the first half of a chord.
    #[must_use]
    pub fn look_up(&self, pending: Option<Key>, key: Key) -> Lookup {
        // Whatever the configuration says, there is always a way out.
        if key == Key::ctrl('c') {
            return Lookup::Action(Action::Quit);
        }
        let pressed = match pending {
            Some(first) => Chord { first, second: Some(key) },
            None => Chord::from(key),
        };
        let mut lookup = Lookup::Nothing;
        for (action, chords) in &self.bindings {
            for chord in chords {
                if *chord == pressed {
                    return Lookup::Action(*action);
                }
                if pending.is_none() && chord.second.is_some() && chord.first == key {
                    lookup = Lookup::Pending;
                }
            }
        }
        lookup
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn chord(text: &str) -> Chord {
        text.parse().unwrap()
    }

    #[test]
    fn every_action_has_a_default_key_and_no_key_means_two_things() {
        let keymap = Keymap::default();
        for action in Action::EVERY {
            assert!(!keymap.keys(*action).is_empty(), "{action} has no key");
        }
        let written: usize = DEFAULTS.iter().map(|(_, keys)| keys.len()).sum();
        assert_eq!(keymap.bindings.values().map(Vec::len).sum::<usize>(), written, "a default is no key");
        assert_eq!(keymap.check(), Ok(()));
    }

    #[rstest]
    #[case("q", "q")]
    #[case("gg", "gg")]
    #[case("g g", "gg")]
    #[case("z t", "z t")]
    #[case("ctrl-x ctrl-s", "ctrl-x ctrl-s")]
    fn chords_read_as_they_are_shown(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(chord(text).to_string(), shown);
        assert_eq!(chord(shown), chord(text));
    }

    #[rstest]
    #[case("")]
    #[case("a b c")]
    #[case("zt")]
    #[case("ctrl-")]
    fn other_texts_are_no_chords(#[case] text: &str) {
        assert!(text.parse::<Chord>().is_err());
    }

    #[test]
    fn two_presses_make_a_chord_and_the_first_waits() {
        let keymap = Keymap::default();
        let g = Key::char('g');
        assert_eq!(keymap.look_up(None, g), Lookup::Pending);
        assert_eq!(keymap.look_up(Some(g), g), Lookup::Action(Action::First));
        assert_eq!(keymap.look_up(Some(g), Key::char('j')), Lookup::Nothing);
    }

    #[test]
    fn actions_can_swap_their_keys() {
        let mut keymap = Keymap::default();
        keymap.bind(Action::Sort, vec![chord("space")]);
        assert!(keymap.check().is_err(), "space freezes as well");
        keymap.bind(Action::Freeze, vec![chord("s")]);
        assert_eq!(keymap.check(), Ok(()));
        assert_eq!(keymap.look_up(None, Key::char('s')), Lookup::Action(Action::Freeze));
    }

    #[rstest]
    #[case(Action::Sort, "q", "`q` means both `sort` and `close`: give one of them another key")]
    #[case(Action::Sort, "g", "`g` means both `first` and `sort`: give one of them another key")]
    #[case(Action::Sort, "q x", "`q` means both `sort` and `close`: give one of them another key")]
    fn keys_with_two_meanings_are_refused(#[case] action: Action, #[case] keys: &str, #[case] message: &str) {
        let mut keymap = Keymap::default();
        keymap.bind(action, vec![chord(keys)]);
        assert_eq!(keymap.check().unwrap_err().to_string(), message);
    }

    #[test]
    fn control_c_quits_whatever_it_is_bound_to() {
        let mut keymap = Keymap::default();
        keymap.bind(Action::Quit, vec![]);
        keymap.bind(Action::Copy, vec![chord("ctrl-c")]);
        assert_eq!(keymap.look_up(None, Key::ctrl('c')), Lookup::Action(Action::Quit));
        assert_eq!(keymap.look_up(Some(Key::char('g')), Key::ctrl('c')), Lookup::Action(Action::Quit));
    }
}
