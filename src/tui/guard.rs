//! The terminal is taken and given back. Whatever ends the program (a return, a panic, a signal), the shell gets its
//! terminal as it was.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The other screen, no cursor, pasted text marked as such.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";
/// All of it undone, an open synchronized update and a colour too.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[m\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// Holds the terminal; dropping it gives the terminal back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal. The panic hook is set first, so that no path is left on which it stays raw.
    pub fn take() -> io::Result<Guard> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        let guard = Guard(());
        guard.enter()?;
        Ok(guard)
    }

    fn enter(&self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        crossterm::terminal::enable_raw_mode()?;
        let mut out = io::stdout().lock();
        out.write_all(ENTER)?;
        out.flush()
    }

    /// Gives the terminal back, stops this process until the shell continues it, and takes the terminal again.
    pub fn suspend(&self) -> io::Result<()> {
        give_back();
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP)?;
        self.enter()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once. Nothing can be done about an error here: the terminal may be gone.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(LEAVE);
        let _ = out.flush();
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
