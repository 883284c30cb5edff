//! Attacks: accuracy under attack beside clean accuracy, and whether the attack can be believed. No attack is built yet;
//! the pane says what it will show.

use super::empty;
use crate::tui::component::Component;
use crate::tui::keymap::Action;
use crate::tui::look::Size;
use crate::tui::shared::Shared;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The pane.
#[derive(Debug)]
pub struct Attacks;

impl Component for Attacks {
    fn act(&mut self, _action: Action, _shared: &mut Shared) -> bool {
        false
    }

    fn offer(&self, action: Action, short: &'static str, _shared: &Shared) -> Option<&'static str> {
        (!matches!(action, Action::Find | Action::Copy)).then_some(short)
    }

    fn fact(&self, _shared: &Shared) -> (String, Role) {
        ("no attacks".into(), Role::Muted)
    }

    fn command(&self, _shared: &Shared) -> Option<String> {
        None
    }

    fn draw(&self, buffer: &mut Buffer, area: Rect, _size: Size, shared: &Shared) {
        let sentences = [
            "Nothing to show: no checkpoint here has been attacked. `[[attack]]` is not built yet.".to_string(),
            "This pane will show clean accuracy beside the accuracy under each attack, with 95 % intervals, filling in as images finish; \
             accuracy over ε and over steps; the checks that tell whether an attack can be believed; and what it did to one image."
                .to_string(),
        ];
        empty::draw(buffer, area, "attacks", &sentences, &shared.look);
    }
}
