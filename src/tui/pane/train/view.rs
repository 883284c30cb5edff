//! The picture of Train: which boxes there are at which size, and what stands in them.

use super::charts::Which;
use super::{ACCURACY, LOG, LOSS, NOW, Train, View};
use crate::tui::format;
use crate::tui::look::{Look, Size};
use crate::tui::pane::empty;
use crate::tui::shared::Shared;
use crate::tui::text::{self, safe};
use crate::tui::theme::Role;
use crate::tui::widget::boxes::{self, Pane};
use crate::tui::widget::{gauge, put, put_line, put_right};
use curricle_core::record::Level;
use curricle_core::run::State;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The progress, without a number: it never has the focus.
const HEAD: usize = 9;
/// Rows from which on the log wraps its lines.
const TALL: usize = 8;

impl Train {
    pub(super) fn picture(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared) {
        let look = &shared.look;
        if self.directory.is_none() {
            let sentences = if shared.loaded && shared.summaries.is_empty() {
                vec![
                    "No run yet.".to_string(),
                    format!(
                        "Here a run is watched while it trains: progress, curves of loss and accuracy, every metric, its log. {} goes to Configure, \
                         {} starts an experiment there.",
                        shared.key(crate::tui::keymap::Action::PaneConfigure),
                        shared.key(crate::tui::keymap::Action::Start)
                    ),
                ]
            } else {
                let runs = shared.key(crate::tui::keymap::Action::PaneRuns);
                vec!["No run is open.".to_string(), format!("{runs} goes to Runs; Enter opens one here.")]
            };
            empty::draw(buffer, area, "train", &sentences, look);
            return;
        }
        let layout = self.layout(area, size);
        let panes: Vec<Pane<'_>> = layout.iter().map(|(which, area)| self.pane(*which, *area, look)).collect();
        boxes::draw(buffer, &panes, look.style(Role::Muted), look.style(Role::Accent));
        for (which, area) in layout {
            let inner = Pane::inner(area);
            match which {
                HEAD => self.draw_head(buffer, inner, look),
                LOSS => self.draw_chart(buffer, inner, Which::Loss, shared),
                ACCURACY => self.draw_chart(buffer, inner, Which::Accuracy, shared),
                NOW => {
                    let window = self.rows.window(self.metrics(), usize::from(inner.height));
                    self.draw_metrics(buffer, inner, size, window, shared);
                }
                _ => self.draw_log(buffer, inner, look),
            }
        }
    }

    /// Boxes and their places, borders shared.
    fn layout(&self, area: Rect, size: Size) -> Vec<(usize, Rect)> {
        let at = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
        let head = at(0, 3);
        let rest = at(2, area.height - 2);
        if self.zoomed || size == Size::Small {
            return vec![(HEAD, head), (self.focused(), rest)];
        }
        let halves = |area: Rect| {
            let left = area.width.div_ceil(2);
            [(LOSS, Rect { width: left, ..area }), (ACCURACY, Rect { x: area.x + left - 1, width: area.width - left + 1, ..area })]
        };
        let wide = size == Size::Wide;
        let failure = self.failure(usize::from(area.width.saturating_sub(6))).len().min(5) as u16;
        let log_height = if wide { 8 } else { 3 + u16::from(area.height > 26) + u16::from(area.height > 30) }.max(2 + failure);
        let log = at(area.height - log_height, log_height);
        let middle_height = area.height - 2 - log_height + 1;
        let middle = at(2, middle_height);
        let mut boxes = vec![(HEAD, head)];
        match self.view {
            View::Sparklines => boxes.push((NOW, middle)),
            View::Charts if wide => boxes.extend(stacked(middle)),
            View::Charts => boxes.extend(halves(middle)),
            View::Both if wide => {
                let left = (middle.width * 5 / 8).clamp(76, 90);
                boxes.push((NOW, Rect { width: left, ..middle }));
                boxes.extend(stacked(Rect { x: middle.x + left - 1, width: middle.width - left + 1, ..middle }));
            }
            View::Both => {
                let rows = (self.metrics() as u16).clamp(6, 6 + area.height.saturating_sub(22) / 3) + 2;
                let charts = middle_height + 1 - rows;
                boxes.extend(halves(Rect { height: charts, ..middle }));
                boxes.push((NOW, Rect { y: middle.y + charts - 1, height: rows, ..middle }));
            }
        }
        boxes.push((LOG, log));
        boxes
    }

