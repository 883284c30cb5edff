//! A progress bar in eighths of a cell.

use crate::tui::symbols::Symbols;

/// The filled part of a bar of `columns` cells.
pub fn bar(share: f64, columns: usize, symbols: Symbols) -> String {
    let parts = symbols.bar();
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let filled = (share * (columns * parts.len()) as f64).floor() as usize;
    let (whole, rest) = (filled / parts.len(), filled % parts.len());
    let full = parts[parts.len() - 1];
    let mut text: String = std::iter::repeat_n(full, whole).collect();
    if rest > 0 {
        text.push(parts[rest - 1]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_in_eighths() {
        assert_eq!(bar(0.0, 4, Symbols::Braille), "");
        assert_eq!(bar(0.5, 4, Symbols::Braille), "██");
        assert_eq!(bar(0.53125, 4, Symbols::Braille), "██▏");
        assert_eq!(bar(1.0, 4, Symbols::Braille), "████");
        assert_eq!(bar(7.0, 4, Symbols::Ascii), "####");
        assert_eq!(bar(f64::NAN, 4, Symbols::Ascii), "");
    }
}
