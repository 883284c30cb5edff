//! `curricle scores`: what an ordering preferred, how that changed, what it cost. The numbers of the Scores pane.

use super::context::Context;
use super::failure::Failure;
use super::output;
use crate::scores::{Digest, Missing, Order, Reader, Study};
use crate::words::{duration, four, thousands};
use clap::Args;
use curricle_core::run::{RunDirectory, catalogue};
use curricle_core::statistics::EpochSpread;
use serde::Serialize;
use std::time::Duration;

/// What may stand after `scores`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run
    run: String,
    /// Show this step, and the 64 scorings up to it [default: the newest that was scored]
    #[arg(long, value_name = "N")]
    step: Option<u64>,
    /// Show this epoch of a study of orders [default: the newest]
    #[arg(long, value_name = "N", conflicts_with = "step")]
    epoch: Option<u64>,
}

/// How long one reading takes at most; there is no hurry here.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bars are so long at most.
const BAR: usize = 28;
/// Columns that the names of images may take behind their label.
const NAMED: usize = 54;

/// Prints the numbers of a run's scorings.
pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    let id = directory.id();
    let mut reader = Reader::new(directory.clone());
    while reader.poll(PATIENCE)?.more {}
    let every_order = reader.sums().facts.every_order;
    match (every_order, arguments.step, arguments.epoch) {
        (true, Some(_), _) => return Err(Failure::usage(format!("run `{id}` tries out every order: `--epoch N` shows one of its epochs"))),
        (false, _, Some(_)) => return Err(Failure::usage(format!("run `{id}` is no study of orders: `--step N` shows one of its steps"))),
        _ => {}
    }
    let digest = match reader.digest(arguments.step.or(arguments.epoch)) {
        Ok(digest) => digest,
        Err(missing) => return Err(absent(&reader.sums(), &directory, &missing)),
    };
    if !digest.is_worth_a_look() {
        return Err(absent(&digest, &directory, &Missing::Nothing));
    }
    if arguments.step.is_some() && digest.study.is_none() && digest.facts.scores && !digest.view.scored {
        return Err(absent(&digest, &directory, &Missing::Unscored(digest.view.step)));
    }
    if let Some(problem) = &digest.problem {
        output::note(&format!("{id}: {problem}; the numbers leave it out"));
    }
    if context.json {
        return output::json(&Shown { id: &id, digest: &digest });
    }
    match &digest.study {
        Some(study) => output::print(&orders(study, &id)),
        None => output::print(&text(&digest, &id, context.ascii)),
    }
}

/// A study of orders: its epochs, the best and the worst order of one, and where selectors' orders lie.
fn orders(study: &Study, id: &str) -> String {
    let mut text = format!(
        "{id}\nevery order, chosen by the test set; {} of {} orders, epoch {} of {}\n\n",
        thousands(study.orders),
        thousands(study.steps.max(study.orders)),
        study.reached,
        study.epochs
    );
    text.push_str(&format!("{}\n", EpochSpread::HEADING));
    study.table.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text.push_str(&format!("\nepoch {}: {} of {} parents done\n", study.epoch, study.parents_done, study.parents));
    for (name, order) in [("best order", &study.best), ("worst order", &study.worst)] {
        let Some(order) = order else { continue };
        let batches = order.batches.iter().map(u8::to_string).collect::<Vec<_>>().join("-");
        let value = format!("{batches}  loss {:.4}  accuracy {}  parent {}", order.loss, four(Some(order.accuracy)), order.parent);
        row(&mut text, name, &value);
    }
    if !study.selectors.is_empty() {
        text.push_str("\nselectors: other orders that are better than theirs\n");
    }
    for standing in &study.selectors {
        let newest = &standing.newest;
        let oracle = if newest.oracle { " (oracle)" } else { "" };
        let mean = match standing.parents {
            0 | 1 => String::new(),
            count => format!("; {:.1} % on average over {count} parents", 100.0 * standing.mean_place),
        };
        let name = curricle_core::run::plain(&newest.selector);
        let value = format!("{} of {} ({:.1} %){mean}{oracle}", thousands(newest.better), thousands(newest.of), 100.0 * newest.place());
        text.push_str(&format!("  {name:<34} {value}\n"));
    }
    text
}

/// The run beside its numbers, as one object.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    #[serde(flatten)]
    digest: &'a Digest,
}

