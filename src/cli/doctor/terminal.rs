//! The terminal: its name, its colours, its size, its characters.

use std::env;
use std::io::{self, IsTerminal as _};

use crate::config::DisplayConfig;
use crate::report::Check;
use crate::ui::symbols::SymbolSet;

const AREA: &str = "terminal";

/// The smallest pane that shows more than one status line.
const SMALLEST: (u16, u16) = (20, 4);

/// What there is to say of the terminal on stdout.
pub fn checks(display: &DisplayConfig) -> Vec<Check> {
    vec![name(), colours(display), size(), characters(display)]
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn name() -> Check {
    match variable("TERM") {
        Some(term) if term == "dumb" => Check::wrong(
            AREA,
            "TERM",
            term,
            "the dashboard needs cursor movement; `perftop dashboard` prints the table",
        ),
        Some(term) => Check::ok(AREA, "TERM", term),
        None => Check::advice(AREA, "TERM", "not set", "export TERM=xterm-256color (inside tmux: tmux-256color)"),
    }
}

fn colours(display: &DisplayConfig) -> Check {
    let is_on = display.color.is_on(true, &|name| env::var(name).ok());
    let why = ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR"]
        .into_iter()
        .find_map(|name| variable(name).map(|value| format!("{name}={value}")))
        .unwrap_or_else(|| format!("color = \"{}\"", display.color.as_str()));
    Check::ok(AREA, "colours", format!("{} ({why})", if is_on { "on" } else { "off, attributes instead" }))
}

fn size() -> Check {
    let Some(size) = io::stdout().is_terminal().then(|| rustix::termios::tcgetwinsize(io::stdout()).ok()).flatten()
    else {
        return Check::ok(AREA, "size", "stdout is not a terminal");
    };
    let found = format!("{}x{}", size.ws_col, size.ws_row);
    if size.ws_col < SMALLEST.0 || size.ws_row < SMALLEST.1 {
        let advice = format!("from {}x{} on there is more than one line", SMALLEST.0, SMALLEST.1);
        return Check::advice(AREA, "size", found, advice);
    }
    Check::ok(AREA, "size", found)
}

fn characters(display: &DisplayConfig) -> Check {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).map(|value| format!("{name}={value}")))
        .unwrap_or_else(|| "no locale".to_owned());
    match display.symbols.resolve(&|name| env::var(name).ok()) {
        SymbolSet::Ascii => {
            let advice = "export LANG=C.UTF-8 for finer charts, or set symbols = \"braille\"";
            Check::advice(AREA, "characters", format!("ASCII only ({locale})"), advice)
        }
        SymbolSet::Braille => Check::ok(AREA, "characters", format!("braille ({locale})")),
        SymbolSet::Block => Check::ok(AREA, "characters", format!("blocks ({locale})")),
    }
}
