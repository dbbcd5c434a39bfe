//! The one door for writes.

use std::collections::HashSet;

use app::ports::{Commit, StoreError, Write};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use domain::eta;

use crate::Store;
use crate::errors::{store_error, transaction_error};
use crate::items::SetupTimes;
use crate::keys::Key;
use crate::row::{Attributes, Thing, VERSION, encode, number};

/// Limit of DynamoDB for one transaction.
const WRITES_MAX: usize = 100;

/// How one item is written.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    item: Attributes,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// No item of this key exists.
    IfNew,
    /// The item is as it was at this write.
    IfUnchanged(u64),
    /// Whatever was there is replaced.
    Always,
    /// An item that exists keeps every attribute it has: nothing changes and nothing fails.
    KeepExisting,
    /// The same, decided before the transaction by a put of its own.
    KeepExistingBefore,
}

impl Step {
    /// A thing that counts its writes: new at version 0, otherwise as it was read.
    fn versioned(thing: &impl Thing) -> Result<Self, StoreError> {
        let how = match thing.version() {
            Some(0) | None => How::IfNew,
            Some(seen) => How::IfUnchanged(seen),
        };
        Self::with(thing, how)
    }

    fn with(thing: &impl Thing, how: How) -> Result<Self, StoreError> {
        Ok(Self { item: encode(thing)?, how })
    }

    /// What the ports promise for each kind of write.
    fn of(write: &Write) -> Result<Self, StoreError> {
        match write {
            Write::Order(order) => Self::versioned(order),
            Write::Payment(payment) => Self::versioned(payment),
            Write::Instance(instance) => Self::versioned(instance),
            Write::Attempt(attempt) => Self::versioned(attempt),
            Write::FirstBoot(boot) => Self::versioned(boot),
            Write::Credentials(credentials) => Self::versioned(credentials),
            Write::Mail(mail) => Self::versioned(mail),
            Write::Event(event) => Self::versioned(event),
            Write::Profile(profile) => Self::versioned(profile),
            Write::MailIfNew(mail) => Self::with(mail, How::KeepExistingBefore),
            Write::Ledger(entry) => Self::with(entry, How::KeepExisting),
            Write::Audit(entry) => Self::with(entry, How::IfNew),
            Write::Idempotency(record) => Self::with(record, How::IfNew),
            Write::Ticket(ticket) => Self::with(ticket, How::KeepExisting),
            Write::SetupTime { plan, os, seconds, recent } => {
                let mut recent = recent.clone();
                eta::remember(&mut recent, *seconds);
                Self::with(&SetupTimes { plan: *plan, os: *os, recent }, How::Always)
            }
        }
    }

    /// The condition of a put, with the value it compares with.
    fn condition(&self) -> (Option<&'static str>, Option<(String, AttributeValue)>) {
        match self.how {
            How::IfNew | How::KeepExistingBefore => (Some("attribute_not_exists(pk)"), None),
            How::IfUnchanged(seen) => (Some("#version = :seen"), Some((":seen".to_owned(), number(seen)))),
            How::Always | How::KeepExisting => (None, None),
        }
    }

    /// The name that the condition of [`Step::condition`] uses.
    fn condition_name(&self) -> Option<(&'static str, &'static str)> {
        matches!(self.how, How::IfUnchanged(_)).then_some(("#version", VERSION))
    }

    /// As part of a transaction.
    fn in_transaction(self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let part = TransactWriteItem::builder();
        let built = if self.how == How::KeepExisting {
            let kept = Kept::of(self.item);
            let update = Update::builder()
                .table_name(table)
                .set_key(Some(kept.key))
                .update_expression(kept.expression)
                .set_expression_attribute_names(Some(kept.names))
                .set_expression_attribute_values(Some(kept.values));
            update.build().map(|update| part.update(update).build())
        } else {
            let (condition, value) = self.condition();
            let mut put =
                Put::builder().table_name(table).set_condition_expression(condition.map(str::to_owned));
            if let Some((name, value)) = value {
                put = put.expression_attribute_values(name, value);
            }
            if let Some((name, attribute)) = self.condition_name() {
                put = put.expression_attribute_names(name, attribute);
            }
            put.set_item(Some(self.item)).build().map(|put| part.put(put).build())
        };
        built.map_err(|error| StoreError::Invalid { what: error.to_string() })
    }
}

