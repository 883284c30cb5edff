//! Progress of a run in the foreground: one line that is drawn over on a terminal, lines elsewhere, events as JSON.

use super::context::Context;
use super::output;
use crate::words::{duration, four, thousands};
use curricle_core::record::{Event, Level, What};
use curricle_core::run::{Follower, RunDirectory, plain};
use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal and nothing else happens.
const SILENCE: Duration = Duration::from_secs(30);
/// Time over which the rate is taken.
const WINDOW: Duration = Duration::from_secs(60);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Not at all.
    Quiet,
    /// One line, drawn over.
    Terminal,
    /// Lines.
    Lines,
}

/// Shows what a run writes, from a moment on.
pub struct Progress {
    follower: Follower,
    /// What is said once the engine has begun: an engine that refuses its run has none to name.
    heading: Option<String>,
    manner: Manner,
    json: bool,
    paint: bool,
    verbose: bool,
    /// Events before this moment were shown by somebody else.
    from: f64,
    /// Whether a line stands on the terminal.
    drawn: bool,
    last_line: Instant,
    view: View,
}

/// What is known of the run.
#[derive(Debug, Default)]
struct View {
    step: u64,
    steps: u64,
    epoch: u64,
    epochs: u64,
    loss: Option<f64>,
    accuracy: Option<f64>,
    images: u64,
    paused: bool,
    /// When which step was reached, and after how many images.
    seen: VecDeque<(Instant, u64, u64)>,
}

impl Progress {
    /// Shows what happens from now on, under a heading.
    pub fn new(context: &Context, directory: &RunDirectory, heading: String) -> Self {
        let manner = match (context.quiet, std::io::stderr().is_terminal()) {
            (true, _) => Manner::Quiet,
            (false, true) => Manner::Terminal,
            (false, false) => Manner::Lines,
        };
        Self {
            follower: Follower::open(directory),
            heading: Some(heading),
            manner,
            json: context.json,
            paint: context.paints_stderr(),
            verbose: context.verbose > 0,
            from: curricle_core::run::now(),
            drawn: false,
            last_line: Instant::now(),
            view: View::default(),
        }
    }

    /// Looks for news and shows them. A log that cannot be read now may be read at the next look.
    pub fn look(&mut self) {
        while let Ok(update) = self.follower.poll() {
            for event in &update.events {
                let new = event.time >= self.from;
                if let Some(heading) = self.heading.take_if(|_| new) {
                    self.say(&heading, false);
                }
                self.take(event, new);
            }
            if !update.more {
                break;
            }
        }
        match self.manner {
            Manner::Terminal => self.draw(),
            Manner::Lines if self.last_line.elapsed() >= SILENCE && self.view.step > 0 => {
                let line = self.view.line();
                self.say(&line, false);
            }
            Manner::Lines | Manner::Quiet => {}
        }
    }

    /// Takes the line away, so that others may write.
    pub fn clear(&mut self) {
        if self.drawn {
            // Best effort: a terminal that is gone shows nothing anyway.
            let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
            self.drawn = false;
        }
    }

    fn take(&mut self, event: &Event, new: bool) {
        if self.json && new && output::json_line(event).is_err() {
            // Nobody reads any more; the run goes on.
            self.json = false;
        }
        if let Some(line) = self.view.take(event, self.verbose).filter(|_| new) {
            let warns = matches!(&event.what, What::Message(message) if message.level != Level::Info);
            self.say(&line, warns);
        }
    }

    fn say(&mut self, line: &str, warns: bool) {
        if self.manner == Manner::Quiet {
            return;
        }
        self.clear();
        output::note_warning(line, warns && self.paint);
        self.last_line = Instant::now();
    }

    fn draw(&mut self) {
        let width = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        let line = self.view.line_within(if width == 0 { 79 } else { width - 1 });
        let _ = write!(std::io::stderr().lock(), "\r{line}\u{1b}[K");
        self.drawn = true;
    }
}

