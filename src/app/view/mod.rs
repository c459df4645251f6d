//! What to draw, worked out for a size: bucketed points, scales, ticks and columns as plain data.
//!
//! Knows sizes in dots and cells, not how anything looks.

mod buckets;
mod by_count;
mod columns;
mod scale;
mod time_ticks;
mod value_ticks;

pub use buckets::{Bucket, bucket, gap_ms, resample};
pub use by_count::ByCount;
pub use columns::{Column, fit_columns};
pub use scale::Scale;
pub use time_ticks::{TimeTick, time_ticks};
pub use value_ticks::{ValueTicks, multiple, value_ticks};
