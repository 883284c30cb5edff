//! A small canvas of floats: strokes with soft edges, gradients, noise.

use super::SIDE;
use super::shapes::Point;
use crate::random::Stream;

/// A colour, each channel in [0, 1] where it is to be seen.
pub(super) type Colour = [f32; 3];

/// One image in the making.
pub(super) struct Canvas {
    pixels: Vec<Colour>,
    /// How far the stroke being drawn covers each pixel.
    cover: Vec<f32>,
}

impl Canvas {
    /// A canvas of one colour whose brightness changes by `gradient` from edge to edge along `direction`.
    pub fn new(colour: Colour, gradient: f32, direction: Point) -> Self {
        let mut pixels = Vec::with_capacity(SIDE * SIDE);
        let middle = |place: usize| place as f32 / (SIDE - 1) as f32 - 0.5;
        for row in 0..SIDE {
            for column in 0..SIDE {
                let along = direction.0 * middle(column) + direction.1 * middle(row);
                pixels.push(colour.map(|channel| channel + gradient * along));
            }
        }
        Self { pixels, cover: vec![0.0; SIDE * SIDE] }
    }

    /// Adds a line to the stroke: pixels whose centres lie within `pen` of it are covered, with an edge a pixel wide.
    pub fn line(&mut self, from: Point, to: Point, pen: f32) {
        let reach = pen + 0.5;
        let limits = |a: f32, b: f32| {
            let low = (a.min(b) - reach).ceil().max(0.0) as usize;
            let high = (a.max(b) + reach).floor().min((SIDE - 1) as f32);
            if high < 0.0 { low..0 } else { low..high as usize + 1 }
        };
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).max(1e-12);
        for row in limits(from.1, to.1) {
            for column in limits(from.0, to.0) {
                let (x, y) = (column as f32 - from.0, row as f32 - from.1);
                let along = ((x * dx + y * dy) / length).clamp(0.0, 1.0);
                let (x, y) = (x - along * dx, y - along * dy);
                let cover = (reach - (x * x + y * y).sqrt()).clamp(0.0, 1.0);
                let place = &mut self.cover[row * SIDE + column];
                *place = place.max(cover);
            }
        }
    }

    /// Adds `change` where the stroke covers, and begins the next stroke.
    pub fn ink(&mut self, change: Colour) {
        for (pixel, cover) in self.pixels.iter_mut().zip(&mut self.cover) {
            if *cover > 0.0 {
                for (channel, change) in pixel.iter_mut().zip(change) {
                    *channel += *cover * change;
                }
                *cover = 0.0;
            }
        }
    }

    /// The image as bytes, with noise of standard deviation `noise`: two thirds of its variance shared by the channels
    /// of a pixel, so that averaging them does not take it away.
    pub fn finish(self, noise: f32, stream: &mut Stream, out: &mut [u8]) {
        let (shared, own) = (noise * 0.816_496_6, noise * 0.577_350_3);
        for (pixel, bytes) in self.pixels.iter().zip(out.chunks_exact_mut(3)) {
            let (first, second) = (nearly_normal(stream.bits()), nearly_normal(stream.bits()));
            for ((channel, byte), noise) in pixel.iter().zip(bytes).zip([first.1, second.0, second.1]) {
                let value = channel + shared * first.0 + own * noise;
                *byte = (value * 255.0 + 0.5).clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// Two numbers of mean 0 and variance 1 from 64 random bits: each a sum of four bytes. Close to normal, without the
/// logarithms and cosines that differ between machines in their last bit.
fn nearly_normal(bits: u64) -> (f32, f32) {
    let bytes = bits.to_le_bytes().map(f32::from);
    // The variance of a byte is (256² − 1)/12.
    let scale = |four: &[f32]| (four.iter().sum::<f32>() - 510.0) / 147.801_2;
    (scale(&bytes[..4]), scale(&bytes[4..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn the_noise_has_mean_zero_and_variance_one() {
        let mut stream = Stream::new(0, Purpose::Glyphs, 9, 9, 9);
        let draws: Vec<f64> = (0..50_000)
            .flat_map(|_| {
                let (a, b) = nearly_normal(stream.bits());
                [f64::from(a), f64::from(b)]
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn a_line_covers_its_pixels_and_not_the_rest() {
        let mut canvas = Canvas::new([0.0; 3], 0.0, (0.0, 0.0));
        canvas.line((4.0, 10.0), (20.0, 10.0), 1.0);
        canvas.ink([1.0; 3]);
        let mut bytes = vec![0; SIDE * SIDE * 3];
        canvas.finish(0.0, &mut Stream::new(0, Purpose::Glyphs, 0, 0, 0), &mut bytes);
        let at = |row: usize, column: usize| bytes[(row * SIDE + column) * 3];
        assert_eq!((at(10, 12), at(9, 12), at(11, 12), at(8, 12), at(12, 12), at(10, 30)), (255, 128, 128, 0, 0, 0));
    }

    #[test]
    fn lines_outside_the_canvas_do_no_harm() {
        let mut canvas = Canvas::new([0.5; 3], 0.0, (0.0, 0.0));
        for (from, to) in [((-50.0, -50.0), (-40.0, -45.0)), ((90.0, 3.0), (99.0, 3.0)), ((-9.0, 5.0), (60.0, 5.0))] {
            canvas.line(from, to, 1.5);
        }
        assert!(canvas.cover[5 * SIDE + 16] > 0.9);
        assert_eq!(canvas.cover[20 * SIDE + 16], 0.0);
    }
}
