//! How surprising a metric was, in one row below its chart: a bar for each column, in the colour of what it was worth.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::plot::{Plot, put};
use crate::model::Watching;
use crate::ui::Look;
use crate::ui::text::{Align, fit};
use crate::ui::theme::Role;

/// What stands beside it.
const NAME: &str = "surprise";

/// Draws the columns of `plot` in the row `y`. A full bar is worth a critical alert; no sample, no bar.
pub fn draw_surprises(watching: &Watching, plot: &Plot, y: u16, look: &Look, buf: &mut Buffer) {
    let bars = look.symbols.spark();
    let columns = i64::from(plot.inner.width.max(1));
    let instant = |column: u16| {
        let into = i128::from(plot.range.span_ms()) * i128::from(column) / i128::from(columns);
        plot.range.from_ms.saturating_add(into as i64)
    };
    for column in 0..plot.inner.width {
        let Some(surprise) = watching.greatest(instant(column), instant(column + 1)) else { continue };
        let share = surprise / watching.levels[2];
        let bar = ((share * bars.len() as f64) as usize).min(bars.len() - 1);
        let role = watching.severity(surprise).map_or(Role::Band, Role::of_severity);
        put(buf, plot.inner.x + column, y, bars[bar], look.theme.style(role));
    }
    let room = Rect { y, height: 1, ..plot.right };
    if usize::from(room.width) > NAME.len() {
        let name = fit(NAME, usize::from(room.width - 1), Align::Left, look.symbols);
        buf.set_string(room.x + 1, y, name, look.theme.style(Role::Muted));
    }
}
