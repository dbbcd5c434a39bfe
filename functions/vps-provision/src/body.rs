//! The bodies of requests.

use std::fmt;

use app::trading::PlaceVps;
use domain::ids::InstanceId;
use lambda_kit::{Caller, Problem, fingerprint};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The body of `POST`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVps {
    #[serde(deserialize_with = "word")]
    mt5_account_id: String,
    #[serde(default)]
    vps_name: Option<String>,
    #[serde(default)]
    provider: Option<String>,
    region: String,
    plan: String,
    #[serde(deserialize_with = "word")]
    os_id: String,
}

impl NewVps {
    pub(crate) fn wish(self, staff: Caller, key: String, request_id: String) -> Result<PlaceVps, Problem> {
        let request_hash = fingerprint(&self)?;
        Ok(PlaceVps {
            staff: staff.customer,
            email: staff.email,
            mt5_account_id: self.mt5_account_id,
            vps_name: self.vps_name,
            provider: self.provider,
            region: self.region,
            plan: self.plan,
            os_id: self.os_id,
            key,
            request_hash,
            request_id,
        })
    }
}

/// The body of `PATCH`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneVps {
    pub(crate) vps_id: InstanceId,
}

/// A text, or a whole number as its digits: programs send the numbers of accounts and images either way.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct WordVisitor;
    impl Visitor<'_> for WordVisitor {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a whole number")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    deserializer.deserialize_any(WordVisitor)
}
