//! The application: its state, and the two ways in which it changes. A key becomes an action, the answer of work is a
//! message; both are handled at once and never wait. Work that waits is asked for and answers later.

use super::component::Component;
use super::format;
use super::frame;
use super::input::{Code, Input, Key};
use super::keymap::{self, Action, Keymap, Place};
use super::look::Look;
use super::message::{Message, Preset};
use super::messages::{Messages, Tone};
use super::page::Page;
use super::pane::{Attacks, Configure, Runs, Scores, Train};
use super::question::Reply;
use super::shared::{Effect, Prompt, Purpose, Shared};
use super::task::Task;
use super::widget::edit::{Edit, Typed};
use curricle_core::run::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often living runs are looked at even though none of their files has changed: an engine that is gone writes
/// nothing.
const LOOK: Duration = Duration::from_secs(2);
/// Least time between two readings of the followed run.
const READ: Duration = Duration::from_millis(150);
/// Least time between two readings of the list.
const LIST: Duration = Duration::from_millis(400);

/// The state of the whole screen.
pub struct App {
    /// What all panes share.
    pub shared: Shared,
    /// The pane that is shown.
    pub place: Place,
    /// Configure.
    pub configure: Configure,
    /// Train.
    pub train: Train,
    /// Runs.
    pub runs: Runs,
    scores: Scores,
    attacks: Attacks,
    /// Nothing was ever run here: Enter starts `quickstart`.
    first: bool,
    list: Paced,
    read: Paced,
    looked: Instant,
}

/// Work that is done one at a time and not too often.
#[derive(Debug, Default)]
struct Paced {
    busy: bool,
    wanted: bool,
    last: Option<Instant>,
}

impl Paced {
    /// When it should be done next.
    fn due(&self, least: Duration) -> Option<Instant> {
        (self.wanted && !self.busy).then(|| self.last.map_or_else(Instant::now, |last| last + least))
    }

    /// Whether it should be done now.
    fn is_due(&self, least: Duration, now: Instant) -> bool {
        self.wanted && !self.busy && self.last.is_none_or(|last| last + least <= now)
    }

    fn begin(&mut self) {
        (self.busy, self.wanted, self.last) = (true, false, Some(Instant::now()));
    }
}

/// Where things are and how the screen looks.
pub struct Setting {
    /// The look.
    pub look: Look,
    /// Keys.
    pub keymap: Keymap,
    /// What is wrong in the keymap file.
    pub keymap_problems: Vec<String>,
    /// Folder of runs.
    pub runs: PathBuf,
    /// Flags to repeat in copied commands.
    pub flags: String,
    /// Whether there is no run yet.
    pub first: bool,
    /// Columns of the terminal.
    pub columns: u16,
    /// Presets that are part of the program, so that the first picture already shows one.
    pub presets: Vec<Preset>,
}

impl App {
    /// The first state; its work is the reading of runs and presets.
    pub fn new(setting: Setting) -> App {
        let mut shared = Shared {
            look: setting.look,
            keymap: setting.keymap,
            runs: setting.runs,
            flags: setting.flags,
            summaries: Vec::new(),
            loaded: false,
            machine: None,
            messages: Messages::default(),
            question: None,
            prompt: None,
            page: None,
            tasks: vec![Task::Presets, Task::Catalogue],
            effects: Vec::new(),
            go: None,
            now: format::now(),
            columns: setting.columns,
        };
        for problem in &setting.keymap_problems {
            shared.say(Tone::Warning, problem.clone());
        }
        if let [_, _, ..] = setting.keymap_problems.as_slice() {
            let text = format!("{} problems in the keymap file: `:messages` lists them", setting.keymap_problems.len());
            shared.say(Tone::Warning, text);
        }
        let mut app = App {
            place: if setting.first { Place::Configure } else { Place::Runs },
            configure: Configure::new(setting.presets, &mut shared),
            train: Train::default(),
            runs: Runs::default(),
            scores: Scores,
            attacks: Attacks,
            first: setting.first,
            list: Paced::default(),
            read: Paced::default(),
            looked: Instant::now(),
            shared,
        };
        app.list.begin();
        if app.first {
            app.welcome();
        }
        app
    }

    fn welcome(&mut self) {
        let enter = self.shared.keymap.key(Action::Edit);
        let enter = if enter == "↵" { "Enter".into() } else { enter };
        self.shared
            .messages
            .hint(format!("{enter} starts quickstart, about 2 min; {} looks around", self.shared.keymap.key(Action::NextBox)));
    }

    fn pane(&self) -> &dyn Component {
        match self.place {
            Place::Configure | Place::Everywhere => &self.configure,
            Place::Train => &self.train,
            Place::Scores => &self.scores,
            Place::Attacks => &self.attacks,
            Place::Runs => &self.runs,
        }
    }

