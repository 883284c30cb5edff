//! `curricle doctor`: what is here, what is missing, and what to do about it.

use super::context::Context;
use super::failure::Failure;
use super::output;
use super::train::data_root;
use crate::launch::{Engine, survival};
use curricle_core::run::disk;
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::Path;

/// How a finding is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Good,
    Warning,
    Bad,
}

/// One line of the report.
struct Finding {
    mark: Mark,
    what: &'static str,
    text: String,
    advice: Option<String>,
}

/// Looks around and reports. Ends with code 1 if something is wrong that stops training.
pub fn run(context: &Context) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let mut facts = serde_json::Map::new();
    program(&mut findings, &mut facts);
    engine(&mut findings, &mut facts);
    folders(context, &mut findings, &mut facts);
    terminal(context, &mut findings, &mut facts);
    logout(&mut findings, &mut facts);
    let healthy = findings.iter().all(|finding| finding.mark != Mark::Bad);
    if context.json {
        facts.insert("healthy".into(), healthy.into());
        output::json(&facts)?;
    } else {
        output::print_painted(&report(context, &findings))?;
    }
    if healthy { Ok(()) } else { Err(Failure::silent(1)) }
}

fn report(context: &Context, findings: &[Finding]) -> String {
    let paint = context.paints_stdout();
    let mut text = String::new();
    for finding in findings {
        let symbol = match (finding.mark, context.ascii) {
            (Mark::Good, false) => output::good("✓", paint),
            (Mark::Warning, false) => output::warning("⚠", paint),
            (Mark::Bad, false) => output::bad("✗", paint),
            (Mark::Good, true) => output::good("ok", paint),
            (Mark::Warning, true) => output::warning("!!", paint),
            (Mark::Bad, true) => output::bad("XX", paint),
        };
        text.push_str(&format!("{symbol} {:<10} {}\n", finding.what, output::clean(&finding.text)));
        for line in finding.advice.iter().flat_map(|advice| advice.lines()) {
            text.push_str(&format!("  {:<10} {}\n", "", output::muted(&output::clean(line), paint)));
        }
    }
    text
}

fn program(findings: &mut Vec<Finding>, facts: &mut serde_json::Map<String, Value>) {
    let commit = if crate::COMMIT.is_empty() { String::new() } else { format!(" ({})", crate::COMMIT) };
    findings.push(Finding { mark: Mark::Good, what: "curricle", text: format!("{}{commit}", crate::VERSION), advice: None });
    facts.insert("version".into(), crate::VERSION.into());
    facts.insert("commit".into(), crate::COMMIT.into());
}

fn engine(findings: &mut Vec<Finding>, facts: &mut serde_json::Map<String, Value>) {
    let found = Engine::find().and_then(|engine| Ok((engine.path().display().to_string(), engine.doctor()?)));
    match found {
        Ok((path, answer)) => {
            engine_facts(findings, &answer);
            facts.insert("engine".into(), json!({ "path": path, "facts": answer }));
        }
        Err(error) => {
            let advice =
                error.hint().filter(|hint| !hint.contains("curricle doctor")).or_else(|| Some("build it again with `make build`".into()));
            findings.push(Finding { mark: Mark::Bad, what: "engine", text: error.to_string(), advice });
            facts.insert("engine".into(), json!({ "error": error.to_string() }));
        }
    }
}

