//! The loop: waits for a signal, a message, a key or a time, changes the state, and draws when something is to be seen.

use super::app::{App, Setting};
use super::clipboard;
use super::format::Clock;
use super::guard::Guard;
use super::input::Input;
use super::keymap;
use super::look::Look;
use super::message::{Message, Preset};
use super::screen::Screen;
use super::shared::{Effect, quoted};
use super::symbols::Symbols;
use super::task::Task;
use super::theme::{Depth, Theme};
use super::watch::Watch;
use super::work::Worker;
use crate::cli::{Color, Context, Failure};
use crossterm::event::Event;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::BTreeSet;
use std::io::{self, Stdout};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Time between two pictures that no key asked for, in the long run. Readings of a run come no more often, so that what was
/// read is drawn at once.
const PACE: Duration = Duration::from_millis(150);
/// How far pictures may run ahead of that pace: what comes seldom, such as the first list of runs, waits for nothing.
const AHEAD: Duration = Duration::from_millis(1000);
/// What comes within this time of a message is drawn with it.
const TOGETHER: Duration = Duration::from_millis(10);
/// Least time between two looks at which files have changed: an engine writes several for every step.
const CHANGES: Duration = Duration::from_millis(50);
/// Least time between two pictures after keys: a held key draws no more often than this.
const KEY_PACE: Duration = Duration::from_millis(16);
/// Messages that are taken before a picture is drawn.
const MESSAGES: usize = 256;

/// Opens the screen and stays until it is left.
pub fn run(context: &Context) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the screen: {error}")))?;
    let ended = runtime.block_on(async { Loop::new(context)?.go().await });
    // Work that still waits (a measurement, a file system that does not answer) must not hold up the shell.
    runtime.shutdown_background();
    match ended? {
        None => Ok(()),
        Some(number) => Err(Failure::silent(128 + number)),
    }
}

fn setting(context: &Context) -> Setting {
    let variable = |name: &str| std::env::var(name).ok();
    let depth = match context.color {
        Color::Never => Depth::None,
        Color::Always => match Depth::detect(|name| if name == "NO_COLOR" { None } else { variable(name) }) {
            Depth::None => Depth::Sixteen,
            depth => depth,
        },
        Color::Auto => Depth::detect(variable),
    };
    let look = Look { theme: Theme { depth }, symbols: Symbols::detect(context.ascii, variable), clock: Clock::local() };
    let (keymap, keymap_problems) = keymap::path().map(|path| keymap::read(&path)).unwrap_or_default();
    let mut flags = String::new();
    if context.runs != curricle_core::run::runs_folder(None) {
        flags.push_str(&format!(" --runs {}", quoted(&context.runs.display().to_string())));
    }
    if let Some(data) = &context.data {
        flags.push_str(&format!(" --data {}", quoted(&data.display().to_string())));
    }
    Setting {
        look,
        keymap,
        keymap_problems,
        runs: context.runs.clone(),
        flags,
        first: !has_runs(context),
        columns: crossterm::terminal::size().map_or(80, |(columns, _)| columns),
        presets: curricle_core::config::presets::list(std::path::Path::new("")).into_iter().map(Preset::from).collect(),
    }
}

/// Whether there is any run, told by a look at the folder alone.
fn has_runs(context: &Context) -> bool {
    let entries = std::fs::read_dir(&context.runs).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| !entry.file_name().to_string_lossy().starts_with('.') && entry.path().join("run.json").exists())
}

struct Signals {
    end: [(Signal, u8); 3],
    suspend: Signal,
    resume: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            end: [(signal(SignalKind::terminate())?, 15), (signal(SignalKind::hangup())?, 1), (signal(SignalKind::interrupt())?, 2)],
            suspend: signal(SignalKind::from_raw(nix::libc::SIGTSTP))?,
            resume: signal(SignalKind::from_raw(nix::libc::SIGCONT))?,
        })
    }

    /// The next signal: one that ends the screen, or `None` for one that suspends or resumes it.
    async fn next(&mut self) -> Told {
        let [(terminate, _), (hangup, _), (interrupt, _)] = &mut self.end;
        tokio::select! {
            _ = terminate.recv() => Told::End(15),
            _ = hangup.recv() => Told::End(1),
            _ = interrupt.recv() => Told::End(2),
            _ = self.suspend.recv() => Told::Suspend,
            _ = self.resume.recv() => Told::Resume,
        }
    }
}

