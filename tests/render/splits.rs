//! A metric taken apart, as a user sees it at the design sizes: its tags, its segments, and a limit that bites.

use std::sync::Arc;

use perftop::app::{App, Event, Key, Tab, update};
use perftop::model::{Grouping, Limited, Segment, SeriesSummary, Snapshot, Split, Status, TagValue};
use perftop::render;
use perftop::ui::Look;
use perftop::ui::symbols::SymbolSet;
use perftop::ui::theme::Theme;
use ratatui::buffer::Buffer;
use rstest::rstest;

use crate::fixture::{self, NOW_MS, SAMPLES};
use crate::snapshots;
use crate::styles::styled;

const SEGMENTS: [(&str, &str); 6] =
    [("/", "chrome"), ("/", "firefox"), ("/cart", "chrome"), ("/cart", "fire\u{1b}fox"), ("/p", ""), ("/q", "")];

fn press(app: &mut App, keys: &str) {
    for key in keys.split_whitespace() {
        update(app, Event::Key(key.parse::<Key>().unwrap()), NOW_MS);
    }
}

/// The chosen metric by page and browser.
fn split(whole: &SeriesSummary, limited: Limited) -> Split {
    let grouping = |tags: &[&str]| tags.iter().map(|&tag| tag.into()).collect::<Grouping>();
    let by = grouping(&["page", "browser"]);
    let segments = SEGMENTS.iter().zip([0.2, -0.3, 3.4, 2.2, 0.0, 0.1]).map(|((page, browser), z)| {
        let browser = if browser.is_empty() { TagValue::Missing } else { TagValue::Is((*browser).into()) };
        let page = if *page == "/q" { TagValue::Other } else { TagValue::Is((*page).into()) };
        let tags = by.iter().cloned().zip([page, browser]).collect();
        let segment = Segment { metric: whole.metric.clone(), tags };
        SeriesSummary {
            metric: segment.to_string().into(),
            segment: Some(Arc::new(segment)),
            z: Some(z),
            status: Status::Unjudged,
            ..whole.clone()
        }
    });
    Split {
        metric: whole.metric.clone(),
        groupings: [Arc::clone(&by), grouping(&["browser"]), grouping(&["page"])].into(),
        by: Arc::clone(&by),
        series: std::iter::once(whole.clone()).chain(segments).collect(),
        limited,
    }
}

/// A dashboard whose chosen metric is taken apart.
pub fn apart(size: (u16, u16), tab: Tab, limited: Limited) -> App {
    let picture = fixture::picture(0, SAMPLES);
    let mut app = fixture::app(picture.clone(), tab, None, size);
    press(&mut app, "b");
    let whole = app.selected_series().unwrap().clone();
    let answer = Snapshot {
        request: app.view_request(),
        split: Some(Arc::new(split(&whole, limited))),
        generation: 2,
        ..picture
    };
    update(&mut app, Event::Snapshot(Arc::new(answer)), NOW_MS);
    app
}

fn drawn(app: &App, look: &Look) -> Buffer {
    snapshots::drawn(app, look, app.size)
}

fn line_of(app: &App) -> String {
    let text = render::text(&drawn(app, &fixture::mono(SymbolSet::Braille)));
    text.lines().nth(1).unwrap_or_default().trim_end().to_owned()
}

#[test]
fn segments_at_the_design_sizes() {
    for size in [(200, 50), (100, 30), (60, 16), (40, 10), (20, 4), (19, 1)] {
        for (tab, name) in [(Tab::Baselines, "baselines"), (Tab::TimeSeries, "time-series")] {
            let app = apart(size, tab, Limited::default());
            let text = render::text(&drawn(&app, &fixture::mono(SymbolSet::Braille)));
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), text);
        }
    }
}

#[test]
fn segments_in_colour() {
    let look = Look { theme: Theme::auto(), symbols: SymbolSet::Braille };
    let app = apart((60, 16), Tab::Baselines, Limited { segments: 12, samples: 40, unkept_samples: 0 });
    insta::assert_snapshot!("in_colour", styled(&drawn(&app, &look)));
}

#[rstest]
#[case(200, (812, 1_402, 0), "+ 812 smaller segments summed up as other")]
#[case(200, (812, 1_402, 30), "+ 812 smaller segments and 30 samples not kept apart, summed up as other")]
#[case(200, (0, 0, 30), "30 samples not kept apart, summed up as other")]
#[case(90, (812, 1_402, 30_000), "+812 and 30k samples in other")]
#[case(60, (812, 1_402, 30), "api_response_time by  page,browser  1/3      +812 in other")]
#[case(50, (812, 1_402, 30), " by  page,browser  1/3              +812 in other")]
#[case(40, (0, 0, 30), " by  page,browser  1/3        other: 30")]
fn a_limit_that_bites_is_in_sight(#[case] width: u16, #[case] limited: (u64, u64, u64), #[case] said: &str) {
    let (segments, samples, unkept_samples) = limited;
    let line = line_of(&apart((width, 16), Tab::Baselines, Limited { segments, samples, unkept_samples }));
    assert!(line.contains(said), "{line}");
}

#[test]
fn the_line_says_what_is_asked_before_it_is_answered() {
    let mut app = apart((100, 30), Tab::Baselines, Limited::default());
    assert!(line_of(&app).starts_with(" api_response_time by  page,browser   browser   page "), "{}", line_of(&app));
    press(&mut app, "b");
    assert!(line_of(&app).contains(" page \u{2026}"), "{}", line_of(&app));
    let mut app = fixture::app(fixture::picture(0, SAMPLES), Tab::Baselines, None, (100, 30));
    press(&mut app, "b");
    assert_eq!(line_of(&app), " api_response_time by\u{2026}");
}

#[test]
fn a_segment_in_a_narrow_chart_is_named_by_its_values() {
    let mut app = apart((40, 10), Tab::Baselines, Limited::default());
    press(&mut app, "j enter");
    assert!(line_of(&app).contains("/cart, chrome"), "{}", line_of(&app));
}
