//! `cargo xtask demo`: a new customer buys a Windows desktop and an Ubuntu one, through the doors that customers use.

pub(crate) mod customer;
mod desktop;
pub(crate) mod order;

use serde_json::json;

use crate::cli::UpOptions;
use crate::local::{self, Stack};
use crate::progress::{Progress, seconds};
use customer::Customer;
use desktop::Delivered;

/// What is bought: plan, operating system, and what people call it.
const PURCHASES: [(&str, &str, &str); 2] = [("basic", "windows", "Windows"), ("basic", "linux", "Ubuntu")];

/// Starts the local stack, buys both desktops, shows them, and stays until Ctrl-C unless `once`.
///
/// # Errors
/// The stack does not start, or a desktop is not delivered or does not take the mailed password.
pub(crate) fn run(options: &UpOptions, once: bool) -> anyhow::Result<()> {
    let mut progress = Progress::start();
    let stack = Stack::start(options, &mut progress)?;
    for (os, name) in [("windows", "Windows"), ("linux", "Ubuntu")] {
        if stack.facts["desktops"][os] == json!("built-in") {
            progress.note(&format!(
                "{name} is a built-in responder: the programs for a real desktop are not installed (.ci/run installs them)"
            ));
        }
    }
    let bought = shop(&stack, &mut progress);
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

fn shop(stack: &Stack, progress: &mut Progress) -> anyhow::Result<()> {
    let customer = Customer::sign_up(stack)?;
    progress.done(&format!("{} signed up and in", customer.email));
    let mut delivered = Vec::new();
    for (plan, os, name) in PURCHASES {
        delivered.push(buy(stack, &customer, (plan, os, name), progress)?);
    }
    for desktop in &delivered {
        println!("\n{}", desktop.summary());
    }
    println!("\nSign in as {} / {}\n{}", customer.email, customer.password, stack.summary());
    Ok(())
}

fn buy(
    stack: &Stack,
    customer: &Customer,
    (plan, os, name): (&str, &str, &str),
    progress: &mut Progress,
) -> anyhow::Result<Delivered> {
    let placed = order::place(stack, customer, plan, os)?;
    progress.done(&format!("{name}: ordered, {}", placed.id));
    order::pay(&placed)?;
    progress.done(&format!("{name}: paid on Paystack's page"));
    let finished = order::follow(stack, customer, &placed, |step| progress.done(&format!("{name}: {step}")))?;
    let mut desktop = desktop::collect(stack, customer, name, &finished)?;
    progress.done(&format!("{name}: mail received"));
    desktop.check_sign_in(stack)?;
    progress.done(&format!("{name}: the mailed password signs in, a wrong one does not"));
    progress.note(&format!("{name}: delivered {} after the payment", seconds(finished.took)));
    desktop.save(&stack.state().make("demo")?)?;
    Ok(desktop)
}
