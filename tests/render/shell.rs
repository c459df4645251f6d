//! The shell around the tabs: header, footer, help, alert list, toasts, prompts, empty screens; and
//! whole frames at every size.

use std::sync::Arc;

use perftop::app::{Action, App, AppOptions, Event, Key, Keymap, Notice, Tab, update};
use perftop::model::{Alert, AlertState, Companion, Health, Incident, Limited, Point, Rule, Severity, Snapshot};
use perftop::render;
use perftop::ui::symbols::SymbolSet;
use perftop::ui::theme::Theme;
use perftop::ui::{self, Look};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rstest::rstest;

use crate::fixture::{self, NOW_MS, mono};
use crate::snapshots;
use crate::splits;
use crate::styles::styled;

const HOUR_MS: i64 = 3_600_000;

/// The sizes the dashboard is designed for.
const DESIGN_SIZES: [(u16, u16); 6] = [(200, 50), (100, 30), (60, 16), (40, 10), (20, 4), (19, 1)];

fn drawn(app: &App, look: &Look) -> Buffer {
    snapshots::drawn(app, look, app.size)
}

fn text(app: &App) -> String {
    render::text(&drawn(app, &mono(SymbolSet::Braille)))
}

fn lines(app: &App) -> Vec<String> {
    text(app).lines().map(str::to_owned).collect()
}

/// Presses keys, named as in the configuration and separated by spaces.
fn press(app: &mut App, keys: &str) {
    for key in keys.split_whitespace() {
        update(app, Event::Key(key.parse::<Key>().unwrap()), NOW_MS);
    }
}

fn at(size: (u16, u16)) -> App {
    fixture::app(fixture::picture(0, 60), Tab::Baselines, None, size)
}

fn with_health(size: (u16, u16), change: impl FnOnce(&mut Health)) -> App {
    let mut picture = fixture::picture(0, 60);
    change(&mut picture.health);
    fixture::app(picture, Tab::Baselines, None, size)
}

fn empty(size: (u16, u16)) -> App {
    let options =
        AppOptions { drop_dir: Some("/home/you/.local/share/perftop/drop".to_owned()), ..AppOptions::default() };
    let mut app = App::new(options, NOW_MS);
    update(&mut app, Event::Resize { width: size.0, height: size.1 }, NOW_MS);
    let picture = fixture::picture(0, 10);
    let health = Health { store_path: picture.health.store_path.clone(), ..Health::default() };
    let nothing = Snapshot { series: Vec::new().into(), chart: None, alerts: Vec::new().into(), health, ..picture };
    update(&mut app, Event::Snapshot(Arc::new(nothing)), NOW_MS);
    app
}

#[test]
fn an_alert_that_will_soon_be_over_is_called_recovering() {
    let size = (100, 30);
    let picture = fixture::picture(0, 120);
    let metric = picture.alerts[0].metric.clone();
    let surprise = Alert { rule: Rule::Surprise, ..picture.alerts[0].clone() };
    let alerts = vec![surprise, picture.alerts[1].clone()];
    let snapshot = Snapshot { alerts: alerts.into(), recovering: vec![metric].into(), ..picture };
    let mut app = fixture::app(snapshot, Tab::Baselines, None, size);
    press(&mut app, "a");
    let text = text(&app);
    assert_eq!((text.matches(" recovering ").count(), text.matches(" firing ").count()), (1, 2), "{text}");
}

/// The fixture's two alerts and two that are over, so that every state is in the list.
fn with_alerts(size: (u16, u16)) -> App {
    let picture = fixture::picture(0, 60);
    let mut alerts: Vec<Alert> = picture.alerts.to_vec();
    let known = Alert {
        id: 10,
        state: AlertState::Acknowledged,
        acknowledged_at_ms: Some(NOW_MS - HOUR_MS),
        ..alerts[1].clone()
    };
    let over = Alert {
        id: 11,
        state: AlertState::Recovered,
        updated_at_ms: NOW_MS - 30 * HOUR_MS,
        count: 1,
        label: Some(false),
        ..alerts[0].clone()
    };
    alerts.extend([known, over]);
    fixture::app(Snapshot { alerts: alerts.into(), ..picture }, Tab::Baselines, None, size)
}

/// Nothing but the shell: a filter that leaves no row keeps the tab out of the picture.
fn shell_only(mut app: App) -> App {
    press(&mut app, "/ q q q enter");
    app
}

