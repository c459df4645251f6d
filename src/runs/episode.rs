//! From the first run that is unusual to the one that is not.

use crate::model::RunAnomalyState;

/// How long a metric has been unusual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Episode {
    runs: usize,
}

impl Episode {
    /// One more run; answers what became of the anomalies so far, when that is known by it. Unusual for more than `within`
    /// runs after the first, each further run is lasting at once.
    pub fn step(&mut self, is_unusual: bool, within: usize) -> Option<RunAnomalyState> {
        if is_unusual {
            self.runs += 1;
            return (self.runs > within).then_some(RunAnomalyState::Lasting);
        }
        let runs = std::mem::take(&mut self.runs);
        (1..=within).contains(&runs).then_some(RunAnomalyState::Recovered)
    }

    /// Whether the newest run was unusual.
    pub const fn is_on(self) -> bool {
        self.runs > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(unusual: &str, within: usize) -> String {
        let mut episode = Episode::default();
        let told = |c: char| match episode.step(c == 'x', within) {
            None => '-',
            Some(RunAnomalyState::Recovered) => 'r',
            Some(RunAnomalyState::Lasting) => 'l',
            Some(RunAnomalyState::Open) => 'o',
        };
        unusual.chars().map(told).collect()
    }

    #[test]
    fn what_is_back_within_three_runs_has_recovered() {
        assert_eq!(steps("x.x..", 3), "-r-r-");
        assert_eq!(steps("xxx..", 3), "---r-");
        assert_eq!(steps("xxxx.x.", 3), "---l--r");
        assert_eq!(steps("xxxxx.", 3), "---ll-");
        assert_eq!(steps("xx.", 1), "-l-");
    }
}
