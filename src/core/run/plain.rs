//! Text from a run directory is foreign: before a terminal shows it, whatever could steer the terminal is taken out.

use crate::words::steers;

/// The text in one line without control characters, escape sequences and marks that turn the direction of writing.
pub fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' || letter == '\t' { ' ' } else { letter }).filter(|letter| !steers(*letter)).collect()
}

/// The same, but lines are kept.
pub fn plain_lines(text: &str) -> String {
    text.chars().map(|letter| if letter == '\t' { ' ' } else { letter }).filter(|letter| *letter == '\n' || !steers(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        assert_eq!(plain("a\u{1b}[31mred\u{7}\r\nb\tc\u{9b}2J\u{202e}d"), "a[31mred b c2Jd");
        assert_eq!(plain_lines("a\nb\u{1b}c"), "a\nbc");
        assert_eq!(plain("θ, ε = 8/255 · 日本"), "θ, ε = 8/255 · 日本");
    }
}
