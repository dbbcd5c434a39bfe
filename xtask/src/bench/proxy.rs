//! Stands between the functions and the embedded AWS and keeps what each call was, so that calls can be counted.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::Context as _;
use serde_json::Value;

use super::wire::{self, Request};

/// One call of a function to AWS.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The service, `dynamodb`, `sqs`, …, as the signature names it.
    pub(crate) service: String,
    /// The operation, `GetItem`, …; of a form (SES) its action.
    pub(crate) operation: String,
    /// The access key it was signed with: each function has its own.
    pub(crate) caller: String,
    /// What was sent, if it was JSON.
    pub(crate) sent: Value,
}

/// The proxy; serves until this program ends.
pub(crate) struct Proxy {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Proxy {
    /// Listens on a free port and passes on to `upstream`, which need not listen yet.
    ///
    /// # Errors
    /// When no port is free.
    pub(crate) fn start(upstream: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
        let address = listener.local_addr()?;
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let kept = seen.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let kept = kept.clone();
                // A broken connection is the function's to retry, as it would be without us.
                thread::spawn(move || drop(pass(&client, upstream, &kept)));
            }
        });
        Ok(Self { address, seen })
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was called since the last time, oldest first.
    pub(crate) fn take(&self) -> Vec<Call> {
        let seen = self.seen.lock().map(|mut seen| std::mem::take(&mut *seen)).unwrap_or_default();
        seen.iter().map(call_of).collect()
    }
}

/// How often each operation of a service occurs, by its name.
pub(crate) fn count<'c>(calls: impl IntoIterator<Item = &'c Call>, service: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for call in calls.into_iter().filter(|call| call.service == service) {
        *counts.entry(call.operation.clone()).or_default() += 1;
    }
    counts
}

fn pass(client: &TcpStream, upstream: SocketAddr, seen: &Mutex<Vec<Request>>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let server = TcpStream::connect(upstream)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut from_server) = (BufReader::new(client), BufReader::new(&server));
    let (mut to_client, mut to_server) = (client, &server);
    while let Some(request) = wire::read_request(&mut from_client)? {
        to_server.write_all(&written(&request))?;
        // Read apart only when asked for: what passes must not wait for it.
        if let Ok(mut seen) = seen.lock() {
            seen.push(request);
        }
        let start = wire::read_line(&mut from_server)?;
        let status = start.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("no status in the answer"))?;
        let headers = wire::read_headers(&mut from_server)?;
        let body = wire::read_body(&mut from_server, &headers)?;
        let kept: Vec<_> = headers
            .iter()
            .filter(|(name, _)| !is_framing(name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        wire::write_response(&mut to_client, status, &kept, &body)?;
    }
    Ok(())
}

fn written(request: &Request) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.path).into_bytes();
    for (name, value) in request.headers.iter().filter(|(name, _)| !is_framing(name)) {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", request.body.len()).as_bytes());
    bytes.extend_from_slice(&request.body);
    bytes
}

fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding", "connection"].contains(&name)
}

fn call_of(request: &Request) -> Call {
    let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    // `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`
    let authorization = request.header("authorization").unwrap_or_default();
    let credential = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
    let mut parts = credential.split('/');
    let caller = parts.next().unwrap_or_default().to_owned();
    let service = parts.nth(2).unwrap_or_default().to_owned();
    let form = String::from_utf8_lossy(&request.body);
    let operation = match request.header("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or_default(),
        None => form.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default(),
    };
    Call { service, operation: operation.to_owned(), caller, sent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)], body: &str) -> Request {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request { method: "POST".into(), path: "/".into(), headers, body: body.into() }
    }

    #[test]
    fn a_call_is_known_by_its_signature_and_its_target() {
        let signed =
            "AWS4-HMAC-SHA256 Credential=ASIA1/20261120/us-east-1/dynamodb/aws4_request, SignedHeaders=host";
        let headers = [("authorization", signed), ("x-amz-target", "DynamoDB_20120810.GetItem")];
        let call = call_of(&request(&headers, "{}"));
        assert_eq!((call.service.as_str(), call.operation.as_str()), ("dynamodb", "GetItem"));
        assert_eq!(call.caller, "ASIA1");
        assert_eq!(call_of(&request(&[], "Action=SendRawEmail&Version=1")).operation, "SendRawEmail");
    }
}
