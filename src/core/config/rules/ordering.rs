//! Rules on orderings.

use super::super::data::SetKind;
use super::super::experiment::Experiment;
use super::super::ordering::{
    Direction, Estimate, ExternalSource, ItemKind, Measure, Ordering, PacingBy, Recipe, Sampler, Scorer, ScoringNorm, Target,
};
use super::super::read::Reader;
use super::super::selector::Selector;
use super::super::values::{Candidates, Interval};
use super::methods::needs_holdout;
use super::permutation::refused;

pub(super) fn check(experiment: &Experiment, reader: &mut Reader) {
    if let Some(ordering) = &experiment.ordering {
        scorer(ordering, experiment, reader);
        sampler(ordering, experiment, reader);
        items(ordering, reader);
        compared(ordering, experiment, reader);
        unused(ordering, reader);
    }
}

/// What single samples and redrawn batches cannot be.
fn items(ordering: &Ordering, reader: &mut Reader) {
    if ordering.recipe == Recipe::Redrawn {
        if ordering.candidates == Candidates::All {
            let text = "redrawn batches are drawn again and again: there is no number of all of them".to_owned();
            let hint = "write a number of candidates, or `recipe = \"fixed\"`".to_owned();
            reader.conflict(&["ordering.candidates", "ordering.recipe"], text, Some(hint));
        }
        if ordering.item == ItemKind::Sample {
            let text = "a recipe is for batches, and `ordering.item` is `\"sample\"`".to_owned();
            reader.conflict(&["ordering.recipe", "ordering.item"], text, Some("leave `recipe` out".to_owned()));
        }
        if ordering.rescore != Interval::Steps(1) {
            let text = "redrawn batches are drawn anew at every step, so their scores hold for one step".to_owned();
            reader.conflict(&["ordering.rescore", "ordering.recipe"], text, Some("write `rescore = \"1 step\"`".to_owned()));
        }
    }
    if let Interval::Epochs(epochs) = ordering.rescore
        && epochs > 1
    {
        let text = format!("an epoch draws its candidates anew, so scores hold for one epoch at most, not {epochs}");
        reader.conflict(&["ordering.rescore"], text, Some("write `rescore = \"1 epoch\"`".to_owned()));
    }
    if ordering.item == ItemKind::Sample {
        if ordering.bn == ScoringNorm::Train {
            let text = "a single sample has no statistics of a batch: scoring samples needs the running ones".to_owned();
            reader.conflict(&["ordering.bn", "ordering.item"], text, Some("write `bn = \"eval\"`".to_owned()));
        }
        if ordering.scorer == Scorer::Grab {
            let text = "gradients are known of whole batches, and `ordering.item` is `\"sample\"`".to_owned();
            reader.conflict(&["ordering.scorer", "ordering.item"], text, Some("write `item = \"batch\"`".to_owned()));
        }
        if ordering.published.position_as_index || ordering.published.leftover_gradient {
            let text = "published deviations are those of batches, and `ordering.item` is `\"sample\"`".to_owned();
            reader.conflict(&["ordering.published", "ordering.item"], text, Some("write `item = \"batch\"`".to_owned()));
        }
    }
    if ordering.published.position_as_index && ordering.recipe == Recipe::Fixed {
        let text = "only redrawn batches had positions for indices, and `ordering.recipe` is `\"fixed\"`".to_owned();
        let paths = ["ordering.published.position_as_index", "ordering.published", "ordering.recipe"];
        reader.conflict(&paths, text, Some("write `recipe = \"redrawn\"`".to_owned()));
    }
    let exact = ordering.scorer == Scorer::LossDelta && ordering.estimate == Estimate::Exact;
    if ordering.published.leftover_gradient && !exact {
        let text = "the left-over gradient belongs to exact loss deltas".to_owned();
        let paths = ["ordering.published.leftover_gradient", "ordering.published", "ordering.scorer"];
        reader.conflict(&paths, text, Some("write `scorer = \"loss-delta\"`, or leave the switch out".to_owned()));
    }
    if ordering.measure == Measure::Relative && ordering.estimate == Estimate::FirstOrder {
        let text = "a first-order estimate has no loss to be relative to".to_owned();
        let hint = "write `measure = \"absolute\"`: on an external batch both rank alike".to_owned();
        reader.conflict(&["ordering.measure", "ordering.estimate"], text, Some(hint));
    }
}

