//! A scripted HTTP peer: answers what it was told to, in order, and remembers what it was asked.

#![allow(clippy::expect_used, reason = "a test double fails loudly")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One answer of the script.
pub enum Reply {
    /// A status, headers and a body.
    Text(u16, Vec<(&'static str, &'static str)>, String),
    /// Announces more bytes than it sends, and closes.
    CutShort(u16),
    /// Closes without a word after it has read the request.
    HangUp,
    /// Reads the request and never answers.
    Silence,
}

impl Reply {
    /// A JSON body.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::Text(status, vec![("content-type", "application/json")], body.into())
    }

    /// An HTML page, as proxies send it.
    pub fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><body><h1>Just a moment…</h1></body></html>".to_owned();
        Self::Text(status, vec![("content-type", "text/html; charset=UTF-8")], page)
    }

    /// No body at all.
    pub fn empty(status: u16) -> Self {
        Self::Text(status, Vec::new(), String::new())
    }

    /// The same with one header more.
    pub fn with(self, name: &'static str, value: &'static str) -> Self {
        match self {
            Self::Text(status, mut headers, body) => {
                headers.push((name, value));
                Self::Text(status, headers, body)
            }
            other => other,
        }
    }
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `POST /v2/instances?x=y`.
    pub line: String,
    /// Every header, names in lower case, in order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Seen {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

struct State {
    script: VecDeque<Reply>,
    seen: Vec<Seen>,
}

/// The peer; it stops when it is dropped.
pub struct Peer {
    url: String,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl Peer {
    /// Listens on a free port of the loopback and plays the script. Past its end every answer is 599.
    pub async fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { script: script.into(), seen: Vec::new() }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, state, task }
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it was asked, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().expect("no panic elsewhere").seen.clone()
    }

    /// The first lines of what it was asked.
    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client as the functions build it, with short time limits and plain TCP.
pub fn client() -> reqwest::Client {
    // Another test of the same process may have come first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

/// One request per connection.
async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(seen) = read_request(&mut stream).await else { return };
    let reply = {
        let mut state = state.lock().expect("no panic elsewhere");
        state.seen.push(seen);
        state.script.pop_front().unwrap_or_else(|| Reply::empty(599))
    };
    let wire = match reply {
        Reply::Text(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} Scripted\r\nconnection: close\r\n");
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            if status != 204 {
                head.push_str(&format!("content-length: {}\r\n", body.len()));
            }
            format!("{head}\r\n{body}")
        }
        Reply::CutShort(status) => {
            format!(
                "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{{\"i"
            )
        }
        Reply::HangUp => return,
        Reply::Silence => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return;
        }
    };
    let _ = stream.write_all(wire.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        read_some(stream, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.strip_suffix(" HTTP/1.1")?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while bytes.len() < end + 4 + length {
        read_some(stream, &mut bytes).await?;
    }
    let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
    Some(Seen { line, headers, body })
}

async fn read_some(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0_u8; 8192];
    let count = stream.read(&mut buffer).await.ok()?;
    bytes.extend_from_slice(&buffer[..count]);
    (count > 0).then_some(())
}
