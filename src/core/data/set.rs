//! Images and labels as bytes in memory.

use std::collections::BTreeMap;

/// Images of one size with their labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageSet {
    /// Pixels: count × height × width × channels, row by row, the channels of a pixel side by side.
    pub images: Vec<u8>,
    /// Class of each image, from 0.
    pub labels: Vec<u16>,
    /// Number of each image in the canonical set, from 0: what subsets, records and replays name it by.
    pub index: Vec<u32>,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// 1 for grey, 3 for red, green, blue.
    pub channels: usize,
    /// Known difficulty of each image in [0, 1], where the set knows it.
    pub difficulty: Option<Vec<f32>>,
}

impl ImageSet {
    /// How many images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes of one image.
    #[must_use]
    pub fn image_bytes(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// The pixels of image `place`, counted in this set from 0. Empty if there is no such image.
    #[must_use]
    pub fn image(&self, place: usize) -> &[u8] {
        let bytes = self.image_bytes();
        self.images.get(place * bytes..(place + 1) * bytes).unwrap_or(&[])
    }

    /// Which images these are: SHA-256 of their numbers in the set, and of the first few themselves.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let numbers = self.index.iter().flat_map(|index| index.to_le_bytes());
        let pixels = (0..self.len().min(16)).flat_map(|place| self.image(place).iter().copied());
        super::sha256(&numbers.chain(pixels).collect::<Vec<u8>>())
    }

    /// How many images each of `classes` classes has.
    #[must_use]
    pub fn counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for &label in &self.labels {
            if let Some(count) = counts.get_mut(usize::from(label)) {
                *count += 1;
            }
        }
        counts
    }

    /// The places of each class's images, ascending.
    pub(crate) fn by_class(&self, classes: usize) -> Vec<Vec<u32>> {
        let mut places = vec![Vec::new(); classes];
        for (place, &label) in self.labels.iter().enumerate() {
            if let Some(list) = places.get_mut(usize::from(label)) {
                list.push(place as u32);
            }
        }
        places
    }

    /// A set of the images at `places`, in that order.
    pub fn select(&self, places: &[u32]) -> Self {
        let mut images = Vec::with_capacity(places.len() * self.image_bytes());
        for &place in places {
            images.extend_from_slice(self.image(place as usize));
        }
        Self {
            images,
            labels: places.iter().map(|&place| self.labels[place as usize]).collect(),
            index: places.iter().map(|&place| self.index[place as usize]).collect(),
            difficulty: self.difficulty.as_ref().map(|known| places.iter().map(|&place| known[place as usize]).collect()),
            height: self.height,
            width: self.width,
            channels: self.channels,
        }
    }
}

/// An image set, ready for training: subset taken, hold-out split off, labels changed, as the experiment says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Images {
    /// What is trained on.
    pub train: ImageSet,
    /// What is kept for selection; none if `data.holdout` is 0.
    pub holdout: Option<ImageSet>,
    /// What is tested on.
    pub test: ImageSet,
    /// Names of the classes; a label is a place in this list.
    pub classes: Vec<String>,
    /// Mean of each channel of pixels in [0, 1], for normalisation.
    pub mean: Vec<f64>,
    /// Standard deviation of each channel, for normalisation.
    pub std: Vec<f64>,
    /// Whether training mirrors images left to right with probability ½.
    pub flip: bool,
    /// Pixels of zero padding before a random crop of the original size; 0 = no crops.
    pub crop: usize,
    /// SHA-256 of everything read, by name.
    pub checksums: BTreeMap<String, String>,
    /// Labels of `train` before label noise; none if there is no noise.
    pub true_labels: Option<Vec<u16>>,
}
