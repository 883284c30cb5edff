//! `commands/`: what front ends ask of a running engine, one file a command.
//!
//! A file appears by rename, so any number of front ends on any file system can ask at once, and the engine never reads
//! half a command. The engine acknowledges each by an event that carries its id, then removes the file.

use super::disk;
use super::error::{Error, Result};
use super::layout::{RunDirectory, letters};
use super::whole::replace_quick;
use serde::{Deserialize, Serialize};
use std::fs;

/// Largest command file that is read.
const LIMIT: u64 = 4096;
/// Most commands that are looked at in one go; more wait for the next.
const MOST: usize = 256;

/// What is asked of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandKind {
    /// Wait at the next step boundary, process and device kept.
    Pause,
    /// Go on.
    Resume,
    /// Save and end.
    Stop,
    /// Save a state and `last.safetensors` now.
    Checkpoint,
    /// Pause, save, end the process and free the device.
    Release,
    /// Something that this version does not know, or a file that is no command: acknowledge it as such and remove it.
    #[serde(other)]
    Unknown,
}

impl CommandKind {
    /// The word in the file and in the event.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Checkpoint => "checkpoint",
            Self::Release => "release",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Command {
    command: CommandKind,
}

/// Asks something of the run's engine and returns the command's id, which the acknowledging event carries.
pub fn send(directory: &RunDirectory, kind: CommandKind) -> Result<String> {
    directory.refuse_foreign()?;
    let folder = directory.commands();
    if !folder.is_dir() {
        disk::create_folders(&folder)?;
    }
    // Names sort by time, so that commands are taken in the order they were given.
    let id = format!("{:014}-{}", (super::now() * 1000.0) as u64, letters(6));
    let path = folder.join(format!("{id}.json"));
    let text = serde_json::to_vec(&Command { command: kind }).map_err(|error| Error::damaged(&path, error.to_string()))?;
    replace_quick(&path, &text)?;
    Ok(id)
}

/// Commands that wait, in the order they were given. Costs one look into a folder if there are none.
pub fn pending(directory: &RunDirectory) -> Result<Vec<(String, CommandKind)>> {
    let folder = directory.commands();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", &folder, error)),
    };
    let mut ids: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").filter(|id| !id.is_empty() && !id.starts_with('.')).map(str::to_string))
        .take(MOST * 16)
        .collect();
    ids.sort_unstable();
    ids.truncate(MOST);
    let mut commands = Vec::with_capacity(ids.len());
    for id in ids {
        let kind = match disk::read(&folder.join(format!("{id}.json")), LIMIT) {
            Ok(bytes) => serde_json::from_slice::<Command>(&bytes).map_or(CommandKind::Unknown, |command| command.command),
            Err(error) if error.is_missing() => continue,
            Err(Error::Damaged { .. }) => CommandKind::Unknown,
            Err(error) => return Err(error),
        };
        commands.push((id, kind));
    }
    Ok(commands)
}

/// Removes a command that was acknowledged. One that is gone already is no error.
pub fn remove(directory: &RunDirectory, id: &str) -> Result<()> {
    if id.contains(['/', '\0']) {
        return Ok(());
    }
    let path = directory.commands().join(format!("{id}.json"));
    match disk::remove(&path) {
        Err(error) if !error.is_missing() => {
            // Somebody put a folder there: out of the way with it, or it would be asked for ever.
            if path.is_dir() { disk::remove_folder(&path) } else { Err(error) }
        }
        _ => Ok(()),
    }
}

/// Removes all commands: before an engine is started for a run that has none, so that what was asked of the one before
/// does not reach the new one.
pub fn clear(directory: &RunDirectory) -> Result<()> {
    for (id, _) in pending(directory)? {
        remove(directory, &id)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::layout::tests::scratch;

    #[test]
    fn commands_come_in_the_order_given_and_go_when_removed() {
        let (_keep, directory) = scratch();
        assert_eq!(pending(&directory).unwrap(), []);
        let kinds = [CommandKind::Pause, CommandKind::Resume, CommandKind::Checkpoint, CommandKind::Release, CommandKind::Stop];
        let mut sent = Vec::new();
        for kind in kinds {
            sent.push((send(&directory, kind).unwrap(), kind));
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert_eq!(pending(&directory).unwrap(), sent);
        remove(&directory, &sent[0].0).unwrap();
        remove(&directory, &sent[0].0).unwrap();
        assert_eq!(pending(&directory).unwrap(), sent[1..]);
        clear(&directory).unwrap();
        assert_eq!(pending(&directory).unwrap(), []);
    }

    #[test]
    fn what_is_no_command_is_named_so_and_can_be_removed() {
        let (_keep, directory) = scratch();
        let folder = directory.commands();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("1.json"), br#"{"command":"self-destruct"}"#).unwrap();
        fs::write(folder.join("2.json"), b"\xff\xfe").unwrap();
        fs::write(folder.join("3.json"), vec![b'['; 100_000]).unwrap();
        fs::create_dir(folder.join("4.json")).unwrap();
        fs::write(folder.join(".5.json.abc.part"), b"{}").unwrap();
        fs::write(folder.join("note.txt"), b"not mine").unwrap();
        let waiting = pending(&directory).unwrap();
        assert_eq!(waiting.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
        assert!(waiting.iter().all(|(_, kind)| *kind == CommandKind::Unknown));
        clear(&directory).unwrap();
        assert_eq!(pending(&directory).unwrap(), []);
        assert!(folder.join("note.txt").exists());
        remove(&directory, "../run").unwrap();
        assert!(directory.record().is_ok());
    }
}
