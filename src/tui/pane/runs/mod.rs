//! Runs: everything that ever ran here, seeds of one experiment as one row; what runs now; what differs between the
//! marked ones.

mod compare;
mod query;
mod rows;
mod view;

use crate::tui::component::Component;
use crate::tui::focus::Focus;
use crate::tui::format::count;
use crate::tui::history::History;
use crate::tui::keymap::Action;
use crate::tui::look::Size;
use crate::tui::messages::Tone;
use crate::tui::sentences;
use crate::tui::shared::{Purpose, Shared, quoted, title};
use crate::tui::task::{Taken, Task};
use crate::tui::text::safe;
use crate::tui::theme::Role;
use crate::tui::widget::list::{Cursor, Scroll};
use curricle_core::run::catalogue::Summary;
use curricle_core::run::{CommandKind, Labels, State};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rows::{Row, Sort};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Boxes of the pane that can have the focus.
const TABLE: usize = 0;
const DETAIL: usize = 1;
const CURVES: usize = 2;

/// Curves that are kept and drawn at most.
const COURSES: usize = 8;

/// Settings that differ, with the value of each run.
type Differences = Vec<(String, Vec<String>)>;

/// The pane.
#[derive(Debug, Default)]
pub struct Runs {
    rows: Vec<Row>,
    cursor: Cursor,
    /// The run or group under the cursor, so that it stays there when rows come and go.
    held: String,
    unfolded: HashSet<String>,
    marked: BTreeSet<PathBuf>,
    filter: String,
    sort: Sort,
    focus: Focus,
    detail: Scroll,
    opened: Option<PathBuf>,
    touched: BTreeSet<PathBuf>,
    touched_since: Option<Instant>,
    /// Courses that were read, with the accuracy that the list showed then.
    courses: HashMap<PathBuf, (Option<f64>, Box<History>)>,
    reading: Option<PathBuf>,
    differences: Option<(Vec<PathBuf>, Differences)>,
    comparing: Option<Vec<PathBuf>>,
}

impl Runs {
    /// The list has changed: builds the rows again, the cursor stays on its run.
    pub fn refresh(&mut self, shared: &mut Shared) {
        self.marked.retain(|directory| shared.summaries.iter().any(|summary| summary.directory == *directory));
        self.rows = rows::build(&shared.summaries, &self.filter, self.sort, &self.unfolded);
        if let Some(place) = self.rows.iter().position(|row| row.key(&shared.summaries) == self.held) {
            self.cursor.at = place;
        }
        self.cursor.clamp(self.rows.len());
        self.moved(shared);
    }

    /// The pane comes into view.
    pub fn shown(&mut self, shared: &mut Shared) {
        self.refresh(shared);
    }

    /// The cursor is somewhere: remembers where, and asks for what the boxes below show.
    fn moved(&mut self, shared: &mut Shared) {
        self.held = self.rows.get(self.cursor.at).map(|row| row.key(&shared.summaries)).unwrap_or_default();
        self.ask_for_courses(shared);
        self.ask_for_differences(shared);
    }

    /// Runs whose curves are drawn: the marked ones, else what is under the cursor.
    fn drawn(&self, summaries: &[Summary]) -> Vec<PathBuf> {
        if !self.marked.is_empty() {
            return self.marked_in_order(summaries).into_iter().take(COURSES).collect();
        }
        let Some(row) = self.rows.get(self.cursor.at) else { return Vec::new() };
        row.members().iter().take(COURSES).filter_map(|member| Some(summaries.get(*member)?.directory.clone())).collect()
    }

    fn ask_for_courses(&mut self, shared: &mut Shared) {
        if self.reading.is_some() {
            return;
        }
        let wanted = self.drawn(&shared.summaries);
        let missing = wanted.iter().find(|directory| {
            let accuracy = shared.summary(directory).and_then(|summary| summary.accuracy);
            self.courses.get(*directory).is_none_or(|(at, _)| *at != accuracy)
        });
        if let Some(directory) = missing.cloned() {
            self.reading = Some(directory.clone());
            shared.spawn(Task::Course(directory));
        }
        if self.courses.len() > 4 * COURSES {
            self.courses.retain(|directory, _| wanted.contains(directory));
        }
    }

    fn ask_for_differences(&mut self, shared: &mut Shared) {
        let marked = self.marked_in_order(&shared.summaries);
        if marked.len() < 2 || self.comparing.as_ref() == Some(&marked) || self.differences.as_ref().is_some_and(|(of, _)| *of == marked) {
            return;
        }
        self.comparing = Some(marked.clone());
        shared.spawn(Task::Compare(marked));
    }

    /// The course of a run was read.
    pub fn course(&mut self, directory: PathBuf, course: Result<Box<History>, String>, shared: &mut Shared) {
        if self.reading.as_ref() == Some(&directory) {
            self.reading = None;
        }
        let accuracy = shared.summary(&directory).and_then(|summary| summary.accuracy);
        // A run that cannot be read has no curve; its row says why.
        self.courses.insert(directory, (accuracy, course.unwrap_or_default()));
        self.ask_for_courses(shared);
    }

