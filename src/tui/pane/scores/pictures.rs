//! The images of a step's batch in half blocks.

use super::Scores;
use crate::tui::images;
use crate::tui::look::Look;
use crate::tui::text;
use crate::tui::theme::Role;
use crate::tui::widget::put;
use curricle_core::data::preview::Picture;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The narrowest that an image is drawn, unless it is smaller itself.
const LEAST: usize = 16;

impl Scores {
    /// As many images as fit, in the order of the batch, each with its number and class below.
    pub(super) fn draw_images(&self, buffer: &mut Buffer, area: Rect, look: &Look) {
        let say = |buffer: &mut Buffer, text: &str, role: Role| {
            for (y, line) in text::wrap(text, usize::from(area.width.saturating_sub(2))).iter().enumerate() {
                put(buffer, area, 1, y as u16, line, look.style(role));
            }
        };
        let set = match &self.images {
            Some(Ok(set)) => set,
            Some(Err(problem)) => return say(buffer, &format!("✗ {}", text::safe(problem)), Role::Bad),
            None if self.images_of.is_some() => return say(buffer, "reading the images …", Role::Muted),
            None => return say(buffer, self.later(), Role::Muted),
        };
        let (room, rows) = (usize::from(area.width.saturating_sub(1)), usize::from(area.height));
        let width = set.width.min(LEAST.max(room / 4)).min(room);
        let height = (set.height * width).div_ceil(set.width.max(1)).div_ceil(2) + 1;
        let beside = (room + 1) / (width + 1).max(1);
        for (number, image) in set.images.iter().enumerate() {
            let (column, line) = (number % beside.max(1), number / beside.max(1));
            if beside == 0 || (line + 1) * height > rows {
                break;
            }
            let (x, y) = (1 + (column * (width + 1)) as u16, (line * height) as u16);
            let picture = Picture { pixels: &image.pixels, height: set.height, width: set.width, channels: set.channels };
            for (down, cells) in images::cells(picture, width, look).into_iter().enumerate() {
                for (across, (sign, style)) in cells.into_iter().enumerate() {
                    put(buffer, area, x + across as u16, y + down as u16, &sign.to_string(), style);
                }
            }
            let label = text::cut(&format!("#{} {}", image.number, text::safe(&image.class)), width);
            put(buffer, area, x, y + height as u16 - 1, &label, look.style(Role::Muted));
        }
    }
}
