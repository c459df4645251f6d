//! Many tests at once.

/// The p-values as they count when so many were looked at: `adjusted[i] <= level` for every test that is kept when at most
/// a share `level` of those kept may be false (Benjamini & Hochberg 1995; as adjusted values Yekutieli & Benjamini 1999).
#[must_use]
pub fn false_discovery(p_values: &[f64]) -> Vec<f64> {
    let count = p_values.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&one, &other| p_values[other].total_cmp(&p_values[one]));
    let (mut adjusted, mut least) = (vec![1.0; count], 1.0_f64);
    for (place, index) in order.into_iter().enumerate() {
        least = least.min(p_values[index] * count as f64 / (count - place) as f64);
        adjusted[index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As scipy's `false_discovery_control` has them.
    #[test]
    fn the_more_are_looked_at_the_less_each_counts() {
        let found = false_discovery(&[0.01, 0.04, 0.03, 0.2, 0.005]);
        for (found, expected) in found.iter().zip([0.025, 0.05, 0.05, 0.2, 0.025]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
        assert_eq!(false_discovery(&[0.03]), [0.03]);
        assert_eq!(false_discovery(&[]), [0.0; 0]);
    }
}
