//! The program: parses, runs, maps an error to an exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    perftop::cli::run()
}
