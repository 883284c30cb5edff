//! A canvas of dots under the cells: braille has two by four, half blocks one by two, ASCII one by one.

use crate::tui::symbols::Symbols;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Dots that become signs. A cell takes the style of the last curve drawn into it.
#[derive(Debug)]
pub struct Canvas {
    symbols: Symbols,
    columns: usize,
    rows: usize,
    dots: Vec<u8>,
    layer: Vec<u8>,
}

/// Bits of the braille signs, by column and row.
const BRAILLE: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Signs of curves in ASCII, so that they differ without colour.
const ASCII: [char; 8] = ['*', 'o', '+', 'x', '#', '@', '%', '='];

/// The sign of a curve in ASCII.
pub fn ascii_sign(layer: usize) -> char {
    ASCII[layer % ASCII.len()]
}

impl Canvas {
    /// An empty canvas of so many cells.
    pub fn new(symbols: Symbols, columns: u16, rows: u16) -> Canvas {
        let (columns, rows) = (usize::from(columns), usize::from(rows));
        Canvas { symbols, columns, rows, dots: vec![0; columns * rows], layer: vec![0; columns * rows] }
    }

    /// Dots of one cell, across and down.
    fn grain(symbols: Symbols) -> (usize, usize) {
        match symbols {
            Symbols::Braille => (2, 4),
            Symbols::Blocks => (1, 2),
            Symbols::Ascii => (1, 1),
        }
    }

    /// Dots across.
    pub fn width(&self) -> usize {
        self.columns * Canvas::grain(self.symbols).0
    }

    /// Dots down.
    pub fn height(&self) -> usize {
        self.rows * Canvas::grain(self.symbols).1
    }

    /// Sets a dot, counted from the upper left, for a layer (a curve's number).
    pub fn set(&mut self, x: usize, y: usize, layer: u8) {
        if x >= self.width() || y >= self.height() {
            return;
        }
        let (across, down) = Canvas::grain(self.symbols);
        let cell = y / down * self.columns + x / across;
        self.dots[cell] |= match self.symbols {
            Symbols::Braille => BRAILLE[x % 2][y % 4],
            Symbols::Blocks => 1 << (y % 2),
            Symbols::Ascii => 1,
        };
        self.layer[cell] = layer;
    }

    /// A line between two dots, both included. A dashed one leaves out every third and fourth dot across.
    pub fn line(&mut self, from: (usize, usize), to: (usize, usize), layer: u8, dashed: bool) {
        let (mut x, mut y) = (from.0 as i64, from.1 as i64);
        let (end_x, end_y) = (to.0 as i64, to.1 as i64);
        let (dx, dy) = ((end_x - x).abs(), -(end_y - y).abs());
        let (step_x, step_y) = ((end_x - x).signum(), (end_y - y).signum());
        let mut error = dx + dy;
        loop {
            let place = if dx >= -dy { x } else { y };
            if !dashed || place.rem_euclid(4) < 2 {
                self.set(x.max(0) as usize, y.max(0) as usize, layer);
            }
            if x == end_x && y == end_y {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += step_x;
            }
            if twice <= dx {
                error += dx;
                y += step_y;
            }
        }
    }

    /// Puts the signs into a buffer; empty cells are left as they are.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, style: impl Fn(u8) -> Style) {
        for (place, dots) in self.dots.iter().enumerate().filter(|(_, dots)| **dots > 0) {
            let (x, y) = ((place % self.columns) as u16, (place / self.columns) as u16);
            if x >= area.width || y >= area.height {
                continue;
            }
            let layer = self.layer[place];
            let sign = match self.symbols {
                Symbols::Braille => char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' '),
                Symbols::Blocks => ['▀', '▄', '█'][usize::from(*dots - 1).min(2)],
                Symbols::Ascii => ascii_sign(usize::from(layer)),
            };
            buffer[(area.x + x, area.y + y)].set_char(sign).set_style(style(layer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(symbols: Symbols) -> Vec<String> {
        let mut canvas = Canvas::new(symbols, 4, 2);
        let (width, height) = (canvas.width(), canvas.height());
        canvas.line((0, height - 1), (width - 1, 0), 0, false);
        let area = Rect::new(0, 0, 4, 2);
        let mut buffer = Buffer::empty(area);
        canvas.draw(&mut buffer, area, |_| Style::new());
        buffer.content.chunks(4).map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
    }

    #[test]
    fn a_diagonal_in_every_set_of_signs() {
        assert_eq!(picture(Symbols::Braille), ["  ⡠⠊", "⡠⠊  "]);
        assert_eq!(picture(Symbols::Blocks), ["  ▄▀", "▄▀  "]);
        assert_eq!(picture(Symbols::Ascii), ["  **", "**  "]);
    }

    #[test]
    fn dots_outside_are_left_out() {
        let mut canvas = Canvas::new(Symbols::Braille, 2, 1);
        canvas.set(99, 0, 0);
        canvas.line((0, 0), (50, 2), 0, true);
        assert_eq!(canvas.dots.len(), 2);
    }
}
