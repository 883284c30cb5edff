//! Progress of a download: one line that is drawn over on a terminal, a line every tenth elsewhere.

use crate::cli::context::Context;
use crate::cli::output;
use crate::words::duration;
use curricle_core::data::Received;
use curricle_core::data::fetch::Progress;
use curricle_core::run::{disk, plain};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Time between two drawings on a terminal.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows how a download is coming on.
pub struct Meter {
    quiet: bool,
    terminal: bool,
    /// File that is coming, when it began, and with how many bytes.
    file: String,
    begun: Instant,
    first: u64,
    /// Last drawing, and the last tenth written.
    drawn: Option<Instant>,
    tenth: u64,
}

impl Meter {
    /// For this command.
    pub fn new(context: &Context) -> Self {
        Self {
            quiet: context.quiet,
            terminal: std::io::stderr().is_terminal(),
            file: String::new(),
            begun: Instant::now(),
            first: 0,
            drawn: None,
            tenth: 0,
        }
    }

    /// Shows a piece of news.
    pub fn show(&mut self, progress: &Progress) {
        if self.quiet {
            return;
        }
        match progress {
            Progress::Download { file, received } => self.bytes(file, *received),
            Progress::Checking { file } => self.say(&format!("checking {}", plain(file))),
            Progress::Note(text) => self.say(&plain(text)),
        }
    }

    /// Takes the line away.
    pub fn end(&mut self) {
        if self.drawn.take().is_some() {
            // Best effort: a terminal that is gone shows nothing anyway.
            let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
        }
    }

    fn bytes(&mut self, file: &str, received: Received) {
        if self.file != file {
            self.file = file.to_string();
            self.begun = Instant::now();
            self.first = received.bytes;
            self.tenth = 0;
        }
        if self.terminal {
            if self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE) {
                let _ = write!(std::io::stderr().lock(), "\r{}\u{1b}[K", self.line(received));
                self.drawn = Some(Instant::now());
            }
            return;
        }
        let tenth = received.of.filter(|&of| of > 0).map_or(0, |of| received.bytes * 10 / of);
        if tenth > self.tenth {
            self.tenth = tenth;
            output::note(&self.line(received));
        }
    }

    fn say(&mut self, line: &str) {
        self.end();
        output::note(line);
    }

    /// `name  12 MB of 162 MB  7 %  3.1 MB/s  48 s left`.
    fn line(&self, received: Received) -> String {
        let mut line = format!("{}  {}", plain(&self.file), disk::size(received.bytes));
        if let Some(of) = received.of.filter(|&of| of > 0) {
            line.push_str(&format!(" of {}  {} %", disk::size(of), received.bytes * 100 / of));
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        let rate = received.bytes.saturating_sub(self.first) as f64 / seconds.max(1e-3);
        if seconds > 0.5 && rate > 0.0 {
            line.push_str(&format!("  {}/s", disk::size(rate as u64)));
            if let Some(of) = received.of.filter(|&of| of > received.bytes) {
                line.push_str(&format!("  {} left", duration((of - received.bytes) as f64 / rate)));
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_much_of_what() {
        let meter = Meter {
            quiet: false,
            terminal: true,
            file: "a.tar.gz".into(),
            begun: Instant::now() - Duration::from_secs(10),
            first: 0,
            drawn: None,
            tenth: 0,
        };
        let line = meter.line(Received { bytes: 20_000_000, of: Some(80_000_000) });
        assert!(line.starts_with("a.tar.gz  ") && line.contains("  25 %  ") && line.ends_with("  30 s left"), "{line}");
        assert!(!meter.line(Received { bytes: 5, of: None }).contains('%'));
    }
}
