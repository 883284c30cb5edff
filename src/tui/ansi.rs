//! Lines with colour sequences, as images in half blocks come, made into styled lines. Every other sequence is left out.

use super::text::safe;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

/// A line of text with `ESC [ … m` sequences as a styled line.
pub fn line(text: &str) -> Line<'static> {
    let mut spans = Vec::new();
    let mut style = Style::new();
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        let (before, sequence) = rest.split_at(start);
        if !before.is_empty() {
            spans.push(Span::styled(safe(before), style));
        }
        let parameters = &sequence[2..];
        let Some(end) = parameters.find(|end: char| end.is_ascii_alphabetic()) else {
            rest = "";
            break;
        };
        if parameters[end..].starts_with('m') {
            style = apply(style, &parameters[..end]);
        }
        rest = &parameters[end + 1..];
    }
    if !rest.is_empty() {
        spans.push(Span::styled(safe(rest), style));
    }
    Line::from(spans)
}

fn apply(mut style: Style, parameters: &str) -> Style {
    let mut numbers = parameters.split(';').map(|number| number.parse::<u8>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        match number {
            0 => style = Style::new(),
            38 | 48 => {
                let colour = match numbers.next() {
                    Some(5) => numbers.next().map(Color::Indexed),
                    Some(2) => match (numbers.next(), numbers.next(), numbers.next()) {
                        (Some(red), Some(green), Some(blue)) => Some(Color::Rgb(red, green, blue)),
                        _ => None,
                    },
                    _ => None,
                };
                if let Some(colour) = colour {
                    style = if number == 38 { style.fg(colour) } else { style.bg(colour) };
                }
            }
            39 => style = style.fg(Color::Reset),
            49 => style = style.bg(Color::Reset),
            _ => {}
        }
    }
    style
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_styles_and_nothing_else_passes() {
        let line = line("a\u{1b}[38;2;1;2;3;48;5;24m▀\u{1b}[0m b\u{1b}[2Jc\u{1b}[");
        let parts: Vec<(&str, Style)> = line.spans.iter().map(|span| (span.content.as_ref(), span.style)).collect();
        assert_eq!(
            parts,
            [
                ("a", Style::new()),
                ("▀", Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(24))),
                (" b", Style::new()),
                ("c", Style::new()),
            ]
        );
    }
}
