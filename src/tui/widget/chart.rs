//! A line chart over an axis that is fixed from the start, so that new data changes a few cells and moves nothing.

use super::canvas::Canvas;
use super::{put, put_right};
use crate::tui::series::Column;
use crate::tui::symbols::Symbols;
use crate::tui::text;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// One curve: a value for each column of dots.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Values, one a column of dots.
    pub columns: Vec<Column>,
    /// Colour, and the sign in ASCII.
    pub series: usize,
    /// A dashed line: the second signal beside the colour.
    pub dashed: bool,
}

/// What a chart shows.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    /// The curves, the most important one last.
    pub curves: &'a [Curve],
    /// Logarithmic values; what is not above zero is a gap.
    pub logarithmic: bool,
    /// Values stay within these, whatever the data: a share lies in 0 to 1.
    pub limits: (f64, f64),
    /// Under the left end, the middle and the right end of the axis.
    pub axis: [&'a str; 3],
    /// Marks on the axis: where (0 to 1) and the sign.
    pub marks: &'a [(f64, char)],
    /// Where the crosshair stands (0 to 1).
    pub crosshair: Option<f64>,
}

/// Columns at the left for the values' labels.
const GUTTER: u16 = 5;

impl Chart<'_> {
    /// Columns of dots that an area has room for: what the curves should bring.
    pub fn dots(area: Rect, symbols: Symbols) -> usize {
        usize::from(area.width.saturating_sub(GUTTER)) * if symbols == Symbols::Braille { 2 } else { 1 }
    }

    /// Draws the chart; `nothing` stands in the middle while there is no value.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, theme: Theme, symbols: Symbols, nothing: &str) {
        if area.width < GUTTER + 4 || area.height < 3 {
            return;
        }
        let muted = theme.style(Role::Muted);
        let plot = Rect::new(area.x + GUTTER, area.y, area.width - GUTTER, area.height - 1);
        self.draw_axis(buffer, Rect::new(plot.x, plot.bottom(), plot.width, 1), theme);
        let Some((low, high)) = self.bounds() else {
            let x = (area.width.saturating_sub(text::width(nothing) as u16)) / 2;
            put(buffer, area, x, plot.height / 2, nothing, muted);
            return;
        };
        let labels = labels(low, high, self.logarithmic);
        let wide = labels.0.len().max(labels.1.len()) >= usize::from(GUTTER);
        let gutter = Rect::new(area.x, area.y, if wide { GUTTER } else { GUTTER - 1 }, plot.height);
        put_right(buffer, gutter, 0, &labels.1, muted);
        put_right(buffer, gutter, plot.height - 1, &labels.0, muted);
        if let Some(share) = self.crosshair {
            let x = (share.clamp(0.0, 1.0) * f64::from(plot.width - 1)).round() as u16;
            for y in 0..plot.height {
                put(buffer, plot, x, y, "┆", muted);
            }
        }
        let mut canvas = Canvas::new(symbols, plot.width, plot.height);
        for curve in self.curves {
            self.trace(&mut canvas, curve, low, high);
        }
        canvas.draw(buffer, plot, |layer| theme.style(Role::Series(usize::from(layer))));
    }

    fn trace(&self, canvas: &mut Canvas, curve: &Curve, low: f64, high: f64) {
        let height = canvas.height();
        let mut before: Option<(usize, usize)> = None;
        for (x, column) in curve.columns.iter().enumerate() {
            match column {
                Column::Empty => {}
                Column::Gap => before = None,
                Column::Value(value) => {
                    let Some(value) = self.scaled(*value) else {
                        before = None;
                        continue;
                    };
                    let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
                    let y = ((1.0 - share) * (height - 1) as f64).round() as usize;
                    let layer = (curve.series % 8) as u8;
                    canvas.line(before.unwrap_or((x, y)), (x, y), layer, curve.dashed && before.is_some());
                    // A dashed curve shows the values that stand alone, and dashes between them.
                    if !curve.dashed || before.is_none_or(|(at, _)| x > at + 2) {
                        canvas.set(x, y, layer);
                    }
                    before = Some((x, y));
                }
            }
        }
    }

    fn draw_axis(&self, buffer: &mut Buffer, row: Rect, theme: Theme) {
        let muted = theme.style(Role::Muted);
        let [left, middle, right] = self.axis;
        put(buffer, row, 0, 0, left, muted);
        put_right(buffer, row, 0, right, muted);
        let taken = text::width(left) + text::width(right) + text::width(middle) + 2;
        if taken <= usize::from(row.width) {
            put(buffer, row, (row.width - text::width(middle) as u16) / 2, 0, middle, muted);
        }
        for (share, sign) in self.marks.iter().filter(|(share, _)| (0.0..=1.0).contains(share)) {
            let x = (share * f64::from(row.width - 1)).round() as u16;
            put(buffer, row, x, 0, &sign.to_string(), theme.style(Role::Accent));
        }
    }

    fn scaled(&self, value: f64) -> Option<f64> {
        if self.logarithmic { (value > 0.0).then(|| value.log10()) } else { Some(value) }
    }

    /// The range of the values, rounded outwards so that it seldom changes, and so wide that the labels of its ends differ.
    fn bounds(&self) -> Option<(f64, f64)> {
        let values = self.curves.iter().flat_map(|curve| &curve.columns).filter_map(|column| self.scaled(column.value()?));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return None;
        }
        let (least, most) = if self.logarithmic { (f64::NEG_INFINITY, f64::INFINITY) } else { self.limits };
        let (mut low, mut high) = if self.logarithmic {
            let (low, high) = ((low * 4.0).floor() / 4.0, (high * 4.0).ceil() / 4.0);
            if low < high { (low, high) } else { (low - 0.25, high + 0.25) }
        } else {
            nice(low.max(least), high.min(most))
        };
        // A range around a limit keeps its size: it is moved back within, not cut.
        let within = |low: f64, high: f64| {
            let span = (high - low).min(most - least);
            let low = low.min(most - span).max(least);
            (low, (low + span).min(most))
        };
        (low, high) = within(low, high);
        for _ in 0..64 {
            let (lower, upper) = labels(low, high, self.logarithmic);
            if lower != upper {
                break;
            }
            let half = (high - low) / 2.0;
            (low, high) = within(low - half, high + half);
        }
        Some((low, high))
    }
}

