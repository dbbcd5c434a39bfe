//! The main job: a paid order becomes a desktop that lets its customer in.

use serde_json::Value;

use crate::stack::{Credentials, Customer, Desktops, MailKind, Stack, rdp_client};

/// The timeline of a delivery in which nothing went wrong.
const STEPS: [&str; 9] = [
    "placed",
    "paid",
    "started",
    "machine_created",
    "first_boot_reported",
    "desktop_answers",
    "credentials_stored",
    "credentials_mailed",
    "active",
];

#[test]
fn a_paid_windows_order_becomes_a_desktop_that_its_customer_can_sign_in_to() {
    delivers("windows");
}

#[test]
fn a_paid_ubuntu_order_becomes_a_desktop_that_its_customer_can_sign_in_to() {
    delivers("linux");
}

fn delivers(os: &str) {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", os);
    assert_eq!(order.view()["status"], "awaiting_payment");
    assert!(stack.machines(&order.id).is_empty(), "nothing is made before it is paid");

    order.pay();
    order.is_delivered();
    assert_eq!(order.steps(), STEPS);

    let machine = &stack.machines(&order.id)[0];
    let mailed = order.mailed_credentials(MailKind::Ready);
    let instance = order.instance();
    signs_in(&stack, machine, &mailed);
    is_shown(&ada, &order.id, &instance, &mailed);

    let file = ada.call("GET", &format!("/instances/{instance}/rdp-file"), None);
    assert_eq!((file.status, file.header("content-type")), (200, "application/x-rdp"));
    assert!(file.header("content-disposition").contains(".rdp"));
    assert!(!file.text.contains(&mailed.password), "the file holds the password");
    if os == "windows" && stack.desktops(os) == Desktops::Real {
        assert!(rdp_client::opens(&file.text, &mailed.password), "FreeRDP does not open the file");
        assert!(!rdp_client::opens(&file.text, "Wrong-password-1"), "FreeRDP gets in with any password");
    }
}

/// The mailed password lets the customer in, and no other does.
#[track_caller]
fn signs_in(stack: &Stack, machine: &Value, mailed: &Credentials) {
    assert_eq!(machine["address"], mailed.address.as_str());
    assert!(stack.lets_in(machine, &mailed.username, &mailed.password), "the mailed password is refused");
    assert!(!stack.lets_in(machine, &mailed.username, "Wrong-password-1"), "any password is taken");
    let kind = stack.desktops(machine["os"].as_str().expect("an operating system"));
    println!("signed in at a {kind:?} desktop");
}

/// What the API shows of the desktop is what was mailed.
#[track_caller]
fn is_shown(ada: &Customer<'_>, order: &str, instance: &str, mailed: &Credentials) {
    let revealed = ada.call("GET", &format!("/instances/{instance}/credentials"), None);
    assert_eq!((revealed.status, revealed.header("cache-control")), (200, "no-store"));
    let revealed = revealed.json();
    assert_eq!(revealed["address"], mailed.address.as_str());
    assert_eq!(revealed["username"], mailed.username.as_str());
    assert!(revealed["password"] == mailed.password.as_str(), "another password than the mailed one");
    let audit = ada.stack.items(&format!("INSTANCE#{instance}"));
    assert!(
        audit.iter().any(|line| line["action"] == "credentials_revealed"),
        "nobody wrote the reveal down"
    );

    let shown = ada.get(&format!("/instances/{instance}"));
    assert_eq!((&shown["status"], &shown["order_id"]), (&Value::from("active"), &Value::from(order)));
    assert!(shown["certificate"]["sha256"].is_string(), "no certificate to compare: {shown}");
    let listed = ada.get("/instances");
    assert_eq!(listed["instances"], Value::from(vec![shown]));
    let orders = ada.get("/orders");
    assert_eq!(orders["orders"][0]["id"], order);
}