/// An update that gives an item only the attributes that it does not have.
struct Kept {
    key: Attributes,
    expression: String,
    names: std::collections::HashMap<String, String>,
    values: Attributes,
}

impl Kept {
    fn of(item: Attributes) -> Self {
        let (key, rest): (Attributes, Attributes) =
            item.into_iter().partition(|(name, _)| matches!(name.as_str(), "pk" | "sk"));
        let sets: Vec<String> =
            (0..rest.len()).map(|n| format!("#a{n} = if_not_exists(#a{n}, :a{n})")).collect();
        let (mut names, mut values) = (std::collections::HashMap::new(), Attributes::new());
        for (n, (name, value)) in rest.into_iter().enumerate() {
            names.insert(format!("#a{n}"), name);
            values.insert(format!(":a{n}"), value);
        }
        Self { key, expression: format!("SET {}", sets.join(", ")), names, values }
    }
}

/// `dynamodb:PutItem`, and `dynamodb:UpdateItem` for [`Write::Ledger`] and [`Write::Ticket`].
///
/// - A thing with a version: must be new at version 0, otherwise as it was read; stored with one more.
/// - [`Write::MailIfNew`]: a put of its own on "must be new", before everything else; one that exists is
///   fine. A mail may so be owed although the rest of the commit is refused: use it for mails whose cause is
///   a fact already.
/// - [`Write::Ledger`], [`Write::Ticket`]: in the transaction, so that no movement of money is without its
///   cause. One of the same identity stays as it is.
/// - [`Write::Audit`], [`Write::Idempotency`]: must be new. A record whose time is over but which DynamoDB
///   has not deleted yet still counts.
/// - [`Write::SetupTime`]: replaces the list by `recent` with `seconds` added; two at once may lose one,
///   which an estimate can bear.
///
/// One write is one `PutItem` (or `UpdateItem`); several are one `TransactWriteItems`. Repeating a commit
/// whose answer was lost ends in `Conflict` at worst.
impl Commit for Store {
    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let steps: Vec<Step> = writes.iter().map(Step::of).collect::<Result<_, _>>()?;
        let (before, mut steps): (Vec<Step>, Vec<Step>) =
            steps.into_iter().partition(|step| step.how == How::KeepExistingBefore);
        check_together(&steps)?;
        for step in before {
            match self.write_one(step).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        match (steps.len(), steps.pop()) {
            (1, Some(only)) => self.write_one(only).await,
            (_, Some(last)) => {
                steps.push(last);
                self.write_together(steps).await
            }
            (_, None) => Ok(()),
        }
    }
}

/// What DynamoDB refuses of a transaction, said before anything is written.
fn check_together(steps: &[Step]) -> Result<(), StoreError> {
    if steps.len() > WRITES_MAX {
        let what = format!("{} writes in one commit, more than {WRITES_MAX}", steps.len());
        return Err(StoreError::Invalid { what });
    }
    let mut seen = HashSet::new();
    match steps.iter().map(|step| Key::of(&step.item)).find(|key| !seen.insert(key.clone())) {
        Some(twice) => Err(StoreError::Invalid { what: format!("{twice} is written twice in one commit") }),
        None => Ok(()),
    }
}

impl Store {
    async fn write_one(&self, step: Step) -> Result<(), StoreError> {
        if step.how == How::KeepExisting {
            let kept = Kept::of(step.item);
            let call = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(kept.key))
                .update_expression(kept.expression)
                .set_expression_attribute_names(Some(kept.names))
                .set_expression_attribute_values(Some(kept.values));
            return call.send().await.map(drop).map_err(|error| store_error("UpdateItem", error));
        }
        let (condition, value) = step.condition();
        let mut call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_condition_expression(condition.map(str::to_owned));
        if let Some((name, value)) = value {
            call = call.expression_attribute_values(name, value);
        }
        if let Some((name, attribute)) = step.condition_name() {
            call = call.expression_attribute_names(name, attribute);
        }
        call.set_item(Some(step.item)).send().await.map(drop).map_err(|error| store_error("PutItem", error))
    }

    async fn write_together(&self, steps: Vec<Step>) -> Result<(), StoreError> {
        let parts: Vec<TransactWriteItem> =
            steps.into_iter().map(|step| step.in_transaction(&self.table)).collect::<Result<_, _>>()?;
        let call = self.client.transact_write_items().set_transact_items(Some(parts));
        call.send().await.map(drop).map_err(transaction_error)
    }
}
