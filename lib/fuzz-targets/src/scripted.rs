//! An API that answers what the input says, over one connection that stays open.
//!
//! `http_call::peer` is made for a handful of answers; this one serves thousands a second. Client and peer share one
//! thread, so that an input takes the same way every time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

/// The key that every client here signs in with. Not a real one.
pub(crate) const KEY: &str = "EXAMPLEKEYNEVERTOLD";
/// Between two answers of one script. JSON needs none, and a corpus is read more easily so.
const SEPARATOR: u8 = b'\n';
/// Answers of one script; a call that goes on asking gets the last one again.
const ANSWERS_MAX: usize = 8;
/// What an answer's first byte chooses. Without 429 and 5xx, after which a read waits and asks again by design.
const STATUSES: &[u16] = &[200, 201, 202, 204, 400, 401, 403, 404, 409, 412, 422, 423];
/// Contabo's tokens come from here; all other requests get the script.
const TOKEN_PATH: &str = "/openid-connect/token";
const GRANT: &[u8] = br#"{"access_token":"EXAMPLETOKEN","expires_in":300}"#;

/// One HTTP answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whole header lines, each with its line end.
    pub(crate) headers: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    /// Whether it also answers the token endpoint.
    tokens: bool,
}

/// The peer and a client for it.
pub(crate) struct Api {
    runtime: Runtime,
    local: LocalSet,
    url: String,
    http: reqwest::Client,
    script: Rc<RefCell<Script>>,
}

thread_local! {
    static API: Api = Api::start();
}

/// Reads a script: answers, each with a byte for its status and a body.
pub(crate) fn answers(bytes: &[u8]) -> Vec<Answer> {
    answers_with(STATUSES, bytes)
}

/// The same with other statuses to choose from.
pub(crate) fn answers_with(statuses: &[u16], bytes: &[u8]) -> Vec<Answer> {
    let read = |part: &[u8]| {
        let (status, body) = crate::choice(part);
        Answer {
            status: statuses[usize::from(status) % statuses.len()],
            headers: b"content-type: application/json\r\n".to_vec(),
            body: body.to_vec(),
        }
    };
    bytes.split(|byte| *byte == SEPARATOR).take(ANSWERS_MAX).map(read).collect()
}

/// Runs a call against a script. `call` gets an HTTP client and the peer's address.
pub(crate) fn play<Called: Future>(
    answers: Vec<Answer>,
    tokens: bool,
    call: impl FnOnce(reqwest::Client, String) -> Called,
) -> Called::Output {
    API.with(|api| {
        *api.script.borrow_mut() = Script { answers: answers.into(), tokens };
        api.local.block_on(&api.runtime, call(api.http.clone(), api.url.clone()))
    })
}

impl Api {
    fn start() -> Self {
        // Another thread of the same process may have come first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let local = LocalSet::new();
        let script = Rc::new(RefCell::new(Script::default()));
        let listener = local.block_on(&runtime, TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Rc::clone(&script);
        local.spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(serve(stream, Rc::clone(&shared)));
            }
        });
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { runtime, local, url, http, script }
    }
}

async fn serve(mut stream: TcpStream, script: Rc<RefCell<Script>>) -> Option<()> {
    let _ = stream.set_nodelay(true);
    let mut unread = Vec::new();
    loop {
        let line = request(&mut stream, &mut unread).await?;
        let answer = script.borrow_mut().next(&line);
        let mut wire = format!("HTTP/1.1 {} Scripted\r\n", answer.status).into_bytes();
        wire.extend(&answer.headers);
        if answer.status == 204 {
            wire.extend(b"\r\n");
        } else {
            wire.extend(format!("content-length: {}\r\n\r\n", answer.body.len()).into_bytes());
            wire.extend(&answer.body);
        }
        stream.write_all(&wire).await.ok()?;
    }
}

impl Script {
    fn next(&mut self, line: &str) -> Answer {
        let headers = b"content-type: application/json\r\n".to_vec();
        if line.contains(TOKEN_PATH) && !self.tokens {
            return Answer { status: 200, headers, body: GRANT.to_vec() };
        }
        let next =
            if self.answers.len() > 1 { self.answers.pop_front() } else { self.answers.front().cloned() };
        next.unwrap_or(Answer { status: 404, headers, body: Vec::new() })
    }
}

/// Reads one request with its body; its first line, or `None` at the end of the connection.
async fn request(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<String> {
    let end = loop {
        if let Some(end) = unread.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        more(stream, unread).await?;
    };
    let head = String::from_utf8_lossy(&unread[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let whole = end + 4 + length.and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(0);
    while unread.len() < whole {
        more(stream, unread).await?;
    }
    unread.drain(..whole);
    head.lines().next().map(str::to_owned)
}

async fn more(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0; 8192];
    let count = stream.read(&mut buffer).await.ok()?;
    unread.extend_from_slice(&buffer[..count]);
    (count > 0).then_some(())
}
