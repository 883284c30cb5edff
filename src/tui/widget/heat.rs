//! A heat map: how much lies where, by the darkness of a sign. Darkness is the second signal beside colour, and enough
//! without it.

use super::{put, put_right};
use crate::tui::format;
use crate::tui::symbols::Symbols;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns at the left for the values' labels.
pub const GUTTER: u16 = 7;

/// What a heat map shows.
#[derive(Debug, Clone)]
pub struct HeatMap<'a> {
    /// Amounts, row by row from the top.
    pub cells: &'a [Vec<f64>],
    /// Beside the first and the last row.
    pub labels: [String; 2],
    /// Under the left end, the middle and the right end.
    pub axis: [&'a str; 3],
    /// A column that is marked.
    pub marked: Option<usize>,
}

impl HeatMap<'_> {
    /// Columns and rows of cells that an area has room for.
    pub fn room(area: Rect) -> (usize, usize) {
        (usize::from(area.width.saturating_sub(GUTTER)), usize::from(area.height.saturating_sub(1)))
    }

    /// Draws it.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, theme: Theme, symbols: Symbols) {
        let (columns, rows) = HeatMap::room(area);
        if columns < 4 || rows == 0 {
            return;
        }
        let muted = theme.style(Role::Muted);
        let gutter = Rect { width: GUTTER - 1, ..area };
        put_right(buffer, gutter, 0, &self.labels[0], muted);
        if rows > 1 {
            put_right(buffer, gutter, rows as u16 - 1, &self.labels[1], muted);
        }
        let plot = Rect::new(area.x + GUTTER, area.y, area.width - GUTTER, rows as u16);
        let most = self.cells.iter().flatten().copied().fold(0.0, f64::max);
        let shades: [char; 4] = if symbols == Symbols::Ascii { ['.', ':', '*', '#'] } else { ['░', '▒', '▓', '█'] };
        for (y, row) in self.cells.iter().enumerate().take(rows) {
            for (x, amount) in row.iter().enumerate().take(columns) {
                if let Some(shade) = shade(*amount, most) {
                    put(buffer, plot, x as u16, y as u16, &shades[shade].to_string(), theme.style(Role::Series(0)));
                } else if self.marked == Some(x) {
                    put(buffer, plot, x as u16, y as u16, "┆", muted);
                }
            }
        }
        let row = Rect { y: area.y + rows as u16, height: 1, ..plot };
        let [left, middle, right] = self.axis;
        put(buffer, row, 0, 0, left, muted);
        put_right(buffer, row, 0, right, muted);
        let width = crate::tui::text::width;
        // The mark may stand anywhere: a word in its way could not be read.
        if self.marked.is_none() && width(left) + width(right) + width(middle) + 2 <= usize::from(row.width) {
            put(buffer, row, (row.width - width(middle) as u16) / 2, 0, middle, muted);
        }
        if let Some(x) = self.marked {
            put(buffer, row, x.min(columns - 1) as u16, 0, "▴", theme.style(Role::Accent));
        }
    }
}

/// Which of four shades an amount has: by its root, so that what is rare is seen beside what is frequent.
fn shade(amount: f64, most: f64) -> Option<usize> {
    (amount > 1e-9 && most > 0.0).then(|| (((amount / most).sqrt() * 4.0).ceil() as usize).clamp(1, 4) - 1)
}

/// A label for a score at the edge of a map, at most six columns wide.
pub fn label(value: f64) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".into(),
        size if !(1e-3..1e4).contains(&size) => format!("{value:.0e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format::loss(value).chars().take(6).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;

    #[test]
    fn amounts_become_shades() {
        let cells = vec![vec![0.0, 1.0, 4.0, 16.0], vec![9.0, 0.0, 0.0, 0.0]];
        let map = HeatMap { cells: &cells, labels: [label(0.03), label(0.0)], axis: ["0", "", "99"], marked: Some(1) };
        let area = Rect::new(0, 0, GUTTER + 4, 3);
        let drawn = |symbols| {
            let mut buffer = Buffer::empty(area);
            map.draw(&mut buffer, area, Theme { depth: Depth::None }, symbols);
            buffer.content.chunks(11).map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>()).collect::<Vec<_>>()
        };
        assert_eq!(drawn(Symbols::Braille), ["0.0300  ░▒█", "     0 ▓┆  ", "       0▴99"]);
        assert_eq!(drawn(Symbols::Ascii)[0], "0.0300  .:#");
    }

    #[test]
    fn labels_are_short() {
        for value in [0.0, -0.0041, 0.03, 12.345, -123.4, 1e-9, 3e7, 5.5] {
            assert!(label(value).len() <= 6, "{}", label(value));
        }
    }
}
