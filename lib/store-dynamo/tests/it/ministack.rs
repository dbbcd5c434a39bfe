//! A real MiniStack for the adapters' tests, shared by the tests of one binary that run at the same time.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Names the `ministack` program.
const PROGRAM: &str = "NEMORDP_MINISTACK";

/// Ends the server when the tests end in whatever way: their end of the pipe closes, and `read` returns.
const KEEPER: &str =
    r#""$0" >/dev/null 2>&1 & server=$!; read -r _; kill "$server"; wait "$server" 2>/dev/null"#;

/// A running server; stopped when the last test that holds it ends.
pub(crate) struct Ministack {
    keeper: Child,
    /// Where it answers.
    pub(crate) url: String,
}

/// The server, started when no other test holds it; `None`, with one line that says so, where the program is
/// not named.
///
/// # Panics
/// When it is not named although `CI` is `true`, or does not get ready within a minute.
pub(crate) fn ministack() -> Option<Arc<Ministack>> {
    static SHARED: Mutex<Weak<Ministack>> = Mutex::new(Weak::new());
    let Some(program) = std::env::var_os(PROGRAM).map(PathBuf::from) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "{PROGRAM} must name the ministack program in CI"
        );
        println!("skipped: {PROGRAM} names no ministack program");
        return None;
    };
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Some(running);
    }
    let started = Arc::new(Ministack::start(&program));
    *shared = Arc::downgrade(&started);
    Some(started)
}

impl Ministack {
    fn start(program: &std::path::Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(program)
            .current_dir(std::env::temp_dir())
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("AWS_ENDPOINT_URL", &url)
            .env("PERSIST_STATE", "0")
            .env("IOT_MTLS_ENABLED", "0")
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh runs");
        let server = Self { keeper, url };
        for _ in 0..600 {
            if is_ready(port) {
                return server;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{} did not get ready in a minute", program.display());
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}

fn is_ready(port: u16) -> bool {
    let Ok(mut connection) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let request = "GET /_ministack/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    connection.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
        && connection.write_all(request.as_bytes()).is_ok()
        && connection.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}
