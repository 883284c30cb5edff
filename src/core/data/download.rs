//! Downloads one file over HTTP, and goes on where an interrupted download stopped.
//!
//! The part that is there lies in `<name>.part`; beside it `<name>.tag` says which version of the file it is a part of
//! (ETag, else Last-Modified). A request for the rest carries the tag in `If-Range`, so a server whose file changed
//! sends it whole, and two versions are never mixed.

use super::error::{Error, grouped, plain};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How far a download has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Bytes that are there.
    pub bytes: u64,
    /// Bytes of the whole file, where the server says so.
    pub of: Option<u64>,
}

/// Where a file is downloaded from and to.
pub(crate) struct Download<'a> {
    /// Addresses to try; the next one where one does not have the file.
    pub addresses: &'a [String],
    /// The file to make.
    pub to: &'a Path,
    /// More bytes than this are not taken.
    pub most: u64,
    /// Wait before the first new attempt; doubled from attempt to attempt.
    pub pause: Duration,
}

/// Attempts without a single new byte before giving up.
const ATTEMPTS: u32 = 4;

/// What an attempt came to.
enum Outcome {
    Done,
    /// The server does not have the file.
    Absent(u16),
    /// The connection broke, or the server is busy.
    Broken(String),
}

impl Download<'_> {
    /// Downloads the file, reporting as bytes arrive.
    pub fn run(&self, report: &mut dyn FnMut(Received)) -> Result<(), Error> {
        let agent = agent();
        let mut absent = Vec::new();
        for address in self.addresses {
            match self.from(&agent, address, report)? {
                None => return Ok(()),
                Some(status) => absent.push(format!("{address}: {status} {}", reason(status))),
            }
        }
        let name = self.to.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Err(Error::network(format!("the server does not have `{name}`"))
            .details(absent)
            .hint("`--mirror URL` names another server; `curricle data import` takes files that you have"))
    }

    /// Downloads from one address, in as many attempts as bring it forward. The status, if the file is not there.
    fn from(&self, agent: &ureq::Agent, address: &str, report: &mut dyn FnMut(Received)) -> Result<Option<u16>, Error> {
        let mut idle = 0;
        loop {
            let before = self.size();
            match self.attempt(agent, address, report)? {
                Outcome::Done => return Ok(None),
                Outcome::Absent(status) => return Ok(Some(status)),
                Outcome::Broken(why) => {
                    idle = if self.size() > before { 0 } else { idle + 1 };
                    if idle >= ATTEMPTS {
                        let kept = match self.size() {
                            0 => String::new(),
                            bytes => format!("{} bytes are kept; ", grouped(bytes)),
                        };
                        return Err(Error::network(format!("the download of {address} broke off: {why}"))
                            .hint(format!("{kept}the same command goes on from there")));
                    }
                    std::thread::sleep(self.pause * 2u32.pow(idle.min(6)));
                }
            }
        }
    }

    /// One request.
    fn attempt(&self, agent: &ureq::Agent, address: &str, report: &mut dyn FnMut(Received)) -> Result<Outcome, Error> {
        let (part, tag) = (self.part(), self.tag());
        let have = self.size();
        let known = std::fs::read_to_string(&tag).ok().and_then(|text| text.strip_prefix(&format!("{address}\n")).map(str::to_owned));
        let mut request = agent.get(address);
        let mut resuming = None;
        if let Some(known) = known.filter(|known| have > 0 && !known.is_empty()) {
            request = request.header("Range", format!("bytes={have}-")).header("If-Range", known.trim());
            resuming = Some(have);
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(ureq::Error::BadUri(_) | ureq::Error::Http(_)) => {
                return Err(Error::choice(format!("`{address}` is no address to download from")).hint("expected `http://…` or `https://…`"));
            }
            Err(error) => return Ok(Outcome::Broken(words(&error))),
        };
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let length = header("content-length").and_then(|text| text.parse::<u64>().ok());
        let start = match (status, resuming) {
            (206, Some(have)) if range_start(header("content-range").as_deref()) == Some(have) => have,
            (200, _) => 0,
            // The part is as long as the file, or longer: begin anew.
            (206 | 416, _) => {
                self.forget();
                return Ok(Outcome::Broken("the server gave another part than was asked for".into()));
            }
            (401 | 403 | 404 | 410, _) => return Ok(Outcome::Absent(status)),
            _ => return Ok(Outcome::Broken(format!("{status} {}", reason(status)))),
        };
        let of = length.map(|length| start + length);
        if of.is_some_and(|of| of > self.most) {
            return Err(self.too_large(address));
        }
        let version = header("etag").filter(|tag| !tag.starts_with("W/")).or_else(|| header("last-modified")).unwrap_or_default();
        let disk = |error: &std::io::Error| Error::disk("write", &part, error);
        let mut file = if start == 0 {
            std::fs::write(&tag, format!("{address}\n{version}\n")).map_err(|error| Error::disk("write", &tag, &error))?;
            std::fs::File::create(&part).map_err(|error| disk(&error))?
        } else {
            std::fs::OpenOptions::new().append(true).open(&part).map_err(|error| disk(&error))?
        };
        let mut received = Received { bytes: start, of };
        report(received);
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 64 << 10];
        let broken = loop {
            match body.read(&mut buffer) {
                Ok(0) => break None,
                Ok(read) => {
                    received.bytes += read as u64;
                    if received.bytes > self.most {
                        return Err(self.too_large(address));
                    }
                    file.write_all(&buffer[..read]).map_err(|error| disk(&error))?;
                    report(received);
                }
                Err(error) => break Some(plain(&error)),
            }
        };
        match (broken, of) {
            (None, Some(of)) if received.bytes < of => {
                Ok(Outcome::Broken(format!("{} of {} bytes came", grouped(received.bytes), grouped(of))))
            }
            (None, _) => {
                file.sync_all().map_err(|error| disk(&error))?;
                std::fs::rename(&part, self.to).map_err(|error| disk(&error))?;
                self.forget();
                Ok(Outcome::Done)
            }
            (Some(why), of) => {
                let of = of.map_or(String::new(), |of| format!(" of {}", grouped(of)));
                Ok(Outcome::Broken(format!("{} bytes{of} came, then: {why}", grouped(received.bytes))))
            }
        }
    }

    /// The file that grows.
    fn part(&self) -> PathBuf {
        self.to.with_file_name(format!("{}.part", self.to.file_name().unwrap_or_default().to_string_lossy()))
    }

    /// The file that says what it is a part of.
    fn tag(&self) -> PathBuf {
        self.to.with_file_name(format!("{}.tag", self.to.file_name().unwrap_or_default().to_string_lossy()))
    }

    /// Bytes of the part.
    fn size(&self) -> u64 {
        self.part().metadata().map_or(0, |about| about.len())
    }

    /// Removes the part and its tag.
    fn forget(&self) {
        let _ = std::fs::remove_file(self.part());
        let _ = std::fs::remove_file(self.tag());
    }

    fn too_large(&self, address: &str) -> Error {
        self.forget();
        Error::network(format!("{address} is larger than it can be: more than {} bytes", grouped(self.most)))
            .hint("it is another file; `--mirror URL` names another server")
    }
}

/// An agent that asks for the bytes as they are, follows redirects, uses the proxy that the environment names, and does
/// not wait for ever.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .accept_encoding("identity")
        .user_agent(concat!("curricle/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .build()
        .new_agent()
}

/// The first byte of `bytes 100-199/200`.
fn range_start(header: Option<&str>) -> Option<u64> {
    header?.trim().strip_prefix("bytes")?.trim().split('-').next()?.parse().ok()
}

/// What a status means.
fn reason(status: u16) -> &'static str {
    match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// Why a request failed, in few words.
fn words(error: &ureq::Error) -> String {
    match error {
        // The resolver's own words are "failed to lookup address information" and more.
        ureq::Error::Io(error) if !error.to_string().contains("lookup address") => plain(error),
        ureq::Error::Io(_) | ureq::Error::HostNotFound => "no such host, or no network".to_owned(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_range() {
        assert_eq!(range_start(Some("bytes 100-199/200")), Some(100));
        assert_eq!(range_start(Some("items 1-2/3")), None);
        assert_eq!(range_start(None), None);
    }
}
