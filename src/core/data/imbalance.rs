//! Long-tail imbalance (Cui et al. 2019): class c of C keeps n·r^(−c/(C−1)) images, r = largest / smallest.

use super::error::Error;
use super::set::ImageSet;
use crate::random::{Purpose, Stream};

/// Thins the classes of `set` to a tail of ratio `ratio`, by the labels that training sees. n is the largest number that
/// every class can follow; in a balanced set that is the size of a class. Canonical order stays.
pub(crate) fn apply(set: ImageSet, classes: usize, ratio: f64, seed: u64) -> Result<ImageSet, Error> {
    if ratio <= 1.0 {
        return Ok(set);
    }
    if classes < 2 {
        return Err(Error::choice("`data.imbalance` needs at least two classes"));
    }
    let places = set.by_class(classes);
    let sizes = sizes(&places.iter().map(Vec::len).collect::<Vec<_>>(), ratio);
    if let Some(class) = sizes.iter().position(|&size| size == 0) {
        return Err(Error::choice(format!("`data.imbalance = {ratio}` leaves class {class} without images"))
            .hint("a smaller ratio, or more images per class"));
    }
    let mut kept = Vec::new();
    for (class, (places, size)) in places.iter().zip(sizes).enumerate() {
        let mut stream = Stream::new(seed, Purpose::Imbalance, 0, 0, class as u64);
        kept.extend(stream.choose(size, places.len()).into_iter().map(|place| places[place as usize]));
    }
    kept.sort_unstable();
    Ok(set.select(&kept))
}

/// How many images each class keeps.
fn sizes(counts: &[usize], ratio: f64) -> Vec<usize> {
    let last = (counts.len() - 1) as f64;
    let share = |class: usize| ratio.powf(-(class as f64) / last);
    let largest = counts.iter().enumerate().map(|(class, &count)| count as f64 / share(class)).fold(f64::INFINITY, f64::min);
    // Rounding must not ask for one more than there is.
    counts.iter().enumerate().map(|(class, &count)| ((largest * share(class)).round() as usize).min(count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::labelled;
    use proptest::prelude::*;

    #[test]
    fn ten_classes_of_5000_with_ratio_100_are_those_of_the_literature() {
        assert_eq!(sizes(&[5_000; 10], 100.0), [5_000, 2_997, 1_797, 1_077, 646, 387, 232, 139, 83, 50]);
    }

    #[test]
    fn a_class_that_would_vanish_is_an_error() {
        let labels: Vec<u16> = (0..20).map(|place| place % 2).collect();
        assert!(apply(labelled(&labels), 2, 1_000.0, 0).unwrap_err().text.contains("leaves class 1 without images"));
    }

    proptest! {
        #[test]
        fn balanced_classes_get_exactly_the_sizes_asked_for(seed: u64, each in 30usize..60, ratio in 1.0f64..20.0) {
            let labels: Vec<u16> = (0..each * 4).map(|place| (place % 4) as u16).collect();
            let set = apply(labelled(&labels), 4, ratio, seed).unwrap();
            let asked: Vec<usize> =
                (0..4).map(|class| (each as f64 * ratio.powf(-f64::from(class) / 3.0)).round() as usize).collect();
            prop_assert_eq!(set.counts(4), asked);
            prop_assert!(set.index.is_sorted());
        }

        #[test]
        fn unequal_classes_keep_the_ratio(counts in proptest::collection::vec(50usize..500, 2..8), ratio in 1.0f64..10.0) {
            let sizes = sizes(&counts, ratio);
            prop_assert!(sizes.iter().zip(&counts).all(|(size, count)| size <= count));
            let (first, last) = (sizes[0] as f64, sizes[sizes.len() - 1] as f64);
            // Each size is off by at most ½.
            prop_assert!((first + 0.5) / (last - 0.5) >= ratio - 1e-9 && (first - 0.5) / (last + 0.5) <= ratio + 1e-9);
        }
    }
}
