//! The adapter against a gateway that keeps state: the sandbox's Paystack.

use std::time::Duration;

use ::sandbox::{Config, Running, Sandbox};
use app::ports::{GatewayError, PaymentGateway};
use domain::money::{Currency, Money};
use domain::payment::{GatewayStatus, RefundStatus};
use domain::secret::Secret;
use http_call::peer::{Peer, Reply, client};
use pay_paystack::Client;
use pay_paystack::event::{Event, parse};
use pay_paystack::signature::{HEADER, verify};
use serde_json::{Value, json};

use crate::{REFERENCE, checkout};

/// How many times faster than reality.
const TIME_FACTOR: u32 = 2_000;

struct World {
    paystack: Client,
    sandbox: Running,
    key: String,
    _dir: tempfile::TempDir,
}

impl World {
    async fn open() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = Config::local(dir.path());
        config.time_factor = TIME_FACTOR;
        let key = config.paystack_secret_key.clone();
        let sandbox = Sandbox::start(config).await.expect("a sandbox");
        let paystack = Self::client(&sandbox, &key);
        Self { paystack, sandbox, key, _dir: dir }
    }

    fn client(sandbox: &Running, key: &str) -> Client {
        Client::new(client(), &format!("{}/paystack", sandbox.base_url()), Secret::new(key.to_owned()))
    }

    async fn control(&self, path: &str, body: Value) {
        let url = format!("{}/control/{path}", self.sandbox.base_url());
        let request = client().post(url).header("content-type", "application/json").body(body.to_string());
        let status = request.send().await.expect("an answer").status();
        assert!(status.is_success(), "{path}: {status}");
    }

    async fn fault(&self, target: &str, kind: &str) {
        self.control("faults", json!({"target": target, "kind": kind})).await;
    }

    async fn pay(&self) {
        self.control("paystack/pay", json!({"reference": REFERENCE})).await;
    }
}

