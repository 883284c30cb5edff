//! What a view needs to know besides its state: colours, signs, the time zone, the size.

use super::format::Clock;
use super::symbols::Symbols;
use super::theme::{Role, Theme};
use ratatui::layout::Rect;
use ratatui::style::Style;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Under 60×20: nothing but a notice fits.
    TooSmall,
    /// One box at a time.
    Small,
    /// 80×24: as drawn.
    Normal,
    /// 120×36 and more.
    Wide,
}

impl Size {
    /// The class of a terminal's size.
    pub fn of(area: Rect) -> Size {
        match (area.width, area.height) {
            (width, height) if width < 60 || height < 20 => Size::TooSmall,
            (width, height) if width < 80 || height < 24 => Size::Small,
            (width, height) if width < 120 || height < 36 => Size::Normal,
            _ => Size::Wide,
        }
    }
}

/// Colours, signs and the time zone.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub symbols: Symbols,
    /// The time zone.
    pub clock: Clock,
}

impl Look {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// The look of tests: true colour, braille, UTC.
    #[cfg(test)]
    pub fn plain() -> Look {
        Look { theme: Theme { depth: super::theme::Depth::True }, symbols: Symbols::Braille, clock: Clock { offset: 0 } }
    }
}
