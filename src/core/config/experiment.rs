//! A whole experiment: the sections together.

use super::attack::Attack;
use super::data::Data;
use super::declare::{choices, section};
use super::mixing::Mixing;
use super::network::Network;
use super::optimizer::Optimizer;
use super::ordering::Ordering;
use super::permutation::Permutation;
use super::published::Published;
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
