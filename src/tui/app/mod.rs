//! The application: its state, and the two ways in which it changes. A key becomes an action, the answer of work is a
//! message; both are handled at once and never wait. Work that waits is asked for and answers later.

mod keys;

use crate::tui::component::Component;
use crate::tui::format;
use crate::tui::frame;
use crate::tui::keymap::{Action, Keymap, Place};
use crate::tui::look::Look;
use crate::tui::message::{Message, Preset, Read};
use crate::tui::messages::{Messages, Tone};
use crate::tui::page::Page;
use crate::tui::pane::{Attacks, Configure, Runs, Scores, Train};
use crate::tui::sentences;
use crate::tui::shared::Shared;
use crate::tui::task::Task;
use curricle_core::run::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often living runs are looked at even though none of their files has changed: an engine that is gone writes
/// nothing.
const LOOK: Duration = Duration::from_millis(1_500);
/// Least time between two readings of the followed run. What is read is drawn at once: with the tenth of a second that an
/// engine takes to hand events on, the newest step of five a second is never older than half a second.
const READ: Duration = Duration::from_millis(150);
/// Least time between two readings of the list.
const LIST: Duration = Duration::from_millis(400);
/// Time between looks at the folder of runs after something in it has changed, and how many of them.
const AGAIN: Duration = Duration::from_secs(1);
const LOOKS_AGAIN: u8 = 3;

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
    /// Scores.
    pub scores: Scores,
    attacks: Attacks,
    /// Nothing was ever run here: Enter starts `quickstart`.
    first: bool,
    list: Paced,
    read: Paced,
    scored: Paced,
    looked: Instant,
    /// When the folder of runs is looked at again after a change, and how often still.
    again: Option<(Instant, u8)>,
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
            scores: Scores::default(),
            attacks: Attacks,
            first: setting.first,
            list: Paced::default(),
            read: Paced::default(),
            scored: Paced::default(),
            looked: Instant::now(),
            again: None,
            shared,
        };
        app.list.begin();
        if app.first {
            app.welcome();
        }
        app
    }

    fn welcome(&mut self) {
        let enter = self.shared.key(Action::Edit).replace('↵', "Enter");
        let about = self.configure.seconds().map_or_else(|| "2 min".into(), format::about);
        let tab = self.shared.key(Action::NextBox);
        self.shared.messages.hint(sentences::welcome(&enter, &about, &tab));
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

    fn go(&mut self, place: Place) {
        self.shared.page = None;
        if self.place == Place::Scores && place != Place::Scores {
            self.scores.left(&mut self.shared);
        }
        self.place = place;
        self.enter();
        if place == Place::Runs {
            self.runs.shown(&mut self.shared);
        }
    }

    /// What the pane that is shown needs to have something to show.
    fn enter(&mut self) {
        match self.place {
            Place::Train => self.open_foremost(),
            Place::Scores => {
                self.open_foremost();
                self.scores.open(self.train.directory().map(Path::to_path_buf), &mut self.shared);
            }
            _ => {}
        }
    }

    /// Opens the run that matters most, where none is open.
    fn open_foremost(&mut self) {
        if self.train.directory().is_none()
            && let Some(directory) = self.shared.foremost().map(|summary| summary.directory.clone())
        {
            self.train.open(directory, &mut self.shared);
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

    /// Takes the answer of work. Answers whether the picture may be another one: of a run that says nothing, every look finds
    /// what is known.
    pub fn update(&mut self, message: Message) -> bool {
        self.shared.now = format::now();
        let mut news = true;
        // Elsewhere something moves with the clock: ages in the list, silences among the scores.
        let still = self.place == Place::Train;
        match message {
            Message::Catalogue(result) => self.catalogue(result),
            Message::Summary(directory, summary) => {
                news = !still || summary.as_deref() != self.shared.summary(&directory);
                self.summary(&directory, summary.map(|summary| *summary));
            }
            Message::Read(read) => {
                news = !still || !self.train.knows(&read);
                self.read.busy = false;
                self.read.wanted |= read.more && Some(read.directory.as_path()) == self.train.directory();
                if read.more {
                    // The past of a run is read as fast as it goes; only news are paced.
                    self.read.last = None;
                }
                self.scores.heard(&read, &mut self.shared);
                self.take_read(*read);
            }
            Message::Scores(read) => {
                self.scored.busy = false;
                if self.scores.read(*read, &mut self.shared) {
                    (self.scored.wanted, self.scored.last) = (true, None);
                }
            }
            Message::BatchImages(directory, images) => self.scores.images(&directory, images, &mut self.shared),
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
            Message::Failed(text) => self.fail(&text),
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
                self.shared.say(Tone::Good, sentences::saved(&name));
                self.shared.spawn(Task::Presets);
            }
            Message::PresetExists(name, text) => {
                let then = Task::SavePreset { name: name.clone(), text, replace: true };
                self.shared.ask(sentences::overwrite(&name), 'o', "overwrite", then);
            }
            Message::Estimating(generation) => self.configure.estimating(generation),
            Message::Estimated(generation, estimate) => {
                self.configure.estimated(generation, estimate);
                if self.first {
                    self.welcome();
                }
            }
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
        news
    }

    fn catalogue(&mut self, result: Result<Vec<curricle_core::run::catalogue::Summary>, String>) {
        self.list.busy = false;
        match result {
            Ok(summaries) => {
                self.shared.summaries = summaries;
                self.read.wanted |= self.train.directory().is_some();
                self.first &= self.shared.summaries.is_empty();
            }
            Err(problem) => self.shared.say(Tone::Bad, problem),
        }
        if !std::mem::replace(&mut self.shared.loaded, true) {
            // A pane that was gone to before there was a list shows the foremost run now.
            self.enter();
        }
        // The run that is watched may be gone: reading it tells.
        self.read.wanted |= self.train.directory().is_some_and(|directory| self.shared.summary(directory).is_none());
        self.runs.refresh(&mut self.shared);
    }

    fn summary(&mut self, directory: &Path, summary: Option<curricle_core::run::catalogue::Summary>) {
        // The state may have been concluded (lost) from what no file says: the followed run is read once more, too.
        let changed = summary.as_ref().map(|summary| summary.state) != self.shared.summary(directory).map(|known| known.state);
        self.read.wanted |= changed && self.train.directory() == Some(directory);
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

    /// Takes what is new in the followed run. The list, which is read less often, learns at once that its state is another one:
    /// what is said of the run and what may be done with it must not differ.
    fn take_read(&mut self, read: Read) {
        let directory = read.directory.clone();
        let before = self.train.state();
        self.train.read(read, &mut self.shared);
        let state = self.train.state();
        if state != before
            && self.train.directory() == Some(directory.as_path())
            && let Some(known) = self.shared.summaries.iter_mut().find(|known| known.directory == directory)
        {
            known.state = state;
            self.runs.refresh(&mut self.shared);
            self.shared.spawn(Task::Summary(directory));
        }
    }

    fn started(&mut self, runs: Vec<PathBuf>, problem: Option<String>, remark: Option<String>) {
        self.list.wanted = true;
        self.configure.start_is_over();
        if let Some(first) = runs.first() {
            self.train.open(first.clone(), &mut self.shared);
            self.go(Place::Train);
        }
        match (problem, remark) {
            (Some(problem), _) => self.fail(&problem),
            (None, Some(remark)) => self.shared.say(Tone::Warning, remark),
            (None, None) if runs.len() == 1 => self.shared.say(Tone::Good, sentences::STARTED),
            (None, None) => self.shared.say(Tone::Good, format!("{} runs started in the background", runs.len())),
        }
    }

    /// Says what failed. Files of runs are named from the folder of runs on: the rest of the path is the same for all, and
    /// would push out what to do.
    fn fail(&mut self, text: &str) {
        let folder = format!("{}/", self.shared.runs.display());
        self.shared.say(Tone::Bad, text.replace(&folder, ""));
    }

    /// Files have changed: directories of runs, and whether the folder of runs itself did.
    pub fn touched(&mut self, directories: &[PathBuf], folder: bool) {
        self.list.wanted |= folder;
        if folder {
            // A run directory appears before its `run.json`, which nobody watches yet: look again until it must be there.
            self.again = Some((Instant::now() + AGAIN, LOOKS_AGAIN));
        }
        for directory in directories {
            if self.train.directory() == Some(directory) {
                self.read.wanted = true;
            }
            self.scored.wanted |= self.scores.directory() == Some(directory);
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
        let touched = self.runs.touched_since().map(|since| since + self.summary_pace());
        let again = self.again.map(|(at, _)| at);
        let scores = (self.place == Place::Scores).then(|| [self.scored.due(READ), self.scores.wake()]).into_iter().flatten();
        let others = [look, touched, again, self.list.due(LIST), self.read.due(READ), self.train.wake()];
        others.into_iter().chain(scores).flatten().min()
    }

    /// Least time between two readings of runs of the list whose files change: longer where the list is not on the screen.
    fn summary_pace(&self) -> Duration {
        if self.place == Place::Runs { LIST * 2 } else { LOOK * 2 }
    }

    /// Time has passed: begins what is due. Answers whether the picture may be another one.
    pub fn tick(&mut self) -> bool {
        let now = Instant::now();
        self.shared.now = format::now();
        if self.place == Place::Configure {
            self.configure.shown(&mut self.shared);
        }
        if let Some((at, left)) = self.again
            && at <= now
        {
            self.list.wanted = true;
            self.again = (left > 1).then_some((now + AGAIN, left - 1));
        }
        if self.list.is_due(LIST, now) {
            self.list.begin();
            self.shared.spawn(Task::Catalogue);
        }
        if self.read.is_due(READ, now) {
            self.read.begin();
            self.shared.spawn(Task::Read);
        }
        if self.place == Place::Scores {
            if self.scored.is_due(READ, now) {
                self.scored.begin();
                self.scores.ask(&mut self.shared);
            }
            self.scores.ask_for_images(&mut self.shared);
        }
        if self.runs.touched_since().is_some_and(|since| since + self.summary_pace() <= now) {
            for directory in self.runs.take_touched() {
                self.shared.spawn(Task::Summary(directory));
            }
        }
        if self.looked + LOOK <= now {
            self.looked = now;
            self.runs.take_touched();
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
        self.train.tick(now)
    }

    /// Draws the whole screen.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect) {
        frame::draw(buffer, area, self.place, self.pane(), &self.shared);
        if self.shared.look.symbols == super::symbols::Symbols::Ascii {
            super::symbols::to_ascii(buffer);
        }
    }
}
