//! Keys of Configure.

use super::form::What;
use super::{Base, Before, COST, Configure, DIFFERENCE, Editing, FORM, PRESETS, tree};
use crate::tui::keymap::Action;
use crate::tui::messages::Tone;
use crate::tui::page::Page;
use crate::tui::sentences;
use crate::tui::shared::{Purpose, Shared};
use crate::tui::task::{Start, Task};
use crate::tui::text::{self, safe};
use crate::tui::theme::Role;
use crate::tui::widget::edit::Edit;
use curricle_core::config::{self, Draft};
use ratatui::text::{Line, Span};

impl Configure {
    pub(super) fn take_action(&mut self, action: Action, shared: &mut Shared) -> bool {
        match action {
            Action::NextBox => self.focus.next(&Configure::there(false)),
            Action::PreviousBox => self.focus.previous(&Configure::there(false)),
            Action::Undo => self.undo(shared),
            Action::Redo => self.redo(shared),
            Action::Start => self.start(Vec::new(), shared),
            Action::StartSeeds => {
                if self.can_start(shared) {
                    shared.type_line(Purpose::Seeds, "seeds:", "0 1 2");
                }
            }
            Action::Save => self.save(shared),
            Action::SaveAs => shared.type_line(Purpose::SaveAs, "save as:", &self.own_name()),
            Action::Difference => shared.page = Some(Page::new(format!("difference to {}", self.base.name), self.difference_lines(shared))),
            Action::Images => {
                if self.experiment.is_some() && self.problems.is_empty() {
                    shared.say(Tone::Plain, "drawing images …");
                    shared.spawn(Task::Images(self.draft.text()));
                } else {
                    shared.say(Tone::Plain, "images can be drawn when nothing is wrong any more");
                }
            }
            Action::FindNext | Action::FindPrevious => {
                if !self.search_on(action == Action::FindPrevious) {
                    let find = shared.key(Action::Find);
                    shared.say(Tone::Plain, format!("nothing was looked for yet: {find} in the form finds a field"));
                } else if let Some(search) = &self.search {
                    shared.messages.hint(search.place());
                }
            }
            Action::Close if !self.filter.is_empty() => {
                self.filter.clear();
                self.plant();
            }
            action => {
                return match self.focused() {
                    PRESETS => self.on_presets(action, shared),
                    COST | DIFFERENCE => self.scroll.act(action),
                    _ => self.on_form(action, shared),
                };
            }
        }
        true
    }

    fn on_presets(&mut self, action: Action, shared: &mut Shared) -> bool {
        if self.tree_cursor.act(action, self.tree.len()) {
            // A heading cannot be chosen.
            if matches!(self.tree.get(self.tree_cursor.at), Some(tree::Row::Heading(_))) {
                let on = if matches!(action, Action::Up | Action::PageUp) { Action::Up } else { Action::Down };
                self.tree_cursor.act(on, self.tree.len());
            }
            return true;
        }
        match (action, self.tree.get(self.tree_cursor.at).cloned()) {
            (Action::Edit | Action::Right | Action::Left, Some(tree::Row::Folder { path, open, .. })) => {
                let unfold = if action == Action::Edit { !open } else { action == Action::Right };
                if unfold {
                    self.open_folders.insert(path)
                } else {
                    self.open_folders.remove(&path)
                };
                self.plant();
            }
            (Action::Edit, Some(tree::Row::Leaf { place, .. })) => {
                if let Some(preset) = self.presets.get(place).cloned() {
                    let changed = self.draft.text() != self.base.text;
                    self.load(&preset, shared);
                    let undo = shared.key(Action::Undo);
                    if changed {
                        shared.say(Tone::Plain, sentences::loaded(&preset.name, &undo));
                    } else {
                        shared.messages.hint(preset.description);
                    }
                }
            }
            (Action::Left, Some(tree::Row::Leaf { place, .. })) => {
                // From a preset, folding closes the folder that it lies in.
                if let Some((folder, _)) = self.presets.get(place).and_then(|preset| preset.name.rsplit_once('/')) {
                    let folder = folder.to_string();
                    self.open_folders.remove(&folder);
                    self.plant();
                    self.tree_cursor.at =
                        self.tree.iter().position(|row| matches!(row, tree::Row::Folder { path, .. } if *path == folder)).unwrap_or(0);
                }
            }
            _ => return false,
        }
        true
    }

