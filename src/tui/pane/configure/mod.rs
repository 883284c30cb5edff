//! Configure: choose a preset, change fields, see what is wrong and what it will cost, start.

mod actions;
mod estimate;
mod form;
mod search;
mod tree;
mod view;

use crate::tui::component::Component;
use crate::tui::focus::Focus;
use crate::tui::input::Key;
use crate::tui::keymap::Action;
use crate::tui::look::Size;
use crate::tui::message::{Experiment as TakenExperiment, Preset};
use crate::tui::messages::Tone;
use crate::tui::notice::Notice;
use crate::tui::shared::{Shared, quoted};
use crate::tui::task::{Taken, Task};
use crate::tui::text::safe;
use crate::tui::theme::Role;
use crate::tui::widget::edit::{Edit, Typed};
use crate::tui::widget::list::{Cursor, Scroll};
use curricle_core::config::{self, Draft, Experiment, Problem, Warning};
use estimate::Cost;
use form::Row;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::HashSet;

/// Boxes of the pane.
const PRESETS: usize = 0;
const FORM: usize = 1;
const COST: usize = 2;
const DIFFERENCE: usize = 3;

/// Steps back that are kept.
const UNDO: usize = 200;

/// What an experiment began as.
#[derive(Debug, Clone, Default, PartialEq)]
struct Base {
    name: String,
    text: String,
    own: bool,
    /// The run it was taken from, and the checkpoint of a fork.
    parent: Option<(String, String)>,
}

/// A state to go back to.
#[derive(Debug, Clone)]
struct Before {
    base: Base,
    text: String,
}

/// A field that is being edited.
#[derive(Debug)]
struct Editing {
    path: String,
    edit: Edit,
    /// Why the value typed last was refused.
    refused: Option<Problem>,
}

/// The pane.
#[derive(Debug)]
pub struct Configure {
    presets: Vec<Preset>,
    tree: Vec<tree::Row>,
    tree_cursor: Cursor,
    open_folders: HashSet<String>,
    filter: String,
    base: Base,
    /// The preset as an experiment, to tell what differs from it.
    base_experiment: Option<Experiment>,
    draft: Draft,
    undo: Vec<Before>,
    redo: Vec<Before>,
    /// The experiment as it was read last without a problem.
    experiment: Option<Experiment>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
    differences: Vec<(String, String, String)>,
    /// Whether the text is an experiment, be all of it built or not.
    whole: bool,
    rows: Vec<Row>,
    cursor: Cursor,
    unfolded: HashSet<String>,
    editing: Option<Editing>,
    search: Option<search::Search>,
    focus: Focus,
    cost: Cost,
    generation: u64,
    /// The generation whose cost was asked for last.
    asked: u64,
    /// Whether what the machine can do was asked for.
    asked_machine: bool,
    scroll: Scroll,
    /// Whether a start is under way, so that a second key does not start a second run.
    starting: bool,
}

impl Configure {
    /// Begins with `quickstart`, if it is among the presets.
    pub fn new(presets: Vec<Preset>, shared: &mut Shared) -> Configure {
        let draft = Draft::new("", "experiment").unwrap_or_else(|_| empty_draft());
        let mut configure = Configure {
            presets: Vec::new(),
            tree: Vec::new(),
            tree_cursor: Cursor::default(),
            open_folders: HashSet::new(),
            filter: String::new(),
            base: Base::default(),
            base_experiment: None,
            draft,
            undo: Vec::new(),
            redo: Vec::new(),
            experiment: None,
            problems: Vec::new(),
            warnings: Vec::new(),
            differences: Vec::new(),
            whole: false,
            rows: Vec::new(),
            cursor: Cursor::default(),
            unfolded: HashSet::from(["data".to_string(), "training".to_string()]),
            editing: None,
            search: None,
            focus: Focus::on(FORM),
            cost: Cost::default(),
            generation: 0,
            asked: 0,
            asked_machine: false,
            scroll: Scroll::default(),
            starting: false,
        };
        configure.presets(presets, shared);
        configure
    }