fn raise(app: &mut App, count: usize) {
    let alerts: Vec<Alert> = app.alerts().to_vec();
    let raised = alerts.into_iter().cycle().zip(100..).take(count).map(|(alert, id)| Alert { id, ..alert }).collect();
    update(app, Event::Alerts { raised, inserted_here: false }, NOW_MS);
}

#[test]
fn the_alert_list_at_the_design_sizes() {
    for size in DESIGN_SIZES {
        let mut app = shell_only(with_alerts(size));
        press(&mut app, "a j");
        insta::assert_snapshot!(format!("alerts_{}x{}", size.0, size.1), text(&app));
    }
}

/// The list with the fixture's two alerts as one incident.
fn with_incident(size: (u16, u16), name: &str) -> App {
    let picture = fixture::picture(0, 60);
    let companion = |alert: &Alert| Companion {
        alert_id: alert.id,
        metric: if alert.id == 2 { name.into() } else { alert.metric.clone() },
        rule: alert.rule,
        onset_ms: alert.first.timestamp_ms,
        is_open: true,
    };
    let incident = Arc::new(Incident::new(1, 0.964, picture.alerts.iter().map(companion).collect()));
    let alerts = picture.alerts.iter().map(|alert| Alert { incident: Some(Arc::clone(&incident)), ..alert.clone() });
    let alerts = alerts.collect::<Vec<_>>().into();
    let mut app = fixture::app(Snapshot { alerts, ..picture }, Tab::Baselines, None, size);
    press(&mut app, "a");
    app
}

#[test]
fn the_likely_origin_of_an_incident_is_in_sight_at_every_size() {
    for size in DESIGN_SIZES.into_iter().take(4) {
        let said = text(&with_incident(size, "api_response_time"));
        assert!(said.contains("api_response_time") && said.contains("(96 %)"), "{size:?}: {said}");
    }
    insta::assert_snapshot!("incident_40x10", text(&with_incident((40, 10), "api_response_time")));
    let long = text(&with_incident((40, 10), "a_name_that_is_longer_than_the_line_it_stands_on"));
    assert!(long.contains("a_name_that_is_lo\u{2026} first of 2 (96 %)"), "the name gives way: {long}");
}

#[test]
fn the_list_counts_incidents_and_what_is_only_listed() {
    let mut app = with_incident((100, 30), "api_response_time");
    assert!(lines(&app)[1].contains(" Alerts 2 firing, 1 incident "), "{}", lines(&app)[1]);
    app.options.toast_severity = Severity::Critical;
    assert!(lines(&app)[1].contains(" Alerts 1 firing, 1 incident, 1 listed "), "{}", lines(&app)[1]);
}

#[test]
fn the_help_at_the_design_sizes() {
    for size in DESIGN_SIZES {
        let mut app = shell_only(at(size));
        press(&mut app, "?");
        insta::assert_snapshot!(format!("help_{}x{}", size.0, size.1), text(&app));
    }
}

#[test]
fn an_empty_store_at_the_design_sizes() {
    for size in DESIGN_SIZES {
        insta::assert_snapshot!(format!("empty_{}x{}", size.0, size.1), text(&empty(size)));
    }
}

#[test]
fn toasts_at_the_design_sizes() {
    for size in DESIGN_SIZES {
        let mut app = shell_only(at(size));
        raise(&mut app, 4);
        update(&mut app, Event::Notice(Notice { is_error: false, text: "copied".to_owned() }), NOW_MS);
        insta::assert_snapshot!(format!("toasts_{}x{}", size.0, size.1), text(&app));
    }
}

#[rstest]
#[case(1, "1 alert on older samples")]
#[case(2, "2 alerts on older samples")]
fn a_summary_counts_its_alerts(#[case] count: usize, #[case] said: &str) {
    let mut app = shell_only(at((100, 30)));
    let last = Point { timestamp_ms: NOW_MS - 2 * HOUR_MS, value: 812.0 };
    let raised = app.alerts()[..count].iter().map(|alert| Alert { last, ..alert.clone() }).collect();
    update(&mut app, Event::Alerts { raised, inserted_here: false }, NOW_MS);
    assert!(text(&app).contains(&format!(" {said} ")), "{}", text(&app));
}

/// Styles are part of what is seen: the same screens with the attributes of their cells.
#[test]
fn the_shell_in_colour() {
    let look = Look { theme: Theme::auto(), symbols: SymbolSet::Braille };
    let mut app = shell_only(with_alerts((60, 16)));
    raise(&mut app, 1);
    insta::assert_snapshot!("toast_in_colour", styled(&drawn(&app, &look)));
    press(&mut app, "a j");
    insta::assert_snapshot!("alerts_in_colour", styled(&drawn(&app, &look)));
}

