//! Starts the dashboard: engine, loop and what holds them together; ends both whatever happens.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::args::DashboardArgs;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::{collect, output, store};
use crate::app::{App, AppOptions, Filter, Notice};
use crate::config::{Config, TmuxMode, paths};
use crate::engine::{self, EngineOptions, Intake};
use crate::store::Store;
use crate::tui::{self, Dashboard, Outcome, guard};

/// How long the engine may take to finish its transaction and close the store. What it has not
/// committed by then is not lost: the log is in the store, and the next start judges it.
const PATIENCE: Duration = Duration::from_secs(5);

/// `perftop`: the dashboard over the configured store.
pub fn run(args: &DashboardArgs, context: &Context) -> anyhow::Result<Exit> {
    let filter = args.filter.clone().unwrap_or_default();
    filter.parse::<Filter>().map_err(|error| Refusal::usage(format!("--filter: {error}")))?;
    let options = AppOptions { tab: args.tab.unwrap_or_default(), filter, ..app_options(context) };
    let mut app = App::new(options, context.now_ms());
    app.selected = args.metric.as_deref().map(Into::into);
    collect::bring_in(context);
    show(context, store::engine_options(context), app, |_| ())
}

/// What the configuration says to the dashboard.
#[must_use]
pub fn app_options(context: &Context) -> AppOptions {
    let Config { display, alerts, store, keymap, .. } = &context.config;
    AppOptions {
        window: display.window,
        zone: display.zone(),
        toast_severity: alerts.toast_severity,
        bell: alerts.bell,
        keymap: keymap.clone(),
        drop_dir: Some(store.drop_dir.display().to_string()),
        ..AppOptions::default()
    }
}

/// What somebody who works beside the dashboard, in the same process, may say to it.
#[derive(Debug)]
pub struct Beside {
    /// The health line.
    pub intake: Intake,
    /// Toasts.
    pub notices: mpsc::Sender<Notice>,
}

/// Shows a dashboard over a store until the user or a signal ends it; `begun` is told when the engine runs.
///
/// # Errors
/// When the store cannot be opened or the terminal refuses; the terminal is given back by then.
pub fn show(context: &Context, engine: EngineOptions, app: App, begun: impl FnOnce(Beside)) -> anyhow::Result<Exit> {
    // A store that cannot be used is said on the shell's own screen, not on one that vanishes.
    drop(Store::open(&engine.store_path)?);
    guard::install_panic_hook(Some(paths::log_dir()));
    let dashboard = Dashboard {
        app,
        look: output::look(context),
        clock: context.clock.clone(),
        tmux: context.config.tmux == TmuxMode::Auto,
    };
    // One thread is enough: the loop waits, and the engine has threads of its own.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let session = session(dashboard, engine, context, begun);
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(session)));
    // Whatever still talks to tmux or writes a file shall not hold the user up.
    runtime.shutdown_background();
    match ended.unwrap_or_else(|panic| resume_unwind(panic))? {
        Outcome::Quit { summary } => {
            context.say(&summary);
            Ok(Exit::Ok)
        }
        Outcome::Signal(ending) => Ok(Exit::Signal(ending.number())),
    }
}

async fn session(
    dashboard: Dashboard,
    engine: EngineOptions,
    context: &Context,
    begun: impl FnOnce(Beside),
) -> anyhow::Result<Outcome> {
    let mut engine = engine::spawn(engine, context.clock.clone());
    let (notices, heard) = tui::notices();
    begun(Beside { intake: engine.intake.clone(), notices: notices.clone() });
    let outcome = tui::run(dashboard, &mut engine, (notices, heard)).await;
    if timeout(PATIENCE, engine.shutdown()).await.is_err() {
        tracing::warn!("the engine did not end within {} s", PATIENCE.as_secs());
    }
    Ok(outcome?)
}
