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
    let center = limits.map_or_else(|| means.iter().flatten().next().copied().unwrap_or_default(), |l| l.center);
    if area.height == 1 {
        for (x, mean) in resample(means, usize::from(area.width), center).into_iter().enumerate() {
            if let Some(mean) = mean {
                let glyph = look.symbols.spark()[7 - scale.dot(mean, 8)];
                put(buf, area.x + x as u16, area.y, glyph, look.theme.style(role(mean, limits)));
            }
        }
        return;
    }
    let mut dots = Dots::new(area, look.symbols);
    let (width, height) = (dots.width(), dots.height());
    let mut before: Option<(usize, usize)> = None;
    for (x, mean) in resample(means, width, center).into_iter().enumerate() {
        let at = mean.map(|mean| (x, scale.dot(mean, height)));
        if let (Some(mean), Some(at)) = (mean, at) {
            dots.line(before.unwrap_or(at), at, role(mean, limits));
        }
        before = at;
    }
    dots.draw(&look.theme, buf);
}

fn role(mean: f64, limits: Option<ControlLimits>) -> Role {
    match limits.and_then(|limits| limits.z(mean)).map(f64::abs) {
        Some(3.0..) => Role::Critical,
        Some(2.0..) => Role::Warning,
        _ => Role::Data,
    }
}
