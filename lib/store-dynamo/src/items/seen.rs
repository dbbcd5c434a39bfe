//! [`Seen`]

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::inventory::Seen;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::{Bytes, StoredTime};
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct SeenItem {
    provider: Provider,
    listing: u64,
    run: u16,
    /// Eight bytes each, the most significant first.
    marks: Bytes,
    seen_until: StoredTime,
}

impl From<&Seen> for SeenItem {
    fn from(seen: &Seen) -> Self {
        Self {
            provider: seen.provider,
            listing: seen.listing,
            run: seen.run,
            marks: Bytes(seen.marks.iter().flat_map(|mark| mark.to_be_bytes()).collect()),
            seen_until: seen.expires_at.into(),
        }
    }
}

impl From<SeenItem> for Seen {
    fn from(item: SeenItem) -> Self {
        let eight = |bytes: &[u8]| bytes.iter().fold(0, |mark: u64, byte| mark << 8 | u64::from(*byte));
        Self {
            provider: item.provider,
            listing: item.listing,
            run: item.run,
            marks: item.marks.0.chunks_exact(8).map(eight).collect(),
            expires_at: item.seen_until.into(),
        }
    }
}

impl Thing for Seen {
    type Item = SeenItem;

    fn key(&self) -> Key {
        keys::seen(self.provider, self.listing, self.run)
    }

    fn version(&self) -> Option<u64> {
        None
    }

    fn forgotten_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
