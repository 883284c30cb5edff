//! Signs that the terminal's font and locale can show: braille, half blocks, or ASCII alone.

use super::input::{Code, Key};
use super::widget::canvas;
use ratatui::buffer::Buffer;

/// Which signs are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbols {
    /// Everything, curves in braille: two by four dots a cell.
    Braille,
    /// Curves in half blocks, for fonts without braille.
    Blocks,
    /// ASCII alone.
    Ascii,
}

impl Symbols {
    /// What the environment can show. `asked` is `--ascii`; the locale counts as the C library reads it.
    pub fn detect(asked: bool, variable: impl Fn(&str) -> Option<String>) -> Symbols {
        if asked {
            return Symbols::Ascii;
        }
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        // An unset locale is taken to be fine: so are containers and most systems now.
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).map(|locale| locale.to_lowercase());
        if locale.is_some_and(|locale| !(locale.contains("utf-8") || locale.contains("utf8"))) {
            return Symbols::Ascii;
        }
        // The Linux console's fonts have blocks, but no braille.
        if variable("TERM").is_some_and(|term| term == "linux") { Symbols::Blocks } else { Symbols::Braille }
    }

    /// A key as it is shown: by the sign on it, or in ASCII by its name.
    pub fn spelled(self, key: Key) -> String {
        let word = match key.code {
            Code::Enter => "Enter",
            Code::Up => "Up",
            Code::Down => "Down",
            Code::Left => "Left",
            Code::Right => "Right",
            Code::Char(' ') => "Space",
            _ => return key.to_string(),
        };
        if self != Symbols::Ascii {
            return key.to_string();
        }
        let plain = Key { code: Code::Tab, ..key }.to_string();
        plain.replace("Tab", word)
    }

    /// The sign of a curve in a legend, as the curve itself is drawn.
    pub fn legend(self, series: usize, dashed: bool) -> char {
        match self {
            Symbols::Ascii => canvas::ascii_sign(series),
            _ if dashed => '┄',
            _ => '━',
        }
    }

    /// The ramp of a sparkline, lowest first.
    pub fn ramp(self) -> &'static [char] {
        match self {
            Symbols::Ascii => &['_', '.', '-', '=', '+', '*', '#'],
            _ => &['▁', '▂', '▃', '▄', '▅', '▆', '▇'],
        }
    }

    /// The parts of a bar, from one eighth to full.
    pub fn bar(self) -> &'static [char] {
        match self {
            Symbols::Ascii => &['#'],
            _ => &['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
        }
    }
}

/// Replaces everything in a buffer that is not ASCII, cell by cell, so that no text slips through, whoever drew it.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if !symbol.is_ascii()
            && let Some(first) = symbol.chars().next()
        {
            let replacement = ascii(first);
            cell.set_char(replacement);
        }
    }
}

fn ascii(character: char) -> char {
    match character {
        '─' | '━' | '┄' | '–' | '—' | '═' | '−' => '-',
        '│' | '┃' | '┆' => '|',
        '╭' | '╮' | '╰' | '╯' | '├' | '┤' | '┬' | '┴' | '┼' => '+',
        '▸' | '→' | '▶' | '›' => '>',
        '◀' | '←' | '‹' => '<',
        '▾' | '↓' => 'v',
        '▴' | '↑' => '^',
        '↵' => '/',
        '␣' => '_',
        '•' | '·' | '∙' => '*',
        '✓' => '+',
        '✗' => 'x',
        '⚠' => '!',
        '±' => '~',
        '×' => 'x',
        '…' => '.',
        'ε' => 'e',
        'θ' => 't',
        '▁'..='▃' => '_',
        '▄'..='▐' => '#',
        '\u{2800}' => ' ',
        '\u{2801}'..='\u{28ff}' => '*',
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        '\u{a0}' => ' ',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn symbols(pairs: &[(&str, &str)]) -> Symbols {
        Symbols::detect(false, |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into()))
    }

    #[test]
    fn the_locale_chooses_the_signs() {
        assert_eq!(symbols(&[("LANG", "en_GB.UTF-8")]), Symbols::Braille);
        assert_eq!(symbols(&[("LANG", "en_GB.UTF-8"), ("LC_ALL", "C")]), Symbols::Ascii);
        assert_eq!(symbols(&[("LANG", "C.utf8"), ("LC_ALL", "")]), Symbols::Braille);
        assert_eq!(symbols(&[("LANG", "de_DE.utf8"), ("TERM", "linux")]), Symbols::Blocks);
        assert_eq!(symbols(&[]), Symbols::Braille);
        assert_eq!(Symbols::detect(true, |_| Some("C.UTF-8".into())), Symbols::Ascii);
    }

    #[test]
    fn keys_are_spelled_where_their_signs_cannot_be_shown() {
        let spelled = |name: &str, symbols: Symbols| symbols.spelled(Key::parse(name).expect("a key"));
        assert_eq!(spelled("enter", Symbols::Braille), "↵");
        assert_eq!(["enter", "space", "shift-up", "p"].map(|key| spelled(key, Symbols::Ascii)), ["Enter", "Space", "Shift-Up", "p"]);
    }

    #[test]
    fn nothing_but_ascii_is_left() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "╭ε → ✓ 漢⡇é", Style::new());
        to_ascii(&mut buffer);
        assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{buffer:?}");
    }
}
