//! The dashboard over a store, started as a user starts it.

use std::path::Path;

use portable_pty::CommandBuilder;

use crate::store::TestStore;
use crate::terminal::{Terminal, command};

/// `perftop` over `store`, with every directory of the user's inside the test's own.
pub fn perftop(store: &TestStore) -> CommandBuilder {
    perftop_in(store.dir.path(), &store.path())
}

/// `perftop` over the database `store`, with every directory of the user's inside `home`.
pub fn perftop_in(home: &Path, store: &Path) -> CommandBuilder {
    let mut command = command(env!("CARGO_BIN_EXE_perftop"));
    command.env("HOME", home);
    for (variable, folder) in [("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state")] {
        command.env(variable, home.join(folder));
    }
    command.env("PERFTOP_DB", store);
    command.cwd(home);
    command
}

/// A dashboard over `store`, once it shows the first answer of the engine.
pub fn start(store: &TestStore) -> Terminal {
    started(perftop(store), 100, 30)
}

/// A dashboard that shows a calm metric called `latency`.
pub fn started(command: CommandBuilder, columns: u16, rows: u16) -> Terminal {
    let terminal = Terminal::start(command, columns, rows);
    terminal.wait_for("latency");
    terminal
}

/// A store with one metric, `latency`, that has been calm at 100 for three hours.
pub fn calm_store() -> TestStore {
    let store = TestStore::new();
    store.calm_past("latency");
    store
}
