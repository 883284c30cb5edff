//! Image sets on the device, and batches out of them: whole-batch crop, flip and normalisation.

use crate::error::{Doing, Error, Result};
use curricle_core::data::ImageSet;
use curricle_core::random::{Purpose, Stream};
use tch::{Device, Kind, Tensor};

/// Mean and standard deviation of each channel, for pixels in [0, 1].
pub struct Normalisation {
    mean: Tensor,
    deviation: Tensor,
    kind: Kind,
}

impl Normalisation {
    /// On `device`, in `kind` (f32, or f64 for checks).
    ///
    /// # Errors
    /// If the lengths differ.
    pub fn new(mean: &[f64], deviation: &[f64], kind: Kind, device: Device) -> Result<Self> {
        let tensor = |values: &[f64]| Tensor::f_from_slice(values)?.f_to_kind(kind)?.f_to(device);
        Ok(Self { mean: tensor(mean)?, deviation: tensor(deviation)?, kind })
    }

    /// The same for another thread: the numbers are shared, not copied.
    #[must_use]
    pub fn share(&self) -> Self {
        Self { mean: self.mean.shallow_clone(), deviation: self.deviation.shallow_clone(), kind: self.kind }
    }

    /// Bytes [B, H, W, C] → (x/255 − mean)/std as [B, C, H, W] in channels-last memory.
    ///
    /// # Errors
    /// If the channels differ.
    pub fn apply(&self, bytes: &Tensor) -> Result<Tensor> {
        let mut x = bytes.f_to_kind(self.kind)?;
        let x = x.f_div_scalar_(255.0)?.f_sub_(&self.mean)?.f_div_(&self.deviation)?;
        Ok(x.f_permute([0, 3, 1, 2])?)
    }
}

/// Where each image of a batch is cut, and which are mirrored: drawn on the host as small numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crops {
    /// (row, column) of the window in the padded image; `padding` is no shift.
    pub offsets: Vec<(u8, u8)>,
    /// Whether the image is mirrored, before it is cut.
    pub flips: Vec<bool>,
    /// Black pixels added on each side before the cut.
    pub padding: u8,
}

impl Crops {
    /// Draws for `count` images, a function of (seed, epoch, step) alone. `None` if neither is wanted.
    #[must_use]
    pub fn draw(flip: bool, padding: usize, count: usize, seed: u64, epoch: u64, step: u64) -> Option<Self> {
        Self::draw_from(Stream::new(seed, Purpose::Crops, epoch, step, 0), flip, padding, count)
    }

    /// The same from a stream of the caller's.
    #[must_use]
    pub fn draw_from(mut stream: Stream, flip: bool, padding: usize, count: usize) -> Option<Self> {
        if !flip && padding == 0 {
            return None;
        }
        let windows = 2 * padding as u64 + 1;
        let mut crops = Self { offsets: Vec::with_capacity(count), flips: Vec::with_capacity(count), padding: padding as u8 };
        for _ in 0..count {
            crops.flips.push(flip && stream.below(2) == 1);
            let row = if padding > 0 { stream.below(windows) as u8 } else { 0 };
            let column = if padding > 0 { stream.below(windows) as u8 } else { 0 };
            crops.offsets.push((row, column));
        }
        Some(crops)
    }

    /// Those of some images of the batch that follow each other.
    #[must_use]
    pub fn part(&self, range: std::ops::Range<usize>) -> Self {
        Self { offsets: self.offsets[range.clone()].to_vec(), flips: self.flips[range].to_vec(), padding: self.padding }
    }

    /// Those of the images at some places.
    #[must_use]
    pub fn pick(&self, places: &[usize]) -> Self {
        let at = |place: &usize| (self.offsets[*place], self.flips[*place]);
        let (offsets, flips) = places.iter().map(at).unzip();
        Self { offsets, flips, padding: self.padding }
    }
}

/// An image set, resident on the device as bytes, or on the host where it does not fit.
pub struct DeviceSet {
    /// [N·H·W + 1, C]: all pixels, and a black one that stands for whatever lies outside an image.
    pixels: Tensor,
    labels: Tensor,
    count: usize,
    height: i64,
    width: i64,
    channels: i64,
    device: Device,
}

