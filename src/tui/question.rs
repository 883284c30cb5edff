//! Questions in the message line, answered by a letter and never by Enter, so that no habit destroys anything.

use super::input::{Code, Key};
use super::notice::Notice;
use super::task::Task;
use super::text::safe;
use super::theme::Role;

/// One answer: its letter, what it does in a word, and the work it starts.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The letter.
    pub key: char,
    /// What it does.
    pub label: &'static str,
    /// The work.
    pub then: Vec<Task>,
}

/// A question that names what will be kept and what lost.
#[derive(Debug, Clone)]
pub struct Question {
    /// The question.
    pub text: String,
    /// Its answers; Esc is always `no`.
    pub answers: Vec<Answer>,
}

/// What a key did to a question.
#[derive(Debug)]
pub enum Reply {
    /// An answer was given: do this.
    Do(Vec<Task>),
    /// The answer is no.
    No,
    /// Not an answer: the question stays.
    Ask,
}

impl Question {
    /// Takes a key.
    pub fn key(&self, key: Key) -> Reply {
        match key.code {
            Code::Esc => Reply::No,
            Code::Char('c') if key.ctrl => Reply::No,
            Code::Char('n') if !self.answers.iter().any(|answer| answer.key == 'n') => Reply::No,
            Code::Char(letter) if !key.ctrl && !key.alt => match self.answers.iter().find(|answer| answer.key == letter) {
                Some(answer) => Reply::Do(answer.then.clone()),
                None => Reply::Ask,
            },
            _ => Reply::Ask,
        }
    }

    /// The question with its answers, `no` last.
    pub fn notice(&self) -> Notice {
        let mut answers: Vec<(String, String)> =
            self.answers.iter().map(|answer| (answer.key.to_string(), answer.label.to_string())).collect();
        answers.push(("n".into(), "no".into()));
        Notice { sign: "? ", role: Some(Role::Warning), text: safe(&self.text), answers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_is_no_answer() {
        let answer = Answer { key: 'd', label: "delete", then: vec![Task::Catalogue] };
        let question = Question { text: "Delete?".into(), answers: vec![answer] };
        assert!(matches!(question.key(Key::plain(Code::Enter)), Reply::Ask));
        assert!(matches!(question.key(Key::char('y')), Reply::Ask));
        assert!(matches!(question.key(Key::char('n')), Reply::No));
        assert!(matches!(question.key(Key::plain(Code::Esc)), Reply::No));
        assert!(matches!(question.key(Key::char('d')), Reply::Do(tasks) if tasks.len() == 1));
    }
}
