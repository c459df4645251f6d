//! The screen: what stands on it, what should, and the bytes between the two.
//!
//! One frame is one write. The colour decision is the theme's alone: a theme without colours sends
//! none, whatever the environment says, and keeps its bold and reverse.

use std::fmt::Write as _;
use std::io::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::render::{CellStyle, push_style};

/// What a frame usually stays below.
const FRAME_BYTES: usize = 64 * 1024;

/// Clear all of the screen (ECMA-48, 8.3.39).
const CLEAR: &str = "\x1b[2J";
/// Back to plain text (ECMA-48, 8.3.117).
const PLAIN: &str = "\x1b[0m";

/// A screen of cells in front of a terminal.
#[derive(Debug)]
pub struct Screen<W> {
    out: W,
    /// What the terminal shows.
    shown: Buffer,
    /// What is being drawn.
    next: Buffer,
    /// Whether what the terminal shows is unknown.
    forgotten: bool,
    frame: String,
}

impl<W: Write> Screen<W> {
    /// A screen of `width` x `height` cells with unknown content.
    pub fn new(out: W, width: u16, height: u16) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self {
            out,
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
            forgotten: true,
            frame: String::with_capacity(FRAME_BYTES),
        }
    }

    /// The terminal has this size now, and what it shows is unknown: the next frame draws every cell.
    pub fn resize(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.forgotten = true;
    }

    /// What the terminal shows.
    pub fn shown(&self) -> &Buffer {
        &self.shown
    }

    /// Draws a frame and sends the cells that differ, in one write. A frame like the last one sends
    /// nothing.
    pub fn draw(&mut self, draw: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        self.next.reset();
        draw(self.next.area, &mut self.next);
        make_harmless(&mut self.next);
        self.frame.clear();
        if self.forgotten {
            self.frame.push_str(PLAIN);
            self.frame.push_str(CLEAR);
            self.shown.reset();
        }
        self.push_changes();
        std::mem::swap(&mut self.shown, &mut self.next);
        self.forgotten = false;
        self.send()
    }

    /// Sends a control sequence between two frames.
    pub fn control(&mut self, sequence: &impl crossterm::Command) -> io::Result<()> {
        self.frame.clear();
        sequence.write_ansi(&mut self.frame).map_err(io::Error::other)?;
        self.send()
    }

    fn push_changes(&mut self) {
        let mut style = CellStyle::PLAIN;
        let mut cursor = None;
        for (x, y, cell) in self.shown.diff_iter(&self.next) {
            if cursor != Some((x, y)) {
                let _ = write!(self.frame, "\x1b[{};{}H", y + 1, x + 1);
            }
            let wanted = CellStyle::of(cell);
            if wanted != style {
                push_style(&mut self.frame, wanted);
                style = wanted;
            }
            self.frame.push_str(cell.symbol());
            // After a wide character the terminal's cursor is where only the terminal knows.
            cursor = cell.symbol().is_ascii().then_some((x + 1, y));
        }
        if style != CellStyle::PLAIN {
            self.frame.push_str(PLAIN);
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        self.out.write_all(self.frame.as_bytes())?;
        self.out.flush()
    }
}

