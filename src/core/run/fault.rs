//! Faults on order: `CURRICLE_FAULT` lets the n-th call of an engine's disk fail, or be the last one before the machine
//! crashes. This is how `docs/reliability.md` is tested; nobody else sets it.

use super::disk::{Deed, Injection, Judge, Verdict, watch};
use super::unsynced::Unsynced;
use nix::libc;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Name of the variable.
pub const VARIABLE: &str = "CURRICLE_FAULT";

/// What happens at the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It fails with this error number.
    Fail(i32),
    /// This call and all later ones that need room fail: the disk is full.
    Full,
    /// A write stores one byte, then the disk is full for this once; another call just fails so.
    Short,
    /// Afterwards the process is gone, and with it all that was not synced.
    CrashAll,
    /// The same, but some of what was not synced is there nevertheless.
    CrashSome,
}

/// Reads a fault such as `37 EIO`; the kinds are `ENOSPC`, `EIO`, `EACCES`, `FULL`, `SHORT`, `CRASH` and `CRASH-SOME`.
fn parse(text: &str) -> Option<(u64, Kind)> {
    let (n, kind) = text.split_once(' ')?;
    let kind = match kind {
        "ENOSPC" => Kind::Fail(libc::ENOSPC),
        "EIO" => Kind::Fail(libc::EIO),
        "EACCES" => Kind::Fail(libc::EACCES),
        "FULL" => Kind::Full,
        "SHORT" => Kind::Short,
        "CRASH" => Kind::CrashAll,
        "CRASH-SOME" => Kind::CrashSome,
        _ => return None,
    };
    Some((n.parse().ok()?, kind))
}

struct OnOrder<L> {
    n: u64,
    kind: Kind,
    /// Calls so far, and what of them is not durable. Held for the whole of a call, so that calls have one order.
    seen: Mutex<(u64, Unsynced)>,
    log: L,
}

impl<L: Fn(&str) + Send + Sync> Judge for OnOrder<L> {
    fn before(&self, deed: Deed<'_>) -> Verdict {
        use super::disk::Call;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0 += 1;
        let crashes = matches!(self.kind, Kind::CrashAll | Kind::CrashSome);
        if crashes {
            seen.1.before(deed);
            return Verdict::Go;
        }
        let takes_room = matches!(deed.call, Call::CreateFolder | Call::Open | Call::Write | Call::Sync);
        let verdict = match self.kind {
            Kind::Fail(number) if seen.0 == self.n => Verdict::Fail(number),
            Kind::Full if seen.0 >= self.n && takes_room => Verdict::Fail(libc::ENOSPC),
            Kind::Short if seen.0 == self.n => Verdict::Short(1, libc::ENOSPC),
            _ => return Verdict::Go,
        };
        (self.log)(&format!("fault: call {} of the disk, {:?} of `{}`: {verdict:?}", seen.0, deed.call, deed.path.display()));
        verdict
    }

    fn after(&self, deed: Deed<'_>) {
        if !matches!(self.kind, Kind::CrashAll | Kind::CrashSome) {
            return;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.1.after(deed);
        if seen.0 < self.n {
            return;
        }
        (self.log)(&format!("fault: crash after call {} of the disk, {:?} of `{}`", seen.0, deed.call, deed.path.display()));
        let unsynced = std::mem::take(&mut seen.1);
        if self.kind == Kind::CrashAll {
            unsynced.drop_all()
        } else {
            unsynced.drop_some(self.n)
        }
        // SIGKILL, as nothing may be tidied up; the lock stays held here, so that no other thread does one thing more.
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    }
}

/// The fault that the environment orders for calls below `folder`; `log` is told when it happens.
///
/// # Errors
/// If the variable is set to something that is no fault.
pub fn from_environment(folder: &Path, log: impl Fn(&str) + Send + Sync + 'static) -> Result<Option<Injection>, String> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let text = text.to_string_lossy();
    let (n, kind) = parse(&text).ok_or_else(|| format!("{VARIABLE} is `{text}`, which orders no fault; unset it"))?;
    Ok(Some(watch(folder, OnOrder { n, kind, seen: Mutex::default(), log })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        assert_eq!(parse("37 EIO"), Some((37, Kind::Fail(libc::EIO))));
        assert_eq!(parse("1 CRASH-SOME"), Some((1, Kind::CrashSome)));
        assert_eq!(parse("37"), None);
        assert_eq!(parse("x EIO"), None);
        assert_eq!(parse("3 EWHAT"), None);
    }

    #[test]
    fn a_full_disk_stays_full() {
        use super::super::disk;
        let folder = tempfile::tempdir().unwrap();
        let told = std::sync::Arc::new(Mutex::new(Vec::new()));
        let log = {
            let told = told.clone();
            move |text: &str| told.lock().unwrap().push(text.to_string())
        };
        let _injection = watch(folder.path(), OnOrder { n: 2, kind: Kind::Full, seen: Mutex::default(), log });
        let path = folder.path().join("file");
        let mut file = disk::create(&path).unwrap();
        assert!(disk::write(&mut file, &path, b"x").unwrap_err().is_disk_full());
        assert!(disk::create(&folder.path().join("other")).unwrap_err().is_disk_full());
        disk::remove(&path).unwrap();
        assert_eq!(told.lock().unwrap().len(), 2);
    }
}
