//! Listings: a customer's things page by page, and what the partition of an order or a desktop holds.

use app::ports::{
    AuditEntry, Page, ReadAttempts, ReadAudit, ReadAvailability, ReadCircuits, ReadInstances, ReadInventory,
    ReadLedger, ReadOrders, ReadSeen, Rows, StoreError,
};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::availability::Availability;
use domain::catalogue::Provider;
use domain::circuit::Circuit;
use domain::create::Attempt;
use domain::customer::CustomerId;
use domain::ids::{InstanceId, OrderId};
use domain::instance::Instance;
use domain::inventory::{Inventory, Seen};
use domain::ledger::LedgerEntry;
use domain::order::Order;

use crate::Store;
use crate::errors::store_error;
use crate::keys::{self, Key};
use crate::row::{Attributes, Listed, Thing, decode};

/// The longest page of a customer's listing.
const PAGE_MAX: u16 = 100;
/// How many answers (of up to 1 MB) one read of a partition may take.
const ANSWERS_MAX: usize = 16;

impl ReadOrders for Store {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.get(keys::order(id)).await
    }

    async fn orders_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Order>, StoreError> {
        self.page(customer, limit, after).await
    }
}

impl ReadInstances for Store {
    async fn instance(&self, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        self.get(keys::instance(id)).await
    }

    async fn instances_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Instance>, StoreError> {
        self.page(customer, limit, after).await
    }
}

impl ReadAttempts for Store {
    async fn attempts(&self, order: OrderId) -> Result<Vec<Attempt>, StoreError> {
        self.whole(keys::attempts_of(order)).await
    }
}

impl ReadLedger for Store {
    async fn ledger(&self, order: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.whole(keys::ledger_of(order)).await
    }
}

impl ReadCircuits for Store {
    async fn circuits(&self, provider: Provider) -> Result<Rows<Circuit>, StoreError> {
        self.rows(keys::circuits_of(provider)).await
    }
}

impl ReadAvailability for Store {
    async fn availability(&self) -> Result<Rows<Availability>, StoreError> {
        self.rows(keys::availabilities()).await
    }
}

impl ReadInventory for Store {
    async fn inventories(&self) -> Result<Rows<Inventory>, StoreError> {
        self.rows(keys::inventories()).await
    }
}

impl ReadSeen for Store {
    async fn seen(&self, provider: Provider, listing: u64) -> Result<Vec<Seen>, StoreError> {
        self.whole(keys::seen_of(provider, listing)).await
    }
}

impl ReadAudit for Store {
    async fn audit(&self, instance: InstanceId, limit: u16) -> Result<Vec<AuditEntry>, StoreError> {
        let wanted = usize::from(checked(limit, PAGE_MAX)?);
        let query = self.query(keys::audit_of(instance), ["pk", "sk"]);
        let query = query.scan_index_forward(false).consistent_read(true);
        let (items, _) = gather(query, wanted).await?;
        items.into_iter().map(decode).collect()
    }
}

impl Store {
    /// A query for what stands at a partition under sort keys of one beginning; an empty one means all of it.
    pub(crate) fn query(&self, place: Key, [partition, sort]: [&str; 2]) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .expression_attribute_names("#partition", partition)
            .expression_attribute_values(":partition", AttributeValue::S(place.partition));
        // DynamoDB takes no empty text in a key condition.
        if place.sort.is_empty() {
            return query.key_condition_expression("#partition = :partition");
        }
        query
            .key_condition_expression("#partition = :partition AND begins_with(#sort, :beginning)")
            .expression_attribute_names("#sort", sort)
            .expression_attribute_values(":beginning", AttributeValue::S(place.sort))
    }

    /// A page of a customer's things, newest first.
    ///
    /// The cursor is the id of the last thing of the page before. It is checked to be an id of the listed
    /// kind and is looked for only among the customer's own, so that any other id is a point in time and
    /// opens nothing. One item more than the page is read, so that the last page says that it is the last.
    /// The index lags a little behind the table.
    async fn page<T: Listed>(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<T>, StoreError> {
        let limit = usize::from(checked(limit, PAGE_MAX)?);
        let mut query = self.query(T::listing(customer), ["gsi1pk", "gsi1sk"]);
        query = query.index_name(keys::BY_CUSTOMER).scan_index_forward(false);
        if let Some(cursor) = after {
            let id: T::Id = cursor.parse().map_err(|_| StoreError::BadCursor)?;
            let mut start = Attributes::from(T::place(customer, id).in_by_customer());
            start.extend(T::key_of(id).primary()?);
            query = query.set_exclusive_start_key(Some(start));
        }
        let (items, ended) = gather(query, limit + 1).await?;
        let more = items.len() > limit || !ended;
        let things: Vec<T> = items.into_iter().take(limit).map(decode).collect::<Result<_, _>>()?;
        let next = things.last().filter(|_| more).map(|last| last.id().to_string());
        Ok(Page { items: things, next })
    }

    /// Everything under one beginning of a partition; `Corrupt` when any of it does not read back.
    async fn whole<T: Thing>(&self, place: Key) -> Result<Vec<T>, StoreError> {
        self.rows(place).await?.into_iter().collect()
    }

    /// Everything under one beginning of a partition, in key order, strongly consistent.
    ///
    /// # Errors
    /// `Invalid` rather than a part of it, when it is more than a program should hold: half a ledger would
    /// be a wrong balance.
    async fn rows<T: Thing>(&self, place: Key) -> Result<Rows<T>, StoreError> {
        let name = place.to_string();
        let query = self.query(place, ["pk", "sk"]).consistent_read(true);
        match gather(query, usize::MAX).await? {
            (items, true) => Ok(items.into_iter().map(decode).collect()),
            (_, false) => {
                Err(StoreError::Invalid { what: format!("{name} holds too much to be read at once") })
            }
        }
    }
}

/// Follows a query until it has `wanted` items or has come to its end; at most [`ANSWERS_MAX`] answers. Also
/// returns whether the end was reached.
pub(crate) async fn gather(
    query: QueryFluentBuilder,
    wanted: usize,
) -> Result<(Vec<Attributes>, bool), StoreError> {
    let mut items: Vec<Attributes> = Vec::new();
    let mut start = query.get_exclusive_start_key().clone();
    for _ in 0..ANSWERS_MAX {
        let missing = wanted.saturating_sub(items.len());
        let mut call = query.clone().set_exclusive_start_key(start);
        if let Ok(limit) = i32::try_from(missing) {
            call = call.limit(limit);
        }
        let answer = call.send().await.map_err(|error| store_error("Query", error))?;
        items.extend(answer.items.unwrap_or_default());
        start = answer.last_evaluated_key;
        if start.is_none() {
            return Ok((items, true));
        }
        if items.len() >= wanted {
            break;
        }
    }
    Ok((items, false))
}

/// A page length between 1 and `max`.
pub(crate) fn checked(limit: u16, max: u16) -> Result<u16, StoreError> {
    if (1..=max).contains(&limit) {
        Ok(limit)
    } else {
        Err(StoreError::Invalid { what: format!("a page of {limit}, not of 1 to {max}") })
    }
}
