//! Runs are made, found, listed, renamed and copied.

use super::*;
use proptest::prelude::*;

/// A folder, in memory where there is such a place: the tests are about what is written, not about a disk's speed.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// A run directory in a folder of its own.
pub(in crate::run) fn scratch() -> (tempfile::TempDir, RunDirectory) {
    let keep = folder();
    let outline =
        Outline { name: "Loss delta, K = 8".into(), text: "a = 1\n".into(), resolved: "a = 1\nb = 2\n".into(), ..Outline::default() };
    let directory = RunDirectory::create_from(&keep.path().join("runs"), &outline, Origin::default()).unwrap();
    (keep, directory)
}

#[test]
fn a_new_run_has_a_name_that_says_when_and_what() {
    let (_keep, directory) = scratch();
    let id = directory.id();
    assert!(id.len() > 16 && id[16..].starts_with("loss-delta-k-8-"), "{id}");
    assert!(id[..8].bytes().all(|byte| byte.is_ascii_digit()) && &id[8..9] == "-", "{id}");
    assert_eq!(directory.record().unwrap().id, id);
    assert_eq!(directory.read_experiment().unwrap(), "a = 1\n");
    assert_eq!(directory.read_resolved().unwrap(), "a = 1\nb = 2\n");
    assert_eq!(directory.read_status().unwrap(), None);
    assert_eq!(RunDirectory::open(directory.path()).unwrap(), directory);
}

#[test]
fn an_engine_takes_no_run_in_which_something_is_a_link() {
    let keep = tempfile::tempdir().unwrap();
    let outside = keep.path().join("outside");
    std::fs::write(&outside, b"mine").unwrap();
    for name in ["orders.csv", "scores", "events.jsonl", "log.txt"] {
        let (_keep, directory) = scratch();
        std::os::unix::fs::symlink(&outside, directory.path().join(name)).unwrap();
        let error = crate::run::Lock::acquire(&directory).unwrap_err();
        assert!(error.to_string().ends_with(&format!("/{name}` is a link: a run writes only into its own folder")), "{error}");
        assert!(crate::run::send(&directory, crate::run::CommandKind::Stop).is_err());
    }
    assert_eq!(std::fs::read(&outside).unwrap(), b"mine");
}

