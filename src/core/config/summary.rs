//! One line for each section, as a folded section shows it.

use super::attack::AttackPreset;
use super::data::{Data, SetKind, Switch};
use super::experiment::{Experiment, Kind};
use super::mixing::{Mixing, MixingKind, MixingWeights};
use super::network::{Block, NetworkKind};
use super::ordering::{Direction, Estimate, ExternalSource, Measure, Ordering, PublishedOrdering, Sampler, Scorer, Target};
use super::range::grouped;
use super::schedule::{Schedule, ScheduleKind};
use super::training::{LastBatch, SelectOn};
use super::values::{Candidates, Crop, Head, Until};

impl Experiment {
    /// What a section holds, in one line. An optional section that is absent is `off`, attacks are `none`.
    pub fn summary(&self, section: &str) -> String {
        match section {
            "" => self.headline(),
            "seed" => {
                let seed = &self.seed;
                if seed.weights == seed.order && seed.order == seed.augmentation {
                    seed.weights.to_string()
                } else {
                    format!("weights {}, order {}, augmentation {}", seed.weights, seed.order, seed.augmentation)
                }
            }
            "data" => data(&self.data),
            "network" => self.network_line(),
            "optimizer" => {
                let optimizer = &self.optimizer;
                let momentum = match (optimizer.nesterov, optimizer.momentum) {
                    (_, 0.0) => String::new(),
                    (true, momentum) => format!(", nesterov {momentum}"),
                    (false, momentum) => format!(", momentum {momentum}"),
                };
                format!("{}, lr {}{momentum}", optimizer.kind, optimizer.lr)
            }
            "schedule" => schedule(&self.schedule),
            "training" => self.training_line(),
            "ordering" => self.ordering.as_ref().map_or_else(off, ordering),
            "mixing" => self.mixing.as_ref().map_or_else(off, mixing),
            "test_time" => self
                .test_time
                .as_ref()
                .map_or_else(off, |test_time| format!("{} draws, weight {}, {}", test_time.draws, test_time.weight, test_time.inference)),
            "attack" => self.attacks_line(),
            "permutation" => self.permutation.as_ref().map_or_else(off, |permutation| {
                let extremes = if permutation.extremes { " and the extremes" } else { "" };
                format!("{}, {} parents{extremes}", count(permutation.epochs, "epoch"), permutation.parents)
            }),
            "sweep" => self.sweep.as_ref().map_or_else(off, |sweep| {
                let mut parts = vec![count(sweep.seeds.len() as u64, "seed")];
                if !sweep.arm.0.is_empty() {
                    parts.push(count(sweep.arm.0.len() as u64, "arm"));
                }
                if !sweep.grid.0.is_empty() {
                    let size: usize = sweep.grid.0.iter().map(|(_, values)| values.len()).product();
                    parts.push(format!("grid of {size}"));
                }
                parts.join(", ")
            }),
            "slurm" => self.slurm.as_ref().map_or_else(off, |slurm| {
                let partition = if slurm.partition.is_empty() { "default partition" } else { &slurm.partition };
                format!("{partition}, {}, {}", slurm.time, count(slurm.gpus, "GPU"))
            }),
            "published" => self.published.as_ref().map_or_else(
                || "none".to_owned(),
                |published| {
                    let table = if published.table.is_empty() { "–".to_owned() } else { format!("table {}", published.table) };
                    if published.row.is_empty() { table } else { format!("{table}, {}", published.row) }
                },
            ),
            _ => String::new(),
        }
    }

    fn headline(&self) -> String {
        let name = if self.name.is_empty() { "no name" } else { &self.name };
        match self.kind {
            Kind::Training => name.to_owned(),
            Kind::PerfectOrdering => format!("{name}, perfect ordering"),
        }
    }

    fn network_line(&self) -> String {
        let network = &self.network;
        let mut line = match network.kind {
            NetworkKind::PreResNet if network.block == Block::Basic => format!("preresnet {} basic", network.depth),
            NetworkKind::PreResNet => format!("preresnet {}", network.depth),
            NetworkKind::WideResNet => format!("wideresnet {}-{}", network.depth, network.width),
            NetworkKind::BasicConv => "basicconv".to_owned(),
        };
        if let (NetworkKind::PreResNet, Head::Window(side)) = (network.kind, network.head) {
            line.push_str(&format!(", window {side}"));
        }
        if network.dropout > 0.0 {
            line.push_str(&format!(", dropout {}", network.dropout));
        }
        let known = network.kind == NetworkKind::BasicConv || network.blocks().is_some();
        if let (Some(channels), Some(classes), true) = (self.data.set.channels(), self.data.class_count(), known) {
            line.push_str(&format!(", {} weights", grouped(network.weights(channels, classes))));
        }
        if !network.checkpoint.is_empty() {
            line.push_str(", from a checkpoint");
        }
        line
    }

    fn training_line(&self) -> String {
        let training = &self.training;
        let mut parts = match self.kind {
            Kind::Training => vec![self.length(), format!("batch {}", training.batch)],
            Kind::PerfectOrdering => vec![format!("batch {}", training.batch)],
        };
        parts.push(training.precision.to_string());
        if training.device != super::values::DeviceChoice::Auto {
            parts.push(training.device.to_string());
        }
        if training.last_batch == LastBatch::Drop {
            parts.push("full batches only".to_owned());
        }
        if training.early_stop > 0 {
            parts.push(format!("early stop {}", training.early_stop));
        }
        if training.label_smoothing > 0.0 {
            parts.push(format!("smoothing {}", training.label_smoothing));
        }
        if training.select_on == SelectOn::Test {
            parts.push("selected on test: oracle".to_owned());
        }
        if training.until != Until::Never {
            parts.push(format!("until {}", training.until));
        }
        parts.join(", ")
    }

