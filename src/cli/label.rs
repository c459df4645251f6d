//! `perftop label ALERT true|false|none`: whether an alert was worth it.

use std::io::{self, Write as _};

use clap::ValueEnum;

use super::context::Context;
use super::exit::{Exit, Refusal};
use crate::engine;
use crate::model::text::printable;
use crate::model::{Alert, Precision, Rule};
use crate::store::Store;

/// Where the numbers of alerts are found.
const LISTED: &str = "`perftop alerts` lists them with their numbers";

/// Arguments of `perftop label`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The alert, by the number that `perftop alerts` and the alert list show
    #[arg(value_name = "ALERT", value_parser = alert_number)]
    alert: i64,

    /// Whether something was wrong: `none` takes the label back
    #[arg(value_name = "LABEL")]
    label: Label,
}

/// What the user calls an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Label {
    True,
    False,
    None,
}

/// Notes it, and says how often alerts like it were true.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let label = match args.label {
        Label::True => Some(true),
        Label::False => Some(false),
        Label::None => None,
    };
    let mut store = Store::open_existing(&context.config.store.path)?;
    let alert = store.label(args.alert, label, context.now_ms())?.ok_or_else(|| unknown(args.alert))?;
    let precision = store.precision()?;
    let of_kind = |precision: &&Precision| precision.metric == alert.metric && precision.rule == alert.rule;
    let told = (&context.config.book, &context.config.display.zone());
    let rate =
        engine::toast_rate(&store, told, &alert.metric, context.now_ms())?.filter(|_| alert.rule == Rule::Surprise);
    let toasts_from = rate.and_then(|rate| rate.toasts_from);
    writeln!(io::stdout(), "{}", sentence(&alert, precision.iter().find(of_kind), toasts_from))?;
    Ok(Exit::Ok)
}

/// An alert, as the user names it.
pub fn alert_number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("an alert is named by its number, such as 7: {LISTED}"))
}

/// There is no alert of this number.
pub fn unknown(id: i64) -> Refusal {
    Refusal::usage(format!("no alert {id}: {LISTED}"))
}

fn sentence(alert: &Alert, precision: Option<&Precision>, toasts_from: Option<f64>) -> String {
    let called = alert.label_word().unwrap_or("without a label");
    let so_far = precision.map_or_else(String::new, |precision| format!("; {}", precision.sentence()));
    let from = toasts_from.map_or_else(String::new, |nats| format!("; toasts from {nats:.1} nats"));
    format!("alert {} ({} on {}): {called}{so_far}{from}", alert.id, alert.rule, printable(&alert.metric))
}
