//! A store that cannot be used is shown, and taken up as soon as it can.

use std::fs;

use perftop::clock::Clock;

use crate::support::{METRIC, NOW_MS, Place, Watched, calm, in_runtime, insert_from_outside};

#[test]
fn a_file_that_is_no_store_is_shown_and_replaced_without_a_restart() {
    in_runtime(async {
        let place = Place::new();
        fs::write(
            place.path(),
            "this is no database, and long enough to be read as one page header or more".repeat(20),
        )
        .unwrap();
        let mut engine = Watched::start(place.options(), Clock::fixed(NOW_MS));
        let picture = engine.picture(|picture| picture.health.problem.is_some()).await;
        let problem = picture.health.problem.as_ref().unwrap();
        assert!(problem.contains("is not a SQLite database"), "{problem}");

        fs::remove_file(place.path()).unwrap();
        place.append(&calm(60, NOW_MS - 3_600_000));
        engine.picture(|picture| picture.health.problem.is_none() && picture.health.sample_count == 60).await;
        insert_from_outside(&place.path(), METRIC, 812.0, NOW_MS);
        engine.raised().await;
    });
}
