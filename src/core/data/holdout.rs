//! The hold-out: a share of the training images kept aside, the same share of every class.

use super::error::Error;
use super::set::ImageSet;
use crate::random::{Purpose, Stream};

/// Splits `set` into training and hold-out. The hold-out has round(share · n) images; each class gives its share,
/// rounded so that the sum comes out. Both keep canonical order.
pub(crate) fn split(set: ImageSet, classes: usize, share: f64, seed: u64) -> Result<(ImageSet, Option<ImageSet>), Error> {
    if share <= 0.0 {
        return Ok((set, None));
    }
    let total = (share * set.len() as f64).round() as usize;
    if total == 0 || total >= set.len() {
        return Err(Error::choice(format!("`data.holdout = {share}` of {} training images leaves one side empty", set.len())));
    }
    let places = set.by_class(classes);
    let quotas = quotas(&places.iter().map(Vec::len).collect::<Vec<_>>(), total);
    let mut held = vec![false; set.len()];
    for (class, (places, quota)) in places.iter().zip(quotas).enumerate() {
        let mut stream = Stream::new(seed, Purpose::Holdout, 0, 0, class as u64);
        for place in stream.choose(quota, places.len()) {
            held[places[place as usize] as usize] = true;
        }
    }
    let side = |wanted: bool| -> Vec<u32> { (0..held.len() as u32).filter(|&place| held[place as usize] == wanted).collect() };
    Ok((set.select(&side(false)), Some(set.select(&side(true)))))
}

/// Shares `total` among classes in proportion to `counts`: rounded down, then one more each for the largest remainders
/// (Hamilton's method), so that none is off by one or more.
fn quotas(counts: &[usize], total: usize) -> Vec<usize> {
    let all: u128 = counts.iter().map(|&count| count as u128).sum::<u128>().max(1);
    let exact = |count: usize| count as u128 * total as u128;
    let mut quotas: Vec<usize> = counts.iter().map(|&count| (exact(count) / all) as usize).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&class| (std::cmp::Reverse(exact(counts[class]) % all), class));
    let missing = total - quotas.iter().sum::<usize>();
    for &class in order.iter().take(missing) {
        quotas[class] += 1;
    }
    quotas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::labelled;
    use proptest::prelude::*;

    #[test]
    fn no_hold_out_unless_asked() {
        assert_eq!(split(labelled(&[0, 1]), 2, 0.0, 0).unwrap().1, None);
        assert!(split(labelled(&[0, 1]), 2, 0.1, 0).is_err());
    }

    proptest! {
        #[test]
        fn every_image_is_on_one_side_and_every_class_gives_its_share(
            labels in proptest::collection::vec(0u16..5, 20..200), seed: u64, share in 0.05f64..0.95,
        ) {
            let set = labelled(&labels);
            let total = (share * labels.len() as f64).round() as usize;
            prop_assume!(total > 0 && total < labels.len());
            let (train, held) = split(set.clone(), 5, share, seed).unwrap();
            let held = held.unwrap();
            prop_assert_eq!(held.len(), total);
            let mut all = [train.index.clone(), held.index.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(&all, &set.index);
            prop_assert!(train.index.is_sorted() && held.index.is_sorted());
            for (part, whole) in held.counts(5).into_iter().zip(set.counts(5)) {
                let exact = whole as f64 * total as f64 / labels.len() as f64;
                prop_assert!((part as f64 - exact).abs() < 1.0, "{part} of {whole}, exact {exact}");
            }
        }
    }
}
