//! Alerts by the detectors that know a metric's own past, or its last hundred samples.

use perftop::clock::Clock;
use perftop::detect::STATE_VERSION;
use perftop::engine::{self, EngineOptions};
use perftop::model::{
    Alert, AlertState, Budget, Command, LimitType, MetricBook, MetricSettings, NewSample, Rule, Severity, Snapshot,
    ViewRequest,
};

use crate::support::{METRIC, NOW_MS, Normal, Place, Watched, in_runtime, sample};

const MINUTE_MS: i64 = 60_000;

/// A value a minute around 100 with an sd of 1, that ends `minutes` after now.
fn healthy(count: i64, until_ms: i64, seed: u64) -> Vec<NewSample> {
    let mut normal = Normal::seeded(seed);
    (0..count).map(|at| sample(METRIC, 100.0 + normal.next(), until_ms - (count - at) * MINUTE_MS)).collect()
}

fn catch_up(place: &Place, now_ms: i64) {
    catch_up_with(place, MetricBook::default(), now_ms);
}

fn catch_up_with(place: &Place, book: MetricBook, now_ms: i64) {
    let mut store = place.store();
    let book = book.with_alerts(Rule::DETECTORS.to_vec());
    let options = EngineOptions { book, ..place.options() };
    engine::catch_up(&mut store, &options, &Clock::fixed(now_ms)).unwrap();
}

/// Two days of health, judged.
fn known() -> Place {
    let place = Place::new();
    place.append(&healthy(2_880, NOW_MS, 1));
    catch_up(&place, NOW_MS);
    assert!(place.alerts().iter().all(|alert| alert.severity == Severity::Info), "{:?}", place.alerts());
    place
}

#[test]
fn a_small_change_is_critical_only_where_users_feel_it() {
    for (is_user_facing, severity) in [(false, Severity::Warning), (true, Severity::Critical)] {
        let place = known();
        let settings = MetricSettings { is_user_facing, ..MetricSettings::default() };
        let book = MetricBook::new([(METRIC.to_owned(), settings)].into(), Vec::new());
        place.append(&[sample(METRIC, 130.0, NOW_MS + MINUTE_MS)]);
        catch_up_with(&place, book, NOW_MS + MINUTE_MS);
        let gravest = place.alerts().iter().map(|alert| alert.severity).max();
        assert_eq!(gravest, Some(severity), "30 sd and 30 % above the usual");
    }
}

#[test]
fn a_surprise_is_one_alert_from_its_beginning_to_its_end_over_restarts() {
    let place = known();
    let mut now_ms = NOW_MS;
    let mut pass = |values: &[f64]| {
        for &value in values {
            now_ms += MINUTE_MS;
            place.append(&[sample(METRIC, value, now_ms)]);
            // Each call begins with nothing but the store, as a program that starts anew.
            catch_up(&place, now_ms);
        }
        let alerts = place.alerts().into_iter().filter(|alert| alert.severity > Severity::Info);
        alerts.map(|alert| (alert.rule, alert.severity, alert.limit_type, alert.state)).collect::<Vec<_>>()
    };
    let firing = (Rule::Surprise, Severity::Critical, LimitType::Ucl, AlertState::Firing);
    assert_eq!(pass(&[180.0]), [firing]);
    assert_eq!(pass(&[181.0, 179.0, 180.0]), [firing]);
    assert_eq!(pass(&[100.0, 99.5, 100.5, 99.0, 101.0, 100.1, 99.9, 100.2, 99.8]), [firing]);
    assert_eq!(pass(&[100.3]), [(firing.0, firing.1, firing.2, AlertState::Recovered)]);
    let told = place.alerts().into_iter().find(|alert| alert.severity == Severity::Critical).unwrap();
    assert!(told.description.contains("180 ms, usually "), "{}", told.description);
    let account = place.store().account(told.id).unwrap().unwrap();
    let strongest = &account.explanations[0];
    assert!(strongest.rarity.as_deref().is_some_and(|rarity| rarity.starts_with("highest in ")), "{strongest:?}");
    assert_eq!(strongest.observed, Some(180.0));
    assert!(strongest.expected.is_some_and(|usual| (usual - 100.0).abs() < 1.0), "{strongest:?}");
    assert_eq!(account.evidence.len(), strongest.samples as usize);
    assert_eq!(account.evidence.last().map(|point| point.value.to_bits()), Some(180.0_f64.to_bits()));
}

