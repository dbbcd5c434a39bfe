//! The sparse index: in it exactly while somebody has to look.

use app::ports::{
    Commit, ReadAttempts, ReadEvents, ReadInstances, ReadMails, ReadOrders, ReadPayments, ReadWork,
    StoreError, WorkKind, Write,
};
use domain::command::{self, CommandKind};
use domain::create::AttemptState;
use domain::mail::{MailKind, MailStatus};
use domain::order::{OrderStatus, Step, StepDone};
use domain::payment::{PaymentStatus, Refund, RefundStatus};

use crate::fixtures::{Table, at, attempt, event, instance, mail, order, payment, table};

impl Table {
    async fn put(&self, write: Write) {
        self.store.commit(vec![write]).await.unwrap();
    }

    /// What is due `seconds` in.
    async fn due(&self, kind: WorkKind, seconds: i64) -> Vec<String> {
        self.store.due(kind, at(seconds), 10).await.unwrap()
    }
}

#[tokio::test]
async fn a_payment_is_looked_after_while_it_is_open_and_while_its_refund_is_under_way() {
    let Some(table) = table("work-payment").await else { return };
    let id = payment(1).id;
    table.put(Write::Payment(payment(1))).await;
    assert!(table.due(WorkKind::OpenPayment, 119).await.is_empty(), "not yet");
    assert_eq!(table.due(WorkKind::OpenPayment, 120).await, vec![id.to_string()]);

    let mut expired = table.store.payment(id).await.unwrap().unwrap();
    expired.status = PaymentStatus::Expired;
    table.put(Write::Payment(expired)).await;
    assert_eq!(table.due(WorkKind::OpenPayment, 120).await.len(), 1, "expired, and still to be asked for");

    let mut paid = table.store.payment(id).await.unwrap().unwrap();
    paid.status = PaymentStatus::Paid;
    table.put(Write::Payment(paid)).await;
    assert!(table.due(WorkKind::OpenPayment, 9_000).await.is_empty());

    for (status, open) in [
        (RefundStatus::Wanted, true),
        (RefundStatus::Pending, true),
        (RefundStatus::Processing, true),
        (RefundStatus::NeedsAttention, false),
        (RefundStatus::Failed, false),
        (RefundStatus::Processed, false),
    ] {
        let mut refunded = table.store.payment(id).await.unwrap().unwrap();
        refunded.refund =
            Some(Refund { status, gateway_id: None, wanted_at: at(100), next_check_at: at(300) });
        table.put(Write::Payment(refunded)).await;
        assert_eq!(table.due(WorkKind::OpenRefund, 300).await.len(), usize::from(open), "{status}");
        assert!(table.due(WorkKind::OpenPayment, 9_000).await.is_empty());
    }
}

#[tokio::test]
async fn a_paid_order_is_looked_after_until_it_rests() {
    let Some(table) = table("work-order").await else { return };
    let id = order(1).id;
    table.put(Write::Order(order(1))).await;
    for (status, open) in [
        (OrderStatus::Paid, true),
        (OrderStatus::Provisioning, true),
        (OrderStatus::Active, false),
        (OrderStatus::Undoing, true),
        (OrderStatus::Refunding, true),
        (OrderStatus::Refunded, false),
    ] {
        let mut moved = table.store.order(id).await.unwrap().unwrap();
        moved.status = status;
        moved.timeline.push(StepDone { step: Step::Paid, at: at(500) });
        table.put(Write::Order(moved)).await;
        assert!(table.due(WorkKind::UnsettledOrder, 499).await.is_empty(), "moved on at 500");
        assert_eq!(table.due(WorkKind::UnsettledOrder, 500).await.len(), usize::from(open), "{status}");
    }
}

#[tokio::test]
async fn mails_events_and_commands_leave_when_they_are_done() {
    let Some(table) = table("work-others").await else { return };
    let owed = mail(MailKind::Started);
    table.put(Write::Mail(owed.clone())).await;
    table.put(Write::Event(event(5))).await;
    let busy = command::accept(&instance(1), CommandKind::Restart, at(7)).unwrap();
    table.put(Write::Instance(busy)).await;
    assert_eq!(table.due(WorkKind::PendingMail, 0).await, vec![owed.id.clone()]);
    assert_eq!(table.due(WorkKind::UnappliedEvent, 5).await, vec![event(5).key]);
    assert_eq!(table.due(WorkKind::BusyInstance, 7).await, vec![instance(1).id.to_string()]);
    assert!(table.due(WorkKind::UnappliedEvent, 4).await.is_empty());
    assert!(table.due(WorkKind::BusyInstance, 6).await.is_empty());

    for status in [MailStatus::Sent, MailStatus::Skipped, MailStatus::GaveUp] {
        let mut done = table.store.mail(&owed.id).await.unwrap().unwrap();
        done.status = status;
        table.put(Write::Mail(done)).await;
        assert!(table.due(WorkKind::PendingMail, 9_000).await.is_empty(), "{status:?}");
    }
    let mut applied = table.store.event(&event(5).key).await.unwrap().unwrap();
    applied.applied_at = Some(at(8));
    table.put(Write::Event(applied)).await;
    let restarted = command::completed(&table.store.instance(instance(1).id).await.unwrap().unwrap());
    table.put(Write::Instance(restarted)).await;
    assert!(table.due(WorkKind::UnappliedEvent, 9_000).await.is_empty());
    assert!(table.due(WorkKind::BusyInstance, 9_000).await.is_empty());
}

#[tokio::test]
async fn an_attempt_is_looked_after_from_when_its_order_left_it_behind_until_its_outcome_is_known() {
    let Some(table) = table("work-attempts").await else { return };
    let id = format!("{}/12", order(1).id);
    table.put(Write::Order(order(1))).await;
    table.put(Write::Attempt(attempt(12))).await;
    for (state, left_at, open) in [
        (AttemptState::Unknown, None, false),
        (AttemptState::Unknown, Some(at(50)), true),
        (AttemptState::Created, Some(at(50)), false),
        (AttemptState::Absent, Some(at(50)), false),
    ] {
        let mut changed = table.store.attempts(order(1).id).await.unwrap().remove(0);
        (changed.state, changed.left_at) = (state, left_at);
        table.put(Write::Attempt(changed)).await;
        assert!(table.due(WorkKind::UnknownAttempt, 49).await.is_empty());
        let expected = if open { vec![id.clone()] } else { Vec::new() };
        assert_eq!(table.due(WorkKind::UnknownAttempt, 50).await, expected, "{state} {left_at:?}");
    }
}

#[tokio::test]
async fn the_longest_overdue_comes_first_and_no_more_than_asked_for() {
    let Some(table) = table("work-first").await else { return };
    for n in [4, 2, 9, 7] {
        table.put(Write::Event(event(n))).await;
    }
    let due = table.store.due(WorkKind::UnappliedEvent, at(8), 2).await.unwrap();
    assert_eq!(due, vec![event(2).key, event(4).key]);
    assert_eq!(table.due(WorkKind::UnappliedEvent, 8).await.len(), 3);
    assert_eq!(table.store.due(WorkKind::UnappliedEvent, at(8), 1_000).await.unwrap().len(), 3);
    for limit in [0, 1_001] {
        let refused = table.store.due(WorkKind::UnappliedEvent, at(8), limit).await;
        assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{limit}");
    }
}