/// Why there is nothing to print.
fn absent(digest: &Digest, directory: &RunDirectory, missing: &Missing) -> Failure {
    let id = directory.id();
    match missing {
        Missing::Nothing if digest.facts.every_order => {
            Failure::usage(format!("no order of run `{id}` is done yet")).hint("the orders of its first parent come all at once")
        }
        Missing::Beyond(last) if digest.facts.every_order => {
            Failure::usage(format!("run `{id}` has epochs 1 to {last} so far")).hint("without `--epoch` the newest is shown")
        }
        Missing::Nothing if !digest.facts.ordered => Failure::usage(format!("run `{id}` trains in random order: nothing was scored"))
            .hint("write `[ordering]` into an experiment to have its batches ordered"),
        Missing::Nothing => Failure::usage(format!("nothing was scored in run `{id}` yet (step {})", thousands(digest.step))),
        Missing::Beyond(last) => Failure::usage(format!("run `{id}` has steps 1 to {} so far", thousands(*last)))
            .hint("without `--step` the newest that was scored is shown"),
        Missing::Unscored(step) => {
            Failure::usage(format!("step {} of run `{id}` was not scored: {}", thousands(*step), digest.why_unscored(*step))).hint(
                match digest.first_scored {
                    Some(first) if *step < first => format!("the first scored step is {}", thousands(first)),
                    _ => "take the step before, or none for the newest that was scored".into(),
                },
            )
        }
    }
}

/// A label and what it says.
fn row(text: &mut String, label: &str, value: &str) {
    text.push_str(&format!("  {label:<22} {value}\n"));
}

fn text(digest: &Digest, id: &str, ascii: bool) -> String {
    let view = &digest.view;
    let oracle = if digest.facts.oracle { " oracle" } else { "" };
    let mut text = format!(
        "{id}\n{}{oracle}; {} scorings in {} of {} steps\n\n",
        digest.facts.ordering,
        thousands(digest.scorings),
        thousands(digest.step),
        thousands(digest.steps)
    );
    if digest.facts.scores {
        scores(&mut text, digest, ascii);
    }
    if let Some(images) = &digest.images {
        self::images(&mut text, images);
    }
    if !digest.correlation.is_empty() || digest.images.as_ref().is_some_and(|images| images.between_epochs.is_some()) {
        text.push_str("rank correlation             mean     last\n");
        for (name, standing) in &digest.correlation {
            let name = curricle_core::run::plain(&format!("with {}", name.replace('-', " ")));
            text.push_str(&format!("  {name:<24} {:>6.2}   {:>6.2}\n", standing.mean, standing.last));
        }
        if let Some((mean, (_, last))) = digest.images.as_ref().and_then(|images| images.between_epochs.zip(images.between.back().copied()))
        {
            text.push_str(&format!("  {:<24} {mean:>6.2}   {last:>6.2}\n", "between two epochs"));
        }
        text.push('\n');
    }
    if !view.batch.classes.is_empty() {
        text.push_str(&format!("batch of step {}\n", thousands(view.step)));
        let most = view.batch.classes.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        for (name, count) in &view.batch.classes {
            let bar = if ascii { "#" } else { "█" }.repeat(((*count as usize) * BAR).div_ceil(most as usize));
            text.push_str(&format!("  {name:<22} {bar:<BAR$} {count:>5}\n"));
        }
        text.push('\n');
    }
    cost(&mut text, digest);
    text
}

