//! The Lambda Runtime API, as one function process sees it: it stamps when the process asks for work.

use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};

use super::wire::{self, Request};

/// How long a process may take to ask for work.
const WAIT: Duration = Duration::from_secs(60);
/// Milliseconds since 1970 by which an invocation has to be done: far away.
const DEADLINE_MS: &str = "4102444800000";

/// What the function said to an event.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// It answered; otherwise it reported an error.
    pub(crate) ok: bool,
    /// What it said.
    pub(crate) body: String,
}

/// The API for one process; ends when dropped.
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    asked: Receiver<Instant>,
    events: Sender<String>,
    replies: Arc<Mutex<Option<Reply>>>,
    ended: Arc<AtomicBool>,
}

impl RuntimeApi {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (ask, asked) = channel();
        let (events, waiting) = channel();
        let connection = Connection { ask, waiting: Arc::new(Mutex::new(waiting)), replies: Arc::default() };
        let (replies, ended) = (connection.replies.clone(), Arc::new(AtomicBool::new(false)));
        let stop = ended.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let connection = connection.clone();
                // A connection ends with the process behind it, which is how each of them ends.
                thread::spawn(move || connection.serve(&stream));
            }
        });
        Ok(Self { address, asked, events, replies, ended })
    }

    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits until the process asks for work; answers when it did.
    ///
    /// # Errors
    /// It does not within a minute.
    pub(crate) fn await_next(&self) -> anyhow::Result<Instant> {
        self.asked
            .recv_timeout(WAIT)
            .map_err(|_| anyhow!("it did not ask for work within {} s", WAIT.as_secs()))
    }

    /// Gives an event to the process that asked, and waits until it asks again; answers what it said.
    ///
    /// # Errors
    /// It does not ask again within a minute.
    pub(crate) fn invoke(&self, event: &str) -> anyhow::Result<Reply> {
        self.events.send(event.to_owned()).context("nobody waits for an event")?;
        self.await_next()?;
        let mut reply = self.replies.lock().map_err(|_| anyhow!("a connection died"))?;
        reply.take().context("it asked again without an answer")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees the end.
        drop(TcpStream::connect(self.address));
    }
}

#[derive(Clone)]
struct Connection {
    ask: Sender<Instant>,
    waiting: Arc<Mutex<Receiver<String>>>,
    replies: Arc<Mutex<Option<Reply>>>,
}

impl Connection {
    fn serve(&self, stream: &TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut input = BufReader::new(stream);
        loop {
            let request = wire::read_request(&mut input).ok()??;
            let mut output = stream;
            if request.method == "GET" && request.path.ends_with("/invocation/next") {
                self.ask.send(Instant::now()).ok()?;
                let event = self.waiting.lock().ok()?.recv().ok()?;
                let headers = [
                    ("content-type", "application/json"),
                    ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
                    ("lambda-runtime-deadline-ms", DEADLINE_MS),
                    (
                        "lambda-runtime-invoked-function-arn",
                        "arn:aws:lambda:us-east-1:000000000000:function:bench",
                    ),
                ];
                wire::write_response(&mut output, 200, &headers, event.as_bytes()).ok()?;
            } else {
                self.keep(&request);
                wire::write_response(&mut output, 202, &[("content-type", "application/json")], b"{}")
                    .ok()?;
            }
        }
    }

    /// An answer, or the error of an invocation or of the start.
    fn keep(&self, request: &Request) {
        let reply = Reply {
            ok: request.path.ends_with("/response"),
            body: String::from_utf8_lossy(&request.body).into_owned(),
        };
        if let Ok(mut last) = self.replies.lock() {
            *last = Some(reply);
        }
    }
}
