//! Every item: what is stored reads back, and no damage to it makes a panic.

use std::fmt::Debug;

use app::ports::{AuditEntry, GatewayEvent, IdempotencyRecord, StoreError, Ticket};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use domain::availability::{Availability, Stock};
use domain::catalogue::{Image, Offering, Os, Plan, Provider};
use domain::circuit::{Circuit, Operation};
use domain::command::CommandKind;
use domain::create::{Attempt, AttemptState, Setback};
use domain::customer::{CredentialDelivery, CustomerId, Email, Preferences, Profile};
use domain::first_boot::{Fingerprints, FirstBoot, Report};
use domain::ids::{AuditId, InstanceId, OrderId, PaymentId, TicketId};
use domain::instance::{CommandInProgress, Instance, InstanceStatus, StoredCredentials};
use domain::inventory::{
    DoubleFound, GhostFound, Inventory, LISTED_MAX, Listing, Margin, Memory, MissingFound, OddFound,
    Report as Listed, Seen, Sighting, Tally, UnknownFound, Why,
};
use domain::ledger::{EntryKind, LedgerEntry};
use domain::mail::{Mail, MailKind, MailStatus};
use domain::money::{Currency, Money};
use domain::order::{Failure, Order, OrderStatus, PaymentMethod, StaffVps, Step, StepDone};
use domain::payment::{Payment, PaymentStatus, Refund, RefundStatus};
use domain::readiness::Pass;
use domain::trading::{Mt5AccountId, TradingAccount};
use domain::vm::VmId;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::SetupTimes;
use crate::keys::RESERVED;
use crate::row::{Thing, VERSION, decode, encode, number};

/// Any time that can be stored.
fn time() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800..253_402_200_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn moment() -> impl Strategy<Value = (Timestamp, u128)> {
    ((0..4_000_000_000_000_i64).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap()), any::<u128>())
}

fn order_id() -> impl Strategy<Value = OrderId> {
    moment().prop_map(|(at, random)| OrderId::new(at, random))
}

fn payment_id() -> impl Strategy<Value = PaymentId> {
    moment().prop_map(|(at, random)| PaymentId::new(at, random))
}

fn instance_id() -> impl Strategy<Value = InstanceId> {
    moment().prop_map(|(at, random)| InstanceId::new(at, random))
}

fn customer() -> impl Strategy<Value = CustomerId> {
    "[a-zA-Z0-9-]{1,36}".prop_map(|text| CustomerId::parse(&text).unwrap())
}

fn email() -> impl Strategy<Value = Email> {
    "[a-z]{1,8}@[a-z]{1,8}\\.[a-z]{2,3}".prop_map(|text| Email::parse(&text).unwrap())
}

/// Text from outside: any characters, perhaps none.
fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

