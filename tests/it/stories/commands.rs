//! What customers do with their desktops.

use std::time::Duration;

use serde_json::Value;

use crate::stack::{Alerts, Credentials, Customer, End, MailKind, Order, Stack, until};

const WAIT: Duration = Duration::from_secs(150);

/// A customer's desktop under command.
struct Desktop<'s> {
    stack: &'s Stack,
    order: &'s Order<'s>,
    id: String,
}

impl Desktop<'_> {
    fn stored(&self) -> Value {
        self.stack.item(&format!("INSTANCE#{}", self.id), "INSTANCE")
    }

    /// Gives a command, which is taken at once.
    #[track_caller]
    fn told(&self, command: &str) {
        let (method, path) = match command {
            "terminate" => ("DELETE", format!("/instances/{}", self.id)),
            _ => ("POST", format!("/instances/{}/{command}", self.id)),
        };
        let answer = self.order.customer.call(method, &path, None);
        assert_eq!(answer.status, 202, "{command}: {}", answer.text);
        assert_eq!((&answer.json()["status"], &answer.json()["command"]), (&"busy".into(), &command.into()));
    }

    /// Waits until the command has been carried out.
    #[track_caller]
    fn becomes(&self, status: &str) {
        let rests = || {
            let now = self.stored();
            assert!(now["last_error"].is_null(), "{now}\n{}", self.order.story());
            (now["status"] == status).then_some(())
        };
        until(WAIT, rests, || format!("{status}: {}\n{}", self.stored(), self.order.story()));
        assert!(self.stored()["wpk"].is_null(), "somebody still has to look at it");
    }

    #[track_caller]
    fn lets_in(&self, credentials: &Credentials) -> bool {
        let machines = self.stack.machines(&self.order.id);
        assert_eq!(machines.len(), 1, "{machines:?}");
        self.stack.lets_in(&machines[0], &credentials.username, &credentials.password)
    }
}

#[test]
fn a_desktop_can_be_restarted_stopped_started_and_terminated() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in("us-central", "basic", "linux");
    let _sold_out = order.only_at("vultr");
    order.pay();
    order.rests(End::Delivered, Alerts::None);
    let mailed = order.mailed_credentials(MailKind::Ready);
    let desktop = Desktop { stack: &stack, order: &order, id: order.instance() };
    let before = stack.machines(&order.id)[0]["id"].clone();

    desktop.told("restart");
    desktop.told("restart");
    let busy = ada.call("POST", &format!("/instances/{}/stop", desktop.id), None);
    assert_eq!((busy.status, busy.json()["code"].as_str()), (409, Some("conflict")), "{}", busy.text);
    desktop.becomes("active");
    assert!(desktop.lets_in(&mailed), "after a restart the password is another");

    desktop.told("stop");
    desktop.becomes("stopped");
    assert_eq!(stack.machines(&order.id)[0]["power"], "stopped");
    let twice = ada.call("POST", &format!("/instances/{}/restart", desktop.id), None);
    assert_eq!(twice.status, 409, "{}", twice.text);

    desktop.told("start");
    desktop.becomes("active");
    assert!(desktop.lets_in(&mailed), "after a stop and a start the password is another");
    assert_eq!(stack.machines(&order.id)[0]["id"], before, "another machine");

    desktop.told("terminate");
    desktop.becomes("terminated");
    assert!(stack.machines(&order.id).is_empty(), "a terminated desktop runs");
    assert!(desktop.stored()["address"].is_null());
    for (method, path) in
        [("GET", "credentials"), ("GET", "rdp-file"), ("POST", "start"), ("POST", "reinstall")]
    {
        let gone = ada.call(method, &format!("/instances/{}/{path}", desktop.id), None);
        assert_eq!(gone.status, 409, "{path}: {}", gone.text);
    }
    let lines = stack.items(&format!("INSTANCE#{}", desktop.id));
    for action in ["command_restart", "command_stop", "command_start", "command_terminate"] {
        let written = lines.iter().filter(|line| line["action"] == action).count();
        assert_eq!(written, 1, "{action} in the audit log");
    }
}

/// EC2 lends a machine another public address each time it is turned on.
#[test]
fn a_desktop_at_ec2_is_found_at_the_address_of_its_latest_start() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in("us-east", "basic", "linux");
    let _sold_out = order.only_at("ec2");
    order.pay();
    order.rests(End::Delivered, Alerts::None);
    let mailed = order.mailed_credentials(MailKind::Ready);
    let desktop = Desktop { stack: &stack, order: &order, id: order.instance() };
    let before = desktop.stored();
    desktop.told("stop");
    desktop.becomes("stopped");
    desktop.told("start");
    desktop.becomes("active");
    let now = desktop.stored();
    assert!(now["address"] != before["address"], "{now}");
    assert_eq!(now["certificate"], before["certificate"]);
    assert!(desktop.lets_in(&mailed), "after a start the password is another");
    let shown = ada.get(&format!("/instances/{}/credentials", desktop.id));
    assert_eq!(shown["address"], now["address"]);
}

#[test]
fn a_reinstalled_windows_desktop_has_a_new_password_which_is_mailed() {
    reinstalls("windows");
}

#[test]
fn a_reinstalled_ubuntu_desktop_has_a_new_password_which_is_mailed() {
    reinstalls("linux");
}

fn reinstalls(os: &str) {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in("us-central", "basic", os);
    let _sold_out = order.only_at("vultr");
    order.pay();
    order.rests(End::Delivered, Alerts::None);
    let old = order.mailed_credentials(MailKind::Ready);
    let desktop = Desktop { stack: &stack, order: &order, id: order.instance() };
    desktop.told("reinstall");
    desktop.becomes("active");
    let new = order.mailed_credentials(MailKind::Reinstalled);
    assert!(new.password != old.password, "the password is the old one");
    assert!(desktop.lets_in(&new), "the new password is refused");
    assert!(!desktop.lets_in(&old), "the old password still lets somebody in");
    let revealed = ada.get(&format!("/instances/{}/credentials", desktop.id));
    assert!(revealed["password"] == new.password.as_str(), "the API reveals another password");
    let mails = stack.mails_about(&order.id);
    let told = mails.iter().filter(|mail| mail.kind() == Some(MailKind::Reinstalled)).count();
    assert_eq!(told, 1, "mails about one reinstallation");
}
