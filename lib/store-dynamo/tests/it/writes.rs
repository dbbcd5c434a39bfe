//! Conditions, transactions, and what reads back.

use app::ports::{
    AuditEntry, Commit, IdempotencyRecord, ReadAttempts, ReadAudit, ReadCredentials, ReadEvents,
    ReadFirstBoots, ReadIdempotency, ReadInstances, ReadLedger, ReadMails, ReadOrders, ReadPayments,
    ReadProfiles, ReadSetupTimes, ReadWork, StoreError, Ticket, WorkKind, Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::catalogue::{Os, Plan};
use domain::customer::{Preferences, Profile};
use domain::first_boot::{Fingerprints, FirstBoot, Report};
use domain::ids::{AuditId, TicketId};
use domain::instance::StoredCredentials;
use domain::ledger::{EntryKind, LedgerEntry};
use domain::mail::{MailKind, MailStatus};
use domain::money::{Currency, Money};
use domain::order::OrderStatus;

use crate::fixtures::{Table, ada, at, attempt, event, instance, mail, order, payment, table};

fn is_conflict<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict))
}

fn charge() -> LedgerEntry {
    LedgerEntry {
        order: order(1).id,
        customer: ada(),
        kind: EntryKind::Charge,
        amount: Money::new(4_500_000, Currency::Ngn),
        reference: "pay-1-1".to_owned(),
        at: at(10),
    }
}

fn record(key: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        customer: ada(),
        key: key.to_owned(),
        request_hash: "00".repeat(32),
        order: order(1).id,
        expires_at: at(86_400),
    }
}

/// How many items the table holds.
async fn count(table: &Table) -> i32 {
    table.client.scan().table_name(&table.name).send().await.unwrap().count()
}