    /// The list of presets was read.
    pub fn presets(&mut self, presets: Vec<Preset>, shared: &mut Shared) {
        self.presets = presets;
        self.plant();
        if self.base == Base::default()
            && let Some(preset) = self.presets.iter().find(|preset| preset.name == "quickstart").or_else(|| self.presets.first()).cloned()
        {
            self.load(&preset, shared);
            self.undo.clear();
        }
    }

    fn plant(&mut self) {
        self.tree = tree::build(&self.presets, &self.filter, &self.open_folders);
        self.tree_cursor.clamp(self.tree.len());
    }

    /// Begins with a preset.
    fn load(&mut self, preset: &Preset, shared: &mut Shared) {
        match Draft::new(&preset.text, &preset.name) {
            Ok(draft) => {
                let base = Base { name: preset.name.clone(), text: preset.text.clone(), own: preset.own, parent: None };
                self.begin(base, draft);
            }
            Err(problems) => shared.say(Tone::Bad, problems.to_string().replace('\n', "; ")),
        }
    }

    /// An experiment was taken from a run.
    pub fn take(&mut self, taken: TakenExperiment, shared: &mut Shared) {
        match Draft::new(&taken.text, &taken.name) {
            Ok(mut draft) => {
                let parent = taken.checkpoint.clone().map(|checkpoint| (taken.run.clone(), checkpoint));
                if let Some(checkpoint) = &taken.checkpoint
                    && let Err(problem) = draft.set("network.checkpoint", checkpoint)
                {
                    shared.say(Tone::Bad, problem.sentence());
                }
                let base = Base { name: safe(&taken.name), text: taken.text, own: false, parent };
                self.begin(base, draft);
                let text = match taken.taken {
                    Taken::Duplicate => "taken from the run: change what you like, then start".to_string(),
                    Taken::Fork => "fork: starts from this run's checkpoint, with what you change here".to_string(),
                };
                shared.say(Tone::Plain, text);
                self.focus = Focus::on(FORM);
            }
            Err(problems) => shared.say(Tone::Bad, problems.to_string().replace('\n', "; ")),
        }
    }

    fn begin(&mut self, base: Base, draft: Draft) {
        if self.base != Base::default() {
            self.remember();
        }
        self.base_experiment = config::read(&base.text, &base.name, &[]).ok();
        self.base = base;
        self.draft = draft;
        self.cursor = Cursor::default();
        self.editing = None;
        self.changed();
    }

    fn remember(&mut self) {
        if self.undo.len() == UNDO {
            self.undo.remove(0);
        }
        self.undo.push(Before { base: self.base.clone(), text: self.draft.text() });
        self.redo.clear();
    }

    /// The experiment has changed: reads it anew and looks what is wrong, what differs, what it costs.
    fn changed(&mut self) {
        let checked = self.draft.check();
        self.whole = checked.is_ok();
        match checked {
            Ok(experiment) => {
                self.problems = experiment.not_built();
                self.warnings = experiment.warnings();
                self.differences = self.base_experiment.as_ref().map(|base| config::difference(base, &experiment)).unwrap_or_default();
                self.experiment = Some(experiment);
            }
            Err(problems) => {
                self.problems = problems.0;
                self.warnings = Vec::new();
                self.differences = match Draft::new(&self.base.text, &self.base.name) {
                    Ok(base) => form::difference(&base, &self.draft),
                    Err(_) => Vec::new(),
                };
            }
        }
        self.build_rows();
        self.generation += 1;
        self.cost = Cost::default();
    }

    /// The pane is on the screen: asks for what is to be seen there and takes an engine to answer. Who only looks at runs
    /// starts none.
    pub fn shown(&mut self, shared: &mut Shared) {
        if self.asked != self.generation {
            self.asked = self.generation;
            self.ask_for_cost(shared);
        }
        if !self.asked_machine {
            self.asked_machine = true;
            shared.spawn(Task::Doctor);
        }
    }

