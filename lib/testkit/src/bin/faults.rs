//! The fault campaign by hand: `cargo xtask faults`.
//!
//! `faults --orders N [--seeds N] [--seed S] [--bug NAME]` goes through seeds on every core until both numbers are
//! reached, and prints orders per second. A seed that breaks a promise is printed with what was broken; `--seed S`
//! runs that one alone and shows its plan and its last port calls. Exit code 1 when anything was broken.

#![allow(clippy::expect_used, reason = "what cannot be ends the measurement")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;
use std::time::Instant;

use testkit::Machine;
use testkit::campaign::{Bug, Outcome, Plan, lifetimes};

const USAGE: &str = "faults [--orders N] [--seeds N] [--from SEED] [--seed SEED] [--bug NAME]";
/// Violations shown before the campaign stops.
const SHOWN_MAX: usize = 10;
/// Linux tells processor time in these, whatever the processor. Source: proc(5), USER_HZ.
const TICKS_PER_SECOND: f64 = 100.0;
/// Every so many seeds the log is kept and searched for secrets.
const LOGGED_EVERY: u64 = 100;

struct Wanted {
    orders: u64,
    seeds: u64,
    from: u64,
    only: Option<u64>,
    bug: Option<Bug>,
}

fn main() -> ExitCode {
    match wanted(std::env::args().skip(1)) {
        Ok(Wanted { only: Some(seed), bug, .. }) => one(seed, bug),
        Ok(wanted) => campaign(&wanted),
        Err(what) => {
            say(&format!("{what}\n{USAGE}\nbugs: {}", names().join(" ")));
            ExitCode::from(2)
        }
    }
}

fn names() -> Vec<String> {
    Bug::ALL.iter().map(|bug| format!("{bug:?}")).collect()
}

fn wanted(args: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted = Wanted { orders: 0, seeds: 0, from: 0, only: None, bug: None };
    let mut args = args;
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{flag} needs a number, not {value}"));
        match flag.as_str() {
            "--orders" => wanted.orders = number()?,
            "--seeds" => wanted.seeds = number()?,
            "--from" => wanted.from = number()?,
            "--seed" => wanted.only = Some(number()?),
            "--bug" => {
                let found = Bug::ALL.into_iter().find(|bug| format!("{bug:?}") == value);
                wanted.bug = Some(found.ok_or_else(|| format!("there is no bug {value}"))?);
            }
            _ => return Err(format!("unknown flag {flag}")),
        }
    }
    if wanted.orders == 0 && wanted.seeds == 0 {
        wanted.orders = 100_000;
    }
    Ok(wanted)
}

/// Shows one seed in full.
fn one(seed: u64, bug: Option<Bug>) -> ExitCode {
    let machine = Arc::new(Machine::provision_desktop());
    let tasks: Vec<String> = machine.tasks().map(|(name, _)| name.clone()).collect();
    say(&format!("{:#?}", Plan::from_seed(seed, &tasks)));
    let outcome = lifetimes(seed, &machine, bug, true);
    for line in &outcome.trace {
        say(line);
    }
    say(&outcome.log);
    say(&format!(
        "seed {seed}: {} orders, {} delivered, {} refunded, {} port calls",
        outcome.orders, outcome.delivered, outcome.refunded, outcome.calls
    ));
    outcome.broken.iter().for_each(|what| say(&format!("BROKEN: {what}")));
    if outcome.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Totals {
    seeds: u64,
    orders: u64,
    staff: u64,
    delivered: u64,
    refunded: u64,
    calls: u64,
    broken: BTreeMap<u64, Vec<String>>,
}

impl Totals {
    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.orders += outcome.orders as u64;
        self.staff += outcome.staff as u64;
        self.delivered += outcome.delivered as u64;
        self.refunded += outcome.refunded as u64;
        self.calls += outcome.calls;
        if !outcome.broken.is_empty() {
            self.broken.insert(seed, outcome.broken);
        }
    }
}

thread_local! {
    /// The seed that this thread goes through.
    static SEED: Cell<u64> = const { Cell::new(0) };
}

/// What cannot be ends the campaign: not without the seed that brought it about.
fn name_the_seed_of_a_panic() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        say(&format!("seed {} panics", SEED.get()));
        usual(panic);
    }));
}

fn campaign(wanted: &Wanted) -> ExitCode {
    name_the_seed_of_a_panic();
    let cores = available_parallelism().map_or(1, usize::from);
    let (next, stop) = (AtomicU64::new(wanted.from), AtomicBool::new(false));
    let totals = Mutex::new(Totals::default());
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let machine = Arc::new(Machine::provision_desktop());
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    SEED.set(seed);
                    let outcome = lifetimes(seed, &machine, wanted.bug, seed.is_multiple_of(LOGGED_EVERY));
                    let mut totals = totals.lock().expect("no thread panics with it");
                    totals.add(seed, outcome);
                    let enough = totals.orders >= wanted.orders && totals.seeds >= wanted.seeds;
                    if enough || totals.broken.len() >= SHOWN_MAX {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let totals = totals.into_inner().expect("no thread panicked with it");
    let seconds = began.elapsed().as_secs_f64();
    for (seed, broken) in &totals.broken {
        say(&format!("seed {seed}: {}", broken.join("; ")));
    }
    say(&format!(
        "{} seeds, {} orders ({} of staff; {} delivered, {} undone), {} port calls",
        totals.seeds, totals.orders, totals.staff, totals.delivered, totals.refunded, totals.calls
    ));
    let busy = processor_seconds().unwrap_or(seconds * cores as f64);
    say(&format!(
        "{seconds:.1} s on {cores} cores: {:.0} orders/s, {:.0} for each second of one core",
        totals.orders as f64 / seconds,
        totals.orders as f64 / busy
    ));
    say(&format!("{} seeds with a broken promise", totals.broken.len()));
    if totals.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The processor time that this process has used, on Linux: what else the machine does must not change a figure.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name before the bracket may hold anything; of what follows, user and system time are the 12th and 13th.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS_PER_SECOND)
}

fn say(line: &str) {
    // Nobody reads any more: there is nothing to tell them.
    drop(writeln!(std::io::stdout(), "{line}"));
}
