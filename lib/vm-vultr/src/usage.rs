//! What has been used and what it costs.

use std::collections::BTreeMap;

use app::ports::{Account, Traffic};
use http_call::{cents, lenient};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct OneAccount {
    account: AccountBody,
}

#[derive(Deserialize)]
struct AccountBody {
    #[serde(default, deserialize_with = "cents::dollars")]
    balance: Option<i64>,
    #[serde(default, deserialize_with = "cents::dollars")]
    pending_charges: Option<i64>,
}

impl From<OneAccount> for Account {
    fn from(one: OneAccount) -> Self {
        // Theirs is what we owe: a negative balance is credit.
        let balance_usd_cents = one.account.balance.and_then(i64::checked_neg);
        Self { balance_usd_cents, pending_usd_cents: one.account.pending_charges }
    }
}

/// Traffic by UTC day.
#[derive(Deserialize)]
pub(crate) struct Bandwidth {
    #[serde(deserialize_with = "days")]
    bandwidth: BTreeMap<String, Day>,
}

#[derive(Deserialize)]
struct Day {
    #[serde(default, deserialize_with = "lenient::count")]
    incoming_bytes: u64,
    #[serde(default, deserialize_with = "lenient::count")]
    outgoing_bytes: u64,
}

/// Days by date; an empty list where no day has been counted yet.
fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Day>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Array(none) if none.is_empty() => Ok(BTreeMap::new()),
        days => serde_json::from_value(days).map_err(serde::de::Error::custom),
    }
}

impl From<Bandwidth> for Vec<Traffic> {
    /// Oldest day first. What is named by no date is left out.
    fn from(found: Bandwidth) -> Self {
        let traffic = |(day, count): (String, Day)| Traffic {
            day,
            incoming_bytes: count.incoming_bytes,
            outgoing_bytes: count.outgoing_bytes,
        };
        let dated = |(day, _): &(String, Day)| day.parse::<Date>().is_ok_and(|date| date.to_string() == *day);
        found.bandwidth.into_iter().filter(dated).map(traffic).collect()
    }
}
