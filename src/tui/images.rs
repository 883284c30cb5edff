//! A preview of the images that an experiment would train on, in half blocks: one cell shows two pixels.

use curricle_core::config::Data;
use curricle_core::data::{self, ImageSet};
use std::fmt::Write as _;
use std::path::Path;

/// Images of a class that are shown.
const PER_CLASS: usize = 3;
/// Classes that are shown.
const CLASSES: usize = 10;
/// The widest that an image is drawn, in pixels.
const SIDE: usize = 32;

/// Lines with colours: a row of images for each class, the class's name above it.
pub fn draw(data: &Data, flag: Option<&Path>) -> Result<Vec<String>, String> {
    let images = data::load(data, &data::root(data, flag)).map_err(|error| error.to_string().lines().collect::<Vec<_>>().join("; "))?;
    let set = &images.train;
    let mut lines = vec![format!("{} images of {} classes, {} × {} pixels", set.labels.len(), images.classes.len(), set.width, set.height)];
    for (class, name) in images.classes.iter().enumerate().take(CLASSES) {
        let chosen: Vec<usize> = (0..set.labels.len()).filter(|at| usize::from(set.labels[*at]) == class).take(PER_CLASS).collect();
        if chosen.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(name.clone());
        lines.extend(side_by_side(set, &chosen));
    }
    Ok(lines)
}

fn side_by_side(set: &ImageSet, chosen: &[usize]) -> Vec<String> {
    let scale = set.width.max(set.height).div_ceil(SIDE).max(1);
    let (columns, rows) = (set.width / scale, set.height / scale);
    (0..rows.div_ceil(2))
        .map(|row| {
            let mut line = String::new();
            for image in chosen {
                for column in 0..columns {
                    let upper = pixel(set, *image, column * scale, 2 * row * scale);
                    let lower = pixel(set, *image, column * scale, (2 * row + 1) * scale);
                    let (r, g, b) = upper;
                    let (lower_r, lower_g, lower_b) = lower;
                    let _ = write!(line, "\u{1b}[38;2;{r};{g};{b};48;2;{lower_r};{lower_g};{lower_b}m▀");
                }
                line.push_str("\u{1b}[0m  ");
            }
            line
        })
        .collect()
}

/// A pixel's colour; black below the image.
fn pixel(set: &ImageSet, image: usize, x: usize, y: usize) -> (u8, u8, u8) {
    if y >= set.height {
        return (0, 0, 0);
    }
    let start = ((image * set.height + y) * set.width + x) * set.channels;
    let channel = |number: usize| set.images.get(start + number.min(set.channels.saturating_sub(1))).copied().unwrap_or(0);
    (channel(0), channel(1), channel(2))
}