    fn build_rows(&mut self) {
        let path = self.rows.get(self.cursor.at).map(|row| row.path.clone());
        self.rows = form::build(&self.draft, &self.unfolded);
        if let Some(place) = path.and_then(|path| self.rows.iter().position(|row| row.path == path)) {
            self.cursor.at = place;
        }
        self.cursor.clamp(self.rows.len());
    }

    /// Asks what the experiment costs, if it can be told.
    fn ask_for_cost(&mut self, shared: &mut Shared) {
        if !self.problems.is_empty() || self.draft.text().is_empty() {
            return;
        }
        shared.spawn(Task::Estimate { generation: self.generation, text: self.draft.text() });
    }

    /// Sets a field, with a step back. A refused value changes nothing.
    fn set(&mut self, path: &str, value: &str) -> Result<(), Problem> {
        let before = Before { base: self.base.clone(), text: self.draft.text() };
        self.draft.set(path, value)?;
        if self.draft.text() != before.text {
            self.undo.push(before);
            self.redo.clear();
            self.changed();
        }
        Ok(())
    }

    /// Takes a key while a field is being edited; answers whether it did.
    pub fn key(&mut self, key: Key, shared: &mut Shared) -> bool {
        let Some(editing) = &mut self.editing else { return false };
        match editing.edit.key(key) {
            Typed::Done => {
                let (path, value) = (editing.path.clone(), editing.edit.text());
                match self.set(&path, &value) {
                    Ok(()) => {
                        self.editing = None;
                        shared.messages.clear();
                    }
                    Err(problem) => {
                        if let Some(editing) = &mut self.editing {
                            editing.refused = Some(problem);
                        }
                    }
                }
            }
            Typed::GivenUp => self.editing = None,
            Typed::Changed => editing.refused = None,
            Typed::Nothing => {}
        }
        true
    }

    /// Text was pasted.
    pub fn paste(&mut self, text: &str) {
        if let Some(editing) = &mut self.editing {
            editing.edit.paste(text);
            editing.refused = None;
        }
    }

    fn row(&self) -> Option<&Row> {
        self.rows.get(self.cursor.at)
    }

    /// The problem of a field, if it has one.
    fn problem_at(&self, path: &str) -> Option<&Problem> {
        let refused = self.editing.as_ref().filter(|editing| editing.path == path).and_then(|editing| editing.refused.as_ref());
        refused.or_else(|| self.problems.iter().find(|problem| problem.path == path))
    }

    fn there(size_has_difference: bool) -> [bool; 4] {
        [true, true, true, size_has_difference]
    }

    fn focused(&self) -> usize {
        self.focus.get(&Configure::there(true))
    }
}

/// A draft of nothing. The empty text is valid TOML, so this cannot go on for ever.
fn empty_draft() -> Draft {
    loop {
        if let Ok(draft) = Draft::new("", "experiment") {
            return draft;
        }
    }
}

impl From<config::presets::Preset> for Preset {
    fn from(preset: config::presets::Preset) -> Preset {
        Preset { name: preset.name, text: preset.text, own: preset.own, description: preset.description }
    }
}

impl Component for Configure {
    fn is_typing(&self) -> bool {
        self.editing.is_some()
    }

    fn act(&mut self, action: Action, shared: &mut Shared) -> bool {
        self.take_action(action, shared)
    }