#[tokio::test]
async fn whoever_writes_second_is_told() {
    let Some(table) = table("second-writer").await else { return };
    let (store, new) = (&table.store, order(1));
    store.commit(vec![Write::Order(new.clone())]).await.unwrap();
    assert!(is_conflict(&store.commit(vec![Write::Order(new.clone())]).await), "it exists");

    let read = store.order(new.id).await.unwrap().unwrap();
    assert_eq!(read.version, 1);
    let mut first = read.clone();
    first.status = OrderStatus::Paid;
    store.commit(vec![Write::Order(first.clone())]).await.unwrap();
    let mut second = read.clone();
    second.status = OrderStatus::Expired;
    assert!(is_conflict(&store.commit(vec![Write::Order(second)]).await));
    first.version = 2;
    assert_eq!(store.order(new.id).await.unwrap(), Some(first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_writers_at_once_exactly_one_wins() {
    let Some(table) = table("twenty-writers").await else { return };
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let store = table.store.clone();
            tokio::spawn(async move {
                store.commit(vec![Write::Order(order(1)), Write::Payment(payment(1))]).await
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(error) => assert!(matches!(error, StoreError::Conflict), "{error:?}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_commit_is_written_whole_or_not_at_all() {
    let Some(table) = table("all-or-none").await else { return };
    let store = &table.store;
    store.commit(vec![Write::Payment(payment(1))]).await.unwrap();
    let commit = vec![
        Write::Order(order(1)),
        Write::Ledger(charge()),
        Write::Payment(payment(1)),
        Write::Idempotency(record("k1")),
    ];
    assert!(is_conflict(&store.commit(commit).await));
    assert_eq!(count(&table).await, 1);

    let mut paid = payment(1);
    paid.version = 1;
    let commit = vec![Write::Order(order(1)), Write::Ledger(charge()), Write::Payment(paid)];
    store.commit(commit).await.unwrap();
    assert_eq!(count(&table).await, 3);
    assert_eq!(store.payment(payment(1).id).await.unwrap().unwrap().version, 2);
}

#[tokio::test]
async fn a_movement_of_money_told_twice_is_one_entry_and_keeps_its_time() {
    let Some(table) = table("ledger").await else { return };
    let store = &table.store;
    store.commit(vec![Write::Ledger(charge()), Write::Order(order(1))]).await.unwrap();
    let mut later = charge();
    later.at = at(500);
    store.commit(vec![Write::Ledger(later.clone()), Write::Order(order(2))]).await.unwrap();
    store.commit(vec![Write::Ledger(later)]).await.unwrap();
    let mut fee = charge();
    (fee.kind, fee.amount) = (EntryKind::Fee, Money::new(-67_500, Currency::Ngn));
    store.commit(vec![Write::Ledger(fee.clone())]).await.unwrap();
    assert_eq!(store.ledger(order(1).id).await.unwrap(), vec![charge(), fee]);
    assert!(store.ledger(order(2).id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_ticket_is_opened_once_however_often_it_is_tried() {
    let Some(table) = table("ticket").await else { return };
    let ticket = Ticket {
        id: TicketId::new(at(0), 1),
        customer: ada(),
        order: order(1).id,
        subject: "Could not be delivered".to_owned(),
        message: "…".to_owned(),
        created_at: at(1),
    };
    for seconds in [1, 2] {
        let again = Ticket { created_at: at(seconds), ..ticket.clone() };
        table.store.commit(vec![Write::Ticket(again)]).await.unwrap();
    }
    let items = table.client.scan().table_name(&table.name).send().await.unwrap().items.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["created_at"].as_s().unwrap(), "2026-09-21T14:13:21.000000000Z");
}

#[tokio::test]
async fn a_mail_that_was_sent_is_not_owed_again() {
    let Some(table) = table("mail-if-new").await else { return };
    let store = &table.store;
    let ready = mail(MailKind::Ready);
    store.commit(vec![Write::MailIfNew(ready.clone()), Write::Order(order(1))]).await.unwrap();
    assert_eq!(store.due(WorkKind::PendingMail, at(0), 10).await.unwrap(), vec![ready.id.clone()]);

    let mut sent = store.mail(&ready.id).await.unwrap().unwrap();
    sent.status = MailStatus::Sent;
    store.commit(vec![Write::Mail(sent)]).await.unwrap();
    store.commit(vec![Write::MailIfNew(ready.clone()), Write::Order(order(2))]).await.unwrap();
    assert_eq!(store.mail(&ready.id).await.unwrap().unwrap().status, MailStatus::Sent);
    assert!(store.due(WorkKind::PendingMail, at(9_000), 10).await.unwrap().is_empty());
    assert!(is_conflict(&store.commit(vec![Write::Mail(ready)]).await), "a mail itself is owed once");
}

#[tokio::test]
async fn an_idempotency_key_is_taken_once_per_customer() {
    let Some(table) = table("idempotency").await else { return };
    let store = &table.store;
    store.commit(vec![Write::Idempotency(record("k1")), Write::Order(order(1))]).await.unwrap();
    let again = vec![Write::Idempotency(record("k1")), Write::Order(order(2))];
    assert!(is_conflict(&store.commit(again).await));
    assert_eq!(store.idempotency(&ada(), "k1").await.unwrap(), Some(record("k1")));
    assert_eq!(store.idempotency(&ada(), "k2").await.unwrap(), None);
    let eve = domain::customer::CustomerId::parse("eve").unwrap();
    assert_eq!(store.idempotency(&eve, "k1").await.unwrap(), None);
    let long = store.idempotency(&ada(), &"k".repeat(2_000)).await;
    assert!(matches!(long, Err(StoreError::Invalid { .. })), "{long:?}");
}

#[tokio::test]
async fn everything_that_is_written_reads_back() {
    let Some(table) = table("reads-back").await else { return };
    let store = &table.store;
    let desktop = instance(1);
    let boot = FirstBoot {
        instance: desktop.id,
        attempt: 1,
        boot: 1,
        created_at: at(0),
        task_token: Some("token".to_owned()),
        report: Some(Report { succeeded: true, certificate: Fingerprints::default(), at: at(60) }),
        first_pass: None,
        version: 0,
    };
    let credentials = StoredCredentials {
        instance: desktop.id,
        username: "Administrator".to_owned(),
        ciphertext: vec![0, 159, 146, 150],
        stored_at: at(61),
        version: 0,
    };
    let profile = Profile { customer: ada(), preferences: Preferences::default(), version: 0 };
    let setup = Write::SetupTime { plan: Plan::Basic, os: Os::Windows, seconds: 240, recent: vec![300] };
    let audit = |n: u32| AuditEntry {
        id: AuditId::new(at(n.into()), 0),
        instance: desktop.id,
        actor: ada(),
        action: "credentials_revealed".to_owned(),
        request_id: format!("r{n}"),
        at: at(n.into()),
    };
    let commit = vec![
        Write::Instance(desktop.clone()),
        Write::FirstBoot(boot.clone()),
        Write::Credentials(credentials.clone()),
        Write::Profile(profile.clone()),
        Write::Event(event(1)),
        Write::Audit(audit(1)),
        Write::Audit(audit(2)),
        Write::Audit(audit(3)),
        setup.clone(),
    ];
    store.commit(commit).await.unwrap();
    assert_eq!(store.instance(desktop.id).await.unwrap().unwrap().address, desktop.address);
    assert_eq!(store.first_boot(desktop.id, 1, 1).await.unwrap(), Some(FirstBoot { version: 1, ..boot }));
    assert_eq!(store.first_boot(desktop.id, 1, 2).await.unwrap(), None);
    assert_eq!(store.credentials(desktop.id).await.unwrap().unwrap().ciphertext, credentials.ciphertext);
    assert_eq!(store.profile(&ada()).await.unwrap(), Some(Profile { version: 1, ..profile }));
    assert_eq!(store.event(&event(1).key).await.unwrap().unwrap().name, "charge.success");
    assert_eq!(store.audit(desktop.id, 2).await.unwrap(), vec![audit(3), audit(2)]);
    assert_eq!(store.setup_times(Plan::Basic, Os::Windows).await.unwrap(), vec![300, 240]);
    assert!(store.setup_times(Plan::Gpu, Os::Linux).await.unwrap().is_empty());
    store.commit(vec![setup]).await.unwrap();
}

#[tokio::test]
async fn attempts_come_in_the_order_of_their_numbers() {
    let Some(table) = table("attempts").await else { return };
    let numbers: Vec<u16> = (1..=12).collect();
    for number in numbers.iter().rev() {
        table.store.commit(vec![Write::Attempt(attempt(*number))]).await.unwrap();
    }
    table.store.commit(vec![Write::Order(order(1)), Write::Ledger(charge())]).await.unwrap();
    let read = table.store.attempts(order(1).id).await.unwrap();
    assert_eq!(read.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), numbers);
    assert_eq!(read[0].password_ciphertext, attempt(1).password_ciphertext);
}

#[tokio::test]
async fn what_may_be_forgotten_says_when() {
    let Some(table) = table("time-to-live").await else { return };
    let commit = vec![Write::Event(event(0)), Write::Idempotency(record("k")), Write::Order(order(1))];
    table.store.commit(commit).await.unwrap();
    let items = table.client.scan().table_name(&table.name).send().await.unwrap().items.unwrap();
    let mut times: Vec<Option<&str>> =
        items.iter().map(|item| item.get("expires_at").map(|time| time.as_n().unwrap().as_str())).collect();
    times.sort_unstable();
    let (key, event) = (at(86_400).as_second().to_string(), at(90 * 86_400).as_second().to_string());
    assert_eq!(times, vec![None, Some(key.as_str()), Some(event.as_str())]);
}

#[tokio::test]
async fn a_corrupt_item_is_an_error_that_names_the_field() {
    let Some(table) = table("corrupt").await else { return };
    table.store.commit(vec![Write::Order(order(1))]).await.unwrap();
    let damage = |name: &'static str, value: AttributeValue| {
        let key = |text: &str| AttributeValue::S(text.to_owned());
        table
            .client
            .update_item()
            .table_name(&table.name)
            .key("pk", key(&format!("ORDER#{}", order(1).id)))
            .key("sk", key("ORDER"))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value)
            .send()
    };
    for (name, value, said) in [
        ("status", AttributeValue::S("lost".to_owned()), "status: unknown variant `lost`"),
        ("v", AttributeValue::N("2".to_owned()), "v: schema 2 is newer"),
    ] {
        damage(name, value).await.unwrap();
        match table.store.order(order(1).id).await {
            Err(StoreError::Corrupt { key, what }) => {
                assert_eq!(key, format!("ORDER#{} ORDER", order(1).id));
                assert!(what.starts_with(said), "{what}");
            }
            other => panic!("{other:?}"),
        }
        assert!(table.store.orders_of(&ada(), 10, None).await.is_err(), "in a listing too");
    }
}

#[tokio::test]
async fn a_commit_that_dynamodb_would_refuse_is_refused_before_anything_is_written() {
    let Some(table) = table("refused").await else { return };
    let twice = vec![Write::MailIfNew(mail(MailKind::Ready)), Write::Order(order(1)), Write::Order(order(1))];
    let many = (0..101).map(|n| Write::Order(order(n))).collect();
    for commit in [twice, many] {
        let result = table.store.commit(commit).await;
        assert!(matches!(result, Err(StoreError::Invalid { .. })), "{result:?}");
    }
    assert_eq!(count(&table).await, 0);
    table.store.commit(Vec::new()).await.unwrap();
}