fn money() -> impl Strategy<Value = Money> {
    (any::<i64>(), select(&Currency::ALL[..])).prop_map(|(minor, currency)| Money::new(minor, currency))
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

fn offering() -> impl Strategy<Value = Offering> {
    (select(Provider::ALL), text(), [text(), text()], [text(), text()]).prop_map(
        |(provider, plan, [region, provider_region], [name_prefix, fallback_id])| Offering {
            provider,
            plan,
            region,
            provider_region,
            image: Image { name_prefix, fallback_id },
        },
    )
}

fn fingerprints() -> impl Strategy<Value = Fingerprints> {
    (of(text()), of(text())).prop_map(|(sha256, sha1)| Fingerprints { sha256, sha1 })
}

fn product() -> impl Strategy<Value = (Plan, Os)> {
    (select(Plan::ALL), select(Os::ALL))
}

fn order() -> impl Strategy<Value = Order> {
    let step = (select(Step::ALL), time()).prop_map(|(step, at)| StepDone { step, at });
    let staff = (text(), of(text()), offering()).prop_map(|(mt5_account_id, vps_name, offering)| StaffVps {
        mt5_account_id,
        vps_name,
        offering,
    });
    let who = (order_id(), payment_id(), instance_id(), customer(), email());
    let what =
        (product(), (of(text()), of(staff)), money(), select(OrderStatus::ALL), of(select(Failure::ALL)));
    let when = (vec(step, 0..5), time(), of(time()), of(time()), of(time()));
    (who, what, when, any::<[u16; 3]>(), any::<u64>()).prop_map(|(who, what, when, counts, version)| {
        let (id, payment, instance, customer, email) = who;
        let ((plan, os), (region, staff), price, status, failure) = what;
        let (timeline, created_at, paid_at, deadline, restarted_at) = when;
        let [offering, attempt, executions] = counts;
        let method = PaymentMethod::Paystack;
        Order {
            id,
            customer,
            email,
            plan,
            os,
            region,
            staff,
            price,
            method,
            payment,
            instance,
            status,
            timeline,
            created_at,
            paid_at,
            deadline,
            offering,
            attempt,
            failure,
            executions,
            restarted_at,
            version,
        }
    })
}

fn payment() -> impl Strategy<Value = Payment> {
    let refund = (select(RefundStatus::ALL), of(text()), time());
    let refund = refund.prop_map(|(status, gateway_id, wanted_at)| Refund {
        status,
        gateway_id,
        wanted_at,
        next_check_at: wanted_at,
    });
    let who = (payment_id(), order_id(), customer(), money(), select(PaymentStatus::ALL));
    let when = (time(), time(), of(time()), of(time()));
    let told = (of(text()), of(text()), of(any::<i64>()), of(text()), of(refund));
    (who, when, told, any::<[u16; 2]>(), any::<u64>()).prop_map(|(who, when, told, counts, version)| {
        let (id, order, customer, amount, status) = who;
        let (created_at, expires_at, next_check_at, paid_at) = when;
        let (checkout_url, gateway_id, fee_minor, mismatch, refund) = told;
        let [references, checks] = counts;
        let method = PaymentMethod::Paystack;
        Payment {
            id,
            order,
            customer,
            method,
            amount,
            status,
            references,
            checkout_url,
            created_at,
            expires_at,
            next_check_at,
            checks,
            paid_at,
            gateway_id,
            fee_minor,
            mismatch,
            refund,
            version,
        }
    })
}

fn instance() -> impl Strategy<Value = Instance> {
    let command = (select(CommandKind::ALL), time(), any::<bool>(), select(InstanceStatus::ALL))
        .prop_map(|(kind, since, sent, before)| CommandInProgress { kind, since, sent, before });
    let who = (instance_id(), order_id(), customer(), product(), select(InstanceStatus::ALL));
    let vm = (
        (offering(), of(money())),
        of(text().prop_map(VmId)),
        of(any::<std::net::IpAddr>()),
        text(),
        of(fingerprints()),
    );
    let state = (of(command), of(text()), time(), of(time()), of(any::<u32>()));
    (who, vm, state, any::<[u16; 2]>(), any::<u64>()).prop_map(|(who, vm, state, counts, version)| {
        let (id, order, customer, (plan, os), status) = who;
        let ((offering, price), vm, address, username, certificate) = vm;
        let (command, last_error, created_at, ready_at, setup_seconds) = state;
        let [attempt, boot] = counts;
        Instance {
            id,
            order,
            customer,
            plan,
            os,
            status,
            attempt,
            offering,
            price,
            vm,
            address,
            username,
            certificate,
            command,
            last_error,
            boot,
            created_at,
            ready_at,
            setup_seconds,
            version,
        }
    })
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let whose = (order_id(), instance_id(), any::<u16>(), offering(), select(AttemptState::ALL));
    let known = (of(time()), of(text().prop_map(VmId)), of(text()), of(bytes()), of(time()));
    let call = (text(), of(time()), of(select(Setback::ALL)));
    (whose, known, call, any::<u64>()).prop_map(|(whose, known, call, version)| {
        let (order, instance, number, offering, state) = whose;
        let (called_at, vm, password_hash, password_ciphertext, absent_since) = known;
        let (request_id, left_at, setback) = call;
        Attempt {
            order,
            instance,
            number,
            offering,
            state,
            request_id,
            called_at,
            left_at,
            setback,
            vm,
            password_hash,
            password_ciphertext,
            absent_since,
            version,
        }
    })
}

fn first_boot() -> impl Strategy<Value = FirstBoot> {
    let report = (any::<bool>(), fingerprints(), time()).prop_map(|(succeeded, certificate, at)| Report {
        succeeded,
        certificate,
        at,
    });
    let pass = (time(), fingerprints()).prop_map(|(at, certificate)| Pass { at, certificate });
    (instance_id(), any::<[u16; 2]>(), time(), of(text()), of(report), of(pass), any::<u64>()).prop_map(
        |(instance, [attempt, boot], created_at, task_token, report, first_pass, version)| FirstBoot {
            instance,
            attempt,
            boot,
            created_at,
            task_token,
            report,
            first_pass,
            version,
        },
    )
}

fn credentials() -> impl Strategy<Value = Hidden<StoredCredentials>> {
    (instance_id(), text(), bytes(), time(), any::<u64>()).prop_map(
        |(instance, username, ciphertext, stored_at, version)| {
            Hidden(StoredCredentials { instance, username, ciphertext, stored_at, version })
        },
    )
}

fn mail() -> impl Strategy<Value = Mail> {
    use MailStatus as S;
    let about = (text(), select(MailKind::ALL), of(email()), of(customer()), of(order_id()), of(text()));
    let status = select(vec![S::Pending, S::Sent, S::Skipped, S::GaveUp]);
    (about, status, any::<u16>(), time(), time(), any::<u64>()).prop_map(
        |((id, kind, to, customer, order, note), status, attempts, created_at, next_at, version)| Mail {
            id,
            kind,
            to,
            customer,
            order,
            note,
            status,
            attempts,
            created_at,
            next_at,
            version,
        },
    )
}

fn event() -> impl Strategy<Value = GatewayEvent> {
    (text(), text(), text(), time(), of(time()), any::<u64>()).prop_map(
        |(key, name, body, received_at, applied_at, version)| GatewayEvent {
            key,
            name,
            body,
            received_at,
            applied_at,
            version,
        },
    )
}

fn profile() -> impl Strategy<Value = Profile> {
    use CredentialDelivery as D;
    let choices =
        (any::<[bool; 2]>(), of(select(Os::ALL)), select(vec![D::Email, D::Link]), vec(text(), 0..10));
    (customer(), choices, any::<u64>()).prop_map(|(customer, choices, version)| {
        let ([email_notifications, auto_shutdown], default_os, credential_delivery, rdp_allow_list) = choices;
        let preferences = Preferences {
            email_notifications,
            auto_shutdown,
            default_os,
            credential_delivery,
            rdp_allow_list,
        };
        Profile { customer, preferences, version }
    })
}

fn idempotency() -> impl Strategy<Value = IdempotencyRecord> {
    (customer(), text(), text(), order_id(), time()).prop_map(
        |(customer, key, request_hash, order, expires_at)| IdempotencyRecord {
            customer,
            key,
            request_hash,
            order,
            expires_at,
        },
    )
}

fn ledger() -> impl Strategy<Value = LedgerEntry> {
    (order_id(), customer(), select(EntryKind::ALL), money(), text(), time()).prop_map(
        |(order, customer, kind, amount, reference, at)| LedgerEntry {
            order,
            customer,
            kind,
            amount,
            reference,
            at,
        },
    )
}

fn audit() -> impl Strategy<Value = AuditEntry> {
    (moment(), instance_id(), customer(), text(), text(), time()).prop_map(
        |((when, random), instance, actor, action, request_id, at)| AuditEntry {
            id: AuditId::new(when, random),
            instance,
            actor,
            action,
            request_id,
            at,
        },
    )
}

fn ticket() -> impl Strategy<Value = Ticket> {
    (moment(), customer(), order_id(), text(), text(), time()).prop_map(
        |((when, random), customer, order, subject, message, created_at)| Ticket {
            id: TicketId::new(when, random),
            customer,
            order,
            subject,
            message,
            created_at,
        },
    )
}

fn setup_times() -> impl Strategy<Value = SetupTimes> {
    (product(), vec(any::<u32>(), 0..21)).prop_map(|((plan, os), recent)| SetupTimes { plan, os, recent })
}

fn circuit() -> impl Strategy<Value = Circuit> {
    let whose = (select(Provider::ALL), text(), select(Operation::ALL));
    let when = (of(time()), of(time()), time());
    (whose, any::<[u16; 2]>(), when, any::<u64>()).prop_map(|(whose, counts, when, version)| {
        let (provider, region, operation) = whose;
        let [failures, opened] = counts;
        let (open_until, probing_until, failed_at) = when;
        Circuit {
            provider,
            region,
            operation,
            failures,
            opened,
            open_until,
            probing_until,
            failed_at,
            version,
        }
    })
}

fn availability() -> impl Strategy<Value = Availability> {
    let stock = (text(), text(), any::<bool>(), of(any::<i64>())).prop_map(
        |(plan, provider_region, in_stock, monthly_usd_cents)| Stock {
            plan,
            provider_region,
            in_stock,
            monthly_usd_cents,
        },
    );
    (select(Provider::ALL), time(), vec(stock, 0..8), of(any::<bool>()), any::<u64>()).prop_map(
        |(provider, seen_at, stock, windows, version)| Availability {
            provider,
            seen_at,
            stock,
            windows,
            version,
        },
    )
}

fn trading_account() -> impl Strategy<Value = TradingAccount> {
    ("[1-9][0-9]{3,11}", order_id(), instance_id(), any::<u64>()).prop_map(
        |(id, order, instance, version)| {
            let mt5_account_id = Mt5AccountId::parse(&id).unwrap();
            TradingAccount { mt5_account_id, order, instance, version }
        },
    )
}

fn inventory() -> impl Strategy<Value = Inventory> {
    let vm = || text().prop_map(VmId);
    let memory = || {
        let strangers = vec((vm(), time()).prop_map(|(vm, since)| Sighting { vm, since }), 0..4);
        (strangers, vec(instance_id(), 0..4), vec((instance_id(), time()), 0..4))
            .prop_map(|(strangers, turned, missing)| Memory { strangers, turned, missing })
    };
    let ghost = (vm(), text(), select(Why::ALL), time(), any::<bool>())
        .prop_map(|(vm, name, why, since, deleted)| GhostFound { vm, name, why, since, deleted });
    let missing = (instance_id(), vm(), time(), any::<bool>())
        .prop_map(|(instance, vm, since, rebuilt)| MissingFound { instance, vm, since, rebuilt });
    let tally = (any::<[u32; 3]>(), vec(ghost, 0..4), vec(missing, 0..4)).prop_map(
        |([pages, calls, machines], ghosts_found, missing_found)| Tally {
            pages,
            calls,
            machines,
            ghosts_found,
            missing_found,
            ..Tally::default()
        },
    );
    let margin = (product(), text(), text(), of(any::<i64>()), of(money()), any::<u32>()).prop_map(
        |((plan, os), provider_plan, provider_region, cost_usd_cents, revenue, desktops)| Margin {
            plan,
            os,
            provider_plan,
            provider_region,
            cost_usd_cents,
            revenue,
            desktops,
        },
    );
    let tally = tally.boxed();
    let listing = (any::<u64>(), of(time()), of(text()), any::<u16>(), tally.clone(), memory()).prop_map(
        |(number, began_at, cursor, runs, tally, memory)| Listing {
            number,
            began_at,
            cursor,
            runs,
            tally,
            memory,
        },
    );
    let report = (time(), time(), any::<u32>(), tally, vec(margin, 0..4)).prop_map(
        |(began_at, complete_at, recorded, tally, margins)| Listed {
            began_at,
            complete_at,
            recorded,
            tally,
            unknown: Vec::new(),
            margins,
        },
    );
    let whole = (select(Provider::ALL), listing, memory(), of(report), of(time()), of(text()), of(time()));
    (whole, of(time()), any::<u64>()).prop_map(|(whole, since, version)| {
        let (provider, listing, before, report, looked_at, trouble, held_until) = whole;
        Inventory { provider, listing, before, report, since, looked_at, trouble, held_until, version }
    })
}

fn seen() -> impl Strategy<Value = Seen> {
    (select(Provider::ALL), any::<u64>(), any::<u16>(), vec(any::<u64>(), 0..9), time()).prop_map(
        |(provider, listing, run, marks, expires_at)| Seen { provider, listing, run, marks, expires_at },
    )
}

/// What is stored reads back the same, one write later, and uses none of the table's own names.
fn reads_back<T: Thing + PartialEq>(thing: &T) -> Result<(), TestCaseError> {
    let own: crate::row::Attributes = serde_dynamo::to_item(T::Item::from(thing)).unwrap();
    for name in RESERVED {
        prop_assert!(!own.contains_key(name), "{} is the table's", name);
    }
    let mut item = encode(thing).unwrap();
    prop_assert_eq!(item.contains_key("gsi1pk"), thing.in_by_customer().is_some());
    prop_assert_eq!(item.contains_key("gsi2pk"), thing.in_rented().is_some());
    prop_assert_eq!(item.contains_key("wpk"), thing.work().is_some());
    prop_assert_eq!(item.contains_key("expires_at"), thing.forgotten_at().is_some());
    if let Some(seen) = thing.version() {
        prop_assert_eq!(&item[VERSION], &number(seen.saturating_add(1)));
        item.insert(VERSION.to_owned(), number(seen));
    }
    prop_assert!(decode::<T>(item).unwrap() == *thing);
    Ok(())
}

/// With any one attribute missing or of a wrong kind, an item is whole or an error, and never a panic.
fn survives_damage<T: Thing>(thing: &T) -> Result<(), TestCaseError> {
    let whole = encode(thing).unwrap();
    let damages = [
        None,
        Some(AttributeValue::Null(true)),
        Some(AttributeValue::Bool(false)),
        Some(AttributeValue::S("\u{0}#".to_owned())),
        Some(AttributeValue::S("2026-11-20T08:15:11Z".to_owned())),
        Some(AttributeValue::N("-1".to_owned())),
        Some(AttributeValue::N("1e99".to_owned())),
        Some(AttributeValue::L(vec![AttributeValue::Null(true)])),
        Some(AttributeValue::M([("at".to_owned(), AttributeValue::Bool(true))].into())),
        Some(AttributeValue::Ss(vec!["a".to_owned()])),
    ];
    for name in whole.keys() {
        for damage in &damages {
            let mut item = whole.clone();
            item.remove(name);
            item.extend(damage.clone().map(|value| (name.clone(), value)));
            match decode::<T>(item) {
                Ok(_) => prop_assert!(!["pk", "sk", "v"].contains(&name.as_str()), "{} {:?}", name, damage),
                Err(error) => prop_assert!(matches!(error, StoreError::Corrupt { .. }), "{:?}", error),
            }
        }
    }
    let mut newer = whole.clone();
    newer.insert("v".to_owned(), number(T::SCHEMA + 1));
    let refused = decode::<T>(newer).err().map(|error| error.to_string()).unwrap_or_default();
    prop_assert!(refused.contains("newer than this program"), "{}", refused);
    let mut moved = whole;
    moved.insert("pk".to_owned(), AttributeValue::S("ELSEWHERE".to_owned()));
    let misplaced = matches!(decode::<T>(moved), Err(StoreError::Corrupt { .. }));
    prop_assert!(misplaced, "an item at another thing's key");
    Ok(())
}

macro_rules! each_item {
    ($($name:ident),+) => { $(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

                #[test]
                fn reads_back_as_it_was_written(thing in super::$name()) {
                    reads_back(&thing)?;
                }

                #[test]
                fn damaged_is_an_error_and_never_a_panic(thing in super::$name()) {
                    survives_damage(&thing)?;
                }
            }
        }
    )+ };
}
each_item!(
    order,
    payment,
    instance,
    attempt,
    first_boot,
    mail,
    event,
    profile,
    idempotency,
    ledger,
    audit,
    ticket,
    setup_times,
    circuit,
    trading_account,
    availability,
    inventory,
    seen
);

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn credentials_read_back_as_they_were_written_and_survive_damage(thing in credentials()) {
        reads_back(&thing.0)?;
        survives_damage(&thing.0)?;
    }
}