    fn offer(&self, action: Action, short: &'static str, _shared: &Shared) -> Option<&'static str> {
        let on_form = self.focused() == FORM;
        let row = self.row().filter(|_| on_form);
        match action {
            Action::Start | Action::StartSeeds => (self.problems.is_empty() && !self.starting).then_some(short),
            Action::Images => self.problems.is_empty().then_some(short),
            Action::Save => self.whole.then_some(short),
            Action::Undo => (!self.undo.is_empty()).then_some(short),
            Action::Default => row.is_some_and(|row| row.field().is_some() && self.draft.get(&row.path).is_some()).then_some(short),
            Action::Difference => (!self.differences.is_empty()).then_some(short),
            Action::Find => Some(if on_form { "find" } else { short }),
            Action::Edit => match (row, self.focused()) {
                (Some(row), _) if row.folds() => Some(if row.open { "fold" } else { "unfold" }),
                (Some(row), _) if matches!(row.what, form::What::Another(..)) => Some("add"),
                (Some(row), _)
                    if row.field().is_some_and(|field| matches!(field.shape, config::Shape::Choice(_) | config::Shape::Flag)) =>
                {
                    Some("next choice")
                }
                (None, PRESETS) => match self.tree.get(self.tree_cursor.at) {
                    Some(tree::Row::Folder { open, .. }) => Some(if *open { "fold" } else { "unfold" }),
                    Some(tree::Row::Leaf { .. }) => Some("load"),
                    _ => None,
                },
                (None, _) => None,
                _ => Some(short),
            },
            _ => Some(short),
        }
    }

    fn fact(&self, shared: &Shared) -> (String, Role) {
        let mut parts = Vec::new();
        match shared.training() {
            0 => {}
            count => parts.push(format!("{count} training")),
        }
        if let Some(machine) = &shared.machine {
            parts.push(machine.device.clone());
        }
        (parts.join(" · "), if shared.training() > 0 { Role::Accent } else { Role::Muted })
    }

    fn standing(&self) -> Option<Notice> {
        let notice = |text: String| Some(Notice { sign: "✗ ", role: Some(Role::Bad), text, answers: Vec::new() });
        if let Some(problem) = self.editing.as_ref().and_then(|editing| editing.refused.as_ref()) {
            let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            return notice(safe(&format!("{}{hint}", problem.sentence())));
        }
        let text = match self.problems.len() {
            0 => return None,
            1 => "1 problem: start is off until it is mended".to_string(),
            count => format!("{count} problems: start is off until they are mended"),
        };
        notice(text)
    }

    fn command(&self, _shared: &Shared) -> Option<String> {
        if self.base.parent.is_some() || self.base.name.is_empty() {
            return None;
        }
        let sets: String = self
            .differences
            .iter()
            .filter(|(_, _, ours)| !ours.is_empty())
            .map(|(path, _, ours)| format!(" --set {}", quoted(&format!("{path}={ours}"))))
            .collect();
        Some(if sets.is_empty() {
            format!("preset show {}", quoted(&self.base.name))
        } else {
            format!("run {}{sets} --detach", quoted(&self.base.name))
        })
    }

    fn filter(&self) -> String {
        if self.focused() == PRESETS { self.filter.clone() } else { String::new() }
    }

    fn begin_find(&mut self) {
        self.search = None;
        if self.focused() != PRESETS {
            self.search("");
        }
    }

    /// Filters the presets where they have the focus, and finds fields elsewhere.
    fn set_filter(&mut self, text: &str, _shared: &mut Shared) {
        if self.focused() == PRESETS {
            self.filter = text.to_string();
            self.plant();
        } else {
            self.search(text);
        }
    }

    fn find_next(&mut self, back: bool) {
        self.search_on(back);
    }

    fn found(&self) -> Option<String> {
        self.search.as_ref().filter(|_| self.focused() != PRESETS).map(search::Search::place)
    }

    fn draw(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared) {
        self.picture(buffer, area, size, shared);
    }
}

#[cfg(test)]
impl Configure {
    /// Path of the row under the cursor.
    pub fn at(&self) -> String {
        self.row().map(|row| row.path.clone()).unwrap_or_default()
    }

    /// The experiment's text.
    pub fn text(&self) -> String {
        self.draft.text()
    }

    /// Which state of the experiment this is.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}