    fn on_form(&mut self, action: Action, shared: &mut Shared) -> bool {
        if self.cursor.act(action, self.rows.len()) {
            return true;
        }
        let Some(row) = self.row().cloned() else { return false };
        match action {
            Action::Edit if row.folds() => self.fold(&row.path, !row.open),
            Action::Right if row.folds() => self.fold(&row.path, true),
            Action::Left if row.folds() => self.fold(&row.path, false),
            Action::Edit => match row.what {
                What::Another(_, Some(first)) => {
                    self.unfolded.insert(row.path.clone());
                    let value = first.default.trim_matches('"').to_string();
                    self.set_said(&format!("{}.{}", row.path, first.name), &value, shared);
                }
                What::Field(field) if matches!(field.shape, config::Shape::Choice(_) | config::Shape::Flag) => self.choose(1, shared),
                What::Field(_) => {
                    let value = self.draft.effective(&row.path);
                    self.editing = Some(Editing { path: row.path, edit: Edit::replacing(&value), refused: None });
                }
                _ => {}
            },
            Action::Right if !row.choices().is_empty() => self.choose(1, shared),
            Action::Left if !row.choices().is_empty() => self.choose(-1, shared),
            Action::Left => self.fold_parent(&row.path),
            Action::Default => self.back_to_default(&row, shared),
            _ => return false,
        }
        true
    }

    fn fold(&mut self, path: &str, open: bool) {
        if open {
            self.unfolded.insert(path.to_string())
        } else {
            self.unfolded.remove(path)
        };
        self.build_rows();
    }

    /// From a field, folding closes what it lies in.
    fn fold_parent(&mut self, path: &str) {
        let parent = path.rsplit_once('.').map_or("experiment", |(parent, _)| parent).to_string();
        self.fold(&parent, false);
        self.cursor.at = self.rows.iter().position(|row| row.path == parent).unwrap_or(self.cursor.at);
    }

    fn choose(&mut self, by: isize, shared: &mut Shared) {
        let Some(row) = self.row().cloned() else { return };
        let words = row.choices();
        let now = self.draft.effective(&row.path);
        let place = words.iter().position(|word| *word == now);
        let next = match place {
            Some(place) => (place as isize + by).rem_euclid(words.len() as isize) as usize,
            None => 0,
        };
        if let Some(word) = words.get(next) {
            self.set_said(&row.path, word, shared);
        }
    }

    /// Sets a field outside of an edit: a refusal is said in the message line.
    fn set_said(&mut self, path: &str, value: &str, shared: &mut Shared) {
        if let Err(problem) = self.set(path, value) {
            shared.say(Tone::Bad, problem.sentence());
        }
    }

    fn back_to_default(&mut self, row: &super::Row, shared: &mut Shared) {
        if self.draft.get(&row.path).is_none() {
            shared.say(Tone::Plain, sentences::at_default(&row.path));
            return;
        }
        self.remember();
        self.draft.unset(&row.path);
        self.changed();
    }

    fn undo(&mut self, shared: &mut Shared) {
        let Some(before) = self.undo.pop() else {
            shared.say(Tone::Plain, "nothing to take back");
            return;
        };
        self.redo.push(Before { base: self.base.clone(), text: self.draft.text() });
        self.restore(before);
    }

    fn redo(&mut self, shared: &mut Shared) {
        let Some(after) = self.redo.pop() else {
            shared.say(Tone::Plain, "nothing to make again");
            return;
        };
        self.undo.push(Before { base: self.base.clone(), text: self.draft.text() });
        self.restore(after);
    }

    fn restore(&mut self, state: Before) {
        if let Ok(draft) = Draft::new(&state.text, &state.base.name) {
            self.draft = draft;
            if self.base != state.base {
                self.base_experiment = config::read(&state.base.text, &state.base.name, &[]).ok();
                self.base = state.base;
            }
            self.changed();
        }
    }

    fn can_start(&mut self, shared: &mut Shared) -> bool {
        if let Some(problem) = self.problems.first() {
            let more = if self.problems.len() > 1 { format!(" (and {} more)", self.problems.len() - 1) } else { String::new() };
            shared.say(Tone::Bad, format!("{}{more}", problem.sentence()));
            self.show(&problem.path.clone());
            return false;
        }
        if self.starting {
            shared.say(Tone::Plain, "a start is under way");
            return false;
        }
        true
    }

    /// Unfolds what a path lies in and puts the cursor there.
    pub(super) fn show(&mut self, path: &str) {
        let mut at = String::new();
        for part in path.split('.') {
            at = if at.is_empty() { part.to_string() } else { format!("{at}.{part}") };
            self.unfolded.insert(at.clone());
        }
        self.build_rows();
        if let Some(place) = self.rows.iter().position(|row| row.path == path) {
            self.cursor.at = place;
            self.focus = crate::tui::focus::Focus::on(FORM);
        }
    }

    fn start(&mut self, seeds: Vec<u64>, shared: &mut Shared) {
        if !self.can_start(shared) {
            return;
        }
        self.starting = true;
        shared.messages.hint("starting …");
        let start = Start { text: self.draft.text(), origin: self.base.name.clone(), seeds, parent: self.base.parent.clone() };
        shared.spawn(Task::Start(start));
    }

