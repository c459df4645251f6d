//! The course of a series in a few cells: bars in one row, a line of dots in several. What lies
//! beyond the limits stands out; where there is no sample there is nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::dots::Dots;
use super::plot::put;
use crate::app::view::{Scale, resample};
use crate::model::{Baseline, ControlLimits};
use crate::ui::Look;
use crate::ui::theme::Role;

/// Draws bucket means, oldest first. The scale covers them and 2 sd around the mean, so that a calm
/// series looks calm.
pub fn draw_sparkline(means: &[Option<f64>], baseline: Option<&Baseline>, area: Rect, look: &Look, buf: &mut Buffer) {
    let limits = baseline.map(ControlLimits::from);
    let usual = limits.map(|limits| [limits.at(2.0), limits.at(-2.0)]);
    let Some(scale) = Scale::around(means.iter().flatten().copied().chain(usual.into_iter().flatten()), 0.0) else {
        return;
    };
    if area.height == 1 {
        draw_bars(means, limits, scale, area, look, buf);
    } else {
        draw_line(means, limits, scale, area, look, buf);
    }
}

fn draw_bars(
    means: &[Option<f64>],
    limits: Option<ControlLimits>,
    scale: Scale,
    area: Rect,
    look: &Look,
    buf: &mut Buffer,
) {
    let glyphs = look.symbols.spark();
    let bars = resample(means, usize::from(area.width), |mean| is_beyond(mean, limits));
    for (x, mean) in (area.x..).zip(bars) {
        if let Some(mean) = mean {
            let role = if is_beyond(mean, limits) { Role::Critical } else { Role::Band };
            let level = glyphs.len() - 1 - scale.dot(mean, glyphs.len());
            put(buf, x, area.y, glyphs[level], look.theme.style(role));
        }
    }
}

fn draw_line(
    means: &[Option<f64>],
    limits: Option<ControlLimits>,
    scale: Scale,
    area: Rect,
    look: &Look,
    buf: &mut Buffer,
) {
    let mut dots = Dots::new(area, look.symbols);
    let (width, height) = (dots.width(), dots.height());
    let mut before: Option<(usize, usize)> = None;
    for (x, mean) in resample(means, width, |mean| is_beyond(mean, limits)).into_iter().enumerate() {
        let at = mean.map(|mean| (x, scale.dot(mean, height)));
        if let (Some(mean), Some(at)) = (mean, at) {
            let role = if is_beyond(mean, limits) { Role::Critical } else { Role::Data };
            dots.line(before.unwrap_or(at), at, role);
        }
        before = at;
    }
    dots.draw(&look.theme, buf);
}

/// Whether a mean lies beyond the control limits.
fn is_beyond(mean: f64, limits: Option<ControlLimits>) -> bool {
    limits.and_then(|limits| limits.z(mean)).is_some_and(|z| z.abs() > 3.0)
}