/// Proptest wants to print what failed; credentials have no `Debug`, on purpose.
#[derive(Clone)]
struct Hidden<T>(T);

impl<T> Debug for Hidden<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

#[test]
fn a_time_is_stored_in_text_that_sorts_as_time_does() {
    proptest!(|(a in time(), b in time())| {
        let text = |time| crate::parts::StoredTime(time).text();
        prop_assert_eq!(text(a).len(), 30);
        prop_assert_eq!(a.cmp(&b), text(a).cmp(&text(b)));
    });
}

#[test]
fn a_time_before_the_year_0_cannot_be_stored() {
    let mut thing = Mail::alert("a", "b", String::new(), None, Timestamp::from_second(0).unwrap());
    thing.next_at = Timestamp::from_second(-70_000_000_000).unwrap();
    assert!(matches!(encode(&thing), Err(StoreError::Invalid { .. })));
}

/// What a provider said before anybody noted whether it can set Windows up.
#[test]
fn availability_of_before_windows_was_noted_says_nothing_of_it() {
    proptest!(|(said in availability())| {
        let mut item = encode(&said).unwrap();
        item.remove("windows");
        let read: Availability = decode(item).unwrap();
        prop_assert_eq!((read.windows, read.stock), (None, said.stock));
    });
}

/// An attempt of before calls had a name and regions had two: `region` is the provider's, `calling` its state.
#[test]
fn an_attempt_of_the_first_release_reads_as_one_whose_outcome_is_unknown() {
    proptest!(|(mut attempt in attempt())| {
        attempt.state = AttemptState::Unknown;
        let mut item = encode(&attempt).unwrap();
        item.remove("request_id");
        item.insert("state".to_owned(), AttributeValue::S("calling".to_owned()));
        if let Some(AttributeValue::M(offering)) = item.get_mut("offering") {
            offering.remove("provider_region");
        }
        let read: Attempt = decode(item).unwrap();
        prop_assert_eq!(read.state, AttemptState::Unknown);
        prop_assert_eq!(&read.request_id, "");
        prop_assert_eq!(&read.offering.provider_region, &attempt.offering.region);
    });
}

