//! `perftop record`: one sample from the command line, held to the same limits as a line of a file.

use super::exit::Exit;
use super::{Context, Refusal};
use crate::ingest::{Reason, TimestampUnit, context, jsonl, parse_timestamp};
use crate::model::NewSample;
use crate::store::Store;

/// Arguments of `perftop record`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What was measured
    metric: String,

    /// The measured value
    #[arg(allow_hyphen_values = true)]
    value: String,

    /// A tag of the sample; may be given several times
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = tag)]
    context: Vec<(String, String)>,

    /// When it was measured: a number in the unit below, or RFC 3339; now by default
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    timestamp: Option<String>,

    /// The unit of a timestamp that is a number: s, ms, us or ns
    #[arg(long, value_name = "UNIT", default_value = "ms")]
    timestamp_unit: TimestampUnit,
}

/// Reads `KEY=VALUE`.
pub fn tag(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let now_ms = context.now_ms();
    let sample = sample(args, now_ms).map_err(|reason| Refusal::usage(reason.to_string()))?;
    Store::open(&context.config.store.path)?.append(&[sample], None, now_ms)?;
    Ok(Exit::Ok)
}

fn sample(args: &Args, now_ms: i64) -> Result<NewSample, Reason> {
    jsonl::check_name(&args.metric)?;
    let timestamp_ms = match &args.timestamp {
        Some(text) => parse_timestamp(text, args.timestamp_unit, now_ms)?,
        None => now_ms,
    };
    Ok(NewSample {
        metric: args.metric.as_str().into(),
        value: jsonl::parse_value(&args.value)?,
        timestamp_ms,
        context_json: context::from_tags(args.context.iter().map(|(key, value)| (&**key, &**value)))?,
    })
}
