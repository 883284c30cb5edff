//! What stands between the pane and the key line: a message, or a question with the letters that answer it. It takes as
//! many lines as its text needs, three at most; what is longer is cut and names the page that holds all of it.

use super::text;
use super::theme::{Role, Theme};
use ratatui::text::{Line, Span};

/// Lines that a notice may take.
pub const LINES: usize = 3;
/// Where the rest of a text is that did not fit.
const REST: &str = "… :messages";

/// A text to be wrapped, with its sign and the answers to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notice {
    /// The sign before the text, with a space behind it; may be empty.
    pub sign: &'static str,
    /// The colour of the sign.
    pub role: Option<Role>,
    /// The text: safe to show.
    pub text: String,
    /// Letters and what they do.
    pub answers: Vec<(String, String)>,
}

impl Notice {
    /// The lines for a terminal of this width. The answers are always whole.
    pub fn lines(&self, theme: Theme, columns: u16) -> Vec<Line<'static>> {
        let indent = 1 + text::width(self.sign);
        let room = usize::from(columns).saturating_sub(indent + 1).max(10);
        let mut parts = text::wrap(&self.text, room);
        let answers = self.answers.iter().map(|(key, label)| text::width(key) + 1 + text::width(label)).sum::<usize>()
            + 2 * self.answers.len().saturating_sub(1);
        let beside = |parts: &[String]| parts.last().is_some_and(|last| text::width(last) + 2 + answers <= room);
        let most = if self.answers.is_empty() || (parts.len() <= LINES && beside(&parts)) { LINES } else { LINES - 1 };
        if parts.len() > most {
            parts.truncate(most);
            if let Some(last) = parts.last_mut() {
                let rest = if self.answers.is_empty() { REST } else { "…" };
                while text::width(last) + text::width(rest) > room && last.pop().is_some() {}
                last.push_str(rest);
            }
        }
        let same = !self.answers.is_empty() && beside(&parts);
        let mut lines: Vec<Line<'static>> = parts
            .into_iter()
            .enumerate()
            .map(|(number, part)| match number {
                0 => {
                    Line::from(vec![Span::styled(format!(" {}", self.sign), theme.style(self.role.unwrap_or(Role::Text))), Span::raw(part)])
                }
                _ => Line::from(vec![Span::raw(" ".repeat(indent)), Span::raw(part)]),
            })
            .collect();
        if !self.answers.is_empty() {
            let mut spans = Vec::new();
            for (number, (key, label)) in self.answers.iter().enumerate() {
                let gap = if number > 0 { "  " } else { "" };
                spans.push(Span::styled(format!("{gap}{key}"), theme.style(Role::Accent)));
                spans.push(Span::raw(format!(" {label}")));
            }
            match lines.last_mut().filter(|_| same) {
                Some(last) => {
                    last.push_span("  ");
                    spans.into_iter().for_each(|span| last.push_span(span));
                }
                None => {
                    spans.insert(0, Span::raw(" ".repeat(indent)));
                    lines.push(Line::from(spans));
                }
            }
        }
        lines
    }

    /// Whether nothing of the text is lost at this width.
    #[cfg(test)]
    pub fn fits(&self, columns: u16) -> bool {
        let theme = Theme { depth: super::theme::Depth::None };
        let lines = self.lines(theme, columns);
        let shown: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<String>>();
        let mut wanted = words(&format!("{}{}", self.sign, self.text));
        self.answers.iter().for_each(|(key, label)| wanted.extend(words(&format!("{key} {label}"))));
        lines.len() <= LINES && shown.iter().all(|line| text::width(line) <= usize::from(columns)) && words(&shown.join(" ")) == wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;

    fn shown(text: &str, answers: &[(&str, &str)], columns: u16) -> Vec<String> {
        let answers = answers.iter().map(|(key, label)| ((*key).into(), (*label).into())).collect();
        let notice = Notice { sign: "? ", role: Some(Role::Warning), text: text.into(), answers };
        notice.lines(Theme { depth: Depth::None }, columns).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_text_takes_the_lines_it_needs_and_the_answers_stay() {
        let answers = [("x", "stop"), ("n", "no")];
        assert_eq!(shown("Stop it?", &answers, 40), [" ? Stop it?  x stop  n no"]);
        assert_eq!(
            shown("Stop the run of the long name? All is kept.", &answers, 40),
            [" ? Stop the run of the long name? All", "   is kept.  x stop  n no"]
        );
        assert_eq!(shown("Stop it with all that it does?", &answers, 36), [" ? Stop it with all that it does?", "   x stop  n no"]);
    }

    #[test]
    fn a_text_that_is_too_long_says_where_the_rest_is() {
        let lines = shown(&"word ".repeat(60), &[], 40);
        assert_eq!(lines.len(), LINES);
        assert!(lines[2].ends_with("… :messages") && text::width(&lines[2]) <= 40, "{lines:?}");
        let lines = shown(&"word ".repeat(60), &[("d", "delete")], 40);
        assert_eq!(lines[2], "   d delete");
        assert!(lines[1].ends_with('…'));
    }
}
