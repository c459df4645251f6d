//! New runs are judged by those before them, each once, whichever process comes first.

use crate::model::{RunJudgement, RunThresholds};
use crate::runs::{self, HISTORY_RUNS};
use crate::store::{Store, StoreError};

/// Judges the runs that were recorded since somebody last did, and records what is found. Answers of each what there is
/// to say, module by module; nothing when somebody else did it meanwhile.
pub fn judge_runs(store: &mut Store, thresholds: &RunThresholds, now_ms: i64) -> Result<Vec<RunJudgement>, StoreError> {
    loop {
        let unjudged = store.unjudged_runs()?;
        let mut judgements = Vec::new();
        for (module, count) in &unjudged.modules {
            let runs = store.runs(module, count + 2 * HISTORY_RUNS)?;
            let judged = runs::judge_runs(&runs, thresholds);
            judgements.extend(judged.into_iter().filter(|judgement| unjudged.contains(judgement.run_id)));
        }
        if unjudged.modules.is_empty() || store.record_judgements(&unjudged, &judgements, now_ms)? {
            return Ok(judgements);
        }
    }
}
