//! What a metric costs that the detectors of its own past watch.

use allocation_counter::measure;
use perftop::detect::{Aim, Monitor, Notice};
use perftop::model::Point;

use crate::support::Normal;

const LEARNED: i64 = 10_000;
const MOST_IN_MEMORY: u64 = 48 * 1024;
const MOST_KEPT: usize = 28 * 1024;

#[test]
fn a_metric_that_is_known_takes_little_memory_and_none_anew() {
    let mut normal = Normal::seeded(5);
    let mut next = |minute: i64| Point { timestamp_ms: minute * 60_000, value: (4.6 + 0.3 * normal.next()).exp() };
    let mut notices: Vec<Notice> = Vec::with_capacity(1_000);
    let mut monitor = Monitor::new(Aim::default(), false);
    let learning = measure(|| {
        for minute in 0..LEARNED {
            monitor.judge(next(minute), 0, &mut notices);
        }
        notices.clear();
    });
    let in_memory = learning.bytes_current.unsigned_abs() + size_of::<Monitor>() as u64;
    assert!(learning.bytes_current > 0 && in_memory <= MOST_IN_MEMORY, "{in_memory} bytes in memory");
    let kept = monitor.state().unwrap().len();
    assert!(kept <= MOST_KEPT, "{kept} bytes kept");

    for minute in LEARNED..LEARNED + 3_000 {
        let point = next(minute);
        let judging = measure(|| {
            monitor.judge(point, 0, &mut notices);
        });
        // What is told of has reasons, in words.
        let is_told = !notices.is_empty();
        notices.clear();
        assert!(is_told || judging.count_total == 0, "{judging:?} at {minute}");
    }
}