impl DeviceSet {
    /// Sends a set to the device once. If `resident` is false its bytes stay on the host and batches are sent one by
    /// one.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn new(set: &ImageSet, device: Device, resident: bool) -> Result<Self> {
        let (height, width, channels) = (set.height as i64, set.width as i64, set.channels as i64);
        let count = set.labels.len();
        let home = if resident { device } else { Device::Cpu };
        let rows = count as i64 * height * width;
        let bytes = Tensor::f_from_slice(&set.images).and_then(|t| t.f_view([rows, channels])).doing("image bytes")?;
        let black = Tensor::f_zeros([1, channels], (Kind::Uint8, Device::Cpu))?;
        let pixels = Tensor::f_cat(&[bytes, black], 0)?.f_to(home).doing("sending the image set to the device")?;
        let labels: Vec<i64> = set.labels.iter().map(|&label| i64::from(label)).collect();
        let labels = Tensor::f_from_slice(&labels)?.f_to(device)?;
        Ok(Self { pixels, labels, count, height, width, channels, device })
    }

    /// The same for another thread: the images are shared, not copied.
    #[must_use]
    pub fn share(&self) -> Self {
        Self { pixels: self.pixels.shallow_clone(), labels: self.labels.shallow_clone(), ..*self }
    }

    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Channels, height and width of an image.
    #[must_use]
    pub fn shape(&self) -> (i64, i64, i64) {
        (self.channels, self.height, self.width)
    }

    /// Bytes [B, H, W, C] and labels `[B]` of some items, cropped and flipped if asked.
    ///
    /// # Errors
    /// If an item is out of range, or the crops are for another number of images.
    pub fn batch(&self, items: &[u32], crops: Option<&Crops>) -> Result<(Tensor, Tensor)> {
        let numbers: Vec<i64> = items.iter().map(|&item| i64::from(item)).collect();
        if let Some(&bad) = items.iter().find(|&&item| item as usize >= self.count) {
            return Err(Error::Other(format!("item {bad} of a set of {} images was asked for", self.count)));
        }
        let numbers = Tensor::f_from_slice(&numbers)?;
        let labels = self.labels.f_index_select(0, &sent(&numbers, self.device)?)?;
        let numbers = sent(&numbers, self.pixels.device())?;
        let bytes = match crops {
            None => {
                let images = self.pixels.f_narrow(0, 0, self.pixels.size()[0] - 1)?;
                images.f_view([self.count as i64, self.height, self.width, self.channels])?.f_index_select(0, &numbers)?
            }
            Some(crops) => self.cropped(&numbers, items.len(), crops)?,
        };
        Ok((bytes.f_to(self.device)?, labels))
    }

    /// `count` images from `first` on, without a gather.
    ///
    /// # Errors
    /// If the range leaves the set.
    pub fn range(&self, first: usize, count: usize) -> Result<(Tensor, Tensor)> {
        let area = self.height * self.width;
        let rows = self.pixels.f_narrow(0, first as i64 * area, count as i64 * area)?;
        let bytes = rows.f_view([count as i64, self.height, self.width, self.channels])?.f_to(self.device)?;
        Ok((bytes, self.labels.f_narrow(0, first as i64, count as i64)?))
    }

    /// One gather for flip and crop together: every output pixel knows the row of `pixels` it comes from.
    fn cropped(&self, numbers: &Tensor, count: usize, crops: &Crops) -> Result<Tensor> {
        if crops.offsets.len() != count {
            return Err(Error::Other(format!("{} crops were drawn for a batch of {count}", crops.offsets.len())));
        }
        let home = self.pixels.device();
        let on_host = |values: &[i64], shape: [i64; 3]| -> Result<Tensor> { sent(&Tensor::f_from_slice(values)?.f_view(shape)?, home) };
        let batch = count as i64;
        let padding = i64::from(crops.padding);
        let rows: Vec<i64> = crops.offsets.iter().map(|&(row, _)| i64::from(row) - padding).collect();
        // A mirrored image reads its columns from right to left: column = start + direction·x.
        let mirror = |index: usize| if crops.flips[index] { -1i64 } else { 1 };
        let starts: Vec<i64> = (0..count)
            .map(|index| {
                let shift = i64::from(crops.offsets[index].1) - padding;
                if crops.flips[index] { self.width - 1 - shift } else { shift }
            })
            .collect();
        let directions: Vec<i64> = (0..count).map(mirror).collect();
        let x = Tensor::f_arange(self.width, (Kind::Int64, home))?;
        let y = Tensor::f_arange(self.height, (Kind::Int64, home))?;
        let row = on_host(&rows, [batch, 1, 1])?.f_add(&y.f_view([1, self.height, 1])?)?;
        let column =
            on_host(&directions, [batch, 1, 1])?.f_mul(&x.f_view([1, 1, self.width])?)?.f_add(&on_host(&starts, [batch, 1, 1])?)?;
        let inside_rows = row.f_ge(0)?.f_logical_and(&row.f_lt(self.height)?)?;
        let inside_columns = column.f_ge(0)?.f_logical_and(&column.f_lt(self.width)?)?;
        let image = numbers.f_view([batch, 1, 1])?.f_mul_scalar(self.height * self.width)?;
        let source = row.f_mul_scalar(self.width)?.f_add(&image)?.f_add(&column)?;
        let black = self.pixels.size()[0] - 1;
        let outside = inside_rows.f_logical_and(&inside_columns)?.f_logical_not()?;
        let source = source.f_masked_fill(&outside, black)?.f_view([-1])?;
        Ok(self.pixels.f_index_select(0, &source)?.f_view([batch, self.height, self.width, self.channels])?)
    }
}

