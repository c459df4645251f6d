//! Key hints: the keys of the live keymap, each with a word.

use super::Look;
use super::strip::Strip;
use super::theme::Role;
use crate::app::{Action, Keymap};

/// Adds hints to a line as long as they fit in `cells`; an action without keys has none.
#[must_use]
pub(super) fn hints<'a>(
    keymap: &Keymap,
    offered: &[(Action, &str)],
    look: &'a Look,
    mut strip: Strip<'a>,
    cells: usize,
) -> Strip<'a> {
    for &(action, word) in offered {
        let Some(chord) = keymap.keys(action).first() else { continue };
        let hint = Strip::new(look)
            .with(Role::Text, " ")
            .with(Role::Accent, &chord.to_string())
            .with(Role::Muted, &format!(" {word} "));
        if strip.width() + hint.width() > cells {
            break;
        }
        strip = strip.and(hint);
    }
    strip
}

/// The first key of an action, or its name when it has none.
#[must_use]
pub(super) fn name(keymap: &Keymap, action: Action) -> String {
    keymap.keys(action).first().map_or_else(|| action.name().to_owned(), ToString::to_string)
}
