//! Train: one run, live. Is it alive, how far, when done, is it getting better.

mod axis;
mod charts;
mod metrics;
mod published;
mod steering;
mod view;

use crate::tui::component::Component;
use crate::tui::focus::Focus;
use crate::tui::format;
use crate::tui::history::History;
use crate::tui::keymap::Action;
use crate::tui::look::{Look, Size};
use crate::tui::message::Read;
use crate::tui::messages::Tone;
use crate::tui::sentences;
use crate::tui::shared::{Shared, quoted, title};
use crate::tui::task::Task;
use crate::tui::text::safe;
use crate::tui::theme::Role;
use crate::tui::widget::list::Scroll;
use axis::{Axis, Window};
use curricle_core::config::Published;
use curricle_core::record::Level;
use curricle_core::run::{RunRecord, State, Status};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// After how long without a heartbeat a run is marked as stale.
const STALE: Duration = Duration::from_secs(10);

/// Least time between two changes of the curves. Values follow every reading; a curve that moves with every step says no
/// more and costs most of the bytes.
const CURVES: Duration = Duration::from_millis(2_500);
/// Steps whose pace is averaged: single ones jitter.
const RATE: usize = 24;
/// By how much the pace must change to be shown anew.
const RATE_CHANGE: f64 = 0.03;

/// What of the run the curves show.
#[derive(Debug, Default)]
struct Curves {
    /// The last step that they show.
    to: u64,
    /// When they were brought up to it.
    at: Option<Instant>,
    /// The pace as it is shown.
    rate: Option<f64>,
}

/// What is shown: sparklines, charts, or both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum View {
    #[default]
    Both,
    Sparklines,
    Charts,
}

/// Boxes of the pane that can have the focus.
const LOSS: usize = 0;
const ACCURACY: usize = 1;
const NOW: usize = 2;
const LOG: usize = 3;

/// A run whose curves lie under these.
#[derive(Debug)]
struct Overlay {
    directory: PathBuf,
    name: String,
    history: Option<Box<History>>,
}

/// The pane.
#[derive(Debug, Default)]
pub struct Train {
    directory: Option<PathBuf>,
    record: Option<RunRecord>,
    status: Option<Status>,
    state: State,
    held: bool,
    pending: Vec<String>,
    problem: Option<String>,
    /// What was said of the run's end, as it was shown: no longer so once an engine is there again.
    end: Option<String>,
    /// Whether the past is still being read.
    loading: bool,
    history: History,
    view: View,
    zoomed: bool,
    focus: Focus,
    axis: Axis,
    window: Option<Window>,
    logarithmic: bool,
    /// Steps that curves are smoothed over.
    smoothing: u64,
    crosshair: Option<u64>,
    overlay: Option<Overlay>,
    overlay_wish: bool,
    published: Option<Published>,
    rows: Scroll,
    /// Lines of the log scrolled up from the newest.
    log_back: usize,
    heard: Option<Heard>,
    /// Whether the silence of the run is on the screen.
    silent: bool,
    curves: Curves,
}

/// When the run was heard of last.
#[derive(Debug, Clone, Copy)]
struct Heard {
    heartbeat: u64,
    at: Instant,
    /// The same by the clock on the wall.
    time: f64,
}

impl Train {
    /// The state of the run that is shown.
    pub fn state(&self) -> State {
        self.state
    }

    /// The run that is shown.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Shows a run.
    pub fn open(&mut self, directory: PathBuf, shared: &mut Shared) {
        if self.directory.as_ref() == Some(&directory) {
            return;
        }
        *self = Train {
            view: self.view,
            focus: self.focus,
            axis: self.axis,
            logarithmic: self.logarithmic,
            smoothing: self.smoothing,
            loading: true,
            state: shared.summary(&directory).map_or(State::Queued, |summary| summary.state),
            directory: Some(directory.clone()),
            ..Train::default()
        };
        shared.spawn(Task::Follow(directory));
    }

    /// Takes what is new.
    pub fn read(&mut self, read: Read, shared: &mut Shared) {
        if self.directory.as_ref() != Some(&read.directory) {
            return;
        }
        if read.gone {
            let runs = shared.key(Action::PaneRuns);
            shared.say(Tone::Warning, sentences::deleted_while_watched(&self.name(), &runs));
            *self =
                Train { view: self.view, axis: self.axis, logarithmic: self.logarithmic, smoothing: self.smoothing, ..Train::default() };
            return;
        }
        if read.restarted {
            self.history = History::default();
        }
        for event in &read.events {
            self.history.apply(event);
        }
        self.history.damaged += read.damaged;
        self.loading = read.more;
        if let Some(record) = read.record {
            self.record = Some(record);
        }
        if let Some(published) = read.published {
            self.published = Some(published);
        }
        let heartbeat = read.status.as_ref().map_or(0, |status| status.heartbeat);
        if self.heard.is_none_or(|heard| heard.heartbeat != heartbeat) || !read.events.is_empty() {
            self.heard = Some(Heard { heartbeat, at: Instant::now(), time: format::now() });
        }
        let before = std::mem::replace(&mut self.state, read.state);
        (self.status, self.held, self.pending) = (read.status.or(self.status.take()), read.held, read.pending);
        if self.loading || read.restarted || self.state != State::Training || self.curves_due() <= Instant::now() {
            self.follow_curves();
        }
        if matches!(before, State::Training | State::Paused) && self.state.is_over() && !read.more {
            self.say_end(shared);
        }
        if !self.state.is_over()
            && let Some(end) = self.end.take()
        {
            shared.messages.take_back(&end);
        }
        if let Some(problem) = read.problem
            && self.problem.as_ref() != Some(&problem)
        {
            shared.say(Tone::Bad, problem.clone());
            self.problem = Some(problem);
        }
    }

