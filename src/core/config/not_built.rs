//! Settings whose methods are declared but not built yet, and those that ask for more than a run can do.

use super::data::SetKind;
use super::experiment::Experiment;
use super::ordering::{Ordering, Scorer};
use super::permutation::Permutation;
use super::problem::Problem;

impl Experiment {
    /// What this experiment asks for that is not built yet, or that no run can do, as more orders than anybody can try: a run
    /// says so and does not start. Empty when all is well.
    pub fn not_built(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |path: &str, text: String, hint: &str| {
            let hint = Some(hint.to_owned());
            problems.push(Problem { origin: String::new(), line: None, path: path.to_owned(), text, hint });
        };
        if let (Some(permutation), Some(batches)) = (&self.permutation, self.steps_per_epoch())
            && let Some(text) = permutation.refusal(batches)
        {
            say(
                "permutation",
                text,
                "take fewer images (`data.per_class`) or larger batches (`training.batch`): 6 batches have 720 orders",
            );
        }
        let selects = |permutation: &Permutation| !permutation.selectors.is_empty();
        if self.permutation.as_ref().is_some_and(|permutation| !selects(permutation)) && self.ordering.is_some() {
            say(
                "ordering",
                "`[ordering]` has no place in a study that tries every order and ranks no selectors".to_owned(),
                "leave the section out, or name `permutation.selectors`",
            );
        }
        if self.data.set == SetKind::Arrays {
            say("data.set", "`arrays` is not built yet".to_owned(), "a folder of images works: `set = \"folder\"`");
        }
        let sections = [
            ("mixing", self.mixing.is_some()),
            ("test_time", self.test_time.is_some()),
            ("attack", !self.attack.is_empty()),
            ("sweep", self.sweep.is_some()),
            ("slurm", self.slurm.is_some()),
        ];
        for (section, used) in sections {
            if used {
                let header = if section == "attack" { "[[attack]]".to_owned() } else { format!("[{section}]") };
                say(section, format!("`{header}` is not built yet"), "leave the section out to train without it");
            }
        }
        if let Some(ordering) = &self.ordering {
            let later = [Scorer::Dihcl, Scorer::SelfPaced, Scorer::SelectiveBackprop];
            let hint =
                "built are `loss`, `loss-delta`, `label`, `teacher`, `difficulty`, `column`, `rho`, `grab`, `random` and `equal-compute`";
            if ordering.parallel > 1 {
                let hint = "leave it out: candidates are scored one after another";
                say("ordering.parallel", "scoring on several streams of a GPU is not built yet".to_owned(), hint);
            }
            if later.contains(&ordering.scorer) {
                say("ordering.scorer", format!("`{}` is not built yet", ordering.scorer), hint);
            }
        }
        problems
    }

    /// Whether training items are chosen by data of the test set: an oracle, marked wherever a result is shown.
    #[must_use]
    pub fn orders_by_test_data(&self) -> bool {
        self.ordering.as_ref().is_some_and(Ordering::scores_by_test_data)
    }
}
