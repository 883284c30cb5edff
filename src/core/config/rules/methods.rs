//! Rules on mixings, attacks, brute force, sweeps and clusters.

use super::super::attack::{Attack, AttackPreset, Norm};
use super::super::experiment::{Experiment, Kind};
use super::super::mixing::{Mixing, MixingKind, MixingWeights};
use super::super::read::{Reader, join};
use super::super::test_time::PartnerPool;

pub(super) fn check(experiment: &Experiment, reader: &mut Reader) {
    if let Some(mixing) = &experiment.mixing
        && mixing.kind == MixingKind::Sum
    {
        self::mixing(mixing, experiment, reader);
    }
    if let Some(mixing) = &experiment.mixing
        && mixing.kind == MixingKind::SamplePairing
        && mixing.pairing.on > mixing.pairing.of
    {
        let text = format!("expected at most the period's {} epochs, got `{}`", mixing.pairing.of, mixing.pairing.on);
        reader.conflict(&["mixing.pairing.on", "mixing.pairing.of"], text, None);
    }
    if let Some(test_time) = &experiment.test_time
        && test_time.pool == PartnerPool::Holdout
        && experiment.data.holdout == 0.0
    {
        needs_holdout(&["test_time.pool", "data.holdout"], "partners from the hold-out", reader);
    }
    for (place, attack) in experiment.attack.iter().enumerate() {
        self::attack(attack, &join("attack", &place.to_string()), reader);
    }
    if experiment.kind == Kind::PerfectOrdering {
        for path in ["training.epochs", "training.steps"] {
            if reader.is_written(path) {
                let text = "not used with `kind = \"perfect-ordering\"`".to_owned();
                reader.conflict(&[path], text, Some("write `epochs` in `[permutation]`".to_owned()));
            }
        }
    }
    sweep(experiment, reader);
    slurm(experiment, reader);
}

pub(super) fn needs_holdout(paths: &[&str], what: &str, reader: &mut Reader) {
    let hint = Some("write `holdout = 0.1` in `[data]`".to_owned());
    reader.conflict(paths, format!("{what} needs a hold-out, and `data.holdout` is 0"), hint);
}

fn mixing(mixing: &Mixing, experiment: &Experiment, reader: &mut Reader) {
    if !mixing.phase.is_empty() && mixing.gradual.is_some() {
        let text = "only one of `mixing.phase` and `mixing.gradual` can hold".to_owned();
        reader.conflict(&["mixing.gradual", "mixing.phase"], text, Some("remove one of the two".to_owned()));
    }
    let staged = if mixing.gradual.is_some() {
        Some("mixing.gradual")
    } else if mixing.phase.is_empty() {
        None
    } else {
        Some("mixing.phase")
    };
    if let Some(stages) = staged
        && reader.is_written("mixing.k")
    {
        let text = format!("not used with `{stages}`, which says how many images are summed");
        reader.conflict(&["mixing.k", stages], text, Some("remove it".to_owned()));
    }
    let batch = experiment.training.batch;
    if let Some(gradual) = &mixing.gradual {
        divides(gradual.start, batch, &["mixing.gradual.start", "training.batch"], "training.batch", reader);
    } else if mixing.phase.is_empty() {
        divides(mixing.k, batch, &["training.batch", "mixing.k"], "mixing.k", reader);
    }
    for (place, phase) in mixing.phase.iter().enumerate() {
        let path = join("mixing.phase", &place.to_string());
        let (k, its_batch) = (join(&path, "k"), join(&path, "batch"));
        divides(phase.k, phase.batch, &[&its_batch, &k], &k, reader);
    }
    if mixing.weights != MixingWeights::Mean {
        let mut counts = vec![("mixing.k".to_owned(), mixing.k)];
        if !mixing.phase.is_empty() {
            let phases = mixing.phase.iter().enumerate();
            counts = phases.map(|(place, phase)| (format!("mixing.phase.{place}.k"), phase.k)).filter(|(_, k)| *k > 1).collect();
        }
        if let Some((path, k)) = counts.iter().find(|(_, k)| *k != 2) {
            let text = format!("random weights are for two images, and `{path}` is {k}");
            reader.conflict(&["mixing.weights", path], text, Some("write 2, or `weights = \"mean\"`".to_owned()));
        }
    }
}

fn divides(k: u64, batch: u64, paths: &[&str], named: &str, reader: &mut Reader) {
    if k > 0 && !batch.is_multiple_of(k) {
        let (text, hint) = if named == "training.batch" {
            (format!("`training.batch = {batch}` is not divisible by {k}"), format!("a batch of {}", super::multiples(batch, k)))
        } else {
            (format!("`{batch}` is not divisible by `{named} = {k}`"), super::multiples(batch, k))
        };
        reader.conflict(paths, text, Some(hint));
    }
}

fn attack(attack: &Attack, path: &str, reader: &mut Reader) {
    if attack.preset != AttackPreset::Off || attack.norm != Norm::Linf {
        return;
    }
    for (key, value) in [("epsilon", attack.epsilon), ("step", attack.step)] {
        if value.0 > 1.0 {
            let text = format!("expected a number from 0 to 1, got `{value}`");
            let hint = format!("pixels are scaled to [0, 1]; for {value}/255 write `\"{value}/255\"`");
            reader.conflict(&[&join(path, key)], text, Some(hint));
        }
    }
}

fn sweep(experiment: &Experiment, reader: &mut Reader) {
    let Some(sweep) = &experiment.sweep else { return };
    if sweep.seeds.is_empty() {
        reader.conflict(&["sweep.seeds"], "expected at least one seed".to_owned(), None);
    }
    let mut seeds = sweep.seeds.clone();
    seeds.sort_unstable();
    if let Some(pair) = seeds.windows(2).find(|pair| pair.first() == pair.last()) {
        reader.conflict(&["sweep.seeds"], format!("seed `{}` stands there twice", pair.first().unwrap_or(&0)), None);
    }
}

fn slurm(experiment: &Experiment, reader: &mut Reader) {
    let Some(slurm) = &experiment.slurm else { return };
    if !is_slurm_time(&slurm.time) {
        let text = format!("expected a time as `12:00:00`, `90` (minutes) or `2-00:00:00`, got `{}`", slurm.time);
        reader.conflict(&["slurm.time"], text, None);
    }
    let memory = slurm.memory.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or(&slurm.memory);
    if !slurm.memory.is_empty() && (memory.is_empty() || !memory.bytes().all(|byte| byte.is_ascii_digit())) {
        reader.conflict(&["slurm.memory"], format!("expected an amount as `16G`, got `{}`", slurm.memory), None);
    }
    let words = [("partition", &slurm.partition), ("account", &slurm.account), ("qos", &slurm.qos), ("constraint", &slurm.constraint)];
    for (key, word) in words {
        // These become lines of a batch script.
        if word.chars().any(|character| character.is_control() || character.is_whitespace()) {
            reader.conflict(&[&join("slurm", key)], "expected one word, without spaces".to_owned(), None);
        }
    }
    if slurm.arguments.iter().any(|argument| argument.chars().any(char::is_control)) {
        reader.conflict(&["slurm.arguments"], "expected arguments without control characters".to_owned(), None);
    }
}

/// `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`, `days-hours:minutes`, `days-hours:minutes:seconds`.
fn is_slurm_time(text: &str) -> bool {
    let (days, rest) = text.split_once('-').map_or((None, text), |(days, rest)| (Some(days), rest));
    let number = |part: &str| !part.is_empty() && part.len() <= 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    days.is_none_or(number) && rest.split(':').count() <= 3 && rest.split(':').all(number)
}
