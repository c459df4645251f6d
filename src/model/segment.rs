//! A part of a metric: its samples with certain values of certain tags, such as `lcp{page="/"}`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::MetricName;
use super::text::{is_printable, printable};

/// What a sample says of a tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagValue {
    /// This.
    Is(Arc<str>),
    /// Nothing: it does not carry the tag. Written `none`.
    Missing,
    /// A value that is not told apart, because there are too many. Written `other`.
    Other,
}

impl TagValue {
    const MISSING: &'static str = "none";
    const OTHER: &'static str = "other";
}

/// The value in quotes; `none` and `other` bare.
impl fmt::Display for TagValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => write_quoted(f, value),
            Self::Missing => f.write_str(Self::MISSING),
            Self::Other => f.write_str(Self::OTHER),
        }
    }
}

/// A part of a metric. Written `lcp{page="/",browser=none}`; names of tags that are more than letters, digits
/// and `_ . - : /` stand in quotes, `\` keeps a quote inside, and `\u{1b}` stands for what no terminal may get.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// The metric.
    pub metric: MetricName,
    /// The tags, in the order in which they are asked for, and their values; not empty.
    pub tags: Vec<(Arc<str>, TagValue)>,
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric)?;
        for ((name, value), before) in self.tags.iter().zip(std::iter::once('{').chain(std::iter::repeat(','))) {
            write!(f, "{before}")?;
            if is_bare(name) { f.write_str(name) } else { write_quoted(f, name) }?;
            write!(f, "={value}")?;
        }
        f.write_str("}")
    }
}

impl Segment {
    /// Its values alone, for where its tags are known: `/cart, firefox`. What is no value stands in brackets.
    #[must_use]
    pub fn label(&self) -> String {
        let value = |(_, value): &(Arc<str>, TagValue)| match value {
            TagValue::Is(value) => value.to_string(),
            missing_or_other => format!("({missing_or_other})"),
        };
        self.tags.iter().map(value).collect::<Vec<_>>().join(", ")
    }
}

impl Serialize for Segment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-:/".contains(c))
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if is_printable(c) => write!(f, "{c}")?,
            c => write!(f, "\\u{{{:x}}}", u32::from(c))?,
        }
    }
    f.write_str("\"")
}

/// The text is no segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no segment: write METRIC{{tag=\"value\"}}", printable(.0))]
pub struct SegmentParseError(pub String);

impl FromStr for Segment {
    type Err = SegmentParseError;

    /// Braces in the metric's name are its own as long as what follows them is no list of tags.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.match_indices('{')
            .find_map(|(at, _)| Some(Self { metric: text[..at].into(), tags: tags(&text[at + 1..])? }))
            .ok_or_else(|| SegmentParseError(text.to_owned()))
    }
}

/// `page="/",browser=none}`, to the end of the text.
fn tags(mut rest: &str) -> Option<Vec<(Arc<str>, TagValue)>> {
    let mut tags = Vec::new();
    loop {
        let (name, after) = word(rest)?;
        let (value, after) = word(after.trim_start().strip_prefix('=')?)?;
        let value = match value {
            Word::Quoted(value) => TagValue::Is(value.into()),
            Word::Bare(TagValue::MISSING) => TagValue::Missing,
            Word::Bare(TagValue::OTHER) => TagValue::Other,
            Word::Bare(value) => TagValue::Is(value.into()),
        };
        let name = match name {
            Word::Quoted(name) => name.into(),
            Word::Bare(name) => name.into(),
        };
        tags.push((name, value));
        let after = after.trim_start();
        if after == "}" {
            return Some(tags);
        }
        rest = after.strip_prefix(',')?;
    }
}

#[derive(Debug)]
enum Word<'a> {
    Bare(&'a str),
    Quoted(String),
}

/// The first word, and what follows it.
fn word(text: &str) -> Option<(Word<'_>, &str)> {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| !is_bare(c.encode_utf8(&mut [0; 4])))?;
        return (end > 0).then(|| (Word::Bare(&text[..end]), &text[end..]));
    };
    let mut word = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((Word::Quoted(word), chars.as_str())),
            '\\' => match chars.next()? {
                'u' => {
                    let (code, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                    word.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                    chars = rest.chars();
                }
                c => word.push(c),
            },
            c => word.push(c),
        }
    }
}

/// What was not told apart among the segments of a metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Limited {
    /// Segments beyond the largest ones; they are summed up as `other`.
    pub segments: u64,
    /// Samples in them.
    pub samples: u64,
    /// Samples of which a value was never kept, as the tag has too many.
    pub unkept_samples: u64,
}

impl Limited {
    /// Whether anything was left out.
    #[must_use]
    pub fn is_any(self) -> bool {
        self != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn segment(metric: &str, tags: &[(&str, TagValue)]) -> Segment {
        Segment {
            metric: metric.into(),
            tags: tags.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
        }
    }

    fn is(value: &str) -> TagValue {
        TagValue::Is(value.into())
    }

    #[rstest]
    #[case(r#"lcp{page="/"}"#, "lcp", &[("page", is("/"))])]
    #[case(r#"lcp{page="/",browser=none}"#, "lcp", &[("page", is("/")), ("browser", TagValue::Missing)])]
    #[case(r#"a{b="c"}{"d e"=other}"#, "a{b=\"c\"}", &[("d e", TagValue::Other)])]
    #[case(r#"a{"\"\\"="none"}"#, "a", &[("\"\\", is("none"))])]
    #[case(r#"a{b="\u{1b}\u{202e}"}"#, "a", &[("b", is("\u{1b}\u{202e}"))])]
    fn a_segment_reads_as_it_is_written(#[case] text: &str, #[case] metric: &str, #[case] tags: &[(&str, TagValue)]) {
        assert_eq!(text.parse(), Ok(segment(metric, tags)));
        assert_eq!(segment(metric, tags).to_string(), text);
    }

    #[test]
    fn hands_may_write_it_with_fewer_quotes() {
        assert_eq!(
            r"lcp{ page = / , status=200 }".parse(),
            Ok(segment("lcp", &[("page", is("/")), ("status", is("200"))]))
        );
    }

    #[rstest]
    #[case("lcp")]
    #[case("lcp{}")]
    #[case("lcp{page}")]
    #[case("lcp{page=}")]
    #[case(r#"lcp{page="/}"#)]
    #[case(r#"lcp{page="/"} "#)]
    #[case(r#"lcp{page="\u{110000}"}"#)]
    #[case(r#"lcp{page="\u1b"}"#)]
    fn what_is_no_segment_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Segment>(), Err(SegmentParseError(text.to_owned())));
    }

    proptest! {
        #[test]
        fn every_segment_comes_back(
            metric in r#"[a{}"=\\, ]{0,8}"#,
            names in prop::collection::vec((r#"[a{}"=\\,. ]{0,4}|none"#, prop::option::of(r#"[au{}"=\\, \x00-\x1f\u{202e}]{0,6}|none"#)), 1..4),
        ) {
            let of = |value: &Option<String>| value.as_deref().map_or(TagValue::Missing, is);
            let tags: Vec<_> = names.iter().map(|(name, value)| (&**name, of(value))).collect();
            let segment = segment(&metric, &tags);
            prop_assert_eq!(segment.to_string().parse(), Ok(segment));
        }
    }
}
