//! Each function runs under its own role, and a role that lacks a permission is really refused.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::{Alerts, Answer, Customer, End, Signer, Stack, unique, until};

const WAIT: Duration = Duration::from_secs(90);

/// The secrets; those of the providers are read together.
const ALL_SECRETS: [&str; 8] = [
    "nemordp/paystack",
    "nemordp/first-boot",
    "nemordp/vultr",
    "nemordp/contabo",
    "nemordp/digitalocean",
    "nemordp/linode",
    "nemordp/hetzner",
    "nemordp/ec2",
];
const OF_PROVIDERS: &str = "providers";

/// Which secrets each function may read.
const SECRETS: [(&str, &[&str]); 21] = [
    ("api-docs", &[]),
    ("plans", &[]),
    ("account", &[]),
    ("checkout", &["nemordp/paystack"]),
    ("orders", &[]),
    ("checkout-return", &[]),
    ("webhook-paystack", &["nemordp/paystack"]),
    ("payment-events", &["nemordp/paystack"]),
    ("order-sweep", &[]),
    ("provision", &["nemordp/paystack", OF_PROVIDERS, "nemordp/first-boot"]),
    ("first-boot", &["nemordp/first-boot"]),
    ("instances", &[]),
    ("instance-credentials", &[]),
    ("instance-action", &[]),
    ("instance-commands", &[OF_PROVIDERS, "nemordp/first-boot"]),
    ("availability", &[OF_PROVIDERS]),
    ("instance-sync", &[OF_PROVIDERS]),
    ("admin-inventory", &[]),
    ("vps-provision", &[OF_PROVIDERS]),
    ("mailer", &[]),
    ("health", &[]),
];

/// What only the operator's staff may use.
const OF_STAFF: [(&str, &str); 5] = [
    ("POST", "/vps/provision"),
    ("PATCH", "/vps/provision"),
    ("DELETE", "/vps/provision?vps_id=ins_00000000000000000000000000"),
    ("GET", "/vps/provision?action=account"),
    ("GET", "/admin/inventory"),
];

#[track_caller]
fn denied(answer: &Answer, what: &str) {
    let kind = answer.json()["__type"].as_str().unwrap_or_default().to_owned();
    assert!(answer.status == 400 || answer.status == 403, "{what}: {} {}", answer.status, answer.text);
    assert!(kind.contains("AccessDenied"), "{what}: {}", answer.text);
}

#[test]
fn no_function_can_do_more_than_its_policy_says() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "linux");
    order.pay();
    order.is_delivered();
    let instance = order.instance();
    for path in ["/auth/me", "/instances", &format!("/instances/{instance}/credentials")] {
        ada.get(path);
    }
    for path in ["/plans", "/health", "/openapi.json"] {
        stack.call("GET", path, &[], None).good(path);
    }
    let staff = Customer::in_group(&stack, "admin");
    for path in ["/admin/inventory", "/vps/provision?action=os"] {
        staff.get(path);
    }
    stack.invoke("instance-sync", &json!({"source": "aws.scheduler"})).good("instance-sync");
    ada.call("POST", &format!("/instances/{instance}/restart"), None).good("restart");

    for (function, may_read) in SECRETS {
        let who = until(
            WAIT,
            || Some(stack.processes(function).first()?.credentials()),
            || format!("{function} does not run"),
        );
        for (at, secret) in ALL_SECRETS.iter().enumerate() {
            let body = json!({"SecretId": secret});
            let answer = stack.aws(&who, "secretsmanager", "secretsmanager.GetSecretValue", &body);
            match may_read.contains(secret) || at > 1 && may_read.contains(&OF_PROVIDERS) {
                true => assert_eq!(answer.status, 200, "{function} and {secret}: {}", answer.text),
                false => denied(&answer, &format!("{function} reads {secret}")),
            }
        }
        let table = |operation: &str, key: &str, sort: &str| {
            let key = json!({"pk": {"S": key}, "sk": {"S": sort}});
            let body = match operation {
                "Scan" => json!({"TableName": stack.fact("table")}),
                _ => json!({"TableName": stack.fact("table"), "Key": key}),
            };
            stack.aws(&who, "dynamodb", &format!("DynamoDB_20120810.{operation}"), &body)
        };
        denied(&table("Scan", "", ""), &format!("{function} scans the table"));
        let key = format!("ORDER#{}", order.id);
        denied(&table("DeleteItem", &key, "ORDER"), &format!("{function} deletes an order"));
        // Those that answer requests are held to the kinds of items they are about.
        match function {
            "account" | "instances" | "webhook-paystack" => {
                denied(&table("GetItem", &key, "ORDER"), &format!("{function} reads an order"));
            }
            "orders" | "checkout" => {
                let key = format!("INSTANCE#{instance}");
                denied(&table("GetItem", &key, "CREDENTIALS"), &format!("{function} reads credentials"));
            }
            _ => {}
        }
        if !matches!(function, "mailer" | "instance-credentials") {
            denied(&decrypt(&stack, &who, &instance), &format!("{function} decrypts a password"));
        }
    }
}

