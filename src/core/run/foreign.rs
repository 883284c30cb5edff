//! The readers of run directories as functions of bytes. See [`crate::foreign`].

use super::catalogue;
use super::checkpoint_file::{Named, Wanted, read_checkpoint};
use super::follower::Follower;
use super::layout::{RunDirectory, id_of, slug};
use super::order_file::RecordedOrder;
use super::orders_file::{OrderRows, read_orders};
use super::progress::Progress;
use super::score_file::ScoreFile;
use super::status::{Status, shown_state};
use super::tensor_file::TensorFile;
use super::{CommandKind, plain, plain_lines};
use crate::config::presets::misnamed;
use crate::foreign::folder;
use crate::words::steers;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Component, Path};
use std::time::Duration;

/// A run directory of this thread's own.
fn directory() -> RunDirectory {
    let path = folder().join("run");
    for part in ["commands", "checkpoints", "state"] {
        assert!(std::fs::create_dir_all(path.join(part)).is_ok());
    }
    RunDirectory::at(path)
}

fn put(path: &Path, bytes: &[u8]) {
    assert!(std::fs::write(path, bytes).is_ok());
}

fn harmless(text: &str) -> bool {
    !text.chars().any(|letter| letter != '\n' && steers(letter))
}

/// The event log, as it grows in pieces, is cut and grows again. The first byte says how long the pieces are.
pub(crate) fn events(bytes: &[u8]) {
    let (first, bytes) = bytes.split_first().map_or((1, bytes), |(first, rest)| (*first, rest));
    let directory = directory();
    let path = directory.events();
    put(&path, b"");
    let generation = |generation| {
        assert!(Status { generation, ..Status::default() }.write(&directory.status()).is_ok());
    };
    generation(0);
    let mut follower = Follower::open(&directory);
    // A hash of the events read, and how many lines could not be.
    let mut seen = (0, 0);
    let look = |follower: &mut Follower, seen: &mut (u64, u64)| {
        for _ in 0..100_000 {
            let Ok(update) = follower.poll() else { return false };
            if update.restarted {
                *seen = (0, 0);
            }
            for event in &update.events {
                let mut hash = DefaultHasher::new();
                (seen.0, serde_json::to_string(event).unwrap_or_default()).hash(&mut hash);
                seen.0 = hash.finish();
            }
            seen.1 += update.damaged.map_or(0, |(count, _)| count);
            if !update.more {
                return true;
            }
        }
        false
    };
    let grow = |bytes: &[u8]| {
        let file = std::fs::OpenOptions::new().append(true).open(&path);
        assert!(file.and_then(|mut file| file.write_all(bytes)).is_ok());
    };
    // At most some twenty pieces, so that a large input does not take for ever.
    let piece = (usize::from(first) + 1).max(bytes.len() / 20);
    for part in bytes.chunks(piece) {
        grow(part);
        assert!(look(&mut follower, &mut seen), "the log cannot be read on");
    }
    // A resume: cut, a new generation, and on from there.
    let cut = std::fs::OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(bytes.len() as u64 / 2));
    assert!(cut.is_ok());
    generation(1);
    grow(&bytes[..bytes.len() / 3]);
    assert!(look(&mut follower, &mut seen), "the log cannot be read after a cut");
    let mut late = (0, 0);
    assert!(look(&mut Follower::open(&directory), &mut late));
    assert_eq!(seen, late, "who followed saw something else than who came late");
}

/// `status.json`.
pub(crate) fn status(bytes: &[u8]) {
    let directory = directory();
    put(&directory.status(), bytes);
    if let Ok(Some(status)) = Status::read(&directory.status()) {
        shown_state(Some(&status), false, "here", Duration::ZERO);
        assert!(status.write(&directory.status()).is_ok());
        let again = Status::read(&directory.status());
        assert!(again.is_ok_and(|again| again.as_ref() == Some(&status)), "it reads otherwise once it was written");
    }
}

/// `run.json`, or `labels.json` if the first byte is odd, and the summary that the list shows.
pub(crate) fn record(bytes: &[u8]) {
    let (first, bytes) = bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest));
    let directory = directory();
    put(&directory.status(), b"{}");
    if first & 1 == 0 {
        put(&directory.record_file(), bytes);
        put(&directory.labels_file(), b"{}");
    } else {
        put(&directory.record_file(), br#"{"format":1}"#);
        put(&directory.labels_file(), bytes);
    }
    let read = directory.record();
    if let Ok(summary) = catalogue::summary(&directory) {
        for text in [&summary.name, &summary.created, &summary.kind, &summary.set, &summary.network, &summary.notes, &summary.host] {
            assert!(harmless(text), "{text:?}");
        }
        for text in summary.tags.iter().chain(&summary.sweep).chain(&summary.arm).chain(&summary.message) {
            assert!(harmless(text), "{text:?}");
        }
    }
    if let Ok(read) = read {
        // What would be too large to be read again is not written.
        if read.write(&directory.record_file()).is_ok() {
            assert!(directory.record().is_ok_and(|again| again == read), "it reads otherwise once it was written");
        }
    }
}

