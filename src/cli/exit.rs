//! Exit codes, and which error means which.

use std::io;
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::store::StoreError;

/// How a command ended, as the shell sees it. `README.md` lists these for users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Fine.
    Ok,
    /// It worked and found something: rejected lines, a firing alert, a failed check.
    Found,
    /// The command line or the configuration is wrong.
    Usage,
    /// There is not enough data for an answer.
    NotEnoughData,
    /// What is to be compared took place in different environments.
    OtherEnvironment,
    /// A file or the store could not be read or written.
    Io,
    /// Ended by a signal.
    Signal(u8),
    /// As the command that was executed.
    Command(u8),
}

impl Exit {
    /// The number the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::NotEnoughData => 3,
            Self::OtherEnvironment => 4,
            Self::Io => 5,
            Self::Signal(number) => 128 + number,
            Self::Command(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error with the exit code that belongs to it; other errors are I/O or store trouble.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    exit: Exit,
    message: String,
}

impl Refusal {
    /// The user asked for something that cannot be meant.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    /// A command could not be executed; a shell answers with such a code.
    pub fn command(code: u8, message: impl Into<String>) -> Self {
        Self { exit: Exit::Command(code), message: message.into() }
    }

    /// The store holds too little for an answer.
    pub fn not_enough_data(message: impl Into<String>) -> Self {
        Self { exit: Exit::NotEnoughData, message: message.into() }
    }
}

/// Whether the reader of our output went away, which is its right.
#[must_use]
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}

/// The exit code for an error.
#[must_use]
pub fn exit_for(error: &anyhow::Error) -> Exit {
    if is_broken_pipe(error) {
        return Exit::Ok;
    }
    if error.is::<ConfigError>() {
        return Exit::Usage;
    }
    if let Some(StoreError::Missing { .. }) = error.downcast_ref() {
        return Exit::NotEnoughData;
    }
    error.chain().find_map(|cause| cause.downcast_ref::<Refusal>()).map_or(Exit::Io, |refusal| refusal.exit)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing"), Exit::Ok)]
    #[case(anyhow::Error::from(io::Error::from(io::ErrorKind::NotFound)), Exit::Io)]
    #[case(anyhow::Error::from(Refusal::usage("no")).context("reading"), Exit::Usage)]
    #[case(anyhow::Error::from(Refusal::not_enough_data("two samples")), Exit::NotEnoughData)]
    #[case(anyhow::Error::from(ConfigError::Wrong(vec![])), Exit::Usage)]
    #[case(anyhow::anyhow!("anything else"), Exit::Io)]
    fn errors_have_their_exit_codes(#[case] error: anyhow::Error, #[case] exit: Exit) {
        assert_eq!(exit_for(&error), exit);
    }
}
