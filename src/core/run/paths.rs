//! Where everything lies in a run directory. No other place knows a file's name.

use super::layout::RunDirectory;
use std::path::PathBuf;

impl RunDirectory {
    /// `run.json`.
    pub fn record_file(&self) -> PathBuf {
        self.path().join("run.json")
    }

    /// `labels.json`.
    pub fn labels_file(&self) -> PathBuf {
        self.path().join("labels.json")
    }

    /// `experiment.toml`.
    pub fn experiment(&self) -> PathBuf {
        self.path().join("experiment.toml")
    }

    /// `resolved.toml`.
    pub fn resolved(&self) -> PathBuf {
        self.path().join("resolved.toml")
    }

    /// `events.jsonl`.
    pub fn events(&self) -> PathBuf {
        self.path().join("events.jsonl")
    }

    /// `status.json`.
    pub fn status(&self) -> PathBuf {
        self.path().join("status.json")
    }

    /// `lock`.
    pub fn lock(&self) -> PathBuf {
        self.path().join("lock")
    }

    /// `log.txt`.
    pub fn log(&self) -> PathBuf {
        self.path().join("log.txt")
    }

    /// `commands/`.
    pub fn commands(&self) -> PathBuf {
        self.path().join("commands")
    }

    /// `checkpoints/`.
    pub fn checkpoints(&self) -> PathBuf {
        self.path().join("checkpoints")
    }

    /// `checkpoints/best.safetensors`.
    pub fn best(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }

    /// `checkpoints/last.safetensors`.
    pub fn last(&self) -> PathBuf {
        self.checkpoints().join("last.safetensors")
    }

    /// `checkpoints/epoch-030.safetensors`: kept because the experiment asked for it.
    pub fn kept(&self, epoch: u64) -> PathBuf {
        self.checkpoints().join(format!("epoch-{epoch:03}.safetensors"))
    }

    /// `checkpoints/step-0000700.safetensors`: the same, where the interval is given in steps.
    pub fn kept_step(&self, step: u64) -> PathBuf {
        self.checkpoints().join(format!("step-{step:07}.safetensors"))
    }

    /// `state/`.
    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// `scores/`.
    pub fn scores(&self) -> PathBuf {
        self.path().join("scores")
    }

    /// `orders.csv`: what came of every order of a study.
    pub fn orders(&self) -> PathBuf {
        self.path().join("orders.csv")
    }

    /// `orders.json`: what a study of orders came to.
    pub fn orders_report(&self) -> PathBuf {
        self.path().join("orders.json")
    }

    /// `order.safetensors`: the order trained in.
    pub fn order(&self) -> PathBuf {
        self.path().join("order.safetensors")
    }
}
