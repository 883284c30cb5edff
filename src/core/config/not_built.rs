//! Settings whose methods are declared but not built yet.

use super::data::SetKind;
use super::experiment::{Experiment, Kind};
use super::problem::Problem;

impl Experiment {
    /// What this experiment asks for that is not built yet: a run says so and does not start. Empty when all is built.
    pub fn not_built(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |path: &str, text: String, hint: &str| {
            let hint = Some(hint.to_owned());
            problems.push(Problem { origin: String::new(), line: None, path: path.to_owned(), text, hint });
        };
        if self.kind == Kind::PerfectOrdering {
            say("kind", "`perfect-ordering` is not built yet".to_owned(), "write `kind = \"training\"`, or leave the line out");
        }
        if self.data.set == SetKind::Arrays {
            say("data.set", "`arrays` is not built yet".to_owned(), "a folder of images works: `set = \"folder\"`");
        }
        let sections = [
            ("ordering", self.ordering.is_some()),
            ("mixing", self.mixing.is_some()),
            ("test_time", self.test_time.is_some()),
            ("attack", !self.attack.is_empty()),
            ("permutation", self.permutation.is_some() && self.kind == Kind::Training),
            ("sweep", self.sweep.is_some()),
            ("slurm", self.slurm.is_some()),
        ];
        for (section, used) in sections {
            if used {
                let header = if section == "attack" { "[[attack]]".to_owned() } else { format!("[{section}]") };
                say(section, format!("`{header}` is not built yet"), "leave the section out to train without it");
            }
        }
        problems
    }
}
