//! Signed events: announced once, delivered until the answer is exactly 200.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use axum::body::Bytes;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha512;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::faults::Kind;
use crate::world::{Shared, locked};

/// How long the receiver may take. Real time: a faster world does not make the receiver faster.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Live schedule: every 3 minutes for the first 4 retries, then hourly for 72 hours.
const FIRST_RETRIES: u32 = 4;
const FIRST_GAP: Duration = Duration::from_secs(180);
const LATER_RETRIES: u32 = 72;
const LATER_GAP: Duration = Duration::from_secs(3_600);
/// Events whose bytes are kept for redelivery.
const EVENTS_MAX: usize = 10_000;
/// Attempts kept for the control API.
const ATTEMPTS_MAX: usize = 5_000;
const COPIES_MAX: u32 = 100;

/// One announced event. The bytes are made once, so every delivery is identical.
#[derive(Clone)]
struct Event {
    id: u64,
    reference: String,
    name: &'static str,
    body: Bytes,
    signature: String,
}

/// One attempt to deliver, for the control API.
#[derive(Clone, Serialize)]
struct Attempt {
    event_id: u64,
    event: &'static str,
    reference: String,
    /// 1 for the first; 0 for a redelivery that was asked for.
    attempt: u32,
    at_ms: i64,
    url: Option<String>,
    /// The receiver's HTTP status.
    status: Option<u16>,
    /// Why there is none.
    error: Option<String>,
    took_ms: i64,
}

/// The account's webhook: its URL, and what was sent there.
pub(crate) struct Webhooks {
    key: Vec<u8>,
    client: reqwest::Client,
    url: Mutex<Option<String>>,
    paused: watch::Sender<bool>,
    events: Mutex<VecDeque<Event>>,
    attempts: Mutex<VecDeque<Attempt>>,
    last_id: AtomicU64,
}

/// What `POST /control/paystack/redeliver` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeliver {
    reference: String,
    /// Default `charge.success`.
    event: Option<String>,
    #[serde(default = "one")]
    copies: u32,
    #[serde(default)]
    concurrent: bool,
}

fn one() -> u32 {
    1
}

impl Webhooks {
    pub(super) fn new(secret_key: &str, url: Option<String>) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_WAIT)
            .timeout(ANSWER_WAIT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("no HTTP client for webhooks")?;
        Ok(Self {
            key: secret_key.as_bytes().to_vec(),
            client,
            url: Mutex::new(url),
            paused: watch::Sender::new(false),
            events: Mutex::default(),
            attempts: Mutex::default(),
            last_id: AtomicU64::new(0),
        })
    }

    pub(crate) fn set_url(&self, url: Option<String>) {
        *locked(&self.url) = url;
    }

    pub(crate) fn url(&self) -> Option<String> {
        locked(&self.url).clone()
    }

    /// While paused nothing is sent; what was announced meanwhile goes out on resume.
    pub(crate) fn pause(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    pub(crate) fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    pub(super) fn reset(&self) {
        locked(&self.events).clear();
        locked(&self.attempts).clear();
        self.pause(false);
    }

    /// Attempts, newest first, at most `limit`.
    pub(crate) fn state(&self, limit: usize) -> Vec<Value> {
        locked(&self.attempts).iter().rev().take(limit).map(|a| json!(a)).collect()
    }

    /// Lower-case hex HMAC-SHA512 of the bytes, keyed with the API secret key.
    fn sign(&self, body: &[u8]) -> String {
        match Hmac::<Sha512>::new_from_slice(&self.key) {
            Ok(mut mac) => {
                mac.update(body);
                hex::encode(mac.finalize().into_bytes())
            }
            // HMAC takes keys of any length.
            Err(_) => String::new(),
        }
    }

    fn announce(&self, reference: &str, name: &'static str, data: Value) -> Event {
        let body = Bytes::from(json!({"event": name, "data": data}).to_string());
        let event = Event {
            id: self.last_id.fetch_add(1, Ordering::Relaxed) + 1,
            reference: reference.to_owned(),
            name,
            signature: self.sign(&body),
            body,
        };
        keep(&mut locked(&self.events), event.clone(), EVENTS_MAX);
        event
    }

    /// Sends once and records it; the status that came back.
    async fn send(&self, event: &Event, attempt: u32, clock: Clock) -> Option<u16> {
        let at_ms = clock.now_ms();
        let url = self.url();
        let (status, error) = match &url {
            None => (None, Some("no webhook URL is set".to_owned())),
            Some(url) => {
                let request = self
                    .client
                    .post(url)
                    .header("content-type", "application/json")
                    .header("x-paystack-signature", &event.signature)
                    .header("user-agent", "Paystack/2.0")
                    .body(event.body.clone());
                match request.send().await {
                    Ok(answer) => (Some(answer.status().as_u16()), None),
                    Err(error) => (None, Some(error.without_url().to_string())),
                }
            }
        };
        let attempt = Attempt {
            event_id: event.id,
            event: event.name,
            reference: event.reference.clone(),
            attempt,
            at_ms,
            url,
            status,
            error,
            took_ms: clock.now_ms() - at_ms,
        };
        keep(&mut locked(&self.attempts), attempt, ATTEMPTS_MAX);
        status
    }
}

