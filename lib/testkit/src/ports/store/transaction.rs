//! Writes under DynamoDB's rules: a condition on every one, all of a transaction or nothing of it.

use app::ports::{Commit, StoreError, Write};
use domain::eta;
use domain::ids::OrderId;
use domain::order::OrderStatus;

use super::row::{Key, Row};
use super::{Rows, Store, Table, unavailable};

/// Limit of DynamoDB for one transaction.
const WRITES_MAX: usize = 100;

/// How one item is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    IfNew,
    IfUnchanged(u64),
    KeepExisting,
    Always,
}

/// One write of a transaction: the row as it will be stored, its key and its condition.
struct Step {
    key: Key,
    row: Row,
    how: How,
}

/// The condition on a thing that counts its writes.
const fn versioned(version: u64) -> How {
    if version == 0 { How::IfNew } else { How::IfUnchanged(version) }
}

impl Step {
    fn new(write: Write) -> Self {
        macro_rules! counted {
            ($variant:ident, $thing:ident, $key:expr) => {{
                let how = versioned($thing.version);
                $thing.version += 1;
                Self { key: $key, row: Row::$variant($thing), how }
            }};
        }
        match write {
            Write::Order(mut o) => counted!(Order, o, Key::Order(o.id)),
            Write::Payment(mut p) => counted!(Payment, p, Key::Payment(p.id)),
            Write::Instance(mut i) => counted!(Instance, i, Key::Instance(i.id)),
            Write::Attempt(mut a) => counted!(Attempt, a, Key::Attempt(a.order, a.number)),
            Write::FirstBoot(mut f) => {
                counted!(FirstBoot, f, Key::FirstBoot(f.instance, f.attempt, f.boot))
            }
            Write::Credentials(mut c) => counted!(Credentials, c, Key::Credentials(c.instance)),
            Write::Mail(mut m) => counted!(Mail, m, Key::Mail(m.id.clone())),
            Write::Event(mut e) => counted!(Event, e, Key::Event(e.key.clone())),
            Write::Profile(mut p) => counted!(Profile, p, Key::Profile(p.customer.clone())),
            Write::Circuit(mut c) => {
                counted!(Circuit, c, Key::Circuit(c.provider, c.operation, c.region.clone()))
            }
            Write::Availability(mut a) => counted!(Availability, a, Key::Availability(a.provider)),
            Write::TradingAccount(mut t) => {
                counted!(TradingAccount, t, Key::TradingAccount(t.mt5_account_id.to_string()))
            }
            Write::Inventory(mut i) => counted!(Inventory, i, Key::Inventory(i.provider)),
            Write::MailIfNew(mut m) => {
                m.version += 1;
                Self { key: Key::Mail(m.id.clone()), row: Row::Mail(m), how: How::KeepExisting }
            }
            Write::Seen(s) => {
                Self { key: Key::Seen(s.provider, s.listing, s.run), row: Row::Seen(s), how: How::IfNew }
            }
            Write::Ledger(l) => Self {
                key: Key::Ledger(l.order, l.kind, l.reference.clone()),
                row: Row::Ledger(l),
                how: How::KeepExisting,
            },
            Write::Audit(a) => {
                Self { key: Key::Audit(a.instance, a.id), row: Row::Audit(a), how: How::IfNew }
            }
            Write::Idempotency(i) => Self {
                key: Key::Idempotency(i.customer.clone(), i.key.clone()),
                row: Row::Idempotency(i),
                how: How::IfNew,
            },
            Write::Ticket(t) => Self { key: Key::Ticket(t.id), row: Row::Ticket(t), how: How::KeepExisting },
            Write::SetupTime { plan, os, seconds, mut recent } => {
                eta::remember(&mut recent, seconds);
                Self { key: Key::SetupTimes(plan, os), row: Row::SetupTimes(recent), how: How::Always }
            }
        }
    }

    fn holds(&self, rows: &Rows) -> bool {
        match (rows.get(&self.key), self.how) {
            (None, How::IfNew) | (_, How::Always | How::KeepExisting) => true,
            (Some(row), How::IfUnchanged(seen)) => row.version() == Some(seen),
            (Some(_), How::IfNew) | (None, How::IfUnchanged(_)) => false,
        }
    }

    /// The order that it brings to an end: delivered, or undone.
    fn ends(&self, rows: &Rows) -> Option<(OrderId, OrderStatus)> {
        let status = |row: &Row| match row {
            Row::Order(o) => Some(o.status),
            _ => None,
        };
        match &self.row {
            Row::Order(o) if matches!(o.status, OrderStatus::Active | OrderStatus::Refunded) => {
                let before = rows.get(&self.key).and_then(|row| status(row));
                (before != Some(o.status)).then_some((o.id, o.status))
            }
            _ => None,
        }
    }
}

impl Table {
    /// All of `steps`, or none.
    fn put_all(&mut self, mut steps: Vec<Step>) -> Result<(), StoreError> {
        if self.unconditional {
            for step in steps.iter_mut().filter(|step| step.how != How::KeepExisting) {
                step.how = How::Always;
            }
        }
        let twice = (1..steps.len()).any(|n| steps[..n].iter().any(|earlier| earlier.key == steps[n].key));
        if twice || steps.len() > WRITES_MAX {
            let what = "a transaction writes an item twice, or too many".to_owned();
            return Err(StoreError::Invalid { what });
        }
        if !steps.iter().all(|step| step.holds(&self.rows)) {
            return Err(StoreError::Conflict);
        }
        self.ends.extend(steps.iter().filter_map(|step| step.ends(&self.rows)));
        for Step { key, row, how } in steps {
            if how == How::KeepExisting && self.rows.contains_key(&key) {
                continue;
            }
            self.work.note(&key, &row);
            self.rows.insert(key, Box::new(row));
        }
        Ok(())
    }
}

/// `MailIfNew` is a put of its own before the rest, as in the real store: a crash may fall in between.
impl Commit for Store {
    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let (before, rest): (Vec<Write>, Vec<Write>) =
            writes.into_iter().partition(|write| matches!(write, Write::MailIfNew(_)));
        for write in before {
            let put = || self.put(vec![Step::new(write)]);
            self.sim.call("store.mail_if_new", || unavailable("PutItem"), put).await?;
        }
        if rest.is_empty() {
            return Ok(());
        }
        let put = || self.put(rest.into_iter().map(Step::new).collect());
        self.sim.call("store.commit", || unavailable("TransactWriteItems"), put).await
    }
}

impl Store {
    fn put(&self, steps: Vec<Step>) -> Result<(), StoreError> {
        let ended = self.with(|table| {
            table.put_all(steps)?;
            Ok(table.ends.len())
        })?;
        self.ended.store(ended, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }
}