/// What the engine says of libtorch and the hardware.
fn engine_facts(findings: &mut Vec<Finding>, answer: &Value) {
    let text = |value: &Value| curricle_core::run::plain(value.as_str().unwrap_or_default());
    let mut good = |what: &'static str, text: String| findings.push(Finding { mark: Mark::Good, what, text, advice: None });
    good("libtorch", format!("{}, ABI {}", text(&answer["libtorch"]), text(&answer["abi"])));
    let cpu = &answer["cpu"];
    let bf16 = match &cpu["bf16"] {
        Value::Bool(true) => "computes in bf16".to_string(),
        Value::String(unit) if !unit.is_empty() => format!("computes in bf16 ({})", curricle_core::run::plain(unit)),
        _ => "bf16 is emulated".to_string(),
    };
    good("CPU", format!("{}, {} threads, {bf16}", text(&cpu["model"]), answer["threads"]));
    let cuda = &answer["cuda"];
    let devices = cuda["devices"].as_array().map(Vec::as_slice).unwrap_or_default();
    if cuda["available"] == Value::Bool(true) && !devices.is_empty() {
        for (number, device) in devices.iter().enumerate() {
            let bytes = |name: &str| disk::size(device[name].as_u64().unwrap_or(0));
            good("CUDA", format!("cuda:{number} {}, {} of {} free", text(&device["name"]), bytes("free"), bytes("total")));
        }
    } else {
        let reason = text(&cuda["reason"]);
        good("CUDA", if reason.is_empty() { "none".to_string() } else { format!("none: {reason}") });
    }
    let precision = &answer["precision"];
    good("precision", format!("`auto` is {}: {}", text(&precision["auto"]), text(&precision["reason"])));
}

fn folders(context: &Context, findings: &mut Vec<Finding>, facts: &mut serde_json::Map<String, Value>) {
    let data = data_root(context);
    for (what, folder, needed) in
        [("runs", context.runs.as_path(), true), ("data", data.as_path(), false), ("presets", context.presets.as_path(), false)]
    {
        let there = folder.is_dir();
        let near = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
        let writable = nix::unistd::access(near, nix::unistd::AccessFlags::W_OK).is_ok();
        let free = disk::free(near).ok();
        let room = free.map(|free| format!(", {} free", disk::size(free))).unwrap_or_default();
        let state = match (there, writable) {
            (true, true) => room,
            (false, true) => format!(" (created when needed){room}"),
            (_, false) => ", read-only".to_string(),
        };
        let (mark, advice) = match (writable, needed) {
            (true, _) if free.is_some_and(|free| free < 1_000_000_000) && needed => {
                (Mark::Warning, Some("little is free: `curricle runs prune --older 30d --dry-run` says what could go".to_string()))
            }
            (true, _) => (Mark::Good, None),
            (false, true) => {
                (Mark::Bad, Some("no run can be started here: choose another folder with `--runs DIR` or CURRICLE_RUNS".to_string()))
            }
            (false, false) => (Mark::Good, None),
        };
        findings.push(Finding { mark, what, text: format!("{}{state}", folder.display()), advice });
        facts.insert(what.into(), json!({ "directory": folder, "exists": there, "writable": writable, "free": free }));
    }
}

fn terminal(context: &Context, findings: &mut Vec<Finding>, facts: &mut serde_json::Map<String, Value>) {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let size = crossterm::terminal::size().ok().filter(|_| is_terminal);
    let term = std::env::var("TERM").unwrap_or_default();
    let small = size.is_some_and(|(columns, rows)| columns < 60 || rows < 20);
    let text = match size {
        Some((columns, rows)) => format!("{columns}×{rows}, {}", if context.ascii { "ASCII" } else { "UTF-8" }),
        None => "none here: commands work, the screen needs one".to_string(),
    };
    let advice = small.then(|| "the screen needs 60 columns and 20 rows".to_string());
    findings.push(Finding { mark: if small { Mark::Warning } else { Mark::Good }, what: "terminal", text, advice });
    facts.insert("terminal".into(), json!({ "terminal": is_terminal, "columns": size.map(|size| size.0), "rows": size.map(|size| size.1), "term": term, "ascii": context.ascii }));
}

fn logout(findings: &mut Vec<Finding>, facts: &mut serde_json::Map<String, Value>) {
    let found = survival::check();
    let mark = if found.survives == Some(true) { Mark::Good } else { Mark::Warning };
    let text = match found.survives {
        Some(true) => format!("background runs go on: {}", found.reason),
        Some(false) => format!("background runs are killed: {}", found.reason),
        None => format!("background runs may be killed: {}", found.reason),
    };
    facts.insert("logout".into(), json!({ "survives": found.survives, "reason": found.reason, "advice": found.advice }));
    findings.push(Finding { mark, what: "logout", text, advice: found.advice });
}
