//! An image as rows of character cells, for terminals. No escape codes here: a screen and a command line each have
//! their own way to say colours.

/// A cell of a picture: a character and, where it has them, its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// What stands in the cell.
    pub character: char,
    /// Colour of the character; the terminal's own if none.
    pub foreground: Option<[u8; 3]>,
    /// Colour behind it.
    pub background: Option<[u8; 3]>,
}

/// A picture to be shown: pixels row by row, one channel or three.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// height × width × channels bytes.
    pub pixels: &'a [u8],
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// 1 for grey, 3 for colour.
    pub channels: usize,
}

impl Picture<'_> {
    /// The mean colour of the pixels that a cell part covers; black outside.
    fn mean(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> [u8; 3] {
        let mut sum = [0u32; 3];
        let mut count = 0;
        for row in rows {
            for column in columns.clone() {
                if row >= self.height || column >= self.width {
                    continue;
                }
                let at = (row * self.width + column) * self.channels;
                for (channel, sum) in sum.iter_mut().enumerate() {
                    // A grey picture has its one channel three times.
                    *sum += u32::from(self.pixels.get(at + channel.min(self.channels - 1)).copied().unwrap_or(0));
                }
                count += 1;
            }
        }
        sum.map(|sum| (sum + count / 2).checked_div(count).unwrap_or(0) as u8)
    }

    /// The pixels of part `part` of `parts` along a side of `length`.
    fn span(part: usize, parts: usize, length: usize) -> std::ops::Range<usize> {
        let start = part * length / parts;
        start..((part + 1) * length / parts).max(start + 1)
    }
}

/// A picture in half blocks: each cell shows two pixels, the upper as its character's colour and the lower as its
/// background. At most `columns` wide; larger pictures are averaged down, smaller ones keep their size.
#[must_use]
pub fn half_blocks(picture: Picture<'_>, columns: usize) -> Vec<Vec<Cell>> {
    let (height, width) = size(picture, columns);
    let row = |row: usize| {
        let upper = Picture::span(2 * row, height, picture.height);
        let lower = Picture::span(2 * row + 1, height, picture.height);
        (0..width).map(move |column| {
            let columns = Picture::span(column, width, picture.width);
            let below = 2 * row + 1 < height;
            Cell {
                character: '▀',
                foreground: Some(picture.mean(upper.clone(), columns.clone())),
                background: below.then(|| picture.mean(lower.clone(), columns)),
            }
        })
    };
    (0..height.div_ceil(2)).map(|number| row(number).collect()).collect()
}

/// A picture in plain characters, the denser the brighter, for terminals without colours. Contrast is stretched, so that
/// a faint picture can still be made out.
#[must_use]
pub fn characters(picture: Picture<'_>, columns: usize) -> Vec<Vec<Cell>> {
    const RAMP: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];
    let (height, width) = size(picture, columns);
    let rows = height.div_ceil(2);
    let brightness: Vec<Vec<u32>> = (0..rows)
        .map(|row| {
            let pixels = Picture::span(row, rows, picture.height);
            (0..width)
                .map(|column| {
                    let [red, green, blue] = picture.mean(pixels.clone(), Picture::span(column, width, picture.width));
                    // Weights of brightness by ITU-R BT.601, in thousandths.
                    (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000
                })
                .collect()
        })
        .collect();
    let low = brightness.iter().flatten().copied().min().unwrap_or(0);
    let high = brightness.iter().flatten().copied().max().unwrap_or(0).max(low + 1);
    let cell = |value: &u32| {
        let step = ((value - low) * (RAMP.len() as u32 - 1) + (high - low) / 2) / (high - low);
        Cell { character: RAMP[step as usize], foreground: None, background: None }
    };
    brightness.iter().map(|row| row.iter().map(cell).collect()).collect()
}

/// Rows and columns, in half cells, of a picture that fits `columns`.
fn size(picture: Picture<'_>, columns: usize) -> (usize, usize) {
    if picture.width == 0 || picture.height == 0 || picture.channels == 0 || columns == 0 {
        return (0, 0);
    }
    let width = picture.width.min(columns);
    ((picture.height * width).div_ceil(picture.width), width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cell_shows_two_pixels() {
        let pixels = [10, 20, 30, 40, 50, 60];
        let cells = half_blocks(Picture { pixels: &pixels, height: 3, width: 2, channels: 1 }, 80);
        let cell =
            |upper: u8, lower: Option<u8>| Cell {
                character: '▀', foreground: Some([upper; 3]), background: lower.map(|lower| [lower; 3])
            };
        assert_eq!(cells, [vec![cell(10, Some(30)), cell(20, Some(40))], vec![cell(50, None), cell(60, None)]]);
    }

    #[test]
    fn large_pictures_are_averaged_down() {
        let pixels: Vec<u8> = [[0, 100], [100, 0]].concat().into_iter().flat_map(|value| [value; 3]).collect();
        let cells = half_blocks(Picture { pixels: &pixels, height: 2, width: 2, channels: 3 }, 1);
        assert_eq!(cells, [[Cell { character: '▀', foreground: Some([50; 3]), background: None }]]);
    }

    #[test]
    fn characters_use_the_whole_ramp() {
        let pixels = [100, 110, 100, 110];
        let rows = characters(Picture { pixels: &pixels, height: 2, width: 2, channels: 1 }, 10);
        assert_eq!(rows.concat().iter().map(|cell| cell.character).collect::<String>(), " @");
    }

    proptest! {
        #[test]
        fn any_size_is_drawn_within_its_columns(height in 0usize..40, width in 0usize..40, columns in 0usize..60, colour: bool) {
            let channels = if colour { 3 } else { 1 };
            let pixels = vec![7; height * width * channels];
            let picture = Picture { pixels: &pixels, height, width, channels };
            for rows in [half_blocks(picture, columns), characters(picture, columns)] {
                prop_assert!(rows.iter().all(|row| row.len() <= columns && row.len() <= width));
                prop_assert!(rows.len() <= height.div_ceil(2));
                prop_assert_eq!(rows.is_empty(), height == 0 || width == 0 || columns == 0);
            }
        }
    }
}
