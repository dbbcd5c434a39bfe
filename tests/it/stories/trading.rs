//! What the operator's staff do with trading desktops.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::{Customer, MailKind, Stack, unique, until};

const WAIT: Duration = Duration::from_secs(150);

/// A number that no other story has.
fn account() -> String {
    let digits = unique().bytes().map(|byte| char::from(b'0' + byte % 10)).collect::<String>();
    digits.chars().take(12).collect()
}

fn order(who: &Customer<'_>, account: &str) -> (u16, Value) {
    let wish = json!({
        "mt5_account_id": account, "vps_name": "story", "region": "lhr", "plan": "vc2-2c-4gb", "os_id": "501",
    });
    let key = unique();
    let headers = [("idempotency-key", key.as_str())];
    let answer = who.call_with("POST", "/vps/provision", &headers, Some(&wish.to_string()));
    (answer.status, answer.json())
}

#[track_caller]
fn becomes(who: &Customer<'_>, id: &str, status: &str) -> Value {
    let path = format!("/vps/provision?action=status&vps_id={id}");
    let rests = || Some(who.get(&path)).filter(|vps| vps["status"] == status);
    until(WAIT, rests, || format!("{status}: {}", who.get(&path)))
}

#[test]
fn staff_order_a_trading_desktop_get_its_sign_in_and_delete_it() {
    let Some(stack) = Stack::beside_others() else { return };
    let (desk, account) = (Customer::in_group(&stack, "admin"), account());
    let customer = Customer::new(&stack);
    assert_eq!(order(&customer, &account).0, 403);

    let (status, ordered) = order(&desk, &account);
    assert_eq!(status, 201, "{ordered}");
    let id = ordered["vps_id"].as_str().expect("an id").to_owned();
    let (status, refused) = order(&desk, &account);
    assert_eq!(status, 409, "{refused}");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains(&id)), "{refused}");

    let active = becomes(&desk, &id, "active");
    let machines = stack.machines(ordered["order_id"].as_str().expect("an order"));
    assert_eq!(machines.len(), 1, "{machines:?}");
    let mails = stack.mails_to(&desk.email);
    let kinds: Vec<MailKind> = mails.iter().filter_map(|mail| mail.kind()).collect();
    assert_eq!(kinds, [MailKind::Started, MailKind::Ready]);
    let told = mails.iter().find(|mail| mail.kind() == Some(MailKind::Ready)).expect("it came").credentials();
    assert!(stack.lets_in(&machines[0], &told.username, &told.password));

    let synced = desk.call("PATCH", "/vps/provision", Some(&json!({"vps_id": id}))).good("sync");
    assert_eq!(synced["provider_metadata"]["state"], "running");
    assert_eq!(synced["ip_address"], active["ip_address"]);

    let other = Customer::in_group(&stack, "admin");
    let path = format!("/vps/provision?vps_id={id}");
    assert_eq!(customer.call("DELETE", &path, None).status, 403);
    assert_eq!(other.call("DELETE", &path, None).status, 202);
    becomes(&desk, &id, "decommissioned");
    assert_eq!(stack.machines(ordered["order_id"].as_str().expect("an order")).len(), 0);
    assert_eq!(desk.call("DELETE", &path, None).status, 200);
}
