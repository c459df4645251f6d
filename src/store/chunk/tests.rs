//! Every sample comes back bit for bit, every damage is noticed, any bytes are survived.

use proptest::prelude::*;
use rstest::rstest;

use super::checksum::checksum;
use super::envelope::HEADER_BYTES;
use super::*;

const START_MS: i64 = 1_699_999_200_000;

/// Values of one kind, as real metrics have them, or of all kinds mixed.
fn values(n: usize) -> impl Strategy<Value = Vec<f64>> {
    let decimal =
        (-2_000_000_i64..2_000_000, 0..17).prop_map(|(number, decimals)| number as f64 / 10_f64.powi(decimals));
    let edge = prop::sample::select(vec![
        0.0,
        -0.0,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        0.1 + 0.2,
        2_251_799_813_685_247.0,
        2_251_799_813_685_248.0,
        9_007_199_254_740_993.0,
        -1e15,
        f64::EPSILON,
    ]);
    let of = |value: BoxedStrategy<f64>| prop::collection::vec(value, n);
    let bits = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite());
    let single = any::<f32>().prop_map(f64::from).prop_filter("finite", |value| value.is_finite());
    prop_oneof![
        of((-1_000_i64..1_000).prop_map(|number| number as f64).boxed()),
        of((0_i64..500_000).prop_map(|number| number as f64 / 1e3).boxed()),
        of(decimal.clone().boxed()),
        of((1.0..2.0).boxed()),
        of(single.boxed()),
        of(bits.clone().boxed()),
        of(edge.clone().boxed()),
        of(prop_oneof![decimal, bits, edge].boxed()),
    ]
}

fn timestamps(n: usize) -> impl Strategy<Value = Vec<i64>> {
    let in_hour = prop::collection::vec(0..3_600_000_i64, n);
    let whole_seconds = prop::collection::vec(0..3_600_i64, n);
    prop_oneof![
        in_hour.prop_map(|offsets_ms| offsets_ms.into_iter().map(|offset_ms| START_MS + offset_ms).collect()),
        whole_seconds.prop_map(|offsets| offsets.into_iter().map(|offset| START_MS + offset * 1_000).collect()),
        prop::collection::vec(START_MS.., n),
    ]
}

fn contexts(n: usize) -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        Just(vec![0; n]),
        prop::collection::vec(0..60_u32, n),
        prop::collection::vec((0..9_u32).prop_map(|id| id * 77_777), n),
        prop::collection::vec(any::<u32>(), n),
    ]
}

fn samples() -> impl Strategy<Value = Vec<Stored>> {
    prop_oneof![0..40_usize, 100..300_usize].prop_flat_map(|n| (values(n), timestamps(n), contexts(n))).prop_map(
        |(values, mut timestamps_ms, contexts)| {
            timestamps_ms.sort_unstable();
            let points =
                timestamps_ms.into_iter().zip(values).map(|(timestamp_ms, value)| Point { timestamp_ms, value });
            points.zip(contexts).map(|(point, context)| Stored { point, context }).collect()
        },
    )
}

fn encoded(start_ms: i64, samples: &[Stored]) -> Vec<u8> {
    let mut data = vec![7; 3];
    encode(start_ms, samples, &mut data);
    data
}

fn bits_of(samples: &[Stored]) -> Vec<(i64, u64, u32)> {
    samples.iter().map(|Stored { point, context }| (point.timestamp_ms, point.value.to_bits(), *context)).collect()
}

/// Reads a chunk in all ways, each behind something that is there already; the ways agree.
fn decoded(start_ms: i64, data: &[u8]) -> Result<Vec<Stored>, ChunkError> {
    let there = Stored { point: Point { timestamp_ms: -7, value: 7.5 }, context: 7 };
    let (mut samples, mut points, mut values) = (vec![there], vec![there.point], vec![there.point.value]);
    let found = decode(start_ms, data, &mut samples);
    let found_points = decode_points(start_ms, data, &mut points);
    let found_values = decode_values(data, &mut values);
    assert_eq!((samples[0], points[0], values[0]), (there, there.point, there.point.value));
    if found.is_err() {
        assert_eq!(samples.len(), 1, "what was there stays alone");
        assert!(found_points.is_ok() || points.len() == 1, "what was there stays alone");
        assert!(found_values.is_ok() || values.len() == 1, "what was there stays alone");
    } else {
        let bits = |point: &Point| (point.timestamp_ms, point.value.to_bits());
        assert!(samples.iter().map(|sample| bits(&sample.point)).eq(points.iter().map(bits)));
        assert!(points.iter().map(|point| point.value.to_bits()).eq(values.iter().map(|value| value.to_bits())));
    }
    found.map(|()| samples.split_off(1))
}

