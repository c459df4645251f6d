//! What is gathered of the segments of one metric while its hours go by, newest first.

use super::{Bands, Request};
use crate::model::{Baseline, Point, TimeRange};
use crate::stats::{self, Moments, Sketch};
use crate::store::chunk::Stored;
use crate::store::hour;
use crate::store::windows::spark::Spark;
use crate::store::windows::{RECENT, SeriesWindow};

/// The segments of a metric, by place.
#[derive(Debug)]
pub(super) struct Pieces {
    list: Vec<Piece>,
    bands: Bands,
    window: TimeRange,
    /// Values of a segment that are held; beyond them it is read off sketches.
    exact_samples: u64,
}

/// One segment.
#[derive(Debug)]
struct Piece {
    bands: Vec<Sums>,
    picture: Option<Picture>,
    n: u64,
    is_exact: bool,
}

/// What only pictures need of a segment.
#[derive(Debug)]
struct Picture {
    spark: Spark,
    /// The newest points of the hours so far, and all that are not rolled up.
    recent: Vec<Point>,
    unrolled: Vec<Point>,
}

impl Pieces {
    pub(super) fn new(len: usize, bands: Bands, request: Request<'_>, exact_samples: u64) -> Self {
        let picture = || Picture {
            spark: Spark::new(request.ranges[0], request.buckets),
            recent: Vec::new(),
            unrolled: Vec::new(),
        };
        let piece = || Piece {
            bands: (0..bands.len()).map(|_| Sums::default()).collect(),
            picture: (request.buckets > 0).then(picture),
            n: 0,
            is_exact: true,
        };
        let window = request.ranges.first().copied().unwrap_or(TimeRange { from_ms: 0, until_ms: 0 });
        Self { list: (0..len).map(|_| piece()).collect(), bands, window, exact_samples }
    }

    pub(super) fn reach(&self) -> TimeRange {
        self.bands.reach()
    }

    /// Samples of each segment.
    pub(super) fn sizes(&self) -> impl Iterator<Item = u64> {
        self.list.iter().map(|piece| piece.n)
    }

    /// Takes the samples of an hour. `place_of` says of a context's number which segment it belongs to, and
    /// whether it counts; answers how many counted.
    pub(super) fn take_hour(
        &mut self,
        hour: i64,
        samples: &[Stored],
        place_of: &mut dyn FnMut(u32) -> (u32, bool),
    ) -> u64 {
        let whole = self.bands.of_hour(hour);
        let mut counted = 0;
        // Neighbours often have one context.
        let mut last = (u32::MAX, (0, false));
        let wants_recent: Vec<bool> = self.list.iter().map(Piece::wants_recent).collect();
        for sample in samples {
            let Some(band) = whole.or_else(|| self.bands.at(sample.point.timestamp_ms)) else { continue };
            if last.0 != sample.context {
                last = (sample.context, place_of(sample.context));
            }
            let (place, counts) = last.1;
            counted += u64::from(counts);
            let piece = &mut self.list[place as usize];
            piece.add(band, sample.point);
            if wants_recent[place as usize]
                && let Some(picture) = &mut piece.picture
            {
                picture.recent.push(sample.point);
            }
        }
        self.condense();
        counted
    }

    /// Takes a sample that is not rolled up yet; whether it lies in any band.
    pub(super) fn take_unrolled(&mut self, point: Point, place: u32) -> bool {
        let Some(band) = self.bands.at(point.timestamp_ms) else { return false };
        let piece = &mut self.list[place as usize];
        piece.add(band, point);
        if let Some(picture) = &mut piece.picture {
            picture.unrolled.push(point);
        }
        true
    }

    /// Puts sketches in the place of values where there are too many.
    fn condense(&mut self) {
        for piece in self.list.iter_mut().filter(|piece| piece.is_exact && piece.n > self.exact_samples) {
            piece.is_exact = false;
            piece.bands.iter_mut().for_each(Sums::condense);
        }
    }

    /// The baselines of each segment, over each range.
    pub(super) fn baselines(mut self) -> Vec<Vec<Option<Baseline>>> {
        let mut values = Vec::new();
        let ranges = self.bands.ranges();
        let of =
            |piece: &mut Piece| ranges.iter().map(|range| baseline(&piece.bands[range.clone()], &mut values)).collect();
        self.list.iter_mut().map(of).collect()
    }

    /// What a picture shows of each segment.
    pub(super) fn windows(self) -> Vec<SeriesWindow> {
        let window = self.window;
        self.list.into_iter().map(|piece| piece.window(window)).collect()
    }
}

impl Piece {
    fn add(&mut self, band: usize, point: Point) {
        self.n += 1;
        let sums = &mut self.bands[band];
        if self.is_exact {
            sums.values.push(point.value);
        } else {
            sums.add(point.value);
        }
        if let Some(picture) = &mut self.picture {
            picture.spark.add(point.timestamp_ms, 1, point.value);
        }
    }

    /// Whether points of older hours may be among the newest.
    fn wants_recent(&self) -> bool {
        self.picture.as_ref().is_some_and(|picture| picture.recent.len() < RECENT as usize)
    }

    fn window(mut self, window: TimeRange) -> SeriesWindow {
        let (mut recent, spark) = match self.picture {
            Some(Picture { spark, mut recent, unrolled }) => {
                recent.extend(unrolled);
                (recent, spark.means())
            }
            None => (Vec::new(), Vec::new()),
        };
        recent.retain(|point| window.contains(point.timestamp_ms));
        hour::sort(&mut recent);
        recent.drain(..recent.len().saturating_sub(RECENT as usize));
        if let (true, Some(newest)) = (self.is_exact, recent.last()) {
            self.bands.iter_mut().any(|sums| sums.remove(newest.value));
        }
        SeriesWindow { baseline: baseline(&self.bands, &mut Vec::new()), spark, recent }
    }
}

/// The values of a segment in a band, or their sums.
#[derive(Debug, Default)]
struct Sums {
    values: Vec<f64>,
    moments: Moments,
    sketch: Sketch,
}

impl Sums {
    fn add(&mut self, value: f64) {
        self.moments.push(value);
        self.sketch.add(value);
    }

    fn condense(&mut self) {
        for value in std::mem::take(&mut self.values) {
            self.add(value);
        }
    }

    fn remove(&mut self, value: f64) -> bool {
        let at = self.values.iter().rposition(|known| known.to_bits() == value.to_bits());
        at.map(|at| self.values.swap_remove(at)).is_some()
    }
}

/// The baseline over some bands. `values` is room to work in.
fn baseline(bands: &[Sums], values: &mut Vec<f64>) -> Option<Baseline> {
    values.clear();
    if bands.iter().all(|sums| sums.moments.n == 0) {
        for sums in bands {
            values.extend_from_slice(&sums.values);
        }
        return stats::baseline(values);
    }
    let (mut moments, mut sketch, mut bytes) = (Moments::default(), Sketch::default(), Vec::new());
    for sums in bands {
        moments.merge(&sums.moments);
        bytes.clear();
        sums.sketch.encode(&mut bytes);
        // Just written, so that it can be read.
        sketch.merge_encoded(&bytes).ok()?;
    }
    let quantile = |q| sketch.quantile(q);
    Some(Baseline {
        count: moments.n,
        mean: moments.mean,
        std_dev: moments.std_dev().unwrap_or(0.0),
        min: moments.min,
        max: moments.max,
        p50: quantile(0.5)?,
        p95: quantile(0.95)?,
        p99: quantile(0.99)?,
        exact: false,
    })
}
