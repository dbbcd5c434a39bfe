//! The state in one DynamoDB table: what `app`'s store ports promise, kept by conditions and transactions.
//!
//! The table has string keys `pk` and `sk`, the index `by_customer` (`gsi1pk`, `gsi1sk`), the sparse indexes
//! `rented` (`gsi2pk`, `gsi2sk`) and `work` (`wpk`, `wsk`), all projecting everything, and `expires_at` (epoch
//! seconds) as its time-to-live attribute. `keys` alone spells keys; `docs/data-model.md` lists the access patterns.
//!
//! Every item carries `v`, the version of its schema: an item of a newer schema is refused rather than
//! half-read, and one that does not read back is [`StoreError::Corrupt`](app::ports::StoreError), never a
//! panic. There is no scan and no unbounded read.

mod commit;
mod errors;
mod health;
mod items;
mod keys;
mod list;
mod parts;
mod read;
mod rented;
mod row;
mod work;
mod write;

use aws_sdk_dynamodb::Client;

/// The table. Cheap to clone.
///
/// One type implements every store port; a function's bounds name the ports it uses, and its policy grants
/// the actions that those name.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// A store over a ready client, which brings its timeouts and retries, and the name of the table.
    pub const fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}