/// A small host tensor on a device. The copy is queued behind what the device has to do; the host does not wait for it: what
/// is not in pinned memory is staged by the driver before the call returns.
fn sent(values: &Tensor, device: Device) -> Result<Tensor> {
    Ok(values.f_to_device_(device, values.kind(), true, false)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn small_set(count: usize, height: usize, width: usize) -> ImageSet {
        let images = (0..count * height * width * 3).map(|i| (i % 251) as u8 + 1).collect();
        ImageSet { images, labels: vec![0; count], index: (0..count as u32).collect(), height, width, channels: 3, difficulty: None }
    }

    proptest! {
        /// Against the definition, pixel by pixel: mirror, pad with black, cut.
        #[test]
        fn crops_and_flips_are_what_the_definition_says(
            draws in proptest::collection::vec((0u8..5, 0u8..5, any::<bool>(), 0u32..4), 1..6),
        ) {
            let (height, width, padding) = (5usize, 4usize, 2usize);
            let set = small_set(4, height, width);
            let device = DeviceSet::new(&set, Device::Cpu, true).unwrap();
            let crops = Crops {
                offsets: draws.iter().map(|d| (d.0, d.1)).collect(),
                flips: draws.iter().map(|d| d.2).collect(),
                padding: padding as u8,
            };
            let items: Vec<u32> = draws.iter().map(|d| d.3).collect();
            let (bytes, _) = device.batch(&items, Some(&crops)).unwrap();
            let seen: Vec<u8> = Vec::try_from(bytes.view([-1])).unwrap();
            let mut expected = Vec::new();
            for (place, &item) in items.iter().enumerate() {
                for y in 0..height {
                    for x in 0..width {
                        let (dy, dx) = crops.offsets[place];
                        let (row, column) = (y as i64 + i64::from(dy) - padding as i64, x as i64 + i64::from(dx) - padding as i64);
                        for channel in 0..3 {
                            let outside = row < 0 || column < 0 || row >= height as i64 || column >= width as i64;
                            expected.push(if outside { 0 } else {
                                let column = if crops.flips[place] { width as i64 - 1 - column } else { column };
                                set.images[((item as usize * height + row as usize) * width + column as usize) * 3 + channel]
                            });
                        }
                    }
                }
            }
            prop_assert_eq!(seen, expected);
        }
    }
}