/// Makes an event and begins to deliver it.
pub(super) fn announce(world: &Shared, reference: &str, name: &'static str, data: Value) {
    let event = world.paystack.webhooks.announce(reference, name, data);
    tokio::spawn(deliver(Arc::clone(world), event));
}

async fn deliver(world: Shared, event: Event) {
    let mut epoch = world.epoch();
    let hooks = &world.paystack.webhooks;
    if hooks.url().is_none() {
        hooks.send(&event, 1, world.clock).await;
        return;
    }
    for attempt in 1.. {
        let mut paused = hooks.paused.subscribe();
        tokio::select! {
            () = epoch.ended() => return,
            _ = paused.wait_for(|paused| !paused) => {}
        }
        if delivered(&world, &event, attempt).await {
            return;
        }
        let Some(gap) = retry_gap(attempt) else { return };
        if !epoch.sleep(world.clock.compressed(gap)).await {
            return;
        }
    }
}

/// One attempt under the faults in force; whether there is nothing left to do.
async fn delivered(world: &Shared, event: &Event, attempt: u32) -> bool {
    world.counts.add("paystack.webhook");
    let hooks = &world.paystack.webhooks;
    let strike = world.faults.take("paystack.webhook", &event.reference, |_| true);
    if let Some(delay) = strike.as_ref().and_then(|strike| strike.delay) {
        tokio::time::sleep(delay).await;
    }
    match strike.map(|strike| strike.kind) {
        None | Some(Kind::Delay) => hooks.send(event, attempt, world.clock).await == Some(200),
        // Never announced at all: only a re-query finds the payment.
        Some(Kind::Refuse) => true,
        // Delivered, but the answer is lost: it will come again.
        Some(Kind::FailAfterEffect | Kind::DropAfterEffect) => {
            hooks.send(event, attempt, world.clock).await;
            false
        }
        Some(_) => false,
    }
}

/// How long after this attempt the next one comes, in real time; `None` = given up.
fn retry_gap(attempt: u32) -> Option<Duration> {
    if attempt <= FIRST_RETRIES {
        Some(FIRST_GAP)
    } else if attempt <= FIRST_RETRIES + LATER_RETRIES {
        Some(LATER_GAP)
    } else {
        None
    }
}

/// Sends an event's very bytes again; the statuses that came back (null = none), or why it cannot be done.
pub(crate) async fn redeliver(world: &Shared, order: Redeliver) -> Result<Vec<Option<u16>>, String> {
    let name = order.event.as_deref().unwrap_or("charge.success");
    let found = locked(&world.paystack.webhooks.events)
        .iter()
        .rev()
        .find(|event| event.reference == order.reference && event.name == name)
        .cloned();
    let event = found.ok_or_else(|| format!("no event {name} for {}", order.reference))?;
    if !(1..=COPIES_MAX).contains(&order.copies) {
        return Err(format!("copies is 1 to {COPIES_MAX}"));
    }
    let mut statuses = Vec::new();
    if order.concurrent {
        let sending: Vec<_> = (0..order.copies)
            .map(|_| {
                let (world, event) = (Arc::clone(world), event.clone());
                tokio::spawn(async move { world.paystack.webhooks.send(&event, 0, world.clock).await })
            })
            .collect();
        for one in sending {
            statuses.push(one.await.ok().flatten());
        }
    } else {
        for _ in 0..order.copies {
            statuses.push(world.paystack.webhooks.send(&event, 0, world.clock).await);
        }
    }
    Ok(statuses)
}

fn keep<T>(list: &mut VecDeque<T>, item: T, limit: usize) {
    if list.len() >= limit {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_four_short_gaps_and_then_seventy_two_hours() {
        let gaps: Vec<Duration> = (1..).map_while(retry_gap).collect();
        assert_eq!(gaps[..4], [FIRST_GAP; 4]);
        assert_eq!(gaps[4..], [LATER_GAP; 72]);
    }
}
