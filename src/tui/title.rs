//! What the terminal is told beside the cells: the title of the pane, and the bell.

use std::fmt;

use crossterm::Command;

/// Puts the title on the terminal's stack (xterm's `XTWINOPS` 22; tmux has one per pane).
pub struct SaveTitle;

impl Command for SaveTitle {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\x1b[22;2t")
    }
}

/// Takes the title back from the stack (`XTWINOPS` 23).
pub struct RestoreTitle;

impl Command for RestoreTitle {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\x1b[23;2t")
    }
}

/// Sets the title (OSC 2), a text without control characters.
pub struct SetTitle(pub String);

impl Command for SetTitle {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        write!(f, "\x1b]2;{}\x1b\\", self.0)
    }
}

/// Rings the bell; tmux marks the window with it.
pub struct Bell;

impl Command for Bell {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_char('\x07')
    }
}

/// What the pane is called while so many alerts are firing: `perftop`, or `perftop 2!`.
#[must_use]
pub fn title(firing: usize) -> String {
    match firing {
        0 => "perftop".to_owned(),
        firing => format!("perftop {}", badge(firing)),
    }
}

/// The number of firing alerts as a status line shows it: `2!`.
#[must_use]
pub fn badge(firing: usize) -> String {
    format!("{firing}!")
}