/// What cannot be compared with the scorer that chooses.
fn compared(ordering: &Ordering, experiment: &Experiment, reader: &mut Reader) {
    let own = ordering.selector();
    for (place, other) in ordering.compare.iter().enumerate() {
        let remove = || "remove it".to_owned();
        let problem = if matches!(other.scorer, Scorer::Grab | Scorer::Random) {
            Some((format!("`{other}` gives candidates no scores to compare with"), remove()))
        } else if other.order != Direction::Auto {
            let text = format!("`{other}`: scores are compared as they are, whichever is handed out first");
            Some((text, format!("write `\"{}\"`", Selector { order: Direction::Auto, ..*other })))
        } else if *other == own && !ordering.published.leftover_gradient {
            Some((format!("`{other}` chooses already, and would be compared with itself"), remove()))
        } else if ordering.compare[..place].contains(other) {
            Some((format!("`{other}` stands there twice"), "remove one of the two".to_owned()))
        } else {
            refused(other, ordering, experiment).map(|(text, hint)| (format!("`{other}`: {text}"), hint))
        };
        if let Some((text, hint)) = problem {
            reader.conflict_at("ordering.compare", text, Some(hint));
        }
    }
}

/// Keys that another way to an order leaves without a meaning.
fn unused(ordering: &Ordering, reader: &mut Reader) {
    if ordering.replay == "last" {
        let text = "`last` is another run as soon as this one is there".to_owned();
        reader.conflict(&["ordering.replay"], text, Some("name the run by its id, as `curricle runs list` shows it".to_owned()));
    }
    let (way, path) = if !ordering.replay.is_empty() {
        ("a recorded order", "ordering.replay")
    } else if ordering.pacing.is_some() {
        ("pacing", "ordering.pacing")
    } else if ordering.scorer == Scorer::Grab {
        ("GraB", "ordering.scorer")
    } else if ordering.scorer == Scorer::EqualCompute {
        ("a random order", "ordering.scorer")
    } else {
        return;
    };
    // What says nothing else than the default stands in every `resolved.toml`.
    let usual = Ordering::default();
    let mut keys = vec![
        ("item", ordering.item != usual.item),
        ("recipe", ordering.recipe != usual.recipe),
        ("order", ordering.order != usual.order),
        ("sampler", ordering.sampler != usual.sampler),
        ("compare", ordering.compare != usual.compare),
        ("bn", ordering.bn != usual.bn),
        ("rescore_crops", ordering.rescore_crops != usual.rescore_crops),
        ("warmup", ordering.warmup != usual.warmup),
        ("rescore", ordering.rescore != usual.rescore),
    ];
    // What equal passes are counted by is the compared arm's.
    if path != "ordering.scorer" || ordering.scorer == Scorer::Grab {
        keys.push(("candidates", ordering.candidates != usual.candidates));
    } else {
        keys.retain(|(key, _)| !["item", "recipe", "warmup", "rescore", "sampler", "compare"].contains(key));
    }
    if path != "ordering.scorer" {
        keys.push(("scorer", ordering.scorer != usual.scorer && ordering.scorer != Scorer::Random));
    }
    if path == "ordering.replay" {
        keys.push(("pacing", ordering.pacing.is_some()));
    }
    for (key, _) in keys.into_iter().filter(|(_, differs)| *differs) {
        let key = format!("ordering.{key}");
        if reader.is_written(&key) {
            let text = format!("not used with {way}, which scores no candidates");
            reader.conflict(&[&key, path], text, Some(format!("remove it, or `{path}`")));
        }
    }
}

