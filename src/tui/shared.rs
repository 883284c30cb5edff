//! What all panes share: the look, the list of runs, the message line, and the work they ask for.

use super::keymap::{Action, Keymap, Place};
use super::look::Look;
use super::message::Machine;
use super::messages::{Messages, Tone};
use super::page::Page;
use super::question::{Answer, Question};
use super::task::Task;
use super::text::safe;
use super::widget::edit::Edit;
use curricle_core::run::State;
use curricle_core::run::catalogue::Summary;
use std::path::{Path, PathBuf};

/// What a line of typed text is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The name of a command.
    Command,
    /// A filter of the pane's list; it acts while it is typed.
    Filter,
    /// A step of a run.
    Step,
    /// Seeds to start.
    Seeds,
    /// The name of a preset.
    SaveAs,
    /// Tags of a run.
    Tags(PathBuf),
    /// Notes of a run.
    Notes(PathBuf),
}

/// A line that is being typed in the message line.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// What stands before it.
    pub label: String,
    /// The text.
    pub edit: Edit,
}

/// Things for the terminal itself, done by the loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Draw everything anew.
    Redraw,
    /// Give the terminal to the shell until it continues us.
    Suspend,
    /// Put a text on the clipboard.
    Copy(String),
    /// Leave.
    Leave,
}

/// What all panes share.
#[derive(Debug)]
pub struct Shared {
    /// Colours, signs, zone.
    pub look: Look,
    /// Keys.
    pub keymap: Keymap,
    /// Folder of runs.
    pub runs: PathBuf,
    /// Whether that folder is another than a command without `--runs` would use.
    pub flags: String,
    /// Every run, newest first.
    pub summaries: Vec<Summary>,
    /// Whether the list was read.
    pub loaded: bool,
    /// What the machine can do, once the engine has said it.
    pub machine: Option<Machine>,
    /// The message line.
    pub messages: Messages,
    /// A question that waits for its letter.
    pub question: Option<Question>,
    /// A line that is being typed.
    pub prompt: Option<Prompt>,
    /// A page over the pane.
    pub page: Option<Page>,
    /// Work to begin.
    pub tasks: Vec<Task>,
    /// Things for the loop.
    pub effects: Vec<Effect>,
    /// Where to go.
    pub go: Option<Place>,
    /// The clock at the last message or key.
    pub now: f64,
    /// Columns of the terminal.
    pub columns: u16,
}

impl Shared {
    /// Says something.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.messages.say(tone, text, self.now);
    }

    /// Asks for work.
    pub fn spawn(&mut self, task: Task) {
        self.tasks.push(task);
    }

    /// Asks a question with one answer besides no.
    pub fn ask(&mut self, text: impl Into<String>, key: char, label: &'static str, then: Task) {
        self.question = Some(Question { text: text.into(), answers: vec![Answer { key, label, then: vec![then] }] });
    }

    /// Begins a line of typed text.
    pub fn type_line(&mut self, purpose: Purpose, label: impl Into<String>, text: &str) {
        self.prompt = Some(Prompt { purpose, label: label.into(), edit: Edit::new(text) });
    }

    /// The first key of an action as the screen shows it.
    pub fn key(&self, action: Action) -> String {
        self.keymap.key(action, self.look.symbols)
    }

    /// A run of the list.
    pub fn summary(&self, directory: &Path) -> Option<&Summary> {
        self.summaries.iter().find(|summary| summary.directory == directory)
    }

    /// Runs that are training now.
    pub fn training(&self) -> usize {
        self.summaries.iter().filter(|summary| summary.state == State::Training).count()
    }

    /// The run that a screen without a choice shows: the newest that trains, else the newest.
    pub fn foremost(&self) -> Option<&Summary> {
        let active = |summary: &&Summary| matches!(summary.state, State::Training | State::Paused);
        self.summaries.iter().find(active).or_else(|| self.summaries.first())
    }

    /// Puts a command on the clipboard and shows it.
    pub fn copy(&mut self, command: String) {
        self.say(Tone::Plain, format!("copied: {command}"));
        self.effects.push(Effect::Copy(command));
    }

    /// A command line of this program with the flags that this screen was started with.
    pub fn command(&self, rest: &str) -> String {
        format!("curricle {rest}{}", self.flags)
    }
}

/// What a run is called: its name, or what it trains where it has none. Safe to show.
pub fn title(run: &Summary) -> String {
    safe(&crate::words::title(&run.name, &run.network, &run.set))
}

/// A word as the shell reads it back. What could steer a terminal, where the line is pasted, is written by its number.
pub fn quoted(word: &str) -> String {
    use curricle_core::words::steers;
    if word.contains(steers) {
        let letter = |letter: char| match letter {
            '\'' | '\\' => format!("\\{letter}"),
            letter if steers(letter) => letter.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
            letter => letter.to_string(),
        };
        return format!("$'{}'", word.chars().map(letter).collect::<String>());
    }
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("thesis/baseline"), "thesis/baseline");
        assert_eq!(quoted("my run's"), "'my run'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("b\u{1b}[201~'\\\n"), "$'b\\x1b[201~\\'\\\\\\x0a'");
        assert_eq!(quoted("a\u{202e}b"), "$'a\\xe2\\x80\\xaeb'");
    }
}
