//! Pictures of every tab, the toast, the alert list and the help, as SVG files.
//!
//! `cargo run --release --example screenshots [DIRECTORY]` (default: `screenshots`). Nothing in them is
//! drawn by hand: the demo's samples go through the real store and the real detector at a fixed time,
//! and the dashboard is driven by key presses. Where metrics break together, the demo has other drifts than its own.
//! Every run writes the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use perftop::app::{App, AppOptions, Effect, Event, Key, Tab, update};
use perftop::cli::demo::generator::Generator;
use perftop::cli::demo::profile::{Drift, Profile};
use perftop::cli::demo::runs;
use perftop::clock::Clock;
use perftop::engine::{self, EngineHandle, EngineOptions, catch_up, snapshot_once};
use perftop::model::time::Zone;
use perftop::model::{Alert, MetricName, RunThresholds, Snapshot, ViewRequest};
use perftop::store::Store;
use perftop::ui::symbols::SymbolSet;
use perftop::ui::theme::Theme;
use perftop::ui::{Look, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::runtime::{Builder, Runtime};

/// 2026-11-20 14:05:00 UTC, a Friday.
const START_MS: i64 = 1_795_183_500_000;
const SEED: u64 = 7;
/// How long the dashboard has been running when the pictures are taken, and in which steps it ran.
const LIVE: Duration = Duration::from_secs(55);
const STEP: Duration = Duration::from_secs(5);
const BATCH: usize = 5_000;

const LARGE: (u16, u16) = (120, 34);
const SMALL: (u16, u16) = (60, 16);

/// Three metrics that break one after the other.
const INCIDENT: [&str; 3] = [
    "metric = 'db_query_time'\nafter_start = '12s'\nlasts = '60s'\nby = 7.0",
    "metric = 'api_response_time'\nafter_start = '15s'\nlasts = '60s'\nby = 6.5",
    "metric = 'queue_depth'\nafter_start = '19s'\nlasts = '60s'\nby = 6.5",
];

/// A picture.
struct Scene {
    name: &'static str,
    size: (u16, u16),
    /// The tab to start on.
    tab: Tab,
    /// The keys pressed.
    keys: &'static str,
    /// Whether the toasts of the alerts raised meanwhile are still up.
    with_toasts: bool,
}

const fn scene(name: &'static str, size: (u16, u16), tab: Tab, keys: &'static str) -> Scene {
    Scene { name, size, tab, keys, with_toasts: false }
}

const SCENES: [Scene; 16] = [
    scene("baselines-120x34", LARGE, Tab::Baselines, ""),
    scene("baselines-60x16", SMALL, Tab::Baselines, ""),
    scene("control-chart-120x34", LARGE, Tab::ControlChart, "w"),
    scene("control-chart-60x16", SMALL, Tab::ControlChart, ""),
    scene("crosshair-120x34", LARGE, Tab::ControlChart, "+ + + x N"),
    scene("time-series-120x34", LARGE, Tab::TimeSeries, ""),
    scene("time-series-60x16", SMALL, Tab::TimeSeries, ""),
    scene("expanded-120x34", LARGE, Tab::TimeSeries, "w enter"),
    Scene { with_toasts: true, ..scene("toast-120x34", LARGE, Tab::Baselines, "") },
    scene("alerts-120x34", LARGE, Tab::Baselines, "a"),
    scene("alert-chart-120x34", LARGE, Tab::Baselines, "a enter + + + + + +"),
    scene("split-120x34", LARGE, Tab::Baselines, "b"),
    scene("module-120x34", LARGE, Tab::TimeSeries, "w w / b u i l d . d enter j enter o"),
    scene("module-60x16", SMALL, Tab::TimeSeries, "w w / b u i l d . d enter j enter o"),
    scene("success-120x34", LARGE, Tab::TimeSeries, "w w / s u c c e s s enter enter"),
    scene("help-120x34", LARGE, Tab::Baselines, "?"),
];

/// Those of metrics that break together.
const INCIDENT_SCENES: [Scene; 3] = [
    scene("incident-120x34", LARGE, Tab::Baselines, "a"),
    scene("incident-40x10", (40, 10), Tab::Baselines, "a"),
    Scene { with_toasts: true, ..scene("incident-toast-120x34", LARGE, Tab::Baselines, "") },
];

fn main() -> anyhow::Result<()> {
    let directory = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("screenshots"), PathBuf::from);
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let demo = Profile::built_in()?;
    let drifts = INCIDENT.into_iter().map(toml::from_str::<Drift>).collect::<Result<_, _>>()?;
    let incident = Profile { drifts, ..demo.clone() };
    draw_scenes(&demo, &SCENES, &directory)?;
    draw_scenes(&incident, &INCIDENT_SCENES, &directory)
}

