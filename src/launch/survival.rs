//! Whether a run in the background outlives a logout, which depends on the system: logind may be told to kill what a
//! session leaves behind (`KillUserProcesses`), and a user's own service manager ends with the last session unless the
//! user lingers.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Whether what is started here outlives a logout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survival {
    /// `None` if it cannot be told.
    pub survives: Option<bool>,
    /// Why.
    pub reason: String,
    /// What to do, where something should be done.
    pub advice: Option<String>,
}

impl Survival {
    /// In one sentence, for the start of a run in the background.
    pub fn sentence(&self) -> String {
        match self.survives {
            Some(true) => format!("it goes on after logout: {}", self.reason),
            Some(false) => format!("it will be killed at logout: {}", self.reason),
            None => format!("whether it goes on after logout cannot be told: {}", self.reason),
        }
    }
}

/// Looks at this system.
pub fn check() -> Survival {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    let name = user.map(|user| user.name).unwrap_or_default();
    let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    check_at(Path::new("/"), &cgroup, &name, nix::unistd::getuid().is_root())
}

/// The same for a system below `root`.
fn check_at(root: &Path, cgroup: &str, user: &str, is_root: bool) -> Survival {
    let says = |survives, reason: &str, advice: Option<String>| Survival { survives, reason: reason.into(), advice };
    if !root.join("run/systemd/seats").exists() && !root.join("run/systemd/sessions").exists() {
        return says(Some(true), "no logind runs here that would end what a session leaves behind", None);
    }
    let lingers = !user.is_empty() && root.join("var/lib/systemd/linger").join(user).exists();
    if cgroup.lines().any(|line| line.contains("/user@")) {
        // Started by the user's own service manager: a terminal or tmux that runs as a service.
        return if lingers {
            says(Some(true), "it belongs to your service manager, and you linger", None)
        } else {
            let advice = format!("run once: loginctl enable-linger {user}");
            says(Some(false), "it belongs to your service manager, which ends with your last session", Some(advice))
        };
    }
    if !cgroup.lines().any(|line| line.contains("/session-")) {
        return says(Some(true), "it belongs to no login session", None);
    }
    let settings = logind_settings(root);
    let words =
        |name: &str| settings.get(name).map(|value| value.split_whitespace().map(str::to_string).collect::<Vec<_>>()).unwrap_or_default();
    let (only, excluded) = (words("KillOnlyUsers"), words("KillExcludeUsers"));
    let excluded = if settings.contains_key("KillExcludeUsers") { excluded.iter().any(|name| name == user) } else { is_root };
    let kills = settings.get("KillUserProcesses").map(|value| matches!(value.as_str(), "yes" | "true" | "on" | "1"));
    match kills {
        Some(false) => says(Some(true), "logind leaves processes of a session alone (KillUserProcesses=no)", None),
        Some(true) if excluded => says(Some(true), "logind spares your processes (KillExcludeUsers)", None),
        Some(true) if !only.is_empty() && !only.iter().any(|name| name == user) => {
            says(Some(true), "logind kills processes of other users only (KillOnlyUsers)", None)
        }
        Some(true) => {
            let linger = if lingers { String::new() } else { format!("run once: loginctl enable-linger {user}; then ") };
            let advice = format!("{linger}start it with: systemd-run --user --scope curricle run … --detach");
            says(Some(false), "logind kills what a session leaves behind (KillUserProcesses=yes)", Some(advice))
        }
        None => says(
            None,
            "logind's settings do not name KillUserProcesses, and the default depends on the distribution",
            Some("set KillUserProcesses=no in /etc/systemd/logind.conf, or try a short run".into()),
        ),
    }
}

/// Settings of logind: the main file, then drop-ins in the order of their names, later ones over earlier ones. A main
/// file that only shows the distribution's default as a comment is believed.
fn logind_settings(root: &Path) -> BTreeMap<String, String> {
    let folders = ["etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd"];
    let mut settings = BTreeMap::new();
    if let Some(text) = folders.iter().find_map(|folder| fs::read_to_string(root.join(folder).join("logind.conf")).ok()) {
        read_settings(&text, true, &mut settings);
        read_settings(&text, false, &mut settings);
    }
    // The same name in an earlier folder hides the one in a later folder.
    let mut drop_ins = BTreeMap::new();
    for folder in folders {
        for entry in fs::read_dir(root.join(folder).join("logind.conf.d")).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "conf") {
                drop_ins.entry(entry.file_name()).or_insert_with(|| entry.path());
            }
        }
    }
    for path in drop_ins.values() {
        read_settings(&fs::read_to_string(path).unwrap_or_default(), false, &mut settings);
    }
    settings
}

fn read_settings(text: &str, comments: bool, settings: &mut BTreeMap<String, String>) {
    for line in text.lines().map(str::trim) {
        let line = match line.strip_prefix('#') {
            Some(rest) if comments => rest.trim(),
            None if !comments => line,
            _ => continue,
        };
        if let Some((name, value)) = line.split_once('=').filter(|(name, _)| name.trim().starts_with("Kill")) {
            settings.insert(name.trim().to_string(), value.trim().to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "0::/user.slice/user-1000.slice/session-3.scope\n";
    const SERVICE: &str = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.scope\n";

    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("run/systemd/seats")).unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn every_way_a_system_may_be_set_up() {
        const CONF: &str = "etc/systemd/logind.conf";
        type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, Option<bool>);
        let table: &[Row<'_>] = &[
            (&[], "0::/init.scope\n", Some(true)),
            (&[(CONF, "[Login]\n#KillUserProcesses=no\n")], SESSION, Some(true)),
            (&[(CONF, "[Login]\n#KillUserProcesses=yes\n")], SESSION, Some(false)),
            (&[(CONF, "[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n")], SESSION, Some(false)),
            (&[(CONF, "KillUserProcesses=yes\nKillExcludeUsers=root ann\n")], SESSION, Some(true)),
            (&[(CONF, "KillUserProcesses=yes\nKillOnlyUsers=bob\n")], SESSION, Some(true)),
            (&[(CONF, "KillUserProcesses=yes\n"), ("etc/systemd/logind.conf.d/9.conf", "KillUserProcesses=no")], SESSION, Some(true)),
            (
                &[("usr/lib/systemd/logind.conf", "#KillUserProcesses=no"), ("run/systemd/logind.conf.d/a.conf", "KillUserProcesses=1")],
                SESSION,
                Some(false),
            ),
            (&[], SESSION, None),
            (&[(CONF, "#KillUserProcesses=no")], SERVICE, Some(false)),
            (&[(CONF, "#KillUserProcesses=no"), ("var/lib/systemd/linger/ann", "")], SERVICE, Some(true)),
        ];
        for (files, cgroup, expected) in table {
            let root = system(files);
            let found = check_at(root.path(), cgroup, "ann", false);
            assert_eq!(found.survives, *expected, "{files:?} {cgroup} {found:?}");
            assert_eq!(found.advice.is_some(), *expected != Some(true), "{found:?}");
        }
        let bare = tempfile::tempdir().unwrap();
        assert_eq!(check_at(bare.path(), SESSION, "ann", false).survives, Some(true));
        let root = system(&[(CONF, "KillUserProcesses=yes")]);
        assert_eq!(check_at(root.path(), SESSION, "root", true).survives, Some(true), "root is spared unless told otherwise");
    }

    #[test]
    fn this_system_has_an_answer() {
        assert!(!check().sentence().is_empty());
    }
}
