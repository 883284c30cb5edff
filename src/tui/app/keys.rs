//! Keys: a question first, then a line that is being typed, a page, the pane's own edit, and the table last.

use super::App;
use crate::tui::format;
use crate::tui::input::{Code, Input, Key};
use crate::tui::keymap::{self, Action, Keymap, Place};
use crate::tui::messages::Tone;
use crate::tui::page::Page;
use crate::tui::pane::Runs;
use crate::tui::question::Reply;
use crate::tui::sentences;
use crate::tui::shared::{Effect, Prompt, Purpose};
use crate::tui::widget::edit::{Edit, Typed};

impl App {
    /// Takes what the terminal sent.
    pub fn input(&mut self, input: Input) {
        self.shared.now = format::now();
        match input {
            Input::Key(key) => self.key(key),
            Input::Paste(text) => self.paste(&text),
            Input::Resize(width, _) => {
                self.shared.columns = width;
                self.shared.effects.push(Effect::Redraw);
            }
        }
        self.follow_wishes();
    }

    fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.shared.prompt {
            prompt.edit.paste(text);
            self.typed();
        } else if self.place == Place::Configure {
            self.configure.paste(text);
        }
    }

    fn key(&mut self, key: Key) {
        if let Some(question) = &self.shared.question {
            match question.key(key) {
                Reply::Ask => return,
                Reply::No => self.shared.messages.clear(),
                Reply::Do(tasks) => self.shared.tasks.extend(tasks),
            }
            self.shared.question = None;
            return;
        }
        if self.shared.prompt.is_some() {
            self.prompt_key(key);
            return;
        }
        if self.first {
            self.first = false;
            self.shared.messages.clear();
            if key == Key::plain(Code::Enter) && self.place == Place::Configure {
                self.configure.start_quickstart(&mut self.shared);
                return;
            }
        }
        if key == Key::plain(Code::Esc) {
            self.shared.messages.clear();
        }
        self.shared.messages.read();
        if self.place == Place::Configure && self.shared.page.is_none() && self.configure.key(key, &mut self.shared) {
            return;
        }
        if let Some(action) = self.shared.keymap.action(self.place, key) {
            self.act(action);
        }
    }

    fn prompt_key(&mut self, key: Key) {
        let Some(prompt) = &mut self.shared.prompt else { return };
        if prompt.purpose == Purpose::Command && key.code == Code::Tab {
            complete(&mut prompt.edit, self.place);
            return;
        }
        if prompt.purpose == Purpose::Filter && matches!(key.code, Code::Tab | Code::Up | Code::Down) {
            let back = key.code == Code::Up || key.shift;
            self.pane_mut().0.find_next(back);
            return;
        }
        match prompt.edit.key(key) {
            Typed::Done => {
                if let Some(prompt) = self.shared.prompt.take() {
                    self.prompt_done(prompt);
                }
            }
            Typed::GivenUp => {
                let filter = prompt.purpose == Purpose::Filter;
                self.shared.prompt = None;
                if filter {
                    let (pane, shared) = self.pane_mut();
                    pane.set_filter("", shared);
                }
            }
            Typed::Changed => self.typed(),
            Typed::Nothing => {}
        }
    }

    /// A filter acts while it is typed.
    fn typed(&mut self) {
        if let Some(Prompt { purpose: Purpose::Filter, edit, .. }) = &self.shared.prompt {
            let text = edit.text();
            let (pane, shared) = self.pane_mut();
            pane.set_filter(&text, shared);
        }
    }

    fn prompt_done(&mut self, prompt: Prompt) {
        let text = prompt.edit.text();
        match prompt.purpose {
            Purpose::Command => self.run_command(text.trim()),
            Purpose::Filter => {}
            Purpose::Step => self.scores.go_to(&text, &mut self.shared),
            Purpose::Seeds => self.configure.start_seeds(&text, &mut self.shared),
            Purpose::SaveAs => self.configure.save_as(&text, &mut self.shared),
            Purpose::Tags(directory) => Runs::set_tags(&directory, &text, &mut self.shared),
            Purpose::Notes(directory) => Runs::set_notes(&directory, &text, &mut self.shared),
        }
    }

    fn run_command(&mut self, name: &str) {
        if name.is_empty() {
            return;
        }
        // A beginning is enough where only one command begins so.
        let mut begun = keymap::entries(self.place).filter(|entry| entry.name.starts_with(name));
        let only = begun.next().filter(|_| begun.next().is_none()).map(|entry| entry.action);
        let leave = (name == "q" || name == "quit").then_some(Action::Leave);
        match Keymap::named(self.place, name).or(leave).or(only) {
            Some(action) => self.act(action),
            None => self.shared.say(Tone::Bad, sentences::unknown_command(name, nearest(name, self.place))),
        }
    }

    fn act(&mut self, action: Action) {
        if let Some(page) = &mut self.shared.page {
            match action {
                Action::Close | Action::Leave | Action::Edit | Action::Open => {
                    self.shared.page = None;
                    return;
                }
                Action::Help if page.title.starts_with("help") => {
                    self.shared.page = None;
                    return;
                }
                action if page.act(action) => return,
                _ => {}
            }
        }
        match action {
            Action::PaneConfigure => self.go(Place::Configure),
            Action::PaneTrain => self.go(Place::Train),
            Action::PaneScores => self.go(Place::Scores),
            Action::PaneAttacks => self.go(Place::Attacks),
            Action::PaneRuns => self.go(Place::Runs),
            Action::Help => {
                let (pane, shared) = (self.pane(), &self.shared);
                let page = Page::help(self.place, &shared.keymap, &shared.look, shared.columns, |action| pane.lacks(action));
                self.shared.page = Some(page);
            }
            Action::Messages => {
                let lines = self.shared.messages.page(self.shared.look.clock, self.shared.look.theme, self.shared.columns);
                self.shared.messages.clear();
                self.shared.page = Some(Page::new("messages, newest first", lines));
            }
            Action::CommandLine => self.shared.type_line(Purpose::Command, ":", ""),
            Action::Find if self.pane().offer(Action::Find, "", &self.shared).is_none() => {
                self.shared.say(Tone::Plain, "there is no list to filter here")
            }
            Action::Find => {
                let filter = self.pane().filter();
                self.pane_mut().0.begin_find();
                self.shared.type_line(Purpose::Filter, "/", &filter);
            }
            Action::Redraw => self.shared.effects.push(Effect::Redraw),
            Action::Suspend => self.shared.effects.push(Effect::Suspend),
            Action::Leave => self.shared.effects.push(Effect::Leave),
            Action::Copy => match self.pane().command(&self.shared) {
                Some(rest) => {
                    let command = self.shared.command(&rest);
                    self.shared.copy(command);
                }
                None => self.shared.say(Tone::Plain, "there is nothing here yet that a command could print"),
            },
            action => {
                if self.shared.page.is_some() {
                    return;
                }
                let (pane, shared) = self.pane_mut();
                let taken = pane.act(action, shared);
                if taken || moves(action) {
                    return;
                }
                if self.train.directory().is_none() && matches!(self.place, Place::Train | Place::Scores) {
                    let runs = self.shared.key(Action::PaneRuns);
                    self.shared.say(Tone::Plain, sentences::nothing_open(&runs));
                } else if self.place == Place::Scores {
                    self.shared.say(Tone::Plain, "nothing was scored here");
                }
            }
        }
    }
}

