//! What a pane is to the application. A pane owns its state and is asked for little: to take an action, to draw itself,
//! to say the one fact that matters now. It changes only itself and what all panes share, never another pane; going
//! elsewhere is a wish left in [`Shared`]. What the trait would gain by returning more (menus, children, what to keep
//! across starts) is left out until two panes need it.

use super::keymap::Action;
use super::look::Size;
use super::notice::Notice;
use super::shared::Shared;
use super::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A pane of the screen.
pub trait Component {
    /// Takes an action; answers whether it means something here.
    fn act(&mut self, action: Action, shared: &mut Shared) -> bool;
    /// What the key line says an action does in the state that is shown; nothing where it would do nothing.
    fn offer(&self, _action: Action, short: &'static str, _shared: &Shared) -> Option<&'static str> {
        Some(short)
    }
    /// Whether an action has no meaning for what is shown, so that the help leaves it out.
    fn lacks(&self, _action: Action) -> bool {
        false
    }
    /// The one fact at the right of the tabs.
    fn fact(&self, shared: &Shared) -> (String, Role);
    /// What stands above the key line, where nothing newer is said.
    fn standing(&self) -> Option<Notice> {
        None
    }
    /// Whether a field of the pane is being typed into: keys are text then.
    fn is_typing(&self) -> bool {
        false
    }
    /// The command that prints what is on the screen, without the program's name.
    fn command(&self, shared: &Shared) -> Option<String>;
    /// What the filter is, to begin typing with.
    fn filter(&self) -> String {
        String::new()
    }
    /// A search begins.
    fn begin_find(&mut self) {}
    /// The filter was typed; the text looked for, where the box finds instead of filtering.
    fn set_filter(&mut self, _text: &str, _shared: &mut Shared) {}
    /// The next or the previous of the lines that were found.
    fn find_next(&mut self, _back: bool) {}
    /// How many were found, and which of them is shown; nothing where the list is filtered.
    fn found(&self) -> Option<String> {
        None
    }
    /// Draws the pane.
    fn draw(&self, buffer: &mut Buffer, area: Rect, size: Size, shared: &Shared);
}
