//! The line above the rows of a metric that is taken apart: which metric, by which of its tags, and what was not
//! told apart.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::strip::Strip;
use super::theme::Role;
use super::{Look, text};
use crate::app::App;
use crate::model::{Grouping, Limited, Split};

/// Draws the line while a metric is taken apart and its rows are on screen; answers with the room left.
pub(super) fn draw(app: &App, look: &Look, area: Rect, buf: &mut Buffer) -> Rect {
    let Some(asked) = app.taken_apart.as_ref().filter(|_| app.has_split_line()) else { return area };
    let waiting = if app.waits_for_split() { look.symbols.ellipsis() } else { "" };
    // The first row names the metric again.
    let named = Strip::new(look).with(Role::Title, &format!(" {} ", asked.metric)).with(Role::Muted, "by");
    let heads = [named, Strip::new(look).with(Role::Muted, " by")];
    let (ways, notes) = match app.split() {
        Some(split) => (ways(split, look), notes(split, look)),
        None => (vec![Strip::new(look)], vec![Strip::new(look)]),
    };
    let room = usize::from(area.width);
    // The most telling of each that fit on one line, else the shortest.
    let lefts = heads.iter().flat_map(|head| ways.iter().map(|way| head.clone().and(way.clone())));
    let pairs = lefts.flat_map(|left| notes.iter().map(move |note| (left.clone(), note)));
    let fits = |(left, note): &(Strip, &Strip)| left.width() + note.width() + 2 <= room;
    if let Some((left, note)) = pairs.clone().find(fits).or_else(|| pairs.last()) {
        let rest = note.draw_right(Rect { height: 1, ..area }, buf);
        left.with(Role::Muted, waiting).draw(rest, buf);
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// The groupings with the one in force marked; shorter, that one and its number.
fn ways<'a>(split: &Split, look: &'a Look) -> Vec<Strip<'a>> {
    let chosen = look.theme.style(Role::Accent).patch(look.theme.style(Role::Selected));
    let one = |strip: Strip<'a>, grouping: &Grouping| {
        let words = format!(" {} ", grouping.join(","));
        let is_chosen = *grouping == split.by;
        let strip = strip.with(Role::Text, " ");
        if is_chosen { strip.styled(chosen, &words) } else { strip.with(Role::Muted, &words) }
    };
    let all = split.groupings.iter().fold(Strip::new(look), one);
    let number = split.groupings.iter().position(|grouping| *grouping == split.by).unwrap_or(0) + 1;
    let count = format!(" {number}/{}", split.groupings.len());
    let mut ways = vec![all];
    if split.groupings.len() > 1 {
        ways.push(one(Strip::new(look), &split.by).with(Role::Muted, &count));
    }
    ways
}

/// What was not told apart, else how many segments there are; each in fewer words than the one before.
fn notes<'a>(split: &Split, look: &'a Look) -> Vec<Strip<'a>> {
    let Limited { segments, unkept_samples, .. } = split.limited;
    let warning = |words: String| Strip::new(look).with(Role::Warning, &format!("{words} "));
    match (segments, unkept_samples) {
        (0, 0) => {
            let count = split.series.iter().filter(|series| series.segment.is_some()).count();
            let words = format!("{count} segment{} ", if count == 1 { "" } else { "s" });
            vec![Strip::new(look).with(Role::Muted, &words), Strip::new(look)]
        }
        (0, unkept) => vec![
            warning(format!("{} samples not kept apart, summed up as other", text::count(unkept))),
            warning(format!("other: {}", text::count(unkept))),
        ],
        (folded, 0) => vec![
            warning(format!("+ {} smaller segments summed up as other", text::count(folded))),
            warning(format!("+{} in other", text::count(folded))),
        ],
        (folded, unkept) => vec![
            warning(format!(
                "+ {} smaller segments and {} samples not kept apart, summed up as other",
                text::count(folded),
                text::count(unkept)
            )),
            warning(format!("+{} and {} samples in other", text::count(folded), text::count(unkept))),
            warning(format!("+{} in other", text::count(folded))),
        ],
    }
}
