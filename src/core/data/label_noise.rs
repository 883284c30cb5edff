//! Symmetric label noise: a share of the training labels is changed, each uniformly to *another* class.

use super::error::Error;
use super::set::ImageSet;
use crate::random::{Purpose, Stream};

/// Changes exactly round(rate · n) labels of `set`; the labels before. A higher rate changes what a lower one does, to
/// the same classes, and more.
pub(crate) fn apply(set: &mut ImageSet, classes: usize, rate: f64, seed: u64) -> Result<Option<Vec<u16>>, Error> {
    if rate <= 0.0 {
        return Ok(None);
    }
    if classes < 2 {
        return Err(Error::choice("`data.label_noise` needs at least two classes"));
    }
    let before = set.labels.clone();
    let changed = (rate * set.len() as f64).round() as usize;
    for place in Stream::new(seed, Purpose::LabelNoise, 0, 0, 0).choose(changed, set.len()) {
        let label = &mut set.labels[place as usize];
        let other = Stream::new(seed, Purpose::LabelNoise, 0, 1, u64::from(set.index[place as usize])).below(classes as u64 - 1);
        *label = ((u64::from(*label) + 1 + other) % classes as u64) as u16;
    }
    Ok(Some(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::labelled;
    use proptest::prelude::*;

    #[test]
    fn changed_labels_spread_evenly_over_the_other_classes() {
        let mut set = labelled(&[3; 20_000]);
        apply(&mut set, 5, 1.0, 0).unwrap();
        let counts = set.counts(5);
        assert_eq!(counts[3], 0);
        // Four classes share 20,000: five standard deviations of a binomial count are 306.
        assert!([0, 1, 2, 4].iter().all(|&class| counts[class].abs_diff(5_000) < 306), "{counts:?}");
    }

    proptest! {
        #[test]
        fn exactly_the_rate_is_changed(labels in proptest::collection::vec(0u16..6, 1..200), seed: u64, rate in 0.0f64..=1.0) {
            let mut set = labelled(&labels);
            let before = apply(&mut set, 6, rate, seed).unwrap();
            prop_assert_eq!(before.is_some(), rate > 0.0);
            let changed = set.labels.iter().zip(&labels).filter(|(now, then)| now != then).count();
            prop_assert_eq!(changed, (rate * labels.len() as f64).round() as usize);
            prop_assert!(set.labels.iter().all(|&label| label < 6));
        }

        #[test]
        fn a_higher_rate_changes_all_that_a_lower_one_does(seed: u64, low in 0.0f64..0.5) {
            let labels: Vec<u16> = (0..100).map(|place| place % 10).collect();
            let (mut few, mut many) = (labelled(&labels), labelled(&labels));
            apply(&mut few, 10, low, seed).unwrap();
            apply(&mut many, 10, low + 0.4, seed).unwrap();
            for (label, (few, many)) in labels.iter().zip(few.labels.iter().zip(&many.labels)) {
                prop_assert!(few == label || few == many);
            }
        }
    }
}
