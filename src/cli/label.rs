//! `perftop label ALERT true|false|none`: whether an alert was worth it.

use std::io::{self, Write as _};

use clap::ValueEnum;

use super::context::Context;
use super::exit::{Exit, Refusal};
use crate::model::text::printable;
use crate::model::{Alert, Precision};
use crate::store::Store;

/// Arguments of `perftop label`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The alert, by the number that `perftop alerts` and the alert list show
    #[arg(value_name = "ALERT")]
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
    writeln!(io::stdout(), "{}", sentence(&alert, precision.iter().find(of_kind)))?;
    Ok(Exit::Ok)
}

/// There is no alert of this number.
pub fn unknown(id: i64) -> Refusal {
    Refusal::usage(format!("no alert {id}: `perftop alerts` lists them with their numbers"))
}

fn sentence(alert: &Alert, precision: Option<&Precision>) -> String {
    let called = alert.label_word().unwrap_or("without a label");
    let so_far = precision.map_or_else(String::new, |precision| format!("; {}", precision.sentence()));
    format!("alert {} ({} on {}): {called}{so_far}", alert.id, alert.rule, printable(&alert.metric))
}
