//! What follows a step: evaluation, selection of the best network, plateau and early stop, kept checkpoints.
//!
//! Evaluations may take long and can be broken off; nothing is changed and nothing recorded until all of them are
//! there, so that a run that was stopped in between does the whole boundary again.

use crate::error::Result;
use crate::evaluation::{Score, evaluate};
use crate::images::DeviceSet;
use crate::state::{Best, TestResult};
use crate::training::Training;
use curricle_core::config::Watch;
use curricle_core::record::{self, Level, What};

/// Does what is due after the last step; false if it was broken off and must be done again.
///
/// # Errors
/// Divergence, what libtorch refuses, the recorder's errors.
pub fn finish(training: &mut Training) -> Result<bool> {
    let step = training.progress.step;
    let ends_epoch = training.plan.ends_epoch(step);
    let evaluates = training.plan.evaluates(step);
    if ends_epoch || evaluates {
        training.read_outcomes()?;
    }
    let watches_holdout = training.experiment.training.watch == Watch::HoldoutLoss;
    let wants_holdout = training.holdout.is_some() && (evaluates || (ends_epoch && watches_holdout));
    let mut scores: Vec<(&'static str, Score)> = Vec::new();
    if wants_holdout && let Some(set) = &training.holdout {
        let Some(score) = score(training, set)? else { return Ok(false) };
        scores.push(("holdout", score));
    }
    if evaluates {
        let Some(score) = score(training, &training.test)? else { return Ok(false) };
        scores.push(("test", score));
    }
    record_scores(training, &scores, ends_epoch)?;
    if ends_epoch {
        end_epoch(training, &scores)?;
    }
    if training.plan.keeps(step) {
        let path = match training.plan.ends_epoch(step) {
            true => training.directory.kept(training.plan.epoch_of(step)),
            false => training.directory.kept_step(step),
        };
        training.write_checkpoint(path, "kept")?;
    }
    training.progress.boundary_done = true;
    if !scores.is_empty() {
        training.stand(curricle_core::run::State::Training)?;
    }
    Ok(true)
}

fn score(training: &Training, set: &DeviceSet) -> Result<Option<Score>> {
    evaluate(
        training.network,
        &training.weights.theta,
        &training.weights.statistics,
        set,
        &training.normalisation,
        training.machine.precision.arithmetic,
        training.evaluation_batch,
        |_| !training.must_end(),
    )
}

/// Selects, then writes one event an evaluation.
fn record_scores(training: &mut Training, scores: &[(&'static str, Score)], ends_epoch: bool) -> Result<()> {
    if scores.is_empty() {
        return Ok(());
    }
    let find = |name: &str| scores.iter().find(|(set, _)| *set == name).map(|(_, score)| *score);
    if let Some(test) = find("test") {
        let epoch = training.plan.epoch_of(training.progress.step);
        training.progress.test = Some(TestResult { epoch, loss: test.loss, accuracy: test.accuracy() });
    }
    let selects = find(training.selector).zip(find("test"));
    let best = selects.is_some_and(|(score, _)| training.progress.best.is_none_or(|best| score.accuracy() > best.value));
    if best && let Some((score, test)) = selects {
        let epoch = training.plan.epoch_of(training.progress.step);
        training.progress.best = Some(Best { value: score.accuracy(), epoch, test_accuracy: test.accuracy() });
        training.write_checkpoint(training.directory.best(), "best")?;
    }
    let (norm_sum, norm_global) = training.weights.norms(&training.network.layout)?;
    let epoch = training.progress.epoch;
    let of_epoch = |value: f64| (ends_epoch && epoch.images > 0).then(|| value / epoch.images as f64);
    for (set, score) in scores {
        let what = What::Evaluation(record::Evaluation {
            set: (*set).into(),
            loss: score.loss,
            accuracy: score.accuracy(),
            correct: score.correct,
            total: score.total,
            train_loss: of_epoch(epoch.loss),
            train_accuracy: of_epoch(epoch.hits as f64),
            best: best && *set == training.selector,
            norm_sum,
            norm_global,
        });
        training.event(what)?;
    }
    Ok(())
}

/// Plateau and early stop take the epoch's loss; the sums begin anew.
fn end_epoch(training: &mut Training, scores: &[(&'static str, Score)]) -> Result<()> {
    let sums = std::mem::take(&mut training.progress.epoch);
    let train_loss = sums.loss / sums.images.max(1) as f64;
    let holdout = scores.iter().find(|(set, _)| *set == "holdout").map(|(_, score)| score.loss);
    let watched = match training.experiment.training.watch {
        Watch::TrainLoss => train_loss,
        Watch::HoldoutLoss => holdout.unwrap_or(train_loss),
    };
    let experiment = training.experiment;
    training.progress.plateau.observe(watched, &experiment.schedule, experiment.optimizer.lr);
    if training.progress.early_stop.observe(watched, experiment.training.early_stop) {
        training.progress.ended_early = true;
    }
    let classes = training.network.layout.parameters.last().map_or(10.0, |bias| bias.len() as f64);
    if train_loss > 3.0 * classes.ln() {
        let text = format!(
            "mean training loss {train_loss:.3} in epoch {} is far above that of guessing ({:.3}): the run may be diverging",
            training.plan.epoch_of(training.progress.step),
            classes.ln()
        );
        training.event(What::Message(record::Message { level: Level::Warning, text }))?;
    }
    Ok(())
}
