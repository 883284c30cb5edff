//! A whole experiment: the sections together.

use super::attack::Attack;
use super::data::Data;
use super::declare::{choices, section};
use super::mixing::Mixing;
use super::network::Network;
use super::node::Node;
use super::optimizer::Optimizer;
use super::ordering::Ordering;
use super::permutation::Permutation;
use super::published::Published;
use super::read::{Entry, Reader};
use super::schedule::Schedule;
use super::seed::Seed;
use super::slurm::Slurm;
use super::sweep::Sweep;
use super::test_time::TestTime;
use super::training::Training;

choices! {
    /// What a run does.
    Kind {
        /// Train a network once.
        Training = "training",
        /// Train it in every order of an epoch's batches.
        PerfectOrdering = "perfect-ordering",
    }
}

section! {
    /// A whole experiment. Everything that a run needs to know stands in here.
    Experiment {
        /// Name, as shown in lists.
        name: String = String::new(), "name";
        /// What the run does.
        kind: Kind = Kind::Training, "kind";
        /// Anything worth remembering.
        notes: String = String::new(), "notes";
        /// Words to find it by.
        tags: Vec<String> = Vec::new(), "tags";
        /// Where every random draw of the run begins. A single number, `seed = 0`, sets all three.
        seed: Seed = Seed::default(), "seed";
        /// What is trained on, and which part of it.
        data: Data = Data::default(), "data";
        /// The network that is trained.
        network: Network = Network::default(), "network";
        /// How the weights move at each step.
        optimizer: Optimizer = Optimizer::default(), "optimizer";
        /// How the learning rate changes over the run.
        schedule: Schedule = Schedule::default(), "schedule";
        /// How long the run is, what a step reads, how it is watched, and what is kept.
        training: Training = Training::default(), "training";
        /// Which items the network learns from next, and how they are scored.
        ordering: Option<Ordering> = None, "ordering";
        /// Several images in one, and the cascade from many to one.
        mixing: Option<Mixing> = None, "mixing";
        /// Sums of images at test time: the mean answer over draws of partners.
        test_time: Option<TestTime> = None, "test time";
        /// Attacks on the trained network.
        attack: Vec<Attack> = Vec::new(), "attacks";
        /// Every order of an epoch's batches, tried out.
        permutation: Option<Permutation> = None, "permutation", for kind = ["perfect-ordering"];
        /// The experiment over several seeds and with several settings.
        sweep: Option<Sweep> = None, "sweep";
        /// What a cluster that runs Slurm is asked for.
        slurm: Option<Slurm> = None, "slurm";
        /// Published figures of this experiment: shown beside ours, never read by the engine.
        published: Option<Published> = None, "published";
    }
}

impl Experiment {
    /// What follows from what was written: the one of epochs and steps that gives way, and the permutation that a
    /// perfect ordering has.
    pub(crate) fn settle(&mut self, reader: &mut Reader) {
        if self.training.steps.is_some() {
            if reader.is_written("training.epochs") {
                let text = "only one of `training.epochs` and `training.steps` can hold".to_owned();
                reader.conflict(&["training.steps"], text, Some("remove one of the two".to_owned()));
            } else {
                self.training.epochs = None;
            }
        }
        if self.kind == Kind::PerfectOrdering {
            self.permutation.get_or_insert_default();
            // Its length stands in the permutation; a written one is reported by the rules.
            (self.training.epochs, self.training.steps) = (None, None);
        }
    }

    /// The whole experiment as TOML: every setting that the chosen kinds use, defaults too.
    pub fn to_toml(&self) -> String {
        super::write::document(&self.tree())
    }

    /// Every setting that is in use, as a tree.
    pub(crate) fn tree(&self) -> Node {
        let mut tree = self.write().unwrap_or_else(Node::empty);
        if let Some(mixing) = &self.mixing
            && mixing.is_staged()
            && let Some(node) = tree.get_mut("mixing")
        {
            node.remove("k");
        }
        tree
    }
}

/// Whether a section is off when it is absent.
pub(crate) fn is_optional(section: &str) -> bool {
    !matches!(section, "" | "seed" | "data" | "network" | "optimizer" | "schedule" | "training")
}
