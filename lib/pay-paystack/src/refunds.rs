//! The refunds of one transaction, out of the list of all.

use app::ports::{GatewayError, RefundState};
use domain::payment::GatewayTransaction;
use jiff::SignedDuration;
use serde::Deserialize;

use crate::client::{Client, envelope};
use crate::failure::{self, Names};
use crate::lenient;
use crate::wire::Refund;

/// Refunds per page.
const PER_PAGE: &str = "100";
/// Pages that are looked through at most.
const PAGES_MAX: i64 = 20;

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default, rename = "pageCount", deserialize_with = "lenient::integer")]
    page_count: Option<i64>,
}

/// The refunds of `transaction`, newest first.
///
/// The OpenAPI file knows only paging and dates as filters; the documentation page adds `transaction`. So the
/// filter is sent, never trusted: every refund made since the payment is compared here. A list too long to
/// look through to its end is no proof that there is none, and therefore no answer.
///
/// # Errors
/// [`GatewayError`]; `Unclear` for a list beyond 20 pages.
pub(crate) async fn of(
    client: &Client,
    transaction: &GatewayTransaction,
) -> Result<Vec<RefundState>, GatewayError> {
    // A day of slack, for clocks and for the meaning of `from`.
    let from = transaction.paid_at.and_then(|at| at.checked_sub(SignedDuration::from_hours(24)).ok());
    let from = from.map(|at| at.to_string());
    let mut found = Vec::new();
    for page in 1..=PAGES_MAX {
        let page_text = page.to_string();
        let mut query = vec![
            ("transaction", transaction.id.as_str()),
            ("perPage", PER_PAGE),
            ("page", page_text.as_str()),
        ];
        query.extend(from.as_deref().map(|from| ("from", from)));
        let answer = client.get(&["refund"], &query).await?;
        let envelope = envelope(&answer, Names::Nothing)?;
        let listed: Vec<Refund> =
            serde_json::from_value(envelope.data).map_err(|error| GatewayError::Unclear {
                what: format!("{} that does not read as a list of refunds", answer.outline()),
                source: Some(Box::new(error)),
            })?;
        let empty = listed.is_empty();
        found.extend(listed.into_iter().filter(|refund| refund.is_of(transaction)));
        let meta: Meta = serde_json::from_value(envelope.meta).unwrap_or_default();
        if empty || meta.page_count.is_some_and(|count| page >= count) {
            return newest_first(found);
        }
    }
    Err(GatewayError::Unclear { what: format!("more than {PAGES_MAX} pages of refunds"), source: None })
}

fn newest_first(mut found: Vec<Refund>) -> Result<Vec<RefundState>, GatewayError> {
    // Stable: where times are missing or equal, the gateway's own order stays.
    found.sort_by_key(|refund| std::cmp::Reverse(refund.made_at()));
    let state = |refund: Refund| {
        let status = refund.status();
        let id = refund.id.ok_or_else(|| failure::lacking("id"))?;
        let amount_minor = refund.amount.ok_or_else(|| failure::lacking("amount"))?;
        Ok(RefundState { id, status, amount_minor })
    };
    found.into_iter().map(state).collect()
}
