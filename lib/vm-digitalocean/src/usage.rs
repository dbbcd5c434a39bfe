//! What the account costs.

use app::ports::Account;
use http_call::cents;
use serde::Deserialize;

/// `GET /v2/customers/my/balance`: dollars as strings.
#[derive(Deserialize)]
pub(crate) struct Balance {
    /// What we owe; negative is credit. It does not hold this month's usage: `month_to_date_balance` is the sum of
    /// both, which is what tells its sign.
    #[serde(default, deserialize_with = "cents::dollars")]
    account_balance: Option<i64>,
    #[serde(default, deserialize_with = "cents::dollars")]
    month_to_date_usage: Option<i64>,
}

impl From<Balance> for Account {
    fn from(balance: Balance) -> Self {
        Self {
            balance_usd_cents: balance.account_balance.and_then(i64::checked_neg),
            pending_usd_cents: balance.month_to_date_usage,
        }
    }
}