#[test]
fn the_metric_on_screen_comes_with_how_it_is_watched_and_labels_move_its_thresholds() {
    let place = known();
    place.append(&[sample(METRIC, 180.0, NOW_MS + MINUTE_MS)]);
    catch_up(&place, NOW_MS + MINUTE_MS);
    let alerts = place.alerts();
    let id = alerts.iter().find(|alert| alert.severity == Severity::Critical).map(|alert| alert.id).unwrap();
    // Without a budget, as what is by chance in two days would raise the threshold, too.
    let book = MetricBook::default().with_budget(Budget::OFF);
    let options = EngineOptions { book, ..place.options() };
    in_runtime(async move {
        let mut engine = Watched::start(options, Clock::fixed(NOW_MS + MINUTE_MS));
        let without = engine.picture(|picture| picture.health.backlog == 0).await;
        assert_eq!(without.watching, None, "nothing is looked at");
        let focus = ViewRequest { focus: Some(METRIC.into()), ..ViewRequest::default() };
        engine.handle.views.send(focus).unwrap();
        let shown = engine.picture(|picture| picture.watching.is_some()).await;
        let watching = shown.watching.as_ref().unwrap();
        let newest = watching.greatest(NOW_MS + MINUTE_MS, NOW_MS + 2 * MINUTE_MS).unwrap();
        assert!(newest > watching.levels[2] && !watching.is_learning(), "{newest}");
        assert_eq!(watching.calm, Some((0, 10)));
        let rate = shown.toast_rate.as_ref().unwrap();
        assert_eq!((rate.toasts, rate.toasts_from), (1, Some(watching.levels[1])));

        let before = watching.levels[1];
        for (label, expected) in [(Some(false), 1.05 * before), (None, before)] {
            engine.handle.commands.send(Command::Label { alert_id: id, label }).await.unwrap();
            let is_moved = |picture: &Snapshot| {
                let toasts_from = picture.watching.as_ref().map(|watching| watching.levels[1]);
                toasts_from.is_some_and(|toasts_from| (toasts_from - expected).abs() < 1e-9)
            };
            engine.picture(is_moved).await;
        }
        engine.handle.shutdown().await;
    });
}

/// Three days of health with a shift, a rest, a spike and a gap, for two metrics, one of which rarely sends.
fn eventful() -> Vec<NewSample> {
    let mut normal = Normal::seeded(7);
    let mut samples = Vec::new();
    for minute in (0..4_320).filter(|minute| !(3_000..3_060).contains(minute)) {
        let shift = if (2_000..2_100).contains(&minute) { 40.0 } else { 0.0 };
        let value = match minute {
            2_500..2_530 => 100.25,
            3_500 => 190.0,
            _ => 100.0 + shift + normal.next(),
        };
        let timestamp_ms = NOW_MS + minute * MINUTE_MS;
        samples.push(sample(METRIC, value, timestamp_ms));
        if minute % 7 == 0 {
            samples.push(sample("rare", 10.0 + normal.next() + shift, timestamp_ms));
        }
    }
    samples
}

/// A dashboard for as long as it has something to judge.
fn watch(place: &Place, now_ms: i64) {
    let book = MetricBook::default().with_alerts(Rule::DETECTORS.to_vec());
    let options = EngineOptions { book, ..place.options() };
    in_runtime(async move {
        let mut engine = Watched::start(options, Clock::fixed(now_ms));
        engine.settled().await;
        engine.handle.shutdown().await;
    });
}

/// What is in the store of alerts, but for when it was written.
fn recorded(place: &Place) -> Vec<String> {
    let mut alerts = place.alerts();
    alerts.sort_by_key(|alert| alert.id);
    let key = |alert: &Alert| {
        let Alert { rule, severity, first, last, peak_value, count, state, description, .. } = alert;
        format!("{rule:?} {severity:?} {first:?} {last:?} {peak_value:?} {count} {state:?} {description}")
    };
    alerts.iter().map(key).collect()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4))]
    #[test]
    fn a_restart_at_any_sample_is_no_interruption(
        mut cuts in proptest::collection::vec(1..4_800usize, 0..6), is_watched: bool,
    ) {
        let samples = eventful();
        let now_ms = samples.last().map_or(0, |sample| sample.timestamp_ms);
        let begun = || {
            let place = Place::new();
            // What is there on first contact may be too old to be judged.
            place.append(&samples[..1]);
            catch_up(&place, now_ms);
            place
        };
        let (whole, broken) = (begun(), begun());
        whole.append(&samples[1..]);
        catch_up(&whole, now_ms);
        cuts.sort_unstable();
        cuts.push(samples.len());
        let mut begin = 1;
        for end in cuts.into_iter().map(|cut| cut.min(samples.len())) {
            broken.append(&samples[begin..end]);
            begin = end;
            if is_watched {
                watch(&broken, now_ms);
            } else {
                catch_up(&broken, now_ms);
            }
        }
        // A dashboard that ends does not wait for what is left.
        catch_up(&broken, now_ms);
        proptest::prop_assert_eq!(recorded(&broken), recorded(&whole));
        proptest::prop_assert!(recorded(&whole).len() > 3, "{:?}", recorded(&whole));
        let kept = broken.store().detector_state(&METRIC.into(), STATE_VERSION).unwrap();
        proptest::prop_assert!(kept.is_some());
    }
}

