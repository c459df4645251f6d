//! The background tasks: tail, detector, snapshots, upkeep; supervised, each on its own thread.
//!
//! Owns when things happen. What is unusual is for `detect` to say, how rows are kept for `store`; who
//! looks at the result is none of its business.
//!
//! | file | does |
//! |---|---|
//! | `options` | what the engine is told, and the words it exchanges with the dashboard |
//! | `tail`, `watch`, `judge`, `outbox` | notices new rows, has them judged, gathers and tells of alerts |
//! | `incidents` | has alerts compared with each other |
//! | `dropper`, `follow`, `taker` | take what is put into the drop directory, and what is written to files that are followed |
//! | `intake` | what a feeder beside the engine has to say of its health |
//! | `publisher`, `picture` | the snapshots |
//! | `keeper`, `baselines` | roll-up, stored baselines, retention |
//! | `supervisor`, `board`, `shared`, `context`, `pace` | threads that come back, and what they share |
//! | `runs`, `anomaly_log` | new runs are judged, each once; what is found of them in a file |
//! | `once` | the same work in the foreground, for one-shot commands |

mod anomaly_log;
mod baselines;
mod board;
mod context;
mod dropper;
mod follow;
mod incidents;
mod intake;
mod judge;
mod keeper;
mod once;
mod options;
mod outbox;
mod pace;
mod picture;
mod publisher;
mod runs;
mod shared;
mod supervisor;
mod tail;
mod taker;
mod toasts;
mod watch;

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch as latest};

use crate::clock::Clock;
use crate::model::{Command, Snapshot, ViewRequest};

use self::board::Board;
use self::context::Context;
use self::publisher::Channels;
use self::shared::Shared;
use self::supervisor::{Mailbox, TaskResult, Waker, mailbox, supervise};

pub use crate::detect::DetectOptions;
pub use crate::store::{HeldWrites, hold_writes};
pub use anomaly_log::{AnomalyLog, MAX_LOG_BYTES};
pub use follow::{Followed, Follower, Stop};
pub use intake::Intake;
pub use once::{CaughtUp, catch_up, roll_up, snapshot_once, toast_rate};
pub use options::{EngineOptions, RaisedAlerts};
pub use runs::{judge_runs, unusual_runs};

/// Messages that wait for a slow dashboard.
const CHANNEL: usize = 64;

/// The engine as the dashboard holds it: what comes out, what goes in. Dropping it ends the engine too,
/// without waiting for it.
#[derive(Debug)]
pub struct EngineHandle {
    /// The newest picture of the store.
    pub snapshots: latest::Receiver<Arc<Snapshot>>,
    /// Alerts as they are raised.
    pub alerts: mpsc::Receiver<RaisedAlerts>,
    /// What the dashboard is looking at.
    pub views: latest::Sender<ViewRequest>,
    /// What else the dashboard asks.
    pub commands: mpsc::Sender<Command>,
    /// Where a feeder beside the engine reports.
    pub intake: Intake,
    tasks: Tasks,
}

impl EngineHandle {
    /// Ends the tasks: what is judged is marked as judged, baselines are written, the store is closed.
    pub async fn shutdown(self) {
        let Self { mut tasks, .. } = self;
        tasks.stop();
        let threads = std::mem::take(&mut tasks.threads);
        // A task that panicked has been shown and logged; there is nothing left to say of it.
        let _ = tokio::task::spawn_blocking(move || threads.into_iter().for_each(|thread| drop(thread.join()))).await;
    }
}

/// The running threads and the bells to them.
#[derive(Debug, Default)]
struct Tasks {
    wakers: Vec<Waker>,
    threads: Vec<JoinHandle<()>>,
}

impl Tasks {
    fn start(
        &mut self,
        name: &'static str,
        (waker, mailbox): (Waker, Mailbox),
        board: &Board,
        task: impl FnMut(&Mailbox) -> TaskResult + Send + 'static,
    ) {
        self.wakers.push(waker);
        match supervise(name, mailbox, board.clone(), task) {
            Ok(thread) => self.threads.push(thread),
            Err(error) => board.report(name, &format!("cannot start the {name} task: {error}")),
        }
    }

    fn stop(&self) {
        self.wakers.iter().for_each(Waker::stop);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts the engine over the store of `options`. Must be called inside a tokio runtime.
#[must_use]
pub fn spawn(options: EngineOptions, clock: Clock) -> EngineHandle {
    let (publisher, publisher_mailbox) = mailbox();
    let (keeper, keeper_mailbox) = mailbox();
    let (incidents, incidents_mailbox) = mailbox();
    let (tail, tail_mailbox) = mailbox();
    let (dropper, dropper_mailbox) = mailbox();
    let (snapshots_in, snapshots) = latest::channel(Arc::default());
    let (alerts_in, alerts) = mpsc::channel(CHANNEL);
    let (views, views_out) = latest::channel(ViewRequest::default());
    let (commands, commands_out) = mpsc::channel(CHANNEL);
    let board = Board::new(publisher.clone());
    let context = Context {
        options,
        clock,
        shared: Shared::default(),
        board: board.clone(),
        publisher: publisher.clone(),
        tail: tail.clone(),
        keeper: keeper.clone(),
        incidents: incidents.clone(),
        dropper: dropper.clone(),
    };

    tokio::spawn(relay(views_out.clone(), commands_out, context.shared.clone(), publisher.clone(), tail.clone()));
    let mut tasks = Tasks::default();
    let of_publisher = context.clone();
    let channels = Channels { views: views_out, snapshots: snapshots_in };
    tasks.start(publisher::NAME, (publisher, publisher_mailbox), &board, move |mailbox| {
        publisher::run(&of_publisher, mailbox, &channels)
    });
    let of_tail = context.clone();
    tasks.start(tail::NAME, (tail, tail_mailbox), &board, move |mailbox| tail::run(&of_tail, mailbox, &alerts_in));
    let of_incidents = context.clone();
    tasks.start(incidents::NAME, (incidents, incidents_mailbox), &board, move |mailbox| {
        incidents::run(&of_incidents, mailbox)
    });
    if let Some(dir) = context.options.drop_dir.clone() {
        let (of_dropper, dropper_waker) = (context.clone(), dropper.clone());
        tasks.start(dropper::NAME, (dropper, dropper_mailbox), &board, move |mailbox| {
            dropper::run(&of_dropper, &dir, mailbox, &dropper_waker)
        });
    }
    tasks.start(keeper::NAME, (keeper, keeper_mailbox), &board, move |mailbox| keeper::run(&context, mailbox));
    EngineHandle { snapshots, alerts, views, commands, intake: Intake::new(board), tasks }
}

/// Rings the tasks that what the dashboard sends is for.
async fn relay(
    mut views: latest::Receiver<ViewRequest>,
    mut commands: mpsc::Receiver<Command>,
    shared: Shared,
    publisher: Waker,
    tail: Waker,
) {
    loop {
        tokio::select! {
            changed = views.changed() => match changed {
                Ok(()) => publisher.wake(),
                Err(_) => return,
            },
            command = commands.recv() => match command {
                Some(command) => {
                    shared.push_command(command);
                    tail.wake();
                }
                None => return,
            },
        }
    }
}
