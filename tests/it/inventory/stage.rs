//! The world that `events/` happen in: one customer with orders and desktops in every state, and somebody else's.
//!
//! Ids end in a word (Crockford's alphabet has no I, L, O, U): `…ACT1VE` is delivered, `…0NPA1D` awaits its money,
//! `…00PA1D` is paid, `…C1A1MD` is taken on by the workflow, `…MAK1NG` waits for its machine, `…ST0PPD` is off,
//! `…G1VEN0` was given up and is being undone,
//! `…RESTRT` is being restarted, `…THE1RS` is another customer's. Staff have trading desktops: `…TRAD1N` is delivered,
//! `…TRMAKE` is being made, `…TRG0NE` was deleted; for the MT5 accounts 51230001, 51230002 and 51230003.

use std::mem::ManuallyDrop;

use app::first_boot::CallHome;
use app::ports::{CheckoutRequest, Commit, Encrypt, GatewayEvent, IdempotencyRecord, PaymentGateway, Write};
use catalogue::catalogue;
use domain::Timestamp;
use domain::catalogue::{Os, Plan};
use domain::command::{self, CommandKind};
use domain::create::{Attempt, AttemptState};
use domain::customer::{CustomerId, Email};
use domain::first_boot::{Fingerprints, FirstBoot};
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::instance::{Instance, InstanceStatus, StoredCredentials};
use domain::mail::{Mail, MailKind};
use domain::money::{Currency, Money};
use domain::order::{Order, OrderStatus, PaymentMethod, StaffVps, Step, StepDone};
use domain::payment::{Payment, PaymentStatus};
use domain::secret::Secret;
use domain::trading::{Mt5AccountId, TradingAccount};
use domain::vm::{VmId, WINDOWS_USER};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use testkit::Shop;

/// The `sub` of the customer whose claims the events carry.
pub(crate) const ADA: &str = "5f0c4a3e-9f7d-4f1e-8b0f-2a9d1c7e6b54";
const BOB: &str = "0d9b1c52-1c2a-4b7e-9a55-6f4e8d3c2b10";
/// What the events' Paystack signs with. Not a real key.
pub(crate) const PAYSTACK_KEY: &str = "sk_test_not_a_real_key_0123456789abcdef";
/// What the events' first-boot addresses are signed with. Not a real key.
const FIRST_BOOT_KEY: &[u8] = b"not-a-real-first-boot-key-0123456789";
/// The password of `…ACT1VE`. Not a real one.
pub(crate) const PASSWORD: &str = "not-a-real-password";
/// The idempotency key that `…0NPA1D` was ordered with.
const USED_KEY: &str = "events-used-key";

/// A world with rows set up by hand, so it is never at rest and never checked for it.
pub(crate) struct Stage {
    pub(crate) shop: ManuallyDrop<Shop>,
}

impl Stage {
    pub(crate) fn set() -> Self {
        let mut stage = Self { shop: ManuallyDrop::new(Shop::open()) };
        let keys = stage.shop.world.keys.clone();
        let encrypted =
            async move { keys.encrypt(instance_id("ACT1VE"), &Secret::new(PASSWORD.to_owned())).await };
        let ciphertext = stage.run(encrypted).unwrap();
        let store = stage.shop.world.store.clone();
        let writes = rows(stage.shop.now(), ciphertext);
        stage.run(async move { store.commit(writes).await }).unwrap();
        for name in ["0NPA1D", "00PA1D"] {
            stage.opens_page(&payment(name, stage.shop.now()));
        }
        stage.shop.world.gateway.pay(&payment("00PA1D", stage.shop.now()).reference());
        stage
    }

    fn opens_page(&mut self, payment: &Payment) {
        let gateway = self.shop.world.gateway.clone();
        let request = CheckoutRequest {
            reference: payment.reference(),
            email: email(),
            amount: payment.amount,
            return_url: "https://api.example.com/checkout/return".to_owned(),
            cancel_url: None,
            order: payment.order.to_string(),
        };
        self.run(async move { gateway.open_checkout(&request).await }).unwrap();
    }

    /// Runs one call to its end on the world's virtual time.
    pub(crate) fn run<T: 'static>(&mut self, work: impl Future<Output = T> + 'static) -> T {
        self.shop.call(work).expect("nothing crashes here")
    }
}

