//! Segments on the command line: `--by page,browser`, and `lcp{page="/"}` in the place of a metric.

use std::sync::Arc;

use super::context::Context;
use super::exit::Refusal;
use super::store::metric;
use crate::model::text::{counted, printable_short};
use crate::model::{Limited, MetricName, Segment, TagValue, TimeRange};
use crate::store::{MAX_SEGMENTS, Store};

/// What the user may name where a metric is asked for.
#[derive(Debug, Clone)]
pub enum Series {
    /// A whole metric.
    Metric(MetricName),
    /// A part of one.
    Segment(Segment),
}

impl Series {
    /// The series of that name. A metric of just this name goes before a segment.
    ///
    /// # Errors
    /// When there is no such metric, or it has no such tag.
    pub fn find(store: &Store, name: &str) -> anyhow::Result<Self> {
        let segment = match (name.parse::<Segment>(), name.contains('{')) {
            (Ok(segment), _) => segment,
            (Err(_), false) => return Ok(Self::Metric(metric(store, name)?)),
            (Err(error), true) => {
                return metric(store, name).map(Self::Metric).map_err(|_| Refusal::usage(error.to_string()).into());
            }
        };
        if let Some(exact) = store.metrics()?.into_iter().find(|metric| **metric == *name) {
            return Ok(Self::Metric(exact));
        }
        let metric = metric(store, &segment.metric)?;
        let tags: Vec<Arc<str>> = segment.tags.iter().map(|(tag, _)| Arc::clone(tag)).collect();
        check_tags(store, Some(&metric), &tags)?;
        Ok(Self::Segment(Segment { metric, ..segment }))
    }

    /// Its metric.
    #[must_use]
    pub const fn metric(&self) -> &MetricName {
        match self {
            Self::Metric(metric) => metric,
            Self::Segment(segment) => &segment.metric,
        }
    }

    /// Its name, as it is asked for.
    #[must_use]
    pub fn name(&self) -> MetricName {
        match self {
            Self::Metric(metric) => MetricName::clone(metric),
            Self::Segment(segment) => segment.to_string().into(),
        }
    }
}

/// The tags of `--by`, once each.
///
/// # Errors
/// When one of them has no name.
pub fn grouping(tags: &[Arc<str>]) -> Result<Vec<Arc<str>>, Refusal> {
    let mut found: Vec<Arc<str>> = Vec::new();
    for tag in tags.iter().map(|tag| tag.trim()) {
        if tag.is_empty() {
            return Err(Refusal::usage("--by: a tag without a name: write --by page,browser"));
        }
        if found.iter().all(|known| **known != *tag) {
            found.push(tag.into());
        }
    }
    Ok(found)
}

/// Refuses tags that no sample carries, with those there are.
pub fn check_tags(store: &Store, metric: Option<&str>, tags: &[Arc<str>]) -> anyhow::Result<()> {
    let known = store.tags(metric, TimeRange { from_ms: i64::MIN, until_ms: i64::MAX })?;
    let Some(unknown) = tags.iter().find(|tag| known.iter().all(|known| known.name != **tag)) else { return Ok(()) };
    let whose = metric.map_or_else(|| "any metric".to_owned(), |metric| format!("`{}`", printable_short(metric, 60)));
    let hint = if known.is_empty() {
        "its samples carry none".to_owned()
    } else {
        let names: Vec<String> = known.iter().map(|tag| printable_short(&tag.name, 40)).collect();
        format!("there are {}", names.join(", "))
    };
    Err(Refusal::usage(format!("no tag `{}` of {whose}: {hint}", printable_short(unknown, 40))).into())
}

/// The segment of a metric that has these values.
#[must_use]
pub fn segment(metric: &MetricName, tags: &[Arc<str>], values: Vec<TagValue>) -> Segment {
    Segment { metric: MetricName::clone(metric), tags: tags.iter().cloned().zip(values).collect() }
}

/// Says on stderr what was not told apart.
pub fn say_limited(context: &Context, metric: &str, limited: Limited) {
    let Limited { segments, samples, unkept_samples } = limited;
    let metric = printable_short(metric, 60);
    if segments > 0 {
        context.say(&format!(
            "note: {metric}: {} beyond the {MAX_SEGMENTS} largest ({}) summed up as other",
            counted(segments, "segment"),
            counted(samples, "sample")
        ));
    }
    if unkept_samples > 0 {
        let unkept = counted(unkept_samples, "sample");
        context.say(&format!("note: {metric}: {unkept} in other: the value is not kept apart"));
    }
}
