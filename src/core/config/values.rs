//! Values that are more than a number or a word: intervals, periods, times of day, and settings that are either a word
//! or a number. How they are read and written stands in [`spelling`](super::spelling).

/// A length of training: `"1 epoch"`, `"100 steps"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interval {
    /// So many epochs.
    Epochs(u64),
    /// So many steps.
    Steps(u64),
}

/// How often, by the clock or by steps: `"60 s"`, `"10 min"`, `"2 h"`, `"500 steps"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Period {
    /// So many seconds.
    Seconds(f64),
    /// So many steps.
    Steps(u64),
}

/// When to save and stop: `""`, `"08:00"`, `"12 h"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// At the end only.
    Never,
    /// When the clock next shows this time, local.
    Clock {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// After so many seconds.
    After(f64),
}

/// Mean or standard deviation per channel: `"published"`, or numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelValues {
    /// Those that published runs on this set used.
    Published,
    /// One number a channel.
    Given(Vec<f64>),
}

/// Padding of random crops: `"auto"`, or pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crop {
    /// What suits the set.
    Auto,
    /// So many pixels on each side; 0 = no crops.
    Pixels(u64),
}

/// How the last feature map becomes a vector: `"global"`, or `{ window = 7 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Mean over the whole map.
    Global,
    /// Mean over the upper left square of this side.
    Window(u64),
}

/// Where to compute: `"auto"`, `"cpu"`, `"cuda"`, `"cuda:1"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The GPU with most free memory, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU: the one with most free memory, or the one of this number.
    Cuda(Option<u64>),
}

/// How many candidates are scored: a number, or `"all"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidates {
    /// All that are left.
    All,
    /// At most so many.
    Of(u64),
}

/// Length of the first-order displacement: `"auto"`, or a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Displacement {
    /// 1e-2 in f32, 1e-4 in f64.
    Auto,
    /// So long.
    Length(f64),
}

/// When an attack is evaluated: `"end"`, or an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Once, on the selected network.
    End,
    /// Every so often.
    Every(Interval),
}

/// An amount in pixel values of [0, 1], written `"8/255"` or as a number.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Pixels(pub f64);

/// A published figure: one number, or a series.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// One number.
    One(f64),
    /// One number an epoch.
    Series(Vec<f64>),
}

/// Named published figures, in the order written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures(pub Vec<(String, Figure)>);

/// One arm of a sweep: a name, and settings that differ (path, value as TOML).
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Name of the arm.
    pub name: String,
    /// Path and value of each setting that differs, the value as TOML.
    pub set: Vec<(String, String)>,
}

/// The arms of a sweep, in the order written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arms(pub Vec<Arm>);

/// Settings of which a sweep runs every combination: path, and values as TOML.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grid(pub Vec<(String, Vec<String>)>);