    /// Whether a reading says what is known already, so that nothing of it can be seen.
    pub fn knows(&self, read: &Read) -> bool {
        let same_state = (read.state, read.held, read.more) == (self.state, self.held, self.loading) && read.pending == self.pending;
        let same_word = read.status.is_none() || read.status == self.status;
        let same_record = read.record.is_none() || read.record == self.record;
        let nothing_new = read.events.is_empty() && read.damaged == 0 && read.published.is_none() && read.problem.is_none();
        same_state && same_word && same_record && nothing_new && !read.gone && !read.restarted
    }

    fn say_end(&mut self, shared: &mut Shared) {
        let (name, resume) = (self.name(), shared.key(Action::Pause));
        let (tone, text) = match self.state {
            State::Done => {
                let accuracy = format::accuracy(self.history.test_accuracy.last().map(|(_, accuracy)| accuracy));
                (Tone::Good, sentences::done(&name, &accuracy))
            }
            State::Stopped => (Tone::Plain, sentences::stopped(&name, &resume)),
            State::Failed => {
                let why = self.status.as_ref().and_then(|status| status.message.clone()).unwrap_or_else(|| "see the log".into());
                (Tone::Bad, sentences::failed(&name, &why))
            }
            State::Lost => (Tone::Bad, sentences::lost(&name, &resume)),
            _ => return,
        };
        self.end = Some(safe(&text));
        shared.say(tone, text);
    }

    /// The course of the run laid under this one has been read.
    pub fn course(&mut self, directory: &Path, course: &Result<Box<History>, String>) {
        if let (Some(overlay), Ok(history)) = (&mut self.overlay, course)
            && overlay.directory == directory
        {
            overlay.history = Some(history.clone());
        }
    }

    /// When the screen must look again although nothing was read: a silence becomes worth a mark; the curves are behind.
    pub fn wake(&self) -> Option<Instant> {
        let heard = self.heard?;
        let silence = (self.state == State::Training && self.held && !self.silent).then(|| heard.at + STALE);
        let behind = (self.curves.to < self.history.at.0).then(|| self.curves_due());
        [silence, behind].into_iter().flatten().min()
    }

    /// Time has passed: brings the curves up to the newest step, if that is due. Answers whether the picture may be
    /// another one: the curves moved, or a silence has begun or ended.
    pub fn tick(&mut self, now: Instant) -> bool {
        let behind = self.curves.to < self.history.at.0 && self.curves_due() <= now;
        if behind {
            self.follow_curves();
        }
        let silent = self.silence().is_some();
        let changed = std::mem::replace(&mut self.silent, silent) != silent;
        behind || changed
    }

    fn curves_due(&self) -> Instant {
        self.curves.at.map_or_else(Instant::now, |at| at + CURVES)
    }

    fn follow_curves(&mut self) {
        (self.curves.to, self.curves.at) = (self.history.at.0, Some(Instant::now()));
        let rate = self.history.rate.recent_mean(RATE);
        let same = |now: f64, shown: f64| (now - shown).abs() <= RATE_CHANGE * shown.abs();
        if !rate.zip(self.curves.rate).is_some_and(|(now, shown)| same(now, shown)) {
            self.curves.rate = rate;
        }
    }

    /// Whether another run should be laid under this one; answers this one.
    pub fn take_overlay_wish(&mut self) -> Option<PathBuf> {
        if std::mem::take(&mut self.overlay_wish) { self.directory.clone() } else { None }
    }

    /// Lays a run under this one: the one marked in Runs, else the newest other one.
    pub fn overlay(&mut self, chosen: Option<PathBuf>, shared: &mut Shared) {
        let own = self.directory.clone();
        let summary = match &chosen {
            Some(directory) => shared.summary(directory),
            None => shared.summaries.iter().find(|summary| Some(&summary.directory) != own.as_ref() && summary.step > 0),
        };
        let Some(summary) = summary else {
            if self.overlay_published() {
                shared.say(Tone::Plain, "overlay: the published curve");
                return;
            }
            shared.say(Tone::Plain, "there is no other run to lay under this one");
            return;
        };
        let (directory, name) = (summary.directory.clone(), title(summary));
        shared.say(Tone::Plain, sentences::overlaid(&name, chosen.is_some()));
        self.overlay = Some(Overlay { directory: directory.clone(), name, history: None });
        shared.spawn(Task::Course(directory));
    }

