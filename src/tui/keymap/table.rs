//! The one table of actions: name, default keys, where they hold, group, and the sentence that explains them.

use super::Place::{Attacks, Configure, Everywhere, Runs, Scores, Train};
use super::{Action, Entry, Place};

#[allow(clippy::too_many_arguments, reason = "the columns of the table")]
const fn entry(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    place: Place,
    group: &'static str,
    foot: u8,
    short: &'static str,
    sentence: &'static str,
) -> Entry {
    Entry { action, name, keys, place, group, foot, short, sentence }
}

/// Every action. The order within a place is the order of the help; `foot` is the order of the key line, 0 for none.
#[rustfmt::skip]
pub const TABLE: &[Entry] = &[
    entry(Action::PaneConfigure, "configure", &["1"], Everywhere, "panes", 0, "configure", "Go to Configure: choose a preset, change fields, start"),
    entry(Action::PaneTrain, "train", &["2"], Everywhere, "panes", 0, "train", "Go to Train: watch and steer one run"),
    entry(Action::PaneScores, "scores", &["3"], Everywhere, "panes", 0, "scores", "Go to Scores: what the ordering prefers"),
    entry(Action::PaneAttacks, "attacks", &["4"], Everywhere, "panes", 0, "attacks", "Go to Attacks: robustness of a checkpoint"),
    entry(Action::PaneRuns, "runs", &["5"], Everywhere, "panes", 0, "runs", "Go to Runs: everything that ever ran here"),
    entry(Action::NextBox, "next-box", &["tab"], Everywhere, "moving", 0, "box", "Move the focus to the next box"),
    entry(Action::PreviousBox, "previous-box", &["shift-tab"], Everywhere, "moving", 0, "box back", "Move the focus to the previous box"),
    entry(Action::Up, "up", &["up", "k"], Everywhere, "moving", 0, "up", "One line up"),
    entry(Action::Down, "down", &["down", "j"], Everywhere, "moving", 0, "down", "One line down"),
    entry(Action::Left, "left", &["left", "h"], Everywhere, "moving", 0, "left", "Fold, the previous choice, or left in a chart"),
    entry(Action::Right, "right", &["right", "l"], Everywhere, "moving", 0, "right", "Unfold, the next choice, or right in a chart"),
    entry(Action::First, "first", &["g", "home"], Everywhere, "moving", 0, "first", "To the first line"),
    entry(Action::Last, "last", &["G", "end"], Everywhere, "moving", 0, "last", "To the last line"),
    entry(Action::PageUp, "page-up", &["pgup"], Everywhere, "moving", 0, "page up", "One page up"),
    entry(Action::PageDown, "page-down", &["pgdn"], Everywhere, "moving", 0, "page down", "One page down"),
    entry(Action::Find, "find", &["/"], Everywhere, "screen", 190, "filter", "Filter a list, or find a field of the form, by every word typed"),
    entry(Action::CommandLine, "command", &[":"], Everywhere, "screen", 0, "command", "Type the name of a command, with a list of those that fit; Tab completes it"),
    entry(Action::Help, "help", &["?"], Everywhere, "screen", 255, "help", "Every key that works here"),
    entry(Action::Copy, "copy", &["y"], Everywhere, "screen", 200, "copy command", "Copy the command that prints the same numbers, and show it"),
    entry(Action::Messages, "messages", &[], Everywhere, "screen", 0, "messages", "The last hundred messages"),
    entry(Action::Redraw, "redraw", &["ctrl-l"], Everywhere, "screen", 0, "redraw", "Draw the whole screen anew"),
    entry(Action::Suspend, "suspend", &["ctrl-z"], Everywhere, "screen", 0, "suspend", "Give the terminal back to the shell; `fg` returns"),
    entry(Action::Close, "close", &["esc"], Everywhere, "screen", 0, "close", "Close what is open: help, a zoomed box, a filter, an edit"),
    entry(Action::Leave, "leave", &["q", "ctrl-c"], Everywhere, "screen", 210, "leave", "Leave the screen; runs go on"),

    entry(Action::Edit, "edit", &["enter"], Configure, "fields", 10, "edit", "Edit the field, fold or unfold a section, load a preset"),
    entry(Action::Start, "start", &["s"], Configure, "run", 20, "start", "Start the experiment in the background"),
    entry(Action::StartSeeds, "start-seeds", &["S"], Configure, "run", 30, "seeds", "Start one run for each of several seeds"),
    entry(Action::Save, "save", &["w"], Configure, "preset", 40, "save", "Save the experiment as your own preset of its name"),
    entry(Action::SaveAs, "save-as", &["W"], Configure, "preset", 0, "save as", "Save the experiment as a preset of another name"),
    entry(Action::Undo, "undo", &["u"], Configure, "fields", 50, "undo", "Take the last change back"),
    entry(Action::Redo, "redo", &["ctrl-r"], Configure, "fields", 0, "redo", "Make the change again"),
    entry(Action::Default, "default", &["="], Configure, "fields", 60, "default", "Put the field back to its default"),
    entry(Action::Difference, "difference", &["D"], Configure, "preset", 70, "difference", "What differs from the preset"),
    entry(Action::Images, "images", &["i"], Configure, "preset", 80, "images", "Images that this experiment would train on"),

    entry(Action::FindNext, "find-next", &["n"], Configure, "fields", 0, "next", "The next field that the search found"),
    entry(Action::FindPrevious, "find-previous", &["N"], Configure, "fields", 0, "previous", "The previous field that the search found"),

    entry(Action::Pause, "pause", &["p"], Train, "steering", 10, "pause", "Pause at the next step, or go on; the process and the device are kept"),
    entry(Action::Release, "release", &["P"], Train, "steering", 0, "release", "Save, end the process and free the device; resume goes on from there"),
    entry(Action::Checkpoint, "checkpoint", &["K"], Train, "steering", 20, "checkpoint", "Save a checkpoint at the next step"),
    entry(Action::Stop, "stop", &["x"], Train, "steering", 30, "stop", "Save and stop"),
    entry(Action::Fork, "fork", &["f"], Train, "steering", 40, "fork", "Take this run's experiment and its last checkpoint into Configure"),
    entry(Action::Zoom, "zoom", &["z"], Train, "looking", 50, "zoom", "Show the focused box alone, and back"),
    entry(Action::View, "view", &["v"], Train, "looking", 60, "view", "Sparklines and charts, sparklines alone, charts alone"),
    entry(Action::ZoomIn, "zoom-in", &["+"], Train, "looking", 0, "zoom in", "Half of the axis, around the crosshair or at the newest step"),
    entry(Action::ZoomOut, "zoom-out", &["-"], Train, "looking", 0, "zoom out", "Twice as much of the axis"),
    entry(Action::ZoomReset, "zoom-reset", &["0"], Train, "looking", 0, "whole axis", "The whole planned length again"),
    entry(Action::Crosshair, "crosshair", &["c"], Train, "looking", 70, "crosshair", "Read values at a step; arrows move it in all charts"),
    entry(Action::Axis, "axis", &["X"], Train, "looking", 0, "axis", "The axis in steps, images, passes or seconds"),
    entry(Action::Logarithmic, "logarithmic", &["L"], Train, "looking", 0, "log", "Logarithmic scale for losses"),
    entry(Action::Smoothing, "smoothing", &["m"], Train, "looking", 0, "smoothing", "Smooth curves over 1, 8, 32 or 128 steps"),
    entry(Action::Overlay, "overlay", &["o"], Train, "looking", 0, "overlay", "Lay the curves of another run under these, then the published one, then none"),

    entry(Action::StepBack, "step-back", &[","], Scores, "step", 10, "back", "The step before"),
    entry(Action::StepOn, "step-on", &["."], Scores, "step", 20, "on", "The next step; from the newest on the run is followed"),
    entry(Action::ToStep, "to-step", &["t"], Scores, "step", 30, "to a step", "Go to a step by its number"),
    entry(Action::Ranks, "ranks", &["r"], Scores, "looking", 40, "ranks", "Ranks among the candidates in place of scores, and back"),
    entry(Action::View, "view", &["v"], Scores, "looking", 60, "all", "Over the steps: scores of the chosen, or of all candidates"),
    entry(Action::BatchImages, "images", &["i"], Scores, "looking", 50, "images", "Images of the step's batch, and back"),
    entry(Action::ImagesOf, "images-of", &["I"], Scores, "looking", 0, "whose images", "Images of the batch, of those chosen most, or of those chosen least"),
    entry(Action::Zoom, "zoom", &["z"], Scores, "looking", 0, "zoom", "Show the focused box alone, and back"),

    entry(Action::Open, "open", &["enter"], Runs, "run", 10, "open", "Open the run in Train; fold or unfold seeds of one experiment"),
    entry(Action::Mark, "mark", &["space"], Runs, "comparing", 20, "mark", "Mark the run, to see what differs between the marked ones"),
    entry(Action::Resume, "resume", &["r"], Runs, "run", 30, "resume", "Go on with a paused, stopped, failed or lost run"),
    entry(Action::StopRun, "stop", &["x"], Runs, "run", 40, "stop", "Save and stop the run"),
    entry(Action::Delete, "delete", &["d"], Runs, "run", 50, "delete", "Delete the run's directory"),
    entry(Action::Duplicate, "duplicate", &["D"], Runs, "run", 60, "duplicate", "Take the run's experiment into Configure"),
    entry(Action::Tags, "tags", &["t"], Runs, "keeping", 0, "tags", "Edit the run's tags"),
    entry(Action::Notes, "notes", &["N"], Runs, "keeping", 0, "notes", "Edit the run's notes"),
    entry(Action::Sort, "sort", &["s"], Runs, "comparing", 0, "sort", "Sort by start, name, state or accuracy"),
];

/// Places in the order of the tabs, everything's own first.
pub const PLACES: [(Place, &str, &str); 6] = [
    (Everywhere, "everywhere", "Everywhere"),
    (Configure, "configure", "Configure"),
    (Train, "train", "Train"),
    (Scores, "scores", "Scores"),
    (Attacks, "attacks", "Attacks"),
    (Runs, "runs", "Runs"),
];