enum Told {
    End(u8),
    Suspend,
    Resume,
}

/// Reads the terminal on a thread of its own, which sleeps until a key comes: a stream of events that is asked anew
/// whenever the loop wakes costs more than all else while a run is watched.
fn listen() -> io::Result<UnboundedReceiver<io::Result<Event>>> {
    let (sender, receiver) = unbounded_channel();
    let read = move || {
        loop {
            let event = crossterm::event::read();
            let over = event.is_err();
            if sender.send(event).is_err() || over {
                return;
            }
        }
    };
    std::thread::Builder::new().name("keys".into()).spawn(read)?;
    Ok(receiver)
}

/// What the loop waited for.
enum Woken {
    Told(Told),
    Message(Option<Message>),
    Input(Option<io::Result<Event>>),
    Time,
}

/// A picture that is due.
#[derive(Clone, Copy)]
struct Stale {
    at: Instant,
    /// Whether it counts for the pace: no key asked for it.
    paced: bool,
}

struct Loop {
    app: App,
    worker: Worker,
    receiver: UnboundedReceiver<Message>,
    watch: Watch,
    signals: Signals,
    events: UnboundedReceiver<io::Result<Event>>,
    screen: Screen<Stdout>,
    guard: Guard,
    drawn: Instant,
    /// Files have changed: when to look which, and when that was done last.
    changes: Option<Instant>,
    looked: Instant,
    /// Something may be seen differently: when to draw it.
    stale: Option<Stale>,
    /// When the pace allows the next picture, were none ahead of it.
    paced: Instant,
    left: bool,
}

impl Loop {
    fn new(context: &Context) -> Result<Loop, Failure> {
        let failed = |what: &str| {
            let what = what.to_string();
            move |error: io::Error| Failure::failed(format!("cannot {what}: {error}"))
        };
        let (sender, receiver) = unbounded_channel();
        let app = App::new(setting(context));
        let worker = Worker::new(sender.clone(), context.runs.clone(), context.data.clone(), context.presets.clone());
        let watch = Watch::new(&context.runs, move || _ = sender.send(Message::Touched));
        let signals = Signals::new().map_err(failed("listen to signals"))?;
        let guard = Guard::take().map_err(failed("take the terminal"))?;
        let drawn = Instant::now();
        let screen = Screen::new(io::stdout());
        let events = listen().map_err(failed("listen to the keyboard"))?;
        Ok(Loop {
            app,
            worker,
            receiver,
            watch,
            signals,
            events,
            screen,
            guard,
            drawn,
            changes: None,
            looked: drawn,
            stale: None,
            paced: drawn,
            left: false,
        })
    }

    /// Waits and answers until the screen is left; the signal that ended it, if one did.
    async fn go(mut self) -> Result<Option<u8>, Failure> {
        self.draw()?;
        self.begin_work();
        loop {
            match self.wait().await {
                Woken::Told(Told::End(number)) => return Ok(Some(number)),
                Woken::Told(Told::Suspend) => self.suspend()?,
                Woken::Told(Told::Resume) => self.redraw(),
                Woken::Input(Some(Ok(event))) => {
                    if let Some(input) = Input::from_event(event) {
                        self.app.input(input);
                        self.stale = Some(Stale { at: self.drawn + KEY_PACE, paced: false });
                    }
                }
                // Nobody types any more: the terminal is gone, or was never whole.
                Woken::Input(Some(Err(_)) | None) => return Ok(Some(1)),
                Woken::Message(Some(message)) => self.take_messages(message),
                Woken::Message(None) => return Ok(None),
                Woken::Time => {}
            }
            if self.changes.is_some_and(|at| at <= Instant::now()) {
                self.take_changes();
            }
            self.effects()?;
            if self.left {
                return Ok(None);
            }
            self.begin_work();
            if self.stale.is_some_and(|stale| stale.at <= Instant::now()) {
                self.draw()?;
            }
        }
    }

