//! Signed calls to the embedded AWS. Source: AWS Signature Version 4, "Create a signed AWS API request".

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::http::{self, Answer};

/// Whose calls these are.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    /// Of temporary credentials.
    pub(crate) session_token: Option<String>,
    pub(crate) region: String,
}

/// A request to a service, before it is signed. `path` holds no character that would have to be encoded.
pub(crate) struct Unsigned<'a> {
    pub(crate) service: &'a str,
    pub(crate) endpoint: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) content_type: &'a str,
    /// The operation, for the services that take it in a header.
    pub(crate) target: Option<&'a str>,
    pub(crate) body: &'a str,
}

impl Signer {
    /// Signs and sends.
    #[track_caller]
    pub(crate) fn send(&self, request: &Unsigned<'_>) -> Answer {
        let host = request.endpoint.trim_start_matches("http://");
        #[expect(clippy::disallowed_methods, reason = "a signature is good for minutes around the real time")]
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = &now[..8];
        let mut headers = vec![("content-type", request.content_type), ("host", host), ("x-amz-date", &now)];
        if let Some(token) = &self.session_token {
            headers.push(("x-amz-security-token", token));
        }
        if let Some(target) = request.target {
            headers.push(("x-amz-target", target));
        }
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let hash = hex::encode(Sha256::digest(request.body));
        let canonical = format!("{}\n{}\n\n{lines}\n{names}\n{hash}", request.method, request.path);
        let scope = format!("{day}/{}/{}/aws4_request", self.region, request.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
        let first = format!("AWS4{}", self.secret_key);
        let key = [day, &self.region, request.service, "aws4_request"]
            .iter()
            .fold(first.into_bytes(), |key, part| mac(&key, part));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            self.access_key,
            hex::encode(mac(&key, &to_sign))
        );
        headers.retain(|(name, _)| *name != "host");
        headers.push(("authorization", &authorization));
        let url = format!("{}{}", request.endpoint, request.path);
        http::call(request.method, &url, &headers, Some(request.body))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
