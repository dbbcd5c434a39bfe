//! A request: its parameters, and in which region it is meant.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use axum::response::Response;
use sha2::{Digest as _, Sha256};

use super::refused;

/// The most members of a list that are looked at.
const MEMBERS_MAX: usize = 1_000;

/// Who signed, and for which region: `AWS4-HMAC-SHA256 Credential=AKIA…/20261120/us-east-1/ec2/aws4_request, …`.
pub(super) struct Scope {
    pub(super) access_key_id: String,
    pub(super) region: String,
}

impl Scope {
    /// `service` is the one that has to be signed for. The signature itself is not checked.
    pub(super) fn of(headers: &HeaderMap, service: &str) -> Option<Self> {
        let signed = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let credential = signed.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
        let mut parts = credential.split('/');
        let (access_key_id, _day, region) = (parts.next()?, parts.next()?, parts.next()?);
        (parts.next()? == service)
            .then(|| Self { access_key_id: access_key_id.to_owned(), region: region.to_owned() })
    }
}

/// The parameters of one call, such as `Filter.1.Name`.
pub(super) struct Query {
    pub(super) region: String,
    parameters: BTreeMap<String, String>,
}

/// `Filter.N`: any of the values, which may hold `*` and `?`.
pub(super) struct Filter {
    pub(super) name: String,
    values: Vec<String>,
}

impl Query {
    pub(super) fn new(region: String, query: &str, body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes()).chain(url::form_urlencoded::parse(body));
        let parameters = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Self { region, parameters }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The text of a parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Box<Response>> {
        self.get(name).filter(|text| !text.is_empty()).ok_or_else(|| {
            Box::new(refused("MissingParameter", &format!("The request must contain the parameter {name}")))
        })
    }

    /// `InstanceId.1`, `InstanceId.2`, …
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        (1..=MEMBERS_MAX).map_while(|n| self.get(&format!("{name}.{n}"))).collect()
    }

    /// `TagSpecification.1`, … as prefixes, as far as something begins with them.
    pub(super) fn members(&self, name: &str) -> Vec<String> {
        let begins = |prefix: &String| {
            let dotted = format!("{prefix}.");
            self.parameters.range(dotted.clone()..).next().is_some_and(|(key, _)| key.starts_with(&dotted))
        };
        (1..=MEMBERS_MAX).map(|n| format!("{name}.{n}")).take_while(begins).collect()
    }

    pub(super) fn filters(&self) -> Vec<Filter> {
        let filter = |prefix: String| Filter {
            name: self.get(&format!("{prefix}.Name")).unwrap_or_default().to_owned(),
            values: self.list(&format!("{prefix}.Value")).into_iter().map(str::to_owned).collect(),
        };
        self.members("Filter").into_iter().map(filter).collect()
    }

    /// The same for the same parameters, the client token apart.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (name, value) in self.parameters.iter().filter(|(name, _)| *name != "ClientToken") {
            hash.update(format!("{}:{name}={}:{value};", name.len(), value.len()));
        }
        hex::encode(hash.finalize())
    }
}

impl Filter {
    /// Whether one of the values fits one of the texts.
    pub(super) fn fits<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        texts.into_iter().any(|text| self.values.iter().any(|value| fits(value.as_bytes(), text.as_bytes())))
    }
}

/// `*` is any characters, `?` is one.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    // Where the last star stood, and how much of the text it has taken.
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_knows_wildcards() {
        for (pattern, text, expected) in [
            ("ord_1", "ord_1", true),
            ("ord_1", "ord_12", false),
            ("*ord_1*", "nemordp ord_1 x", true),
            ("*ord_1", "nemordp ord_1 x", false),
            ("ord_?", "ord_1", true),
            ("ord_?", "ord_", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-", false),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn parameters_are_read_from_query_and_form() {
        let body =
            b"Filter.1.Name=tag%3Ax&Filter.1.Value.1=a&Filter.1.Value.2=b&InstanceId.1=i-1&ClientToken=t";
        let query = Query::new("us-east-1".into(), "Action=X&Version=1", body);
        assert_eq!((query.get("Action"), query.list("InstanceId")), (Some("X"), vec!["i-1"]));
        let filters = query.filters();
        assert!(filters.len() == 1 && filters[0].name == "tag:x" && filters[0].fits(["b"]));
        let other =
            Query::new("us-east-1".into(), "Action=X&Version=1&ClientToken=u", &body[..body.len() - 14]);
        assert_eq!(query.fingerprint(), other.fingerprint());
    }
}