    /// The start that was asked for is over, however it went.
    pub fn start_is_over(&mut self) {
        self.starting = false;
    }

    /// The first key ever: starts `quickstart`.
    pub fn start_quickstart(&mut self, shared: &mut Shared) {
        if self.base.name == "quickstart" && self.differences.is_empty() {
            self.start(Vec::new(), shared);
        }
    }

    /// Seeds were typed: `0 1 2`, `0, 1, 2` or `0-4`.
    pub fn start_seeds(&mut self, text: &str, shared: &mut Shared) {
        match seeds_of(text) {
            Ok(seeds) => self.start(seeds, shared),
            Err(problem) => shared.say(Tone::Bad, problem),
        }
    }

    fn own_name(&self) -> String {
        if self.base.own {
            return self.base.name.clone();
        }
        let name = self.draft.effective("name");
        let slug: String = name
            .to_lowercase()
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' })
            .collect();
        let slug = slug.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
        if slug.is_empty() { "mine".into() } else { slug }
    }

    fn save(&mut self, shared: &mut Shared) {
        let name = self.own_name();
        if self.presets.iter().any(|preset| preset.name == name && !preset.own) {
            // A shipped preset is never overwritten: a name of one's own is needed.
            shared.type_line(Purpose::SaveAs, "save as:", &format!("my-{name}"));
            return;
        }
        self.save_as(&name, shared);
    }

    /// A name was typed.
    pub fn save_as(&mut self, name: &str, shared: &mut Shared) {
        let name = name.trim().to_string();
        if self.draft.check().is_err() {
            shared.say(Tone::Bad, "a preset is saved when nothing is wrong any more");
            return;
        }
        // An experiment that bears its preset's name bears the new one's: runs of the two are told apart.
        let bore = self.base.name.rsplit('/').next().unwrap_or_default();
        let renames = name != self.base.name && self.draft.get("name").is_some_and(|named| named == bore);
        if renames && let Err(problem) = self.set("name", name.rsplit('/').next().unwrap_or(&name)) {
            shared.say(Tone::Bad, problem.sentence());
            return;
        }
        let replace = self.base.own && self.base.name == name;
        shared.spawn(Task::SavePreset { name, text: self.draft.text(), replace });
    }

    /// It is saved: the preset is what the experiment began as, from now on.
    pub fn saved(&mut self, name: &str) {
        let parent = self.base.parent.take();
        self.base = Base { name: name.to_string(), text: self.draft.text(), own: true, parent };
        self.base_experiment = self.experiment.clone();
        self.differences.clear();
    }

    /// What differs from the preset, a line for each setting.
    pub(super) fn difference_lines(&self, shared: &Shared) -> Vec<Line<'static>> {
        let look = &shared.look;
        if self.differences.is_empty() {
            return vec![Line::styled("nothing differs", look.style(Role::Muted))];
        }
        let shown = |value: &str| if value.is_empty() { "not used".to_string() } else { safe(value) };
        let label = self.differences.iter().map(|(path, _, _)| text::width(path)).max().unwrap_or(0).min(30);
        self.differences
            .iter()
            .map(|(path, preset, ours)| {
                Line::from(vec![
                    Span::raw(text::left(path, label)),
                    Span::styled(format!(" {}", shown(preset)), look.style(Role::Muted)),
                    Span::raw(" → "),
                    Span::styled(shown(ours), look.style(Role::Value)),
                ])
            })
            .collect()
    }
}

/// Seeds as typed; at most a hundred, each once.
fn seeds_of(text: &str) -> Result<Vec<u64>, String> {
    let mut seeds = Vec::new();
    for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
        let wrong = || format!("`{}` is no seed: write whole numbers, as `0 1 2` or `0-4`", safe(part));
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (first.parse::<u64>().map_err(|_| wrong())?, last.parse::<u64>().map_err(|_| wrong())?),
            None => {
                let seed = part.parse::<u64>().map_err(|_| wrong())?;
                (seed, seed)
            }
        };
        if first > last || last - first >= 100 {
            return Err(wrong());
        }
        seeds.extend((first..=last).filter(|seed| !seeds.contains(seed)).collect::<Vec<u64>>());
    }
    match seeds.len() {
        0 => Err("no seed was given".into()),
        1..=100 => Ok(seeds),
        count => Err(format!("{count} seeds are more than the 100 that can be started at once")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_as_people_write_them() {
        assert_eq!(seeds_of("0 1 2"), Ok(vec![0, 1, 2]));
        assert_eq!(seeds_of("3,5-7, 5"), Ok(vec![3, 5, 6, 7]));
        assert!(seeds_of("").is_err());
        assert!(seeds_of("one").is_err());
        assert!(seeds_of("5-1").is_err());
        assert!(seeds_of("0-18446744073709551615").is_err());
    }
}
