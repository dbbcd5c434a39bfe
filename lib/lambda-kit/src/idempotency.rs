//! Requests that may be sent again: the header that names one, and what its body means.

use lambda_http::Request;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::input::header;
use crate::problem::Problem;

/// The `Idempotency-Key` header.
///
/// # Errors
/// 400 when it is missing or not 1 to 255 visible ASCII characters.
pub fn idempotency_key(request: &Request) -> Result<String, Problem> {
    let key = header(request, "idempotency-key").map(str::trim).unwrap_or_default();
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(key.to_owned())
    } else {
        let rule =
            "Send an Idempotency-Key header of 1 to 255 visible ASCII characters, new for each purchase.";
        Err(Problem::invalid_request("Idempotency-Key", rule))
    }
}

/// SHA-256, in hex, of what a body means, not of how it was written: another order of the same fields is the same
/// request.
///
/// # Errors
/// 400 when it cannot be written as JSON.
pub fn fingerprint(body: &impl Serialize) -> Result<String, Problem> {
    let canonical = serde_json::to_vec(body).map_err(|e| Problem::malformed_json(e.to_string()))?;
    let digest = Sha256::digest(canonical);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
