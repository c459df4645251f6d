//! What somebody who feeds the store beside the engine, in the same process, has to say of its health.

use super::board::Board;

/// The name of the feeder on the notice board.
const NAME: &str = "ingest";

/// Speaks to the health line; cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake(Board);

impl Intake {
    pub(super) const fn new(board: Board) -> Self {
        Self(board)
    }

    /// Counts lines that were not taken.
    pub fn add_rejected(&self, lines: u64) {
        self.0.add_rejected(lines);
    }

    /// Shows what is wrong, in one line, while the dashboard is open.
    pub fn report(&self, problem: &str) {
        self.0.report(NAME, problem);
    }
}
