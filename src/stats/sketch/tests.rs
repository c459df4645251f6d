//! Quantiles stay within the bound, merging loses nothing, bytes come back and damaged ones are refused.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::stats::quantiles;

const AT: [f64; 11] = [0.0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1.0];

/// Room for the rounding of the exact values.
const BOUND: f64 = RELATIVE_ERROR * (1.0 + 1e-9);

fn sketch_of(values: &[f64]) -> Sketch {
    let mut sketch = Sketch::default();
    sketch.add_many(values);
    sketch
}

fn bytes_of(sketch: &Sketch) -> Vec<u8> {
    let mut out = Vec::new();
    sketch.encode(&mut out);
    out
}

/// Values with a normal distribution (Box & Muller 1958), the same ones every time.
fn normal() -> impl Iterator<Item = f64> {
    let mut random = fastrand::Rng::with_seed(19);
    std::iter::repeat_with(move || {
        let (radius, angle) = ((-2.0 * (1.0 - random.f64()).ln()).sqrt(), random.f64() * std::f64::consts::TAU);
        radius * angle.cos()
    })
}

#[rstest]
#[case::log_normal(normal().map(|z| 100.0 * (0.5 * z).exp()))]
#[case::negative_too(normal().map(|z| 3.0 + 10.0 * z))]
#[case::all_negative(normal().map(|z| -(z.exp())))]
#[case::a_jump(normal().enumerate().map(|(at, z)| if at % 20 == 0 { 5_000.0 + z } else { 5.0 + z / 10.0 }))]
#[case::decades_24(normal().map(|z| 10_f64.powf((3.0 * z).clamp(-12.0, 12.0))))]
#[case::huge(normal().map(|z| 1e300 * z.exp().min(1e7)))]
#[case::tiny(normal().map(|z| -1e-300 * z.exp()))]
#[case::constant(std::iter::repeat(0.1))]
#[case::zeros(normal().map(|z| if z > 1.0 { z } else { 0.0 }))]
#[case::integers(normal().map(|z| (20.0 * z.abs()).round()))]
#[case::powers_of_two(normal().map(|z| (3.0 * z).round().exp2()))]
fn a_quantile_is_within_the_bound(
    #[case] values: impl Iterator<Item = f64>,
    #[values(1, 2, 20, 1_390, 20_000)] n: usize,
) {
    let mut values: Vec<f64> = values.take(n).collect();
    let sketch = sketch_of(&values);
    let exact = quantiles(&mut values, AT).unwrap();
    values.sort_by(f64::total_cmp);
    for (q, exact) in AT.into_iter().zip(exact) {
        let found = sketch.quantile(q).unwrap();
        let rank = q * (n - 1) as f64;
        // Between values of both signs an interpolated value can be near zero, and they are not that near.
        let scale = values[rank.floor() as usize].abs().max(values[rank.ceil() as usize].abs());
        let is_mixed = values[rank.floor() as usize] * values[rank.ceil() as usize] < 0.0;
        let allowed = BOUND * if is_mixed { scale } else { exact.abs() };
        assert!((found - exact).abs() <= allowed, "quantile {q} of {n}: {found} is not {exact}");
    }
}

// numpy 2: v = np.array([(i * 7919) % 1009 for i in range(1, 1009)]) ** 1.5 / 13 - 500
//          print(np.percentile(v, [1, 25, 50, 95, 99]), v.min(), v.max())
#[test]
fn quantiles_are_near_those_of_numpy() {
    let values: Vec<f64> = (1..1_009_u32).map(|i| f64::from(i * 7_919 % 1_009).powf(1.5) / 13.0 - 500.0).collect();
    let sketch = sketch_of(&values);
    for (q, expected) in [(0.5, 371.662_903_461_451_4), (0.95, 1_779.643_353_230_327_2), (0.99, 1_924.972_267_957_321)]
    {
        let found = sketch.quantile(q).unwrap();
        assert!((found / expected - 1.0).abs() <= BOUND, "quantile {q}: {found} is not {expected}");
    }
    assert_eq!(sketch.count(), 1_008);
    assert_eq!((sketch.min(), sketch.max()), (Some(-499.923_076_923_076_9), Some(1_961.769_835_279_791_6)));
}

#[test]
fn the_empty_set_has_no_quantile() {
    let empty = Sketch::default();
    assert_eq!((empty.quantile(0.5), empty.min(), empty.max(), empty.count()), (None, None, None, 0));
    assert_eq!(Sketch::decode(&bytes_of(&empty)).unwrap().count(), 0);
}

