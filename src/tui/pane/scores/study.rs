//! The picture of a study of orders: losses and accuracies of all orders of an epoch, the best and the worst one, the orders
//! that selectors would take, every epoch, and how far the study is.

use super::Scores;
use crate::scores::{Histogram, Named, Study};
use crate::tui::format;
use crate::tui::look::Look;
use crate::tui::symbols::Symbols;
use crate::tui::text::{self, safe};
use crate::tui::theme::Role;
use crate::tui::widget::{put, put_right};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Eighths of a cell.
const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The letter of a selector: `a`, `b`, ….
fn letter(number: usize) -> char {
    char::from(b'a' + (number % 26) as u8)
}

/// What is shown of an order.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Loss,
    Accuracy,
}

impl Scores {
    /// The study, if this run is one.
    pub(super) fn study(&self) -> Option<&Study> {
        self.digest.as_ref()?.study.as_deref()
    }

    /// How many orders have which loss or accuracy. Below the bars stand the selectors' letters, the best and the worst order
    /// and the clusters' first runs.
    pub(super) fn draw_orders(&self, buffer: &mut Buffer, area: Rect, of: Of, look: &Look) {
        let Some(study) = self.study() else { return };
        let histogram = match of {
            Of::Loss => &study.losses,
            Of::Accuracy => &study.accuracies,
        };
        let muted = look.style(Role::Muted);
        if histogram.counts.is_empty() {
            put(buffer, area, 1, 0, "no order is done yet", muted);
            return;
        }
        let plot = Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: area.height.saturating_sub(2), ..area };
        let columns = usize::from(plot.width);
        if columns < 4 || plot.height == 0 {
            return;
        }
        bars(buffer, plot, &histogram.columns(columns), look);
        let marks = Rect { y: plot.bottom(), height: 1, ..plot };
        for (x, sign, role) in self.marks(study, histogram, of, columns, look.symbols) {
            put(buffer, marks, x as u16, 0, &sign.to_string(), look.style(role));
        }
        let axis = Rect { y: plot.bottom() + 1, height: 1, ..plot };
        put(buffer, axis, 0, 0, &format::loss(histogram.low), muted);
        put_right(buffer, axis, 0, &format::loss(histogram.high), muted);
        let middle = match histogram.undefined {
            0 => String::new(),
            count => format!("{} not a number", format::count(count)),
        };
        put(buffer, axis, (plot.width.saturating_sub(text::width(&middle) as u16)) / 2, 0, &middle, look.style(Role::Warning));
    }

    /// Marks under the bars, those that matter most last: they stand on top of the others.
    fn marks(&self, study: &Study, histogram: &Histogram, of: Of, columns: usize, symbols: Symbols) -> Vec<(usize, char, Role)> {
        let value = |loss: f64, accuracy: f64| match of {
            Of::Loss => loss,
            Of::Accuracy => accuracy,
        };
        let at = |value: f64| histogram.part(value, columns);
        let ascii = symbols == Symbols::Ascii;
        let mut marks = Vec::new();
        if matches!(of, Of::Loss) {
            let sign = if ascii { ':' } else { '┆' };
            marks.extend(study.next.iter().map(|&loss| (at(loss), sign, Role::Muted)));
        }
        let ends = [(&study.best, if ascii { '+' } else { '▲' }), (&study.worst, if ascii { 'x' } else { '▼' })];
        for (order, sign) in ends {
            marks.extend(order.iter().map(|order| (at(value(order.loss, order.accuracy)), sign, Role::Value)));
        }
        for (number, standing) in study.selectors.iter().enumerate() {
            let newest = &standing.newest;
            marks.push((at(value(newest.loss, newest.accuracy)), letter(number), Role::Accent));
        }
        marks
    }

    /// The best and the worst order, and where the selectors' orders lie.
    pub(super) fn order_lines(&self, width: usize, look: &Look) -> Vec<Line<'static>> {
        let Some(study) = self.study() else { return Vec::new() };
        let (value, muted) = (look.style(Role::Value), look.style(Role::Muted));
        let ascii = look.symbols == Symbols::Ascii;
        let mut lines = Vec::new();
        let spelt = |order: &Named| order.batches.iter().map(u8::to_string).collect::<Vec<_>>().join("-");
        for (name, sign, order) in
            [("best", if ascii { "+" } else { "▲" }, &study.best), ("worst", if ascii { "x" } else { "▼" }, &study.worst)]
        {
            let Some(order) = order else { continue };
            let mut line = Line::from(vec![
                Span::styled(format!(" {sign} "), value),
                Span::raw(format!("{name:<6}")),
                Span::styled(format!("{}  ", spelt(order)), value),
                Span::raw(format!("{} {}", format::loss(order.loss), format::accuracy(Some(order.accuracy)))),
            ]);
            let parent = format!("  parent {}", order.parent);
            if study.parents > 1 && line.width() + text::width(&parent) <= width {
                line.push_span(Span::styled(parent, muted));
            }
            lines.push(line);
        }
        if study.selectors.is_empty() {
            lines.push(Line::styled(" no selectors: `permutation.selectors` names some", muted));
            return lines;
        }
        let several = study.parents_done > 1;
        let wide = width >= 50;
        let gap = if wide { 16 } else { 0 };
        let room = width.saturating_sub(12 + gap + if several { 9 } else { 0 });
        let title = text::left("better orders", room + 2);
        let mut head = format!(" {title} {:gap$}{:>8}", "", if several { "newest" } else { "" });
        if several {
            head.push_str(&format!(" {:>8}", "mean"));
        }
        lines.push(Line::styled(head, muted));
        for (number, standing) in study.selectors.iter().enumerate() {
            let newest = &standing.newest;
            let name = safe(&newest.selector);
            let name = text::left(&if newest.oracle { format!("{name} oracle") } else { name }, room);
            let mut spans = vec![
                Span::styled(format!(" {} ", letter(number)), look.style(Role::Accent)),
                Span::styled(name, look.style(if newest.oracle { Role::Warning } else { Role::Text })),
            ];
            if wide {
                spans.push(Span::raw(text::right(&format!("{} of {}", format::count(newest.better), format::count(newest.of)), 16)));
            }
            spans.push(Span::styled(format!(" {:>6.1} %", 100.0 * newest.place()), value));
            if several {
                spans.push(Span::styled(format!(" {:>6.1} %", 100.0 * standing.mean_place), value));
            }
            lines.push(Line::from(spans));
        }
        lines
    }

    /// A line for each epoch.
    pub(super) fn epoch_lines(&self, width: usize, look: &Look) -> Vec<Line<'static>> {
        let Some(study) = self.study() else { return Vec::new() };
        let muted = look.style(Role::Muted);
        let wide = width >= 56;
        let mut head = format!(" {:>5} {:>7} {:>7} {:>7} {:>7}", "epoch", "runs", "loss", "median", "max");
        if wide {
            head.push_str(&format!(" {:>9} {:>7}", "accuracy", "max"));
        }
        let mut lines = vec![Line::styled(head, muted)];
        for line in &study.table {
            let mut text = format!(
                " {:>5} {:>7} {:>7} {:>7} {:>7}",
                line.epoch,
                format::count(line.runs),
                format::loss(line.loss.min),
                format::loss(line.loss.median),
                format::loss(line.loss.max)
            );
            if wide {
                text.push_str(&format!(
                    " {:>9} {:>7}",
                    format::accuracy(Some(line.accuracy.median)),
                    format::accuracy(Some(line.accuracy.max))
                ));
            }
            let role = if line.epoch == study.epoch { Role::Accent } else { Role::Text };
            lines.push(Line::styled(text, look.style(role)));
        }
        lines
    }

    /// How far the study is.
    pub(super) fn progress_lines(&self, look: &Look) -> Vec<Line<'static>> {
        let Some(study) = self.study() else { return Vec::new() };
        let value = look.style(Role::Value);
        let over = self.state.is_over();
        let first = vec![
            Span::raw(" parents done "),
            Span::styled(format!("{} of {}", study.parents_done, study.parents.max(1)), value),
            Span::raw(format!(" of epoch {}   orders ", study.epoch)),
            Span::styled(format!("{} of {}", format::count(study.orders), format::count(study.steps.max(study.orders))), value),
        ];
        let mut second = vec![Span::raw(" workers "), Span::styled(if over { "0".to_owned() } else { study.workers.to_string() }, value)];
        let left = match study.seconds_left {
            _ if over => "none".to_owned(),
            Some(seconds) => format::duration(seconds),
            None => format::UNKNOWN.to_owned(),
        };
        second.extend([Span::raw("   time left "), Span::styled(left, value)]);
        if !over && study.reached < study.epochs {
            second.push(Span::styled(" at most: parents to come are not chosen yet", look.style(Role::Muted)));
        }
        let marked = Span::styled(" the best order is chosen by the test set: an oracle", look.style(Role::Warning));
        let mut lines = vec![Line::from(first), Line::from(second), Line::from(marked)];
        if let Some(problem) = self.digest.as_ref().and_then(|digest| digest.problem.as_ref()) {
            lines.push(Line::styled(format!(" ✗ {}", safe(problem)), look.style(Role::Bad)));
        }
        lines
    }
}

/// Bars side by side, the longest as high as the plot.
fn bars(buffer: &mut Buffer, plot: Rect, counts: &[u64], look: &Look) {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let rows = u64::from(plot.height);
    for (x, &count) in counts.iter().enumerate() {
        // What is there at all is seen.
        let eighths = if count == 0 { 0 } else { (count * rows * 8 / most).max(1) };
        for y in 0..rows {
            let filled = eighths.saturating_sub((rows - 1 - y) * 8).min(8);
            let sign = match (look.symbols, filled) {
                (_, 0) => continue,
                (Symbols::Ascii, 1..=4) => ".",
                (Symbols::Ascii, _) => "#",
                (_, filled) => EIGHTHS[filled as usize],
            };
            put(buffer, plot, x as u16, y as u16, sign, look.style(Role::Series(0)));
        }
    }
}
