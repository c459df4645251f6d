//! Simulated runs with a known truth: how long a command takes on machines that are noisy in different ways.

use fastrand::Rng;

/// How the times of a command that does not change scatter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// Log-normal with this coefficient of variation.
    LogNormal(f64),
    /// Times of two machines, one 12 % slower, that take turns by chance: this share of runs is slow. Each 1 %.
    Bimodal(f64),
    /// 3 %, and one run of all, by chance, takes three times as long.
    OneSlow,
}

impl Noise {
    /// Times of `before` runs and `after` more, in ms, the latter longer by the share `step`.
    pub fn runs(self, before: usize, after: usize, step: f64, rng: &mut Rng) -> (Vec<f64>, Vec<f64>) {
        let slow = rng.usize(..before + after);
        let mut times = (0..before + after).map(|run| {
            let shifted = if run < before { 1.0 } else { 1.0 + step };
            100.0 * shifted * self.factor(run == slow, rng)
        });
        let first = times.by_ref().take(before).collect();
        (first, times.collect())
    }

    fn factor(self, is_slow: bool, rng: &mut Rng) -> f64 {
        match self {
            Self::LogNormal(cv) => (normal(rng) * (cv * cv).ln_1p().sqrt()).exp(),
            Self::Bimodal(share) => (normal(rng) * 0.01).exp() * if rng.f64() < share { 1.12 } else { 1.0 },
            Self::OneSlow => (normal(rng) * 0.03).exp() * if is_slow { 3.0 } else { 1.0 },
        }
    }
}

/// All kinds.
pub const EVERY: [Noise; 6] = [
    Noise::LogNormal(0.01),
    Noise::LogNormal(0.03),
    Noise::LogNormal(0.1),
    Noise::Bimodal(0.3),
    Noise::Bimodal(0.5),
    Noise::OneSlow,
];

/// A normal number (Box & Muller 1958).
fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (rng.f64() * std::f64::consts::TAU).cos()
}
