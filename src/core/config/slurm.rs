//! `[slurm]`: what a cluster is asked for.

use super::declare::section;
use super::range::whole;

section! {
    /// What a cluster that runs Slurm is asked for.
    Slurm {
        /// Partition. Empty: the cluster's default.
        partition: String = String::new(), "partition";
        /// Longest time, as Slurm writes it: `12:00:00`, `2-00:00:00`.
        time: String = "12:00:00".to_owned(), "time";
        /// GPUs of one run.
        gpus: u64 = 1, "GPUs" in whole(0, 64);
        /// Processors of one run. 0: the cluster's default.
        cpus: u64 = 0, "processors" in whole(0, 1024);
        /// Memory of one run, as Slurm writes it: `16G`. Empty: the cluster's default.
        memory: String = String::new(), "memory";
        /// Account that pays. Empty: yours by default.
        account: String = String::new(), "account";
        /// Quality of service. Empty: the cluster's default.
        qos: String = String::new(), "quality of service";
        /// Features that a node must have.
        constraint: String = String::new(), "constraint";
        /// Further arguments of `sbatch`, one each.
        arguments: Vec<String> = Vec::new(), "arguments";
    }
}
