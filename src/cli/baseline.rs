//! `perftop baseline [METRIC] [--by TAGS]`: what is normal, over 24 hours, a week and thirty days.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::args::FormatArg;
use super::context::Context;
use super::exit::{Exit, Refusal};
use super::segments::{self, Series};
use super::{expected, output, store};
use crate::model::{Baseline, Expectation, MetricName, Segment, TagValue, Window};
use crate::report::{BaselineRow, Baselines};
use crate::store::{EXACT_SAMPLES, Effort, Store};

/// Arguments of `perftop baseline`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of this metric, or of a segment of it such as 'lcp{page="/"}'
    metric: Option<String>,

    /// Take metrics apart by these tags of their samples
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    by: Vec<Arc<str>>,

    /// Instead of the windows what is expected, hour by hour: rolling (75th percentile of the 24 hours before), smoothed
    /// (exponentially, over the hours of a week) or seasonal (the same hour of up to eight weeks)
    #[arg(long, value_name = "KIND")]
    kind: Option<Expectation>,

    #[command(flatten)]
    format: FormatArg,
}

/// Prints them, worked out afresh.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let store = store::open_unjudged(context)?;
    let by = segments::grouping(&args.by)?;
    let series = args.metric.as_deref().map(|name| Series::find(&store, name)).transpose()?;
    if let (Some(Series::Segment(_)), [_, ..]) = (&series, &by[..]) {
        return Err(Refusal::usage("--by takes whole metrics apart: name the metric without its tags").into());
    }
    if let Some(kind) = args.kind {
        let report = expected::report(&store, kind, series, &by, context)?;
        output::print(context, &report, args.format.format)?;
        return Ok(Exit::Ok);
    }
    let mut answer = Answer { context, report: Baselines { baselines: Vec::new(), limited: BTreeMap::new() } };
    match (series, &by[..]) {
        (Some(Series::Segment(segment)), []) => answer.add_segment(&store, &segment)?,
        (Some(Series::Metric(metric)), []) => answer.add_metrics(&store, Some(&metric))?,
        (None, []) => answer.add_metrics(&store, None)?,
        (series, by) => answer.add_segments(&store, series.as_ref().map(|series| &**series.metric()), by)?,
    }
    output::print(context, &answer.report, args.format.format)?;
    Ok(Exit::Ok)
}

struct Answer<'a> {
    context: &'a Context,
    report: Baselines,
}

impl Answer<'_> {
    fn add_metrics(&mut self, store: &Store, only: Option<&str>) -> anyhow::Result<()> {
        let ranges = Window::BASELINES.map(|window| window.range_at(self.context.now_ms()));
        store.visit_baselines(only, &ranges, EXACT_SAMPLES, Effort::Foreground, &mut |metric, found| {
            self.add(metric, None, found);
        })?;
        Ok(())
    }

    fn add_segments(&mut self, store: &Store, only: Option<&str>, tags: &[Arc<str>]) -> anyhow::Result<()> {
        segments::check_tags(store, only, tags)?;
        let ranges = Window::BASELINES.map(|window| window.range_at(self.context.now_ms()));
        store.visit_segments(only, tags, &ranges, &mut |metric, found| {
            for (values, baselines) in found.parts {
                self.add(metric, Some(&segments::segment(metric, tags, values)), &baselines);
            }
            if found.limited.is_any() {
                segments::say_limited(self.context, metric, found.limited);
                self.report.limited.insert(metric.to_string(), found.limited);
            }
        })?;
        Ok(())
    }

    fn add_segment(&mut self, store: &Store, segment: &Segment) -> anyhow::Result<()> {
        let (tags, wanted): (Vec<Arc<str>>, Vec<TagValue>) = segment.tags.iter().cloned().unzip();
        let ranges = Window::BASELINES.map(|window| window.range_at(self.context.now_ms()));
        let mut found = vec![None; ranges.len()];
        store.visit_segments(Some(&segment.metric), &tags, &ranges, &mut |_, segments| {
            let part = segments.parts.into_iter().find(|(values, _)| *values == wanted);
            found = part.map_or_else(|| vec![None; ranges.len()], |(_, baselines)| baselines);
        })?;
        if found.iter().all(Option::is_none) {
            return Err(Refusal::not_enough_data(format!("no samples of `{segment}` in any window")).into());
        }
        self.add(&segment.metric, Some(segment), &found);
        Ok(())
    }

    fn add(&mut self, metric: &MetricName, segment: Option<&Segment>, found: &[Option<Baseline>]) {
        for (window, &baseline) in Window::BASELINES.into_iter().zip(found) {
            self.report.baselines.push(BaselineRow {
                metric: metric.to_string(),
                part: segment.map(Into::into),
                unit: self.context.config.book.unit(metric),
                window: window.as_str(),
                baseline,
            });
        }
    }
}
