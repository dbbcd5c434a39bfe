//! The sparse index of what somebody has to look at.

use std::collections::BTreeMap;

use app::ports::{ReadWork, StoreError, WorkKind};
use domain::Timestamp;
use domain::mail::MailStatus;
use domain::payment::{PaymentStatus, RefundStatus};

use super::Store;
use super::row::{Key, Row};

/// What stands in the index: of which kind and due when, by the key of its row.
#[derive(Default)]
pub(super) struct Work(BTreeMap<Key, (WorkKind, Timestamp)>);

impl Work {
    /// Brings the index up to date for a row that is written.
    pub(super) fn note(&mut self, key: &Key, row: &Row) {
        match open(row) {
            Some(entry) => drop(self.0.insert(key.clone(), entry)),
            None => drop(self.0.remove(key)),
        }
    }
}

/// Where a row stands in the index, as `lib/store-dynamo` puts it there.
fn open(row: &Row) -> Option<(WorkKind, Timestamp)> {
    match row {
        Row::Order(o) if o.needs_work() => Some((WorkKind::UnsettledOrder, o.last_moved_at())),
        Row::Payment(p) => {
            use RefundStatus as R;
            match (&p.refund, p.status) {
                (Some(r), _) if matches!(r.status, R::Wanted | R::Pending | R::Processing) => {
                    Some((WorkKind::OpenRefund, r.next_check_at))
                }
                (_, PaymentStatus::Open | PaymentStatus::Expired) => {
                    p.next_check_at.map(|at| (WorkKind::OpenPayment, at))
                }
                _ => None,
            }
        }
        Row::Mail(m) if m.status == MailStatus::Pending => Some((WorkKind::PendingMail, m.next_at)),
        Row::Instance(i) => i.command.as_ref().map(|c| (WorkKind::BusyInstance, c.since)),
        Row::Attempt(a) if a.is_left_behind() => a.left_at.map(|at| (WorkKind::UnknownAttempt, at)),
        Row::Event(e) if e.applied_at.is_none() => Some((WorkKind::UnappliedEvent, e.received_at)),
        _ => None,
    }
}

/// What the index calls the thing of a row.
fn name(key: &Key) -> String {
    match key {
        Key::Order(id) => id.to_string(),
        Key::Payment(id) => id.to_string(),
        Key::Instance(id) => id.to_string(),
        Key::Attempt(order, number) => format!("{order}/{number}"),
        Key::Mail(id) => id.clone(),
        Key::Event(key) => key.clone(),
        other => format!("{other:?}"),
    }
}

impl Store {
    /// Everything in the work index: kind, due, id.
    pub fn work(&self) -> Vec<(WorkKind, Timestamp, String)> {
        let entry = |(key, (kind, at)): (&Key, &(WorkKind, Timestamp))| (*kind, *at, name(key));
        self.with(|table| table.work.0.iter().map(entry).collect())
    }

    /// Whether anything in the work index is due.
    pub(crate) fn has_work(&self, now: Timestamp) -> bool {
        self.with(|table| table.work.0.values().any(|(_, at)| *at <= now))
    }

    /// Whether anything of these kinds is in the work index, due or not.
    pub(crate) fn has_work_of(&self, wanted: impl Fn(WorkKind) -> bool) -> bool {
        self.with(|table| table.work.0.values().any(|(kind, _)| wanted(*kind)))
    }
}

impl ReadWork for Store {
    async fn due(&self, kind: WorkKind, now: Timestamp, limit: u16) -> Result<Vec<String>, StoreError> {
        self.read("store.due", |table| {
            let entries = table.work.0.iter().filter(|(_, (k, at))| *k == kind && *at <= now);
            let mut due: Vec<(Timestamp, String)> = entries.map(|(key, (_, at))| (*at, name(key))).collect();
            due.sort();
            due.into_iter().take(usize::from(limit)).map(|(_, id)| id).collect()
        })
        .await
    }
}
