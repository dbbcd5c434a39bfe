//! The sparse index of what is rented: a desktop is in it exactly while it records a machine and is neither
//! terminated nor failed.

use app::ports::{Page, ReadRented, StoreError};
use domain::catalogue::Provider;
use domain::ids::InstanceId;
use domain::instance::Instance;

use crate::Store;
use crate::keys;
use crate::list::{checked, gather};
use crate::row::{Attributes, decode};

/// The longest page. Desktops are a few hundred bytes each, so it is one answer of DynamoDB.
const PAGE_MAX: u16 = 1_000;

impl ReadRented for Store {
    /// The cursor is the id of the last desktop of the page before, checked to be one; it is looked for only among
    /// this provider's. One desktop more than the page is read, so that the last page says that it is the last. The
    /// next cursor is read from the key, so that an item that does not read back ends no listing.
    async fn rented(
        &self,
        provider: Provider,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Result<Instance, StoreError>>, StoreError> {
        let limit = usize::from(checked(limit, PAGE_MAX)?);
        let query = self.query(keys::instances_rented_at(provider), ["gsi2pk", "gsi2sk"]);
        let mut query = query.index_name(keys::RENTED);
        if let Some(cursor) = after {
            let id: InstanceId = cursor.parse().map_err(|_| StoreError::BadCursor)?;
            let mut start = Attributes::from(keys::instance_rented_at(provider, id).in_rented());
            start.extend(keys::instance(id).primary()?);
            query = query.set_exclusive_start_key(Some(start));
        }
        let (items, ended) = gather(query, limit + 1).await?;
        let more = items.len() > limit || !ended;
        let last = items[..items.len().min(limit)].last().filter(|_| more);
        let next = last.and_then(|item| item.get("gsi2sk")).and_then(|id| id.as_s().ok()).cloned();
        Ok(Page { items: items.into_iter().take(limit).map(decode).collect(), next })
    }
}