proptest! {
    #[test]
    fn what_is_written_is_read_bit_for_bit(samples in samples()) {
        let found = decoded(START_MS, &encoded(START_MS, &samples));
        prop_assert_eq!(found.map(|found| bits_of(&found)), Ok(bits_of(&samples)));
    }

    #[test]
    fn a_flipped_bit_is_noticed(samples in samples(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut data = encoded(START_MS, &samples);
        let at = at.index(data.len());
        data[at] ^= 1_u8 << bit;
        prop_assert!(decoded(START_MS, &data).is_err());
    }

    #[test]
    fn a_lost_end_is_noticed(samples in samples(), len in any::<prop::sample::Index>()) {
        let data = encoded(START_MS, &samples);
        prop_assert!(decoded(START_MS, &data[..len.index(data.len())]).is_err());
    }

    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..200), is_signed in any::<bool>()) {
        let data = if is_signed { signed(&data) } else { data };
        let _ = decoded(START_MS, &data);
    }

    #[test]
    fn a_damage_with_a_right_checksum_is_survived(
        samples in samples(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut body = encoded(START_MS, &samples).split_off(HEADER_BYTES);
        let at = at.index(body.len());
        body[at] = byte;
        let _ = decoded(START_MS, &signed(&body));
    }
}

/// Bytes as the body of a chunk.
fn signed(body: &[u8]) -> Vec<u8> {
    [&[FORM], checksum(body).to_le_bytes().as_slice(), body].concat()
}

#[test]
fn every_flipped_bit_of_an_hour_is_noticed() {
    let data = encoded(START_MS, &hour(139));
    for bit in 0..data.len() * 8 {
        let mut data = data.clone();
        data[bit / 8] ^= 1 << (bit % 8);
        assert!(decoded(START_MS, &data).is_err(), "bit {bit}");
    }
}

/// An hour of a metric as it mostly is: noise in time, three decimals, 60 contexts.
fn hour(n: u32) -> Vec<Stored> {
    let mut random = fastrand::Rng::with_seed(7);
    let step_ms = 3_600_000 / i64::from(n);
    let sample = |at| {
        let normal = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let value = (100.0 * (0.5 * normal).exp() * 1e3).round() / 1e3;
        let timestamp_ms = START_MS + at * step_ms + random.i64(0..step_ms);
        Stored { point: Point { timestamp_ms, value }, context: random.u32(2..62) }
    };
    (0..i64::from(n)).map(sample).collect()
}

#[rstest]
#[case::sparse(139, 5.7)]
#[case::dense(4096, 5.0)]
fn an_hour_is_small(#[case] n: u32, #[case] bytes_per_sample: f64) {
    let found = encoded(START_MS, &hour(n)).len() as f64 / f64::from(n);
    assert!(found <= bytes_per_sample, "{found} bytes a sample");
}

#[test]
fn the_ends_of_time_are_kept() {
    let samples = [i64::MIN, -1, 0, i64::MAX]
        .map(|timestamp_ms| Stored { point: Point { timestamp_ms, value: -0.0 }, context: u32::MAX });
    let found = decoded(i64::MIN, &encoded(i64::MIN, &samples)).unwrap();
    assert_eq!(bits_of(&found), bits_of(&samples));
}

#[test]
fn a_later_form_is_named() {
    assert_eq!(decode_values(&[9, 0, 0, 0, 0, 0], &mut Vec::new()), Err(ChunkError::Form(9)));
}

#[test]
fn more_samples_than_a_chunk_holds_are_not_believed() {
    let body = [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    assert_eq!(decoded(START_MS, &signed(&body)), Err(ChunkError::Content));
}
