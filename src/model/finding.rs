//! What a detector says of a sample: which rule fired, on which values, against which limits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ControlLimits, MetricName, Point, UnknownWord};

/// How much a finding matters. The number is what the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Recorded and listed, not toasted by default.
    Info = 1,
    /// Toasted.
    Warning = 2,
    /// Toasted until seen, with the bell.
    Critical = 3,
}

impl Severity {
    /// 1, 2 or 3, as in `spc_anomalies.severity`.
    #[must_use]
    pub const fn level(self) -> i64 {
        self as i64
    }

    /// The severity for a stored number; what is out of range counts as the nearest end.
    #[must_use]
    pub const fn from_level(level: i64) -> Self {
        match level {
            ..=1 => Self::Info,
            2 => Self::Warning,
            3.. => Self::Critical,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was found by: a Western Electric run rule (Western Electric 1956, Statistical Quality Control Handbook), with the
/// run of seven of ISO 7870 practice instead of the handbook's eight; or a detector that knows a metric's own past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// One value beyond 3 sd.
    BeyondLimit,
    /// Two of three consecutive values beyond 2 sd on the same side.
    TwoOfThree,
    /// Seven consecutive values on the same side of the centre line.
    SevenOnOneSide,
    /// The metric is unlike its own past.
    Surprise,
    /// The values do not move any more.
    Stuck,
    /// No samples come any more.
    Silence,
    /// Two of three agree: an isolation forest, the fences, a trend over the last samples.
    Ensemble,
    /// Far from the mean of the last samples, in their standard deviations.
    ZScore,
    /// Beyond the fences around the middle half of the last samples.
    Iqr,
    /// A multiple of the average of the last samples.
    TimesAverage,
}

impl Rule {
    /// Every run rule, the gravest first: what a control chart is marked with.
    pub const EVERY: [Self; 3] = [Self::BeyondLimit, Self::TwoOfThree, Self::SevenOnOneSide];
    /// Every detector that knows a metric's own past.
    pub const DETECTORS: [Self; 3] = [Self::Surprise, Self::Stuck, Self::Silence];

    /// Every detector that compares a sample with the hundred before it.
    pub const CLASSIC: [Self; 4] = [Self::Ensemble, Self::ZScore, Self::Iqr, Self::TimesAverage];

    /// Every rule and every detector.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        Self::EVERY.into_iter().chain(Self::DETECTORS).chain(Self::CLASSIC)
    }

    /// The word for it in configuration, JSON and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeyondLimit => "beyond-limit",
            Self::TwoOfThree => "two-of-three",
            Self::SevenOnOneSide => "seven-on-one-side",
            Self::Surprise => "surprise",
            Self::Stuck => "stuck",
            Self::Silence => "silence",
            Self::Ensemble => "ensemble",
            Self::ZScore => "z-score",
            Self::Iqr => "iqr",
            Self::TimesAverage => "times-average",
        }
    }

    /// Whether it knows by itself when what it found is over.
    #[must_use]
    pub fn is_detector(self) -> bool {
        !Self::EVERY.contains(&self)
    }

    /// 1, 2 or 3 for a run rule: the number a chart puts beside the point. Detectors follow.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::BeyondLimit => 1,
            Self::TwoOfThree => 2,
            Self::SevenOnOneSide => 3,
            Self::Surprise => 4,
            Self::Stuck => 5,
            Self::Silence => 6,
            Self::Ensemble => 7,
            Self::ZScore => 8,
            Self::Iqr => 9,
            Self::TimesAverage => 10,
        }
    }

    /// How much a finding of this rule matters; a detector says more exactly.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::BeyondLimit => Severity::Critical,
            Self::SevenOnOneSide => Severity::Info,
            _ => Severity::Warning,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Rule {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::all().find(|rule| rule.as_str() == word).ok_or_else(|| UnknownWord {
            what: "rule",
            found: word.to_owned(),
            expected: "beyond-limit, two-of-three, seven-on-one-side, surprise, stuck, silence, ensemble, z-score, iqr, \
                       times-average",
        })
    }
}

/// `spc_anomalies.control_limit_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LimitType {
    /// Above the upper control limit.
    Ucl,
    /// Below the lower control limit.
    Lcl,
    /// A run beyond 2 sd.
    Run,
    /// A run on one side of the centre line.
    Trend,
}

impl LimitType {
    /// The word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ucl => "UCL",
            Self::Lcl => "LCL",
            Self::Run => "RUN",
            Self::Trend => "TREND",
        }
    }

    /// The type for a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Ucl, Self::Lcl, Self::Run, Self::Trend].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A rule fired on a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The series.
    pub metric: MetricName,
    /// The rule that fired.
    pub rule: Rule,
    /// Which limit was broken.
    pub limit_type: LimitType,
    /// How much it matters.
    pub severity: Severity,
    /// The id of the sample that completed the rule.
    pub sample_id: i64,
    /// The samples that made the rule fire, oldest first; the last one completed it.
    pub evidence: Vec<Point>,
    /// The limits it was judged against; the judged sample had no part in them.
    pub limits: ControlLimits,
    /// One sentence for a person, with values and limits in the metric's unit.
    pub description: String,
    /// Why, the strongest reason first.
    pub explanations: Vec<Explanation>,
}

/// One reason for a finding: what was seen, against what was expected, and how rare that is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// In words, in the metric's unit: `mean of 48 samples 97 ms, usually 29 ms`.
    pub text: String,
    /// What was seen, in the metric's unit, where it is a number of that kind.
    pub observed: Option<f64>,
    /// What was expected, in the same unit.
    pub expected: Option<f64>,
    /// How rare it is, in words: `highest in 4096 samples`.
    pub rarity: Option<String>,
    /// How many of the newest samples it is about.
    pub samples: u32,
}

/// How something that was found has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The metric is again as it was.
    Recovered,
    /// What was new has become what is normal.
    NewNormal,
    /// Nobody knows: nothing was heard of it for too long, or the log it was found in is gone.
    Forgotten,
}

impl Ending {
    /// The word in the store and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::NewNormal => "new-normal",
            Self::Forgotten => "forgotten",
        }
    }

    /// The ending for a stored word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Recovered, Self::NewNormal, Self::Forgotten].into_iter().find(|ending| ending.as_str() == word)
    }
}

/// What a detector found is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The series.
    pub metric: MetricName,
    /// The detector.
    pub rule: Rule,
    /// The id of the sample that showed it.
    pub sample_id: i64,
    /// When: ms since the Unix epoch.
    pub timestamp_ms: i64,
    /// How it ended.
    pub ending: Ending,
}

impl Finding {
    /// The sample that completed the rule.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        self.evidence.last().copied()
    }
}
