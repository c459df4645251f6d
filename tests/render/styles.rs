//! Snapshots that show style as well as text: below the characters a map of the same size with a
//! letter for every style, and what the letters mean.

use std::fmt::Write as _;

use perftop::render;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// Text, style map and legend of a drawn buffer.
pub fn styled(buf: &Buffer) -> String {
    let mut legend: Vec<(Option<Color>, Option<Color>, Modifier)> = Vec::new();
    let mut map = String::new();
    for y in 0..buf.area.height {
        let mut row = String::new();
        for x in 0..buf.area.width {
            let cell = &buf[(buf.area.x + x, buf.area.y + y)];
            let own = |color: Color| (color != Color::Reset).then_some(color);
            let style = (own(cell.fg), own(cell.bg), cell.modifier);
            row.push(match legend.iter().position(|known| *known == style) {
                _ if style == (None, None, Modifier::empty()) => ' ',
                Some(place) => letter(place),
                None => {
                    legend.push(style);
                    letter(legend.len() - 1)
                }
            });
        }
        map.push_str(row.trim_end());
        map.push('\n');
    }
    let mut out = format!("{}--- styles\n{map}---\n", render::text(buf));
    for (place, (fg, bg, modifier)) in legend.into_iter().enumerate() {
        let color = |color: Option<Color>| color.map_or_else(|| "-".to_owned(), |color| color.to_string());
        let _ = writeln!(out, "{} = {} on {}, {modifier:?}", letter(place), color(fg), color(bg));
    }
    out
}

fn letter(place: usize) -> char {
    ('a'..='z').chain('A'..='Z').nth(place).unwrap_or('#')
}
