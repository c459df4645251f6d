//! Carries out what the dashboard asks of the world, apart from what concerns the screen itself.
//!
//! Nothing here makes the loop wait: what may take time runs elsewhere and answers with a notice.

use std::path::PathBuf;

use tokio::sync::{mpsc, watch};

use super::export::{self, Export};
use super::tmux;
use crate::app::Notice;
use crate::model::{Command, ViewRequest};

/// The desk where the loop leaves its orders.
pub struct Desk {
    /// What the engine is asked to look at.
    pub views: watch::Sender<ViewRequest>,
    /// What else the engine is asked.
    pub commands: mpsc::Sender<Command>,
    /// Where answers go.
    pub notices: mpsc::Sender<Notice>,
}

impl Desk {
    /// Asks the engine to look at something else.
    pub fn view(&self, request: ViewRequest) {
        self.views.send_replace(request);
    }

    /// Asks the engine for something besides a view. The answer, if there is anything to say.
    #[must_use]
    pub fn command(&self, command: Command) -> Option<Notice> {
        let refused = self.commands.try_send(command).err()?;
        tracing::warn!("asking the engine: {refused}");
        Some(failed("the engine is busy: try again in a moment".to_owned()))
    }

    /// Puts text on the clipboard through tmux.
    pub fn copy_through_tmux(&self, text: String) {
        self.answer(move || match tmux::load_buffer(&text) {
            Ok(()) => done("copied to tmux's buffer and, where tmux may, the clipboard".to_owned()),
            Err(why) => failed(format!("not copied: {why}")),
        });
    }

    /// Writes a view into a new file in `directory`.
    pub fn export(&self, export: Export, directory: PathBuf) {
        self.answer(move || match export::write(&export, &directory) {
            Ok(path) => done(format!("written to {}", path.display())),
            Err(error) => failed(format!("not written to {}: {error}", directory.display())),
        });
    }

    /// Runs `work` aside and hands its answer to the loop.
    fn answer(&self, work: impl FnOnce() -> Notice + Send + 'static) {
        let notices = self.notices.clone();
        tokio::task::spawn_blocking(move || {
            // A loop that has ended needs no answer.
            let _ = notices.blocking_send(work());
        });
    }
}

/// Something was done.
#[must_use]
pub fn done(text: String) -> Notice {
    Notice { is_error: false, text }
}

/// Something failed.
#[must_use]
pub fn failed(text: String) -> Notice {
    Notice { is_error: true, text }
}
