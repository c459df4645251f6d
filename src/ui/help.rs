//! The help, written from the live keymap, so that it shows the keys as they are bound now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::panel;
use super::strip::Strip;
use super::text::{Align, fit};
use super::theme::Role;
use super::{Look, layout::SizeClass};
use crate::app::{Action, App, Keymap};

/// Columns of the keys where all of them are named, and where there is room for one.
const ALL_KEYS_CELLS: usize = 15;
const ONE_KEY_CELLS: usize = 9;
const COLUMN_CELLS: u16 = 48;
/// Groups in the left one of two columns.
const LEFT_GROUPS: usize = 3;

/// Draws the help over `area`.
pub(super) fn draw(app: &App, scroll: usize, look: &Look, class: SizeClass, area: Rect, buf: &mut Buffer) {
    let keymap = &app.options.keymap;
    let title = Strip::new(look).with(Role::Title, " Keys  ").and(way_out(keymap, look));
    let border = look.theme.style(Role::Border);
    if class == SizeClass::Full {
        let (left, right) = Action::GROUPS.split_at(LEFT_GROUPS);
        let columns = |gap| [left, right].map(|groups| lines(groups, gap, keymap, look, COLUMN_CELLS));
        let rows = |columns: &[Vec<Strip>; 2]| columns.iter().map(Vec::len).max().unwrap_or(0) as u16;
        // Where there is no room for all, the air between the groups goes first.
        let columns =
            Some(columns(true)).filter(|airy| rows(airy) + 2 <= area.height).unwrap_or_else(|| columns(false));
        let rows = rows(&columns);
        let [left, right] = columns;
        let inside = panel::draw(panel::centered(area, 2 * COLUMN_CELLS + 4, rows + 2), &title, border, look, buf);
        let column = Rect { width: COLUMN_CELLS.min(inside.width), ..inside };
        draw_lines(&left, 0, column, buf);
        let x = inside.x + COLUMN_CELLS + 2;
        draw_lines(&right, 0, Rect { x, width: inside.right().saturating_sub(x), ..inside }, buf);
        return;
    }
    let frame = Rect { height: area.height.min(App::help_lines() as u16 + 2), ..area };
    let lines = lines(Action::GROUPS, true, keymap, look, frame.width.saturating_sub(2));
    let inside = panel::draw(frame, &title, border, look, buf);
    let first = scroll.min(lines.len().saturating_sub(usize::from(inside.height)));
    draw_lines(&lines, first, inside, buf);
    more(lines.len(), first, look, frame, inside, buf);
}

fn way_out<'a>(keymap: &Keymap, look: &'a Look) -> Strip<'a> {
    let key = keymap.keys(Action::Close).first().or_else(|| keymap.keys(Action::Back).first());
    let strip = Strip::new(look);
    key.map_or(strip.clone(), |key| strip.with(Role::Accent, &key.to_string()).with(Role::Muted, " closes "))
}

/// Says in the lower edge how much of the help is out of sight.
fn more(lines: usize, first: usize, look: &Look, frame: Rect, inside: Rect, buf: &mut Buffer) {
    let shown = (first + usize::from(inside.height)).min(lines);
    if inside.height > 0 && shown - first < lines {
        let edge = Rect { y: frame.bottom() - 1, height: 1, width: frame.width.saturating_sub(2), ..frame };
        Strip::new(look).with(Role::Muted, &format!(" {}-{shown} of {lines} ", first + 1)).draw_right(edge, buf);
    }
}

fn draw_lines(lines: &[Strip], first: usize, area: Rect, buf: &mut Buffer) {
    for (line, row) in lines.iter().skip(first).zip(area.rows()) {
        line.draw(row, buf);
    }
}

fn lines<'a>(groups: &[(&str, &[Action])], gap: bool, keymap: &Keymap, look: &'a Look, cells: u16) -> Vec<Strip<'a>> {
    let mut lines = Vec::new();
    for (heading, actions) in groups {
        if gap && !lines.is_empty() {
            lines.push(Strip::new(look));
        }
        lines.push(Strip::new(look).with(Role::Title, &format!(" {heading}")));
        lines.extend(actions.iter().map(|action| line(*action, keymap, look, cells)));
    }
    lines
}

fn line<'a>(action: Action, keymap: &Keymap, look: &'a Look, cells: u16) -> Strip<'a> {
    let named: Vec<String> = keymap.keys(action).iter().map(ToString::to_string).collect();
    let (keys, room) = if cells < COLUMN_CELLS {
        (named.first().cloned().unwrap_or_default(), ONE_KEY_CELLS)
    } else {
        (named.join(" "), ALL_KEYS_CELLS)
    };
    let (keys, role) = if keys.is_empty() { ("no key".to_owned(), Role::Muted) } else { (keys, Role::Accent) };
    Strip::new(look)
        .with(role, &format!(" {} ", fit(&keys, room, Align::Left, look.symbols)))
        .with(Role::Text, action.help())
}
