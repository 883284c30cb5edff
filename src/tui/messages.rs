//! The message line: what happened and what to do. The last hundred are kept for `:messages`.

use super::format::Clock;
use super::notice::Notice;
use super::text::{self, safe};
use super::theme::{Role, Theme};
use ratatui::text::{Line, Span};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Messages that are kept.
const KEPT: usize = 100;
/// How long an error must have been on the screen before a key takes it away, so that fast typing does not hide it.
const SEEN: Duration = Duration::from_millis(700);

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something to know.
    Plain,
    /// Something succeeded.
    Good,
    /// Worth a look.
    Warning,
    /// Something failed.
    Bad,
}

impl Tone {
    /// The sign before the text: a second signal beside the colour.
    pub fn sign(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Good => "✓ ",
            Tone::Warning => "⚠ ",
            Tone::Bad => "✗ ",
        }
    }

    /// The role whose colour it takes.
    pub fn role(self) -> Role {
        match self {
            Tone::Plain => Role::Text,
            Tone::Good => Role::Good,
            Tone::Warning => Role::Warning,
            Tone::Bad => Role::Bad,
        }
    }
}

#[derive(Debug, Clone)]
struct Entry {
    time: f64,
    tone: Tone,
    text: String,
}

/// What was said, and what is on the screen now.
#[derive(Debug, Default)]
pub struct Messages {
    kept: VecDeque<Entry>,
    shown: Option<(Tone, String, Instant)>,
}

impl Messages {
    /// Says something; it replaces what was shown.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>, now: f64) {
        let text = safe(&text.into());
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Entry { time: now, tone, text: text.clone() });
        self.shown = Some((tone, text, Instant::now()));
    }

    /// Shows something that is not worth keeping.
    pub fn hint(&mut self, text: impl Into<String>) {
        self.shown = Some((Tone::Plain, safe(&text.into()), Instant::now()));
    }

    /// A key was pressed: the message has been read.
    pub fn read(&mut self) {
        if self.shown.as_ref().is_some_and(|(tone, _, since)| *tone != Tone::Bad || since.elapsed() >= SEEN) {
            self.shown = None;
        }
    }

    /// Takes this message off the screen, if it still stands there: it is no longer so.
    pub fn take_back(&mut self, text: &str) {
        self.shown.take_if(|(_, shown, _)| *shown == text);
    }

    /// Takes the message off the screen whatever its age.
    pub fn clear(&mut self) {
        self.shown = None;
    }

    /// What is on the screen now.
    pub fn notice(&self) -> Option<Notice> {
        let (tone, text, _) = self.shown.as_ref()?;
        Some(Notice { sign: tone.sign(), role: Some(tone.role()), text: text.clone(), answers: Vec::new() })
    }

    /// Everything kept, newest first.
    pub fn page(&self, clock: Clock, theme: Theme, columns: u16) -> Vec<Line<'static>> {
        if self.kept.is_empty() {
            return vec![Line::from("Nothing has been said yet.")];
        }
        let width = usize::from(columns).saturating_sub(16).max(20);
        let lines = |entry: &Entry| {
            let parts = text::wrap(&entry.text, width);
            let first = |number: usize| number == 0;
            let time = clock.time_of_day(entry.time);
            let (tone, mark) = (entry.tone, format!(" {}", entry.tone.sign()));
            let line = move |(number, part): (usize, String)| {
                let (time, mark) =
                    if first(number) { (time.clone(), mark.clone()) } else { (" ".repeat(8), " ".repeat(text::width(&mark))) };
                Line::from(vec![
                    Span::styled(time, theme.style(Role::Muted)),
                    Span::styled(mark, theme.style(tone.role())),
                    Span::raw(part),
                ])
            };
            parts.into_iter().enumerate().map(line).collect::<Vec<_>>()
        };
        self.kept.iter().rev().flat_map(lines).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;

    #[test]
    fn a_hundred_messages_are_kept_and_nothing_steers_the_terminal() {
        let mut messages = Messages::default();
        for number in 0..120 {
            messages.say(Tone::Good, format!("{number}\u{1b}[2J"), 0.0);
        }
        let page = messages.page(Clock { offset: 0 }, Theme { depth: Depth::None }, 80);
        assert_eq!(page.len(), KEPT);
        assert_eq!(page[0].to_string(), "00:00:00 ✓ 119·[2J");
    }

    #[test]
    fn an_error_that_has_just_come_stays_for_a_moment() {
        let mut messages = Messages::default();
        messages.say(Tone::Plain, "saved", 0.0);
        messages.read();
        assert!(messages.notice().is_none());
        messages.say(Tone::Bad, "no space", 0.0);
        messages.read();
        assert!(messages.notice().is_some());
        messages.shown = messages.shown.map(|(tone, text, since)| (tone, text, since - SEEN));
        messages.read();
        assert!(messages.notice().is_none());
    }
}
