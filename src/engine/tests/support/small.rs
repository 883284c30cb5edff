//! Experiments that take a second: what faults and kills are tried on.

#![allow(dead_code)]

/// A plain run that saves at every step.
pub const PLAIN: &str = r#"
name = "plain"
[data]
set = "glyphs"
holdout = 0.2
[data.glyphs]
train = 40
test = 10
[network]
kind = "basicconv"
[schedule]
kind = "plateau"
patience = 0
threshold = 0.9
[training]
epochs = 2
batch = 16
device = "cpu"
threads = 1
precision = "f32"
state_every = "1 steps"
keep_every = "3 steps"
"#;

/// One whose batches are chosen by their scores, with score files and an order.
pub const ORDERED: &str = r#"
name = "ordered"
[data]
set = "glyphs"
[data.glyphs]
train = 60
test = 10
[network]
kind = "basicconv"
[schedule]
kind = "constant"
[training]
epochs = 2
batch = 16
device = "cpu"
threads = 1
precision = "f32"
state_every = "1 steps"
[ordering]
scorer = "loss"
candidates = "all"
compare = ["difficulty"]
"#;

/// A study of all orders, with rows, a report, and selectors.
pub const STUDY: &str = r#"
name = "study"
kind = "perfect-ordering"
[data]
set = "glyphs"
per_class = 3
[data.glyphs]
train = 200
test = 20
[network]
kind = "basicconv"
[schedule]
kind = "constant"
[training]
batch = 10
device = "cpu"
precision = "f32"
[permutation]
epochs = 2
parents = 2
workers = 1
selectors = ["loss", "grab"]
"#;
