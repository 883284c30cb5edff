//! What is wrong with an experiment, and where.

use crate::words::thousands;
use std::fmt;

/// One thing that is wrong, or legal but pointless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written: the file's name, or `--set training.batch=0`.
    pub origin: String,
    /// Line in the file, from 1; none for settings of the command line and for fields that are not written.
    pub line: Option<usize>,
    /// Full path of the setting: `mixing.phase.0.k`. Empty for what concerns the file as a whole.
    pub path: String,
    /// What was expected and what was found.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Something legal but pointless; the run may start.
pub type Warning = Problem;

/// Everything that is wrong with an experiment, in the order of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl std::error::Error for Problems {}

impl Problem {
    /// The problem in words, without its place: `training.batch: expected …`.
    pub fn sentence(&self) -> String {
        if self.path.is_empty() { self.text.clone() } else { format!("{}: {}", self.path, self.text) }
    }
}

/// Most problems of one text that are written out: nobody reads further, and a damaged file may have thousands.
const SHOWN: usize = 100;

impl fmt::Display for Problems {
    /// The origin once, then a line for each problem with its line number, path, text, and hint below.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut origins: Vec<&str> = Vec::new();
        for problem in &self.0 {
            if !origins.contains(&problem.origin.as_str()) {
                origins.push(&problem.origin);
            }
        }
        for (number, origin) in origins.iter().enumerate() {
            let here: Vec<&Problem> = self.0.iter().filter(|problem| problem.origin == *origin).collect();
            if number > 0 {
                writeln!(formatter)?;
            }
            let count = if here.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", here.len()) };
            write!(formatter, "{count} in `{origin}`")?;
            let width = here.iter().filter_map(|problem| problem.line).max().map_or(0, |line| line.to_string().len());
            let more = here.len().saturating_sub(SHOWN);
            for problem in here.into_iter().take(SHOWN) {
                let place = match problem.line {
                    Some(line) => format!("line {line:<width$}   "),
                    None if width > 0 => " ".repeat(8 + width),
                    None => String::new(),
                };
                write!(formatter, "\n  {place}{}", problem.sentence())?;
                if let Some(hint) = &problem.hint {
                    write!(formatter, "\n  {}hint: {hint}", " ".repeat(place.len()))?;
                }
            }
            if more > 0 {
                write!(formatter, "\n  and {} more", thousands(more as u64))?;
            }
        }
        Ok(())
    }
}
