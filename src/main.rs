//! The program: parses, runs, maps an error to an exit code; nothing else.

fn main() {}
