//! What every command knows: where things are and how to speak.

use super::arguments::Global;
use curricle_core::run;
use std::io::IsTerminal;
use std::path::PathBuf;

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where things are and how to speak: the global flags and the environment, resolved once.
#[derive(Debug, Clone)]
pub struct Context {
    /// Folder of runs.
    pub runs: PathBuf,
    /// `--data`, if given. Resolve an experiment's folder with [`curricle_core::data`].
    pub data: Option<PathBuf>,
    /// Folder of the user's own presets.
    pub presets: PathBuf,
    /// Whether to print JSON.
    pub json: bool,
    /// When to use colours.
    pub color: Color,
    /// Whether to draw with ASCII alone: asked for, or a locale without UTF-8.
    pub ascii: bool,
    /// Whether to leave progress out.
    pub quiet: bool,
    /// How much more to say.
    pub verbose: u8,
    /// Whether questions are forbidden.
    pub no_input: bool,
}

impl Context {
    /// From the global flags and the environment.
    pub fn new(global: &Global) -> Self {
        let presets = match directories::ProjectDirs::from("", "", "curricle") {
            Some(folders) => folders.config_dir().join("presets"),
            None => PathBuf::from("presets"),
        };
        Self {
            runs: run::runs_folder(global.runs.as_deref()),
            data: global.data.as_ref().map(|data| std::path::absolute(data).unwrap_or_else(|_| data.clone())),
            presets,
            json: global.json,
            color: global.color,
            ascii: global.ascii || !locale_has_utf8(),
            quiet: global.quiet,
            verbose: global.verbose,
            no_input: global.no_input,
        }
    }

    /// Whether a question can be put and answered.
    pub fn can_ask(&self) -> bool {
        !self.no_input && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Whether standard error shows colours.
    pub fn paints_stderr(&self) -> bool {
        self.paints(std::io::stderr().is_terminal())
    }

    /// Whether standard output shows colours.
    pub fn paints_stdout(&self) -> bool {
        self.paints(std::io::stdout().is_terminal())
    }

    fn paints(&self, terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// Whether the locale's letters are UTF-8. An unset locale is taken to be fine: so are containers and most systems now.
fn locale_has_utf8() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    set.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
