//! The frame of a chart: a value axis on the left, a time axis below, room for labels on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::view::{ByCount, Scale, TimeTick, ValueTicks, time_ticks, value_ticks};
use crate::model::time::Zone;
use crate::model::{TimeRange, Unit};
use crate::ui::Look;
use crate::ui::theme::Role;

/// Rows from which the time axis has a line of its own above its labels.
const ROWS_FOR_AXIS_LINE: u16 = 8;
/// Columns from which the value axis is drawn.
const COLUMNS_FOR_VALUE_AXIS: u16 = 30;
/// Columns a time label and the room around it take.
const COLUMNS_A_TIME_LABEL: u16 = 13;

/// What the horizontal axis counts.
#[derive(Debug, Clone, Copy)]
pub enum Axis<'a> {
    /// Time, as it is called in a zone.
    Time(&'a Zone),
    /// Samples, by a word for them.
    Count(&'a ByCount, &'static str),
}

/// Where the chart stands and what its edges mean.
#[derive(Debug)]
pub struct Plot {
    /// The cells for data.
    pub inner: Rect,
    /// Values from its lower to its upper edge.
    pub scale: Scale,
    /// Time from its left to its right edge.
    pub range: TimeRange,
    /// The cells right of it for labels; may be empty.
    pub right: Rect,
    values: ValueTicks,
    times: Vec<TimeTick>,
    gutter: u16,
    axis_rows: u16,
}

impl Plot {
    /// Divides `area`, keeping `right` columns for labels.
    #[must_use]
    pub fn new(area: Rect, scale: Scale, unit: Unit, range: TimeRange, axis: Axis<'_>, right: u16) -> Self {
        let axis_rows = match area.height {
            0..4 => 0,
            4..ROWS_FOR_AXIS_LINE => 1,
            _ => 2,
        };
        let height = area.height - axis_rows;
        let values = value_ticks(scale, unit, usize::from(height * 2 / 5).clamp(2, 9));
        let widest = values.ticks.iter().map(|(_, label)| label.len()).chain([values.unit.len()]).max().unwrap_or(0);
        let gutter = if area.width < COLUMNS_FOR_VALUE_AXIS { 0 } else { widest.min(12) as u16 + 2 };
        let width = area.width.saturating_sub(gutter + right);
        let inner = Rect { x: area.x + gutter.min(area.width), width, height, ..area };
        let right = Rect { x: inner.right(), width: right.min(area.width - gutter.min(area.width)), ..inner };
        let most_ticks = (width / COLUMNS_A_TIME_LABEL).max(1);
        let times = match axis {
            Axis::Time(zone) => time_ticks(range, most_ticks, zone),
            Axis::Count(counted, what) => counts(counted, what, most_ticks),
        };
        Self { inner, scale, range, right, values, times, gutter, axis_rows }
    }

    /// The row of a value; values beyond the scale stand on its edge.
    #[must_use]
    pub fn row(&self, value: f64) -> u16 {
        self.inner.y + self.scale.dot(value, usize::from(self.inner.height)) as u16
    }

    /// The column of an instant; `None` outside the range.
    #[must_use]
    pub fn column(&self, at_ms: i64) -> Option<u16> {
        if !self.range.contains(at_ms) || self.inner.is_empty() {
            return None;
        }
        let share = at_ms.saturating_sub(self.range.from_ms) as f64 / self.range.span_ms() as f64;
        Some(self.inner.x + ((share * f64::from(self.inner.width)) as u16).min(self.inner.width - 1))
    }

    /// Draws a horizontal line at a value of the scale, one glyph a cell.
    pub fn level(&self, value: f64, glyph: &str, role: Role, look: &Look, buf: &mut Buffer) {
        if self.scale.contains(value) && !self.inner.is_empty() {
            let (y, style) = (self.row(value), look.theme.style(role));
            for x in self.inner.left()..self.inner.right() {
                put(buf, x, y, glyph, style);
            }
        }
    }

    /// Draws a line that moves: in each column the mean of `course` there, oldest first, else what held before.
    pub fn path(
        &self,
        course: impl IntoIterator<Item = (i64, f64)>,
        glyph: &str,
        role: Role,
        look: &Look,
        buf: &mut Buffer,
    ) {
        let style = look.theme.style(role);
        let mut means: Vec<Option<f64>> = vec![None; usize::from(self.inner.width)];
        let mut counts = vec![0_u32; means.len()];
        for (at_ms, value) in course {
            let Some(column) = self.column(at_ms).map(|x| usize::from(x - self.inner.x)) else { continue };
            counts[column] += 1;
            let mean = means[column].unwrap_or(value);
            means[column] = Some(mean + (value - mean) / f64::from(counts[column]));
        }
        let mut held = means.iter().flatten().next().copied();
        for (x, mean) in (self.inner.x..).zip(means) {
            held = mean.or(held);
            if let Some(value) = held.filter(|&value| self.scale.contains(value)) {
                put(buf, x, self.row(value), glyph, style);
            }
        }
    }

