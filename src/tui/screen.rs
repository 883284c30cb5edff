//! The way to the terminal: the picture before is kept, and only what differs is written, in as few bytes as the
//! terminal's language allows, in one write, bracketed as a synchronized update. A picture that did not change writes
//! nothing.

use crate::tui::text;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use std::io::{self, Write};

/// Begins and ends a synchronized update; terminals without it ignore both.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// Bytes that a terminal shows together without being asked to.
const TOGETHER: usize = 384;

/// What the terminal shows, and where it is written to.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    shown: Buffer,
    /// Whether what the terminal shows is not known: the next picture is written whole.
    unknown: bool,
    bytes: Vec<u8>,
    pen: Pen,
    /// Bytes written so far.
    pub written: u64,
}

/// The look that the terminal would give the next character, and where it would stand.
#[derive(Debug, Default)]
struct Pen {
    look: Option<(Color, Color, Modifier)>,
    at: Option<(u16, u16)>,
}

impl<W: Write> Screen<W> {
    /// A screen whose first picture is written whole.
    pub fn new(out: W) -> Screen<W> {
        Screen { out, shown: Buffer::empty(Rect::ZERO), unknown: true, bytes: Vec::new(), pen: Pen::default(), written: 0 }
    }

    /// Forgets what the terminal shows, so that the next picture is written whole.
    pub fn forget(&mut self) {
        self.unknown = true;
    }

