//! Answers on stdout: in colour when somebody is looking and wants it, plain otherwise.

use std::env;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::context::Context;
use crate::render;
use crate::report::{self, Format, Line, Page, Report};
use crate::ui::Look;
use crate::ui::text::width;
use crate::ui::theme::Theme;

/// Writes an answer to stdout.
pub fn print<R: Report>(context: &Context, report: &R, format: Format) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let look = look(context);
    let colored = |line: &Line| paint(line, &look.theme);
    let paint: &dyn Fn(&Line) -> String = if has_color(context) { &colored } else { &report::plain };
    let page = Page { symbols: look.symbols, room: terminal_width().map(usize::from), paint };
    report::write(&mut out, report, format, &page)?;
    out.flush()
}

/// How things look on stdout.
#[must_use]
pub fn look(context: &Context) -> Look {
    let display = &context.config.display;
    Look { theme: display.theme(has_color(context)), symbols: display.symbols.resolve(&env_var) }
}

/// Whether stdout takes colour.
#[must_use]
pub fn has_color(context: &Context) -> bool {
    context.config.display.color.is_on(io::stdout().is_terminal(), &env_var)
}

/// The width of the terminal on stdout, if there is one.
#[must_use]
pub fn terminal_width() -> Option<u16> {
    rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col).filter(|&columns| columns > 0)
}

fn env_var(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// A line with its styles as escape sequences.
fn paint(line: &Line, theme: &Theme) -> String {
    let cells: usize = line.iter().map(|(text, _)| width(text)).sum();
    let mut buf = Buffer::empty(Rect::new(0, 0, u16::try_from(cells).unwrap_or(u16::MAX), 1));
    let mut x = 0;
    for (text, role) in line {
        (x, _) = buf.set_stringn(x, 0, text, usize::from(u16::MAX), theme.style(*role));
    }
    render::ansi(&buf).trim_end_matches('\n').to_owned()
}