    fn pane(&self, which: usize, area: Rect, look: &Look) -> Pane<'_> {
        let height = usize::from(area.height.saturating_sub(2));
        let (title, above, below) = match which {
            HEAD => (self.title(look), 0, 0),
            LOSS => (self.chart_title(Which::Loss, look), 0, 0),
            ACCURACY => (self.chart_title(Which::Accuracy, look), 0, 0),
            NOW => {
                let window = self.rows.window(self.metrics(), height);
                (Line::from("now"), window.start, self.metrics() - window.end)
            }
            _ => {
                let end = self.history.log.len() - self.log_back.min(self.history.log.len());
                (Line::from("log"), end.saturating_sub(height), self.history.log.len() - end)
            }
        };
        Pane { area, title, above: if which == LOG && !self.focused_log() { 0 } else { above }, below, focused: which == self.focused() }
    }

    fn focused_log(&self) -> bool {
        self.focused() == LOG
    }

    /// The run in one line: name, whether test data choose anything in it, seed, network on its set, precision.
    fn title(&self, look: &Look) -> Line<'static> {
        let oracle = self.history.started.as_ref().is_some_and(|started| started.oracle);
        let mut parts = Vec::new();
        if let Some(record) = &self.record {
            parts.push(format!("seed {}", record.seeds.weights));
            parts.push(format!("{} on {}", safe(&record.network), safe(&record.set)));
        }
        if let Some(started) = &self.history.started {
            parts.push(safe(&started.precision));
        }
        let rest = parts.iter().map(|part| format!(" · {part}")).collect::<String>();
        let mark = if oracle { " oracle" } else { "" };
        Line::from(vec![Span::raw(self.name()), Span::styled(mark, look.style(Role::Warning)), Span::raw(rest)])
    }

    fn draw_head(&self, buffer: &mut Buffer, area: Rect, look: &Look) {
        let (done, steps) = self.progress();
        let status = self.status.as_ref();
        let epoch = self.history.at.1.max(status.map_or(0, |status| status.epoch));
        let epochs = self.history.started.as_ref().map_or(0, |started| started.epochs).max(status.map_or(0, |status| status.epochs));
        let (epochs, planned) = (format::count(epochs), format::count(steps));
        let value = look.style(Role::Value);
        let remark = self.remark(look);
        let step = Span::styled(text::right(&format::count(done), planned.len()), value);
        let unit = if self.is_study() { "order" } else { "step" };
        let mut line = Line::from(vec![
            Span::raw(" epoch "),
            Span::styled(text::right(&format::count(epoch), epochs.len()), value),
            Span::raw(format!(" of {epochs}   {unit} ")),
            step.clone(),
            Span::raw(format!(" of {planned}   ")),
        ]);
        if line.width() + text::width(&remark.0) + 1 > usize::from(area.width) {
            // The step says it more finely than the epoch.
            line = Line::from(vec![Span::raw(format!(" {unit} ")), step, Span::raw(format!(" of {planned}   "))]);
        }
        put_line(buffer, area, 0, &line);
        let used = line.width() as u16;
        let columns = area.width.saturating_sub(used + 8).min(30).min(area.width.saturating_sub(used + 9 + text::width(&remark.0) as u16));
        if steps > 0 && columns > 3 {
            let share = done as f64 / steps as f64;
            put(buffer, area, used, 0, &gauge::bar(share, usize::from(columns), look.symbols), look.style(Role::Accent));
            put(buffer, area, used + columns + 1, 0, &text::right(&format::percent(done, steps), 5), value);
        }
        put_right(buffer, Rect { width: area.width.saturating_sub(1), ..area }, 0, &remark.0, look.style(remark.1));
    }

    /// What stands at the right of the progress: a command that waits, why it stands still, how it ended.
    fn remark(&self, look: &Look) -> (String, Role) {
        if let Some(asked) = self.pending.first() {
            return (format!("{asked} asked"), Role::Warning);
        }
        match self.state {
            State::Paused if self.held => ("paused, device kept".into(), Role::Warning),
            State::Paused => ("paused, device free".into(), Role::Warning),
            State::Training | State::Queued => {
                self.said_of_silence(look).map_or((String::new(), Role::Muted), |said| (said, Role::Warning))
            }
            state => {
                let seconds = self.status.as_ref().map_or(0.0, |status| status.seconds);
                let role = match state {
                    State::Done => Role::Good,
                    State::Stopped => Role::Text,
                    _ => Role::Bad,
                };
                (format!("{state} after {}", format::duration(seconds)), role)
            }
        }
    }

    /// Why the run failed, in lines.
    fn failure(&self, columns: usize) -> Vec<String> {
        let message = self.status.as_ref().filter(|_| self.state == State::Failed).and_then(|status| status.message.as_deref());
        message.map(|message| text::wrap(&safe(message), columns)).unwrap_or_default()
    }

    fn draw_log(&self, buffer: &mut Buffer, area: Rect, look: &Look) {
        let failure = self.failure(usize::from(area.width.saturating_sub(4)));
        if self.log_back == 0 && !failure.is_empty() {
            put(buffer, area, 1, 0, "✗", look.style(Role::Bad));
            for (y, line) in failure.iter().take(usize::from(area.height)).enumerate() {
                put(buffer, area, 3, y as u16, line, look.style(Role::Text));
            }
            return;
        }
        let height = usize::from(area.height);
        let end = self.history.log.len() - self.log_back.min(self.history.log.len());
        if end == 0 {
            let text = if self.loading { "reading …" } else { "nothing yet: the engine is starting" };
            put(buffer, area, 1, 0, text, look.style(Role::Muted));
        }
        // From the newest upwards. In a box of some height, as when it is zoomed, long lines are shown whole.
        let wraps = height >= TALL;
        let width = usize::from(area.width.saturating_sub(13));
        let mut shown = Vec::new();
        let mut used = 0;
        for line in self.history.log.range(..end).rev() {
            let parts = if wraps { text::wrap(&line.text, width) } else { vec![line.text.clone()] };
            if used + parts.len() > height {
                break;
            }
            used += parts.len();
            shown.push((line, parts));
        }
        let mut y = 0;
        for (line, parts) in shown.into_iter().rev() {
            let (sign, role) = match line.level {
                Level::Info => ("", Role::Text),
                Level::Warning => ("⚠ ", Role::Warning),
                Level::Error => ("✗ ", Role::Bad),
            };
            put(buffer, area, 1, y, &look.clock.time_of_day(line.time), look.style(Role::Muted));
            put(buffer, area, 10, y, sign, look.style(role));
            for part in parts {
                put(buffer, area, 10 + text::width(sign) as u16, y, &part, look.style(Role::Text));
                y += 1;
            }
        }
    }
}

/// Two charts, one above the other.
fn stacked(area: Rect) -> [(usize, Rect); 2] {
    let upper = area.height.div_ceil(2);
    [(LOSS, Rect { height: upper, ..area }), (ACCURACY, Rect { y: area.y + upper - 1, height: area.height - upper + 1, ..area })]
}
