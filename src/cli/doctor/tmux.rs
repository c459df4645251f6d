//! tmux: the options that make the dashboard feel slow or keep it from copying, with the line to set.

use std::env;
use std::process::{Command, Stdio};

use crate::report::Check;

const AREA: &str = "tmux";

/// Longest wait for the rest of an escape sequence that is not felt, in ms.
const UNFELT_ESCAPE_MS: u64 = 100;

/// What there is to say of the tmux this runs in.
pub fn checks() -> Vec<Check> {
    if env::var_os("TMUX").is_none_or(|socket| socket.is_empty()) {
        return vec![Check::ok(AREA, "session", "not inside tmux")];
    }
    match ask(&["display-message", "-p", "#{version}"]) {
        Err(error) => {
            let advice = "is tmux on the PATH, and is $TMUX its socket? Unset TMUX to go without";
            vec![Check::wrong(AREA, "session", error, advice)]
        }
        Ok(version) => {
            let options = ["escape-time", "focus-events", "set-clipboard"];
            let session = Check::ok(AREA, "session", format!("tmux {version}"));
            std::iter::once(session).chain(options.map(check)).collect()
        }
    }
}

fn check(option: &'static str) -> Check {
    ask(&["show-options", "-Asv", option])
        .map_or_else(|error| Check::advice(AREA, option, error, "update tmux"), |value| judge(option, &value))
}

/// Whether a server option is set as a dashboard wants it.
fn judge(option: &'static str, value: &str) -> Check {
    let (is_right, line) = match option {
        "escape-time" => {
            let is_right = value.parse().is_ok_and(|wait_ms: u64| wait_ms <= UNFELT_ESCAPE_MS);
            (is_right, "set -sg escape-time 10      # or Esc waits half a second")
        }
        "focus-events" => (value == "on", "set -sg focus-events on     # so that the pane knows when it is looked at"),
        _ => (value != "off", "set -sg set-clipboard on    # or nothing copied reaches the outer terminal"),
    };
    if is_right {
        Check::ok(AREA, option, value)
    } else {
        Check::advice(AREA, option, value, format!("in ~/.tmux.conf: {line}"))
    }
}

/// Asks the tmux server; the error is one line.
fn ask(words: &[&str]) -> Result<String, String> {
    let output = Command::new("tmux")
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("tmux does not start: {error}"))?;
    let said = if output.status.success() { &output.stdout } else { &output.stderr };
    let line = String::from_utf8_lossy(said).lines().next().unwrap_or_default().to_owned();
    if output.status.success() { Ok(line) } else { Err(line) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::report::Verdict;

    #[rstest]
    #[case("escape-time", "500", Verdict::Advice)]
    #[case("escape-time", "10", Verdict::Ok)]
    #[case("escape-time", "", Verdict::Advice)]
    #[case("focus-events", "off", Verdict::Advice)]
    #[case("focus-events", "on", Verdict::Ok)]
    #[case("set-clipboard", "external", Verdict::Ok)]
    #[case("set-clipboard", "off", Verdict::Advice)]
    fn options_are_judged(#[case] option: &'static str, #[case] value: &str, #[case] verdict: Verdict) {
        let check = judge(option, value);
        assert_eq!(check.verdict, verdict);
        assert_eq!(check.advice.is_some_and(|advice| advice.contains(option)), verdict != Verdict::Ok);
    }
}
