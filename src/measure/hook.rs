//! A command of the user's that is told of what was found. It is given so long, and ended with all it started.

use std::env;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::group;
use crate::model::text::printable_short;
use crate::model::time::length;

/// Says to the command what happened; while it is set, no hook is called: one that runs perftop would not end.
const EVENT: &str = "PERFTOP_EVENT";
/// The most that is repeated of what it said.
const MAX_SAID_CHARS: usize = 300;

/// The hook did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It could not be started, or waited for.
    #[error("the hook `{program}` cannot be called: {source}")]
    NotCalled {
        /// Its program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long.
    #[error("the hook `{program}` took longer than {} and was ended", length(*timeout_ms))]
    TimedOut {
        /// Its program.
        program: String,
        /// How long it was given, in ms.
        timeout_ms: i64,
    },
    /// It failed.
    #[error("the hook `{program}` failed ({status}): {said}")]
    Failed {
        /// Its program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it said.
        said: String,
    },
}

/// Calls a command with `event` in `$PERFTOP_EVENT`, other variables, and `text` on stdin; what it says is repeated when it
/// fails. An empty command is none.
pub fn call(
    command: &[String],
    event: &str,
    variables: &[(&str, &std::ffi::OsStr)],
    text: &str,
    timeout: Duration,
) -> Result<(), HookError> {
    let Some((program, args)) = command.split_first() else { return Ok(()) };
    if env::var_os(EVENT).is_some() {
        return Ok(());
    }
    let shown = printable_short(program, 200);
    let not_called = |source| HookError::NotCalled { program: shown.clone(), source };
    // Files rather than pipes: whoever neither reads nor closes them keeps nobody waiting.
    let stdin = holding(text).map_err(not_called)?;
    let mut said = tempfile::tempfile().map_err(not_called)?;
    let [stdout, stderr] = [said.try_clone(), said.try_clone()];
    let mut child = Command::new(program)
        .args(args)
        .env(EVENT, event)
        .envs(variables.iter().copied())
        .stdin(stdin)
        .stdout(Stdio::from(stdout.map_err(not_called)?))
        .stderr(Stdio::from(stderr.map_err(not_called)?))
        .process_group(0)
        .spawn()
        .map_err(not_called)?;
    let its_group = Pid::from_raw(child.id().cast_signed());
    let (tell, ended) = mpsc::channel();
    thread::Builder::new().name("hook".to_owned()).spawn(move || tell.send(child.wait())).map_err(not_called)?;
    let Ok(status) = ended.recv_timeout(timeout) else {
        if let Some(its_group) = its_group {
            group::signal(its_group, Signal::KILL);
        }
        let timeout_ms = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        return Err(HookError::TimedOut { program: shown, timeout_ms });
    };
    let status = status.map_err(not_called)?;
    if status.success() {
        return Ok(());
    }
    let said = last_words(&mut said).unwrap_or_default();
    Err(HookError::Failed { program: shown, status, said })
}

fn holding(text: &str) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

fn last_words(said: &mut File) -> io::Result<String> {
    let from = said.metadata()?.len().saturating_sub(4 * MAX_SAID_CHARS as u64);
    said.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    said.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim();
    let skipped = text.chars().count().saturating_sub(MAX_SAID_CHARS);
    Ok(printable_short(&text.chars().skip(skipped).collect::<String>(), MAX_SAID_CHARS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, text: &str, timeout_ms: u64) -> Result<(), HookError> {
        let command = ["sh", "-c", script].map(str::to_owned);
        call(&command, "ok", &[], text, Duration::from_millis(timeout_ms))
    }

    #[test]
    fn it_hears_what_happened() {
        let dir = tempfile::tempdir().unwrap();
        let heard = dir.path().join("heard");
        let script = format!("echo $PERFTOP_EVENT > '{0}'; cat >> '{0}'", heard.display());
        let text = "x".repeat(200_000);
        sh(&script, &text, 60_000).unwrap();
        assert_eq!(std::fs::read_to_string(heard).unwrap(), format!("ok\n{text}"));
        call(&[], "ok", &[], "", Duration::ZERO).unwrap();
    }

    #[test]
    fn who_does_not_listen_and_who_fails_is_no_harm() {
        sh("exec 0<&-; exit 0", &"x".repeat(200_000), 60_000).unwrap();
        let error = sh("echo out; printf 'no\\033[31m' >&2; exit 3", "", 60_000).unwrap_err().to_string();
        assert_eq!(error, "the hook `sh` failed (exit status: 3): out^Jno^[[31m");
        let missing = call(&["/no/such/hook".to_owned()], "ok", &[], "", Duration::ZERO);
        assert!(matches!(missing, Err(HookError::NotCalled { .. })));
    }

    #[test]
    fn one_that_takes_too_long_goes_with_all_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let script = format!("sleep 1000 & echo $! > '{}'; wait", pid.display());
        let error = sh(&script, "", 500).unwrap_err();
        assert!(matches!(error, HookError::TimedOut { timeout_ms: 500, .. }), "{error}");
        let Some(pid) = std::fs::read_to_string(pid).ok().and_then(|pid| Pid::from_raw(pid.trim().parse().ok()?))
        else {
            return;
        };
        let until = std::time::Instant::now() + Duration::from_mins(1);
        let is_running = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            !status.is_empty() && !status.contains(") Z ")
        };
        while is_running() {
            assert!(std::time::Instant::now() < until, "it is still there after a minute");
            thread::yield_now();
        }
    }
}
