//! `perftop prune --older-than 30d`: deletes what is old, and says how much that was.

use std::io::{self, Write as _};

use super::context::Context;
use super::exit::{Exit, Refusal};
use super::progress::Progress;
use crate::config::parse_retention_ms;
use crate::model::text::counted;
use crate::store::{PruneBefore, Pruned, Store};

/// Arguments of `perftop prune`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The age of samples, anomalies and recovered alerts: 30d, 12w, 1y; at least 1d
    #[arg(long, value_name = "AGE")]
    older_than: String,

    /// The age of what samples were rolled up to, which is kept without this
    #[arg(long, value_name = "AGE")]
    rollups_older_than: Option<String>,

    /// Say what would be deleted, delete nothing
    #[arg(long)]
    dry_run: bool,
}

/// Deletes samples, anomalies and recovered alerts that are older, and what was rolled up when that is asked for.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let now_ms = context.now_ms();
    let before = args.before(now_ms)?;
    let path = &context.config.store.path;
    let read = Store::open_read(path)?;
    if args.dry_run {
        writeln!(io::stdout(), "would delete {}", args.sentence(&read.prunable(before, now_ms)?))?;
        return Ok(Exit::Ok);
    }
    drop(read);
    let progress = Progress::new(context.quiet, "rows looked at");
    let pruned = Store::open(path)?.prune(before, now_ms, &mut |looked, total| progress.show(looked, total));
    progress.end();
    let pruned = pruned?;
    let Pruned { samples, anomalies, alerts, hours } = pruned;
    tracing::info!(
        code = "HBPD-002",
        samples,
        anomalies,
        alerts,
        hours,
        before_ms = before.samples_ms,
        "performance data clean-up completed"
    );
    writeln!(io::stdout(), "deleted {}", args.sentence(&pruned))?;
    Ok(Exit::Ok)
}

impl Args {
    fn before(&self, now_ms: i64) -> Result<PruneBefore, Refusal> {
        let age = |option: &str, text: &str| {
            parse_retention_ms(text).map_err(|error| Refusal::usage(format!("{option}: {error}")))
        };
        let samples_ms = age("--older-than", &self.older_than)?;
        let Some(rollups) = &self.rollups_older_than else {
            return Ok(PruneBefore { samples_ms: now_ms.saturating_sub(samples_ms), rollups_ms: i64::MIN });
        };
        let rollups_ms = age("--rollups-older-than", rollups)?;
        if rollups_ms < samples_ms {
            let message = "what samples are rolled up to is kept at least as long as they are";
            return Err(Refusal::usage(format!(
                "--rollups-older-than: {rollups} is shorter than --older-than ({}): {message}",
                self.older_than
            )));
        }
        Ok(PruneBefore { samples_ms: now_ms.saturating_sub(samples_ms), rollups_ms: now_ms.saturating_sub(rollups_ms) })
    }

    /// What is deleted, and what is not.
    fn sentence(&self, pruned: &Pruned) -> String {
        let Pruned { samples, anomalies, alerts, hours } = pruned;
        let age = &self.older_than;
        let rows = format!(
            "{}, {} and {} older than {age}",
            counted(*samples, "sample"),
            counted(*anomalies, "anomaly"),
            counted(*alerts, "recovered alert")
        );
        match &self.rollups_older_than {
            Some(age) => format!("{rows}, and {} older than {age}", counted(*hours, "rolled up hour")),
            None => format!("{rows}; what they were rolled up to stays"),
        }
    }
}
