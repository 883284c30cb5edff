//! Scores: what an ordering prefers now, how that changed, what it costs, whether it repeats itself. It shows the run that
//! Train shows.

mod draw;
mod lists;
mod pictures;
mod study;
mod view;

use crate::scores::{Chosen, Digest, Missing, Order, Place};
use crate::tui::component::Component;
use crate::tui::focus::Focus;
use crate::tui::format;
use crate::tui::keymap::Action;
use crate::tui::look::Size;
use crate::tui::message::{BatchImages, Read, ScoresRead};
use crate::tui::messages::Tone;
use crate::tui::sentences;
use crate::tui::shared::{Purpose, Shared, quoted};
use crate::tui::task::Task;
use crate::tui::theme::Role;
use crate::tui::widget::list::Scroll;
use curricle_core::run::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Boxes of the pane that can have the focus.
const SCORES: usize = 0;
const HEAT: usize = 1;
const SAMPLES: usize = 2;
const BATCH: usize = 3;
const COST: usize = 4;
const IMAGES: usize = 5;

/// Steps of a page: the scorings of a histogram.
const PAGE: u64 = 64;
/// After how long without a heartbeat a run is marked as stale.
const STALE: Duration = Duration::from_secs(10);

/// Whose images are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Pictured {
    /// The step's batch.
    #[default]
    Batch,
    /// Those chosen most; where all are chosen equally often, those that come earliest in an epoch.
    Most,
    /// Those chosen least, or latest.
    Least,
}

/// Images that can be had: whose, of which step, their places in the training set.
type Asked = (Pictured, u64, Vec<u32>);

/// The pane.
#[derive(Debug, Default)]
pub struct Scores {
    directory: Option<PathBuf>,
    digest: Option<Box<Digest>>,
    missing: Option<Missing>,
    /// Why the run cannot be read.
    problem: Option<String>,
    /// Whether the past is still being read.
    loading: bool,
    /// The step that is shown; nothing follows the newest.
    at: Option<u64>,
    /// Whether a reading is under way, and whether another is wanted after it.
    busy: bool,
    again: bool,
    state: State,
    held: bool,
    heard: Option<(u64, Instant)>,
    focus: Focus,
    zoomed: bool,
    /// Ranks in place of scores.
    ranks: bool,
    /// All candidates over the steps, in place of the chosen ones.
    all: bool,
    scrolls: [Scroll; 6],
    /// Images were asked for by a key.
    images_wanted: bool,
    /// There is room for them beside everything else.
    is_wide: Cell<bool>,
    images: Option<Result<Box<BatchImages>, String>>,
    pictured: Pictured,
    /// The images that were asked for last.
    images_of: Option<Asked>,
}

impl Scores {
    /// The run that is shown.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Shows a run, or the same one again.
    pub fn open(&mut self, directory: Option<PathBuf>, shared: &mut Shared) {
        if self.directory != directory {
            *self = Scores {
                focus: self.focus,
                ranks: self.ranks,
                all: self.all,
                loading: directory.is_some(),
                state: directory.as_deref().and_then(|directory| shared.summary(directory)).map_or(State::Queued, |summary| summary.state),
                directory,
                ..Scores::default()
            };
        }
        self.ask(shared);
    }

    /// Asks for what is new, and for the step that is shown.
    pub fn ask(&mut self, shared: &mut Shared) {
        let Some(directory) = self.directory.clone() else { return };
        if std::mem::replace(&mut self.busy, true) {
            self.again = true;
            return;
        }
        shared.spawn(Task::Scores { directory, step: self.at, known: self.digest.is_some() });
    }

    /// Takes what was read. Answers whether there is more to read.
    pub fn read(&mut self, read: ScoresRead, shared: &mut Shared) -> bool {
        if self.directory.as_ref() != Some(&read.directory) {
            return false;
        }
        self.busy = false;
        self.loading = read.more;
        match read.outcome {
            Ok(None) => self.problem = None,
            Ok(Some((digest, missing))) => {
                self.problem = None;
                if let (Some(Missing::Beyond(last)), Some(at)) = (&missing, self.at) {
                    // A cut took the step away.
                    let (at, last) = (format::count(at), format::count(*last));
                    shared.say(Tone::Plain, sentences::step_gone(self.unit(), &at, &last));
                    self.at = None;
                    self.again = true;
                }
                (self.digest, self.missing) = (Some(digest), missing);
            }
            Err(problem) => self.problem = Some(problem),
        }
        if std::mem::take(&mut self.again) {
            self.ask(shared);
        }
        self.ask_for_images(shared);
        read.more
    }