#[test]
fn a_value_that_rests_is_a_warning_then_critical_until_it_moves() {
    let place = known();
    let rests = |minutes: std::ops::RangeInclusive<i64>| {
        let until_ms = NOW_MS + minutes.end() * MINUTE_MS;
        place.append(&minutes.map(|at| sample(METRIC, 100.25, NOW_MS + at * MINUTE_MS)).collect::<Vec<_>>());
        catch_up(&place, until_ms);
    };
    rests(1..=12);
    let of_rule = || place.alerts().into_iter().find(|alert| alert.rule == Rule::Stuck);
    let alert = of_rule().unwrap();
    assert_eq!((alert.severity, alert.state), (Severity::Warning, AlertState::Firing));
    assert!(alert.description.contains("equal values in a row"), "{}", alert.description);
    let account = place.store().account(alert.id).unwrap().unwrap();
    assert!(account.evidence.len() >= 5, "{account:?}");
    assert!(account.evidence.iter().all(|point| point.value.to_bits() == 100.25_f64.to_bits()), "the run and no more");
    rests(13..=30);
    assert_eq!(of_rule().map(|alert| (alert.id, alert.severity)), Some((alert.id, Severity::Critical)));
    place.append(&[sample(METRIC, 99.5, NOW_MS + 31 * MINUTE_MS)]);
    catch_up(&place, NOW_MS + 31 * MINUTE_MS);
    assert_eq!(of_rule().unwrap().state, AlertState::Recovered);
}

#[test]
fn a_metric_that_is_told_of_by_rules_alone_has_no_surprises() {
    let place = known();
    place.append(&[sample(METRIC, 180.0, NOW_MS + MINUTE_MS)]);
    let mut store = place.store();
    let before = store.alerts(100).unwrap().len();
    engine::catch_up(&mut store, &place.options(), &Clock::fixed(NOW_MS + MINUTE_MS)).unwrap();
    let alerts = store.alerts(100).unwrap();
    assert_eq!(alerts.len(), before + 1);
    assert!(alerts.iter().any(|alert| alert.rule == Rule::BeyondLimit), "{alerts:?}");
}

#[test]
fn what_is_unlike_the_last_hundred_samples_is_recorded_once_and_ends() {
    let place = Place::new();
    place.append(&healthy(150, NOW_MS, 5));
    let book = MetricBook::default().with_alerts(vec![Rule::ZScore, Rule::Ensemble]);
    let options = EngineOptions { book, ..place.options() };
    let pass = |minute: i64, value: f64| {
        let now_ms = NOW_MS + minute * MINUTE_MS;
        place.append(&[sample(METRIC, value, now_ms)]);
        engine::catch_up(&mut place.store(), &options, &Clock::fixed(now_ms)).unwrap();
        place.alerts().into_iter().filter(|alert| alert.first.value > 150.0).collect::<Vec<_>>()
    };
    pass(1, 180.0);
    let open = pass(2, 181.0);
    let mut rules: Vec<_> = open.iter().map(|alert| (alert.rule, alert.state, alert.severity, alert.count)).collect();
    rules.sort_unstable_by_key(|(rule, ..)| *rule);
    let firing = |rule| (rule, AlertState::Firing, Severity::Warning, 2);
    assert_eq!(rules, [firing(Rule::Ensemble), firing(Rule::ZScore)]);
    let calm = [100.0, 99.5, 100.5, 99.0, 101.0, 100.1, 99.9, 100.2, 99.8, 100.3];
    let over = calm.into_iter().zip(3..).map(|(value, minute)| pass(minute, value)).last().unwrap();
    let of_z_score = over.iter().find(|alert| alert.rule == Rule::ZScore).unwrap();
    assert_eq!((over.len(), of_z_score.state), (2, AlertState::Recovered));
    assert!(of_z_score.description.contains("sd above the mean"), "{}", of_z_score.description);
}
