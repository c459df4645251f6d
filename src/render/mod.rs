//! A drawn buffer as something that outlives the terminal: plain text, ANSI or a picture.
//!
//! Knows cells and styles, not what they mean. Exports, one-shot output, screenshots and the styled
//! snapshots of the tests all come through here.

mod ansi;
mod runs;
mod shapes;
mod svg;
mod text;

pub use ansi::{ansi, push_style};
pub use runs::CellStyle;
pub use svg::svg;
pub use text::text;
