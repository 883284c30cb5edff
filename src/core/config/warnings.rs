//! What is legal but pointless.

use super::experiment::{Experiment, Kind};
use super::problem::{Problem, Warning};
use super::schedule::ScheduleKind;
use super::training::Watch;
use super::values::{Interval, When};

impl Experiment {
    /// What in this experiment can have no effect. A run may start all the same.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.kind == Kind::Training {
            self.pointless(&mut |path: &str, text: String| {
                warnings.push(Problem { origin: String::new(), line: None, path: path.to_owned(), text, hint: None });
            });
        }
        warnings
    }

    fn pointless(&self, say: &mut dyn FnMut(&str, String)) {
        self.schedule_in_vain(say);
        let training = &self.training;
        let length = self.length();
        if training.early_stop > 0 && self.epochs().is_some_and(|epochs| training.early_stop >= epochs) {
            let patience = Interval::Epochs(training.early_stop);
            say("training.early_stop", format!("early stop after {patience} can never act in {length}"));
        }
        let watches = training.early_stop > 0 || self.schedule.kind == ScheduleKind::Plateau;
        if training.watch != Watch::TrainLoss && !watches {
            say("training.watch", "nothing watches the loss: there is neither early stop nor a plateau schedule".to_owned());
        }
        if self.outlasts(training.evaluate_every) {
            let interval = training.evaluate_every;
            say("training.evaluate_every", format!("an evaluation every {interval} comes only at the end of {length}"));
        }
        if let Some(interval) = training.keep_every
            && self.outlasts(interval)
        {
            say("training.keep_every", format!("a checkpoint kept every {interval} never comes in {length}"));
        }
        if let Some(warmup) = self.ordering.as_ref().and_then(|ordering| ordering.warmup)
            && self.outlasts(warmup)
        {
            say("ordering.warmup", format!("a warm-up of {warmup} is longer than {length}"));
        }
        for (place, attack) in self.attack.iter().enumerate() {
            if let When::Every(interval) = attack.when
                && self.outlasts(interval)
            {
                say(&format!("attack.{place}.when"), format!("an attack every {interval} never comes in {length}"));
            }
        }
    }

    fn schedule_in_vain(&self, say: &mut dyn FnMut(&str, String)) {
        let schedule = &self.schedule;
        let Some(epochs) = self.epochs() else { return };
        let length = self.length();
        match schedule.kind {
            ScheduleKind::Milestones => {
                // A change after the last epoch is none.
                let late: Vec<String> = schedule.milestones.iter().filter(|milestone| **milestone >= epochs).map(u64::to_string).collect();
                if late.len() == schedule.milestones.len() {
                    say("schedule.milestones", format!("the learning rate never changes: all milestones lie beyond {length}"));
                } else if !late.is_empty() {
                    say("schedule.milestones", format!("never reached in {length}: {}", late.join(", ")));
                }
            }
            ScheduleKind::Step if schedule.every >= epochs => {
                let every = Interval::Epochs(schedule.every);
                say("schedule.every", format!("the learning rate never changes: {every} is not shorter than {length}"));
            }
            ScheduleKind::Plateau if schedule.patience >= epochs => {
                let patience = Interval::Epochs(schedule.patience);
                say("schedule.patience", format!("the learning rate never drops: a patience of {patience} outlasts {length}"));
            }
            _ => {}
        }
    }
}
