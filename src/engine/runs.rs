//! New runs are judged by those before them, each once, whichever process comes first.

use super::outbox::ALERTS_SHOWN;
use crate::model::{RunAnomaly, RunJudgement, RunThresholds};
use crate::runs::{self, HISTORY_RUNS};
use crate::store::{Store, StoreError};

/// A module that was not run for so long has nothing to say: a week, as an alert without a finding.
const SILENT_AFTER_MS: i64 = 7 * 86_400_000;

/// The anomalies of runs that are open, the newest first; of very many as many as of alerts.
pub fn unusual_runs(store: &Store, now_ms: i64) -> Result<Vec<RunAnomaly>, StoreError> {
    let open = store.open_run_anomalies(now_ms.saturating_sub(SILENT_AFTER_MS), ALERTS_SHOWN)?;
    Ok(open.into_iter().map(|found| found.anomaly).collect())
}

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
