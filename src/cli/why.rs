//! `perftop why ALERT`: everything that is known of an alert.

use super::args::FormatArg;
use super::context::Context;
use super::exit::Exit;
use super::label::{alert_number, unknown};
use super::{output, store};
use crate::engine;
use crate::model::{Mute, Rule};
use crate::report::Why;

/// Arguments of `perftop why`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The alert, by the number that `perftop alerts` and the alert list show
    #[arg(value_name = "ALERT", value_parser = alert_number)]
    alert: i64,

    #[command(flatten)]
    format: FormatArg,
}

/// Prints it.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open(context)?;
    let account = store.account(args.alert)?.ok_or_else(|| unknown(args.alert))?;
    let now_ms = context.now_ms();
    let alert = &account.alert;
    let precision = store.precision()?;
    let told = (&context.config.book, &context.config.display.zone());
    let toast_rate = engine::toast_rate(&store, told, &alert.metric, now_ms)?;
    let mutes = store.mutes(now_ms)?;
    let report = Why {
        unit: context.config.book.unit(&alert.metric),
        lasted_ms: alert.lasted_ms(now_ms),
        mute: Mute::covering(&mutes, &alert.metric, alert.rule, now_ms).cloned(),
        precision: precision.into_iter().find(|of| of.metric == alert.metric && of.rule == alert.rule),
        toast_rate: toast_rate.filter(|_| alert.rule == Rule::Surprise),
        zone: context.config.display.zone(),
        account,
    };
    output::print(context, &report, args.format.format)?;
    Ok(Exit::Ok)
}
