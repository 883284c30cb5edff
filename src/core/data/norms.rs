//! What suits a set: mean and standard deviation for normalisation, mirroring, crops.

use super::error::Error;
use crate::config::{ChannelValues, Crop, Data, SetKind, Switch};

/// Mean and standard deviation per channel, mirroring, pixels of crop padding.
pub(crate) struct Norms {
    pub mean: Vec<f64>,
    pub std: Vec<f64>,
    pub flip: bool,
    pub crop: usize,
}

/// Resolves `published` and `auto` for the set at hand.
pub(crate) fn resolve(data: &Data, side: usize, channels: usize) -> Result<Norms, Error> {
    let (mean, std) = published(data.set, channels);
    let (flip, crop) = automatic(data.set, side, channels);
    let values = |given: &ChannelValues, published: &[f64], key: &str| match given {
        ChannelValues::Published => Ok(published.to_vec()),
        ChannelValues::Given(values) if values.len() == channels => Ok(values.clone()),
        // One number for all channels.
        ChannelValues::Given(values) if values.len() == 1 => Ok(vec![values[0]; channels]),
        ChannelValues::Given(values) => Err(Error::choice(format!(
            "`data.{key}` has {} numbers, but the images have {channels} {}",
            values.len(),
            if channels == 1 { "channel" } else { "channels" }
        ))),
    };
    let crop = match data.augmentation.crop {
        Crop::Auto => crop,
        Crop::Pixels(pixels) if (pixels as usize) < side => pixels as usize,
        Crop::Pixels(pixels) => {
            return Err(Error::choice(format!("`data.augmentation.crop` pads by {pixels} pixels, as much as the image itself: {side}")));
        }
    };
    Ok(Norms {
        mean: values(&data.mean, &mean, "mean")?,
        std: values(&data.std, &std, "std")?,
        flip: match data.augmentation.flip {
            Switch::Auto => flip,
            Switch::On => true,
            Switch::Off => false,
        },
        crop,
    })
}

/// Mean and standard deviation: what published runs on the set used. CIFAR's are ImageNet's, as published; Fashion-MNIST's
/// are those of its training pixels; glyphs are centred at ½, with the spread of their pixels; a folder of colour images
/// gets ImageNet's values, grey ones ½ and ¼.
fn published(set: SetKind, channels: usize) -> (Vec<f64>, Vec<f64>) {
    match set {
        SetKind::Mnist => (vec![0.1307], vec![0.3081]),
        SetKind::FashionMnist => (vec![0.2860], vec![0.3530]),
        SetKind::Glyphs => (vec![0.5; 3], vec![0.25; 3]),
        SetKind::Cifar10 | SetKind::Cifar100 | SetKind::Folder | SetKind::Arrays if channels == 3 => {
            (vec![0.485, 0.456, 0.406], vec![0.229, 0.224, 0.225])
        }
        _ => (vec![0.5; channels], vec![0.25; channels]),
    }
}

/// Mirroring and crop padding that change no label: objects may be mirrored, letters and digits may not. A folder of
/// colour images counts as objects; its crops move by an eighth of the side, as CIFAR's do.
fn automatic(set: SetKind, side: usize, channels: usize) -> (bool, usize) {
    match set {
        SetKind::Cifar10 | SetKind::Cifar100 => (true, 4),
        SetKind::Mnist => (false, 3),
        SetKind::FashionMnist => (true, 3),
        SetKind::Glyphs => (false, 2),
        SetKind::Folder | SetKind::Arrays => (channels == 3, side / 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values_of_cifar_and_mnist() {
        let data = Data { set: SetKind::Cifar10, ..Data::default() };
        let norms = resolve(&data, 32, 3).unwrap();
        assert_eq!((norms.mean, norms.std), (vec![0.485, 0.456, 0.406], vec![0.229, 0.224, 0.225]));
        assert_eq!((norms.flip, norms.crop), (true, 4));
        let data = Data { set: SetKind::Mnist, ..Data::default() };
        let norms = resolve(&data, 28, 1).unwrap();
        assert_eq!((norms.mean, norms.std, norms.flip, norms.crop), (vec![0.1307], vec![0.3081], false, 3));
    }

    #[test]
    fn numbers_given_must_fit_the_channels() {
        let mut data = Data { set: SetKind::Mnist, mean: ChannelValues::Given(vec![0.1, 0.2, 0.3]), ..Data::default() };
        let error = resolve(&data, 28, 1).err().map(|error| error.text);
        assert_eq!(error.as_deref(), Some("`data.mean` has 3 numbers, but the images have 1 channel"));
        data.mean = ChannelValues::Published;
        data.augmentation.crop = Crop::Pixels(28);
        assert!(resolve(&data, 28, 1).is_err());
        data.augmentation.crop = Crop::Pixels(0);
        assert_eq!(resolve(&data, 28, 1).map(|norms| norms.crop).ok(), Some(0));
    }
}
