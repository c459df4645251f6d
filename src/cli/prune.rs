//! `perftop prune --older-than 90d`: deletes what is old, and says how much that was.

use std::io::{self, Write as _};

use super::context::Context;
use super::exit::{Exit, Refusal};
use crate::config::MIN_RETENTION_MS;
use crate::model::time::{length, parse_duration_ms};
use crate::store::{Pruned, Store};

/// Arguments of `perftop prune`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The age: 90d, 12w; at least 1d
    #[arg(long, value_name = "AGE")]
    older_than: String,

    /// Say what would be deleted, delete nothing
    #[arg(long)]
    dry_run: bool,
}

/// Deletes samples, anomalies and recovered alerts that are older.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let age_ms =
        parse_duration_ms(&args.older_than).map_err(|error| Refusal::usage(format!("--older-than: {error}")))?;
    if age_ms < MIN_RETENTION_MS {
        let least = length(MIN_RETENTION_MS);
        return Err(Refusal::usage(format!("--older-than: {} is too short: at least {least}", args.older_than)).into());
    }
    let path = &context.config.store.path;
    let now_ms = context.now_ms();
    let before_ms = now_ms.saturating_sub(age_ms);
    let read = Store::open_read(path)?;
    if args.dry_run {
        let line = sentence("would delete", &read.prunable(before_ms, now_ms)?, &args.older_than);
        writeln!(io::stdout(), "{line}")?;
        return Ok(Exit::Ok);
    }
    drop(read);
    let pruned = Store::open(path)?.prune(before_ms, now_ms, &mut |_| ())?;
    let Pruned { samples, anomalies, alerts, hours } = pruned;
    tracing::info!(
        code = "HBPD-002",
        samples,
        anomalies,
        alerts,
        hours,
        before_ms,
        "performance data clean-up completed"
    );
    writeln!(io::stdout(), "{}", sentence("deleted", &pruned, &args.older_than))?;
    Ok(Exit::Ok)
}

fn sentence(verb: &str, pruned: &Pruned, age: &str) -> String {
    let Pruned { samples, anomalies, alerts, .. } = pruned;
    format!("{verb} {samples} samples, {anomalies} anomalies and {alerts} recovered alerts older than {age}")
}
