//! Ranks, and correlations: Pearson's, and Spearman's of ranks.

/// Mean ranks of values, ties sharing theirs; what is not a number ranks last.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let key = |place: &usize| (values[*place].is_nan(), values[*place]);
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| key(a).0.cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1)));
    let equal = |a: usize, b: usize| values[a] == values[b] || (values[a].is_nan() && values[b].is_nan());
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let mut last = first;
        while last + 1 < order.len() && equal(order[last + 1], order[first]) {
            last += 1;
        }
        order[first..=last].iter().for_each(|&place| ranks[place] = (first + last) as f64 / 2.0);
        first = last + 1;
    }
    ranks
}

/// Pearson's correlation; `None` where one side does not vary, or something is not a number.
#[must_use]
pub fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    let spread = (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt();
    let found = product(a, mean_a, b, mean_b) / spread;
    found.is_finite().then_some(found)
}

/// Spearman's rank correlation: that of the ranks; `None` where one side has no two different ranks.
#[must_use]
pub fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    correlation(&ranks(a), &ranks(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_rank_and_nan_is_last() {
        assert_eq!(ranks(&[2.0, 1.0, 2.0, f64::NAN]), [1.5, 0.0, 1.5, 3.0]);
        assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[10.0, 20.0, 25.0]), Some(1.0));
        assert_eq!(rank_correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
        assert_eq!(rank_correlation(&[1.0, 1.0], &[3.0, 2.0]), None);
    }

    #[test]
    fn correlation_of_a_line_is_one() {
        assert_eq!(correlation(&[1.0, 2.0, 4.0], &[3.0, 5.0, 9.0]), Some(1.0));
        assert_eq!(correlation(&[1.0, 1.0], &[3.0, 5.0]), None);
        assert_eq!(correlation(&[1.0, f64::NAN], &[3.0, 5.0]), None);
    }
}
