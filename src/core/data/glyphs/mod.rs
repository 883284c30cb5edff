//! `glyphs`: an image set that needs no download, drawn from nothing but a seed.
//!
//! Ten letters in 32×32 pixels of colour, turned, scaled, shifted, bent, of weak contrast, among clutter and noise.
//! How much of all that a sample gets is its *known difficulty*, a number in [0, 1]: so an ordering can be judged
//! against the truth. At the hard end a second letter shows through, and the best of networks errs.
//!
//! A sample is a function of (seed, split, number) alone: a larger set begins with the smaller one, and any sample can
//! be drawn again by itself. Only operations that are exact by the floating-point standard are used (no sines, no
//! logarithms), so every machine draws the same bytes.

mod canvas;
mod nuisance;
mod shapes;

use super::set::ImageSet;
use crate::random::{Purpose, Stream};
use canvas::{Canvas, Colour};
use nuisance::Nuisance;
use shapes::Point;

/// Rows and columns of a glyph image.
pub const SIDE: usize = 32;
/// Classes.
pub const CLASSES: usize = shapes::NAMES.len();
/// Bytes of an image.
const BYTES: usize = SIDE * SIDE * 3;

/// Which of the two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// What is trained on.
    Train,
    /// What is tested on.
    Test,
}

/// Names of the classes, in label order.
#[must_use]
pub fn classes() -> Vec<String> {
    shapes::NAMES.iter().map(|&name| name.to_owned()).collect()
}

/// Draws the first `count` samples of a split. `strength` scales all nuisances: 0 = plain letters, 1 = as designed.
#[must_use]
pub fn draw(seed: u64, split: Split, count: usize, strength: f64) -> ImageSet {
    let mut images = vec![0; count * BYTES];
    let mut labels = vec![0; count];
    let mut difficulty = vec![0.0; count];
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(count.div_ceil(64)).max(1);
    let share = count.div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let chunks = images.chunks_mut(share * BYTES).zip(labels.chunks_mut(share)).zip(difficulty.chunks_mut(share));
        for (chunk, ((images, labels), difficulty)) in chunks.enumerate() {
            scope.spawn(move || {
                let rows = images.chunks_exact_mut(BYTES).zip(labels).zip(difficulty);
                for (place, ((image, label), difficulty)) in rows.enumerate() {
                    (*label, *difficulty) = sample(seed, split, (chunk * share + place) as u64, strength, image);
                }
            });
        }
    });
    let index = (0..count as u32).collect();
    ImageSet { images, labels, index, height: SIDE, width: SIDE, channels: 3, difficulty: Some(difficulty) }
}

/// Draws sample `number` into `image`; its label and its known difficulty.
fn sample(seed: u64, split: Split, number: u64, strength: f64, image: &mut [u8]) -> (u16, f32) {
    let label = label(seed, split, number);
    let mut stream = Stream::new(seed, Purpose::Glyphs, split as u64, 0, number);
    let difficulty = stream.unit();
    let nuisance = Nuisance::draw((difficulty * strength) as f32, &mut stream);
    let (ground, bright) = ground(&nuisance, &mut stream);
    let mut canvas = Canvas::new(ground, nuisance.gradient, unit_vector(&mut stream));
    for _ in 0..nuisance.clutter {
        clutter(&mut canvas, &nuisance, &mut stream);
    }
    let ink = ink(&nuisance, bright, &mut stream);
    let other = (usize::from(label) + 1 + stream.below(CLASSES as u64 - 1) as usize) % CLASSES;
    if nuisance.ghost > 0.0 {
        glyph(&mut canvas, other, &nuisance);
        canvas.ink(ink.map(|channel| channel * nuisance.ghost));
    }
    glyph(&mut canvas, usize::from(label), &nuisance);
    canvas.ink(ink);
    canvas.finish(nuisance.noise, &mut stream, image);
    (label, (difficulty * strength.min(1.0)) as f32)
}

