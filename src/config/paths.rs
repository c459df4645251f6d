//! Where things lie when nobody says: the XDG directories, on every system alike.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy as _, Xdg};

const HERE: &str = "perftop";

/// `$XDG_DATA_HOME/perftop/perftop.db`
#[must_use]
pub fn store() -> PathBuf {
    data().join("perftop.db")
}

/// `$XDG_DATA_HOME/perftop/drop`
#[must_use]
pub fn drop_dir() -> PathBuf {
    data().join("drop")
}

/// `$XDG_CONFIG_HOME/perftop/config.toml`
#[must_use]
pub fn config_file() -> PathBuf {
    base(Xdg::config_dir).join("config.toml")
}

/// `$XDG_STATE_HOME/perftop`
#[must_use]
pub fn log_dir() -> PathBuf {
    base(|xdg| xdg.state_dir().unwrap_or_else(|| xdg.data_dir()))
}

/// `$XDG_STATE_HOME/perftop/anomalies.log`
#[must_use]
pub fn anomalies_log() -> PathBuf {
    log_dir().join("anomalies.log")
}

/// A path with `~` at its front standing for the home directory.
#[must_use]
pub fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix('~'), etcetera::home_dir()) {
        (Some(""), Ok(home)) => home,
        (Some(below), Ok(home)) if below.starts_with('/') => home.join(below.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

fn data() -> PathBuf {
    base(Xdg::data_dir)
}

/// A directory of ours; below the working directory when there is no home.
fn base(dir: impl Fn(&Xdg) -> PathBuf) -> PathBuf {
    Xdg::new().map_or_else(|_| PathBuf::from("."), |xdg| dir(&xdg)).join(HERE)
}