    fn name(&self) -> String {
        let title = self.record.as_ref().map(|record| crate::words::title(&record.name, &record.network, &record.set));
        safe(&title.unwrap_or_else(|| self.id()))
    }

    fn id(&self) -> String {
        self.directory.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Steps done and planned.
    fn progress(&self) -> (u64, u64) {
        let status = self.status.as_ref();
        let step = self.history.at.0.max(status.map_or(0, |status| status.step));
        (step, status.map_or(0, |status| status.steps).max(self.history.planned()))
    }

    /// Whether the run is a study of orders: its steps are orders.
    fn is_study(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.kind == "perfect-ordering")
    }

    fn there(&self) -> [bool; 4] {
        [self.view != View::Sparklines, self.view != View::Sparklines, self.view != View::Charts, true]
    }

    fn focused(&self) -> usize {
        self.focus.get(&self.there())
    }

    /// Since when nothing was heard of a run that should speak, by the clock on the wall. A moment stays as it is, where
    /// the time since then would change the screen every second while nothing happens.
    fn silence(&self) -> Option<f64> {
        let heard = self.heard?;
        (self.state == State::Training && heard.at.elapsed() >= STALE).then_some(heard.time)
    }

    /// What is said of a silence.
    fn said_of_silence(&self, look: &Look) -> Option<String> {
        self.silence().map(|since| format!("last heard at {}", look.clock.time_of_day(since)))
    }
}

impl Component for Train {
    fn act(&mut self, action: Action, shared: &mut Shared) -> bool {
        if self.directory.is_none() {
            return false;
        }
        match action {
            Action::NextBox => self.focus.next(&self.there()),
            Action::PreviousBox => self.focus.previous(&self.there()),
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::View => {
                self.view = match self.view {
                    View::Both => View::Sparklines,
                    View::Sparklines => View::Charts,
                    View::Charts => View::Both,
                }
            }
            Action::Close => {
                if !std::mem::take(&mut self.zoomed) {
                    self.crosshair = None;
                }
            }
            Action::Overlay => {
                let was_published = self.overlay.take().map(|overlay| overlay.directory.as_os_str().is_empty());
                if was_published == Some(false) && self.overlay_published() {
                    shared.say(Tone::Plain, "overlay: the published curve");
                } else if was_published.is_some() {
                    shared.say(Tone::Plain, "overlay taken away");
                } else {
                    self.overlay_wish = true;
                }
            }
            action => return self.steer(action, shared) || self.look(action, shared),
        }
        true
    }

    fn offer(&self, action: Action, short: &'static str, _shared: &Shared) -> Option<&'static str> {
        if self.directory.is_none() || action == Action::Find {
            return (action == Action::Leave).then_some(short);
        }
        match (action, self.state) {
            (Action::Pause, State::Training) => Some("pause"),
            (Action::Pause, State::Paused | State::Stopped | State::Lost | State::Failed) => Some("resume"),
            (Action::Pause, State::Queued | State::Done) => None,
            (Action::Checkpoint | Action::Stop, _) => self.alive().then_some(short),
            _ => Some(short),
        }
    }

    fn fact(&self, shared: &Shared) -> (String, Role) {
        if self.directory.is_none() {
            return ("no run".into(), Role::Muted);
        }
        let (step, steps) = self.progress();
        let percent = format::percent(step, steps);
        match self.state {
            State::Training => {
                if let Some((level, text)) = &self.history.alert {
                    let (sign, role) = if *level == Level::Error { ("✗", Role::Bad) } else { ("⚠", Role::Warning) };
                    return (format!("{sign} {text}"), role);
                }
                if let Some(said) = self.said_of_silence(&shared.look) {
                    return (format!("⚠ {said}"), Role::Warning);
                }
                let left = self.history.remaining().map(|left| format!(" · {}", format::left(left))).unwrap_or_default();
                (format!("training {percent}{left}"), Role::Accent)
            }
            State::Paused => (format!("‖ paused {percent}"), Role::Warning),
            State::Done => ("✓ done".into(), Role::Good),
            State::Failed => ("✗ failed".into(), Role::Bad),
            State::Lost => (format!("✗ lost at {percent}"), Role::Bad),
            state => (format!("{state} {percent}"), Role::Text),
        }
    }

    fn command(&self, _shared: &Shared) -> Option<String> {
        self.directory.as_ref().map(|_| format!("runs show {}", quoted(&self.id())))
    }

    fn draw(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared) {
        self.picture(buffer, area, size, shared);
    }
}