fn scorer(ordering: &Ordering, experiment: &Experiment, reader: &mut Reader) {
    let delta = ordering.scorer == Scorer::LossDelta;
    let matched = ordering.scorer == Scorer::EqualCompute && ordering.equal_to == Scorer::LossDelta;
    if (delta || matched) && ordering.estimate == Estimate::FirstOrder && ordering.target == Target::Same {
        let text = "a first-order estimate needs a batch kept apart, and `ordering.target` is `\"same\"`".to_owned();
        let hint = "write `target = \"external\"`, or `estimate = \"exact\"`".to_owned();
        reader.conflict(&["ordering.estimate", "ordering.target"], text, Some(hint));
    }
    if delta && ordering.target == Target::External && ordering.external.source == ExternalSource::Holdout && experiment.data.holdout == 0.0
    {
        needs_holdout(&["ordering.external.source", "ordering.target", "data.holdout"], "an external batch of hold-out images", reader);
    }
    let uses = |scorer: Scorer| ordering.scorer == scorer;
    let paced = |by: PacingBy| ordering.pacing.as_ref().is_some_and(|pacing| pacing.by == by);
    let as_rho = ordering.scorer == Scorer::EqualCompute && ordering.equal_to == Scorer::Rho;
    if (uses(Scorer::Rho) || as_rho) && experiment.data.holdout == 0.0 {
        let path = if as_rho { "ordering.equal_to" } else { "ordering.scorer" };
        needs_holdout(&[path, "data.holdout"], "scorer `rho`", reader);
    }
    if (uses(Scorer::Teacher) || paced(PacingBy::Teacher)) && ordering.teacher.is_none() {
        let hint = Some("write `[ordering.teacher]`, and below it its `kind`, `depth` and `checkpoint`".to_owned());
        reader.conflict(&["ordering.scorer", "ordering.pacing"], "a teacher's loss needs `ordering.teacher`".to_owned(), hint);
    }
    if let Some(teacher) = &ordering.teacher
        && teacher.checkpoint.is_empty()
    {
        let hint = Some("write `checkpoint = \"…\"` in `[ordering.teacher]`".to_owned());
        reader.conflict(&["ordering.teacher.checkpoint", "ordering.teacher"], "a teacher must be trained".to_owned(), hint);
    }
    if (uses(Scorer::Column) || paced(PacingBy::Column)) && ordering.column.as_ref().is_none_or(|column| column.file.is_empty()) {
        let hint = Some("write `column = { file = \"…\", name = \"…\" }` in `[ordering]`".to_owned());
        reader.conflict(&["ordering.scorer", "ordering.pacing"], "a column needs the file that holds it".to_owned(), hint);
    }
    if (uses(Scorer::Difficulty) || paced(PacingBy::Difficulty)) && experiment.data.set != SetKind::Glyphs {
        let text = format!("the difficulty of images is known for `glyphs` only, and `data.set` is `\"{}\"`", experiment.data.set);
        reader.conflict(&["ordering.scorer", "ordering.pacing", "data.set"], text, None);
    }
}

fn sampler(ordering: &Ordering, experiment: &Experiment, reader: &mut Reader) {
    if ordering.sampler == Sampler::Off {
        return;
    }
    let name = ordering.sampler;
    if ordering.order != Direction::Auto {
        let text = format!("not used with `ordering.sampler = \"{name}\"`, which takes samples in place of an order");
        reader.conflict(&["ordering.order", "ordering.sampler"], text, Some("remove one of the two".to_owned()));
    }
    if experiment.training.steps.is_none() {
        let text = format!("sampler `{name}` draws without end, so the run is counted in steps");
        let hint = "write `steps = …` in `[training]`, in place of `epochs`".to_owned();
        reader.conflict(&["ordering.sampler", "training.epochs"], text, Some(hint));
    }
    if ordering.scorer == Scorer::LossDelta && matches!(ordering.sampler, Sampler::Weighted | Sampler::Inverse) {
        let text = format!("sampler `{name}` takes scores as weights, and a loss delta may be negative");
        let hint = "write `sampler = \"largest\"`, or another scorer".to_owned();
        reader.conflict(&["ordering.sampler", "ordering.scorer"], text, Some(hint));
    }
    if ordering.scorer == Scorer::Rho && matches!(ordering.sampler, Sampler::Weighted | Sampler::Inverse) {
        let text = format!("sampler `{name}` takes scores as weights, and a loss less another may be negative");
        let hint = "write `sampler = \"largest\"`, or another scorer".to_owned();
        reader.conflict(&["ordering.sampler", "ordering.scorer"], text, Some(hint));
    }
}
