//! Which part of a set is used: some classes, some images of each class, or the images that a file lists.

use super::error::{Error, grouped};
use super::set::ImageSet;
use super::source::Source;
use crate::random::{Purpose, Stream};
use std::path::{Path, PathBuf};

/// Keeps the classes that `wanted` names (by name, else by number) and numbers them anew, in the order given, in the
/// training and the test set alike. No names: all classes stay. The result says which class each kept one was.
pub(crate) fn classes(source: &mut Source, wanted: &[String]) -> Result<Vec<u16>, Error> {
    if wanted.is_empty() {
        return Ok((0..source.classes.len() as u16).collect());
    }
    let mut kept: Vec<u16> = Vec::new();
    let mut unknown = Vec::new();
    let mut twice = Vec::new();
    for name in wanted {
        let by_name = source.classes.iter().position(|class| class == name);
        let number = || name.parse::<usize>().ok().filter(|&number| number < source.classes.len());
        match by_name.or_else(number) {
            None => unknown.push(match nearest(name, &source.classes) {
                Some(class) => format!("`{name}`: no such class; did you mean `{class}`?"),
                None => format!("`{name}`: no such class"),
            }),
            Some(class) if kept.contains(&(class as u16)) => twice.push(format!("`{name}`: named twice")),
            Some(class) => kept.push(class as u16),
        }
    }
    unknown.extend(twice);
    if !unknown.is_empty() {
        let first: Vec<&str> = source.classes.iter().take(10).map(String::as_str).collect();
        let more = if source.classes.len() > 10 { format!(" and {} more", source.classes.len() - 10) } else { String::new() };
        return Err(Error::choice("`data.classes` does not fit the set").details(unknown).hint(format!(
            "the classes are {}{more}, or numbers from 0 to {}",
            super::place::quoted(&first),
            source.classes.len() - 1
        )));
    }
    if kept.len() < 2 {
        return Err(
            Error::choice(format!("`data.classes` keeps only `{}`: nothing to tell apart", wanted[0])).hint("name at least two classes")
        );
    }
    for set in [&mut source.train, &mut source.test] {
        let places: Vec<u32> = (0..set.len() as u32).filter(|&place| kept.contains(&set.labels[place as usize])).collect();
        *set = set.select(&places);
        for label in &mut set.labels {
            *label = kept.iter().position(|class| class == label).unwrap_or(0) as u16;
        }
    }
    source.classes = kept.iter().map(|&class| source.classes[usize::from(class)].clone()).collect();
    Ok(kept)
}

/// The class whose name is nearest to `name`, if any is near.
fn nearest<'a>(name: &str, classes: &'a [String]) -> Option<&'a String> {
    let likeness = |class: &String| strsim::jaro_winkler(&name.to_lowercase(), &class.to_lowercase());
    classes.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|class| likeness(class) > 0.8)
}

/// Keeps `count` images of each class, drawn by the seed, in canonical order. A larger count keeps those of a smaller
/// one; and a class keeps the same images whichever other classes there are: `kept` says which class of the whole set
/// each one is.
pub(crate) fn per_class(set: &ImageSet, names: &[String], kept: &[u16], count: usize, seed: u64) -> Result<ImageSet, Error> {
    let mut chosen = Vec::new();
    let mut short = Vec::new();
    for (label, places) in set.by_class(kept.len()).iter().enumerate() {
        if places.len() < count {
            short.push(format!("class `{}` has {}", names[label], grouped(places.len() as u64)));
            continue;
        }
        let mut stream = Stream::new(seed, Purpose::Subset, 0, 0, u64::from(kept[label]));
        chosen.extend(stream.choose(count, places.len()).into_iter().map(|place| places[place as usize]));
    }
    if !short.is_empty() {
        return Err(Error::choice(format!(
            "`data.per_class` asks for {} images of each class, and not all have so many",
            grouped(count as u64)
        ))
        .details(short));
    }
    chosen.sort_unstable();
    Ok(set.select(&chosen))
}

/// Where a subset file lies: as named, seen from the working folder, else from the data root.
pub(crate) fn find(name: &str, root: &Path) -> PathBuf {
    let path = super::home(name);
    let under = root.join(&path);
    if !path.exists() && under.exists() { under } else { path }
}

