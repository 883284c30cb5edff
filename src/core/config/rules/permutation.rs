//! Rules on studies of orders and the selectors that they rank.

use super::super::data::SetKind;
use super::super::experiment::Experiment;
use super::super::ordering::{Estimate, ExternalSource, Measure, Ordering, Scorer, Target};
use super::super::read::{Reader, join};
use super::super::selector::Selector;
use super::super::training::Training;

pub(super) fn check(experiment: &Experiment, reader: &mut Reader) {
    let Some(permutation) = &experiment.permutation else { return };
    let usual = Ordering::default();
    let base = experiment.ordering.as_ref().unwrap_or(&usual);
    for (place, selector) in permutation.selectors.iter().enumerate() {
        let twice = || (format!("`{selector}` stands there twice"), "remove one of the two".to_owned());
        let wrong = refused(selector, base, experiment).map(|(text, hint)| (format!("`{selector}`: {text}"), hint));
        if let Some((text, hint)) = wrong.or_else(|| permutation.selectors[..place].contains(selector).then(twice)) {
            reader.conflict_at("permutation.selectors", text, Some(hint));
        }
    }
    let (training, plain) = (&experiment.training, Training::default());
    let unused = [
        ("early_stop", training.early_stop != plain.early_stop),
        ("select_on", training.select_on != plain.select_on),
        ("evaluate_every", training.evaluate_every != plain.evaluate_every),
        ("keep_every", training.keep_every != plain.keep_every),
    ];
    for (key, _) in unused.into_iter().filter(|(_, differs)| *differs) {
        let text = "not used in a study that tries every order: each is tested once, at its end".to_owned();
        reader.conflict(&[&join("training", key)], text, Some("remove it".to_owned()));
    }
    if permutation.selectors.is_empty() {
        return;
    }
    // Scorer, target and estimate say which of the keys beside belong there; the selectors have their own.
    // What says nothing else than the default stands in every `resolved.toml`.
    let keys = [
        ("item", base.item != usual.item),
        ("recipe", base.recipe != usual.recipe),
        ("order", base.order != usual.order),
        ("sampler", base.sampler != usual.sampler),
        ("compare", base.compare != usual.compare),
        ("candidates", base.candidates != usual.candidates),
        ("rescore", base.rescore != usual.rescore),
        ("warmup", base.warmup != usual.warmup),
        ("rescore_crops", base.rescore_crops != usual.rescore_crops),
        ("replay", base.replay != usual.replay),
        ("published", base.published != usual.published),
        ("pacing", base.pacing.is_some()),
        ("pairs", base.pairs != usual.pairs),
    ];
    for (key, _) in keys.into_iter().filter(|(_, differs)| *differs) {
        let key = join("ordering", key);
        let text = "not used in a study that tries every order: selectors say themselves how they are asked".to_owned();
        reader.conflict(&[&key], text, Some("remove it".to_owned()));
    }
}

/// Why a selector cannot be asked here, and what to do.
pub(super) fn refused(selector: &Selector, base: &Ordering, experiment: &Experiment) -> Option<(String, String)> {
    let said = |text: &str, hint: &str| Some((text.to_owned(), hint.to_owned()));
    let holdout = experiment.data.holdout > 0.0;
    let set = &experiment.data.set;
    if selector.estimate == Estimate::FirstOrder && selector.target == Target::Same {
        return said("a first-order estimate needs a batch kept apart", &format!("write `\"{} external\"`", selector.scorer));
    }
    if selector.estimate == Estimate::FirstOrder && selector.measure == Measure::Relative {
        return said("a first-order estimate has no loss to be relative to", "leave `relative` out: on an external batch both rank alike");
    }
    match selector.scorer {
        Scorer::LossDelta if selector.target == Target::External && base.external.source == ExternalSource::Holdout && !holdout => said(
            "an external batch from the hold-out needs one",
            "write `holdout = 0.1` in `[data]`, or `external = { source = \"test\" }` in `[ordering]`",
        ),
        Scorer::Rho if !holdout => said("its other network is trained on a hold-out", "write `holdout = 0.1` in `[data]`"),
        Scorer::Teacher if base.teacher.as_ref().is_none_or(|teacher| teacher.checkpoint.is_empty()) => {
            said("there is no teacher", "write `[ordering.teacher]`, and below it its `kind`, `depth` and `checkpoint`")
        }
        Scorer::Column if base.column.as_ref().is_none_or(|column| column.file.is_empty()) => {
            said("there is no column", "write `column = { file = \"…\", name = \"…\" }` in `[ordering]`")
        }
        Scorer::Difficulty if *set != SetKind::Glyphs => {
            said(&format!("the difficulty of images is known for `glyphs` only, and `data.set` is `\"{set}\"`"), "leave it out")
        }
        _ => None,
    }
}