    /// What Train heard of the run.
    pub fn heard(&mut self, read: &Read, shared: &mut Shared) {
        if self.directory.as_ref() != Some(&read.directory) {
            return;
        }
        if read.gone {
            let (focus, ranks, all) = (self.focus, self.ranks, self.all);
            *self = Scores { focus, ranks, all, ..Scores::default() };
            return;
        }
        (self.state, self.held) = (read.state, read.held);
        let heartbeat = read.status.as_ref().map_or(0, |status| status.heartbeat);
        if self.heard.is_none_or(|(before, _)| before != heartbeat) || !read.events.is_empty() {
            self.heard = Some((heartbeat, Instant::now()));
        }
        if read.restarted {
            self.ask(shared);
        }
    }

    /// How long nothing was heard of a run that should speak.
    fn silence(&self) -> Option<Duration> {
        let (_, since) = self.heard?;
        (self.state == State::Training && since.elapsed() >= STALE).then(|| since.elapsed())
    }

    /// When the screen must look again although nothing was read: images were not asked for yet.
    pub fn wake(&self) -> Option<Instant> {
        (self.lacks_images() && !self.waits_for_images()).then(Instant::now)
    }

    /// Another pane is shown: what only this one needs is given back.
    pub fn left(&mut self, shared: &mut Shared) {
        if self.images_of.take().is_some() {
            self.images = None;
            shared.spawn(Task::DropImages);
        }
    }

    /// One request at a time: a key that is held must not queue up a hundred.
    fn waits_for_images(&self) -> bool {
        self.images_of.is_some() && self.images.is_none()
    }

    /// Images of the batch have come.
    pub fn images(&mut self, directory: &Path, images: Result<Box<BatchImages>, String>, shared: &mut Shared) {
        if self.directory.as_deref() != Some(directory) {
            return;
        }
        // Also those of a step that was left meanwhile: better than none until the others come.
        self.images = self.images_of.is_some().then_some(images);
        self.ask_for_images(shared);
    }

    fn shows_images(&self) -> bool {
        self.study().is_none() && (self.images_wanted || self.is_wide.get())
    }

    /// The images that can be had now.
    fn to_be_had(&self) -> Option<Asked> {
        let digest = self.digest.as_ref()?;
        let of = |chosen: &[Chosen], places: &[Place], even: bool| -> Vec<u32> {
            if even { places.iter().map(|one| one.image).collect() } else { chosen.iter().map(|one| one.image).collect() }
        };
        let order = digest.images.as_ref();
        let list = |pick: fn(&Order) -> (&[Chosen], &[Place])| {
            order.map(|order| {
                let (chosen, places) = pick(order);
                (self.pictured, order.step, of(chosen, places, order.run.even.is_some()))
            })
        };
        match self.pictured {
            Pictured::Batch => digest.view.batch.images.clone().map(|items| (Pictured::Batch, digest.view.step, items)),
            Pictured::Most => list(|order| (&order.run.most, &order.earliest)),
            Pictured::Least => list(|order| (&order.run.least, &order.latest)),
        }
    }

    /// Whether images can be had that are wanted and were not asked for.
    fn lacks_images(&self) -> bool {
        self.shows_images() && self.to_be_had().is_some_and(|asked| self.images_of.as_ref() != Some(&asked))
    }

    /// Asks for the images that are to be seen.
    pub fn ask_for_images(&mut self, shared: &mut Shared) {
        if !self.lacks_images() || self.waits_for_images() {
            return;
        }
        let Some((directory, asked)) = self.directory.clone().zip(self.to_be_had()) else { return };
        let (_, step, items) = asked.clone();
        self.images_of = Some(asked);
        self.images = None;
        shared.spawn(Task::BatchImages { directory, step, items });
    }

