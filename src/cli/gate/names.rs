//! Whether what the user names is there to be judged: a name that is not would be passed over in silence.

use std::collections::BTreeSet;

use super::Args;
use crate::cli::exit::Refusal;
use crate::config::nearest;
use crate::model::text::printable_short;
use crate::report::ModuleGate;

/// Checks the metrics that were named: `known` are those that the runs have, `gates` what is judged.
pub(super) fn check(args: &Args, known: &BTreeSet<String>, gates: &[ModuleGate]) -> Result<(), Refusal> {
    if known.is_empty() {
        // Runs that all failed have no measures, and may yet get what was asked for.
        return Ok(());
    }
    let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    if let Some(name) = args.metrics.iter().find(|name| !known.contains(name.as_str())) {
        let (shown, hint) = (printable_short(name, 60), hint(name, &known));
        return Err(Refusal::usage(format!("--metric: these runs have no `{shown}`: {hint}")));
    }
    if let Some(gate) = gates.iter().find(|gate| gate.metrics.is_empty() && !args.modules.is_empty()) {
        let shown = printable_short(&gate.module, 60);
        return Err(Refusal::usage(format!("--metric: the runs of `{shown}` have none of these")));
    }
    let judged: BTreeSet<&str> = gates.iter().flat_map(|gate| &gate.metrics).map(|row| row.metric.as_str()).collect();
    if let Some((name, _)) = args.direction.iter().find(|(name, _)| !judged.contains(name.as_str())) {
        let shown = printable_short(name, 60);
        let is_there = known.contains(name.as_str());
        let hint = if is_there { format!("--metric {shown} adds it") } else { hint(name, &judged) };
        return Err(Refusal::usage(format!("--direction: no `{shown}` is judged here: {hint}")));
    }
    Ok(())
}

/// The name that is alike, or all there are.
fn hint(name: &str, among: &BTreeSet<&str>) -> String {
    match nearest(name, among.iter().copied()) {
        Some(near) => format!("did you mean `{}`?", printable_short(near, 60)),
        None => format!("there are {}", printable_short(&among.iter().copied().collect::<Vec<_>>().join(", "), 200)),
    }
}