impl View {
    /// Takes note of an event, and says what to tell the user of it.
    fn take(&mut self, event: &Event, verbose: bool) -> Option<String> {
        self.step = event.step;
        self.epoch = event.epoch;
        match &event.what {
            What::Started(started) => {
                self.steps = started.steps;
                self.epochs = started.epochs;
                let threads = if started.threads == 1 { "1 thread".to_string() } else { format!("{} threads", started.threads) };
                Some(format!(
                    "{} weights · {} training and {} test images · {}, {threads}, {} · {} steps of {} images",
                    thousands(started.parameters),
                    thousands(started.train_images),
                    thousands(started.test_images),
                    plain(&started.device),
                    plain(&started.precision),
                    thousands(started.steps),
                    thousands(started.batch),
                ))
            }
            What::Resumed(resumed) if resumed.exact => Some(format!("goes on at step {}", thousands(event.step))),
            What::Resumed(resumed) => Some(format!("goes on at step {}, not bit-exact: {}", thousands(event.step), plain(&resumed.reason))),
            What::Step(step) => {
                self.paused = false;
                self.loss = step.loss.last().copied().or(self.loss);
                self.images = step.images;
                self.reach(event.step, step.images);
                None
            }
            What::Evaluation(evaluation) => {
                if evaluation.set == "test" {
                    self.accuracy = Some(evaluation.accuracy);
                }
                let trained = evaluation.train_loss.map(|loss| format!("  train loss {loss:.4}")).unwrap_or_default();
                let best = if evaluation.best { ", best so far" } else { "" };
                Some(format!(
                    "{}{trained}  {} loss {}  {} accuracy {:.4}{best}{}",
                    self.place(),
                    plain(&evaluation.set),
                    four(Some(evaluation.loss)),
                    plain(&evaluation.set),
                    evaluation.accuracy,
                    self.left().map(|left| format!("  {} left", duration(left))).unwrap_or_default(),
                ))
            }
            What::Permutation(found) => {
                self.paused = false;
                self.steps = found.steps;
                self.loss = Some(found.loss.min);
                self.reach(event.step, 0);
                Some(format!(
                    "{}  parent {} of {}  test loss {:.4} to {:.4}  test accuracy {:.4} to {:.4}{}",
                    self.place(),
                    found.parent,
                    found.parents,
                    found.loss.min,
                    found.loss.max,
                    found.accuracy.min,
                    found.accuracy.max,
                    self.left().map(|left| format!("  {} left", duration(left))).unwrap_or_default(),
                ))
            }
            What::Phase(phase) => Some(format!("phase {} of {}: {}", phase.number, phase.of, plain(&phase.label))),
            What::Checkpoint(checkpoint) if verbose || checkpoint.reason == "asked" => {
                Some(format!("step {}: {} written ({})", thousands(event.step), plain(&checkpoint.file), plain(&checkpoint.reason)))
            }
            What::Message(message) => Some(plain(&message.text)),
            What::Command(command) if !command.outcome.is_empty() => {
                Some(format!("{}: {}", plain(&command.command), plain(&command.outcome)))
            }
            What::Paused(_) => {
                self.paused = true;
                self.seen.clear();
                Some(format!("paused at step {}", thousands(event.step)))
            }
            _ => None,
        }
    }

    /// A step was reached now.
    fn reach(&mut self, step: u64, images: u64) {
        let now = Instant::now();
        self.seen.push_back((now, step, images));
        while self.seen.len() > 2 && self.seen.front().is_some_and(|(then, ..)| now - *then > WINDOW) {
            self.seen.pop_front();
        }
    }

    fn place(&self) -> String {
        let of = |number: u64, all: u64| if all > 0 { format!("{} of {}", thousands(number), thousands(all)) } else { thousands(number) };
        format!("epoch {}  step {}", of(self.epoch, self.epochs), of(self.step, self.steps))
    }

    /// Seconds that are left at the rate of the last minute.
    fn left(&self) -> Option<f64> {
        let (seconds, steps, _) = self.rate()?;
        (self.steps > self.step).then(|| (self.steps - self.step) as f64 * seconds / steps as f64)
    }