/// The label of sample `number`: every ten samples hold each class once, in an order of their own.
fn label(seed: u64, split: Split, number: u64) -> u16 {
    let classes = CLASSES as u64;
    let order = Stream::new(seed, Purpose::Glyphs, split as u64, 1, number / classes).permutation(CLASSES);
    order.get((number % classes) as usize).map_or(0, |&label| label as u16)
}

/// The colour of the ground, and whether the ink is brighter than it.
fn ground(nuisance: &Nuisance, stream: &mut Stream) -> (Colour, bool) {
    let bright = stream.bits() & 1 == 1;
    // Room for the ink on one side, and a margin on both.
    let room = (0.9 - nuisance.contrast).max(0.0);
    let level = 0.05 + room * stream.unit() as f32;
    let level = if bright { level } else { 1.0 - level };
    let mut channel = || level + nuisance.tint * (stream.unit() as f32 - 0.5);
    ([channel(), channel(), channel()], bright)
}

/// How ink changes the colour of the ground.
fn ink(nuisance: &Nuisance, bright: bool, stream: &mut Stream) -> Colour {
    let sign = if bright { 1.0 } else { -1.0 };
    let mut channel = || sign * nuisance.contrast + nuisance.tint * (stream.unit() as f32 - 0.5);
    [channel(), channel(), channel()]
}

/// A stroke that belongs to no letter: two lines that meet.
fn clutter(canvas: &mut Canvas, nuisance: &Nuisance, stream: &mut Stream) {
    let mut from = (SIDE as f32 * stream.unit() as f32, SIDE as f32 * stream.unit() as f32);
    for _ in 0..2 {
        let direction = unit_vector(stream);
        let length = 3.0 + 7.0 * stream.unit() as f32;
        let to = (from.0 + length * direction.0, from.1 + length * direction.1);
        canvas.line(from, to, nuisance.pen);
        from = to;
    }
    let bright = stream.bits() & 1 == 1;
    canvas.ink(ink(nuisance, bright, stream).map(|channel| channel * nuisance.clutter_contrast));
}

/// Lays the strokes of a letter on the canvas, turned, scaled, bent and shifted.
fn glyph(canvas: &mut Canvas, label: usize, nuisance: &Nuisance) {
    // (1 − t², 2t)/(1 + t²) are cosine and sine of twice the angle whose tangent is t.
    let t = nuisance.turn;
    let (cosine, sine) = ((1.0 - t * t) / (1.0 + t * t), 2.0 * t / (1.0 + t * t));
    let middle = (SIDE - 1) as f32 / 2.0;
    // What would leave the image is pulled back.
    let most = (middle - nuisance.size).max(0.0);
    let centre = (middle + nuisance.shift.0.clamp(-most, most), middle + nuisance.shift.1.clamp(-most, most));
    let place = |(x, y): Point| {
        let x = (x + nuisance.shear * y + nuisance.bend * (1.0 - 2.0 * y * y)) * nuisance.aspect;
        let y = y + nuisance.bend * x * 0.5;
        let (x, y) = (x * nuisance.size, y * nuisance.size);
        (centre.0 + cosine * x - sine * y, centre.1 + sine * x + cosine * y)
    };
    for stroke in shapes::strokes(label) {
        for ends in stroke.windows(2) {
            // Long lines are bent in pieces.
            let (from, to) = (ends[0], ends[1]);
            let pieces = if (to.0 - from.0).abs() + (to.1 - from.1).abs() > 0.7 { 4 } else { 1 };
            let between = |piece: usize| {
                let t = piece as f32 / pieces as f32;
                place((from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t))
            };
            for piece in 0..pieces {
                canvas.line(between(piece), between(piece + 1), nuisance.pen);
            }
        }
    }
}

/// A direction: a point drawn from a disc, scaled to length 1.
fn unit_vector(stream: &mut Stream) -> Point {
    loop {
        let (x, y) = (2.0 * stream.unit() as f32 - 1.0, 2.0 * stream.unit() as f32 - 1.0);
        let square = x * x + y * y;
        if (0.01..=1.0).contains(&square) {
            let length = square.sqrt();
            return (x / length, y / length);
        }
    }
}

#[cfg(test)]
mod tests;
