//! Prompts in the footer's place: the filter being typed, the format of an export.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use super::Look;
use super::strip::Strip;
use super::text;
use super::theme::Role;
use crate::app::App;

/// Draws the filter prompt: what is typed, how much it leaves, or why it is no filter yet.
pub(super) fn filter(app: &App, input: &str, look: &Look, area: Rect, buf: &mut Buffer) {
    Clear.render(area, buf);
    let all = app.listed().len();
    let counted = Strip::new(look).with(Role::Muted, &format!(" {} of {all} ", app.rows().len()));
    let refused = |error| Strip::new(look).with(Role::Warning, &format!(" {error} "));
    let right = app.filter_error().map_or(counted, refused);
    // The text being typed goes before everything else: the note may take at most half of the line.
    let half = Rect { x: area.x + area.width / 2, width: area.width - area.width / 2, ..area };
    let noted = right.draw_right(half, buf);
    let room = Rect { width: area.width / 2 + noted.width, ..area };
    let cells = usize::from(room.width).saturating_sub(3);
    let prompt = Strip::new(look).with(Role::Accent, " /").with(Role::Text, &tail(input, cells, look));
    let prompt = prompt.styled(look.theme.style(Role::Selected), " ");
    let example = "  words, status:alert, z>3, unit:ms; enter keeps, esc undoes";
    let has_room = prompt.width() + example.len() <= usize::from(room.width);
    if has_room { prompt.with(Role::Muted, example) } else { prompt }.draw(room, buf);
}

/// The end of the text that fits; that is where it is typed.
fn tail(input: &str, cells: usize, look: &Look) -> String {
    let shown = text::safe(input, look.symbols);
    let mut start = 0;
    for (at, c) in shown.char_indices() {
        if text::width(&shown[start..]) <= cells {
            break;
        }
        start = at + c.len_utf8();
    }
    shown[start..].to_owned()
}

/// Draws the choice of formats.
pub(super) fn export(look: &Look, area: Rect, buf: &mut Buffer) {
    Clear.render(area, buf);
    let mut strip = Strip::new(look).with(Role::Title, " export ");
    for (key, format) in [("c", "CSV"), ("j", "JSON"), ("s", "SVG"), ("esc", "back")] {
        strip = strip.with(Role::Text, " ").with(Role::Accent, key).with(Role::Muted, &format!(" {format} "));
    }
    strip.draw(area, buf);
}
