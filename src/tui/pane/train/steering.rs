//! Keys of Train: steering the run, and looking at it from another side.

use super::axis::Axis;
use super::{ACCURACY, LOG, LOSS, NOW, Train, View};
use crate::tui::keymap::Action;
use crate::tui::messages::Tone;
use crate::tui::sentences;
use crate::tui::shared::Shared;
use crate::tui::task::{Taken, Task};
use curricle_core::run::{CommandKind, State};

impl Train {
    /// Keys that steer the run; answers whether it was one.
    pub(super) fn steer(&mut self, action: Action, shared: &mut Shared) -> bool {
        let Some(directory) = self.directory.clone() else { return false };
        let name = self.name();
        match action {
            Action::Pause => match (self.state, self.held) {
                (State::Training, _) => self.send(CommandKind::Pause, "pause", shared),
                (State::Paused, true) => self.send(CommandKind::Resume, "resume", shared),
                (State::Done, _) | (State::Queued, true) => self.not_now("pause", shared),
                _ => shared.spawn(Task::Resume(directory)),
            },
            Action::Release => match (self.state, self.held) {
                (State::Training, _) | (State::Paused, true) => self.send(CommandKind::Release, "release", shared),
                (State::Paused, false) => {
                    let resume = shared.key(Action::Pause);
                    shared.say(Tone::Plain, sentences::already_free(&name, &resume));
                }
                _ => self.not_now("release", shared),
            },
            Action::Checkpoint if self.alive() => self.send(CommandKind::Checkpoint, "checkpoint", shared),
            Action::Checkpoint => self.not_now("save", shared),
            Action::Stop if self.alive() => shared.ask(sentences::stop(&name), 'x', "stop", Task::Send(directory, CommandKind::Stop)),
            Action::Stop => self.not_now("stop", shared),
            Action::Fork => shared.spawn(Task::Take(directory, Taken::Fork)),
            _ => return false,
        }
        true
    }

    pub(super) fn alive(&self) -> bool {
        self.state == State::Training || (self.state == State::Paused && self.held)
    }

    fn not_now(&self, wanted: &str, shared: &mut Shared) {
        shared.say(Tone::Plain, sentences::not_now(&self.name(), self.state, self.held, wanted));
    }

    fn send(&mut self, kind: CommandKind, word: &str, shared: &mut Shared) {
        if let Some(directory) = self.directory.clone() {
            self.pending.push(word.into());
            shared.spawn(Task::Send(directory, kind));
        }
    }

    /// Keys that look from another side; answers whether it was one.
    pub(super) fn look(&mut self, action: Action, shared: &mut Shared) -> bool {
        match action {
            Action::Axis => {
                self.axis = self.axis.next();
                self.window = None;
                shared.say(Tone::Plain, format!("axis: {}", self.axis_title()));
            }
            Action::Logarithmic => {
                self.logarithmic = !self.logarithmic;
                shared.say(Tone::Plain, if self.logarithmic { "losses on a logarithmic scale" } else { "losses on a linear scale" });
            }
            Action::Smoothing => {
                self.smoothing = match self.smoothing {
                    0 | 1 => 8,
                    8 => 32,
                    32 => 128,
                    _ => 1,
                };
                let text = match self.smoothing {
                    1 => "curves as they are".into(),
                    steps => format!("curves smoothed over the last {steps} steps of each point"),
                };
                shared.say(Tone::Plain, text);
            }
            Action::ZoomIn => self.zoom(0.5),
            Action::ZoomOut => self.zoom(2.0),
            Action::ZoomReset => self.window = None,
            Action::Crosshair => {
                self.crosshair = match self.crosshair {
                    Some(_) => None,
                    None => Some(self.history.at.0),
                }
            }
            Action::Left | Action::Right | Action::First | Action::Last if self.crosshair.is_some() && self.on_chart() => {
                self.move_crosshair(action)
            }
            Action::Left if self.on_chart() => self.shift(-0.25),
            Action::Right if self.on_chart() => self.shift(0.25),
            action if self.focused() == NOW => return self.rows.act(action),
            action if self.focused() == LOG => return self.scroll_log(action),
            _ => return false,
        }
        true
    }

    fn on_chart(&self) -> bool {
        self.view != View::Sparklines && (self.focused() == LOSS || self.focused() == ACCURACY || self.crosshair.is_some())
    }

    fn move_crosshair(&mut self, action: Action) {
        let Some(at) = self.crosshair else { return };
        let (from, to) = self.steps_shown();
        let by = ((to - from) / 64).max(1);
        let last = self.history.at.0;
        self.crosshair = Some(match action {
            Action::Left => at.saturating_sub(by).max(from),
            Action::Right => (at + by).min(last),
            Action::First => from,
            _ => last,
        });
    }

    fn zoom(&mut self, factor: f64) {
        let whole = self.whole();
        let window = self.window.unwrap_or(whole);
        let middle = self.crosshair.unwrap_or(self.history.at.0);
        let middle = self.axis.of_step(&self.history, middle).unwrap_or((window.from + window.to) / 2.0);
        let length = (window.to - window.from) * factor;
        if length >= whole.to - whole.from {
            self.window = None;
        } else if length >= 8.0 || self.axis != Axis::Steps {
            self.window = Some(window.around(middle, length, whole));
        }
    }

    fn shift(&mut self, share: f64) {
        let whole = self.whole();
        if let Some(window) = self.window {
            let length = window.to - window.from;
            self.window = Some(window.around((window.from + window.to) / 2.0 + share * length, length, whole));
        }
    }

    fn scroll_log(&mut self, action: Action) -> bool {
        let most = self.history.log.len().saturating_sub(1);
        self.log_back = match action {
            Action::Up => (self.log_back + 1).min(most),
            Action::Down => self.log_back.saturating_sub(1),
            Action::PageUp => (self.log_back + 5).min(most),
            Action::PageDown => self.log_back.saturating_sub(5),
            Action::First => most,
            Action::Last => 0,
            _ => return false,
        };
        true
    }
}