/// A value's share of its item, as DynamoDB counts it; numbers for more than they take.
/// Source: Amazon DynamoDB, "Item sizes and formats".
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len() + 1,
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
        AttributeValue::M(map) => {
            3 + map.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>()
        }
        _ => 1,
    }
}

#[test]
fn an_inventory_that_holds_all_it_may_stays_far_below_the_400_kb_of_an_item() {
    let at = Timestamp::from_second(1_790_000_000).unwrap();
    let (order, instance) = (OrderId::new(at, 1), InstanceId::new(at, 1));
    let vm = VmId("ap-southeast-1/i-0123456789abcdef0".to_owned());
    let name = format!("{order}-12345");
    let what = "is in a region that is not listed: whether its machine is there is not known".to_owned();
    let memory = Memory {
        strangers: vec![Sighting { vm: vm.clone(), since: at }; Memory::MAX],
        turned: vec![instance; Memory::MAX],
        missing: vec![(instance, at); Memory::MAX],
    };
    let ghost =
        GhostFound { vm: vm.clone(), name: name.clone(), why: Why::LeftBehind, since: at, deleted: true };
    let double = DoubleFound { order, kept: vm.clone(), vm: vm.clone(), deleted: true };
    let tally = Tally {
        ghosts_found: vec![ghost; LISTED_MAX],
        doubles_found: vec![double; LISTED_MAX],
        missing_found: vec![MissingFound { instance, vm, since: at, rebuilt: false }; LISTED_MAX],
        odd_found: vec![OddFound { subject: name, what }; LISTED_MAX],
        ..Tally::default()
    };
    let margin = Margin {
        plan: Plan::Performance,
        os: Os::Windows,
        provider_plan: "g6-dedicated-16-windows".to_owned(),
        provider_region: "ap-southeast-1".to_owned(),
        cost_usd_cents: Some(123_456),
        revenue: Some(Money { minor: 123_456_789, currency: Currency::Ngn }),
        desktops: 12_345,
    };
    let report = Listed {
        began_at: at,
        complete_at: at,
        recorded: 12_345,
        tally: tally.clone(),
        unknown: vec![UnknownFound { order, number: 20, since: at }; LISTED_MAX],
        margins: vec![margin; LISTED_MAX],
    };
    let whole = Inventory {
        listing: Listing { tally, memory: memory.clone(), ..Listing::fresh(1) },
        before: memory,
        report: Some(report),
        ..Inventory::new(Provider::Ec2)
    };
    let bytes = size(&AttributeValue::M(encode(&whole).unwrap()));
    assert!((200_000..240_000).contains(&bytes), "{bytes}: docs/data-model.md says 220 KB");
}