pub(crate) fn call_home() -> CallHome {
    CallHome::new(Secret::new(FIRST_BOOT_KEY.to_vec()), "https://api.example.com").unwrap()
}

fn ulid(name: &str) -> String {
    format!("01KAGR00000000000000{name}")
}

pub(crate) fn order_id(name: &str) -> OrderId {
    OrderId::parse(&format!("ord_{}", ulid(name))).unwrap()
}

pub(crate) fn instance_id(name: &str) -> InstanceId {
    InstanceId::parse(&format!("ins_{}", ulid(name))).unwrap()
}

fn payment_id(name: &str) -> PaymentId {
    PaymentId::parse(&format!("pay_{}", ulid(name))).unwrap()
}

fn customer(name: &str) -> CustomerId {
    CustomerId::parse(if name == "THE1RS" { BOB } else { ADA }).unwrap()
}

fn email() -> Email {
    Email::parse("ada@example.com").unwrap()
}

fn rows(now: Timestamp, ciphertext: Vec<u8>) -> Vec<Write> {
    use InstanceStatus as I;
    use OrderStatus as O;
    let mut rows = Vec::new();
    for (name, status, desktop) in [
        ("ACT1VE", O::Active, Some(I::Active)),
        ("ST0PPD", O::Active, Some(I::Stopped)),
        ("RESTRT", O::Active, Some(I::Busy)),
        ("THE1RS", O::Active, Some(I::Active)),
        ("MAK1NG", O::Provisioning, Some(I::Provisioning)),
        ("G1VEN0", O::Undoing, None),
        ("C1A1MD", O::Provisioning, None),
        ("00PA1D", O::Paid, None),
        ("0NPA1D", O::AwaitingPayment, None),
    ] {
        let order = order(name, status, now);
        if let Some(desktop) = desktop {
            rows.push(Write::Instance(instance(&order, name, desktop, now)));
        }
        rows.push(Write::Payment(payment(name, now)));
        rows.push(Write::Order(order));
    }
    for (name, account, status, desktop) in [
        ("TRAD1N", "51230001", O::Active, I::Active),
        ("TRMAKE", "51230002", O::Provisioning, I::Provisioning),
        ("TRG0NE", "51230003", O::Active, I::Terminated),
    ] {
        rows.extend(trading_desktop(name, account, status, desktop, now));
    }
    rows.extend(["MAK1NG", "G1VEN0"].map(|name| Write::Attempt(attempt(name, now))));
    rows.extend([Write::FirstBoot(first_boot(now)), Write::Event(event(now))]);
    rows.push(Write::Credentials(StoredCredentials {
        instance: instance_id("ACT1VE"),
        username: WINDOWS_USER.to_owned(),
        ciphertext,
        stored_at: now,
        version: 0,
    }));
    rows.push(Write::Mail(Mail::about_order(
        MailKind::Ready,
        order_id("ACT1VE"),
        &customer("ACT1VE"),
        &email(),
        now,
    )));
    rows.push(Write::Idempotency(IdempotencyRecord {
        customer: customer("0NPA1D"),
        key: USED_KEY.to_owned(),
        request_hash: hex::encode(Sha256::digest(
            r#"{"plan":"basic","os":"windows","currency":"USD","method":"paystack","region":null}"#,
        )),
        order: order_id("0NPA1D"),
        expires_at: now + SignedDuration::from_hours(24),
    }));
    rows
}

fn order(name: &str, status: OrderStatus, now: Timestamp) -> Order {
    let paid = status != OrderStatus::AwaitingPayment;
    let attempted = !matches!(name, "C1A1MD" | "00PA1D" | "0NPA1D");
    Order {
        id: order_id(name),
        customer: customer(name),
        email: email(),
        plan: Plan::Basic,
        os: Os::Windows,
        region: None,
        staff: None,
        price: Money::new(6900, Currency::Usd),
        method: PaymentMethod::Paystack,
        payment: payment_id(name),
        instance: instance_id(name),
        status,
        timeline: vec![StepDone { step: Step::Placed, at: now }],
        created_at: now,
        paid_at: paid.then_some(now),
        deadline: (status == OrderStatus::Provisioning).then(|| now + SignedDuration::from_mins(30)),
        offering: 0,
        attempt: u16::from(attempted),
        failure: None,
        executions: 0,
        restarted_at: None,
        version: 0,
    }
}

