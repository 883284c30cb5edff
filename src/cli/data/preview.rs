//! `curricle data preview`.

use super::failure;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use clap::Args;
use clap::builder::PossibleValuesParser;
use curricle_core::config::{Data, SetKind};
use curricle_core::data::preview::{Cell, Picture, characters, half_blocks};
use curricle_core::data::{ImageSet, Images, list, load, official};
use curricle_core::run::plain;
use serde_json::json;
use std::path::Path;

/// What may stand after `data preview`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Set to look at; `folder` is a folder of your own images, named by --data
    #[arg(value_name = "SET", value_parser = PossibleValuesParser::new(shown().map(SetKind::word)))]
    set: String,
    /// Images of the test set instead of the training set
    #[arg(long)]
    test: bool,
    /// Number of an image in the set, from 0; may be given several times
    #[arg(long, value_name = "N", num_args = 1..)]
    index: Vec<u32>,
    /// Only images of this class, by name or number
    #[arg(long, value_name = "CLASS", conflicts_with = "index")]
    class: Option<String>,
    /// How many images
    #[arg(long, value_name = "N", default_value_t = 8, conflicts_with = "index", value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    /// Columns of a picture at most
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u16).range(4..=1000))]
    columns: u16,
    /// Side to scale the images of a folder to, where their sizes differ
    #[arg(long, value_name = "PIXELS", default_value_t = 0, hide_default_value = true)]
    resize: u64,
}

/// The sets that can be looked at.
fn shown() -> impl Iterator<Item = SetKind> {
    SetKind::ALL.iter().copied().filter(|set| *set != SetKind::Arrays)
}

/// Shows images.
pub fn run(context: &Context, root: &Path, arguments: &Arguments) -> Result<(), Failure> {
    let images = load(&experiment(arguments, root), root).map_err(failure)?;
    let set = if arguments.test { &images.test } else { &images.train };
    let places = places(arguments, set, &images.classes)?;
    if context.json {
        let pictures: Vec<_> = places.iter().map(|&place| object(set, place, &images)).collect();
        let split = if arguments.test { "test" } else { "train" };
        return output::json(&json!({ "set": arguments.set, "split": split, "images": pictures }));
    }
    let manner = Manner::of(context);
    let screen = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
    let width = set.width.min(usize::from(arguments.columns)).min(screen);
    let beside = ((screen + 2) / (width + 2)).max(1);
    places.chunks(beside).try_for_each(|row| output::print_painted(&block(row, set, &images, width, manner)))
}

/// The experiment whose images are shown: the whole set, or of a set that is there in part, what is there.
fn experiment(arguments: &Arguments, root: &Path) -> Data {
    let kind = shown().find(|set| set.word() == arguments.set).unwrap_or_default();
    let mut data = Data { set: kind, resize: arguments.resize, ..Data::default() };
    if let (Some(set), Some(entry)) = (official::find(kind), list::list(root).into_iter().find(|entry| entry.set == arguments.set)) {
        let there: Vec<String> =
            set.train.iter().filter(|file| !entry.missing.contains(&file.name)).map(|file| file.name.to_string()).collect();
        if there.len() < set.train.len() {
            data.files = there;
        }
    }
    data
}

/// Which images, by their place in what was read.
fn places(arguments: &Arguments, set: &ImageSet, classes: &[String]) -> Result<Vec<usize>, Failure> {
    if !arguments.index.is_empty() {
        let last = set.index.iter().max().copied().unwrap_or(0);
        return arguments
            .index
            .iter()
            .map(|number| {
                set.index
                    .iter()
                    .position(|index| index == number)
                    .ok_or_else(|| Failure::usage(format!("no image {number} is there: the numbers go from 0 to {last}")))
            })
            .collect();
    }
    let class = match &arguments.class {
        None => None,
        Some(name) => {
            let number = || name.parse::<usize>().ok().filter(|&number| number < classes.len());
            let found = classes.iter().position(|class| class == name).or_else(number);
            Some(found.ok_or_else(|| {
                Failure::usage(format!("no class is called `{name}`")).hint(format!("the classes are {}", classes.join(", ")))
            })?)
        }
    };
    let fits = |&place: &usize| class.is_none_or(|class| usize::from(set.labels[place]) == class);
    Ok((0..set.len()).filter(fits).take(arguments.count as usize).collect())
}

/// How colours are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// 24 bits.
    True,
    /// The 256 colours of xterm.
    Indexed,
    /// Not at all: characters.
    Characters,
}

impl Manner {
    fn of(context: &Context) -> Self {
        let full = std::env::var("COLORTERM").is_ok_and(|value| value == "truecolor" || value == "24bit");
        match (context.ascii || !context.paints_stdout(), full) {
            (true, _) => Self::Characters,
            (false, true) => Self::True,
            (false, false) => Self::Indexed,
        }
    }
}

