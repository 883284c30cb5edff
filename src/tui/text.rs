//! Text from outside (names, notes, logs, file names) made safe for the terminal, and cut to a width.

use curricle_core::words::steers;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text on one line in which nothing can steer the terminal: control characters, and the invisible ones that reorder
/// or hide text, become `·`; a tab or a line break becomes a space.
pub fn safe(text: &str) -> String {
    text.chars().map(safe_character).collect()
}

fn safe_character(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' => ' ',
        character if steers(character) => '·',
        character => character,
    }
}

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// At most `columns` of a text, with `…` where something was cut.
pub fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.into();
    }
    if columns == 0 {
        return String::new();
    }
    let mut kept = String::new();
    let mut used = 0;
    for character in text.chars() {
        let next = character.width().unwrap_or(0);
        if used + next > columns - 1 {
            break;
        }
        used += next;
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// Text cut or padded to exactly `columns`, left-aligned.
pub fn left(text: &str, columns: usize) -> String {
    let mut kept = cut(text, columns);
    for _ in kept.width()..columns {
        kept.push(' ');
    }
    kept
}

/// Text cut or padded to exactly `columns`, right-aligned.
pub fn right(text: &str, columns: usize) -> String {
    let kept = cut(text, columns);
    let mut padded = " ".repeat(columns.saturating_sub(kept.width()));
    padded.push_str(&kept);
    padded
}

/// Lines of at most `columns`, broken between words; a longer word is broken where it must be.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word.to_string();
        loop {
            let space = usize::from(!line.is_empty());
            if line.width() + space + word.width() <= columns {
                if space == 1 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                continue;
            }
            let (head, tail) = split_at_width(&word, columns);
            lines.push(head);
            word = tail;
            if word.is_empty() {
                break;
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

fn split_at_width(word: &str, columns: usize) -> (String, String) {
    let mut used = 0;
    for (place, character) in word.char_indices() {
        let next = character.width().unwrap_or(0);
        if used + next > columns && place > 0 {
            return (word[..place].into(), word[place..].into());
        }
        used += next;
    }
    (word.into(), String::new())
}

/// Whether every word of a filter is somewhere in the text, whatever the case.
pub fn matches(filter: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_can_steer_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mred\u{7}\nnext\u{202e}x"), "a·[31mred· next·x");
        assert_eq!(safe("\u{9b}2J"), "·2J");
        assert_eq!(safe("loss delta, K = 8 ε"), "loss delta, K = 8 ε");
    }

    #[test]
    fn texts_are_cut_by_columns_and_not_by_bytes() {
        assert_eq!(cut("preresnet", 5), "prer…");
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(left("ab", 4), "ab  ");
        assert_eq!(right("ab", 4), "  ab");
        assert_eq!(cut("ab", 0), "");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert!(wrap("", 5).is_empty());
    }

    #[test]
    fn a_filter_asks_for_every_word() {
        assert!(matches("DELTA 8", "loss delta, K = 8"));
        assert!(!matches("delta 9", "loss delta, K = 8"));
    }
}