/// A desktop that staff ordered: nobody paid for it, and an MT5 account has it.
fn trading_desktop(
    name: &str,
    account: &str,
    status: OrderStatus,
    desktop: InstanceStatus,
    now: Timestamp,
) -> [Write; 3] {
    let mut order = order(name, status, now);
    let instance = instance(&order, name, desktop, now);
    let mt5_account_id = Mt5AccountId::parse(account).expect("digits");
    order.price = Money::new(0, Currency::Usd);
    order.staff = Some(StaffVps {
        mt5_account_id: account.to_owned(),
        vps_name: Some("gold scalper".to_owned()),
        offering: instance.offering.clone(),
    });
    let holder = TradingAccount { mt5_account_id, order: order.id, instance: instance.id, version: 0 };
    [Write::Order(order), Write::Instance(instance), Write::TradingAccount(holder)]
}

fn payment(name: &str, now: Timestamp) -> Payment {
    let paid = name != "0NPA1D";
    Payment {
        id: payment_id(name),
        order: order_id(name),
        customer: customer(name),
        method: PaymentMethod::Paystack,
        amount: Money::new(6900, Currency::Usd),
        status: if paid { PaymentStatus::Paid } else { PaymentStatus::Open },
        references: 1,
        checkout_url: Some("https://checkout.paystack.com/not-a-real-page".to_owned()),
        created_at: now,
        expires_at: now + SignedDuration::from_hours(24),
        next_check_at: None,
        checks: 0,
        paid_at: paid.then_some(now),
        gateway_id: None,
        fee_minor: None,
        mismatch: None,
        refund: None,
        version: 0,
    }
}

fn instance(order: &Order, name: &str, status: InstanceStatus, now: Timestamp) -> Instance {
    let offering = catalogue().product(order.plan, order.os).expect("it is sold").offerings[0].clone();
    let made = status != InstanceStatus::Provisioning;
    let still = Instance {
        id: order.instance,
        order: order.id,
        customer: order.customer.clone(),
        plan: order.plan,
        os: order.os,
        status: if status == InstanceStatus::Busy { InstanceStatus::Active } else { status },
        attempt: 1,
        offering,
        vm: Some(VmId(format!("vm-{name}"))),
        address: made.then(|| "192.0.2.10".parse().expect("an address")),
        price: Some(order.price),
        username: WINDOWS_USER.to_owned(),
        certificate: made
            .then(|| Fingerprints { sha256: Some("9f".repeat(32)), sha1: Some("9f".repeat(20)) }),
        command: None,
        last_error: None,
        boot: 1,
        created_at: now,
        ready_at: made.then_some(now),
        setup_seconds: made.then_some(331),
        version: 0,
    };
    if status == InstanceStatus::Busy {
        return command::accept(&still, CommandKind::Restart, now).expect("an active desktop restarts");
    }
    still
}

fn attempt(name: &str, now: Timestamp) -> Attempt {
    let product = catalogue().product(Plan::Basic, Os::Windows).expect("it is sold");
    Attempt {
        order: order_id(name),
        instance: instance_id(name),
        number: 1,
        offering: product.offerings[0].clone(),
        state: AttemptState::Created,
        request_id: "3d8f2a6c-5b1e-4c70-9a44-0e7d1c2b3a49".to_owned(),
        called_at: Some(now),
        left_at: None,
        setback: None,
        vm: Some(VmId(format!("vm-{name}"))),
        password_hash: None,
        password_ciphertext: Some(b"kms-ciphertext-0".to_vec()),
        absent_since: None,
        version: 0,
    }
}

fn first_boot(now: Timestamp) -> FirstBoot {
    FirstBoot {
        instance: instance_id("MAK1NG"),
        attempt: 1,
        boot: 1,
        task_token: None,
        report: None,
        first_pass: None,
        created_at: now,
        version: 0,
    }
}

/// The stored event that `events/payment-events` speak of.
fn event(now: Timestamp) -> GatewayEvent {
    let reference = payment("0NPA1D", now).reference();
    let data = serde_json::json!({ "reference": reference, "domain": "test", "status": "success" });
    GatewayEvent {
        key: format!("paystack#{}", "ab".repeat(32)),
        name: "charge.success".to_owned(),
        body: serde_json::json!({ "event": "charge.success", "data": data }).to_string(),
        received_at: now,
        applied_at: None,
        version: 0,
    }
}
