//! An order: placed through the API, paid on the gateway's page, followed on its timeline.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::customer::Customer;
use crate::http;
use crate::local::{Stack, random_hex};

/// How long a delivery may take here before the demo gives up on it.
const DELIVERY_WAIT: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(300);

/// An order that waits for its money.
pub(crate) struct Placed {
    /// The order's id.
    pub(crate) id: String,
    authorization_url: String,
}

/// An order whose desktop is there.
pub(crate) struct Finished {
    /// The desktop's id.
    pub(crate) instance: String,
    /// From the payment to the delivery.
    pub(crate) took: Duration,
}

/// How an order came to rest.
pub(crate) enum Ended {
    /// With a desktop.
    Delivered(Finished),
    /// Without one, and the money went back, or is on its way; with the reason.
    Undone {
        /// The API's word for why.
        reason: String,
        /// Whether the gateway has paid it back.
        refunded: bool,
    },
}

/// Places an order anywhere.
///
/// # Errors
/// The API refuses it, or answers without a page to pay on.
pub(crate) fn place(stack: &Stack, customer: &Customer, plan: &str, os: &str) -> anyhow::Result<Placed> {
    place_in(stack, customer, None, plan, os)
}

/// Places an order in a region, or anywhere.
///
/// # Errors
/// As `place`.
pub(crate) fn place_in(
    stack: &Stack,
    customer: &Customer,
    region: Option<&str>,
    plan: &str,
    os: &str,
) -> anyhow::Result<Placed> {
    let key = random_hex()?;
    let mut wanted = json!({"plan": plan, "os": os, "currency": "USD", "method": "paystack"});
    if let Some(region) = region {
        wanted["region"] = json!(region);
    }
    let url = format!("{}/checkout", stack.fact("api_url")?);
    let headers = [customer.header(), ("idempotency-key", key.as_str())];
    let order = http::post_json(&url, &wanted, &headers)?.expect_success("POST /checkout")?;
    let text = |name: &str| order[name].as_str().map(str::to_owned);
    Ok(Placed {
        id: text("order_id").context("the order has no id")?,
        authorization_url: text("authorization_url").context("the order says nothing about where to pay")?,
    })
}

/// Opens the gateway's page and presses its button, and follows it back to the shop, as a browser does.
///
/// # Errors
/// The page is not the expected one, or does not take the money.
pub(crate) fn pay(order: &Placed) -> anyhow::Result<()> {
    let page = http::get(&order.authorization_url, &[])?;
    ensure!(page.status == 200, "the payment page answers {}", page.status);
    ensure!(page.text.contains(r#"name="action" value="pay""#), "the payment page has no button to pay");
    let form = "application/x-www-form-urlencoded";
    let answer = http::post(&order.authorization_url, form, "action=pay", &[])?;
    ensure!(matches!(answer.status, 200 | 302 | 303), "the payment page answers {}", answer.status);
    if let Some(back) = answer.location {
        // Where it leads in the shop is the dashboard's business; the visit alone has the payment looked at.
        http::get(&back, &[])?;
    }
    Ok(())
}

/// Reports each new step of the timeline, by its word, until the desktop is there.
///
/// # Errors
/// The order ends otherwise, or takes too long.
pub(crate) fn follow(
    stack: &Stack,
    customer: &Customer,
    order: &Placed,
    report: impl FnMut(&str),
) -> anyhow::Result<Finished> {
    match watch(stack, customer, order, report, |status| status == "refunding")? {
        Ended::Delivered(finished) => Ok(finished),
        Ended::Undone { reason, .. } => bail!("the order was not delivered: {reason}"),
    }
}

/// Reports each new step of the timeline, by its word, until the order rests, or has a status that is enough.
///
/// # Errors
/// The order takes too long.
pub(crate) fn watch(
    stack: &Stack,
    customer: &Customer,
    order: &Placed,
    mut report: impl FnMut(&str),
    enough: impl Fn(&str) -> bool,
) -> anyhow::Result<Ended> {
    let start = Instant::now();
    // The first step is that the order was placed, which the caller knows.
    let mut reported = 1;
    while start.elapsed() < DELIVERY_WAIT {
        let view =
            customer.get(stack, &format!("/orders/{}", order.id))?.expect_success("GET /orders/{id}")?;
        let timeline = view["timeline"].as_array().map(Vec::as_slice).unwrap_or_default();
        for step in timeline.iter().skip(reported) {
            report(step["step"].as_str().unwrap_or("?"));
        }
        reported = reported.max(timeline.len());
        let status = view["status"].as_str().unwrap_or_default();
        if status == "active" {
            let instance = view["instance_id"].as_str().context("the order has no desktop")?.to_owned();
            return Ok(Ended::Delivered(Finished { instance, took: start.elapsed() }));
        }
        if matches!(status, "expired" | "refunded") || enough(status) {
            return Ok(Ended::Undone { reason: reason(&view).to_owned(), refunded: status == "refunded" });
        }
        std::thread::sleep(POLL);
    }
    bail!("the order does not come to rest within {} s", DELIVERY_WAIT.as_secs())
}

fn reason(view: &Value) -> &str {
    view["failure"].as_str().or(view["status"].as_str()).unwrap_or("no reason given")
}

/// A step of the timeline for people; one that is not known yet is shown as it is written.
pub(crate) fn in_words(step: &str) -> String {
    match step {
        "paid" => "payment confirmed with the gateway",
        "started" => "delivery started",
        "machine_created" => "machine created",
        "first_boot_reported" => "machine called home",
        "desktop_answers" => "RDP answers",
        "credentials_stored" => "credentials stored, encrypted",
        "credentials_mailed" => "credentials mailed",
        "active" => "desktop handed over",
        "offering_skipped" => "this offering cannot be had, on to the next",
        "waiting_for_provider" => "no provider can be asked now: the order waits, and its customer is told",
        "gave_up" => "delivery given up",
        "machines_destroyed" => "machines destroyed, seen twice",
        "refund_requested" => "refund asked for at the gateway",
        "refunded" => "the gateway has paid the money back",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_is_not_known_is_still_shown() {
        assert_eq!(in_words("paid"), "payment confirmed with the gateway");
        assert_eq!(in_words("licence_bought"), "licence bought");
    }
}
