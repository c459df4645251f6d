//! What a detector has to say, as a sentence.

use super::monitor::{Change, Notice, Trouble};
use super::surprise::Reason;
use crate::model::text::value;
use crate::model::time::length;
use crate::model::{Explanation, Unit};

impl Notice {
    /// The sentence, without the metric's name: what was seen, against what is usual, and how rare that is.
    #[must_use]
    pub fn sentence(&self, found: Option<f64>, timestamp_ms: i64, unit: Unit) -> String {
        match (&self.change, self.trouble) {
            (Change::Recovered { since_ms }, _) => {
                format!("back to normal after {}", length(timestamp_ms.saturating_sub(*since_ms)))
            }
            (Change::NewNormal { since_ms }, _) => {
                format!("the new normal after {}", length(timestamp_ms.saturating_sub(*since_ms)))
            }
            (_, Trouble::Surprise) => self.surprise(unit),
            (_, Trouble::Stuck) => {
                let at = found.map_or(String::new(), |found| format!(" at {}", value(found, unit)));
                format!("stuck{at}: {} equal values in a row", self.extent)
            }
            (_, Trouble::Silence) => format!("no sample for {}", length(self.extent)),
        }
    }

    /// Why, reason by reason, the strongest first.
    #[must_use]
    pub fn explanations(&self, found: f64, timestamp_ms: i64, unit: Unit) -> Vec<Explanation> {
        let only = |observed, samples, rarity: &str| {
            vec![Explanation {
                text: self.sentence(Some(found), timestamp_ms, unit),
                observed,
                expected: None,
                rarity: Some(rarity.to_owned()),
                samples,
            }]
        };
        match self.trouble {
            Trouble::Surprise => self.reasons.iter().map(|reason| reason.explained(found, unit)).collect(),
            Trouble::Stuck => {
                let run = u32::try_from(self.extent).unwrap_or(u32::MAX);
                only(Some(found), run, "hardly ever by chance, by how often equal values followed each other before")
            }
            Trouble::Silence => only(None, 0, "longer than several usual intervals, and than several rare ones"),
        }
    }

    fn surprise(&self, unit: Unit) -> String {
        let Some((first, rest)) = self.reasons.split_first() else {
            return "many small things are unusual at once".to_owned();
        };
        let told = |reason: &Reason| reason.words(unit);
        let rest: Vec<String> = rest.iter().map(told).collect();
        let rest = if rest.is_empty() { String::new() } else { format!("; {}", rest.join("; ")) };
        format!("{} ({}){rest}", told(first), first.rarity())
    }
}
