//! Roles and their colours. Code names a role, never a colour; every role also has a second signal somewhere (a mark,
//! a line style, reverse video), so that nothing is lost without colour.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Names and prose.
    Text,
    /// A figure: what the eye should find first.
    Value,
    /// Borders, units, remarks.
    Muted,
    /// The box that has the focus, keys, the active tab.
    Accent,
    /// Something succeeded.
    Good,
    /// Worth a look.
    Warning,
    /// Something is wrong.
    Bad,
    /// The row under the cursor.
    Selection,
    /// A curve, from 0; they repeat after eight.
    Series(usize),
}

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// None, or none wanted (`NO_COLOR`, `--color never`).
    None,
    /// The sixteen of the terminal's own palette.
    Sixteen,
    /// The 256 of xterm.
    Palette,
    /// 24 bits.
    True,
}

impl Depth {
    /// What the environment says: `NO_COLOR`, `COLORTERM`, `TERM`.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Depth {
        let term = variable("TERM").unwrap_or_default();
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) || term == "dumb" {
            return Depth::None;
        }
        let colour = variable("COLORTERM").unwrap_or_default();
        if colour == "truecolor" || colour == "24bit" || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256") {
            Depth::Palette
        } else {
            Depth::Sixteen
        }
    }
}

/// Colours of Okabe and Ito, which colour-blind eyes tell apart, in the order in which curves take them.
const SERIES: [(u8, u8, u8); 8] = [
    (0x56, 0xb4, 0xe9), // sky blue
    (0xe6, 0x9f, 0x00), // orange
    (0x00, 0x9e, 0x73), // bluish green
    (0xcc, 0x79, 0xa7), // reddish purple
    (0xd5, 0x5e, 0x00), // vermilion
    (0xf0, 0xe4, 0x42), // yellow
    (0x00, 0x72, 0xb2), // blue
    (0x99, 0x99, 0x99), // grey, in the place of black
];

/// The same in the xterm palette.
const SERIES_256: [u8; 8] = [74, 214, 36, 175, 166, 227, 25, 246];

/// The nearest of the sixteen.
const SERIES_16: [Color; 8] =
    [Color::Cyan, Color::Yellow, Color::Green, Color::Magenta, Color::Red, Color::LightYellow, Color::Blue, Color::DarkGray];

/// The colours in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Colours that the terminal shows.
    pub depth: Depth,
}

impl Theme {
    /// The look of a role.
    pub fn style(self, role: Role) -> Style {
        let style = Style::new();
        match role {
            Role::Text => style,
            Role::Value => style.add_modifier(Modifier::BOLD),
            Role::Selection => style.add_modifier(Modifier::REVERSED),
            Role::Muted if self.depth == Depth::None => style.add_modifier(Modifier::DIM),
            Role::Accent if self.depth == Depth::None => style.add_modifier(Modifier::BOLD),
            Role::Bad if self.depth == Depth::None => style.add_modifier(Modifier::BOLD),
            role => self.colour(role).map_or(style, |colour| style.fg(colour)),
        }
    }

    fn colour(self, role: Role) -> Option<Color> {
        let place = match role {
            Role::Muted => return Some(self.pick(Color::DarkGray, 244, (0x85, 0x85, 0x85))),
            Role::Accent => 0,
            Role::Good => 2,
            Role::Warning => 1,
            Role::Bad => 4,
            Role::Series(place) => place % SERIES.len(),
            Role::Text | Role::Value | Role::Selection => return None,
        };
        (self.depth != Depth::None).then(|| self.pick(SERIES_16[place], SERIES_256[place], SERIES[place]))
    }

    fn pick(self, sixteen: Color, palette: u8, (red, green, blue): (u8, u8, u8)) -> Color {
        match self.depth {
            Depth::None => Color::Reset,
            Depth::Sixteen => sixteen,
            Depth::Palette => Color::Indexed(palette),
            Depth::True => Color::Rgb(red, green, blue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(pairs: &[(&str, &str)]) -> Depth {
        Depth::detect(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into()))
    }

    #[test]
    fn the_environment_chooses_the_colours() {
        assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Palette);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Depth::None);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Depth::Palette);
        assert_eq!(depth(&[("TERM", "linux")]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "dumb")]), Depth::None);
    }

    #[test]
    fn series_differ_at_every_depth_that_has_colours() {
        for depth in [Depth::Sixteen, Depth::Palette, Depth::True] {
            let theme = Theme { depth };
            for first in 0..8 {
                for second in 0..first {
                    assert_ne!(theme.style(Role::Series(first)), theme.style(Role::Series(second)), "{depth:?} {first} {second}");
                }
            }
        }
    }

    #[test]
    fn without_colour_no_style_names_one() {
        let theme = Theme { depth: Depth::None };
        for role in
            [Role::Text, Role::Value, Role::Muted, Role::Accent, Role::Good, Role::Warning, Role::Bad, Role::Selection, Role::Series(3)]
        {
            assert_eq!(theme.style(role).fg, None, "{role:?}");
        }
    }
}