    /// What the box of images shows.
    fn images_title(&self, step: &str) -> String {
        let even = self.digest.as_ref().and_then(|digest| digest.images.as_ref()).is_some_and(|order| order.run.even.is_some());
        let shown = self.images.as_ref().and_then(|images| images.as_ref().ok()).map(|images| format::count(images.step));
        match (self.pictured, even) {
            (Pictured::Batch, _) => format!("images of step {}", shown.as_deref().unwrap_or(step)),
            (Pictured::Most, false) => "images chosen most".into(),
            (Pictured::Most, true) => "images that come earliest".into(),
            (Pictured::Least, false) => "images chosen least".into(),
            (Pictured::Least, true) => "images that come latest".into(),
        }
    }

    /// What stands in place of numbers that only score files have.
    fn later(&self) -> &'static str {
        if self.state.is_over() { "no score file tells" } else { "told with the next saved state" }
    }

    /// The steps there are.
    fn last(&self) -> u64 {
        match self.study() {
            Some(study) => study.reached,
            None => self.digest.as_ref().map_or(0, |digest| digest.step),
        }
    }

    fn shown(&self) -> u64 {
        let newest = || match self.study() {
            Some(study) => study.epoch,
            None => self.digest.as_ref().map_or(0, |digest| digest.view.step),
        };
        self.at.unwrap_or_else(newest)
    }

    /// What the scrubber goes along: the steps of a run, the epochs of a study.
    fn unit(&self) -> &'static str {
        if self.study().is_some() { "epoch" } else { "step" }
    }

    /// Goes to a step; beyond the newest it follows the run again.
    fn go(&mut self, step: u64, shared: &mut Shared) {
        let last = self.last();
        self.at = if step >= last { None } else { Some(step.max(1)) };
        self.ask(shared);
    }

    /// A step was typed.
    pub fn go_to(&mut self, text: &str, shared: &mut Shared) {
        let text: String = text.chars().filter(|letter| !matches!(letter, ',' | ' ')).collect();
        match text.parse::<u64>() {
            Ok(step) if (1..=self.last()).contains(&step) => self.go(step, shared),
            _ => {
                let last = format::count(self.last());
                shared.say(Tone::Bad, sentences::no_step(self.unit(), &text, &last));
            }
        }
    }

    fn there(&self) -> [bool; 6] {
        [true, true, true, true, true, self.shows_images()]
    }

    fn focused(&self) -> usize {
        self.focus.get(&self.there())
    }

    /// Whether candidates are scored for the order of the run.
    fn scores_candidates(&self) -> bool {
        self.digest.as_ref().is_some_and(|digest| digest.facts.scores)
    }

    /// Whether there is anything to look at.
    fn is_shown(&self) -> bool {
        self.directory.is_some() && self.digest.as_ref().is_some_and(|digest| digest.is_worth_a_look())
    }

    /// Steps that one column of the map stands for.
    fn stride(&self) -> u64 {
        let steps = self.digest.as_ref().filter(|digest| digest.study.is_none()).map_or(1, |digest| digest.steps);
        (steps / 32).max(1)
    }

    fn move_in(&mut self, which: usize, action: Action, shared: &mut Shared) -> bool {
        if which != SCORES && which != HEAT {
            return self.scrolls[which].act(action);
        }
        let at = self.shown();
        let by = if which == HEAT { self.stride() } else { 1 };
        match action {
            Action::Left | Action::Up => self.go(at.saturating_sub(by), shared),
            Action::Right | Action::Down => self.go(at + by, shared),
            Action::PageUp => self.go(at.saturating_sub(PAGE.max(by)), shared),
            Action::PageDown => self.go(at + PAGE.max(by), shared),
            Action::First => self.go(1, shared),
            Action::Last => self.go(u64::MAX, shared),
            _ => return false,
        }
        true
    }

    fn id(&self) -> String {
        self.directory.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Component for Scores {
    fn act(&mut self, action: Action, shared: &mut Shared) -> bool {
        if !self.is_shown() {
            return false;
        }
        let at = self.shown();
        match action {
            Action::NextBox => self.focus.next(&self.there()),
            Action::PreviousBox => self.focus.previous(&self.there()),
            Action::StepBack => self.go(at.saturating_sub(1), shared),
            Action::StepOn => self.go(at + 1, shared),
            Action::ToStep => shared.type_line(Purpose::Step, format!("{}, 1 to {}:", self.unit(), format::count(self.last())), ""),
            // A study scores nothing and trains on no batch that could be looked at.
            Action::Ranks | Action::View | Action::BatchImages | Action::ImagesOf if self.study().is_some() => return false,
            Action::Ranks | Action::View if !self.scores_candidates() => return false,
            Action::Ranks => self.ranks = !self.ranks,
            Action::View => self.all = !self.all,
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::BatchImages => {
                self.images_wanted = !self.images_wanted;
                if self.images_wanted {
                    self.focus = Focus::on(IMAGES);
                    self.ask_for_images(shared);
                } else if !self.is_wide.get() {
                    (self.images, self.images_of) = (None, None);
                    shared.spawn(Task::DropImages);
                }
            }
            Action::ImagesOf => {
                self.pictured = match self.pictured {
                    // Where they are not seen yet, the first press shows them.
                    pictured if !self.shows_images() => pictured,
                    Pictured::Batch => Pictured::Most,
                    Pictured::Most => Pictured::Least,
                    Pictured::Least => Pictured::Batch,
                };
                if !self.shows_images() {
                    (self.images_wanted, self.focus) = (true, Focus::on(IMAGES));
                }
                self.ask_for_images(shared);
            }
            Action::Close => {
                if !std::mem::take(&mut self.zoomed) && !std::mem::take(&mut self.images_wanted) && self.at.take().is_some() {
                    self.ask(shared);
                }
            }
            action => return self.move_in(self.focused(), action, shared),
        }
        true
    }

    fn offer(&self, action: Action, short: &'static str, _shared: &Shared) -> Option<&'static str> {
        match action {
            Action::Leave => Some(short),
            Action::Find => None,
            _ if !self.is_shown() => None,
            Action::Ranks | Action::View | Action::BatchImages | Action::ImagesOf if self.study().is_some() => None,
            Action::Ranks | Action::View if !self.scores_candidates() => None,
            Action::ToStep if self.study().is_some() => Some("to an epoch"),
            Action::Ranks => Some(if self.ranks { "scores" } else { "ranks" }),
            Action::View => Some(if self.all { "chosen" } else { "all" }),
            Action::BatchImages => (!self.is_wide.get()).then_some(if self.images_wanted { "no images" } else { "images" }),
            _ => Some(short),
        }
    }

    fn lacks(&self, action: Action) -> bool {
        match action {
            Action::BatchImages | Action::ImagesOf => self.study().is_some(),
            Action::Ranks | Action::View => self.is_shown() && !self.scores_candidates(),
            _ => false,
        }
    }

    fn fact(&self, _shared: &Shared) -> (String, Role) {
        if self.directory.is_none() {
            return ("no run".into(), Role::Muted);
        }
        let Some(digest) = &self.digest else { return (String::new(), Role::Muted) };
        let facts = &digest.facts;
        let candidates = facts.candidates.map_or_else(|| "all".to_string(), |count| count.to_string());
        let what = || match (facts.every_order, facts.ordered && !facts.scores) {
            (true, _) => "every order".to_string(),
            (_, true) => facts.line(),
            _ => format!("K = {candidates}"),
        };
        match self.state {
            state @ (State::Lost | State::Failed) => (format!("✗ {state} · {}", what()), Role::Bad),
            _ if facts.every_order => match self.silence() {
                Some(silence) => (format!("⚠ last heard {} ago", format::duration(silence.as_secs_f64())), Role::Warning),
                None => ("every order, chosen by the test set".into(), Role::Warning),
            },
            _ if !facts.ordered => ("not ordered".into(), Role::Muted),
            _ => match self.silence() {
                Some(silence) => (format!("⚠ last heard {} ago", format::duration(silence.as_secs_f64())), Role::Warning),
                None if facts.oracle => (format!("oracle, {}, K = {candidates}", facts.rescored), Role::Warning),
                None => (facts.line(), Role::Accent),
            },
        }
    }

    fn command(&self, _shared: &Shared) -> Option<String> {
        let step = self.is_shown().then(|| self.shown())?;
        Some(format!("scores {} --{} {step}", quoted(&self.id()), self.unit()))
    }

    fn draw(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared) {
        self.picture(buffer, area, size, shared);
    }
}
