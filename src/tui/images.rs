//! A preview of the images that an experiment would train on, as lines of cells.

use super::look::Look;
use super::symbols::Symbols;
use super::text::safe;
use super::theme::{Depth, Role};
use curricle_core::config::{Data, SetKind};
use curricle_core::data::preview::{Cell, Picture, characters, half_blocks};
use curricle_core::data::{self, Images};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use std::path::Path;

/// Images of a class that are read.
const PER_CLASS: usize = 8;
/// Generated images that are drawn.
const SAMPLE: u64 = 400;
/// Classes that are shown.
const CLASSES: usize = 12;
/// The widest that an image is drawn.
const COLUMNS: usize = 32;

/// Some images of each class, as bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preview {
    /// What the set is, in one line.
    head: String,
    /// Classes with their images.
    classes: Vec<(String, Vec<Vec<u8>>)>,
    height: usize,
    width: usize,
    channels: usize,
}

/// Reads some images of each class; blocks.
pub fn read(data: &Data, flag: Option<&Path>) -> Result<Preview, String> {
    let data = &sampled(data);
    let images = data::load(data, &data::root(data, flag)).map_err(|error| error.to_string().lines().collect::<Vec<_>>().join("; "))?;
    Ok(choose(&images))
}

/// Generated images need not all be drawn to show some: a few hundred do, where nothing chooses among all of them.
fn sampled(data: &Data) -> Data {
    let mut data = data.clone();
    let whole = data.per_class == 0 && data.subset.is_empty() && data.holdout == 0.0 && data.imbalance == 1.0;
    if data.set == SetKind::Glyphs && whole {
        data.glyphs.train = data.glyphs.train.min(SAMPLE);
        data.glyphs.test = data.glyphs.test.min(SAMPLE / 10);
    }
    data
}

fn choose(images: &Images) -> Preview {
    let set = &images.train;
    let class = |number: usize| {
        let places = (0..set.labels.len()).filter(|at| usize::from(set.labels[*at]) == number).take(PER_CLASS);
        places.map(|place| set.image(place).to_vec()).collect::<Vec<_>>()
    };
    let classes = images.classes.iter().take(CLASSES).enumerate().map(|(number, name)| (safe(name), class(number)));
    Preview {
        head: format!("{} classes, {} × {} pixels", images.classes.len(), set.width, set.height),
        classes: classes.filter(|(_, images)| !images.is_empty()).collect(),
        height: set.height,
        width: set.width,
        channels: set.channels,
    }
}

impl Preview {
    /// The images as lines: for each class as many as fit beside each other.
    pub fn lines(&self, columns: usize, look: &Look) -> Vec<Line<'static>> {
        let width = self.width.min(COLUMNS);
        let beside = ((columns + 2) / (width + 2)).clamp(1, PER_CLASS);
        let mut lines = vec![Line::from(self.head.clone())];
        for (name, images) in &self.classes {
            lines.push(Line::default());
            lines.push(Line::styled(name.clone(), look.style(Role::Accent)));
            let pictures: Vec<Vec<Vec<Cell>>> = images
                .iter()
                .take(beside)
                .map(|pixels| {
                    let picture = Picture { pixels, height: self.height, width: self.width, channels: self.channels };
                    drawn(picture, width, look)
                })
                .collect();
            for row in 0..pictures.iter().map(Vec::len).max().unwrap_or(0) {
                let mut spans = Vec::new();
                for picture in &pictures {
                    spans.extend(picture.get(row).into_iter().flatten().map(|cell| span(cell, look.theme.depth)));
                    spans.push(Span::raw("  "));
                }
                lines.push(Line::from(spans));
            }
        }
        lines
    }
}

/// A picture as this look can show it.
fn drawn(picture: Picture<'_>, width: usize, look: &Look) -> Vec<Vec<Cell>> {
    let coloured = matches!(look.theme.depth, Depth::True | Depth::Palette) && look.symbols != Symbols::Ascii;
    if coloured { half_blocks(picture, width) } else { characters(picture, width) }
}

/// The cells of a picture at most so wide, row by row: a sign and its style.
pub fn cells(picture: Picture<'_>, width: usize, look: &Look) -> Vec<Vec<(char, Style)>> {
    let styled = |cell: &Cell| (cell.character, style(cell, look.theme.depth));
    drawn(picture, width, look).iter().map(|row| row.iter().map(styled).collect()).collect()
}

fn span(cell: &Cell, depth: Depth) -> Span<'static> {
    Span::styled(cell.character.to_string(), style(cell, depth))
}

fn style(cell: &Cell, depth: Depth) -> Style {
    let colour = |[red, green, blue]: [u8; 3]| match depth {
        Depth::True => Color::Rgb(red, green, blue),
        _ => Color::Indexed(16 + 36 * level(red) + 6 * level(green) + level(blue)),
    };
    let mut style = Style::new();
    style.fg = cell.foreground.map(colour);
    style.bg = cell.background.map(colour);
    style
}

/// The nearest of the six levels of xterm's colour cube: 0, 95, 135, 175, 215, 255.
fn level(value: u8) -> u8 {
    match value {
        0..48 => 0,
        48..115 => 1,
        115..155 => 2,
        155..195 => 3,
        195..235 => 4,
        235.. => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Theme;

    fn preview() -> Preview {
        let black_over_white = vec![0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255];
        let classes = vec![("ship".to_string(), vec![black_over_white.clone(), black_over_white])];
        Preview { head: "2 images".into(), classes, height: 2, width: 2, channels: 3 }
    }

    #[test]
    fn one_cell_shows_two_pixels() {
        let lines = preview().lines(20, &Look::plain());
        assert_eq!(lines.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2 images", "", "ship", "▀▀  ▀▀  "]);
        assert_eq!(lines[3].spans[0].style, Style::new().fg(Color::Rgb(0, 0, 0)).bg(Color::Rgb(255, 255, 255)));
        let narrow = preview().lines(3, &Look::plain());
        assert_eq!(narrow[3].to_string(), "▀▀  ");
    }

    #[test]
    fn generated_images_are_shown_without_drawing_them_all() {
        let mut data = Data { set: SetKind::Glyphs, ..Data::default() };
        data.glyphs.train = 50_000;
        let preview = read(&data, None).expect("glyphs need no files");
        assert_eq!(preview.classes.len(), 10);
        assert!(preview.classes.iter().all(|(_, images)| images.len() == PER_CLASS));
    }

    #[test]
    fn with_few_colours_images_are_characters() {
        let look = Look { theme: Theme { depth: Depth::None }, ..Look::plain() };
        assert!(preview().lines(20, &look)[3].spans.iter().all(|span| span.style == Style::new()));
        let look = Look { theme: Theme { depth: Depth::Palette }, ..Look::plain() };
        assert_eq!(preview().lines(20, &look)[3].spans[0].style, Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(231)));
    }
}
