//! `cargo xtask demo`: a new customer buys a Windows desktop and an Ubuntu one, through the doors that customers use.
//! With `--provider` everybody else is sold out; with `--fault` something goes wrong, and one sees how it ends.

pub(crate) mod customer;
mod desktop;
mod fault;
pub(crate) mod order;
mod provider;

use serde_json::json;

pub(crate) use fault::Fault;
pub(crate) use provider::Provider;

use crate::cli::UpOptions;
use crate::local::{self, Stack};
use crate::progress::{Progress, seconds};
use customer::Customer;
use desktop::Delivered;

/// What is bought: operating system, and what people call it.
const PURCHASES: [(&str, &str); 2] = [("windows", "Windows"), ("linux", "Ubuntu")];
const PLAN: &str = "basic";

/// What is shown.
pub(crate) enum Show {
    /// A Windows desktop and an Ubuntu one.
    Both,
    /// A desktop of each system that a provider has, made there.
    Provider(&'static Provider),
    /// How an order ends when something goes wrong.
    Fault(&'static Fault),
}

/// Starts the local stack, buys desktops, shows them, and stays until Ctrl-C unless `once`.
///
/// # Errors
/// The stack does not start, a desktop is not delivered or does not take the mailed password, or an order ends in
/// another way than was promised.
pub(crate) fn run(options: &UpOptions, show: &Show, once: bool) -> anyhow::Result<()> {
    let mut progress = Progress::start();
    let stack = Stack::start(options, &mut progress)?;
    for (os, name) in PURCHASES {
        if stack.facts["desktops"][os] == json!("built-in") {
            progress.note(&format!(
                "{name} is a built-in responder: the programs for a real desktop are not installed (.ci/run installs them)"
            ));
        }
    }
    let bought = shop(&stack, show, &mut progress);
    if bought.is_err() {
        local::print_complaints(stack.state());
    }
    bought?;
    if once {
        return Ok(());
    }
    println!("\nIt stays up until Ctrl-C.");
    stack.watch()
}

fn shop(stack: &Stack, show: &Show, progress: &mut Progress) -> anyhow::Result<()> {
    let customer = Customer::sign_up(stack)?;
    progress.done(&format!("{} signed up and in", customer.email));
    let delivered = match show {
        Show::Both => PURCHASES
            .iter()
            .map(|(os, name)| buy(stack, &customer, (None, os, name), progress))
            .collect::<anyhow::Result<_>>()?,
        Show::Provider(provider) => provider::show(stack, &customer, provider, progress)?,
        Show::Fault(fault) => fault::show(stack, &customer, fault, progress)?,
    };
    for desktop in &delivered {
        println!("\n{}", desktop.summary());
    }
    println!("\nSign in as {} / {}\n{}", customer.email, customer.password, stack.summary());
    Ok(())
}

fn buy(
    stack: &Stack,
    customer: &Customer,
    (region, os, name): (Option<&str>, &str, &str),
    progress: &mut Progress,
) -> anyhow::Result<Delivered> {
    let placed = order_and_pay(stack, customer, (region, os, name), progress)?;
    let finished = order::follow(stack, customer, &placed, |step| {
        progress.done(&format!("{name}: {}", in_words(stack, &placed.id, step)));
    })?;
    let desktop = hand_over(stack, customer, name, &finished, progress)?;
    progress.note(&format!("{name}: delivered {} after the payment", seconds(finished.took)));
    Ok(desktop)
}

fn order_and_pay(
    stack: &Stack,
    customer: &Customer,
    (region, os, name): (Option<&str>, &str, &str),
    progress: &mut Progress,
) -> anyhow::Result<order::Placed> {
    let placed = order::place_in(stack, customer, region, PLAN, os)?;
    progress.done(&format!("{name}: ordered, {}", placed.id));
    order::pay(&placed)?;
    progress.done(&format!("{name}: paid on Paystack's page"));
    Ok(placed)
}

/// A step for people, with the provider's name where a machine was made.
fn in_words(stack: &Stack, order: &str, step: &str) -> String {
    let words = order::in_words(step);
    let at = (step == "machine_created").then(|| provider::of_order(stack, order)).flatten();
    at.map_or_else(|| words.clone(), |at| format!("{words} at {at}"))
}

/// Collects what the customer was mailed, and signs in with it.
fn hand_over(
    stack: &Stack,
    customer: &Customer,
    name: &str,
    finished: &order::Finished,
    progress: &mut Progress,
) -> anyhow::Result<Delivered> {
    let mut desktop = desktop::collect(stack, customer, name, finished)?;
    progress.done(&format!("{name}: mail received"));
    desktop.check_sign_in(stack)?;
    progress.done(&format!("{name}: the mailed password signs in, a wrong one does not"));
    desktop.save(&stack.state().make("demo")?)?;
    Ok(desktop)
}
