//! Random moments, from seeds that can be had again.

use std::io::Write as _;
use std::time::Duration;

/// Runs a test that depends on chance: once, or as often as `PERFTOP_SURVIVAL_ROUNDS` says. The seed of each round
/// is shown when it fails; `PERFTOP_SURVIVAL_SEED` sets the first one.
#[expect(clippy::print_stdout, reason = "the test harness holds it back until the test fails")]
pub fn by_chance(test: impl Fn(&mut fastrand::Rng)) {
    let number = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let first = number("PERFTOP_SURVIVAL_SEED").unwrap_or_else(|| fastrand::u64(..u64::from(u32::MAX)));
    for seed in first..first + number("PERFTOP_SURVIVAL_ROUNDS").unwrap_or(1) {
        println!("PERFTOP_SURVIVAL_SEED={seed}");
        test(&mut fastrand::Rng::with_seed(seed));
    }
}

/// Lets a random time pass, up to `longest`. This is no waiting for something: the moment itself is the test.
pub fn pass_time(chance: &mut fastrand::Rng, longest: Duration) {
    std::thread::sleep(longest.mul_f64(chance.f64()));
}

/// Says on the terminal itself that a test could not be run here, so that it is not taken for passed. The
/// harness holds back what is printed in the usual way.
pub fn skipped(needs: &str) {
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    let _ = writeln!(std::io::stderr(), "{name}: skipped: needs {needs}");
}