    /// Shows a picture.
    pub fn show(&mut self, picture: Buffer) -> io::Result<()> {
        self.bytes.clear();
        // Whatever else was written to the terminal meanwhile: each picture begins at a place that it names.
        self.pen.at = None;
        if self.unknown || self.shown.area != picture.area {
            self.bytes.extend_from_slice(b"\x1b[m\x1b[H\x1b[2J");
            self.shown = Buffer::empty(picture.area);
            self.pen = Pen { look: Some((Color::Reset, Color::Reset, Modifier::empty())), at: Some((0, 0)) };
            self.unknown = false;
        }
        let mut changes = self.shown.diff(&picture);
        by_look(&mut changes, self.pen.look);
        for (x, y, cell) in changes {
            put(&mut self.bytes, &mut self.pen, &self.shown, &picture, x, y, cell);
        }
        self.shown = picture;
        if !self.bytes.is_empty() {
            // A few bytes arrive at once anyway.
            if self.bytes.len() > TOGETHER {
                self.bytes.splice(0..0, BEGIN.iter().copied());
                self.bytes.extend_from_slice(END);
            }
            self.written += self.bytes.len() as u64;
            self.out.write_all(&self.bytes)?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// Writes a sequence that is no part of the picture.
    pub fn send(&mut self, sequence: &str) -> io::Result<()> {
        self.written += sequence.len() as u64;
        self.out.write_all(sequence.as_bytes())?;
        self.out.flush()
    }
}

/// Looks that are worth sorting by; a picture of an image has more.
const LOOKS: usize = 12;

/// Puts changes of the same look together, that of the pen first: saying a colour costs more than moving the cursor.
fn by_look(changes: &mut [(u16, u16, &Cell)], pen: Option<(Color, Color, Modifier)>) {
    let look = |cell: &Cell| (cell.fg, cell.bg, cell.modifier);
    let mut looks: Vec<(Color, Color, Modifier)> = pen.into_iter().collect();
    for (_, _, cell) in changes.iter() {
        if !looks.contains(&look(cell)) {
            looks.push(look(cell));
        }
        if looks.len() > LOOKS {
            return;
        }
    }
    changes.sort_by_key(|(_, _, cell)| looks.iter().position(|known| *known == look(cell)));
}

fn put(bytes: &mut Vec<u8>, pen: &mut Pen, shown: &Buffer, picture: &Buffer, x: u16, y: u16, cell: &Cell) {
    go(bytes, pen, shown, picture, x, y);
    let look = (cell.fg, cell.bg, cell.modifier);
    if pen.look != Some(look) {
        restyle(bytes, pen.look, look);
        pen.look = Some(look);
    }
    let symbol = cell.symbol();
    bytes.extend_from_slice(symbol.as_bytes());
    let after = x + text::width(symbol).max(1) as u16;
    // At the right edge terminals differ in where the cursor waits, and about signs outside the plain sets in how wide
    // they are: there the place is not relied upon.
    pen.at = (after < picture.area.right() && symbol.chars().all(is_plain)).then_some((after, y));
}

/// Signs whose width every terminal agrees on.
fn is_plain(sign: char) -> bool {
    matches!(sign, ' '..='~' | '─'..='╿' | '▀'..='▟' | '\u{2800}'..='\u{28ff}' | '·' | '±' | '×' | '–')
}

/// Moves the cursor in the cheapest way: not at all, over a few unchanged cells by writing them again, or by a sequence.
fn go(bytes: &mut Vec<u8>, pen: &mut Pen, shown: &Buffer, picture: &Buffer, x: u16, y: u16) {
    let Some((at_x, at_y)) = pen.at.filter(|at| *at != (x, y)) else {
        if pen.at.is_none() {
            bytes.extend_from_slice(absolute(x, y).as_bytes());
        }
        return;
    };
    if at_y == y && at_x < x {
        let gap = x - at_x;
        let between = (at_x..x).map(|column| &picture[(column, y)]);
        let plain = |cell: &&Cell| cell.symbol().len() == 1 && pen.look == Some((cell.fg, cell.bg, cell.modifier));
        if gap <= 4 && between.clone().all(|cell| plain(&cell)) && (at_x..x).all(|column| shown[(column, y)] == picture[(column, y)]) {
            between.for_each(|cell| bytes.extend_from_slice(cell.symbol().as_bytes()));
            return;
        }
        if gap == 1 {
            bytes.extend_from_slice(b"\x1b[C");
        } else {
            bytes.extend_from_slice(format!("\x1b[{gap}C").as_bytes());
        }
        return;
    }
    // Down or up and back by single steps, where that is shorter than naming the place.
    let rows = match y.abs_diff(at_y) {
        0 => String::new(),
        1 => format!("\x1b[{}", if y > at_y { 'B' } else { 'A' }),
        rows => format!("\x1b[{rows}{}", if y > at_y { 'B' } else { 'A' }),
    };
    let columns = match x.abs_diff(at_x) {
        0 => String::new(),
        back if x < at_x && back <= 5 => "\u{8}".repeat(usize::from(back)),
        1 => "\x1b[C".into(),
        on if x > at_x => format!("\x1b[{on}C"),
        _ => format!("\x1b[{}G", x + 1),
    };
    let (whole, relative) = (absolute(x, y), rows + &columns);
    bytes.extend_from_slice(if relative.len() < whole.len() { &relative } else { &whole }.as_bytes());
}

fn absolute(x: u16, y: u16) -> String {
    if x == 0 { format!("\x1b[{}H", y + 1) } else { format!("\x1b[{};{}H", y + 1, x + 1) }
}

const MODIFIERS: [(Modifier, u8); 5] =
    [(Modifier::BOLD, 1), (Modifier::DIM, 2), (Modifier::ITALIC, 3), (Modifier::UNDERLINED, 4), (Modifier::REVERSED, 7)];

fn restyle(bytes: &mut Vec<u8>, from: Option<(Color, Color, Modifier)>, to: (Color, Color, Modifier)) {
    let mut parts: Vec<String> = Vec::new();
    let (mut fg, mut bg, mut modifier) = from.unwrap_or((Color::Reset, Color::Reset, Modifier::all()));
    // Taking a modifier away costs as much as starting anew, which also covers colours that go back to the default.
    if !to.2.contains(modifier) || (to.0 == Color::Reset && fg != to.0) || (to.1 == Color::Reset && bg != to.1) {
        parts.push(String::new());
        (fg, bg, modifier) = (Color::Reset, Color::Reset, Modifier::empty());
    }
    for (flag, code) in MODIFIERS {
        if to.2.contains(flag) && !modifier.contains(flag) {
            parts.push(code.to_string());
        }
    }
    if to.0 != fg {
        parts.push(colour(to.0, 30));
    }
    if to.1 != bg {
        parts.push(colour(to.1, 40));
    }
    bytes.extend_from_slice(b"\x1b[");
    bytes.extend_from_slice(parts.join(";").as_bytes());
    bytes.push(b'm');
}

/// The parameters that choose a colour; `base` is 30 for the text and 40 for the ground.
fn colour(colour: Color, base: u8) -> String {
    let plain = |number: u8| (base + number).to_string();
    let bright = |number: u8| (base + 60 + number).to_string();
    match colour {
        Color::Reset => (base + 9).to_string(),
        Color::Black => plain(0),
        Color::Red => plain(1),
        Color::Green => plain(2),
        Color::Yellow => plain(3),
        Color::Blue => plain(4),
        Color::Magenta => plain(5),
        Color::Cyan => plain(6),
        Color::Gray => plain(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(number) => format!("{};5;{number}", base + 8),
        Color::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn picture(lines: &[(&str, Style)]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, lines.len() as u16));
        for (y, (line, style)) in lines.iter().enumerate() {
            buffer.set_string(0, y as u16, line, *style);
        }
        buffer
    }

    #[test]
    fn an_unchanged_picture_writes_nothing() {
        let mut screen = Screen::new(Vec::new());
        screen.show(picture(&[("loss 1.4127", Style::new())])).expect("written");
        let before = screen.written;
        assert!(before > 0);
        screen.show(picture(&[("loss 1.4127", Style::new())])).expect("written");
        assert_eq!(screen.written, before);
        screen.forget();
        screen.show(picture(&[("loss 1.4127", Style::new())])).expect("written");
        assert!(screen.written > before);
    }

    #[test]
    fn a_changed_digit_costs_a_move_and_the_digit() {
        let mut screen = Screen::new(Vec::new());
        screen.show(picture(&[("loss 1.4127", Style::new())])).expect("written");
        let before = screen.out.len();
        screen.show(picture(&[("loss 1.4129", Style::new())])).expect("written");
        let update = String::from_utf8(screen.out[before..].to_vec()).expect("text");
        assert_eq!(update, "\x1b[1;11H9");
    }

    #[test]
    fn what_lies_below_is_reached_by_steps_and_much_is_shown_together() {
        let mut screen = Screen::new(Vec::new());
        screen.show(picture(&[("loss  1.4127", Style::new()), ("norm    0.812", Style::new())])).expect("written");
        let before = screen.out.len();
        screen.show(picture(&[("loss  1.4155", Style::new()), ("norm    0.813", Style::new())])).expect("written");
        assert_eq!(String::from_utf8_lossy(&screen.out[before..]), "\x1b[1;11H55\x1b[B3");
        let before = screen.out.len();
        let many: Vec<(&str, Style)> = (0..40).map(|_| ("all of it is new now", Style::new())).collect();
        screen.show(picture(&many)).expect("written");
        let update = String::from_utf8_lossy(&screen.out[before..]).into_owned();
        assert!(update.starts_with("\x1b[?2026h") && update.ends_with("\x1b[?2026l"));
    }

    #[test]
    fn the_terminal_shows_the_picture() {
        let red = Style::new().fg(Color::Rgb(200, 10, 10)).add_modifier(Modifier::BOLD);
        let first = picture(&[("epoch 1 of 3", Style::new()), ("⡇⠑⠤ 漢字 end", red), ("x", Style::new().bg(Color::Indexed(24)))]);
        let second = picture(&[("epoch 2 of 3 now", Style::new()), ("⡇⠑⠢ 字漢 END", Style::new()), ("xyz  w", red)]);
        let mut screen = Screen::new(Vec::new());
        let mut terminal = vt100::Parser::new(3, 20, 0);
        for shown in [first, second] {
            let before = screen.out.len();
            screen.show(shown.clone()).expect("written");
            terminal.process(&screen.out[before..]);
            for y in 0..3 {
                for x in 0..20 {
                    let cell = terminal.screen().cell(y, x).expect("a cell");
                    if cell.is_wide_continuation() {
                        continue;
                    }
                    let expected = &shown[(x, y)];
                    let seen = if cell.has_contents() { cell.contents() } else { " " };
                    assert_eq!(seen, expected.symbol(), "at {x}, {y}");
                    assert_eq!(cell.bold(), expected.modifier.contains(Modifier::BOLD), "at {x}, {y}");
                    if let Color::Rgb(r, g, b) = expected.fg {
                        assert_eq!(cell.fgcolor(), vt100::Color::Rgb(r, g, b));
                    } else {
                        assert_eq!(cell.fgcolor(), vt100::Color::Default, "at {x}, {y}");
                    }
                }
            }
        }
    }
}
