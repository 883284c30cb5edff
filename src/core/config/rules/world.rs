//! Rules on names, data and networks.

use super::super::data::{Data, SetKind};
use super::super::experiment::Experiment;
use super::super::network::Network;
use super::super::range::grouped;
use super::super::read::{Reader, join};
use super::super::values::{ChannelValues, Crop, Head};

pub(super) fn check(experiment: &Experiment, reader: &mut Reader) {
    names(experiment, reader);
    data(&experiment.data, reader);
    network(&experiment.network, "network", &experiment.data, reader);
    if let Some(ordering) = &experiment.ordering {
        for (model, path) in [(&ordering.teacher, "ordering.teacher"), (&ordering.holdout_model, "ordering.holdout_model")] {
            if let Some(model) = model {
                network(model, path, &experiment.data, reader);
            }
        }
    }
}

fn names(experiment: &Experiment, reader: &mut Reader) {
    const LONGEST: usize = 200;
    let name = &experiment.name;
    if name.chars().count() > LONGEST {
        reader.conflict(&["name"], format!("expected at most {LONGEST} characters, got {}", name.chars().count()), None);
    } else if name.chars().any(char::is_control) {
        reader.conflict(&["name"], "expected one line without control characters".to_owned(), None);
    }
    let bad = |tag: &String| tag.trim().is_empty() || tag.chars().any(char::is_control);
    if experiment.tags.iter().any(bad) {
        reader.conflict(&["tags"], "expected words, none of them empty".to_owned(), None);
    }
}

fn data(data: &Data, reader: &mut Reader) {
    if data.per_class > 0 && !data.subset.is_empty() {
        let text = "only one of `data.per_class` and `data.subset` can hold".to_owned();
        reader.conflict(&["data.per_class", "data.subset"], text, Some("remove one of the two".to_owned()));
    }
    if let Some(largest) = data.largest_class()
        && data.per_class > largest
    {
        let text = format!("a class of {} has {} training images, got `{}`", data.set, grouped(largest), data.per_class);
        reader.conflict(&["data.per_class", "data.set", "data.glyphs.train"], text, None);
    }
    classes(data, reader);
    if data.set == SetKind::Glyphs {
        for (path, count) in [("data.glyphs.train", data.glyphs.train), ("data.glyphs.test", data.glyphs.test)] {
            if !count.is_multiple_of(10) {
                let text = format!("`{count}` is not divisible by the 10 classes");
                reader.conflict(&[path], text, Some(super::multiples(count, 10)));
            }
        }
    }
    if data.set == SetKind::Folder || data.set == SetKind::Arrays {
        if data.root.is_empty() {
            let hint = format!(
                "write `root = \"…\"`, the folder that holds the {}",
                if data.set == SetKind::Folder { "images" } else { "arrays" }
            );
            reader.conflict(&["data.root", "data.set"], format!("set `{}` needs `data.root`", data.set), Some(hint));
        }
        for (path, values) in [("data.mean", &data.mean), ("data.std", &data.std)] {
            // Published means and deviations of a user's own images do not exist: ImageNet's or MNIST's are taken by channels.
            if let ChannelValues::Given(values) = values
                && !matches!(values.len(), 1 | 3)
            {
                reader.conflict(&[path], format!("expected 1 or 3 numbers, one a channel, got {}", values.len()), None);
            }
        }
    }
    if let Some(channels) = data.set.channels() {
        for (path, values) in [("data.mean", &data.mean), ("data.std", &data.std)] {
            if let ChannelValues::Given(values) = values
                && values.len() as u64 != channels
            {
                let text = format!("expected {} for {}, got {}", numbers(channels), data.set, values.len());
                reader.conflict(&[path, "data.set"], text, None);
            }
        }
    }
    if let (Some(side), Crop::Pixels(crop)) = (data.set.side(), data.augmentation.crop)
        && crop > side
    {
        let text = format!("expected at most the image's side, {side} pixels, got `{crop}`");
        reader.conflict(&["data.augmentation.crop", "data.set"], text, None);
    }
}

fn numbers(count: u64) -> String {
    if count == 1 { "1 number".to_owned() } else { format!("{count} numbers, one a channel,") }
}

fn classes(data: &Data, reader: &mut Reader) {
    let mut seen: Vec<&str> = Vec::new();
    for class in &data.classes {
        if class.trim().is_empty() {
            reader.conflict(&["data.classes"], "expected names or numbers of classes, none of them empty".to_owned(), None);
        } else if seen.contains(&class.as_str()) {
            reader.conflict(&["data.classes"], format!("class `{class}` stands there twice"), None);
        }
        seen.push(class);
        if let (Some(count), Ok(number)) = (data.set.classes(), class.parse::<u64>())
            && number >= count
        {
            let text = format!("{} has classes 0 to {}, got `{number}`", data.set, count - 1);
            reader.conflict(&["data.classes", "data.set"], text, None);
        }
    }
    if data.classes.len() == 1 {
        reader.conflict(&["data.classes"], "one class cannot be told from others: expected two or more, or none for all".to_owned(), None);
    }
}

fn network(network: &Network, path: &str, data: &Data, reader: &mut Reader) {
    let at = |key: &str| join(path, key);
    if let (Some((step, rest)), None) = (network.depth_rule(), network.blocks()) {
        let n = network.depth.saturating_sub(rest) / step;
        let above = (n + 1) * step + rest;
        let hint = if n == 0 { format!("{above}?") } else { format!("{} or {above}?", n * step + rest) };
        let kind = match network.depth_rule() {
            Some((9, _)) => "preresnet with bottleneck blocks",
            Some((_, 2)) => "preresnet with basic blocks",
            _ => "wideresnet",
        };
        let text = format!("the depth of a {kind} is {step}n + {rest}, got `{}`", network.depth);
        reader.conflict(&[&at("depth"), &at("block"), &at("kind")], text, Some(hint));
    }
    if let (Head::Window(window), Some(side)) = (network.head, data.set.side())
        && window > side / 4
    {
        let text = format!("the last feature map is {0}×{0} on {1}: expected a window from 1 to {0}, got `{window}`", side / 4, data.set);
        reader.conflict(&[&at("head"), "data.set"], text, None);
    }
}
