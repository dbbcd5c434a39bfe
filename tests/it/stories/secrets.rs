//! No secret is anywhere but where it is meant to be.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::stack::{Customer, MailKind, Stack, call_home_mac};

/// A secret and what to call it without telling it.
struct Canary {
    name: String,
    value: String,
}

impl Canary {
    fn new(name: impl Into<String>, value: &str) -> Self {
        assert!(value.len() >= 12, "too short to be told from other text");
        Self { name: name.into(), value: value.to_owned() }
    }

    /// Whether a text holds it, plainly or as JSON or HTML writes it.
    fn is_in(&self, text: &str) -> bool {
        let json = Value::from(self.value.as_str()).to_string();
        let html = self.value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.contains(&self.value) || text.contains(json.trim_matches('"')) || text.contains(&html)
    }

    #[track_caller]
    fn is_not_in(&self, text: &str, place: &str) {
        assert!(!self.is_in(text), "{place} holds {}", self.name);
    }
}

#[test]
fn canary_secrets_that_went_through_whole_stories_are_in_no_log_history_message_or_item() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let (windows, linux) = (ada.order("basic", "windows"), ada.order("performance", "linux"));
    let over = AtomicBool::new(false);
    let messages = thread::scope(|scope| {
        let watch = scope.spawn(|| watch_queues(&stack, &over));
        windows.pay();
        linux.pay();
        windows.is_delivered();
        linux.is_delivered();
        for order in [&windows, &linux] {
            ada.get(&format!("/instances/{}/credentials", order.instance()));
        }
        over.store(true, Ordering::Relaxed);
        watch.join().expect("a watcher")
    });
    assert!(!messages.is_empty(), "no message was seen on its way");

    let mut canaries = keys(&stack);
    let signing_key = stack.first_boot_key();
    for order in [&windows, &linux] {
        let password = order.mailed_credentials(MailKind::Ready).password;
        canaries.push(Canary::new(format!("the password of {}", order.id), &password));
        let address = call_home_mac(&signing_key, &order.instance(), 1);
        canaries.push(Canary::new(format!("the call-home address of {}", order.id), &address));
    }
    // The other stories' as well, as far as they have come.
    for mail in stack.mails() {
        if matches!(mail.kind(), Some(MailKind::Ready | MailKind::Reinstalled)) {
            canaries
                .push(Canary::new(format!("a password mailed to {}", mail.to), &mail.credentials().password));
        }
    }

    let token = ada.authorization.trim_start_matches("Bearer ");
    let token = Canary::new("a customer's token", token);
    for (stream, line) in stack.logs() {
        canaries.iter().chain([&token]).for_each(|canary| canary.is_not_in(&line, &stream));
    }
    for execution in stack.executions("ord_") {
        let arn = execution["executionArn"].as_str().expect("an ARN");
        let history = Value::from(stack.history(arn)).to_string();
        canaries.iter().for_each(|canary| canary.is_not_in(&history, arn));
    }
    for (queue, body) in &messages {
        canaries.iter().for_each(|canary| canary.is_not_in(body, queue));
    }
    for item in stack.all_items() {
        let text = item.to_string();
        canaries.iter().for_each(|canary| canary.is_not_in(&text, &item["pk"].to_string()));
    }
    only_the_customer_is_mailed_the_password(&stack, &canaries);
}

/// The API keys, which also sign webhooks, and the key of the call-home addresses.
fn keys(stack: &Stack) -> Vec<Canary> {
    let mut keys = vec![
        Canary::new("the Paystack key", stack.fact("paystack_secret_key")),
        Canary::new("the Vultr key", stack.fact("vultr_api_key")),
        Canary::new("the first-boot key", &stack.first_boot_key()),
    ];
    for (name, fields) in [
        ("contabo", &["client_secret", "password"][..]),
        ("digitalocean", &["token"]),
        ("linode", &["token"]),
        ("hetzner", &["token"]),
        ("ec2", &["secret_access_key", "private_key"]),
    ] {
        let secret = stack.secret(&format!("nemordp/{name}"));
        for field in fields {
            let value = secret[field].as_str().unwrap_or_else(|| panic!("{name} has no {field}"));
            keys.push(Canary::new(format!("the {field} of {name}"), value));
        }
    }
    keys
}

/// Everything that is seen waiting in a queue until it is over.
fn watch_queues(stack: &Stack, over: &AtomicBool) -> Vec<(String, String)> {
    let mut seen: Vec<(String, String)> = Vec::new();
    while !over.load(Ordering::Relaxed) {
        for message in stack.queued() {
            if !seen.contains(&message) {
                seen.push(message);
            }
        }
        thread::sleep(Duration::from_millis(40));
    }
    seen
}

/// A password is in the mail that tells it, to the customer whose desktop it opens, and in no other.
#[track_caller]
fn only_the_customer_is_mailed_the_password(stack: &Stack, canaries: &[Canary]) {
    for mail in stack.mails() {
        let text = format!("{}\n{}\n{}", mail.subject, mail.text, mail.html);
        let tells = matches!(mail.kind(), Some(MailKind::Ready | MailKind::Reinstalled));
        let own = tells.then(|| mail.credentials().password);
        for canary in canaries {
            if own.as_deref() != Some(&canary.value) {
                canary.is_not_in(&text, &format!("the mail {:?} to {}", mail.subject, mail.to));
            }
        }
        if let Some(password) = own {
            assert!(!mail.subject.contains(&password), "a subject holds a password");
        }
    }
}
