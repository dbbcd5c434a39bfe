//! The sparse index of what somebody has to look at: an item is in it exactly while it needs that.

use app::ports::{ReadWork, StoreError, WorkKind};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;

use crate::Store;
use crate::keys::{self, Key};
use crate::list::{checked, gather};

/// The longest list of what is due.
const LISTED_MAX: u16 = 1_000;

impl ReadWork for Store {
    /// At most 1,000 at once. What is listed under which kind, and when it is due, stands with each item's
    /// `work`: open payments and refunds by `next_check_at`, unsettled orders since they last moved on, pending
    /// mails by `next_at`, commands since they were accepted, events since they came in, unknown attempts since
    /// they were left behind.
    async fn due(&self, kind: WorkKind, now: Timestamp, limit: u16) -> Result<Vec<String>, StoreError> {
        let limit = checked(limit, LISTED_MAX)?;
        let until = keys::work(kind, now);
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(keys::WORK)
            .key_condition_expression("wpk = :kind AND wsk <= :now")
            .expression_attribute_values(":kind", AttributeValue::S(until.partition))
            .expression_attribute_values(":now", AttributeValue::S(until.sort))
            .projection_expression("pk, sk");
        let (items, _) = gather(query, usize::from(limit)).await?;
        let id = |key: Key| {
            keys::id_of_work(kind, &key).ok_or_else(|| StoreError::Corrupt {
                key: key.to_string(),
                what: format!("listed as {kind:?}"),
            })
        };
        items.iter().map(|item| id(Key::of(item))).collect()
    }
}
