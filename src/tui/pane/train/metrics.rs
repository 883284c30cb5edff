//! The box `now`: every metric with its value, its sparkline and its range.

use super::Train;
use crate::tui::format;
use crate::tui::look::Size;
use crate::tui::series::Series;
use crate::tui::shared::Shared;
use crate::tui::text::{self, width};
use crate::tui::theme::Role;
use crate::tui::widget::{put, sparkline};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// One metric as a row.
struct Row<'a> {
    label: String,
    value: String,
    series: &'a Series,
    remark: String,
}

impl Train {
    /// How many metrics there are.
    pub(super) fn metrics(&self) -> usize {
        self.metric_rows().len()
    }

    fn metric_rows(&self) -> Vec<Row<'_>> {
        if self.is_study() { self.rows_of_orders() } else { self.rows_of_steps() }
    }

    /// Of a study: what its orders come to, from parent to parent.
    fn rows_of_orders(&self) -> Vec<Row<'_>> {
        let history = &self.history;
        let orders = &history.orders;
        let after = if history.evaluated > 0 { format!("best of epoch {}", history.evaluated) } else { "no epoch done".into() };
        let shown =
            |series: &Series, format: fn(f64) -> String| series.last().map_or_else(|| format::UNKNOWN.into(), |(_, value)| format(value));
        let row = |label: &str, series, remark: String| Row { label: label.into(), value: shown(series, format::loss), series, remark };
        let rate = Row { value: shown(&orders.rate, |rate| format!("{rate:.1}")), ..row("orders per second", &orders.rate, String::new()) };
        vec![
            row("test accuracy", &history.test_accuracy, after),
            row("lowest loss", &orders.lowest_loss, "of a parent's orders".into()),
            row("highest loss", &orders.highest_loss, String::new()),
            row("highest accuracy", &orders.highest_accuracy, String::new()),
            row("lowest accuracy", &orders.lowest_accuracy, String::new()),
            rate,
            row("test loss", &history.test_loss, String::new()),
        ]
    }

    fn rows_of_steps(&self) -> Vec<Row<'_>> {
        let history = &self.history;
        let last = |series: &Series| series.last().map(|(_, value)| value);
        let loss = |series: &Series| last(series).map_or_else(|| format::UNKNOWN.into(), format::loss);
        let number = |series: &Series| last(series).map_or_else(|| format::UNKNOWN.into(), format::short);
        let range = |series: &Series| series.range().map(|(low, high)| format!("{low:.2}–{high:.2}")).unwrap_or_default();
        let after = if history.evaluated > 0 { format!("after epoch {}", history.evaluated) } else { "not evaluated yet".into() };
        let after = self.published_accuracy().unwrap_or(after);
        let norm = self.published_norm().unwrap_or_else(|| "sum of tensor norms".into());
        let row = |label: &str, value: String, series, remark: String| Row { label: label.into(), value, series, remark };
        let mut rows = vec![
            row("train loss", loss(&history.train_loss), &history.train_loss, range(&history.train_loss)),
            row("test accuracy", format::accuracy(last(&history.test_accuracy)), &history.test_accuracy, after),
        ];
        if !history.chosen.is_empty() {
            let remark = chosen_remark(history.candidates, history.plain_steps);
            rows.push(row(&format!("chosen {}", history.scorer), loss(&history.chosen), &history.chosen, remark));
        }
        rows.push(row("learning rate", number(&history.lr), &history.lr, String::new()));
        rows.push(row("weight norm", number(&history.norm_sum), &history.norm_sum, norm));
        let cost = history.scoring_share().map(|share| format!("score {:>2.0} %, train {:>2.0} %", share * 100.0, 100.0 - share * 100.0));
        let rate = self.curves.rate.map_or_else(|| format::UNKNOWN.into(), |rate| format::count(three_digits(rate)));
        rows.push(row("images per second", rate, &history.rate, cost.unwrap_or_default()));
        if !history.holdout_accuracy.is_empty() {
            let value = format::accuracy(last(&history.holdout_accuracy));
            rows.insert(2, row("hold-out accuracy", value, &history.holdout_accuracy, range(&history.holdout_accuracy)));
        }
        rows.push(row(
            "train accuracy",
            format::accuracy(last(&history.train_accuracy)),
            &history.train_accuracy,
            range(&history.train_accuracy),
        ));
        rows.push(row("test loss", loss(&history.test_loss), &history.test_loss, range(&history.test_loss)));
        rows
    }

    /// Draws the rows in view.
    pub(super) fn draw_metrics(&self, buffer: &mut Buffer, area: Rect, size: Size, window: std::ops::Range<usize>, shared: &Shared) {
        let look = &shared.look;
        let (label_width, value_width) = (18u16, 8u16);
        let spark_x = 1 + label_width + value_width + 2;
        let rows = self.metric_rows();
        // What is said behind a curve matters more than its length.
        let said = rows.iter().map(|row| width(&row.remark)).max().unwrap_or(0) as u16;
        let spark_width = match size {
            Size::Small | Size::TooSmall => 14,
            _ => usize::from(area.width.saturating_sub(spark_x + 2 + said).clamp(14, 24)),
        };
        for (y, row) in rows[window].iter().enumerate() {
            let y = y as u16;
            put(buffer, area, 1, y, &text::left(&row.label, usize::from(label_width)), look.style(Role::Text));
            put(buffer, area, 1 + label_width, y, &text::right(&row.value, usize::from(value_width)), look.style(Role::Value));
            let spark = sparkline::row(&row.series.spark(spark_width, self.curves.to), look.symbols);
            put(buffer, area, spark_x, y, &spark, look.style(Role::Series(0)));
            let remark_x = spark_x + spark_width as u16 + 2;
            if remark_x + width(&row.remark) as u16 <= area.width {
                put(buffer, area, remark_x, y, &row.remark, look.style(Role::Muted));
            }
        }
    }
}

/// How many candidates there were, and what a step costs with them.
fn chosen_remark(candidates: usize, plain_steps: Option<f64>) -> String {
    match plain_steps {
        Some(plain) if candidates < 100 => format!("K = {candidates}, {plain:.1} plain steps"),
        Some(plain) => format!("{candidates} · {plain:.0} plain steps"),
        None => format!("{candidates} candidates"),
    }
}

/// A number rounded to three digits.
fn three_digits(value: f64) -> u64 {
    let power = 10f64.powf((value.max(1.0).log10().floor() - 2.0).max(0.0));
    ((value / power).round() * power) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_choice_costs_fits_beside_its_curve() {
        assert_eq!(chosen_remark(8, Some(11.66)), "K = 8, 11.7 plain steps");
        assert_eq!(chosen_remark(391, Some(522.3)), "391 · 522 plain steps");
        assert_eq!(chosen_remark(8, None), "8 candidates");
    }

    #[test]
    fn a_pace_has_three_digits() {
        assert_eq!(three_digits(0.4), 0);
        assert_eq!(three_digits(21.6), 22);
        assert_eq!(three_digits(12_345.6), 12_300);
    }
}