#[test]
fn an_engine_waits_for_no_pipe_and_writes_into_no_folder_in_place_of_a_file() {
    let (_keep, directory) = scratch();
    std::fs::create_dir(directory.status()).unwrap();
    let error = crate::run::Lock::acquire(&directory).unwrap_err();
    assert!(error.to_string().ends_with("/status.json` is no file: something else lies in its place"), "{error}");
    std::fs::remove_dir(directory.status()).unwrap();
    nix::unistd::mkfifo(&directory.log(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let error = crate::run::Lock::acquire(&directory).unwrap_err();
    assert!(error.to_string().ends_with("/log.txt` is no file: something else lies in its place"), "{error}");
    std::fs::remove_file(directory.log()).unwrap();
    std::fs::remove_dir(directory.state()).unwrap();
    std::fs::write(directory.state(), b"").unwrap();
    let error = crate::run::Lock::acquire(&directory).unwrap_err();
    assert!(error.to_string().ends_with("/state` is no folder: something else lies in its place"), "{error}");
    std::fs::remove_file(directory.state()).unwrap();
    directory.make_folders().unwrap();
    assert!(directory.state().is_dir() && crate::run::Lock::acquire(&directory).is_ok());
}

#[test]
fn two_at_once_get_two_names() {
    let keep = tempfile::tempdir().unwrap();
    let outline = Outline { name: "twin".into(), ..Outline::default() };
    let ids: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..16).map(|_| scope.spawn(|| RunDirectory::create_from(keep.path(), &outline, Origin::default()).unwrap().id())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 16);
}

#[test]
fn names_become_file_names() {
    assert_eq!(slug("Loss delta, K = 8"), "loss-delta-k-8");
    assert_eq!(slug("../../etc/passwd"), "etc-passwd");
    assert_eq!(slug("ε = 8/255"), "8-255");
    assert_eq!(slug("日本"), "run");
    assert_eq!(slug(&"long ".repeat(50)), "long-long-long-long-long-long-lo");
}

#[test]
fn a_newer_format_is_refused() {
    let (_keep, directory) = scratch();
    std::fs::write(directory.record_file(), br#"{"format": 2, "id": [], "parts": {}}"#).unwrap();
    let error = RunDirectory::open(directory.path()).unwrap_err();
    let place = directory.path().display();
    assert_eq!(error.to_string(), format!("run directory `{place}` has format 2; this version reads formats up to 1"));
    assert_eq!(error.hint().unwrap(), "open it with the version of Curricle that wrote it, or a later one");
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn what_is_no_run_directory_is_refused() {
    let (keep, directory) = scratch();
    let error = RunDirectory::open(keep.path()).unwrap_err();
    assert_eq!(error.to_string(), format!("`{}` is not a run directory: it has no `run.json`", keep.path().display()));
    for bytes in [&b""[..], b"{", b"{}", b"[1]", br#"{"format":0}"#, br#"{"format":"1"}"#, b"\xff", br#"{"format":1,"id":7}"#] {
        std::fs::write(directory.record_file(), bytes).unwrap();
        let error = RunDirectory::open(directory.path()).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
}

#[test]
fn fields_of_later_versions_survive() {
    let (_keep, directory) = scratch();
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(directory.record_file()).unwrap()).unwrap();
    value["mood"] = "good".into();
    std::fs::write(directory.record_file(), value.to_string()).unwrap();
    directory.set_machine(Machine { device: "cpu".into(), threads: 2, ..Machine::default() }).unwrap();
    let record = directory.record().unwrap();
    assert_eq!(record.more["mood"], "good");
    assert_eq!(record.machine.unwrap().threads, 2);
    assert_eq!(record.name, "Loss delta, K = 8");
}

#[test]
fn labels_take_the_place_of_the_experiments_own() {
    let (_keep, directory) = scratch();
    assert_eq!(directory.labels().unwrap(), Labels::default());
    directory.set_labels(&Labels { tags: vec!["b".into(), "a".into(), "b".into()], notes: "two\nlines".into() }).unwrap();
    assert_eq!(directory.labels().unwrap(), Labels { tags: vec!["a".into(), "b".into()], notes: "two\nlines".into() });
}

#[test]
fn a_failed_creation_leaves_nothing() {
    use crate::run::disk::{Call, Verdict};
    let keep = tempfile::tempdir().unwrap();
    let runs = keep.path().join("runs");
    let outline = Outline { text: "x".repeat(100), ..Outline::default() };
    for n in 1.. {
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let fault = disk::inject(&runs, move |call, _| {
            let number = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            if number == n && call != Call::RemoveFolder { Verdict::Fail(28) } else { Verdict::Go }
        });
        let result = RunDirectory::create_from(&runs, &outline, Origin::default());
        drop(fault);
        match result {
            Err(error) => {
                assert!(error.is_disk_full());
                let left: Vec<_> = std::fs::read_dir(&runs).into_iter().flatten().flatten().collect();
                // Only when all of it was written and the last sync of the runs folder failed, a whole run stays.
                assert!(left.iter().all(|entry| RunDirectory::open(&entry.path()).is_ok()), "{left:?}");
            }
            Ok(_) => {
                assert!(n > 10);
                break;
            }
        }
        let _ = std::fs::remove_dir_all(&runs);
    }
}

proptest! {
    /// Whatever lies in the files, reading them ends in a value or an error.
    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..600) {
        let (_keep, directory) = scratch();
        let whole = std::fs::read(directory.record_file()).unwrap();
        for file in [directory.record_file(), directory.labels_file(), directory.experiment(), directory.log()] {
            std::fs::write(&file, &bytes).unwrap();
        }
        let _ = (directory.record(), directory.labels(), directory.read_experiment(), directory.read_log_end(64));
        // A true file, cut and with one byte changed.
        let mut torn = whole[..cut.min(whole.len())].to_vec();
        if let Some(byte) = torn.last_mut() {
            *byte ^= 0x55;
        }
        std::fs::write(directory.record_file(), &torn).unwrap();
        let _ = directory.record();
    }

    /// Text of any kind comes back from `run.json` as it went in.
    #[test]
    fn records_come_back(name in any::<String>(), notes in any::<String>(), seed in any::<u64>(), tags in proptest::collection::vec(any::<String>(), 0..4)) {
        let keep = folder();
        let seeds = Seeds { weights: seed, order: seed / 2, augmentation: 0 };
        let outline = Outline { name: name.clone(), notes: notes.clone(), tags: tags.clone(), seeds, ..Outline::default() };
        let record = RunDirectory::create_from(keep.path(), &outline, Origin::default()).unwrap().record().unwrap();
        prop_assert_eq!((record.name, record.notes, record.tags, record.seeds), (name, notes, tags, seeds));
    }
}
