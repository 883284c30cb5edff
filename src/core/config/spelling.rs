//! How the values of [`values`](super::values) are spelt in TOML.

use super::form::Shape;
use super::node::{Content, Node};
use super::read::{At, Entry, Reader, number};
use super::values::{Candidates, ChannelValues, Crop, DeviceChoice, Displacement, Head, Interval, Period, Pixels, Until, When};

/// Longest period or time to wait: ten years.
const LONGEST: f64 = 10.0 * 365.25 * 86_400.0;

/// A number and the word behind it: `10 min`.
fn measured(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|character: char| !(character.is_ascii_digit() || character == '.'))?;
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim()))
}

fn seconds_of(unit: &str) -> Option<f64> {
    match unit {
        "s" | "sec" | "second" | "seconds" => Some(1.0),
        "min" | "m" | "minute" | "minutes" => Some(60.0),
        "h" | "hour" | "hours" => Some(3600.0),
        "d" | "day" | "days" => Some(86_400.0),
        _ => None,
    }
}

fn seconds(text: &str) -> Option<f64> {
    let (number, unit) = measured(text)?;
    let seconds = number * seconds_of(unit)?;
    (seconds > 0.0 && seconds <= LONGEST).then_some(seconds)
}

fn spelt_seconds(seconds: f64) -> String {
    if seconds >= 3600.0 && seconds % 3600.0 == 0.0 {
        format!("{} h", seconds / 3600.0)
    } else if seconds >= 120.0 && seconds % 60.0 == 0.0 {
        format!("{} min", seconds / 60.0)
    } else {
        format!("{seconds} s")
    }
}

fn whole(number: f64) -> Option<u64> {
    (number >= 1.0 && number.fract() == 0.0 && number < 1e15).then_some(number as u64)
}

impl Interval {
    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = measured(text)?;
        match unit {
            "epoch" | "epochs" => whole(number).map(Self::Epochs),
            "step" | "steps" => whole(number).map(Self::Steps),
            _ => None,
        }
    }
}

impl std::fmt::Display for Interval {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Epochs(1) => formatter.pad("1 epoch"),
            Self::Epochs(count) => formatter.pad(&format!("{count} epochs")),
            Self::Steps(1) => formatter.pad("1 step"),
            Self::Steps(count) => formatter.pad(&format!("{count} steps")),
        }
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Seconds(seconds) => formatter.pad(&spelt_seconds(*seconds)),
            Self::Steps(count) => Interval::Steps(*count).fmt(formatter),
        }
    }
}

impl std::fmt::Display for Until {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => Ok(()),
            Self::Clock { hour, minute } => formatter.pad(&format!("{hour:02}:{minute:02}")),
            Self::After(seconds) => formatter.pad(&spelt_seconds(*seconds)),
        }
    }
}

impl std::fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => formatter.pad("auto"),
            Self::Cpu => formatter.pad("cpu"),
            Self::Cuda(None) => formatter.pad("cuda"),
            Self::Cuda(Some(number)) => formatter.pad(&format!("cuda:{number}")),
        }
    }
}

impl std::fmt::Display for Candidates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => formatter.pad("all"),
            Self::Of(count) => count.fmt(formatter),
        }
    }
}

impl std::fmt::Display for Pixels {
    /// `8/255` where it is exactly that, else the number.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps = (self.0 * 255.0 * 4.0).round() / 4.0;
        let usual = steps > 0.0 && (steps.fract() == 0.0 || steps < 8.0) && steps < 255.0;
        if usual && steps / 255.0 == self.0 { write!(formatter, "{steps}/255") } else { write!(formatter, "{}", self.0) }
    }
}

/// Text, if it is text.
fn text(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Text(text) => Some(text),
        _ => None,
    }
}

fn written(text: impl std::fmt::Display) -> Option<Node> {
    Some(Content::Text(text.to_string()).into())
}

impl Entry for Interval {
    const EMPTY_IS_NONE: bool = true;

    fn shape() -> Shape {
        Shape::ChoiceOr(&[], "a length as `1 epoch` or `100 steps`")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let read = text(node).and_then(Self::parse);
        if read.is_none() {
            reader.mistyped(node, at.path, "a length as `\"1 epoch\"` or `\"100 steps\"`", None);
        }
        read
    }

    fn write(&self) -> Option<Node> {
        written(self)
    }
}

impl Entry for Period {
    fn shape() -> Shape {
        Shape::ChoiceOr(&[], "a time as `60 s`, `10 min` or `2 h`, or a number of steps as `500 steps`")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let read = text(node).and_then(|text| match Interval::parse(text) {
            Some(Interval::Steps(steps)) => Some(Self::Steps(steps)),
            _ => seconds(text).map(Self::Seconds),
        });
        if read.is_none() {
            reader.mistyped(node, at.path, "a time as `\"60 s\"`, `\"10 min\"` or `\"2 h\"`, or `\"500 steps\"`", None);
        }
        read
    }

    fn write(&self) -> Option<Node> {
        written(self)
    }
}

impl Entry for Until {
    fn shape() -> Shape {
        Shape::ChoiceOr(&[""], "a time of day as `08:00`, or a length as `12 h`")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let spelt = match &node.content {
            Content::Text(text) => text.trim(),
            Content::Time(time) => time.strip_suffix(":00").filter(|rest| rest.contains(':')).unwrap_or(time),
            _ => "?",
        };
        let read = if spelt.is_empty() { Some(Self::Never) } else { clock(spelt).or_else(|| seconds(spelt).map(Self::After)) };
        if read.is_none() {
            reader.mistyped(node, at.path, "a time of day as `\"08:00\"`, or a length as `\"12 h\"`", None);
        }
        read
    }

    fn write(&self) -> Option<Node> {
        written(self)
    }
}

