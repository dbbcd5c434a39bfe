//! Every provider delivers a desktop of each system that it has.

use crate::stack::{Alerts, Customer, Desktops, End, MailKind, Stack};

/// The others are sold out; the mailed password lets the customer in at the machine, and no other does.
fn delivers(provider: &str, os: &str) {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in("us-east", "basic", os);
    let _sold_out = order.only_at(provider);
    order.pay();
    order.rests(End::Delivered, Alerts::None);

    let machines = stack.machines(&order.id);
    assert_eq!((machines.len(), machines[0]["provider"].as_str()), (1, Some(provider)), "{}", order.story());
    assert!(stack.destroyed_machines(&order.id).is_empty(), "{}", order.story());
    let mailed = order.mailed_credentials(MailKind::Ready);
    assert_eq!(machines[0]["address"], mailed.address.as_str());
    assert!(
        stack.lets_in(&machines[0], &mailed.username, &mailed.password),
        "the mailed password is refused"
    );
    assert!(!stack.lets_in(&machines[0], &mailed.username, "Wrong-password-1"), "any password is taken");
    if stack.desktops(os) == Desktops::Real {
        assert!(order.steps().iter().any(|step| step == "first_boot_reported"), "{}", order.story());
    }
}

#[test]
fn vultr_delivers_windows() {
    delivers("vultr", "windows");
}

#[test]
fn vultr_delivers_ubuntu() {
    delivers("vultr", "linux");
}

#[test]
fn contabo_delivers_windows() {
    delivers("contabo", "windows");
}

#[test]
fn contabo_delivers_ubuntu() {
    delivers("contabo", "linux");
}

#[test]
fn digitalocean_delivers_ubuntu() {
    delivers("digitalocean", "linux");
}

#[test]
fn linode_delivers_ubuntu() {
    delivers("linode", "linux");
}

#[test]
fn hetzner_delivers_ubuntu() {
    delivers("hetzner", "linux");
}

#[test]
fn ec2_delivers_windows() {
    delivers("ec2", "windows");
}

#[test]
fn ec2_delivers_ubuntu() {
    delivers("ec2", "linux");
}
