//! The screen: one loop that waits for keys, files and answers of work, and draws what has changed.
//!
//! Keys become actions by the one table in `keymap`, actions and messages change the state in `app`, panes draw the
//! state into a picture, and `screen` writes what differs. Nothing here waits: work that does lies in `work`.

mod app;
mod clipboard;
mod component;
mod focus;
mod format;
mod frame;
mod guard;
mod history;
mod images;
mod input;
mod keymap;
mod look;
mod message;
mod messages;
mod notice;
mod page;
mod pane;
mod question;
mod run_loop;
mod screen;
mod sentences;
mod series;
mod shared;
mod symbols;
mod task;
#[cfg(test)]
mod tests;
mod text;
mod theme;
mod watch;
mod widget;
mod work;

pub use keymap::problems as keymap_problems;
pub use run_loop::run;
