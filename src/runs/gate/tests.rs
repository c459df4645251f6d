//! What the gate calls a regression, and what it does not.

use rstest::rstest;

use super::*;

const CALM: [f64; 6] = [100.0, 101.0, 99.0, 102.0, 98.0, 100.5];

fn evidence(after: &[f64], direction: Direction) -> Evidence {
    Evidence {
        before: CALM.to_vec(),
        after: after.to_vec(),
        direction,
        noise: 0.0,
        is_comparable: true,
        has_failed: false,
    }
}

fn verdict(after: &[f64], direction: Direction, options: &GateOptions) -> Verdict {
    judge(&[evidence(after, direction)], options)[0].verdict
}

#[rstest]
#[case::slower(1.2, Direction::Lower, Verdict::Regression)]
#[case::less_is_worse(1.2, Direction::Higher, Verdict::Improvement)]
#[case::any_change(1.2, Direction::Either, Verdict::Regression)]
#[case::faster(0.8, Direction::Lower, Verdict::Improvement)]
#[case::fewer(0.8, Direction::Higher, Verdict::Regression)]
#[case::any_change_down(0.8, Direction::Either, Verdict::Regression)]
#[case::same(1.0, Direction::Lower, Verdict::NoChange)]
#[case::too_little(1.025, Direction::Lower, Verdict::NoChange)]
fn a_shift_is_judged_by_what_is_better(#[case] by: f64, #[case] direction: Direction, #[case] expected: Verdict) {
    assert_eq!(verdict(&CALM.map(|value| value * by), direction, &GateOptions::default()), expected);
}

#[test]
fn what_one_run_shows_is_to_be_confirmed() {
    let options = GateOptions::default();
    let alone = GateOptions { confirm: Some(Confirm { k: 1, n: 1 }), ..options };
    let after_long = |value: f64, options: &GateOptions| {
        let before = CALM.iter().cycle().take(26).copied().collect();
        judge(&[Evidence { before, ..evidence(&[value], Direction::Lower) }], options)[0].verdict
    };
    assert_eq!(after_long(150.0, &options), Verdict::Inconclusive);
    assert_eq!(after_long(100.0, &options), Verdict::NotEnoughData);
    assert_eq!(after_long(150.0, &alone), Verdict::Regression, "the user takes its word");
    assert_eq!(after_long(100.0, &alone), Verdict::NoChange);
    for value in [100.0, 150.0, 1e9] {
        for options in [&options, &alone] {
            let found = verdict(&[value], Direction::Lower, options);
            assert_eq!(found, Verdict::NotEnoughData, "beside six, one can show nothing, whatever it is");
        }
    }
    assert_eq!(verdict(&[], Direction::Lower, &options), Verdict::NotEnoughData);
}

#[test]
fn what_is_no_sign_of_a_change_is_none() {
    // By a tenth in the middle, and all over the place; then by more than that scatters, though not for sure.
    let wild = [80.0, 130.0, 95.0, 150.0, 110.0];
    let before = [70.0, 120.0, 85.0, 140.0, 100.0].to_vec();
    let judged = |after: &[f64]| {
        let evidence = Evidence { before: before.clone(), ..evidence(after, Direction::Lower) };
        judge(&[evidence], &GateOptions::default())[0]
    };
    let none = judged(&wild);
    assert!(none.comparison.unwrap().change.unwrap().estimate > 0.05, "{none:?}");
    assert_eq!(none.verdict, Verdict::NoChange, "{none:?}");
    assert_eq!(judged(&wild.map(|value| value * 1.3)).verdict, Verdict::Inconclusive);
}

#[test]
fn a_probability_is_that_of_the_change_that_was_found() {
    let found = |by: f64, direction: Direction| {
        judge(&[evidence(&CALM.map(|value| value * by), direction)], &GateOptions::default())[0].p_found(direction)
    };
    for (by, direction) in [
        (0.8, Direction::Lower),
        (1.2, Direction::Lower),
        (0.8, Direction::Higher),
        (1.2, Direction::Higher),
        (0.8, Direction::Either),
        (1.2, Direction::Either),
    ] {
        assert!(found(by, direction) < 0.001, "{by} {direction:?}");
    }
}

#[test]
fn environments_and_short_histories_are_not_judged() {
    let slower = CALM.map(|value| value * 2.0).to_vec();
    let elsewhere = Evidence {
        before: CALM.to_vec(),
        after: slower.clone(),
        direction: Direction::Lower,
        noise: 0.0,
        is_comparable: false,
        has_failed: false,
    };
    let short = Evidence { before: CALM[..4].to_vec(), is_comparable: true, ..elsewhere.clone() };
    let judged = judge(&[elsewhere, short], &GateOptions::default());
    assert_eq!([judged[0].confirmed, judged[1].confirmed], [6, 6], "what they show is told all the same");
    assert_eq!([judged[0].verdict, judged[1].verdict], [Verdict::DifferentEnvironment, Verdict::NotEnoughData]);
}

#[test]
fn among_many_metrics_each_must_be_clearer() {
    // Ranks as far apart as five and six can be, by more than the least effect, and hardly so in the mean.
    let after = [103.5, 104.0, 104.2, 105.0, 106.0];
    let one = Evidence {
        before: vec![100.0, 101.0, 99.0, 103.0, 98.0, 102.5],
        after: after.to_vec(),
        direction: Direction::Lower,
        noise: 0.0,
        is_comparable: true,
        has_failed: false,
    };
    let calm = Evidence { after: CALM.to_vec(), ..one.clone() };
    let verdict = |others: usize| {
        let metrics = [vec![one.clone()], vec![calm.clone(); others]].concat();
        judge(&metrics, &GateOptions::default())[0].verdict
    };
    assert_eq!((verdict(0), verdict(100)), (Verdict::Regression, Verdict::Inconclusive));
}

#[test]
fn what_is_noise_of_measuring_is_no_change() {
    let with = |noise| Evidence {
        before: CALM.to_vec(),
        after: CALM.map(|value| value * 1.2).to_vec(),
        direction: Direction::Lower,
        noise,
        is_comparable: true,
        has_failed: false,
    };
    let judged = judge(&[with(19.0), with(21.0)], &GateOptions::default());
    assert_eq!([judged[0].verdict, judged[1].verdict], [Verdict::Regression, Verdict::NoChange]);
}

#[test]
fn a_metric_that_was_zero_is_judged_without_a_share() {
    let evidence = Evidence {
        before: vec![0.0; 8],
        after: vec![3.0; 5],
        direction: Direction::Lower,
        noise: 0.0,
        is_comparable: true,
        has_failed: false,
    };
    assert_eq!(judge(&[evidence], &GateOptions::default())[0].verdict, Verdict::Regression);
}
