//! `perftop runs`: the history of modules, where their time goes, and which runs were unusual.

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::{judged, output, store};
use crate::config::nearest;
use crate::model::Run;
use crate::model::text::printable_short;
use crate::report::Runs;
use crate::runs::{History, bottlenecks};
use crate::store::Store;

/// Anomalies that are listed.
const ANOMALIES: usize = 20;

/// Arguments of `perftop runs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this one, in detail
    module: Option<String>,

    /// How many of the newest runs of each to look at
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    last: u32,

    #[command(flatten)]
    format: FormatArg,
}

/// Prints it.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let mut store = store::open_unjudged(context)?;
    judged::new_runs_if_writable(context, &mut store)?;
    let report = report(&store, args.module.as_deref(), args.last as usize, context)?;
    output::print(context, &report, args.format.format)?;
    Ok(Exit::Ok)
}

fn report(store: &Store, module: Option<&str>, last: usize, context: &Context) -> anyhow::Result<Runs> {
    let names: Vec<_> = store.modules()?.into_iter().map(|module| module.module).collect();
    let wanted = names.iter().filter(|name| module.is_none_or(|wanted| ***name == *wanted));
    let runs: Vec<Vec<Run>> = wanted.map(|name| store.runs(name, last)).collect::<Result<_, _>>()?;
    if let (Some(module), true) = (module, runs.is_empty()) {
        let shown = printable_short(module, 60);
        let hint = match nearest(module, names.iter().map(|name| &**name)) {
            Some(near) => format!("did you mean `{}`?", printable_short(near, 60)),
            None => "`perftop runs` lists them".to_owned(),
        };
        return Err(Refusal::usage(format!("no module `{shown}`: {hint}")).into());
    }
    Ok(Runs {
        last,
        module: module.map(str::to_owned),
        modules: runs.iter().filter_map(|runs| History::of(runs)).collect(),
        bottlenecks: bottlenecks(&runs),
        anomalies: store.run_anomalies(module, i64::MIN, ANOMALIES)?,
        zone: context.config.display.zone(),
    })
}