    /// What differs between marked runs was found.
    pub fn compared(&mut self, runs: &[PathBuf], differences: Result<Vec<(String, Vec<String>)>, String>, shared: &mut Shared) {
        self.comparing = None;
        match differences {
            Ok(differences) => self.differences = Some((runs.to_vec(), differences)),
            Err(problem) => {
                self.differences = Some((runs.to_vec(), Vec::new()));
                shared.say(Tone::Bad, problem);
            }
        }
    }

    /// A run's files have changed.
    pub fn touched(&mut self, directory: PathBuf) {
        self.touched.insert(directory);
        self.touched_since.get_or_insert_with(Instant::now);
    }

    /// Since when changes wait to be read.
    pub fn touched_since(&self) -> Option<Instant> {
        self.touched_since
    }

    /// Takes what has changed.
    pub fn take_touched(&mut self) -> Vec<PathBuf> {
        self.touched_since = None;
        std::mem::take(&mut self.touched).into_iter().collect()
    }

    /// The run that should be opened in Train.
    pub fn take_opened(&mut self) -> Option<PathBuf> {
        self.opened.take()
    }

    /// Marked runs.
    pub fn marked(&self) -> Vec<PathBuf> {
        self.marked.iter().cloned().collect()
    }

    fn marked_in_order(&self, summaries: &[Summary]) -> Vec<PathBuf> {
        let mut marked: Vec<PathBuf> =
            summaries.iter().filter(|summary| self.marked.contains(&summary.directory)).map(|summary| summary.directory.clone()).collect();
        // Older runs first: what came later is read as the change.
        marked.reverse();
        marked
    }

    /// Tags were typed.
    pub fn set_tags(directory: &Path, text: &str, shared: &mut Shared) {
        let tags: Vec<String> = text.split([',', ' ']).map(str::trim).filter(|tag| !tag.is_empty()).map(safe).collect();
        let notes = shared.summary(directory).map(|summary| summary.notes.clone()).unwrap_or_default();
        shared.spawn(Task::Label(directory.to_path_buf(), Labels { tags, notes }));
    }

    /// Notes were typed.
    pub fn set_notes(directory: &Path, text: &str, shared: &mut Shared) {
        let tags = shared.summary(directory).map(|summary| summary.tags.clone()).unwrap_or_default();
        shared.spawn(Task::Label(directory.to_path_buf(), Labels { tags, notes: text.trim().to_string() }));
    }

    /// The run under the cursor; a group answers with its newest.
    fn chosen<'a>(&self, shared: &'a Shared) -> Option<&'a Summary> {
        shared.summaries.get(*self.rows.get(self.cursor.at)?.members().first()?)
    }

    fn toggle_mark(&mut self, shared: &mut Shared) {
        let Some(row) = self.rows.get(self.cursor.at) else { return };
        let directories: Vec<PathBuf> =
            row.members().iter().filter_map(|member| Some(shared.summaries.get(*member)?.directory.clone())).collect();
        if directories.iter().all(|directory| self.marked.contains(directory)) {
            directories.iter().for_each(|directory| _ = self.marked.remove(directory));
        } else {
            self.marked.extend(directories);
        }
        self.cursor.act(Action::Down, self.rows.len());
        self.moved(shared);
    }

    /// Folds or unfolds the group under the cursor; answers whether there is one.
    fn fold(&mut self, unfold: Option<bool>, shared: &mut Shared) -> bool {
        let Some(row) = self.rows.get(self.cursor.at) else { return false };
        let Some(group) = row.group() else { return false };
        let group = group.to_string();
        let unfold = unfold.unwrap_or(!self.unfolded.contains(&group));
        if unfold {
            self.unfolded.insert(group.clone())
        } else {
            self.unfolded.remove(&group)
        };
        self.held = group;
        self.refresh(shared);
        true
    }

    fn on_run(&mut self, action: Action, shared: &mut Shared) -> bool {
        let Some(summary) = self.chosen(shared).cloned() else {
            shared.say(Tone::Plain, "there is no run here");
            return true;
        };
        let several = self.rows.get(self.cursor.at).is_some_and(|row| row.members().len() > 1);
        let (directory, name) = (summary.directory.clone(), title(&summary));
        if several && matches!(action, Action::Resume | Action::StopRun | Action::Delete | Action::Tags | Action::Notes) {
            let unfold = shared.key(Action::Right);
            shared.say(Tone::Plain, sentences::several(&name, &unfold));
            return true;
        }
        let held = lives(&summary);
        let not_now = |wanted: &str| sentences::not_now(&name, summary.state, held, wanted);
        match action {
            Action::Resume => match (summary.state, held) {
                (State::Done | State::Training, _) => shared.say(Tone::Plain, not_now("resume")),
                (State::Paused, true) => shared.spawn(Task::Send(directory, CommandKind::Resume)),
                _ => shared.spawn(Task::Resume(directory)),
            },
            Action::StopRun => match summary.state {
                State::Training | State::Paused if held => {
                    shared.ask(sentences::stop(&name), 'x', "stop", Task::Send(directory, CommandKind::Stop));
                }
                _ => shared.say(Tone::Plain, not_now("stop")),
            },
            Action::Delete if held || summary.state == State::Training => {
                let stop = shared.key(Action::StopRun);
                shared.say(Tone::Plain, sentences::stop_first(&name, &stop));
            }
            Action::Delete => shared.ask(sentences::delete(&name, summary.seed), 'd', "delete", Task::Delete(directory)),
            Action::Duplicate => shared.spawn(Task::Take(directory, Taken::Duplicate)),
            Action::Tags => shared.type_line(Purpose::Tags(directory), "tags:", &summary.tags.join(", ")),
            Action::Notes => shared.type_line(Purpose::Notes(directory), "notes:", &summary.notes),
            _ => return false,
        }
        true
    }
}

