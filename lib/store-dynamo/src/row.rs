//! From a thing to the item that stores it, and back.

use std::collections::HashMap;

use app::ports::{StoreError, WorkKind};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use domain::customer::CustomerId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{self, Key};

pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// The attribute that counts the writes of a thing; the optimistic lock.
pub(crate) const VERSION: &str = "version";
/// The attribute that says which schema an item follows.
const SCHEMA: &str = "v";

/// Something that is stored as one item.
///
/// The item is a struct of its own, private to this crate, so that a change to the domain type is no
/// accident in the table. Its fields are types that check what they read (ids, times, words of an enum), so
/// an item that was read whole is a sound thing, and turning the one into the other cannot fail.
pub(crate) trait Thing: Sized + From<Self::Item> {
    /// The stored form.
    type Item: Serialize + DeserializeOwned + for<'a> From<&'a Self>;

    /// The newest schema that this program writes and reads, from 1.
    const SCHEMA: u16 = 1;

    /// Where it stands.
    fn key(&self) -> Key;

    /// Which write it was read at; `None` for what is written once.
    fn version(&self) -> Option<u64>;

    /// Whose listing it stands in, and where.
    fn in_by_customer(&self) -> Option<Key> {
        None
    }

    /// Among which provider's rented machines it stands, and where.
    fn in_rented(&self) -> Option<Key> {
        None
    }

    /// As which work it stands in the work index, and when that is due.
    fn work(&self) -> Option<(WorkKind, Timestamp)> {
        None
    }

    /// When it may be forgotten. DynamoDB deletes it some time after that, at most days later.
    fn forgotten_at(&self) -> Option<Timestamp> {
        None
    }
}

/// The item that stores a thing, with its place in the indexes; a versioned one counts one write more.
///
/// # Errors
/// `Invalid` for a value that cannot be stored: a key too long, a time before the year 0.
pub(crate) fn encode<T: Thing>(thing: &T) -> Result<Attributes, StoreError> {
    let invalid = |what: String| StoreError::Invalid { what };
    let mut item: Attributes = serde_dynamo::to_item(T::Item::from(thing))
        .map_err(|error| invalid(format!("{}: {error}", thing.key())))?;
    // An absent value is an absent attribute: a null would still take part in an index.
    item.retain(|_, value| !value.is_null());
    item.extend(thing.key().primary()?);
    item.extend(thing.in_by_customer().into_iter().flat_map(Key::in_by_customer));
    item.extend(thing.in_rented().into_iter().flat_map(Key::in_rented));
    item.extend(thing.work().into_iter().flat_map(|(kind, due)| keys::work(kind, due).in_work()));
    item.insert(SCHEMA.to_owned(), number(T::SCHEMA));
    if let Some(seen) = thing.version() {
        item.insert(VERSION.to_owned(), number(seen.saturating_add(1)));
    }
    if let Some(at) = thing.forgotten_at() {
        item.insert(keys::TIME_TO_LIVE.to_owned(), number(at.as_second()));
    }
    Ok(item)
}

/// The thing that an item stores.
///
/// # Errors
/// `Corrupt` when it is of a newer schema, when a field is missing or does not read, or when the item does
/// not stand where the thing in it belongs.
pub(crate) fn decode<T: Thing>(item: Attributes) -> Result<T, StoreError> {
    let key = Key::of(&item);
    let corrupt = |what: String| StoreError::Corrupt { key: key.to_string(), what };
    let schema = item.get(SCHEMA).and_then(|v| v.as_n().ok()).and_then(|n| n.parse::<u64>().ok());
    match schema {
        Some(schema) if schema == u64::from(T::SCHEMA) => {}
        Some(schema) if schema > u64::from(T::SCHEMA) => {
            return Err(corrupt(format!("{SCHEMA}: schema {schema} is newer than this program")));
        }
        _ => return Err(corrupt(format!("{SCHEMA}: no schema that was ever written"))),
    }
    // The conversion below panics on a type of attribute that the SDK does not know.
    if !item.values().all(is_known) {
        return Err(corrupt("an attribute of an unknown type".to_owned()));
    }
    let map = serde_dynamo::AttributeValue::M(serde_dynamo::Item::from(item).into_inner());
    let reader = serde_dynamo::Deserializer::from_attribute_value(map);
    let item: T::Item = serde_path_to_error::deserialize(reader)
        .map_err(|error| corrupt(format!("{}: {}", error.path(), error.inner())))?;
    let thing = T::from(item);
    if thing.key() == key { Ok(thing) } else { Err(corrupt(format!("it holds {}", thing.key()))) }
}

fn is_known(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::M(map) => map.values().all(is_known),
        AttributeValue::L(list) => list.iter().all(is_known),
        other => !other.is_unknown(),
    }
}

/// A number as DynamoDB takes it.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The place of a thing in its customer's listing, for a listing that pages by the thing's id.
pub(crate) trait Listed: Thing {
    /// Its id.
    type Id: std::str::FromStr + ToString + Copy;

    /// The listing: a partition of `by_customer` and the beginning of the sort keys.
    fn listing(customer: &CustomerId) -> Key;

    /// Its place there.
    fn place(customer: &CustomerId, id: Self::Id) -> Key;

    /// Its key in the table, from its id alone.
    fn key_of(id: Self::Id) -> Key;

    /// Its id.
    fn id(&self) -> Self::Id;
}
