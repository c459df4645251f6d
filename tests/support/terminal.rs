//! A program in a terminal of its own: keys in, screen out, and every byte it sent.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How long anything may take before a test gives up: generous, because the machine may be busy.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// What the program has sent so far.
pub struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

impl Seen {
    /// The screen as a terminal shows it.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// Every byte since the start.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

struct Feed {
    seen: Mutex<Seen>,
    changed: Condvar,
    /// The reader shall let go of the terminal.
    let_go: AtomicBool,
}

/// A program running in a terminal. Dropping it kills the program.
pub struct Terminal {
    /// `None` once the terminal has vanished.
    pty: Option<(Box<dyn MasterPty + Send>, Box<dyn Write + Send>)>,
    following: Option<thread::JoinHandle<()>>,
    child: Box<dyn Child + Send + Sync>,
    feed: Arc<Feed>,
    modes_before: String,
}

impl Terminal {
    /// Starts `command` in a terminal of `columns` x `rows` cells.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pty = native_pty_system().openpty(size(columns, rows)).expect("a pty");
        let modes_before = modes(&*pty.master);
        let child = pty.slave.spawn_command(command).expect("the program starts");
        drop(pty.slave);
        let seen = Seen { parser: vt100::Parser::new(at_least(rows), at_least(columns), 0), bytes: Vec::new() };
        let feed = Arc::new(Feed { seen: Mutex::new(seen), changed: Condvar::new(), let_go: AtomicBool::new(false) });
        let reader = pty.master.try_clone_reader().expect("a reader");
        let following = thread::spawn({
            let feed = Arc::clone(&feed);
            move || follow(reader, &feed)
        });
        let writer = pty.master.take_writer().expect("a writer");
        Self { pty: Some((pty.master, writer)), following: Some(following), child, feed, modes_before }
    }

    /// The program's process id.
    pub fn pid(&self) -> Pid {
        let id = self.child.process_id().expect("a started program has an id");
        Pid::from_raw(i32::try_from(id).expect("ids fit")).expect("ids are positive")
    }

    /// Types `keys`.
    pub fn send(&mut self, keys: &str) {
        let (_, writer) = self.pty.as_mut().expect("the terminal is there");
        writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
        writer.flush().expect("the terminal takes keys");
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program is there");
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let mut seen = self.feed.seen.lock().unwrap();
        seen.parser.screen_mut().set_size(at_least(rows), at_least(columns));
        let (master, _) = self.pty.as_ref().expect("the terminal is there");
        master.resize(size(columns, rows)).expect("the terminal takes a size");
    }

    /// Takes the terminal away from the program, as closing a window does: once nobody holds its other
    /// end. The reader holds it until the program sends something, so it is asked to draw afresh.
    pub fn vanish(&mut self) {
        self.feed.let_go.store(true, Ordering::SeqCst);
        self.send("\x0c");
        self.following.take().expect("the terminal is there").join().expect("the reader ends");
        self.pty = None;
    }

    /// Reads what was seen so far.
    pub fn look<T>(&self, read: impl FnOnce(&Seen) -> T) -> T {
        read(&self.feed.seen.lock().unwrap())
    }

    /// Waits until `found` finds something, and panics with the screen when it never does.
    pub fn wait_until<T>(&self, what: &str, mut found: impl FnMut(&Seen) -> Option<T>) -> T {
        let deadline = Instant::now() + TIMEOUT;
        let mut seen = self.feed.seen.lock().unwrap();
        loop {
            if let Some(answer) = found(&seen) {
                return answer;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what}; the screen:\n{}", seen.text());
            seen = self.feed.changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until the screen shows `text`.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(text, |seen| seen.text().contains(text).then_some(()));
    }

    /// Waits until the screen does not show `text` any more.
    pub fn wait_without(&self, text: &str) {
        self.wait_until(&format!("screen without {text}"), |seen| (!seen.text().contains(text)).then_some(()));
    }

    /// Waits for the program to end, and for everything that it sent.
    pub fn wait_exit(&mut self) -> ExitStatus {
        wait_for_condition("end of the program", || self.child.try_wait().expect("a child"))
    }

    /// Waits for the program to end with `code`, having given the terminal back as it was.
    pub fn wait_restored(&mut self, code: u32) {
        let status = self.wait_exit();
        self.wait_until("screen given back", |seen| {
            (!seen.screen().alternate_screen() && !seen.screen().hide_cursor()).then_some(())
        });
        assert_eq!(status.exit_code(), code, "{status:?}; the screen:\n{}", self.look(Seen::text));
        let (master, _) = self.pty.as_ref().expect("the terminal is there");
        assert_eq!(modes(&**master), self.modes_before);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `found` finds something, by looking again and again.
pub fn wait_for_condition<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    /// How often to look at what cannot wake us.
    const LOOK_EVERY: Duration = Duration::from_millis(10);
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(answer) = found() {
            return answer;
        }
        assert!(Instant::now() < deadline, "no {what}");
        thread::sleep(LOOK_EVERY);
    }
}

/// Whether a process with this id exists and is no zombie.
pub fn is_running(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    test_kill_process(pid).is_ok() && !stat.is_ok_and(|stat| state(&stat) == Some('Z'))
}

/// The process state in a line of `/proc/PID/stat`: it follows the name, which stands in brackets.
pub fn state(stat: &str) -> Option<char> {
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
}

/// A command with nothing of the tester's own surroundings in it.
pub fn command(program: impl AsRef<OsStr>) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env("TZ", "UTC");
    command
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

/// vt100 panics on screens of one row or one column, and on those without cells; the program under test
/// gets them all the same.
fn at_least(cells: u16) -> u16 {
    cells.max(2)
}

/// How the kernel treats the terminal: echo, lines, signals.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a pty has modes"))
}

fn follow(mut reader: Box<dyn Read + Send>, feed: &Feed) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(length @ 1..) = reader.read(&mut chunk) {
        let mut seen = feed.seen.lock().unwrap();
        seen.parser.process(&chunk[..length]);
        seen.bytes.extend_from_slice(&chunk[..length]);
        drop(seen);
        feed.changed.notify_all();
        if feed.let_go.load(Ordering::SeqCst) {
            return;
        }
    }
}