#[test]
fn the_help_shows_keys_as_they_are_bound() {
    let mut keymap = Keymap::default();
    keymap.bind(Action::Sort, vec!["ctrl-s".parse().unwrap()]);
    keymap.bind(Action::Freeze, vec![]);
    keymap.check().unwrap();
    let mut app = at((100, 30));
    app.options.keymap = keymap;
    press(&mut app, "?");
    let help = text(&app);
    assert!(help.contains("ctrl-s          sort by the next column"), "{help}");
    assert!(help.contains("no key          freeze the view"), "{help}");
    press(&mut app, "q");
    assert!(lines(&app)[29].contains("ctrl-s sort"), "the footer as well: {}", lines(&app)[29]);
}

#[test]
fn the_help_names_every_action() {
    let mut app = at((100, 30));
    press(&mut app, "?");
    let help = text(&app);
    for action in Action::EVERY {
        assert!(help.contains(action.help()), "{action}");
    }
}

#[rstest]
#[case((100, 30), "1 critical")]
#[case((60, 16), "\u{25c6}1")]
#[case((40, 10), "\u{25c6}1")]
#[case((20, 4), "\u{25c6}1")]
#[case((30, 1), "\u{25c6} api_response_time")]
fn the_header_says_at_every_size_that_something_is_wrong(#[case] size: (u16, u16), #[case] said: &str) {
    assert!(lines(&at(size))[0].contains(said), "{}", lines(&at(size))[0]);
}

#[test]
fn the_header_says_that_all_is_well() {
    let mut picture = fixture::picture(0, 10);
    picture.alerts = Vec::new().into();
    for (size, said) in
        [((100, 30), "\u{2022} ok"), ((20, 4), "\u{2022} ok"), ((40, 2), "perftop \u{2022} ok 10 metrics")]
    {
        let app = fixture::app(picture.clone(), Tab::Baselines, None, size);
        assert!(lines(&app)[0].contains(said), "{}", lines(&app)[0]);
    }
}

#[test]
fn the_footer_tells_of_problems_and_of_what_waits() {
    let problem = with_health((100, 30), |health| health.problem = Some("the disk is full".to_owned()));
    assert!(lines(&problem)[29].starts_with(" \u{25c6} the disk is full"), "{}", lines(&problem)[29]);
    let waiting = with_health((100, 30), |health| {
        health.backlog = 12_500;
        health.rejected_lines = 3;
        health.newest_sample_ms = Some(NOW_MS - 180_000);
    });
    let footer = &lines(&waiting)[29];
    assert!(footer.ends_with("3 rejected  12.5k to judge  1.204M samples  newest 3m"), "{footer}");
}

#[test]
fn a_store_that_is_met_for_the_first_time_is_being_read_and_not_empty() {
    let mut app = empty((100, 30));
    let mut picture = app.snapshot.as_deref().unwrap().clone();
    picture.health.backlog = 12_500;
    update(&mut app, Event::Snapshot(Arc::new(picture)), NOW_MS);
    let shown = lines(&app);
    assert!(shown[0].ends_with("reading"), "{}", shown[0]);
    assert!(shown.iter().any(|line| line.trim() == "reading the store"), "{shown:?}");
}

#[test]
fn a_window_without_samples_says_how_old_the_newest_is() {
    let app = with_health((60, 16), |health| health.newest_sample_ms = Some(NOW_MS - 80 * HOUR_MS));
    assert_eq!(lines(&app)[1], " no samples in 24h: newest is 3d old, press w");
}

#[test]
fn a_frozen_view_says_since_when_and_what_it_missed() {
    let mut app = at((100, 30));
    press(&mut app, "space");
    raise(&mut app, 2);
    let later_ms = NOW_MS + 72_000;
    update(&mut app, Event::Wake, later_ms);
    let footer = &lines(&app)[29];
    assert!(footer.starts_with(" FROZEN 1m  at 08:00:00 2 alerts"), "{footer}");
    assert!(footer.contains("space thaw"), "{footer}");
}

#[test]
fn a_filter_in_force_is_in_sight() {
    let mut app = at((60, 16));
    press(&mut app, "/ l a t e n c y enter");
    assert!(lines(&app)[15].starts_with(" /latency 1 of 10"), "{}", lines(&app)[15]);
    press(&mut app, "/ z > 9 9 enter");
    assert!(text(&app).contains("no match for filter latencyz>99"), "{}", text(&app));
}

