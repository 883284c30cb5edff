//! Boxes that share borders: neighbours overlap by one cell, and the crossing is drawn as one sign.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

const UP: u8 = 1;
const RIGHT: u8 = 2;
const DOWN: u8 = 4;
const LEFT: u8 = 8;

/// One box: its place with the border, what stands on the border, and whether it has the focus.
#[derive(Debug, Clone, Default)]
pub struct Pane<'a> {
    /// The box with its border.
    pub area: Rect,
    /// On the top border, at the left.
    pub title: Line<'a>,
    /// Lines above what is shown.
    pub above: usize,
    /// Lines below what is shown.
    pub below: usize,
    /// Whether it has the focus.
    pub focused: bool,
}

impl Pane<'_> {
    /// What is inside the border.
    pub fn inner(area: Rect) -> Rect {
        Rect::new(area.x + 1, area.y + 1, area.width.saturating_sub(2), area.height.saturating_sub(2))
    }
}

/// Draws boxes and what stands on their borders; the focused one last, in the accent.
pub fn draw(buffer: &mut Buffer, panes: &[Pane<'_>], muted: Style, accent: Style) {
    let bounds = panes.iter().fold(Rect::ZERO, |bounds, pane| if bounds.area() == 0 { pane.area } else { bounds.union(pane.area) });
    let bounds = bounds.intersection(buffer.area);
    let mut joints = vec![0u8; usize::from(bounds.width) * usize::from(bounds.height)];
    let mut styles = vec![muted; joints.len()];
    let (normal, focused): (Vec<&Pane<'_>>, Vec<&Pane<'_>>) = panes.iter().partition(|pane| !pane.focused);
    for pane in normal.iter().chain(&focused) {
        let area = pane.area.intersection(bounds);
        if area.width < 2 || area.height < 2 {
            continue;
        }
        let mut add = |x: u16, y: u16, directions: u8| {
            let place = usize::from(y - bounds.y) * usize::from(bounds.width) + usize::from(x - bounds.x);
            joints[place] |= directions;
            if pane.focused {
                styles[place] = accent;
            }
        };
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.x + 1..right {
            add(x, area.y, LEFT | RIGHT);
            add(x, bottom, LEFT | RIGHT);
        }
        for y in area.y + 1..bottom {
            add(area.x, y, UP | DOWN);
            add(right, y, UP | DOWN);
        }
        add(area.x, area.y, RIGHT | DOWN);
        add(right, area.y, LEFT | DOWN);
        add(area.x, bottom, RIGHT | UP);
        add(right, bottom, LEFT | UP);
    }
    for (place, joint) in joints.iter().enumerate().filter(|(_, joint)| **joint > 0) {
        let (x, y) = (place % usize::from(bounds.width), place / usize::from(bounds.width));
        buffer[(bounds.x + x as u16, bounds.y + y as u16)].set_char(sign(*joint)).set_style(styles[place]);
    }
    for pane in normal.iter().chain(&focused) {
        on_border(buffer, pane, if pane.focused { accent } else { muted });
    }
}

fn sign(joint: u8) -> char {
    const SIGNS: [char; 16] = [' ', '│', '─', '╰', '│', '│', '╭', '├', '─', '╯', '─', '┴', '╮', '┤', '┬', '┼'];
    SIGNS[usize::from(joint & 15)]
}

fn on_border(buffer: &mut Buffer, pane: &Pane<'_>, style: Style) {
    let area = pane.area.intersection(buffer.area);
    if area.width < 4 || area.height < 2 {
        return;
    }
    let mut room = area.width - 3;
    if pane.above > 0 {
        room = room.saturating_sub(mark(buffer, area, area.y, &format!(" ↑ {} more ", pane.above), style));
    }
    if pane.below > 0 {
        mark(buffer, area, area.bottom() - 1, &format!(" ↓ {} more ", pane.below), style);
    }
    let title = &pane.title;
    if title.width() == 0 || room < 4 {
        return;
    }
    let (x, y) = (area.x + 1, area.y);
    buffer.set_string(x, y, "─", style);
    let width = title.width().min(usize::from(room - 3)) as u16;
    buffer.set_string(x + 1, y, " ", style);
    buffer.set_style(Rect::new(x + 2, y, width, 1), Style::reset());
    buffer.set_line(x + 2, y, title, width);
    if pane.focused {
        // The title takes the accent where it has no colour of its own.
        for column in x + 2..x + 2 + width {
            let cell = &mut buffer[(column, y)];
            if cell.fg == ratatui::style::Color::Reset {
                cell.set_style(style);
            }
        }
    }
    buffer.set_string(x + 2 + width, y, " ", style);
}

/// A scroll mark at the right of a border; answers the columns it took.
fn mark(buffer: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) -> u16 {
    let width = super::super::text::width(text) as u16;
    if width + 3 > area.width {
        return 0;
    }
    buffer.set_string(area.right() - 2 - width, y, text, style);
    width + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;

    fn lines(buffer: &Buffer) -> Vec<String> {
        let width = usize::from(buffer.area.width);
        buffer.content.chunks(width).map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
    }

    #[test]
    fn neighbours_share_a_border() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 7));
        let pane = |x, y, width, height, title: &'static str| Pane {
            area: Rect::new(x, y, width, height),
            title: title.into(),
            ..Pane::default()
        };
        let panes = [pane(0, 0, 24, 3, "one"), pane(0, 2, 12, 5, "two"), Pane { below: 6, focused: true, ..pane(11, 2, 13, 5, "three") }];
        draw(&mut buffer, &panes, Style::new(), Style::new().fg(Color::Cyan));
        assert_eq!(
            lines(&buffer),
            [
                "╭─ one ────────────────╮",
                "│                      │",
                "├─ two ────┬─ three ───┤",
                "│          │           │",
                "│          │           │",
                "│          │           │",
                "╰──────────┴ ↓ 6 more ─╯",
            ]
        );
        assert_eq!(buffer[(11, 4)].fg, Color::Cyan, "the shared border belongs to the focused box");
        assert_eq!(buffer[(15, 2)].fg, Color::Cyan, "and so does its title");
        assert_eq!(buffer[(0, 4)].fg, Color::Reset);
    }

    #[test]
    fn a_box_too_small_for_its_title_stays_a_box() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 5, 2));
        draw(
            &mut buffer,
            &[Pane { area: Rect::new(0, 0, 5, 2), title: "long title".into(), ..Pane::default() }],
            Style::new(),
            Style::new(),
        );
        assert_eq!(lines(&buffer), ["╭───╮", "╰───╯"]);
    }
}
