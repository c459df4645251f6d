//! Short facts: label and value under each other in a panel, or behind each other on one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::table::draw_text;
use crate::ui::Look;
use crate::ui::text::{Align, width};
use crate::ui::theme::Role;

/// A label and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The label; empty for a line of its own.
    pub label: &'static str,
    /// The value.
    pub text: String,
    /// How the value looks.
    pub role: Role,
}

impl Fact {
    /// A fact in ordinary text.
    #[must_use]
    pub fn new(label: &'static str, text: String) -> Self {
        Self { label, text, role: Role::Text }
    }

    /// The same fact in another role.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

/// Draws facts under each other, labels on the left and values on the right; returns the rows used.
pub fn draw_column(facts: &[Fact], area: Rect, look: &Look, buf: &mut Buffer) -> u16 {
    for (fact, y) in facts.iter().zip(area.top()..area.bottom()) {
        let line = Rect { y, height: 1, ..area };
        let label = width(fact.label).min(usize::from(area.width)) as u16;
        draw_text(fact.label, Align::Left, Role::Muted, Rect { width: label, ..line }, look, buf);
        let rest = Rect { x: line.x + label, width: line.width - label, ..line };
        let align = if fact.label.is_empty() { Align::Left } else { Align::Right };
        draw_text(&fact.text, align, fact.role, rest, look, buf);
    }
    (facts.len() as u16).min(area.height)
}

/// Draws as many whole facts as fit on one line, in their order.
pub fn draw_line(facts: &[Fact], area: Rect, look: &Look, buf: &mut Buffer) {
    let mut x = area.x;
    for fact in facts {
        let before = if x == area.x { String::new() } else { format!(" {} ", look.symbols.separator()) };
        let label = if fact.label.is_empty() { String::new() } else { format!("{} ", fact.label) };
        let needed = width(&before) + width(&label) + width(&fact.text);
        if needed > usize::from(area.right() - x) {
            break;
        }
        for (text, role) in [(&before, Role::Border), (&label, Role::Muted), (&fact.text, fact.role)] {
            let cells = width(text) as u16;
            draw_text(text, Align::Left, role, Rect { x, y: area.y, width: cells, height: 1 }, look, buf);
            x += cells;
        }
    }
}