#[tokio::test]
async fn a_payment_is_opened_paid_verified_and_refunded() {
    let world = World::open().await;
    let page = world.paystack.open_checkout(&checkout()).await.expect("a page");
    assert!(page.url.starts_with(&world.sandbox.base_url()), "{}", page.url);
    let open = world.paystack.verify(REFERENCE).await.expect("a transaction");
    assert!(matches!(open.status, GatewayStatus::NotYet(_)), "{open:?}");

    world.pay().await;
    let paid = world.paystack.verify(REFERENCE).await.expect("a transaction");
    assert_eq!(paid.status, GatewayStatus::Success);
    assert_eq!((paid.reference.as_str(), paid.amount_minor), (REFERENCE, 4_500_000));
    assert_eq!((paid.currency.as_str(), paid.mode.as_str()), ("NGN", "test"));
    assert!(paid.paid_at.is_some() && paid.fee_minor.is_some());

    assert_eq!(world.paystack.refunds(REFERENCE).await.expect("a list"), []);
    let amount = Money::new(4_500_000, Currency::Ngn);
    let asked = world.paystack.refund(REFERENCE, amount, "not delivered").await.expect("a refund");
    assert_eq!(asked.amount_minor, 4_500_000);
    let second = world.paystack.refund(REFERENCE, amount, "again").await.expect_err("all is refunded");
    assert!(matches!(second, GatewayError::Refused(_)), "{second}");
    for _ in 0..400 {
        let listed = world.paystack.refunds(REFERENCE).await.expect("a list");
        assert_eq!((listed.len(), &listed[0].id), (1, &asked.id));
        if listed[0].status == RefundStatus::Processed {
            return world.sandbox.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the refund was never processed");
}

#[tokio::test]
async fn a_reference_is_good_for_one_page() {
    let world = World::open().await;
    world.fault("paystack.initialize", "drop_after_effect").await;
    let lost = world.paystack.open_checkout(&checkout()).await.expect_err("the answer is lost");
    assert!(matches!(lost, GatewayError::Unclear { .. }), "{lost}");
    let again = world.paystack.open_checkout(&checkout()).await.expect_err("the reference is used");
    assert!(matches!(again, GatewayError::DuplicateReference), "{again}");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn faults_are_told_apart() {
    let world = World::open().await;
    for (kind, expected) in [
        ("refuse", "the gateway refuses: "),
        ("rate_limited", "the gateway is busy"),
        ("fail_before", "no clear answer"),
        ("html_answer", "no clear answer"),
    ] {
        world.fault("paystack.initialize", kind).await;
        let error = world.paystack.open_checkout(&checkout()).await.expect_err("no page");
        assert!(error.to_string().starts_with(expected), "{kind}: {error}");
    }
    let error = world.paystack.verify(REFERENCE).await.expect_err("nothing there");
    assert!(matches!(error, GatewayError::NotFound), "{error}");
    let stranger = World::client(&world.sandbox, "sk_test_stranger");
    let error = stranger.open_checkout(&checkout()).await.expect_err("not our key");
    assert!(matches!(error, GatewayError::Unauthorized), "{error}");

    world.paystack.open_checkout(&checkout()).await.expect("a page");
    for kind in ["fail_before", "drop_after_effect", "rate_limited"] {
        world.fault("paystack.verify", kind).await;
        assert!(world.paystack.verify(REFERENCE).await.is_ok(), "{kind}");
    }
    world.fault("paystack.verify", "unknown_status").await;
    let odd = world.paystack.verify(REFERENCE).await.expect("a transaction");
    assert!(matches!(odd.status, GatewayStatus::NotYet(_)), "{odd:?}");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn an_unclear_refund_is_found_in_the_list() {
    let world = World::open().await;
    world.paystack.open_checkout(&checkout()).await.expect("a page");
    world.pay().await;
    world.fault("paystack.refund", "fail_after_effect").await;
    let amount = Money::new(4_500_000, Currency::Ngn);
    let error = world.paystack.refund(REFERENCE, amount, "x").await.expect_err("no answer");
    assert!(matches!(error, GatewayError::Unclear { .. }), "{error}");
    assert_eq!(world.paystack.refunds(REFERENCE).await.expect("a list").len(), 1);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn deliveries_carry_a_signature_and_read_as_events() {
    let world = World::open().await;
    let shop = Peer::start((0..50).map(|_| Reply::empty(200)).collect()).await;
    world.control("paystack/webhook", json!({"url": shop.url()})).await;
    world.paystack.open_checkout(&checkout()).await.expect("a page");
    world.pay().await;
    let amount = Money::new(4_500_000, Currency::Ngn);
    world.paystack.refund(REFERENCE, amount, "x").await.expect("a refund");
    for _ in 0..400 {
        if shop.seen().len() >= 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let keys = [Secret::new(world.key.clone())];
    let mut names = Vec::new();
    for seen in shop.seen() {
        let header = seen.header(HEADER).expect("a signature");
        assert_eq!(verify(seen.body.as_bytes(), header, &keys), Ok(()));
        assert!(verify(format!("{} ", seen.body).as_bytes(), header, &keys).is_err());
        let delivery = parse(seen.body.as_bytes()).expect("an event");
        match delivery.data {
            Event::ChargeSuccess { reference, amount_minor, .. } => {
                assert_eq!((reference.as_str(), amount_minor), (REFERENCE, Some(4_500_000)));
            }
            Event::Refund { transaction_reference, amount_minor, .. } => {
                assert_eq!((transaction_reference.as_str(), amount_minor), (REFERENCE, Some(4_500_000)));
            }
            other => panic!("{}: {other:?}", delivery.event),
        }
        names.push(delivery.event);
    }
    names.sort();
    assert_eq!(names, ["charge.success", "refund.pending", "refund.processed", "refund.processing"]);
    world.sandbox.stop().await;
}