fn clock(text: &str) -> Option<Until> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str, below: u8| {
        let valid = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u8>().ok().filter(|number| valid && *number < below)
    };
    (minute.len() == 2).then_some(())?;
    Some(Until::Clock { hour: digits(hour, 24)?, minute: digits(minute, 60)? })
}

impl Entry for ChannelValues {
    fn shape() -> Shape {
        Shape::ChoiceOr(&["published"], "a list of numbers, one a channel")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Text(text) if text == "published" => Some(Self::Published),
            Content::List(items) if !items.is_empty() => Vec::<f64>::read(node, at, reader).map(Self::Given),
            _ => {
                reader.mistyped(node, at.path, "`\"published\"`, or a list of numbers, one a channel", None);
                None
            }
        }
    }

    fn write(&self) -> Option<Node> {
        match self {
            Self::Published => written("published"),
            Self::Given(values) => values.write(),
        }
    }
}

/// Reads either a word or what another type reads.
fn word_or<T: Entry, R>(
    node: &Node,
    at: At<'_>,
    reader: &mut Reader,
    word: (&str, R),
    expected: &str,
    other: impl Fn(T) -> R,
) -> Option<R> {
    match &node.content {
        Content::Text(text) if text == word.0 => Some(word.1),
        // A fraction in quotes is a number as well.
        Content::Text(_) if number(&node.content).is_none() => {
            let hint = text(node)
                .and_then(|text| super::nearest::nearest(text, std::iter::once(word.0)))
                .map(|near| format!("did you mean `\"{near}\"`?"));
            reader.mistyped(node, at.path, &format!("`\"{}\"`, or {expected}", word.0), hint);
            None
        }
        _ => T::read(node, at, reader).map(other),
    }
}

impl Entry for Crop {
    fn shape() -> Shape {
        Shape::ChoiceOr(&["auto"], "a whole number of pixels")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        word_or(node, at, reader, ("auto", Self::Auto), &at.range.expected_whole(), Self::Pixels)
    }

    fn write(&self) -> Option<Node> {
        match self {
            Self::Auto => written("auto"),
            Self::Pixels(pixels) => pixels.write(),
        }
    }
}

impl Entry for Candidates {
    fn shape() -> Shape {
        Shape::ChoiceOr(&["all"], "a whole number")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        word_or(node, at, reader, ("all", Self::All), &at.range.expected_whole(), Self::Of)
    }

    fn write(&self) -> Option<Node> {
        match self {
            Self::All => written("all"),
            Self::Of(count) => count.write(),
        }
    }
}

impl Entry for Displacement {
    fn shape() -> Shape {
        Shape::ChoiceOr(&["auto"], "a number")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        word_or(node, at, reader, ("auto", Self::Auto), &at.range.expected_number(), Self::Length)
    }

    fn write(&self) -> Option<Node> {
        match self {
            Self::Auto => written("auto"),
            Self::Length(length) => length.write(),
        }
    }
}

impl Entry for Head {
    fn shape() -> Shape {
        Shape::ChoiceOr(&["global"], "a window as `{ window = 7 }`")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        if text(node) == Some("global") {
            return Some(Self::Global);
        }
        let window = node.entries().filter(|entries| entries.len() == 1).and_then(|_| node.get("window"));
        if let Some(window) = window {
            let path = super::read::join(at.path, "window");
            return u64::read(window, At { path: &path, range: at.range }, reader).map(Self::Window);
        }
        reader.mistyped(node, at.path, "`\"global\"`, or a window as `{ window = 7 }`", None);
        None
    }

    fn write(&self) -> Option<Node> {
        match self {
            Self::Global => written("global"),
            Self::Window(side) => Some(Content::Inline(vec![("window".to_owned(), side.write()?)]).into()),
        }
    }
}

impl Entry for DeviceChoice {
    fn shape() -> Shape {
        Shape::ChoiceOr(&["auto", "cpu", "cuda"], "a GPU of this number as `cuda:1`")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let spelt = text(node).unwrap_or("?");
        let number = |text: &str| text.strip_prefix("cuda:")?.parse::<u64>().ok().filter(|number| *number < 1024);
        let read = match spelt {
            "auto" => Some(Self::Auto),
            "cpu" => Some(Self::Cpu),
            "cuda" => Some(Self::Cuda(None)),
            _ => number(spelt).map(|number| Self::Cuda(Some(number))),
        };
        if read.is_none() {
            let hint =
                super::nearest::nearest(spelt, ["auto", "cpu", "cuda"].into_iter()).map(|near| format!("did you mean `\"{near}\"`?"));
            reader.mistyped(node, at.path, "`\"auto\"`, `\"cpu\"`, `\"cuda\"`, or a GPU by its number as `\"cuda:1\"`", hint);
        }
        read
    }

    fn write(&self) -> Option<Node> {
        written(self)
    }
}

impl Entry for When {
    fn shape() -> Shape {
        Shape::ChoiceOr(&["end"], "a length as `10 epochs`")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let read = match text(node) {
            Some("end") => Some(Self::End),
            Some(text) => Interval::parse(text).map(Self::Every),
            None => None,
        };
        if read.is_none() {
            reader.mistyped(node, at.path, "`\"end\"`, or a length as `\"10 epochs\"`", None);
        }
        read
    }

    fn write(&self) -> Option<Node> {
        match self {
            Self::End => written("end"),
            Self::Every(interval) => written(interval),
        }
    }
}

impl Entry for Pixels {
    fn shape() -> Shape {
        Shape::Number
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        f64::read(node, at, reader).map(Self)
    }

    fn write(&self) -> Option<Node> {
        let text = self.to_string();
        if text.contains('/') { written(text) } else { self.0.write() }
    }
}