    /// Seconds, steps and images between the first and the last step seen of late.
    fn rate(&self) -> Option<(f64, u64, u64)> {
        let ((first, first_step, first_images), (last, last_step, last_images)) = (self.seen.front()?, self.seen.back()?);
        let seconds = (*last - *first).as_secs_f64();
        let steps = last_step.saturating_sub(*first_step);
        (steps > 0 && seconds > 0.2).then(|| (seconds, steps, last_images.saturating_sub(*first_images)))
    }

    /// Everything worth a line.
    fn line(&self) -> String {
        self.line_within(usize::MAX)
    }

    /// As much of it as fits: what matters least goes first.
    fn line_within(&self, width: usize) -> String {
        if self.steps == 0 {
            return "starting".chars().take(width).collect();
        }
        let images = self.rate().filter(|(.., images)| *images > 0).map(|(seconds, _, images)| (images as f64 / seconds).round() as u64);
        let end = if self.paused { Some("paused".to_string()) } else { self.left().map(|left| format!("{} left", duration(left))) };
        // In the order in which they are shown, each with the order in which they go.
        let mut parts: Vec<(u8, String)> = vec![(0, self.place())];
        parts.extend(self.loss.map(|loss| (3, format!("loss {}", four(Some(loss))))));
        parts.extend(self.accuracy.map(|accuracy| (2, format!("test accuracy {accuracy:.4}"))));
        parts.extend(images.map(|images| (5, format!("{} images/s", thousands(images)))));
        parts.push((4, format!("{} %", self.step * 100 / self.steps)));
        parts.extend(end.map(|end| (1, end)));
        loop {
            let line = parts.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join("  ");
            let last = parts.iter().enumerate().max_by_key(|(_, (rank, _))| *rank).map(|(place, (rank, _))| (place, *rank));
            match last {
                Some((place, rank)) if rank > 0 && line.chars().count() > width => drop(parts.remove(place)),
                _ => return line.chars().take(width).collect(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curricle_core::record;

    fn event(step: u64, epoch: u64, what: What) -> Event {
        Event { seq: 0, step, epoch, time: 0.0, what }
    }

    #[test]
    fn the_line_says_where_the_run_is() {
        let mut view = View::default();
        assert_eq!(view.line(), "starting");
        let started = record::Started { steps: 4_692, epochs: 12, batch: 128, threads: 2, ..Default::default() };
        view.take(&event(0, 0, What::Started(started)), false);
        view.take(&event(611, 2, What::Step(record::Step { loss: vec![1.41268], ..Default::default() })), false);
        assert_eq!(view.line(), "epoch 2 of 12  step 611 of 4,692  loss 1.4127  13 %");
        let begin = Instant::now() - Duration::from_secs(50);
        view.seen = VecDeque::from([(begin, 511, 0), (begin + Duration::from_secs(10), 611, 12_800)]);
        view.accuracy = Some(0.4663);
        assert_eq!(view.line(), "epoch 2 of 12  step 611 of 4,692  loss 1.4127  test accuracy 0.4663  1,280 images/s  13 %  6 m 48 s left");
        assert_eq!(view.line_within(85), "epoch 2 of 12  step 611 of 4,692  loss 1.4127  test accuracy 0.4663  6 m 48 s left");
        assert_eq!(view.line_within(59), "epoch 2 of 12  step 611 of 4,692  6 m 48 s left");
        assert_eq!(view.line_within(20), "epoch 2 of 12  step ");
        view.take(&event(611, 2, What::Paused(record::Paused::default())), false);
        assert!(view.line().ends_with("13 %  paused"));
    }

    #[test]
    fn foreign_text_is_made_plain() {
        let mut view = View::default();
        let message = record::Message { text: "a\u{1b}[2Jb".into(), ..Default::default() };
        assert_eq!(view.take(&event(1, 1, What::Message(message)), false).unwrap(), "a[2Jb");
    }
}
