//! What tmux is told: the pane option `@perftop`, which any status line can show.
//!
//! Only inside tmux, only when it changes, and never by waiting for tmux.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, Stdio};

use tokio::sync::watch;

/// The pane option that holds the number of firing alerts (`2!`); unset while there is none.
const OPTION: &str = "@perftop";

/// The pane this process runs in.
#[derive(Debug, Clone)]
pub struct Pane {
    id: OsString,
}

impl Pane {
    /// The pane tmux says this process runs in; `None` outside tmux.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        env::var_os("TMUX").filter(|socket| !socket.is_empty())?;
        Some(Self { id: env::var_os("TMUX_PANE").filter(|id| !id.is_empty())? })
    }

    /// Sets the option, or unsets it.
    fn command(&self, value: Option<&str>) -> Command {
        let mut command = tmux();
        command.arg("set-option").arg(if value.is_some() { "-pq" } else { "-pqu" });
        command.arg("-t").arg(&self.id).arg(OPTION).args(value);
        command
    }
}

fn tmux() -> Command {
    let mut command = Command::new("tmux");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Keeps `@perftop` as the dashboard wants it. tmux may be slow or gone: the newest wish wins and
/// nobody waits.
#[derive(Debug)]
pub struct Badge {
    pane: Pane,
    wanted: watch::Sender<Option<String>>,
}

impl Badge {
    /// Starts the task that talks to tmux; it ends with this value.
    #[must_use]
    pub fn new(pane: Pane) -> Self {
        let (wanted, changes) = watch::channel(None);
        tokio::spawn(follow(pane.clone(), changes));
        Self { pane, wanted }
    }

    /// Wishes for a value; the same one again costs nothing.
    pub fn set(&self, value: Option<String>) {
        self.wanted.send_if_modified(|wanted| {
            let changed = *wanted != value;
            *wanted = value;
            changed
        });
    }

    /// Unsets the option on the way out, without waiting for tmux to have done it.
    pub fn clear(self) {
        if self.wanted.borrow().is_some() {
            let _ = self.pane.command(None).spawn();
        }
    }
}

async fn follow(pane: Pane, mut changes: watch::Receiver<Option<String>>) {
    while changes.changed().await.is_ok() {
        let value = changes.borrow_and_update().clone();
        let mut command = pane.command(value.as_deref());
        match tokio::task::spawn_blocking(move || command.status()).await {
            Ok(Ok(status)) if status.success() => {}
            Ok(Ok(status)) => tracing::debug!("tmux set-option: {status}"),
            Ok(Err(error)) => tracing::debug!("tmux set-option: {error}"),
            Err(error) => tracing::debug!("tmux set-option: {error}"),
        }
    }
}

/// Puts text into tmux's newest buffer, and through it (`-w`) on the outer terminal's clipboard.
/// Blocks while tmux takes it. The error says why not, in one line.
pub fn load_buffer(text: &str) -> Result<(), String> {
    let mut child = tmux()
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("tmux does not start: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A tmux that refuses closes the pipe early; what it says about it is read below.
        let _ = stdin.write_all(text.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| format!("tmux does not answer: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("tmux load-buffer: {}", said.lines().next().unwrap_or("refused without a reason")))
}
