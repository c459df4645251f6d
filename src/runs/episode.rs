//! From the first run that is unusual to the one that is not. The user is told of it once.

/// A metric that is not measured in so many runs will not be back: it took place elsewhere, or nobody says it any more.
const GIVEN_UP_AFTER: usize = 10;

/// On which side of what is usual a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Below the limit.
    Below,
    /// At the limit or above.
    Above,
}

/// What a run is to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// As usual.
    Usual,
    /// Unusual in a way that nobody was told of.
    News,
    /// Unusual on the other side: what was is over, and this is news.
    Turned,
    /// Unusual still.
    Ongoing,
    /// As usual again.
    Back,
}

/// How a metric has been unusual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Episode {
    /// The side that was told of.
    told: Option<Side>,
    /// The number of the newest run that has the metric.
    seen: usize,
}

impl Episode {
    /// One more run, by its number; on which side it is unusual, if it is.
    pub fn step(&mut self, unusual: Option<Side>, run: usize) -> Step {
        self.seen = run;
        match (std::mem::replace(&mut self.told, unusual), unusual) {
            (Some(before), Some(now)) if before == now => Step::Ongoing,
            (Some(_), Some(_)) => Step::Turned,
            (None, Some(_)) => Step::News,
            (Some(_), None) => Step::Back,
            (None, None) => Step::Usual,
        }
    }

    /// Whether the newest run was unusual.
    pub const fn is_on(self) -> bool {
        self.told.is_some()
    }

    /// Whether it is on, and nobody will see its end, as of this run.
    pub const fn is_given_up(self, run: usize) -> bool {
        self.is_on() && run - self.seen >= GIVEN_UP_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(runs: &str) -> String {
        let mut episode = Episode::default();
        let side = |c: char| match c {
            '^' => Some(Side::Above),
            'v' => Some(Side::Below),
            _ => None,
        };
        let told = |step: Step| match step {
            Step::Usual => '.',
            Step::News => 'x',
            Step::Turned => 't',
            Step::Ongoing => 'o',
            Step::Back => 'r',
        };
        runs.chars().zip(0..).map(|(c, run)| told(episode.step(side(c), run))).collect()
    }

    #[test]
    fn a_side_is_told_of_once_until_it_is_back_or_on_the_other() {
        assert_eq!(steps(".^.^^^..v."), ".xrxoor.xr");
        assert_eq!(steps("^vv^v."), "xtottr");
    }
}