/// Text from outside is made printable long before it is drawn. Should a control character come this far
/// all the same, the terminal does not get to act on it.
fn make_harmless(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if cell.symbol().chars().any(char::is_control) {
            cell.set_symbol(" ");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use ratatui::style::{Color, Modifier, Style};

    use super::*;

    /// Counts how often it is flushed.
    #[derive(Default)]
    struct Terminal {
        bytes: Vec<u8>,
        flushes: usize,
    }

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.bytes.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.flushes += 1;
            Ok(())
        }
    }

    fn line(text: &'static str, style: Style) -> impl FnOnce(Rect, &mut Buffer) {
        move |area, buf| {
            if !area.is_empty() {
                buf.set_stringn(area.x, area.y, text, usize::from(area.width), style);
            }
        }
    }

    /// What `screen` sends for one more frame.
    fn sent(screen: &mut Screen<Terminal>, text: &'static str, style: Style) -> String {
        screen.out = Terminal::default();
        screen.draw(line(text, style)).unwrap();
        assert!(screen.out.flushes <= 1, "one flush a frame");
        String::from_utf8(std::mem::take(&mut screen.out.bytes)).unwrap()
    }

    #[test]
    fn a_frame_sends_what_changed_and_no_more() {
        let mut screen = Screen::new(Terminal::default(), 10, 2);
        assert_eq!(sent(&mut screen, "abc", Style::new()), "\x1b[0m\x1b[2J\x1b[1;1Habc");
        assert_eq!(sent(&mut screen, "abd", Style::new()), "\x1b[1;3Hd");
        assert_eq!(sent(&mut screen, "abd", Style::new()), "");
        screen.resize(10, 2);
        assert_eq!(sent(&mut screen, "abd", Style::new()), "\x1b[0m\x1b[2J\x1b[1;1Habd");
    }

    #[test]
    fn styles_are_sent_when_they_change_and_put_back_at_the_end() {
        let mut screen = Screen::new(Terminal::default(), 10, 1);
        sent(&mut screen, "", Style::new());
        let bold_red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        assert_eq!(sent(&mut screen, "ab", bold_red), "\x1b[1;1H\x1b[0;1;31mab\x1b[0m");
    }

    #[test]
    fn reverse_needs_no_colour() {
        let mut screen = Screen::new(Terminal::default(), 10, 1);
        sent(&mut screen, "", Style::new());
        assert_eq!(sent(&mut screen, "a", Style::new().reversed()), "\x1b[1;1H\x1b[0;7ma\x1b[0m");
    }

    #[test]
    fn a_wide_character_does_not_move_what_follows() {
        let mut screen = Screen::new(Terminal::default(), 10, 1);
        sent(&mut screen, "", Style::new());
        assert_eq!(sent(&mut screen, "\u{8ab0}b", Style::new()), "\x1b[1;1H\u{8ab0}\x1b[1;3Hb");
    }

    #[test]
    fn control_characters_in_a_cell_do_not_reach_the_terminal() {
        let mut screen = Screen::new(Terminal::default(), 3, 1);
        sent(&mut screen, "", Style::new());
        let set = |symbols: [&'static str; 3]| {
            move |_, buf: &mut Buffer| {
                for (cell, symbol) in buf.content.iter_mut().zip(symbols) {
                    cell.set_symbol(symbol);
                }
            }
        };
        screen.draw(set(["a", "b", "c"])).unwrap();
        screen.out = Terminal::default();
        screen.draw(set(["\n", "\u{1b}[2J", "\u{9b}"])).unwrap();
        assert_eq!(String::from_utf8(screen.out.bytes).unwrap(), "\x1b[1;1H   ");
    }

    /// The lines of a screen as a terminal would show them, without the blanks at their ends.
    fn shown_by_a_terminal(terminal: &vt100::Parser) -> Vec<String> {
        terminal.screen().rows(0, 12).map(|row| row.trim_end().to_owned()).collect()
    }

    fn drawn(buf: &Buffer) -> Vec<String> {
        crate::render::text(buf).lines().map(|line| line.trim_end().to_owned()).collect()
    }

    proptest! {
        #[test]
        fn a_terminal_shows_what_was_drawn(frames in vec(vec("[ -~\u{2500}\u{28ff}\u{8ab0}]{0,14}", 4), 1..6)) {
            let mut screen = Screen::new(Vec::new(), 12, 4);
            let mut terminal = vt100::Parser::new(4, 12, 0);
            for lines in frames {
                screen.out.clear();
                screen.draw(|area, buf| {
                    for (y, line) in (0..).zip(&lines) {
                        buf.set_stringn(area.x, y, line, 12, Style::new());
                    }
                }).unwrap();
                terminal.process(&screen.out);
                prop_assert_eq!(shown_by_a_terminal(&terminal), drawn(screen.shown()));
            }
        }
    }

    #[test]
    fn a_screen_without_cells_draws_nothing() {
        let mut screen = Screen::new(Terminal::default(), 0, 0);
        assert_eq!(sent(&mut screen, "abc", Style::new()), "\x1b[0m\x1b[2J");
        screen.resize(3, 0);
        assert_eq!(sent(&mut screen, "abc", Style::new()), "\x1b[0m\x1b[2J");
    }
}
