//! What has been used and what it costs.

use app::ports::{Account, Traffic};
use domain::Timestamp;
use http_call::{cents, lenient};
use jiff::tz::TimeZone;
use serde::Deserialize;

/// `GET /v4/account`: dollars as numbers.
#[derive(Deserialize)]
pub(crate) struct AccountBody {
    /// What we owe; negative is credit.
    #[serde(default, deserialize_with = "cents::dollars")]
    balance: Option<i64>,
    #[serde(default, deserialize_with = "cents::dollars")]
    balance_uninvoiced: Option<i64>,
}

impl From<AccountBody> for Account {
    fn from(account: AccountBody) -> Self {
        Self {
            balance_usd_cents: account.balance.and_then(i64::checked_neg),
            pending_usd_cents: account.balance_uninvoiced,
        }
    }
}

/// `GET …/transfer`: what a machine has sent in this month so far.
#[derive(Deserialize)]
pub(crate) struct Transfer {
    /// Bytes, unlike the quota beside it, which is in GB.
    #[serde(default, deserialize_with = "lenient::count")]
    used: u64,
}

impl Transfer {
    /// One entry for the whole month so far, on the day of `now`. What comes in is not counted there.
    pub(crate) fn until(&self, now: Timestamp) -> Vec<Traffic> {
        let day = now.to_zoned(TimeZone::UTC).date().to_string();
        vec![Traffic { day, incoming_bytes: 0, outgoing_bytes: self.used }]
    }
}
