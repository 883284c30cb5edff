//! The charts of loss and accuracy: one axis, one crosshair.

use super::Train;
use super::axis::{Axis, Window};
use crate::tui::format;
use crate::tui::history::History;
use crate::tui::look::Look;
use crate::tui::series::Series;
use crate::tui::shared::Shared;
use crate::tui::theme::Role;
use crate::tui::widget::chart::{Chart, Curve};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Which of the two charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Loss,
    Accuracy,
}

impl Which {
    /// What a run's chart shows: training, test, hold-out; of a study the best and the worst orders, parent by parent.
    fn series(self, history: &History) -> (&Series, &Series, &Series) {
        let orders = &history.orders;
        match self {
            Which::Loss if !orders.lowest_loss.is_empty() => (&orders.lowest_loss, &orders.highest_loss, &history.holdout_loss),
            Which::Accuracy if !orders.lowest_loss.is_empty() => {
                (&orders.highest_accuracy, &orders.lowest_accuracy, &history.holdout_accuracy)
            }
            Which::Loss => (&history.train_loss, &history.test_loss, &history.holdout_loss),
            Which::Accuracy => (&history.train_accuracy, &history.test_accuracy, &history.holdout_accuracy),
        }
    }
}

impl Train {
    /// The whole axis.
    pub(super) fn whole(&self) -> Window {
        self.axis.whole(&self.history, self.progress().1)
    }

    /// What the axis counts.
    pub(super) fn axis_title(&self) -> &'static str {
        if self.is_study() && self.axis == Axis::Steps { "orders" } else { self.axis.title() }
    }

    /// Steps at the two ends of what is shown.
    pub(super) fn steps_shown(&self) -> (u64, u64) {
        let window = self.window.unwrap_or_else(|| self.whole());
        let from = self.axis.step_of(&self.history, window.from);
        (from, self.axis.step_of(&self.history, window.to).max(from + 1))
    }

    /// The title of a chart: its name with the legend, or what the crosshair reads.
    pub(super) fn chart_title(&self, which: Which, look: &Look) -> Line<'static> {
        let (train, test, holdout) = which.series(&self.history);
        let name = match which {
            Which::Loss if self.logarithmic => "loss, log",
            Which::Loss => "loss",
            Which::Accuracy => "accuracy",
        };
        let sign = |series: usize, dashed: bool| look.symbols.legend(series, dashed);
        let [train_name, test_name] = match (self.is_study(), which) {
            (false, _) => ["train", "test"],
            (true, Which::Loss) => ["lowest", "highest"],
            (true, Which::Accuracy) => ["highest", "lowest"],
        };
        let (train_style, test_style) = (look.style(Role::Series(0)), look.style(Role::Series(1)));
        if let Some(step) = self.crosshair {
            let value = |series: &Series| series.at(step).map_or_else(|| format::UNKNOWN.to_string(), format::loss);
            return Line::from(vec![
                Span::raw(format!("{name} at {}  ", format::count(step))),
                Span::styled(format!("{} {}", sign(0, false), value(train)), train_style),
                Span::raw("  "),
                Span::styled(format!("{} {}", sign(1, true), value(test)), test_style),
            ]);
        }
        let mut spans = vec![
            Span::raw(format!("{name}   ")),
            Span::styled(format!("{} {train_name}", sign(0, false)), train_style),
            Span::raw("  "),
            Span::styled(format!("{} {test_name}", sign(1, true)), test_style),
        ];
        if !holdout.is_empty() {
            spans.push(Span::styled(format!("  {} hold-out", sign(2, true)), look.style(Role::Series(2))));
        }
        if let Some(overlay) = &self.overlay {
            let known = overlay.history.as_ref().is_some_and(|history| {
                let (train, test, _) = which.series(history);
                !train.is_empty() || !test.is_empty()
            });
            if !known {
                return Line::from(spans);
            }
            spans.push(Span::styled(format!("  {} {}", sign(4, false), overlay.name), look.style(Role::Series(4))));
        }
        Line::from(spans)
    }

    /// Draws one chart.
    pub(super) fn draw_chart(&self, buffer: &mut Buffer, area: Rect, which: Which, shared: &Shared) {
        let look = &shared.look;
        let window = self.window.unwrap_or_else(|| self.whole());
        let dots = Chart::dots(area, look.symbols);
        let curve = |history: &History, series: &Series, number: usize, dashed: bool, smooth: u64| Curve {
            columns: self.axis.columns(
                history,
                series,
                window,
                dots,
                smooth,
                if std::ptr::eq(history, &self.history) { self.curves.to } else { u64::MAX },
            ),
            series: number,
            dashed,
        };
        let mut curves = Vec::new();
        if let Some(history) = self.overlay.as_ref().and_then(|overlay| overlay.history.as_ref()) {
            let (train, test, _) = which.series(history);
            curves.push(curve(history, train, 4, false, self.smoothing));
            curves.push(curve(history, test, 3, true, 1));
        }
        let (train, test, holdout) = which.series(&self.history);
        curves.push(curve(&self.history, train, 0, false, self.smoothing));
        curves.push(curve(&self.history, holdout, 2, true, 1));
        curves.push(curve(&self.history, test, 1, true, 1));
        let place = |step: u64| self.axis.of_step(&self.history, step).map(|place| window.share(place));
        let marks: Vec<(f64, char)> = self.history.marks.iter().filter_map(|(step, mark)| Some((place(*step)?, mark.sign()))).collect();
        let infinite = (f64::NEG_INFINITY, f64::INFINITY);
        let chart = Chart {
            curves: &curves,
            logarithmic: self.logarithmic && which == Which::Loss,
            limits: if which == Which::Accuracy { (0.0, 1.0) } else { infinite },
            axis: [&self.axis.label(window.from), self.axis_title(), &self.axis.label(window.to)],
            marks: &marks,
            crosshair: self.crosshair.and_then(place),
        };
        let nothing = if self.loading { "reading …" } else { "no step yet" };
        chart.draw(buffer, area, look.theme, look.symbols, nothing);
    }
}