/// Whether an action only moves: where there is nowhere to go, nothing is said.
fn moves(action: Action) -> bool {
    use Action::{Close, Down, First, Last, Left, NextBox, PageDown, PageUp, PreviousBox, Right, Up};
    matches!(action, Up | Down | Left | Right | First | Last | PageUp | PageDown | NextBox | PreviousBox | Close)
}

/// Completes the name of a command as far as it is certain.
fn complete(edit: &mut Edit, place: Place) {
    let typed = edit.text();
    let mut fitting = keymap::entries(place).map(|entry| entry.name).filter(|name| name.starts_with(&typed));
    let Some(first) = fitting.next() else {
        // Found by what it holds or does: the first candidate is meant.
        if let Some(entry) = keymap::candidates(place, &typed).first() {
            edit.replace(entry.name);
        }
        return;
    };
    let common = fitting.fold(first.to_string(), |common, name| {
        common.chars().zip(name.chars()).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
    });
    if common.len() > typed.len() {
        edit.replace(&common);
    }
}

/// The name of a command that is most like a mistyped one.
fn nearest(name: &str, place: Place) -> Option<&'static str> {
    let alike = |known: &str| known.chars().zip(name.chars()).take_while(|(one, other)| one == other).count();
    let letters = |known: &str| name.chars().filter(|letter| known.contains(*letter)).count();
    keymap::entries(place)
        .map(|entry| entry.name)
        .filter(|known| alike(known) >= 2 || (letters(known) + 1 >= name.chars().count() && known.len().abs_diff(name.len()) <= 2))
        .max_by_key(|known| alike(known) * 2 + letters(known))
}