/// A command file.
pub(crate) fn command(bytes: &[u8]) {
    let directory = directory();
    put(&directory.commands().join("1.json"), bytes);
    let waiting = super::pending(&directory);
    assert!(waiting.is_ok_and(|waiting| waiting.len() == 1 && waiting[0].0 == "1" && CommandKind::word(waiting[0].1).len() < 20));
    assert!(super::remove(&directory, "1").is_ok());
    assert!(super::pending(&directory).is_ok_and(|waiting| waiting.is_empty()));
}

const PARAMETERS: &[Named<'_>] = &[("conv1.weight", &[2, 1, 2, 2]), ("bn1.weight", &[2]), ("fc.bias", &[3])];
const STATISTICS: &[Named<'_>] = &[("bn1.running_mean", &[2])];

/// A checkpoint for a small network.
pub(crate) fn checkpoint(bytes: &[u8]) {
    let norms = ["bn1".to_string()];
    let wanted = Wanted { parameters: PARAMETERS, statistics: STATISTICS, batch_norms: &norms };
    let mut numbers = 0;
    let outcome = read_checkpoint(bytes, wanted, |_, _, values| numbers += values.len());
    match outcome {
        Ok(_) => assert!(numbers == 15 || numbers == 28, "{numbers}"),
        Err(text) => assert!(harmless(&text), "{text:?}"),
    }
}

/// A state: vectors, and the progress beside them.
pub(crate) fn state(bytes: &[u8]) {
    let Ok(file) = TensorFile::parse(bytes) else { return };
    for name in ["theta", "velocity", "statistics"] {
        if let Ok((_, data)) = file.vector(name, 4) {
            assert!(data.len() == 16 || data.len() == 32);
        }
    }
    match Progress::of(&file) {
        Ok(progress) => {
            let text = serde_json::to_string(&progress).unwrap_or_default();
            let again: Result<Progress, _> = serde_json::from_str(&text);
            assert!(again.is_ok_and(|again| again == progress), "{text}");
        }
        Err(text) => assert!(harmless(&text), "{text:?}"),
    }
}

/// What an ordering recorded, and the order alone: what one reader makes of a file is written, and read to be the same.
pub(crate) fn scores(bytes: &[u8]) {
    match ScoreFile::parse(bytes) {
        Ok(file) => {
            let written = file.to_bytes();
            let again = written.as_deref().map(ScoreFile::parse);
            // Scores may be no numbers, which equal nothing: bytes are compared.
            assert!(
                again.is_ok_and(|again| again.is_ok_and(|again| again.to_bytes() == written)),
                "it reads otherwise once it was written"
            );
            let header = &file.header;
            for text in [&header.scorer, &header.item, &header.set].into_iter().chain(&header.classes) {
                assert!(harmless(text), "{text:?}");
            }
        }
        Err(text) => assert!(harmless(&text), "{text:?}"),
    }
    match RecordedOrder::parse(bytes) {
        Ok(order) => {
            assert!(order.steps.values.iter().all(|&item| u64::from(item) < order.header.images));
            let again = order.to_bytes().map(|bytes| RecordedOrder::parse(&bytes));
            assert!(again.is_ok_and(|again| again.as_ref() == Ok(&order)), "an order reads otherwise once it was written");
        }
        Err(text) => assert!(harmless(&text), "{text:?}"),
    }
}

/// `orders.csv`, read row by row.
pub(crate) fn orders(bytes: &[u8]) {
    let directory = directory();
    put(&directory.orders(), bytes);
    for row in OrderRows::open(&directory).into_iter().flatten() {
        match row {
            Ok(row) => assert_eq!(row.batches.len(), row.train_losses.len()),
            Err(error) => assert!(harmless(&error.to_string()), "{error}"),
        }
    }
    let most = 1 + bytes.len() as u64 % 3;
    assert!(read_orders(&directory, most).is_ok_and(|rows| rows.len() as u64 <= most) || !bytes.is_empty());
}

/// Names that come from outside: as text on a terminal, as the name of a run, as the name of a preset.
pub(crate) fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!plain(&text).chars().any(steers));
    assert!(harmless(&plain_lines(&text)));
    assert!(!id_of(Path::new(&*text)).chars().any(steers));
    let slug = slug(&text);
    assert!(
        !slug.is_empty() && slug.len() <= 33 && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    );
    if misnamed(&text).is_none() {
        let path = Path::new("presets").join(format!("{text}.toml"));
        assert!(path.starts_with("presets") && path.components().all(|part| matches!(part, Component::Normal(_))), "{path:?}");
    }
}