#[test]
fn what_is_far_below_the_largest_is_collapsed() {
    let values: Vec<f64> = (-300..=300).map(|exponent| 10_f64.powi(exponent)).collect();
    let mut values: Vec<f64> =
        values.iter().chain(&values.iter().map(|value| -value).collect::<Vec<_>>()).copied().collect();
    let sketch = sketch_of(&values);
    values.sort_by(f64::total_cmp);
    for (rank, exact) in values.iter().enumerate() {
        let found = sketch.quantile(rank as f64 / (values.len() - 1) as f64).unwrap();
        let allowed = if exact.abs() >= 1e265 { BOUND * exact.abs() } else { 1e265 };
        assert!((found - exact).abs() <= allowed, "rank {rank}: {found} is not {exact}");
    }
    assert!(sketch.negative.counts.len() + sketch.positive.counts.len() <= 2 * MAX_BINS as usize);
    assert!(bytes_of(&sketch).len() < 4_000);
}

/// An hour of a busy metric, and many hours together.
#[rstest]
#[case(1_390, 300)]
#[case(1_000_000, 900)]
fn a_sketch_is_small(#[case] n: usize, #[case] bytes: usize) {
    let values: Vec<f64> = normal().map(|z| 100.0 * (0.5 * z).exp()).take(n).collect();
    let found = bytes_of(&sketch_of(&values)).len();
    assert!(found <= bytes, "{found} bytes");
}

#[test]
fn two_zeros_are_one_value_in_any_order() {
    assert_eq!(bytes_of(&sketch_of(&[5.0, 0.0, -0.0])), bytes_of(&sketch_of(&[5.0, -0.0, 0.0])));
    assert_eq!(bytes_of(&sketch_of(&[-5.0, -0.0])), bytes_of(&sketch_of(&[-5.0, 0.0])));
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    let wide = any::<f64>().prop_filter("finite", |value| value.is_finite());
    let near = (-5.0..100.0_f64).boxed();
    let zero = prop::sample::select(vec![0.0, -0.0, 5e-324, f64::MAX, f64::MIN]);
    let of = |value: BoxedStrategy<f64>| prop::collection::vec(value, 0..200);
    prop_oneof![of(near.clone()), of(wide.clone().boxed()), of(prop_oneof![near, wide.boxed(), zero].boxed())]
}

proptest! {
    #[test]
    fn the_magnitude_of_a_bin_is_near_all_of_it(value in 3e-308..1e308_f64, exponent in -300..300_i32) {
        for value in [value, 10_f64.powi(exponent) * (1.0 + value / 1e308), 2_f64.powi(exponent)] {
            let found = scale::magnitude_of(scale::bin_of(value));
            prop_assert!((found / value - 1.0).abs() <= BOUND, "{} for {}", found, value);
        }
    }

    #[test]
    fn merging_equals_adding_all(values in values(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(values.len() + 1);
        let whole = bytes_of(&sketch_of(&values));
        let (mut merged, second) = (sketch_of(&values[..cut]), sketch_of(&values[cut..]));
        let mut read = merged.clone();
        merged.merge(&second);
        read.merge_encoded(&bytes_of(&second)).unwrap();
        prop_assert_eq!(&bytes_of(&merged), &whole);
        prop_assert_eq!(&bytes_of(&read), &whole);
        let mut one_by_one = Sketch::default();
        for value in &values {
            one_by_one.add(*value);
        }
        prop_assert_eq!(&bytes_of(&one_by_one), &whole);
    }

    #[test]
    fn damaged_bytes_change_nothing(
        values in values(), at in any::<prop::sample::Index>(), byte in any::<u8>(), len in any::<prop::sample::Index>(),
    ) {
        let mut sketch = sketch_of(&[1.0, -2.0]);
        let before = bytes_of(&sketch);
        let mut data = bytes_of(&sketch_of(&values));
        prop_assert!(sketch.merge_encoded(&data[..len.index(data.len())]).is_err());
        let at = at.index(data.len());
        data[at] = byte;
        if sketch.merge_encoded(&data).is_err() {
            prop_assert_eq!(bytes_of(&sketch), before);
        }
    }

    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..100)) {
        let body = [&[1][..], &data].concat();
        for data in [data, body] {
            if let Ok(sketch) = Sketch::decode(&data) {
                prop_assert!(sketch.count() == 0 || sketch.quantile(0.5).is_some());
            }
        }
    }
}

#[test]
fn a_later_form_is_named() {
    assert_eq!(Sketch::decode(&[9, 0]).unwrap_err(), SketchError::Form(9));
}
