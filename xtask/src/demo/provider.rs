//! `cargo xtask demo --provider NAME`: everybody else is sold out.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::customer::Customer;
use super::desktop::Delivered;
use super::{PURCHASES, buy};
use crate::http;
use crate::local::Stack;
use crate::progress::Progress;

/// A region where every provider sells.
const REGION: &str = "us-east";

/// A provider as the demo names it.
pub(crate) struct Provider {
    /// Its word on the command line and in the sandbox.
    pub(crate) word: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    has_windows: bool,
}

/// Every provider.
pub(crate) const ALL: [Provider; 6] = [
    Provider { word: "vultr", name: "Vultr", has_windows: true },
    Provider { word: "contabo", name: "Contabo", has_windows: true },
    Provider { word: "digitalocean", name: "DigitalOcean", has_windows: false },
    Provider { word: "linode", name: "Linode", has_windows: false },
    Provider { word: "hetzner", name: "Hetzner Cloud", has_windows: false },
    Provider { word: "ec2", name: "AWS EC2", has_windows: true },
];

impl Provider {
    /// The one with this word.
    ///
    /// # Errors
    /// There is none; the message names them all.
    pub(crate) fn find(word: &str) -> anyhow::Result<&'static Self> {
        let words: Vec<_> = ALL.iter().map(|one| one.word).collect();
        ALL.iter()
            .find(|one| one.word == word)
            .with_context(|| format!("--provider is one of {}, not `{word}`", words.join(", ")))
    }
}

/// Buys a desktop of each system that the provider has.
pub(super) fn show(
    stack: &Stack,
    customer: &Customer,
    provider: &Provider,
    progress: &mut Progress,
) -> anyhow::Result<Vec<Delivered>> {
    for other in ALL.iter().filter(|other| other.word != provider.word) {
        set_fault(
            stack,
            &json!({"target": format!("{}.create", other.word), "kind": "out_of_stock", "times": 0}),
        )?;
    }
    progress.done(&format!("every provider but {} is sold out", provider.name));
    let mut delivered = Vec::new();
    for (os, name) in PURCHASES.iter().filter(|(os, _)| provider.has_windows || *os != "windows") {
        let desktop = buy(stack, customer, (Some(REGION), os, name), progress)?;
        let made_by = at_address(stack, desktop.address());
        ensure!(made_by == Some(provider.name), "{name}: made by {made_by:?}");
        delivered.push(desktop);
    }
    progress.note(&format!("delivered by {}", provider.name));
    Ok(delivered)
}

/// Sets one of the sandbox's faults; the answer is its id.
pub(super) fn set_fault(stack: &Stack, fault: &Value) -> anyhow::Result<u64> {
    let url = format!("{}/faults", stack.fact("control_url")?);
    let answer = http::post_json(&url, fault, &[])?.expect_success("the sandbox does not take the fault")?;
    answer["id"].as_u64().context("the sandbox does not name the fault")
}

/// Everything that the sandbox knows.
pub(super) fn state(stack: &Stack) -> anyhow::Result<Value> {
    http::get(&format!("{}/state", stack.fact("control_url")?), &[])?
        .expect_success("the sandbox does not say how it is")
}

/// The name of the provider of an order's newest machine.
pub(super) fn of_order(stack: &Stack, order: &str) -> Option<&'static str> {
    newest(stack, |machine| is_of(order, machine))
}

/// A machine that is left of an order.
pub(super) struct Left {
    /// Its provider's name.
    pub(super) at: &'static str,
    /// The day on which it ends, when it is cancelled and does not run.
    pub(super) ends: Option<String>,
}

/// The machines that are left of an order, running or not.
pub(super) fn left_of_order(stack: &Stack, order: &str) -> anyhow::Result<Vec<Left>> {
    let state = state(stack)?;
    let machines = state["machines"].as_array().context("the sandbox does not list the machines")?;
    Ok(machines.iter().filter(|machine| is_of(order, machine)).map(left).collect())
}

fn left(machine: &Value) -> Left {
    let provider = ALL.iter().find(|one| machine["provider"] == one.word);
    // One that never came up does not run, whatever its switch says.
    let runs = machine["power"] == "running" && !machine["booted_at_ms"].is_null();
    let at = provider.map_or("another provider", |one| one.name);
    Left { at, ends: machine["cancel_date"].as_str().filter(|_| !runs).map(str::to_owned) }
}

fn is_of(order: &str, machine: &Value) -> bool {
    let tags = machine["tags"].as_array().into_iter().flatten();
    tags.chain([&machine["label"]]).any(|text| text.as_str().is_some_and(|text| text.starts_with(order)))
}

fn at_address(stack: &Stack, address: &str) -> Option<&'static str> {
    newest(stack, |machine| machine["address"] == address)
}

fn newest(stack: &Stack, is_it: impl Fn(&Value) -> bool) -> Option<&'static str> {
    let state = state(stack).ok()?;
    let machines = state["machines"].as_array()?.iter().filter(|machine| is_it(machine));
    let newest = machines.max_by_key(|machine| machine["created_at_ms"].as_i64())?;
    ALL.iter().find(|one| newest["provider"] == one.word).map(|one| one.name)
}
