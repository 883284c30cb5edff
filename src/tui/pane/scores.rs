//! Scores: what an ordering prefers, how that changed, what it costs. No ordering is built yet; the pane says what it
//! will show.

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
pub struct Scores;

impl Component for Scores {
    fn act(&mut self, _action: Action, _shared: &mut Shared) -> bool {
        false
    }

    fn offer(&self, action: Action, short: &'static str, _shared: &Shared) -> Option<&'static str> {
        (!matches!(action, Action::Find | Action::Copy)).then_some(short)
    }

    fn fact(&self, _shared: &Shared) -> (String, Role) {
        ("no scorings".into(), Role::Muted)
    }

    fn command(&self, _shared: &Shared) -> Option<String> {
        None
    }

    fn draw(&self, buffer: &mut Buffer, area: Rect, _size: Size, shared: &Shared) {
        let sentences = [
            "This pane is not built yet: the scores of a run are the `scoring` events of its `events.jsonl`.".to_string(),
            "This pane will show the scores of the candidates at a step with the chosen one, the chosen scores over all steps, which \
             samples are chosen most and least, the class mix of a batch, rank correlations between scorers and between epochs, \
             and what the scoring costs in forward and backward passes."
                .to_string(),
            "During Perfect Ordering it will show the losses of all orders of an epoch, and where selectors' orders lie among them."
                .to_string(),
        ];
        empty::draw(buffer, area, "scores", &sentences, &shared.look);
    }
}
