//! The samples of a series on a plot: a line where they are few, a band from smallest to largest
//! with the mean on it where they are many. Gaps stay gaps.

use ratatui::buffer::Buffer;

use super::dots::Dots;
use super::plot::{Plot, put};
use crate::app::view::{Bucket, bucket, gap_ms};
use crate::model::Point;
use crate::ui::Look;
use crate::ui::theme::Role;

/// Samples at least this many columns apart are marked one by one.
const COLUMNS_APART: usize = 3;

/// Draws `points`, oldest first.
pub fn draw_trace(points: &[Point], plot: &Plot, look: &Look, buf: &mut Buffer) {
    let mut dots = Dots::new(plot.inner, look.symbols);
    let (width, height) = (dots.width(), dots.height());
    let buckets = bucket(points, plot.range, width);
    let stretch_ms = plot.range.span_ms() / i64::try_from(width.max(1)).unwrap_or(i64::MAX);
    let gap_ms = gap_ms(points).max(stretch_ms.saturating_mul(2));
    let filled: Vec<(usize, Bucket)> = buckets.into_iter().enumerate().filter_map(|(x, b)| Some((x, b?))).collect();
    let samples: u64 = filled.iter().map(|(_, bucket)| u64::from(bucket.count)).sum();
    let is_dense = samples > 2 * filled.len() as u64;
    let y = |value: f64| plot.scale.dot(value, height);
    let joined =
        |pair: &[(usize, Bucket)]| pair[1].1.first.timestamp_ms.saturating_sub(pair[0].1.last.timestamp_ms) <= gap_ms;
    for (x, bucket) in &filled {
        dots.column(*x, y(bucket.min), y(bucket.max), if is_dense { Role::Band } else { Role::Data });
    }
    for pair in filled.windows(2).filter(|pair| joined(pair)) {
        let (from, to) = (&pair[0], &pair[1]);
        if is_dense {
            dots.line((from.0, y(from.1.mean)), (to.0, y(to.1.mean)), Role::Data);
        } else {
            dots.line((from.0, y(from.1.last.value)), (to.0, y(to.1.first.value)), Role::Data);
        }
    }
    dots.draw(&look.theme, buf);
    let apart = usize::from(plot.inner.width) / filled.len().max(1);
    if !is_dense && apart >= COLUMNS_APART {
        let style = look.theme.style(Role::Data);
        for (_, bucket) in &filled {
            if let Some(x) = plot.column(bucket.last.timestamp_ms) {
                put(buf, x, plot.row(bucket.last.value), look.symbols.sample(), style);
            }
        }
    }
}
