//! Widgets that know nothing of runs: they draw what they are given into a buffer.

pub mod boxes;
pub mod canvas;
pub mod chart;
pub mod edit;
pub mod gauge;
pub mod heat;
pub mod list;
pub mod sparkline;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// Writes a text at a place of an area, cut at the area's right edge. Nothing is written outside the area.
pub fn put(buffer: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) {
    if x < area.width && y < area.height {
        let room = usize::from(area.width - x);
        buffer.set_stringn(area.x + x, area.y + y, super::text::cut(text, room), room, style);
    }
}

/// Writes a styled line at a row of an area, cut at its right edge.
pub fn put_line(buffer: &mut Buffer, area: Rect, y: u16, line: &Line<'_>) {
    if y < area.height {
        buffer.set_line(area.x, area.y + y, line, area.width);
    }
}

/// Writes a text so that it ends at the right edge of an area.
pub fn put_right(buffer: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) {
    let width = super::text::width(text).min(usize::from(area.width)) as u16;
    put(buffer, area, area.width - width, y, text, style);
}