    fn attacks_line(&self) -> String {
        if self.attack.is_empty() {
            return "none".to_owned();
        }
        let each: Vec<String> = self
            .attack
            .iter()
            .map(|attack| match attack.preset {
                AttackPreset::Off => format!("{} {}", attack.kind, attack.epsilon),
                preset => preset.to_string(),
            })
            .collect();
        each.join(", ")
    }
}

fn off() -> String {
    "off".to_owned()
}

fn count(number: u64, of: &str) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{} {of}s", grouped(number)) }
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 1e2)
}

fn data(data: &Data) -> String {
    let mut parts = vec![data.set.to_string()];
    if data.set == SetKind::Glyphs {
        parts.push(format!("{} + {} images", grouped(data.glyphs.train), grouped(data.glyphs.test)));
    }
    if !data.classes.is_empty() {
        parts.push(if data.classes.len() <= 3 {
            data.classes.join(" ")
        } else {
            count(data.classes.len() as u64, "class").replace("classs", "classes")
        });
    }
    if data.per_class > 0 {
        parts.push(format!("{} a class", grouped(data.per_class)));
    }
    if !data.subset.is_empty() {
        let name = data.subset.rsplit('/').next().unwrap_or_default();
        parts.push(name.strip_suffix(".json").unwrap_or(name).to_owned());
    }
    if !data.files.is_empty() {
        parts.push(count(data.files.len() as u64, "file"));
    }
    if data.holdout > 0.0 {
        parts.push(format!("hold-out {}", percent(data.holdout)));
    }
    if data.label_noise > 0.0 {
        parts.push(format!("label noise {}", percent(data.label_noise)));
    }
    if data.imbalance > 1.0 {
        parts.push(format!("imbalance {}", data.imbalance));
    }
    if data.augmentation.flip == Switch::Off && data.augmentation.crop == Crop::Pixels(0) {
        parts.push("no augmentation".to_owned());
    }
    parts.join(", ")
}

fn schedule(schedule: &Schedule) -> String {
    let factor = schedule.factor;
    match schedule.kind {
        ScheduleKind::Constant => "constant".to_owned(),
        ScheduleKind::Milestones => {
            let epochs: Vec<String> = schedule.milestones.iter().map(u64::to_string).collect();
            format!("× {factor} after {}", epochs.join(", "))
        }
        ScheduleKind::Step => format!("× {factor} every {}", count(schedule.every, "epoch")),
        ScheduleKind::Cosine if schedule.minimum == 0.0 => "cosine".to_owned(),
        ScheduleKind::Cosine => format!("cosine to {}", schedule.minimum),
        ScheduleKind::OneCycle => format!("one cycle, rising for {}", percent(schedule.warm_share)),
        ScheduleKind::Plateau => format!("plateau × {factor}, patience {}", schedule.patience),
    }
}

fn ordering(ordering: &Ordering) -> String {
    if !ordering.replay.is_empty() {
        let named = ordering.replay.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        return format!("in the order of {named}");
    }
    if let Some(pacing) = &ordering.pacing {
        let first = if pacing.reversed { "hardest" } else { "easiest" };
        let grows = format!("from {}, × {} every {}", percent(pacing.start), pacing.increase, pacing.length);
        return format!("pacing by {}, {first} first, {grows}", pacing.by);
    }
    match ordering.scorer {
        Scorer::Grab => return if ordering.pairs { "grab pairs" } else { "grab" }.to_owned(),
        Scorer::EqualCompute if ordering.equal_to != Scorer::EqualCompute => {
            let other = Ordering { scorer: ordering.equal_to, ..ordering.clone() };
            return format!("random, as many passes as {}", self::ordering(&other));
        }
        _ => {}
    }
    let mut parts = vec![ordering.scorer.word().replace('-', " ")];
    match ordering.candidates {
        Candidates::All => parts.push("K = all".to_owned()),
        Candidates::Of(number) => parts.push(format!("K = {number}")),
    }
    if ordering.scorer == Scorer::LossDelta {
        let target = match ordering.target {
            Target::Same => "same batch",
            Target::External if ordering.external.source == ExternalSource::Test => "batch of the test set: oracle",
            Target::External => "external batch",
        };
        parts.push(target.to_owned());
        if ordering.measure == Measure::Relative {
            parts.push("relative".to_owned());
        }
        if ordering.estimate == Estimate::FirstOrder {
            parts.push("first order".to_owned());
        }
    }
    if ordering.order != Direction::Auto {
        parts.push(ordering.order.to_string());
    }
    if ordering.published != PublishedOrdering::default() {
        parts.push("with published deviations".to_owned());
    }
    if ordering.sampler != Sampler::Off {
        parts.push(format!("sampler {}", ordering.sampler));
    }
    if let Some(warmup) = ordering.warmup {
        parts.push(format!("first {warmup} only"));
    }
    parts.join(", ")
}

fn mixing(mixing: &Mixing) -> String {
    match mixing.kind {
        MixingKind::Sum => {
            let what = if let Some(gradual) = &mixing.gradual {
                format!("gradual from {}", gradual.start)
            } else if mixing.phase.is_empty() {
                format!("k = {}", mixing.k)
            } else {
                let ks: Vec<String> = mixing.phase.iter().map(|phase| phase.k.to_string()).collect();
                format!("cascade {}", ks.join(" → "))
            };
            let weights = if mixing.weights == MixingWeights::Mean { String::new() } else { format!(", {} weights", mixing.weights) };
            format!("sum, {what}{weights}")
        }
        MixingKind::Mixup | MixingKind::CutMix => format!("{}, α = {}", mixing.kind, mixing.alpha),
        kind => kind.to_string(),
    }
}