/// The newest scorings up to the step, and the chosen scores over the steps.
fn scores(text: &mut String, digest: &Digest, ascii: bool) {
    let view = &digest.view;
    let oracle = if digest.facts.oracle { " oracle" } else { "" };
    let scorings = match view.window.scorings {
        1 => "1 scoring".to_string(),
        count => format!("{count} scorings"),
    };
    text.push_str(&format!(
        "scores at step {}: {}{oracle} (last {scorings}, {} candidates)\n",
        thousands(view.step),
        digest.facts.scorer_words(),
        thousands(view.window.candidates)
    ));
    let most = view.bins.iter().map(|bin| bin.candidates).max().unwrap_or(0).max(1);
    let digits = decimals(view.bins.windows(2).map(|pair| pair[0].middle - pair[1].middle).fold(f64::INFINITY, f64::min));
    for (place, bin) in view.bins.iter().enumerate() {
        let beyond = match (bin.open, place) {
            (false, _) => "  ",
            (true, 0) => ">=",
            (true, _) => "<=",
        };
        let length = ((bin.candidates * BAR as u64).div_ceil(most)) as usize;
        let bar = if ascii { "#" } else { "█" }.repeat(length);
        let chosen = if bin.chosen > 0 { format!("{} chosen", thousands(bin.chosen)) } else { String::new() };
        let line = format!("  {beyond}{:>10.digits$} {bar:<BAR$} {:>9}  {chosen}", bin.middle, thousands(bin.candidates));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if view.window.undefined > 0 {
        row(text, "not a number", &thousands(view.window.undefined));
    }
    row(text, "chosen", &format!("{} of {} candidates", number(view.score), thousands(view.candidates)));
    if let Some(rank) = view.rank {
        row(text, "scored higher", &format!("{:.0} % of the others", rank * 100.0));
    }
    text.push('\n');
    chosen_over_steps(text, digest);
}

/// The mean, lowest and highest chosen score in tenths of the run so far.
fn chosen_over_steps(text: &mut String, digest: &Digest) {
    let tenths = digest.chosen_over_steps.spans(digest.step, 10);
    if tenths.len() < 2 {
        return;
    }
    text.push_str("chosen score over steps     lowest      mean   highest\n");
    for span in tenths {
        let steps = format!("steps {} to {}", thousands(span.first.max(1)), thousands(span.last));
        text.push_str(&format!(
            "  {steps:<22} {:>9} {:>9} {:>9}\n",
            number(Some(span.low)),
            number(Some(span.mean)),
            number(Some(span.high))
        ));
    }
    text.push('\n');
}

/// As many words as a line has room for.
fn fitted(words: impl Iterator<Item = String>) -> String {
    let mut line = String::new();
    for word in words {
        if line.len() + word.len() + 2 > NAMED {
            break;
        }
        line.push_str(if line.is_empty() { "" } else { "  " });
        line.push_str(&word);
    }
    line
}

fn images(text: &mut String, order: &Order) {
    text.push_str(&format!("images trained on up to step {}\n", thousands(order.step)));
    let list = |chosen: &[crate::scores::Chosen]| fitted(chosen.iter().map(|one| format!("#{} x{}", one.image, thousands(one.times))));
    for (name, counts) in [("run".to_string(), &order.run), (format!("epoch {}", order.epoch_number), &order.epoch)] {
        match counts.even {
            Some(times) => row(text, &format!("{name}: every image"), &format!("x{}", thousands(times))),
            None => {
                row(text, &format!("{name}: most"), &list(&counts.most));
                row(text, &format!("{name}: least"), &list(&counts.least));
                row(text, &format!("{name}: never"), &format!("{} of {} images", thousands(counts.never), thousands(order.images)));
            }
        }
    }
    let places = |places: &[crate::scores::Place]| fitted(places.iter().map(|one| format!("#{} at {:.0} %", one.image, one.place * 100.0)));
    if !order.earliest.is_empty() {
        row(text, "earliest in an epoch", &places(&order.earliest));
        row(text, "latest in an epoch", &places(&order.latest));
    }
    text.push('\n');
}

fn cost(text: &mut String, digest: &Digest) {
    let cost = &digest.cost;
    let passes = |forward: f64, backward: f64| {
        format!("{:>10} forward {:>10} backward", thousands(forward.round() as u64), thousands(backward.round() as u64))
    };
    text.push_str("cost, in passes of one batch\n");
    row(text, "so far", &passes(cost.forward, cost.backward));
    row(text, "of it scoring", &passes(cost.scoring_forward, cost.scoring_backward));
    if let Some(planned) = &cost.planned {
        row(text, "whole run", &passes(planned.all().forward, planned.all().backward));
    }
    if let Some(share) = cost.share {
        row(text, "time in scoring", &format!("{:.0} %, {} of {}", share * 100.0, duration(cost.scoring_seconds), duration(cost.seconds)));
    }
    if let Some(plain) = cost.step_in_plain_ones {
        row(text, "a step costs", &format!("{plain:.1} plain ones"));
    }
}

/// A score: four decimals, or an exponent where these would say nothing.
fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() && value != 0.0 && (value.abs() < 1e-3 || value.abs() >= 1e5) => format!("{value:.2e}"),
        value => four(value),
    }
}

/// Decimals that multiples of a width have.
fn decimals(width: f64) -> usize {
    if width.is_finite() && width > 0.0 { (-width.log10().floor()).clamp(0.0, 9.0) as usize } else { 4 }
}
