//! `kill -9` at random moments.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::chance::{by_chance, pass_time};
use crate::outsider::Outsider;
use crate::place::{Place, kill};
use crate::series::Series;

/// Longer than an ingest or a dashboard needs for what it is given here.
const LIFE: Duration = Duration::from_millis(400);

fn start_ingest(place: &Place, input: &str) -> Child {
    let file = place.home.write("input.jsonl", input);
    Command::new(env!("CARGO_BIN_EXE_perftop"))
        .args(["ingest", "--quiet"])
        .arg(file)
        .envs(place.home.environment())
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a plain ingest was given cannot be taken up again, so a killed one leaves the beginning of it: whoever
/// looks how much that is can go on from there.
#[test]
fn a_killed_ingest_leaves_the_beginning_of_its_input_and_no_trace_of_the_rest() {
    const LINES: u32 = 20_000;
    by_chance(|chance| {
        let (place, series) = (Place::new(), Series::new("ingested"));
        let (mut stored, mut unfinished, mut life) = (0, 0, LIFE);
        for _ in 0..12 {
            let mut ingest = start_ingest(&place, &series.lines(stored..stored + LINES));
            pass_time(chance, life);
            ingest.kill().unwrap();
            ingest.wait().unwrap();
            let before = stored;
            stored = place.rows(series);
            if stored < before + LINES {
                unfinished += 1;
            } else {
                // One that is faster has less time.
                life /= 2;
            }
            place.assert_holds(series, 0..stored);
        }
        assert!(unfinished > 0, "every ingest was done before it was killed");
        place.assert_sound();
    });
}

#[test]
fn a_killed_dashboard_has_taken_each_line_of_a_growing_file_once() {
    const KILLS: u32 = 12;
    const LINES: u32 = 2_000;
    by_chance(|chance| {
        let (place, dropped) = (Place::new(), Series::new("dropped"));
        let mut file = place.append("growing.jsonl");
        for round in 0..KILLS {
            let dashboard = place.dashboard();
            file.write_all(dropped.lines(round * LINES..(round + 1) * LINES).as_bytes()).unwrap();
            pass_time(chance, LIFE);
            kill(dashboard);
        }
        let _last = place.dashboard();
        place.wait_for_rows(dropped, KILLS * LINES);
        place.assert_holds(dropped, 0..KILLS * LINES);
        place.assert_sound();
    });
}

#[test]
fn dashboards_and_ingests_killed_while_another_program_writes_lose_and_double_nothing() {
    const KILLS: u32 = 6;
    const LINES: u32 = 2_000;
    const OUTSIDE: u32 = 500;
    by_chance(|chance| {
        let place = Place::new();
        let [dropped, ingested, outside] = ["dropped", "ingested", "outside"].map(Series::new);
        let other = Outsider::inserting(&place.store(), outside, OUTSIDE);
        let mut file = place.append("growing.jsonl");
        let mut stored = 0;
        for round in 0..KILLS {
            let dashboard = place.dashboard();
            let mut ingest = start_ingest(&place, &ingested.lines(stored..stored + 5 * LINES));
            file.write_all(dropped.lines(round * LINES..(round + 1) * LINES).as_bytes()).unwrap();
            pass_time(chance, LIFE);
            kill(dashboard);
            pass_time(chance, LIFE / 4);
            ingest.kill().unwrap();
            ingest.wait().unwrap();
            stored = place.rows(ingested);
        }
        let _last = place.dashboard();
        other.finish();
        place.wait_for_rows(dropped, KILLS * LINES);
        for (series, count) in [(dropped, KILLS * LINES), (ingested, stored), (outside, OUTSIDE)] {
            place.assert_holds(series, 0..count);
        }
        place.assert_sound();
    });
}