/// Pictures side by side, their captions below.
fn block(row: &[usize], set: &ImageSet, images: &Images, width: usize, manner: Manner) -> String {
    let pictures: Vec<Vec<Vec<Cell>>> = row
        .iter()
        .map(|&place| {
            let picture = Picture { pixels: set.image(place), height: set.height, width: set.width, channels: set.channels };
            if manner == Manner::Characters { characters(picture, width) } else { half_blocks(picture, width) }
        })
        .collect();
    let mut text = String::new();
    for line in 0..pictures.iter().map(Vec::len).max().unwrap_or(0) {
        let parts: Vec<String> =
            pictures.iter().map(|picture| picture.get(line).map_or(String::new(), |cells| cells_as_text(cells, manner))).collect();
        text.push_str(parts.join("  ").trim_end());
        text.push('\n');
    }
    let captions: Vec<String> = row
        .iter()
        .map(|&place| {
            let known = set.difficulty.as_ref().and_then(|known| known.get(place)).map(|known| format!(" {known:.2}"));
            let class = images.classes.get(usize::from(set.labels[place])).map_or(String::new(), |class| plain(class));
            let caption = format!("{} {class}{}", set.index[place], known.unwrap_or_default());
            format!("{:<width$}", caption.chars().take(width).collect::<String>())
        })
        .collect();
    text.push_str(captions.join("  ").trim_end());
    text.push_str("\n\n");
    text
}

/// A row of cells with the codes for their colours; a colour is said only where it changes.
fn cells_as_text(cells: &[Cell], manner: Manner) -> String {
    let mut text = String::new();
    let mut now = (None, None);
    for cell in cells {
        let wanted = (cell.foreground, cell.background);
        if manner != Manner::Characters && wanted != now {
            if wanted.0 != now.0 {
                text.push_str(&code(wanted.0, 38, manner));
            }
            if wanted.1 != now.1 {
                text.push_str(&code(wanted.1, 48, manner));
            }
            now = wanted;
        }
        text.push(cell.character);
    }
    if now != (None, None) {
        text.push_str("\u{1b}[0m");
    }
    text
}

/// The code for a colour of the character (38) or behind it (48).
fn code(colour: Option<[u8; 3]>, which: u8, manner: Manner) -> String {
    match colour {
        None => format!("\u{1b}[{}m", which + 1),
        Some([red, green, blue]) if manner == Manner::True => format!("\u{1b}[{which};2;{red};{green};{blue}m"),
        Some(colour) => format!("\u{1b}[{which};5;{}m", indexed(colour)),
    }
}

/// The nearest of xterm's 256 colours: a cube of six levels, or one of 24 greys.
fn indexed(colour: [u8; 3]) -> u8 {
    const LEVELS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |value: u8| (0..6).min_by_key(|&level| (LEVELS[level] - i32::from(value)).abs()).unwrap_or(0);
    let distance = |other: [i32; 3]| colour.iter().zip(other).map(|(&a, b)| (i32::from(a) - b).pow(2)).sum::<i32>();
    let cube = colour.map(nearest);
    let mean = colour.iter().map(|&value| i32::from(value)).sum::<i32>() / 3;
    let grey = ((mean - 3) / 10).clamp(0, 23);
    if distance([8 + 10 * grey; 3]) < distance(cube.map(|level| LEVELS[level])) {
        (232 + grey) as u8
    } else {
        (16 + 36 * cube[0] + 6 * cube[1] + cube[2]) as u8
    }
}

/// One image with its pixels, for JSON.
fn object(set: &ImageSet, place: usize, images: &Images) -> serde_json::Value {
    json!({
        "index": set.index[place],
        "label": set.labels[place],
        "class": images.classes.get(usize::from(set.labels[place])),
        "difficulty": set.difficulty.as_ref().and_then(|known| known.get(place)),
        "height": set.height,
        "width": set.width,
        "channels": set.channels,
        "pixels": set.image(place),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_fall_on_their_nearest_index() {
        assert_eq!([[0, 0, 0], [255, 255, 255], [255, 0, 0], [128, 128, 128], [95, 135, 175]].map(indexed), [16, 231, 196, 244, 67]);
    }

    #[test]
    fn a_colour_is_said_only_where_it_changes() {
        let cell = |foreground, background| Cell { character: '▀', foreground: Some(foreground), background: Some(background) };
        let cells = [cell([1, 2, 3], [4, 5, 6]), cell([1, 2, 3], [4, 5, 6]), cell([1, 2, 3], [7, 8, 9])];
        assert_eq!(cells_as_text(&cells, Manner::True), "\u{1b}[38;2;1;2;3m\u{1b}[48;2;4;5;6m▀▀\u{1b}[48;2;7;8;9m▀\u{1b}[0m");
        assert_eq!(cells_as_text(&[Cell { character: '#', foreground: None, background: None }], Manner::Characters), "#");
    }
}