#[rstest]
#[case("/ a p i", " /api   words")]
#[case("/ z >", "z> wants a number")]
#[case("E", " export  c CSV  j JSON  s SVG  esc back")]
fn prompts_take_the_place_of_the_footer(#[case] keys: &str, #[case] said: &str) {
    let mut app = at((100, 30));
    press(&mut app, keys);
    assert!(lines(&app)[29].contains(said), "{}", lines(&app)[29]);
}

#[test]
fn a_long_filter_shows_its_end() {
    let mut app = at((40, 10));
    press(&mut app, "/");
    press(&mut app, &"a b c d e f g h i ".repeat(8));
    assert!(lines(&app)[9].starts_with(" /") && lines(&app)[9].contains("fghi"), "{}", lines(&app)[9]);
}

/// One dashboard in many states, to be drawn at any size.
fn states() -> Vec<(&'static str, App)> {
    let size = (80, 24);
    let mut states: Vec<(&str, App)> = vec![("first", App::new(AppOptions::default(), NOW_MS)), ("empty", empty(size))];
    let mut add = |name, keys: &str| {
        let mut app = with_alerts(size);
        raise(&mut app, 4);
        press(&mut app, keys);
        states.push((name, app));
    };
    add("table", "");
    add("chart", "2");
    add("crosshair", "2 n");
    add("series", "3");
    add("expanded", "3 enter");
    add("help", "?");
    add("alerts", "a j");
    add("filter", "/ z >");
    add("export", "E");
    add("frozen", "space");
    add("no match", "/ q q q enter");
    states.push(("split", splits::apart(size, Tab::Baselines, Limited { segments: 9, samples: 9, unkept_samples: 9 })));
    states
}

fn draw_at(app: &mut App, size: (u16, u16), symbols: SymbolSet) -> Buffer {
    update(app, Event::Resize { width: size.0, height: size.1 }, NOW_MS);
    drawn(app, &mono(symbols))
}

#[test]
fn every_state_is_drawn_at_every_kind_of_size() {
    let edges = [19, 20, 39, 40, 59, 60, 99, 100, 220].into_iter();
    let edges =
        edges.flat_map(|width| [3, 4, 9, 10, 15, 16, 29, 30, 70].into_iter().map(move |height| (width, height)));
    let tiny = (0..=30).step_by(3).flat_map(|width| (0..=12).map(move |height| (width, height)));
    let sizes: Vec<(u16, u16)> = edges.chain(tiny).collect();
    for (_, mut app) in states() {
        for &size in &sizes {
            draw_at(&mut app, size, SymbolSet::Braille);
        }
    }
}

#[test]
fn ascii_mode_draws_only_ascii() {
    for (name, mut app) in states() {
        for size in DESIGN_SIZES {
            let text = render::text(&draw_at(&mut app, size, SymbolSet::Ascii));
            assert!(text.is_ascii(), "{name} at {size:?}: {text}");
        }
    }
}

#[test]
fn an_area_beyond_the_buffer_is_cut_to_it() {
    let app = at((80, 24));
    let mut buf = Buffer::empty(Rect::new(0, 0, 30, 8));
    ui::draw(&app, &mono(SymbolSet::Braille), Rect::new(5, 2, 500, 500), &mut buf);
    assert!(render::text(&buf).lines().take(2).all(|line| line.trim().is_empty()), "what is outside stays as it was");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_sequence_of_keys_and_sizes_breaks_a_frame(
        keys in proptest::collection::vec(
            "[a-zA-Z0-9/?=+]|space|enter|esc|tab|up|down|left|right|ctrl-d|ctrl-u|home|end", 1..30),
        width in 0u16..130,
        height in 0u16..40,
        is_apart in any::<bool>(),
    ) {
        let size = (width, height);
        let mut app = if is_apart { splits::apart(size, Tab::Baselines, Limited::default()) } else { with_alerts(size) };
        for key in keys {
            update(&mut app, Event::Key(key.parse().unwrap()), NOW_MS);
            drawn(&app, &mono(SymbolSet::Braille));
        }
    }
}

#[test]
fn severities_differ_without_colour() {
    let marks =
        [Severity::Info, Severity::Warning, Severity::Critical].map(|severity| SymbolSet::Ascii.severity(severity));
    assert!(marks[0] != marks[1] && marks[1] != marks[2] && marks[0] != marks[2]);
}
