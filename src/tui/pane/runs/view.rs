//! The picture of Runs.

use super::rows::{Row, Spread};
use super::{CURVES, DETAIL, Runs, TABLE};
use crate::tui::format;
use crate::tui::keymap::Action;
use crate::tui::look::{Look, Size};
use crate::tui::pane::empty;
use crate::tui::series::Column;
use crate::tui::shared::{Shared, title};
use crate::tui::text::{self, safe};
use crate::tui::theme::Role;
use crate::tui::widget::boxes::{self, Pane};
use crate::tui::widget::chart::{Chart, Curve};
use crate::tui::widget::{put, put_line};
use curricle_core::run::State;
use curricle_core::run::catalogue::Summary;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// Columns of the list, by its inner width.
struct Columns {
    name: usize,
    state: usize,
    step: usize,
    accuracy: usize,
    started: usize,
}

impl Columns {
    fn of(width: u16) -> Columns {
        let fixed = Columns { name: 0, state: 13, step: 9, accuracy: 15, started: 12 };
        // Where it is narrow, the start is left to the box below.
        let narrow = Columns { name: 0, state: 12, step: 8, accuracy: 15, started: 0 };
        let columns = if width < 76 { narrow } else { fixed };
        let rest = columns.state + columns.step + columns.accuracy + columns.started + 7;
        Columns { name: usize::from(width).saturating_sub(rest), ..columns }
    }
}

impl Runs {
    pub(super) fn picture(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared) {
        let look = &shared.look;
        if shared.summaries.is_empty() {
            let sentences = if shared.loaded {
                vec![
                    "No run yet.".to_string(),
                    format!(
                        "Here stands everything that ever ran here, from {}. {} goes to Configure, {} starts an experiment there.",
                        shared.runs.display(),
                        shared.key(Action::PaneConfigure),
                        shared.key(Action::Start)
                    ),
                ]
            } else {
                Vec::new()
            };
            empty::draw(buffer, area, "runs", &sentences, look);
            return;
        }
        let focused = self.focus.get(&[true, true, true]);
        let layout = self.layout(area, size, focused);
        let mut panes = Vec::new();
        for (which, area) in &layout {
            let inner = Pane::inner(*area);
            let (title, above, below) = match *which {
                TABLE => {
                    let window = self.cursor.window(self.rows.len(), usize::from(inner.height.saturating_sub(1)));
                    let filter = if self.filter.is_empty() { String::new() } else { format!("   filter: {}", safe(&self.filter)) };
                    (format!("runs, {}{filter}", self.sort.title()), window.start, self.rows.len() - window.end)
                }
                DETAIL => {
                    let (title, lines) = self.detail(usize::from(inner.width.saturating_sub(2)), shared);
                    let window = self.detail.window(lines.len(), usize::from(inner.height));
                    (title, window.start, lines.len() - window.end)
                }
                _ => ("test accuracy".to_string(), 0, 0),
            };
            panes.push(Pane { area: *area, title: Line::from(title), above, below, focused: *which == focused });
        }
        boxes::draw(buffer, &panes, look.style(Role::Muted), look.style(Role::Accent));
        for (which, area) in layout {
            let inner = Pane::inner(area);
            match which {
                TABLE => self.draw_table(buffer, inner, shared),
                DETAIL => {
                    let padded = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
                    let (_, lines) = self.detail(usize::from(padded.width), shared);
                    let window = self.detail.window(lines.len(), usize::from(inner.height));
                    for (y, line) in lines[window].iter().enumerate() {
                        put_line(buffer, padded, y as u16, line);
                    }
                }
                _ => self.draw_curves(buffer, inner, shared),
            }
        }
    }

