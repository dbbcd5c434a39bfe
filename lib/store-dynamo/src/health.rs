//! Whether the table answers, and the connection that a function opens before its first request.

use app::ports::{CheckStore, StoreError};

use crate::Store;
use crate::errors::store_error;
use crate::keys;

impl CheckStore for Store {
    async fn check(&self) -> Result<(), StoreError> {
        let key = keys::nothing().primary()?.into_iter().collect();
        let call = self.client.get_item().table_name(&self.table).set_key(Some(key));
        call.send().await.map(drop).map_err(|error| store_error("GetItem", error))
    }
}

impl Store {
    /// Opens the connection while the function starts: CPU is not throttled then, and the first request finds
    /// it open. A failure is left to that request. Needs no permission: a refused read opens it as well.
    pub async fn warm_up(&self) {
        if let Err(error @ StoreError::Unavailable { .. }) = self.check().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the table did not answer at start-up");
        }
    }
}
