//! A tmux server of the test's own, on a socket nobody else uses.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::store::TestStore;

/// How long anything may take before a test gives up: generous, because the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(20);

static SERVERS: AtomicUsize = AtomicUsize::new(0);

/// A private tmux server with perftop in its first pane; dropping it ends the server.
pub struct Server {
    socket: String,
}

impl Server {
    /// Starts perftop over `store` in a pane of `columns` x `rows` cells. `None`, said on standard error,
    /// where there is no tmux.
    pub fn start(store: &TestStore, columns: u16, rows: u16) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: there is no tmux");
            return None;
        }
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let server = Self { socket: format!("perftop-test-{}-{number}", std::process::id()) };
        let size = [columns.to_string(), rows.to_string()];
        let home = store.dir.path().display();
        let perftop = format!(
            "exec env -u NO_COLOR LC_ALL=C.UTF-8 HOME={home} XDG_DATA_HOME={home}/data XDG_CONFIG_HOME={home}/config \
             XDG_STATE_HOME={home}/state PERFTOP_DB={} {}",
            store.path().display(),
            env!("CARGO_BIN_EXE_perftop"),
        );
        server.run(&["-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", &size[0], "-y", &size[1], &perftop]);
        Some(server)
    }

    /// Runs a tmux command that must succeed, and answers with what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    fn output(&self, arguments: &[&str]) -> Output {
        // Without TMUX, as a shell outside of tmux runs it.
        Command::new("tmux").env_remove("TMUX").args(["-L", &self.socket]).args(arguments).output().expect("tmux runs")
    }

    /// The value of a format in perftop's pane.
    pub fn value(&self, format: &str) -> String {
        self.run(&["display-message", "-p", "-t", "t:0.0", format])
    }

    /// What perftop's pane shows.
    pub fn screen(&self) -> String {
        self.run(&["capture-pane", "-p", "-t", "t:0.0"])
    }

    /// Types keys into perftop's pane.
    pub fn send(&self, keys: &str) {
        self.run(&["send-keys", "-t", "t:0.0", keys]);
    }

    /// The process in perftop's pane.
    pub fn pid(&self) -> Pid {
        self.value("#{pane_pid}").parse().ok().and_then(Pid::from_raw).expect("a process id")
    }

    /// Waits until `holds`; panics with the screen when it never does.
    pub fn wait_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !holds() {
            assert!(Instant::now() < deadline, "no {what}; tmux says:\n{:?}", self.output(&["capture-pane", "-p"]));
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until the pane shows `text`.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, || self.screen().contains(text));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.output(&["kill-server"]);
    }
}
