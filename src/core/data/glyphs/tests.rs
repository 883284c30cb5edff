use super::*;
use proptest::prelude::*;

#[test]
fn a_larger_set_begins_with_the_smaller_one() {
    let small = draw(7, Split::Train, 130, 1.0);
    let large = draw(7, Split::Train, 700, 1.0);
    assert_eq!(small.images, large.images[..130 * BYTES]);
    assert_eq!(small.labels, large.labels[..130]);
    assert_eq!(small.difficulty.as_deref(), large.difficulty.as_ref().map(|all| &all[..130]));
}

#[test]
fn splits_and_seeds_have_nothing_in_common() {
    let sets = [draw(0, Split::Train, 10, 1.0), draw(0, Split::Test, 10, 1.0), draw(1, Split::Train, 10, 1.0)];
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        assert!((0..10).all(|place| sets[a].image(place) != sets[b].image(place)));
    }
}

#[test]
fn every_ten_samples_hold_each_class_once() {
    let set = draw(3, Split::Test, 200, 1.0);
    for ten in set.labels.chunks(10) {
        let mut ten = ten.to_vec();
        ten.sort_unstable();
        assert_eq!(ten, (0..10).collect::<Vec<u16>>());
    }
}

#[test]
fn without_nuisances_samples_of_a_class_are_alike_and_classes_are_not() {
    let set = draw(0, Split::Train, 400, 0.0);
    // Brightness and colour are free; the shape is compared by correlation.
    let shape = |place: usize| -> Vec<f64> {
        let grey: Vec<f64> = set.image(place).chunks(3).map(|pixel| pixel.iter().map(|&byte| f64::from(byte)).sum()).collect();
        let mean = grey.iter().sum::<f64>() / grey.len() as f64;
        let norm = grey.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt();
        grey.iter().map(|value| (value - mean) / norm).collect()
    };
    let shapes: Vec<Vec<f64>> = (0..set.len()).map(shape).collect();
    let alike = |a: usize, b: usize| shapes[a].iter().zip(&shapes[b]).map(|(x, y)| x * y).sum::<f64>().abs();
    let right = (200..400)
        .filter(|&sample| {
            let nearest = (0..200).max_by(|&a, &b| alike(sample, a).total_cmp(&alike(sample, b))).unwrap();
            set.labels[nearest] == set.labels[sample]
        })
        .count();
    assert!(right >= 190, "the nearest of 200 plain glyphs has the right label in {right} of 200 cases");
    assert!(set.difficulty.unwrap().iter().all(|&known| known == 0.0));
}

#[test]
fn difficulty_covers_its_range_evenly() {
    let known = draw(0, Split::Train, 2_000, 1.0).difficulty.unwrap();
    assert!(known.iter().all(|known| (0.0..1.0).contains(known)));
    for tenth in 0..10 {
        let count = known.iter().filter(|&&known| (known * 10.0) as usize == tenth).count();
        assert!((140..260).contains(&count), "{count} of 2,000 in tenth {tenth}");
    }
}

/// Changing the generator changes every number published on this set: whoever does it must see it here.
#[test]
fn the_bytes_are_those_of_version_1() {
    let set = draw(0, Split::Train, 100, 1.0);
    assert_eq!(super::super::check::sha256(&set.images), "69cdd186f886c06be22d92cd31672904ea2ef02cf49e87643ca00f296a263a9d");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn any_seed_and_strength_draws(seed: u64, count in 0usize..12, strength in 0.0f64..2.0) {
        let set = draw(seed, Split::Train, count, strength);
        prop_assert_eq!(set.images.len(), count * BYTES);
        prop_assert!(set.difficulty.unwrap().iter().all(|known| (0.0..=1.0).contains(known)));
    }
}
