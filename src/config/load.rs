//! The layers: flags over environment over file over defaults.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::choice::Env;
use super::error::{ConfigError, Origin, Problem};
use super::file::{self, FileLayer, Sourced, Value};
use super::resolve::{Merged, resolve};
use super::schema::Setting;
use super::{Config, paths};

/// Where the configuration comes from.
pub struct Sources<'a> {
    /// The file that was asked for; it must be there. Without it the default place may hold one.
    pub file: Option<&'a Path>,
    /// The environment.
    pub env: Env<'a>,
    /// What the command line says: the setting, the option's name, its value.
    pub flags: &'a [(Setting, &'static str, String)],
}

/// The configuration, and where it came from.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read, or would have been.
    pub path: PathBuf,
    /// Whether there is such a file.
    pub has_file: bool,
    /// Where each setting comes from; what is missing has its default.
    pub(super) merged: Merged,
}

impl Loaded {
    /// Where a setting comes from.
    #[must_use]
    pub fn origin(&self, setting: Setting) -> Origin {
        self.merged.get(&setting).map_or(Origin::Default, |sourced| sourced.origin.clone())
    }
}

/// Reads and checks the configuration. Writes nothing.
///
/// # Errors
/// When the file cannot be read, or with every problem that could be found in it, in the environment
/// and in the options.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let path = sources.file.map_or_else(paths::config_file, Path::to_owned);
    let text = read(&path, sources.file.is_some())?;
    let file = text.as_deref().map(|text| file::read(text, &path)).unwrap_or_default();
    let merged = merge(&file, sources);
    let (config, problems) = resolve(&merged, &file);
    let mut problems: Vec<Problem> = file.problems.into_iter().chain(problems).collect();
    problems.sort_by_key(Problem::place);
    if problems.is_empty() {
        Ok(Loaded { config, path, has_file: text.is_some(), merged })
    } else {
        Err(ConfigError::Wrong(problems))
    }
}

fn read(path: &Path, must_exist: bool) -> Result<Option<String>, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { path: path.display().to_string(), source }),
    }
}

fn merge(file: &FileLayer, sources: &Sources) -> Merged {
    let mut merged: Merged = file.settings.iter().cloned().collect();
    for setting in Setting::EVERY {
        if let Some(value) = (sources.env)(setting.env()).filter(|value| !value.is_empty()) {
            merged.insert(setting, Sourced { value: Value::Text(value), origin: Origin::Env(setting.env()) });
        }
    }
    for (setting, flag, value) in sources.flags {
        merged.insert(*setting, Sourced { value: Value::Text(value.clone()), origin: Origin::Flag(flag) });
    }
    merged
}
