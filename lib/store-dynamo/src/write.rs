//! What each kind of write becomes: an item, and on what condition it is written.

use std::collections::HashMap;

use app::ports::{StoreError, Write};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::eta;

use crate::items::SetupTimes;
use crate::keys::Key;
use crate::row::{Attributes, Thing, VERSION, encode, number};

/// On what condition an item is written.
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

/// One item to be written.
pub(crate) struct Step {
    item: Attributes,
    how: How,
}

impl Step {
    fn new(thing: &impl Thing, how: How) -> Result<Self, StoreError> {
        Ok(Self { item: encode(thing)?, how })
    }

    /// A thing that counts its writes: new at version 0, otherwise as it was read.
    fn versioned(thing: &impl Thing) -> Result<Self, StoreError> {
        match thing.version() {
            Some(0) | None => Self::new(thing, How::IfNew),
            Some(seen) => Self::new(thing, How::IfUnchanged(seen)),
        }
    }

    /// What the ports promise for each kind of write.
    pub(crate) fn of(write: &Write) -> Result<Self, StoreError> {
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
            Write::Circuit(circuit) => Self::versioned(circuit),
            Write::Availability(said) => Self::versioned(said),
            Write::TradingAccount(account) => Self::versioned(account),
            Write::Inventory(inventory) => Self::versioned(inventory.as_ref()),
            Write::Seen(seen) => Self::new(seen, How::IfNew),
            Write::MailIfNew(mail) => Self::new(mail, How::KeepExistingBefore),
            Write::Ledger(entry) => Self::new(entry, How::KeepExisting),
            Write::Audit(entry) => Self::new(entry, How::IfNew),
            Write::Idempotency(record) => Self::new(record, How::IfNew),
            Write::Ticket(ticket) => Self::new(ticket, How::KeepExisting),
            Write::SetupTime { plan, os, seconds, recent } => {
                let mut recent = recent.clone();
                eta::remember(&mut recent, *seconds);
                Self::new(&SetupTimes { plan: *plan, os: *os, recent }, How::Always)
            }
        }
    }

    /// Whether it goes out by itself, before the others.
    pub(crate) fn goes_before(&self) -> bool {
        self.how == How::KeepExistingBefore
    }

    /// Which item it writes.
    pub(crate) fn key(&self) -> Key {
        Key::of(&self.item)
    }

    /// As DynamoDB takes it.
    pub(crate) fn into_request(self) -> Request {
        let put = |item, condition: &str, names, values| {
            Request::Put(Some(Expression { text: condition.to_owned(), names, values }), item)
        };
        match self.how {
            How::IfNew | How::KeepExistingBefore => {
                put(self.item, "attribute_not_exists(pk)", HashMap::new(), Attributes::new())
            }
            How::IfUnchanged(seen) => put(
                self.item,
                "#version = :seen",
                [("#version".to_owned(), VERSION.to_owned())].into(),
                [(":seen".to_owned(), number(seen))].into(),
            ),
            How::Always => Request::Put(None, self.item),
            How::KeepExisting => Request::keeping(self.item),
        }
    }
}

/// What the placeholders of an expression stand for: attribute names.
type Names = HashMap<String, String>;

/// An expression with its placeholders.
pub(crate) struct Expression {
    pub(crate) text: String,
    names: Names,
    values: Attributes,
}

impl Expression {
    /// The placeholders, `None` where there are none: DynamoDB refuses an empty map.
    pub(crate) fn placeholders(self) -> (Option<Names>, Option<Attributes>) {
        (Some(self.names).filter(|map| !map.is_empty()), Some(self.values).filter(|map| !map.is_empty()))
    }
}

/// One write as DynamoDB takes it, alone or in a transaction.
pub(crate) enum Request {
    /// Puts an item, on a condition if there is one.
    Put(Option<Expression>, Attributes),
    /// Updates the item of this key.
    Update(Expression, Attributes),
}

impl Request {
    /// An update that gives the item only the attributes that it does not have.
    fn keeping(item: Attributes) -> Self {
        let (key, rest): (Attributes, Attributes) =
            item.into_iter().partition(|(name, _)| matches!(name.as_str(), "pk" | "sk"));
        let (mut sets, mut names, mut values) = (Vec::new(), HashMap::new(), Attributes::new());
        for (n, (name, value)) in rest.into_iter().enumerate() {
            sets.push(format!("#a{n} = if_not_exists(#a{n}, :a{n})"));
            names.insert(format!("#a{n}"), name);
            values.insert(format!(":a{n}"), value);
        }
        Self::Update(Expression { text: format!("SET {}", sets.join(", ")), names, values }, key)
    }

    /// As part of a transaction on `table`.
    pub(crate) fn in_transaction(self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let part = TransactWriteItem::builder();
        let built = match self {
            Self::Put(condition, item) => {
                let mut put = Put::builder().table_name(table).set_item(Some(item));
                if let Some(condition) = condition {
                    put = put.condition_expression(&condition.text);
                    let (names, values) = condition.placeholders();
                    put = put.set_expression_attribute_names(names).set_expression_attribute_values(values);
                }
                put.build().map(|put| part.put(put))
            }
            Self::Update(update, key) => {
                let builder = Update::builder().table_name(table).update_expression(&update.text);
                let (names, values) = update.placeholders();
                let builder =
                    builder.set_expression_attribute_names(names).set_expression_attribute_values(values);
                builder.set_key(Some(key)).build().map(|update| part.update(update))
            }
        };
        built.map(|part| part.build()).map_err(|error| StoreError::Invalid { what: error.to_string() })
    }
}