    /// Draws one cell at a place; nothing outside the range.
    pub fn mark(&self, at_ms: i64, value: f64, glyph: &str, role: Role, look: &Look, buf: &mut Buffer) {
        if let Some(x) = self.column(at_ms) {
            put(buf, x, self.row(value), glyph, look.theme.style(role));
        }
    }

    /// A faint line at every tick of the value axis.
    pub fn draw_grid(&self, look: &Look, buf: &mut Buffer) {
        for (value, _) in &self.values.ticks {
            self.level(*value, look.symbols.zone_line(), Role::Zone, look, buf);
        }
    }

    /// Draws both axes.
    pub fn draw_axes(&self, look: &Look, buf: &mut Buffer) {
        if self.inner.is_empty() {
            return;
        }
        self.draw_value_axis(look, buf);
        self.draw_time_axis(look, buf);
    }

    fn draw_value_axis(&self, look: &Look, buf: &mut Buffer) {
        let Some(axis_x) = self.inner.x.checked_sub(1).filter(|_| self.gutter > 0) else { return };
        let (border, muted) = (look.theme.style(Role::Border), look.theme.style(Role::Muted));
        for y in self.inner.top()..self.inner.bottom() {
            buf.set_string(axis_x, y, look.symbols.vertical(), border);
        }
        let mut write = |y: u16, label: &str| {
            let width = label.chars().count() as u16;
            buf.set_string(axis_x.saturating_sub(width + 1), y, label, muted);
        };
        let rows: Vec<u16> = self.values.ticks.iter().map(|(value, _)| self.row(*value)).collect();
        for (y, (_, label)) in rows.iter().zip(&self.values.ticks) {
            write(*y, label);
        }
        if let Some(y) = (self.inner.top()..self.inner.bottom()).find(|y| !rows.contains(y)) {
            write(y, self.values.unit);
        }
        for y in rows {
            buf.set_string(axis_x, y, look.symbols.ticks()[0], border);
        }
    }

    fn draw_time_axis(&self, look: &Look, buf: &mut Buffer) {
        if self.axis_rows == 0 {
            return;
        }
        let (border, muted) = (look.theme.style(Role::Border), look.theme.style(Role::Muted));
        let label_y = self.inner.bottom() + self.axis_rows - 1;
        let mut free_from = self.inner.x;
        if self.axis_rows == 2 {
            let line = look.symbols.horizontal().repeat(usize::from(self.inner.width));
            buf.set_string(self.inner.x, self.inner.bottom(), line, border);
            if self.gutter > 0 {
                buf.set_string(self.inner.x - 1, self.inner.bottom(), look.symbols.origin(), border);
            }
        }
        for tick in &self.times {
            let Some(x) = self.column(tick.at_ms) else { continue };
            let width = tick.label.len() as u16;
            let start = x
                .saturating_sub(width / 2)
                .clamp(self.inner.x, self.inner.right().saturating_sub(width).max(self.inner.x));
            if start < free_from || start + width > self.inner.right() {
                continue;
            }
            free_from = start + width + 1;
            buf.set_string(start, label_y, &tick.label, muted);
            if self.axis_rows == 2 {
                buf.set_string(x, self.inner.bottom(), look.symbols.ticks()[1], border);
            }
        }
    }
}

/// Ticks that count; the oldest says what.
fn counts(counted: &ByCount, what: &str, most_ticks: u16) -> Vec<TimeTick> {
    let mut ticks: Vec<TimeTick> =
        counted.ticks(most_ticks).into_iter().rev().map(|(at_ms, label)| TimeTick { at_ms, label }).collect();
    if let Some(oldest) = ticks.first_mut() {
        oldest.label = format!("{} {what}", oldest.label);
    }
    ticks
}

/// Draws one glyph over whatever stood there.
pub fn put(buf: &mut Buffer, x: u16, y: u16, glyph: &str, style: Style) {
    if let Some(cell) = buf.cell_mut((x, y)) {
        cell.reset();
        cell.set_symbol(glyph).set_style(style);
    }
}
