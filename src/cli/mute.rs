//! `perftop mute` and `perftop unmute`: what is recorded and not told of, for a while.

use std::io::{self, Write as _};

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::{output, store};
use crate::model::text::{counted, printable_short};
use crate::model::time::{parse_duration_ms, parse_rfc3339};
use crate::model::{ERROR_PERCENT, FAILURES_IN_A_ROW, MetricName, Rule, metric_of};
use crate::report::{Format, Mutes};
use crate::store::{ModuleRuns, Store};

/// A reason is one line of a list.
const MOST_REASON_CHARS: usize = 200;

/// The last instant that can be shown as a date: the end of the year 9999.
const LATEST_MS: i64 = 253_402_300_799_999;

/// Which alerts are meant.
#[derive(Debug, clap::Args)]
struct Which {
    /// The metric
    #[arg(value_name = "METRIC", conflicts_with = "all")]
    metric: Option<String>,

    /// Every metric
    #[arg(long)]
    all: bool,

    /// Only of this rule, such as silence
    #[arg(long, value_name = "RULE")]
    rule: Option<Rule>,
}

/// Arguments of `perftop mute`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// For how long (30m, 2h, 7d); without it until `perftop unmute`
    #[arg(long = "for", value_name = "TIME", conflicts_with = "until")]
    span: Option<String>,

    /// Until when: an instant (2026-11-21T07:00:00Z)
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// Why, for whoever looks at the list
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    format: FormatArg,
}

/// Arguments of `perftop unmute`.
#[derive(Debug, clap::Args)]
pub struct UnmuteArgs {
    #[command(flatten)]
    which: Which,
}

/// Mutes; without a metric it lists the mutes in force.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let Args { which, format, .. } = args;
    if which.metric.is_none() && !which.all {
        if which.rule.is_some() || args.span.is_some() || args.until.is_some() || args.reason.is_some() {
            return Err(Refusal::usage("what is to be muted? Name a metric, or say --all").into());
        }
        return list(context, format.format);
    }
    let now_ms = context.now_ms();
    let until_ms = args.until_ms(now_ms)?;
    let reason = args.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > MOST_REASON_CHARS) {
        return Err(Refusal::usage(format!("--reason: at most {MOST_REASON_CHARS} characters")).into());
    }
    let mut store = Store::open_existing(&context.config.store.path)?;
    let metric = which.metric(&store)?;
    store.mute(metric.as_deref(), which.rule, until_ms, reason, now_ms)?;
    list(context, format.format)
}

/// Ends mutes.
pub fn unmute(args: &UnmuteArgs, context: &Context) -> anyhow::Result<Exit> {
    let which = &args.which;
    let now_ms = context.now_ms();
    let mut store = Store::open_existing(&context.config.store.path)?;
    let ended = match (&which.metric, which.rule) {
        (Some(metric), rule) => store.unmute(Some(metric), rule, now_ms)?,
        (None, None) if which.all => store.unmute_all(now_ms)?,
        (None, rule) if which.all => store.unmute(None, rule, now_ms)?,
        (None, _) => return Err(Refusal::usage("what is to be told of again? Name a metric, or say --all").into()),
    };
    if ended == 0 {
        return Err(Refusal::usage("no such mute: `perftop mute` lists them").into());
    }
    writeln!(io::stdout(), "ended {}", counted(ended as u64, "mute"))?;
    Ok(Exit::Ok)
}

fn list(context: &Context, format: Format) -> anyhow::Result<Exit> {
    let store = Store::open_read(&context.config.store.path)?;
    let mutes = store.mutes(context.now_ms())?;
    output::print(context, &Mutes { mutes, zone: context.config.display.zone() }, format)?;
    Ok(Exit::Ok)
}

impl Args {
    fn until_ms(&self, now_ms: i64) -> Result<Option<i64>, Refusal> {
        let until_ms = match (&self.span, &self.until) {
            (Some(span), _) => {
                let span_ms = parse_duration_ms(span).map_err(|error| Refusal::usage(format!("--for: {error}")))?;
                now_ms.saturating_add(span_ms)
            }
            (None, Some(until)) => parse_rfc3339(until).ok_or_else(|| {
                let shown = printable_short(until, 60);
                Refusal::usage(format!("--until: `{shown}` is no instant: write RFC 3339 (2026-11-21T07:00:00Z)"))
            })?,
            (None, None) => return Ok(None),
        };
        if until_ms > LATEST_MS {
            return Err(Refusal::usage("that is too far ahead: without --for and --until a mute has no end"));
        }
        if until_ms <= now_ms {
            return Err(Refusal::usage("the mute would end before it begins"));
        }
        Ok(Some(until_ms))
    }
}

impl Which {
    /// The metric, which must be there; `None` for all.
    fn metric(&self, store: &Store) -> anyhow::Result<Option<MetricName>> {
        let Some(name) = self.metric.as_deref() else { return Ok(None) };
        // What is counted over several runs has no samples of its own.
        let counted =
            |module: &ModuleRuns| [FAILURES_IN_A_ROW, ERROR_PERCENT].map(|what| metric_of(&module.module, what));
        let of_runs = store.modules()?.iter().flat_map(counted).find(|metric| **metric == *name);
        of_runs.map_or_else(|| store::metric(store, name), Ok).map(Some)
    }
}