/// Whether an engine works on a run. One that has said how the run ended is only on its way out: no file tells when it is.
fn lives(run: &Summary) -> bool {
    run.pid.is_some() && !run.state.is_over()
}

impl Component for Runs {
    fn act(&mut self, action: Action, shared: &mut Shared) -> bool {
        let there = [true, true, true];
        match action {
            Action::NextBox => self.focus.next(&there),
            Action::PreviousBox => self.focus.previous(&there),
            Action::Sort => {
                self.sort = self.sort.next();
                self.refresh(shared);
                shared.say(Tone::Plain, format!("runs {}", self.sort.title()));
            }
            Action::Mark => self.toggle_mark(shared),
            Action::Open if !self.fold(None, shared) => self.opened = self.chosen(shared).map(|summary| summary.directory.clone()),
            Action::Open => {}
            Action::Right if self.focus.get(&there) == TABLE => _ = self.fold(Some(true), shared),
            Action::Left if self.focus.get(&there) == TABLE => {
                // From a seed, folding closes the group it belongs to.
                if !self.fold(Some(false), shared)
                    && let Some(group) = self.rows.get(self.cursor.at).and_then(Row::within).map(str::to_string)
                {
                    self.unfolded.remove(&group);
                    self.held = group;
                    self.refresh(shared);
                }
            }
            Action::Close if !self.marked.is_empty() || !self.filter.is_empty() => {
                if self.filter.is_empty() {
                    self.marked.clear();
                }
                self.filter.clear();
                self.refresh(shared);
            }
            action if self.focus.get(&there) == DETAIL && self.detail.act(action) => {}
            action if self.cursor.act(action, self.rows.len()) => self.moved(shared),
            action => return self.on_run(action, shared),
        }
        true
    }

    fn offer(&self, action: Action, short: &'static str, shared: &Shared) -> Option<&'static str> {
        if shared.summaries.is_empty() {
            return matches!(action, Action::Copy | Action::Leave).then_some(short);
        }
        let row = self.rows.get(self.cursor.at);
        let run = self.chosen(shared).filter(|_| row.is_some_and(|row| row.members().len() == 1));
        let held = run.is_some_and(lives);
        let state = run.map(|run| run.state);
        let fits = match action {
            Action::Open => match row {
                Some(Row::Group { unfolded, .. }) => return Some(if *unfolded { "fold" } else { "unfold" }),
                row => row.is_some(),
            },
            Action::Resume => state.is_some_and(|state| matches!(state, State::Paused | State::Stopped | State::Failed | State::Lost)),
            Action::StopRun => held && state.is_some_and(|state| matches!(state, State::Training | State::Paused)),
            Action::Delete => state.is_some_and(|state| !held && state != State::Training),
            Action::Mark | Action::Duplicate => row.is_some(),
            _ => true,
        };
        fits.then_some(short)
    }

    fn fact(&self, shared: &Shared) -> (String, Role) {
        if !shared.loaded {
            return (String::new(), Role::Muted);
        }
        let (all, training) = (shared.summaries.len(), shared.training());
        let runs = if all == 1 { "1 run".to_string() } else { format!("{} runs", count(all as u64)) };
        if training == 0 { (runs, Role::Muted) } else { (format!("{runs} · {training} training"), Role::Accent) }
    }

    fn command(&self, shared: &Shared) -> Option<String> {
        if !self.marked.is_empty() {
            let ids: Vec<String> = self
                .marked_in_order(&shared.summaries)
                .iter()
                .filter_map(|directory| Some(quoted(&shared.summary(directory)?.id)))
                .collect();
            if !ids.is_empty() {
                return Some(ids.iter().map(|id| format!("runs show {id}")).collect::<Vec<_>>().join("; curricle "));
            }
        }
        Some("runs list".into())
    }

    fn filter(&self) -> String {
        self.filter.clone()
    }

    fn set_filter(&mut self, text: &str, shared: &mut Shared) {
        self.filter = text.to_string();
        self.refresh(shared);
    }

    fn draw(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared) {
        self.picture(buffer, area, size, shared);
    }
}