fn draw_scenes(profile: &Profile, scenes: &[Scene], directory: &Path) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let mut world = World::new(profile, home.path().join("perftop.db"))?;
    let raised = world.live()?;
    let look = Look { theme: Theme::auto(), symbols: SymbolSet::Braille };
    for &Scene { name, size, tab, keys, with_toasts } in scenes {
        let app = world.dashboard(size, tab, keys, if with_toasts { raised.clone() } else { Vec::new() })?;
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buf = Buffer::empty(area);
        draw(&app, &look, area, &mut buf);
        let file = directory.join(format!("{name}.svg"));
        fs::write(&file, perftop::render::svg(&buf)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// A store with a month of the demo's history, and the time.
struct World {
    store: Store,
    options: EngineOptions,
    generator: Generator,
    clock: Clock,
    runtime: Runtime,
    /// The engine over the store, once it has been lived in: it alone knows how surprising a metric was.
    engine: Option<EngineHandle>,
}

impl World {
    fn new(profile: &Profile, store_path: PathBuf) -> anyhow::Result<Self> {
        let mut store = Store::open(&store_path)?;
        store.record_runs(&runs::history(START_MS, SEED), 100, START_MS)?;
        engine::judge_runs(&mut store, &RunThresholds::default(), START_MS)?;
        let options = EngineOptions { book: profile.book(), ..EngineOptions::new(store_path) };
        let generator = Generator::new(profile, SEED, START_MS);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let mut world = Self { store, options, generator, clock: Clock::fixed(START_MS), runtime, engine: None };
        world.take()?;
        Ok(world)
    }

    /// Runs on for [`LIVE`]; the alerts that were raised.
    fn live(&mut self) -> anyhow::Result<Vec<Alert>> {
        let mut raised = Vec::new();
        let until_ms = START_MS + i64::try_from(LIVE.as_millis())?;
        while self.clock.now_ms() < until_ms {
            self.clock.advance(STEP);
            raised.extend(self.take()?);
        }
        let _inside = self.runtime.enter();
        self.engine = Some(engine::spawn(self.options.clone(), self.clock.clone()));
        // As they are now, with what has turned out to belong together.
        let alerts = self.store.alerts(raised.len())?;
        Ok(alerts.into_iter().filter(|alert| raised.iter().any(|one| one.id == alert.id)).collect())
    }

    /// Takes in what is due and judges it; the alerts that this raised.
    fn take(&mut self) -> anyhow::Result<Vec<Alert>> {
        let due: Vec<_> = self.generator.until(self.clock.now_ms()).collect();
        for batch in due.chunks(BATCH) {
            self.store.append(batch, None, self.clock.now_ms())?;
        }
        Ok(catch_up(&mut self.store, &self.options, &self.clock)?.raised)
    }

    /// A dashboard over the store after some keys.
    fn dashboard(
        &mut self,
        (width, height): (u16, u16),
        tab: Tab,
        keys: &str,
        raised: Vec<Alert>,
    ) -> anyhow::Result<App> {
        let options = AppOptions { tab, ..AppOptions::default() };
        let mut app = App::new(options, self.clock.now_ms());
        self.send(&mut app, Event::Resize { width, height })?;
        let first = self.picture(&app.view_request())?;
        self.send(&mut app, Event::Snapshot(first))?;
        if !raised.is_empty() {
            self.send(&mut app, Event::Alerts { raised, inserted_here: true })?;
        }
        for key in keys.split_whitespace() {
            self.send(&mut app, Event::Key(key.parse::<Key>()?))?;
        }
        Ok(app)
    }

    /// Tells the dashboard of an event and does what it asks for in answer.
    fn send(&mut self, app: &mut App, event: Event) -> anyhow::Result<()> {
        for effect in update(app, event, self.clock.now_ms()) {
            if let Effect::View(request) = effect {
                let picture = self.picture(&request)?;
                self.send(app, Event::Snapshot(picture))?;
            }
        }
        Ok(())
    }

    fn picture(&mut self, request: &ViewRequest) -> anyhow::Result<Arc<Snapshot>> {
        let EngineOptions { book, detect, .. } = &self.options;
        let mut picture = snapshot_once(&self.store, request, (book, &Zone::utc()), *detect, self.clock.now_ms())?;
        let is_whole = |focus: &MetricName| picture.series.iter().any(|series| series.metric == *focus);
        if let (Some(focus), Some(engine)) = (request.focus.as_ref().filter(|focus| is_whole(focus)), &mut self.engine)
        {
            engine.views.send_replace(request.clone());
            let is_of_it = |seen: &Arc<Snapshot>| seen.watching.as_ref().is_some_and(|of| of.metric == *focus);
            let seen = self.runtime.block_on(engine.snapshots.wait_for(is_of_it))?;
            (picture.watching, picture.toast_rate) = (seen.watching.clone(), seen.toast_rate.clone());
        }
        Ok(Arc::new(picture))
    }
}
