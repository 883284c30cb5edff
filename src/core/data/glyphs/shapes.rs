//! The ten glyphs as strokes: polylines in a box from −1 to 1, y downwards.
//!
//! Curves are quadratic Béziers, so that a point is made by additions and multiplications alone and comes out the same
//! on every machine.

/// A point of a stroke.
pub(super) type Point = (f32, f32);

/// Names of the classes, in label order. Several share most of their strokes (E and F, C and O, H, K and X, S and Z),
/// so that a hard sample is mistaken for a particular other class.
pub(super) const NAMES: [&str; 10] = ["C", "E", "F", "H", "K", "O", "S", "T", "X", "Z"];

/// Directions of the eight corners of an octagon around the unit circle, from the right, clockwise on the screen.
const OCTANTS: [Point; 8] = [
    (1.0, 0.0),
    (DIAGONAL, DIAGONAL),
    (0.0, 1.0),
    (-DIAGONAL, DIAGONAL),
    (-1.0, 0.0),
    (-DIAGONAL, -DIAGONAL),
    (0.0, -1.0),
    (DIAGONAL, -DIAGONAL),
];
/// cos 45°.
const DIAGONAL: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// Straight pieces of an eighth of a circle.
const PIECES: usize = 3;

/// The strokes of class `label`.
pub(super) fn strokes(label: usize) -> Vec<Vec<Point>> {
    match NAMES.get(label).copied().unwrap_or("O") {
        "C" => vec![arc((0.0, 0.0), (0.8, 1.0), 7, -6)],
        "E" => vec![vec![(0.7, -1.0), (-0.7, -1.0), (-0.7, 1.0), (0.7, 1.0)], vec![(-0.7, 0.0), (0.5, 0.0)]],
        "F" => vec![vec![(0.7, -1.0), (-0.7, -1.0), (-0.7, 1.0)], vec![(-0.7, -0.05), (0.5, -0.05)]],
        "H" => vec![vec![(-0.7, -1.0), (-0.7, 1.0)], vec![(0.7, -1.0), (0.7, 1.0)], vec![(-0.7, 0.0), (0.7, 0.0)]],
        "K" => vec![vec![(-0.7, -1.0), (-0.7, 1.0)], vec![(0.7, -1.0), (-0.65, 0.05), (0.75, 1.0)]],
        "O" => vec![arc((0.0, 0.0), (0.8, 1.0), 0, 8)],
        "S" => {
            let mut line = arc((0.0, -0.5), (0.7, 0.5), 7, -5);
            line.extend(arc((0.0, 0.5), (0.7, 0.5), 6, 5));
            vec![line]
        }
        "T" => vec![vec![(-0.8, -1.0), (0.8, -1.0)], vec![(0.0, -1.0), (0.0, 1.0)]],
        "X" => vec![vec![(-0.75, -1.0), (0.75, 1.0)], vec![(0.75, -1.0), (-0.75, 1.0)]],
        _ => vec![vec![(-0.75, -1.0), (0.75, -1.0), (-0.75, 1.0), (0.75, 1.0)]],
    }
}

/// Part of an ellipse: `eighths` of it from octant `first`, clockwise if positive.
fn arc(centre: Point, radius: Point, first: i32, eighths: i32) -> Vec<Point> {
    // The control point of an eighth lies where the tangents meet: 1/cos 22.5° out, midway between the octants.
    const OUT: f32 = 1.082_392_2;
    const HALF: Point = (0.923_879_5, 0.382_683_43);
    let corner = |octant: i32| OCTANTS[octant.rem_euclid(8) as usize];
    let place = |(x, y): Point| (centre.0 + radius.0 * x, centre.1 + radius.1 * y);
    let mut points = vec![place(corner(first))];
    let turn = eighths.signum();
    for step in 0..eighths.abs() {
        let from = corner(first + turn * step);
        let to = corner(first + turn * (step + 1));
        // `from`, turned by 22.5° in the direction of travel.
        let side = turn as f32 * HALF.1;
        let middle = (OUT * (HALF.0 * from.0 - side * from.1), OUT * (side * from.0 + HALF.0 * from.1));
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            let (a, b, c) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
            points.push(place((a * from.0 + b * middle.0 + c * to.0, a * from.1 + b * middle.1 + c * to.1)));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arc_stays_on_its_ellipse() {
        for (first, eighths) in [(0, 8), (7, -6), (6, 5)] {
            for (x, y) in arc((0.0, 0.0), (1.0, 1.0), first, eighths) {
                let radius = (x * x + y * y).sqrt();
                assert!((radius - 1.0).abs() < 0.01, "{radius}");
            }
        }
    }

    #[test]
    fn every_glyph_fills_its_box_and_no_more() {
        for (label, name) in NAMES.iter().enumerate() {
            let points: Vec<Point> = strokes(label).concat();
            let bottom = points.iter().map(|point| point.1).fold(-1.0, f32::max);
            assert!(points.iter().all(|&(x, y)| x.abs() <= 1.001 && y.abs() <= 1.001), "{name}");
            assert!(bottom > 0.7, "{name}");
        }
    }
}