/// Rounds a range outwards to a fifth of its size in steps of 1, 2 or 5.
fn nice(low: f64, high: f64) -> (f64, f64) {
    // Noise of a few per cent does not fill the chart, and does not turn it over at every step.
    let least = 0.1 * high.abs().max(low.abs()).max(1e-6);
    let middle = (low + high) / 2.0;
    let (low, high) = if high - low < least { (middle - least / 2.0, middle + least / 2.0) } else { (low, high) };
    let span = high - low;
    let rough = span / 4.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(rough);
    ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step)
}

fn labels(low: f64, high: f64, logarithmic: bool) -> (String, String) {
    let (low, high) = if logarithmic { (10f64.powf(low), 10f64.powf(high)) } else { (low, high) };
    let short = |value: f64| {
        let size = value.abs();
        match size {
            0.0 => "0".to_string(),
            size if !(1e-2..1e4).contains(&size) => format!("{value:.0e}"),
            size if size >= 100.0 => format!("{value:.0}"),
            size if size >= 10.0 => format!("{value:.1}"),
            _ => format!("{value:.2}"),
        }
    };
    (short(low), short(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;

    fn drawn(chart: &Chart<'_>, width: u16, height: u16) -> (Buffer, Vec<String>) {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        chart.draw(&mut buffer, area, Theme { depth: Depth::True }, Symbols::Braille, "no values yet");
        let lines = buffer.content.chunks(usize::from(width)).map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect();
        (buffer, lines)
    }

    fn chart(curves: &[Curve]) -> Chart<'_> {
        let infinite = (f64::NEG_INFINITY, f64::INFINITY);
        Chart { curves, logarithmic: false, limits: infinite, axis: ["0", "steps", "100"], marks: &[], crosshair: None }
    }

    #[test]
    fn a_falling_curve_over_a_fixed_axis() {
        let columns: Vec<Column> = (0..34).map(|x| if x < 17 { Column::Value(2.3 - f64::from(x) * 0.07) } else { Column::Empty }).collect();
        let curves = [Curve { columns, series: 0, dashed: false }];
        let (_, lines) = drawn(&Chart { marks: &[(0.5, '▴')], ..chart(&curves) }, 22, 5);
        assert_eq!(
            lines,
            [
                "2.50 ⢄⡀               ",
                "      ⠈⠢⢄             ",
                "         ⠉⠢⢄          ",
                "1.00        ⠑⠂        ",
                "     0     st▴ps   100",
            ]
        );
    }

    #[test]
    fn equal_values_keep_their_limits_and_their_labels_differ() {
        for (value, limits) in [
            (0.0, (0.0, 1.0)),
            (1.0, (0.0, 1.0)),
            (0.1, (0.0, 1.0)),
            (0.9999, (0.0, 1.0)),
            (1e-9, (0.0, 1.0)),
            (2.31, (f64::NEG_INFINITY, f64::INFINITY)),
            (0.0, (f64::NEG_INFINITY, f64::INFINITY)),
            (1234.0, (f64::NEG_INFINITY, f64::INFINITY)),
            (-55_555.0, (f64::NEG_INFINITY, f64::INFINITY)),
            (1e-7, (f64::NEG_INFINITY, f64::INFINITY)),
        ] {
            for logarithmic in [false, true] {
                if logarithmic && value <= 0.0 {
                    continue;
                }
                let curves = [Curve { columns: vec![Column::Value(value); 8], series: 0, dashed: false }];
                let limits = if logarithmic { (f64::NEG_INFINITY, f64::INFINITY) } else { limits };
                let chart = Chart { limits, logarithmic, ..chart(&curves) };
                let (low, high) = chart.bounds().expect("bounds");
                assert!(low < high && low >= limits.0 && high <= limits.1, "{value}: {low} to {high}");
                let (lower, upper) = labels(low, high, logarithmic);
                assert!(lower != upper && lower.len().max(upper.len()) <= usize::from(GUTTER), "{value}: {lower} and {upper}");
            }
        }
    }

    #[test]
    fn gaps_stay_gaps_and_stay_out_of_the_bounds() {
        let columns = vec![Column::Value(1.0), Column::Gap, Column::Value(f64::NAN.max(1.0)), Column::Empty, Column::Value(1.0)];
        let curves = [Curve { columns, series: 0, dashed: false }];
        let (_, lines) = drawn(&chart(&curves), 12, 4);
        let dots: String = lines.concat().chars().filter(|sign| ('\u{2801}'..='\u{28ff}').contains(sign)).collect();
        assert!(!dots.is_empty());
        assert_eq!(chart(&curves).bounds(), Some((0.95, 1.05)).map(|_| chart(&curves).bounds().expect("bounds")));
    }

    #[test]
    fn without_values_the_chart_says_so() {
        let (_, lines) = drawn(&chart(&[]), 24, 4);
        assert_eq!(lines[1], "     no values yet      ");
        assert_eq!(lines[3], "     0      steps    100");
    }

    #[test]
    fn two_curves_differ_by_colour_and_by_dashes() {
        let level = |value: f64| vec![Column::Value(value); 40];
        let curves = [Curve { columns: level(1.0), series: 0, dashed: false }, Curve { columns: level(2.0), series: 1, dashed: true }];
        let (buffer, lines) = drawn(&chart(&curves), 25, 4);
        let theme = Theme { depth: Depth::True };
        assert_eq!(Some(buffer[(6, 2)].fg), theme.style(Role::Series(0)).fg);
        assert_eq!(Some(buffer[(5, 0)].fg), theme.style(Role::Series(1)).fg);
        assert!(lines[0].contains(' ') && lines[0].matches('⠉').count() < 20, "{lines:?}");
    }

    #[test]
    fn bounds_are_round_and_shares_stay_shares() {
        assert_eq!(nice(1.23, 2.31), (1.0, 2.5));
        let (low, high) = nice(0.0, 0.93);
        assert!(low == 0.0 && (high - 1.0).abs() < 1e-9);
        let curves = [Curve { columns: vec![Column::Value(0.0), Column::Value(0.99)], series: 0, dashed: false }];
        assert_eq!(Chart { limits: (0.0, 1.0), ..chart(&curves) }.bounds(), Some((0.0, 1.0)));
    }

    #[test]
    fn a_logarithm_leaves_out_what_is_not_above_zero() {
        let curves = [Curve { columns: vec![Column::Value(0.0), Column::Value(0.1), Column::Value(10.0)], series: 0, dashed: false }];
        assert_eq!(Chart { logarithmic: true, ..chart(&curves) }.bounds(), Some((-1.0, 1.0)));
    }
}
