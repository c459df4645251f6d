//! A table's columns: which fit, where they stand, their titles, and cells aligned on their units.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::view::{Column, fit_columns, multiple};
use crate::model::{Unit, text};
use crate::ui::Look;
use crate::ui::text::{Align, fit};
use crate::ui::theme::Role;

/// Cells of a number and of the unit behind it.
const NUMBER_CELLS: usize = 6;
const UNIT_CELLS: usize = 3;
/// Cells of a value with its unit.
pub const VALUE_CELLS: u16 = (NUMBER_CELLS + 1 + UNIT_CELLS) as u16;

/// A column as the table's owner declares it.
#[derive(Debug, Clone, Copy)]
pub struct Heading {
    /// What stands above it.
    pub title: &'static str,
    /// How wide it may be and how long it stays.
    pub column: Column,
    /// Where its title stands.
    pub align: Align,
}

/// Where the columns that fit stand.
#[derive(Debug)]
pub struct Table {
    places: Vec<Option<(u16, u16)>>,
}

impl Table {
    /// Lays the columns out over the width of `area`.
    #[must_use]
    pub fn new(headings: &[Heading], area: Rect, gap: u16) -> Self {
        let columns: Vec<Column> = headings.iter().map(|heading| heading.column).collect();
        let mut x = area.x;
        let places = fit_columns(&columns, area.width, gap)
            .into_iter()
            .map(|width| {
                width.map(|width| {
                    let place = (x, width);
                    x += width + gap;
                    place
                })
            })
            .collect();
        Self { places }
    }

    /// The cells of a column in row `y`; `None` when the column was dropped.
    #[must_use]
    pub fn cell(&self, index: usize, y: u16, height: u16) -> Option<Rect> {
        let (x, width) = (*self.places.get(index)?)?;
        Some(Rect { x, y, width, height })
    }

    /// Draws the titles; the sorted column carries an arrow that points up when it rises.
    pub fn draw_titles(
        &self,
        headings: &[Heading],
        y: u16,
        sorted: Option<(usize, bool)>,
        look: &Look,
        buf: &mut Buffer,
    ) {
        for (index, heading) in headings.iter().enumerate() {
            let Some(cell) = self.cell(index, y, 1) else { continue };
            let arrow = sorted.filter(|(column, _)| *column == index).map(|(_, rising)| look.symbols.sorted(rising));
            let title = match (arrow, heading.align) {
                (None, _) => heading.title.to_owned(),
                (Some(arrow), Align::Left) => format!("{}{arrow}", heading.title),
                (Some(arrow), Align::Right) => format!("{arrow}{}", heading.title),
            };
            let role = if arrow.is_some() { Role::Accent } else { Role::Muted };
            draw_text(&title, heading.align, role, cell, look, buf);
        }
    }
}

/// Draws text into a cell, cut or padded to it.
pub fn draw_text(text: &str, align: Align, role: Role, cell: Rect, look: &Look, buf: &mut Buffer) {
    let text = fit(text, usize::from(cell.width), align, look.symbols);
    buf.set_string(cell.x, cell.y, text, look.theme.style(role));
}

/// Draws a value so that numbers end and units begin in the same cell of every row; the unit is muted.
/// `size` is the magnitude that decides the multiple: values that are compared share it.
pub fn draw_value(number: f64, size: f64, unit: Unit, role: Role, cell: Rect, look: &Look, buf: &mut Buffer) {
    let (factor, word) = multiple(unit, size);
    let digits = text::number(number * factor);
    let digit_cells = usize::from(cell.width).saturating_sub(UNIT_CELLS + 1);
    if digits.len() > digit_cells {
        return draw_text(&text::value(number, unit), Align::Right, role, cell, look, buf);
    }
    draw_text(&digits, Align::Right, role, Rect { width: digit_cells as u16, ..cell }, look, buf);
    let unit_x = cell.x + digit_cells as u16 + 1;
    draw_text(word, Align::Left, Role::Muted, Rect { x: unit_x, width: UNIT_CELLS as u16, ..cell }, look, buf);
}
