//! What a pane is to the application. A pane owns its state and is asked for little: to take an action, to draw itself,
//! to say the one fact that matters now. It changes only itself and what all panes share, never another pane; going
//! elsewhere is a wish left in [`Shared`]. What the trait would gain by returning more (menus, children, what to keep
//! across starts) is left out until two panes need it.

use super::keymap::Action;
use super::look::Size;
use super::shared::Shared;
use super::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// A pane of the screen.
pub trait Component {
    /// Takes an action; answers whether it means something here.
    fn act(&mut self, action: Action, shared: &mut Shared) -> bool;
    /// Whether an action that holds everywhere makes sense here.
    fn offers(&self, _action: Action) -> bool {
        true
    }
    /// The one fact at the right of the tabs.
    fn fact(&self, shared: &Shared) -> (String, Role);
    /// A standing line for the message line, where nothing newer is said.
    fn standing(&self, _shared: &Shared) -> Option<Line<'static>> {
        None
    }
    /// The command that prints what is on the screen, without the program's name.
    fn command(&self, shared: &Shared) -> Option<String>;
    /// What the filter is, to begin typing with.
    fn filter(&self) -> String {
        String::new()
    }
    /// The filter was typed.
    fn set_filter(&mut self, _text: &str, _shared: &mut Shared) {}
    /// Draws the pane.
    fn draw(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared);
}
