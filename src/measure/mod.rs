//! A command executed and measured: what it cost, how it ended, what it said of itself.
//!
//! Nothing here waits for the store: a finished run is a file in the spool, and taking it in is for others. The
//! command has our stdin, stdout and stderr; nothing is written to them.
//!
//! | file | does |
//! |---|---|
//! | `command` | starts a command, waits for its end, ends it when its time is over |
//! | `signals` | signals that come meanwhile, and which of them to pass on |
//! | `group` | the processes of a command that may run for so long only |
//! | `phases` | the lines of `$PERFTOP_PHASES` as parts of the run |
//! | `said` | the lines of `$PERFTOP_DROP` as measures and samples |
//! | `faults` | what was not taken of either, in few words |
//! | `derived` | what follows from what was measured |
//! | `commit`, `environment` | what was checked out, and where it ran |
//! | `hook` | a command that is told of what was found |
//! | `spool` | finished runs as files, until the store has them |

mod command;
pub mod commit;
mod derived;
pub mod environment;
mod faults;
mod group;
mod hook;
pub mod phases;
pub mod said;
mod signals;
pub mod spool;

pub use command::{Execution, Measured, StartError, TERMINATION_GRACE, execute};
pub use derived::complete;
pub use hook::{HookError, call};
pub use signals::Signals;