    fn layout(&self, area: Rect, size: Size, focused: usize) -> Vec<(usize, Rect)> {
        match size {
            Size::Small | Size::TooSmall => vec![(focused, area)],
            Size::Normal => {
                let lower = (area.height * 2 / 5).clamp(8, 14);
                let upper = area.height - lower + 1;
                let left = area.width * 3 / 5;
                let y = area.y + upper - 1;
                vec![
                    (TABLE, Rect { height: upper, ..area }),
                    (DETAIL, Rect { y, height: lower, width: left, ..area }),
                    (CURVES, Rect { x: area.x + left - 1, y, height: lower, width: area.width - left + 1 }),
                ]
            }
            Size::Wide => {
                let left = (area.width * 3 / 5).max(80);
                let (x, width) = (area.x + left - 1, area.width - left + 1);
                let upper = area.height / 2;
                vec![
                    (TABLE, Rect { width: left, ..area }),
                    (DETAIL, Rect { x, width, height: upper, ..area }),
                    (CURVES, Rect { x, width, y: area.y + upper - 1, height: area.height - upper + 1 }),
                ]
            }
        }
    }

    fn draw_table(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        let look = &shared.look;
        let columns = Columns::of(area.width);
        let head = self.line("", "", "experiment", "state", "step", "accuracy", "started", &columns);
        put(buffer, area, 0, 0, &head, look.style(Role::Muted));
        if self.rows.is_empty() {
            put(buffer, area, 3, 1, "no run fits the filter; Esc takes it away", look.style(Role::Muted));
        }
        let window = self.cursor.window(self.rows.len(), usize::from(area.height.saturating_sub(1)));
        for (y, place) in window.enumerate() {
            let y = y as u16 + 1;
            let Some(row) = self.rows.get(place) else { continue };
            let (text, state) = self.row_text(row, &columns, shared);
            put(buffer, area, 0, y, &text, look.style(Role::Text));
            self.tint(buffer, Rect { y: area.y + y, height: 1, ..area }, &columns, state, look);
            if place == self.cursor.at {
                buffer.set_style(Rect { y: area.y + y, height: 1, ..area }, look.style(Role::Selection));
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of one row")]
    fn line(
        &self,
        fold: &str,
        mark: &str,
        name: &str,
        state: &str,
        step: &str,
        accuracy: &str,
        started: &str,
        columns: &Columns,
    ) -> String {
        let (fold, mark) = (text::left(fold, 1), text::left(mark, 1));
        format!(
            "{fold}{mark} {} {}{}  {} {}",
            text::left(name, columns.name),
            text::left(state, columns.state),
            text::right(step, columns.step),
            text::left(accuracy, columns.accuracy),
            text::left(started, columns.started)
        )
    }

    fn row_text(&self, row: &Row, columns: &Columns, shared: &Shared) -> (String, Option<State>) {
        let now = shared.now;
        let member = |place: usize| shared.summaries.get(place);
        match row {
            Row::Run { member: place, within } => {
                let Some(run) = place.first().and_then(|place| member(*place)) else { return (String::new(), None) };
                let mark = if self.marked.contains(&run.directory) { "✓" } else { "" };
                let name = match within {
                    Some(_) => format!("  seed {}", run.seed),
                    None if run.unreadable => format!("{} (cannot be read)", safe(&run.id)),
                    None => title(run),
                };
                let step = if run.step > 0 || run.state != State::Queued { format::count(run.step) } else { format::UNKNOWN.into() };
                let text = self.line("", mark, &name, run.state.word(), &step, &accuracy(run), &started(run, shared, now), columns);
                (text, Some(run.state))
            }
            Row::Group { members, unfolded, seeds, spread, .. } => {
                let Some(run) = members.first().and_then(|place| member(*place)) else { return (String::new(), None) };
                let fold = if *unfolded { "▾" } else { "▸" };
                let all = members.iter().all(|place| member(*place).is_some_and(|run| self.marked.contains(&run.directory)));
                let training = members.iter().filter(|place| member(**place).is_some_and(|run| run.state == State::Training)).count();
                let done = spread.map_or(0, |spread| spread.count);
                let state = match (training, done) {
                    (0, done) if done == *seeds => format!("{seeds} seeds"),
                    (0, done) => format!("{done} of {seeds} done"),
                    (training, _) => format!("{training} of {seeds} train"),
                };
                let step = members.iter().filter_map(|place| member(*place)).map(|run| run.step).max().unwrap_or(0);
                let mark = if all { "✓" } else { "" };
                let accuracy = spread.as_ref().map_or_else(|| format::UNKNOWN.into(), over_seeds);
                let name = title(run);
                (self.line(fold, mark, &name, &state, &format::count(step), &accuracy, &started(run, shared, now), columns), None)
            }
        }
    }

    /// Gives the state its colour and the figures their weight.
    fn tint(&self, buffer: &mut Buffer, row: Rect, columns: &Columns, state: Option<State>, look: &Look) {
        let state_x = row.x + 3 + columns.name as u16 + 1;
        let part = |x: u16, width: usize| Rect { x, width: width as u16, ..row }.intersection(row);
        if let Some(state) = state {
            buffer.set_style(part(state_x, columns.state), look.style(role_of(state)));
        }
        let figures = part(state_x + columns.state as u16, columns.step + 2 + columns.accuracy);
        buffer.set_style(figures, look.style(Role::Value));
        buffer.set_style(part(figures.right(), columns.started + 1), look.style(Role::Muted));
    }

    fn draw_curves(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        let look = &shared.look;
        let drawn = self.drawn(&shared.summaries);
        let legend = if drawn.len() > 1 { (drawn.len() as u16).min(area.height / 4) } else { 0 };
        let plot = Rect { height: area.height - legend, ..area };
        let dots = Chart::dots(plot, look.symbols);
        let histories = drawn.iter().filter_map(|directory| self.courses.get(directory).map(|(_, history)| history));
        // The longest plan, told by the list at once and by the events once they are read.
        let listed = drawn.iter().filter_map(|directory| shared.summary(directory)).map(|run| run.steps.unwrap_or(0).max(run.step));
        let planned = histories.clone().map(|history| history.steps()).chain(listed).max().unwrap_or(0).max(1);
        let curves: Vec<Curve> = histories
            .enumerate()
            .map(|(number, history)| Curve {
                columns: if history.test_accuracy.is_empty() {
                    vec![Column::Empty]
                } else {
                    history.test_accuracy.columns(0, planned, dots, 1, u64::MAX)
                },
                series: number,
                dashed: number % 2 == 1,
            })
            .collect();
        let right = format::count(planned);
        let axis = ["0", "steps", right.as_str()];
        let chart = Chart { curves: &curves, logarithmic: false, limits: (0.0, 1.0), axis, marks: &[], crosshair: None };
        let nothing = if self.reading.is_some() { "reading …" } else { "not evaluated yet" };
        chart.draw(buffer, plot, look.theme, look.symbols, nothing);
        for (number, directory) in drawn.iter().take(usize::from(legend)).enumerate() {
            let sign = look.symbols.legend(number, number % 2 == 1);
            let name = shared.summary(directory).map(|run| format!("{sign} {}, seed {}", title(run), run.seed)).unwrap_or_default();
            put(buffer, area, 1, plot.height + number as u16, &name, Style::new().patch(look.style(Role::Series(number))));
        }
    }
}

fn accuracy(run: &Summary) -> String {
    format!("{}{}", format::accuracy(run.accuracy), if run.is_oracle() { " oracle" } else { "" })
}

fn over_seeds(spread: &Spread) -> String {
    match spread.deviation {
        Some(deviation) => format!("{:.4} ± {deviation:.4}", spread.mean),
        None => format!("{:.4}", spread.mean),
    }
}

pub(super) fn started(run: &Summary, shared: &Shared, now: f64) -> String {
    run.created
        .parse::<jiff::Timestamp>()
        .map_or_else(|_| format::UNKNOWN.into(), |at| shared.look.clock.moment(at.as_second() as f64, now))
}

/// The role that a state's word takes.
fn role_of(state: State) -> Role {
    match state {
        State::Training => Role::Accent,
        State::Done => Role::Good,
        State::Paused | State::Queued => Role::Warning,
        State::Failed | State::Lost => Role::Bad,
        State::Stopped => Role::Text,
    }
}
