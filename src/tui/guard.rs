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
            let owner = std::thread::current().id();
            std::panic::set_hook(Box::new(move |panic| {
                let drawing = TAKEN.load(Ordering::SeqCst);
                give_back();
                before(panic);
                // A panic elsewhere would leave the loop drawing on a terminal that is not ours any more.
                if drawing && std::thread::current().id() != owner {
                    std::process::exit(101);
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::Read;

    /// What the child of the test below does, by this variable; without it this test has nothing to do.
    const CHILD: &str = "CURRICLE_TEST_PANIC";

    #[test]
    fn panics_on_a_terminal_of_its_own() {
        let Ok(place) = std::env::var(CHILD) else { return };
        // The test harness runs this on a thread that is not the main one: the guard's owner is whoever took it.
        let guard = Guard::take().expect("a terminal");
        match place.as_str() {
            "here" => panic!("the screen went wrong"),
            _ => {
                let other = std::thread::spawn(|| panic!("the work went wrong"));
                let _ = other.join();
                drop(guard);
                panic!("a panic of work ends the program");
            }
        }
    }

    #[test]
    fn a_panic_gives_the_terminal_back_wherever_it_happens() {
        for (place, words) in [("here", "the screen went wrong"), ("elsewhere", "the work went wrong")] {
            let pair = native_pty_system().openpty(PtySize::default()).expect("a terminal");
            let mut command = CommandBuilder::new(std::env::current_exe().expect("this test"));
            command.args(["--exact", "tui::guard::tests::panics_on_a_terminal_of_its_own", "--nocapture"]);
            command.env(CHILD, place);
            let mut reader = pair.master.try_clone_reader().expect("a reader");
            let before = pair.master.get_termios().expect("its settings");
            let mut child = pair.slave.spawn_command(command).expect("this test as a child");
            let mut written = Vec::new();
            let mut bytes = [0; 4_096];
            while let Ok(read @ 1..) = { if child.try_wait().expect("a child").is_none() { reader.read(&mut bytes) } else { Ok(0) } } {
                written.extend_from_slice(&bytes[..read]);
                if String::from_utf8_lossy(&written).contains(words) {
                    break;
                }
            }
            child.wait().expect("its end");
            let text = String::from_utf8_lossy(&written).into_owned();
            let (taken, left) = (text.find("\x1b[?1049h").expect("taken"), text.rfind("\x1b[?1049l").expect("given back"));
            assert!(taken < left && left < text.find(words).expect("the reason"), "{text}");
            let after = pair.master.get_termios().expect("its settings");
            let whole_lines = nix::libc::ICANON | nix::libc::ECHO;
            assert_eq!(after.local_flags.bits() & whole_lines, whole_lines);
            assert_eq!(after.local_flags, before.local_flags);
        }
    }
}
