//! Paths of a run's files from the root on: a run is resumed from any folder.

use super::experiment::Experiment;
use std::path::Path;

impl Experiment {
    /// The same experiment, each relative path of a file that is there now made absolute. What is not there, or is no path (a
    /// run's id to replay, a subset in the data folder), stays as it is written.
    #[must_use]
    pub fn placed(&self) -> Self {
        let mut placed = self.clone();
        let mut paths = vec![&mut placed.network.checkpoint, &mut placed.data.root, &mut placed.data.subset];
        if let Some(ordering) = &mut placed.ordering {
            paths.push(&mut ordering.replay);
            paths.extend(ordering.column.as_mut().map(|column| &mut column.file));
            paths.extend([&mut ordering.teacher, &mut ordering.holdout_model].into_iter().flatten().map(|network| &mut network.checkpoint));
        }
        for path in paths.into_iter().filter(|path| !path.is_empty()) {
            let relative = Path::new(path.as_str());
            if let Some(absolute) = std::path::absolute(relative).ok().filter(|_| relative.is_relative() && relative.exists())
                && let Some(text) = absolute.to_str()
            {
                text.clone_into(path);
            }
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{self, Experiment};

    #[test]
    fn files_that_are_there_are_named_from_the_root() {
        let text = "[data]\nset = \"cifar10\"\n[network]\nkind = \"preresnet\"\n[ordering]\nscorer = \"column\"\n";
        let read = |file: &str| -> Experiment {
            config::read(&format!("{text}column = {{ file = \"{file}\" }}\n"), "test", &[]).unwrap_or_else(|problems| panic!("{problems}"))
        };
        // Tests run in the folder of their package.
        let placed = |file: &str| read(file).placed().ordering.unwrap().column.unwrap().file;
        assert_eq!(placed("Cargo.toml"), std::path::absolute("Cargo.toml").unwrap().display().to_string());
        assert_eq!(placed("nowhere.csv"), "nowhere.csv");
        assert_eq!(placed("/scores.csv"), "/scores.csv");
    }
}