/// An attempt to decrypt; what is sent is no ciphertext, so whoever may decrypt is told that.
fn decrypt(stack: &Stack, who: &Signer, instance: &str) -> Answer {
    let keys = stack.aws(&stack.root(), "kms", "TrentService.ListKeys", &json!({})).good("ListKeys");
    let body = json!({
        "KeyId": keys["Keys"][0]["KeyArn"],
        "CiphertextBlob": "AAAA",
        "EncryptionContext": {"instance": instance},
    });
    stack.aws(who, "kms", "TrentService.Decrypt", &body)
}

/// The token says who is staff: whoever is in the group `admin`, and nobody else.
#[test]
fn nobody_but_staff_orders_sees_or_ends_a_trading_desktop() {
    let Some(stack) = Stack::beside_others() else { return };
    let group = format!("admin-helpers-{}", unique());
    let made = json!({"UserPoolId": stack.fact("user_pool_id"), "GroupName": group});
    stack.cognito_admin("CreateGroup", &made);
    let (customer, helper) = (Customer::new(&stack), Customer::in_group(&stack, &group));
    let staff = Customer::in_group(&stack, "admin");
    let key = unique();
    let keyed = [("idempotency-key", key.as_str())];
    for (method, path) in OF_STAFF {
        let body = matches!(method, "POST" | "PATCH").then_some("{}");
        for who in [&customer, &helper] {
            let answer = who.call_with(method, path, &keyed, body);
            let said = (answer.status, answer.json()["code"].clone());
            assert_eq!(said, (403, json!("forbidden")), "{method} {path}: {}", answer.text);
        }
        assert_eq!(stack.call(method, path, &keyed, body).status, 401, "{method} {path} without a token");
        let answer = staff.call_with(method, path, &keyed, body);
        assert!(!matches!(answer.status, 401 | 403), "{method} {path} for staff: {}", answer.text);
    }
}

#[test]
fn a_function_whose_permission_is_taken_away_fails_and_says_so_in_its_log() {
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    ada.get("/auth/me");
    let withheld = stack.withhold("account", "dynamodb:GetItem");
    let answer = ada.call("GET", "/auth/me", None);
    assert!(matches!(answer.status, 500 | 503), "{} {}", answer.status, answer.text);
    assert!(!answer.text.contains("AccessDenied") && !answer.text.contains("arn:"), "{}", answer.text);
    let told = || {
        let logs = stack.logs();
        logs.into_iter().find(|(stream, line)| stream.contains("-account:") && line.contains("AccessDenied"))
    };
    until(WAIT, told, || "no AccessDenied in the log of account".to_owned());
    drop(withheld);
    ada.get("/auth/me");
}

#[test]
fn an_order_that_is_paid_and_then_not_started_is_started_by_the_sweep() {
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "linux");
    // As if the worker had died between its two writes: the order is paid, and nobody delivers it.
    let withheld = stack.withhold("payment-events", "states:StartExecution");
    let sweep = stack.withhold("order-sweep", "states:StartExecution");
    order.pay();
    let paid = || (order.stored()["status"] == "paid").then_some(());
    until(WAIT, paid, || order.story());
    thread::sleep(Duration::from_secs(2));
    assert!(stack.executions(&order.id).is_empty(), "started without the permission to");
    drop(sweep);
    order.rests(End::Delivered, Alerts::None);
    drop(withheld);
}

#[test]
fn an_event_that_is_stored_and_then_not_queued_is_delivered_again_and_takes_effect() {
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "windows");
    let withheld = stack.withhold("webhook-paystack", "sqs:SendMessage");
    order.pay_on_page();
    let refused = || stack.deliveries(&order.reference).iter().any(|d| d["status"] == 503).then_some(());
    until(WAIT, refused, || format!("{:?}", stack.deliveries(&order.reference)));
    let stored = |item: &Value| {
        item["sk"] == "EVENT" && item["body"].as_str().is_some_and(|b| b.contains(&order.reference))
    };
    assert_eq!(stack.all_items().iter().filter(|item| stored(item)).count(), 1, "events stored");
    drop(withheld);
    order.is_delivered();
}

#[test]
fn a_desktop_whose_mails_cannot_be_sent_is_delivered_and_the_mails_follow() {
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "linux");
    let withheld = stack.withhold("mailer", "ses:SendRawEmail");
    order.pay();
    order.until("active");
    for kind in ["receipt", "started", "ready"] {
        assert_eq!(order.stored_mail(kind)["status"], "pending", "{kind}");
    }
    drop(withheld);
    order.rests(End::Delivered, Alerts::None);
}