    fn pane_mut(&mut self) -> (&mut dyn Component, &mut Shared) {
        let pane: &mut dyn Component = match self.place {
            Place::Configure | Place::Everywhere => &mut self.configure,
            Place::Train => &mut self.train,
            Place::Scores => &mut self.scores,
            Place::Attacks => &mut self.attacks,
            Place::Runs => &mut self.runs,
        };
        (pane, &mut self.shared)
    }

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
        match Keymap::named(self.place, name).or_else(|| if name == "q" || name == "quit" { Some(Action::Leave) } else { None }) {
            Some(action) => self.act(action),
            None => {
                let near = nearest(name, self.place).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                self.shared.say(Tone::Bad, format!("no command is called `{name}` here{near}"));
            }
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
            Action::Help => self.shared.page = Some(Page::help(self.place, &self.shared.keymap, &self.shared.look, self.shared.columns)),
            Action::Messages => {
                let lines = self.shared.messages.page(self.shared.look.clock, self.shared.look.theme, self.shared.columns);
                self.shared.messages.clear();
                self.shared.page = Some(Page::new("messages, newest first", lines));
            }
            Action::CommandLine => self.shared.type_line(Purpose::Command, ":", ""),
            Action::Find if !self.pane().offers(Action::Find) => self.shared.say(Tone::Plain, "there is no list to filter here"),
            Action::Find => {
                let filter = self.pane().filter();
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
                pane.act(action, shared);
            }
        }
    }

    fn go(&mut self, place: Place) {
        self.shared.page = None;
        self.place = place;
        match place {
            Place::Train if self.train.directory().is_none() => {
                if let Some(directory) = self.shared.foremost().map(|summary| summary.directory.clone()) {
                    self.train.open(directory, &mut self.shared);
                }
            }
            Place::Runs => self.runs.shown(&mut self.shared),
            _ => {}
        }
    }

    /// Does what panes wished for beyond themselves.
    fn follow_wishes(&mut self) {
        if let Some(directory) = self.runs.take_opened() {
            self.train.open(directory, &mut self.shared);
            self.go(Place::Train);
        }
        if let Some(directory) = self.train.take_overlay_wish() {
            let chosen = self.runs.marked().into_iter().find(|marked| *marked != directory);
            self.train.overlay(chosen, &mut self.shared);
        }
        if let Some(place) = self.shared.go.take() {
            self.go(place);
        }
    }

    /// Takes the answer of work.
    pub fn update(&mut self, message: Message) {
        self.shared.now = format::now();
        match message {
            Message::Catalogue(result) => self.catalogue(result),
            Message::Summary(directory, summary) => self.summary(&directory, summary.map(|summary| *summary)),
            Message::Read(read) => {
                self.read.busy = false;
                self.read.wanted |= read.more && Some(read.directory.as_path()) == self.train.directory();
                if read.more {
                    // The past of a run is read as fast as it goes; only news are paced.
                    self.read.last = None;
                }
                self.train.read(*read, &mut self.shared);
            }
            Message::Course(directory, course) => {
                self.train.course(&directory, &course);
                self.runs.course(directory, course, &mut self.shared);
            }
            Message::Touched => {}
            Message::Presets(presets) => {
                self.configure.presets(presets, &mut self.shared);
                if self.first {
                    self.welcome();
                }
            }
            Message::Started { runs, problem, remark } => self.started(runs, problem, remark),
            Message::Failed(text) => self.shared.say(Tone::Bad, text),
            Message::Changed(directory, text) => {
                if !text.is_empty() {
                    self.shared.say(Tone::Good, text);
                }
                self.list.wanted = true;
                self.read.wanted |= self.train.directory() == Some(directory.as_path());
            }
            Message::Taken(experiment) => {
                self.configure.take(*experiment, &mut self.shared);
                self.go(Place::Configure);
            }
            Message::Compared(runs, differences) => self.runs.compared(&runs, differences, &mut self.shared),
            Message::PresetSaved(name) => {
                self.configure.saved(&name);
                self.shared.say(Tone::Good, format!("saved as preset {name}"));
                self.shared.spawn(Task::Presets);
            }
            Message::PresetExists(name, text) => {
                let then = Task::SavePreset { name: name.clone(), text, replace: true };
                self.shared.ask(format!("Overwrite your preset {name}? What it holds now is lost."), 'o', "overwrite", then);
            }
            Message::Estimating(generation) => self.configure.estimating(generation),
            Message::Estimated(generation, estimate) => self.configure.estimated(generation, estimate),
            Message::Doctor(machine) => match machine {
                Ok(machine) => self.shared.machine = Some(machine),
                Err(problem) => self.shared.say(Tone::Warning, problem),
            },
            Message::Images(Ok(preview)) => {
                self.shared.messages.clear();
                let lines = preview.lines(usize::from(self.shared.columns.saturating_sub(4)), &self.shared.look);
                self.shared.page = Some(Page::new("images", lines));
            }
            Message::Images(Err(problem)) => self.shared.say(Tone::Bad, problem),
        }
        self.follow_wishes();
    }

    fn catalogue(&mut self, result: Result<Vec<curricle_core::run::catalogue::Summary>, String>) {
        self.list.busy = false;
        match result {
            Ok(summaries) => {
                self.shared.summaries = summaries;
                self.first &= self.shared.summaries.is_empty();
            }
            Err(problem) => self.shared.say(Tone::Bad, problem),
        }
        self.shared.loaded = true;
        self.runs.refresh(&mut self.shared);
    }

    fn summary(&mut self, directory: &Path, summary: Option<curricle_core::run::catalogue::Summary>) {
        match (self.shared.summaries.iter().position(|known| known.directory == directory), summary) {
            (Some(place), Some(summary)) => self.shared.summaries[place] = summary,
            (Some(place), None) => {
                self.shared.summaries.remove(place);
            }
            (None, Some(_)) => self.list.wanted = true,
            (None, None) => {}
        }
        self.runs.refresh(&mut self.shared);
    }

    fn started(&mut self, runs: Vec<PathBuf>, problem: Option<String>, remark: Option<String>) {
        self.list.wanted = true;
        self.configure.start_is_over();
        if let Some(first) = runs.first() {
            self.train.open(first.clone(), &mut self.shared);
            self.go(Place::Train);
        }
        match (problem, remark) {
            (Some(problem), _) => self.shared.say(Tone::Bad, problem),
            (None, Some(remark)) => self.shared.say(Tone::Warning, remark),
            (None, None) if runs.len() == 1 => {
                self.shared.say(Tone::Good, "started in the background; leaving the screen leaves it training")
            }
            (None, None) => self.shared.say(Tone::Good, format!("{} runs started in the background", runs.len())),
        }
    }

    /// Files have changed: directories of runs, and whether the folder of runs itself did.
    pub fn touched(&mut self, directories: &[PathBuf], folder: bool) {
        self.list.wanted |= folder;
        for directory in directories {
            if self.train.directory() == Some(directory) {
                self.read.wanted = true;
            }
            if self.shared.summary(directory).is_some() {
                self.runs.touched(directory.clone());
            }
        }
    }

    /// Directories to watch: what is followed, and what lives.
    pub fn watched(&self) -> Vec<PathBuf> {
        let living = self.shared.summaries.iter().filter(|summary| !summary.state.is_over()).map(|summary| summary.directory.clone());
        let mut watched: Vec<PathBuf> = living.chain(self.train.directory().map(Path::to_path_buf)).collect();
        watched.sort();
        watched.dedup();
        watched
    }

    /// When time alone changes something, if it does.
    pub fn wake(&self) -> Option<Instant> {
        let alive = |state: State| matches!(state, State::Training | State::Paused | State::Queued);
        let any_alive = self.shared.summaries.iter().any(|summary| alive(summary.state));
        let look = any_alive.then(|| self.looked + LOOK);
        let touched = self.runs.touched_since().map(|since| since + LIST);
        [look, touched, self.list.due(LIST), self.read.due(READ), self.train.wake()].into_iter().flatten().min()
    }

    /// Time has passed: begins what is due.
    pub fn tick(&mut self) {
        let now = Instant::now();
        self.shared.now = format::now();
        if self.list.is_due(LIST, now) {
            self.list.begin();
            self.shared.spawn(Task::Catalogue);
        }
        if self.read.is_due(READ, now) {
            self.read.begin();
            self.shared.spawn(Task::Read);
        }
        if self.runs.touched_since().is_some_and(|since| since + LIST <= now) {
            for directory in self.runs.take_touched() {
                self.shared.spawn(Task::Summary(directory));
            }
        }
        if self.looked + LOOK <= now {
            self.looked = now;
            let living: Vec<PathBuf> = self
                .shared
                .summaries
                .iter()
                .filter(|summary| matches!(summary.state, State::Training | State::Paused | State::Queued))
                .map(|summary| summary.directory.clone())
                .collect();
            for directory in living {
                self.read.wanted |= self.train.directory() == Some(directory.as_path());
                self.shared.spawn(Task::Summary(directory));
            }
        }
        self.train.tick(now);
    }

    /// Draws the whole screen.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect) {
        frame::draw(buffer, area, self.place, self.pane(), &self.shared);
        if self.shared.look.symbols == super::symbols::Symbols::Ascii {
            super::symbols::to_ascii(buffer);
        }
    }
}

/// Completes the name of a command as far as it is certain.
fn complete(edit: &mut Edit, place: Place) {
    let typed = edit.text();
    let mut fitting = keymap::entries(place).map(|entry| entry.name).filter(|name| name.starts_with(&typed));
    let Some(first) = fitting.next() else { return };
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