    async fn wait(&mut self) -> Woken {
        let draw = self.stale.map(|stale| stale.at);
        let wake = [draw, self.changes, self.app.wake()].into_iter().flatten().min();
        let time = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            told = self.signals.next() => Woken::Told(told),
            event = self.events.recv() => Woken::Input(event),
            message = self.receiver.recv() => Woken::Message(message),
            () = time => Woken::Time,
        }
    }

    /// Takes a message and those that wait behind it, so that a burst is drawn once.
    fn take_messages(&mut self, first: Message) {
        self.take(first);
        for _ in 1..MESSAGES {
            let Ok(next) = self.receiver.try_recv() else { return };
            self.take(next);
        }
    }

    fn take(&mut self, message: Message) {
        if matches!(message, Message::Touched) {
            self.changes = Some(self.looked + CHANGES);
        } else if self.app.update(message) {
            self.draw_when_paced();
        }
    }

    fn take_changes(&mut self) {
        (self.changes, self.looked) = (None, Instant::now());
        let changed = self.watch.take();
        let runs = self.app.shared.runs.clone();
        let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
        let mut folder = false;
        for path in changed {
            match path.strip_prefix(&runs).ok().and_then(|rest| rest.components().next()) {
                Some(_) if path.parent() == Some(&runs) => folder = true,
                Some(first) => _ = directories.insert(runs.join(first)),
                None => folder = true,
            }
        }
        self.app.touched(&directories.into_iter().collect::<Vec<_>>(), folder);
    }

    fn begin_work(&mut self) {
        if self.app.tick() {
            self.draw_when_paced();
        }
        for task in std::mem::take(&mut self.app.shared.tasks) {
            if matches!(task, Task::Start(_) | Task::Resume(_)) {
                self.worker.give_up_measuring();
            }
            self.worker.begin(task);
        }
        let mut watched: BTreeSet<PathBuf> = self.app.watched().into_iter().collect();
        if self.app.shared.runs.is_dir() {
            watched.insert(self.app.shared.runs.clone());
        } else if let Some(there) = self.app.shared.runs.ancestors().find(|folder| folder.is_dir()) {
            watched.insert(there.to_path_buf());
        }
        self.watch.set(watched);
    }

    fn effects(&mut self) -> Result<(), Failure> {
        for effect in std::mem::take(&mut self.app.shared.effects) {
            match effect {
                Effect::Redraw => self.redraw(),
                Effect::Leave => self.left = true,
                Effect::Copy(text) => {
                    let sequence = clipboard::sequence(&text, std::env::var_os("TMUX").is_some());
                    self.screen.send(&sequence).map_err(lost)?;
                }
                // The whole job stops, as the terminal's own Ctrl-Z would do; the signal comes back to the loop.
                Effect::Suspend => {
                    let all = nix::unistd::Pid::from_raw(0);
                    nix::sys::signal::kill(all, nix::sys::signal::Signal::SIGTSTP).map_err(|error| lost(error.into()))?;
                }
            }
        }
        Ok(())
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        self.guard.suspend().map_err(lost)?;
        self.redraw();
        Ok(())
    }

    /// Draws soon, or as soon as pictures that no key asked for may be drawn again.
    fn draw_when_paced(&mut self) {
        let soon = Instant::now() + TOGETHER;
        let at = self.paced.checked_sub(AHEAD).map_or(soon, |paced| paced.max(soon));
        self.stale.get_or_insert(Stale { at, paced: true });
    }

    fn redraw(&mut self) {
        self.screen.forget();
        self.stale = Some(Stale { at: Instant::now(), paced: false });
    }

    fn draw(&mut self) -> Result<(), Failure> {
        let (width, height) = crossterm::terminal::size().map_err(lost)?;
        let area = Rect::new(0, 0, width.clamp(1, 1_000), height.clamp(1, 500));
        let mut picture = Buffer::empty(area);
        self.app.draw(&mut picture, area);
        self.screen.show(picture).map_err(lost)?;
        self.drawn = Instant::now();
        if self.stale.take().is_some_and(|stale| stale.paced) {
            self.paced = self.paced.max(self.drawn) + PACE;
        }
        Ok(())
    }
}

/// The terminal is gone; there is no one to tell, and nothing was lost.
fn lost(error: io::Error) -> Failure {
    Failure::failed(format!("the terminal is gone ({error}); runs go on"))
}