/// Keeps the training images that a JSON file lists by their canonical numbers, in the order of the file.
pub(crate) fn listed(set: &ImageSet, whole: usize, path: &Path) -> Result<ImageSet, Error> {
    // A list of two million images.
    const MOST: u64 = 16 << 20;
    let about = path.metadata().map_err(|error| Error::disk("read the subset file", path, &error))?;
    if about.len() > MOST {
        return Err(Error::choice(format!(
            "the subset file `{}` is too large: {} bytes, at most {}",
            path.display(),
            grouped(about.len()),
            grouped(MOST)
        )));
    }
    let numbers: Vec<u32> = serde_json::from_slice(&super::check::read_at_most(path, MOST)?).map_err(|error| {
        Error::choice(format!("the subset file `{}` is no list of image numbers: {error}", path.display()))
            .hint("expected a JSON array of numbers from 0, as `[17, 4, 1023]`")
    })?;
    let mut place_of = vec![None; whole];
    for (place, &number) in set.index.iter().enumerate() {
        if let Some(entry) = place_of.get_mut(number as usize) {
            *entry = Some(place as u32);
        }
    }
    let mut seen = vec![false; whole];
    let mut places = Vec::with_capacity(numbers.len().min(set.len()));
    // Of what does not fit, how many there are and the first.
    let (mut outside, mut twice, mut absent) = ((0, 0), (0, 0), (0, 0));
    let miss = |kind: &mut (u64, u32), number: u32| *kind = if kind.0 == 0 { (1, number) } else { (kind.0 + 1, kind.1) };
    for &number in &numbers {
        match place_of.get(number as usize) {
            None => miss(&mut outside, number),
            Some(_) if std::mem::replace(&mut seen[number as usize], true) => miss(&mut twice, number),
            Some(None) => miss(&mut absent, number),
            Some(Some(place)) => places.push(*place),
        }
    }
    let mut problems = Vec::new();
    let mut note = |(count, first): (u64, u32), what: &str| {
        if count > 0 {
            problems.push(format!("{} {what}, {first} first", grouped(count)));
        }
    };
    note(outside, &format!("outside the set (0 to {})", whole.saturating_sub(1)));
    note(twice, "listed twice");
    note(absent, "in training files that are not read, or of classes that are not kept");
    if numbers.is_empty() {
        problems.push("it lists no image".to_owned());
    }
    if problems.is_empty() {
        return Ok(set.select(&places));
    }
    Err(Error::choice(format!("the subset file `{}` does not fit the set", path.display())).details(problems))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::{labelled, source};
    use proptest::prelude::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn classes_are_kept_by_name_or_number_and_numbered_anew_in_both_sets() {
        let mut source = source(&[0, 1, 2, 3, 2, 1, 0], 4);
        source.test = labelled(&[3, 0, 2]);
        let kept = classes(&mut source, &names(&["class 2", "0"])).unwrap();
        assert_eq!(kept, [2, 0]);
        assert_eq!(source.classes, ["class 2", "class 0"]);
        assert_eq!((source.train.labels.as_slice(), source.train.index.as_slice()), (&[1, 0, 0, 1][..], &[0, 2, 4, 6][..]));
        assert_eq!((source.test.labels.as_slice(), source.test.index.as_slice()), (&[1, 0][..], &[1, 2][..]));
        assert_eq!(source.train.image(1), [2]);
    }

    #[test]
    fn every_wrong_class_is_named() {
        let mut set = source(&[0, 1, 2], 3);
        let error = classes(&mut set, &names(&["clas 1", "7", "0", "class 0"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`data.classes` does not fit the set\n  `clas 1`: no such class; did you mean `class 1`?\n  `7`: no such class\n  \
             `class 0`: named twice\n  hint: the classes are `class 0`, `class 1`, `class 2`, or numbers from 0 to 2"
        );
    }

    #[test]
    fn a_subset_file_is_read_in_its_order_and_every_misfit_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("subset.json");
        let mut set = labelled(&[0, 1, 0, 1]);
        std::fs::write(&path, "[3, 0]").unwrap();
        assert_eq!(listed(&set, 4, &path).unwrap().index, [3, 0]);
        set = set.select(&[0, 1, 3]);
        std::fs::write(&path, "[3, 0, 9, 3, 8, 2]").unwrap();
        assert_eq!(
            listed(&set, 4, &path).unwrap_err().to_string(),
            format!(
                "the subset file `{}` does not fit the set\n  2 outside the set (0 to 3), 9 first\n  1 listed twice, 3 first\n  \
                 1 in training files that are not read, or of classes that are not kept, 2 first",
                path.display()
            )
        );
        std::fs::write(&path, "{\"a\": 1}").unwrap();
        assert!(listed(&set, 4, &path).unwrap_err().text.contains("is no list of image numbers"));
    }

    proptest! {
        #[test]
        fn a_balanced_subset_has_its_count_of_each_class_and_grows_with_it(
            labels in proptest::collection::vec(0u16..4, 40..120), seed: u64, less in 1usize..4,
        ) {
            let set = labelled(&labels);
            let most = set.counts(4).into_iter().min().unwrap_or(0);
            prop_assume!(most >= 4);
            let kept = [0, 1, 2, 3];
            let names: Vec<String> = (0..4).map(|class| format!("class {class}")).collect();
            let small = per_class(&set, &names, &kept, less, seed).unwrap();
            let large = per_class(&set, &names, &kept, most, seed).unwrap();
            prop_assert_eq!(small.counts(4), vec![less; 4]);
            prop_assert_eq!(large.counts(4), vec![most; 4]);
            prop_assert!(small.index.iter().all(|number| large.index.contains(number)));
            prop_assert!(large.index.is_sorted());
            prop_assert!(per_class(&set, &names, &kept, most + 1, seed).is_err());
        }
    }
}
