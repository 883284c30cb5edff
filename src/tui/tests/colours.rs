//! Where colour or weight carries meaning, and its second signal.

use super::scenes::{picture, press, training, with_runs};
use crate::tui::theme::{Depth, Role, Theme};
use curricle_core::run::State;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// The place of a text in a picture.
fn find(buffer: &Buffer, wanted: &str) -> (u16, u16) {
    for y in 0..buffer.area.height {
        let row: Vec<&str> = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        for x in 0..row.len() {
            if row[x..].concat().starts_with(wanted) {
                return (x as u16, y);
            }
        }
    }
    panic!("`{wanted}` is not in the picture");
}

#[test]
fn the_focused_box_has_the_accent_on_border_and_title() {
    let mut app = training(State::Training, 611);
    let theme = app.shared.look.theme;
    let accent = theme.style(Role::Accent).fg.expect("a colour");
    let muted = theme.style(Role::Muted).fg.expect("a colour");
    let before = picture(&mut app, 80, 24);
    let (x, y) = find(&before, "now ─");
    assert_eq!((before[(x, y)].fg, before[(x + 50, y)].fg), (Color::Reset, muted));
    press(&mut app, "tab tab");
    let after = picture(&mut app, 80, 24);
    assert_eq!((after[(x, y)].fg, after[(x + 50, y)].fg), (accent, accent));
}

#[test]
fn states_differ_by_word_and_colour() {
    let mut app = with_runs();
    press(&mut app, "right G");
    let buffer = picture(&mut app, 80, 24);
    let theme = app.shared.look.theme;
    for (word, role) in
        [("training ", Role::Accent), ("done ", Role::Good), ("failed", Role::Bad), ("paused", Role::Warning), ("lost", Role::Bad)]
    {
        let mut place = find(&buffer, word);
        if word == "training " {
            // The first one is the fact at the top.
            place = find(&buffer, "training    ");
        }
        assert_eq!(Some(buffer[place].fg), theme.style(role).fg, "{word}");
    }
}

#[test]
fn the_selection_is_reversed_whatever_the_colours() {
    for depth in [Depth::None, Depth::Sixteen, Depth::Palette, Depth::True] {
        let mut app = with_runs();
        app.shared.look.theme = Theme { depth };
        press(&mut app, "down");
        let buffer = picture(&mut app, 80, 24);
        let (x, y) = find(&buffer, "warm-up, one epoch");
        assert!(buffer[(x, y)].modifier.contains(Modifier::REVERSED), "{depth:?}");
        assert!(!buffer[(x, y + 1)].modifier.contains(Modifier::REVERSED), "{depth:?}");
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    let mut app = training(State::Training, 611);
    app.shared.look.theme = Theme { depth: Depth::None };
    for keys in ["", "x", "esc ?", "esc 5", "1"] {
        press(&mut app, keys);
        let buffer = picture(&mut app, 120, 36);
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "after {keys}");
    }
}

#[test]
fn figures_are_the_brightest() {
    let mut app = training(State::Training, 611);
    let buffer = picture(&mut app, 80, 24);
    let (x, y) = find(&buffer, "train loss");
    assert!(!buffer[(x, y)].modifier.contains(Modifier::BOLD));
    let value = (x + 18..x + 26).find(|at| buffer[(*at, y)].symbol() != " ").expect("a value");
    assert!(buffer[(value, y)].modifier.contains(Modifier::BOLD));
}
