//! The running local stack, driven from outside.

mod aws;
mod customer;
mod first_boot;
mod functions;
mod http;
mod iam;
mod invariants;
mod mails;
mod orders;
mod providers;
pub(crate) mod rdp_client;
mod sandbox;
mod sigv4;
mod task_faults;
mod turn;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) use customer::Customer;
pub(crate) use first_boot::call_home_mac;
pub(crate) use functions::Process;
pub(crate) use http::Answer;
pub(crate) use invariants::{Alerts, End};
pub(crate) use mails::{Credentials, MailKind};
pub(crate) use orders::Order;
pub(crate) use providers::PROVIDERS;
pub(crate) use sandbox::{Desktops, Fault};
pub(crate) use sigv4::Signer;
pub(crate) use task_faults::TaskFault;
use turn::Turn;

/// Where a stack.json lies, as `cargo xtask up` writes it.
const VARIABLE: &str = "NEMORDP_STACK_JSON";
const POLL: Duration = Duration::from_millis(300);

/// A running stack, for the length of one story.
pub(crate) struct Stack {
    facts: Value,
    _turn: Turn,
}

impl Stack {
    /// The stack for a story whose faults strike only its own orders; `None` when none runs here.
    ///
    /// # Panics
    /// Without a stack where there has to be one: `CI` or `NEMORDP_REQUIRE_STACK`.
    pub(crate) fn beside_others() -> Option<Self> {
        let facts = facts()?;
        Some(Self { facts, _turn: Turn::beside_others() })
    }

    /// The stack for a story that touches what others rely on.
    ///
    /// # Panics
    /// As `beside_others`.
    pub(crate) fn alone() -> Option<Self> {
        let facts = facts()?;
        Some(Self { facts, _turn: Turn::alone() })
    }

    /// What stack.json says.
    #[track_caller]
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("stack.json has no {name}"))
    }

    /// The address of a path of the product's own API.
    pub(crate) fn api(&self, path: &str) -> String {
        format!("{}{path}", self.fact("api_url"))
    }

    /// A call of the product's API by nobody in particular.
    #[track_caller]
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        http::call(method, &self.api(path), headers, body)
    }
}

fn facts() -> Option<Value> {
    let Ok(path) = std::env::var(VARIABLE) else {
        let required = |name| std::env::var(name).is_ok_and(|value| matches!(value.as_str(), "1" | "true"));
        assert!(
            !required("CI") && !required("NEMORDP_REQUIRE_STACK"),
            "{VARIABLE} is not set; `cargo xtask test` starts a stack and sets it"
        );
        println!("not shown: no local stack ({VARIABLE} is not set); `cargo xtask test` starts one");
        return None;
    };
    // A relative path is meant from the repository's root, where the tests were started, not from this package.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Asks again and again until there is an answer.
///
/// # Panics
/// When there is none within `limit`; the message is made then.
#[track_caller]
pub(crate) fn until<T>(
    limit: Duration,
    mut ask: impl FnMut() -> Option<T>,
    otherwise: impl FnOnce() -> String,
) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(began.elapsed() < limit, "not within {} s: {}", limit.as_secs(), otherwise());
        std::thread::sleep(POLL);
    }
}

/// Digits and letters that no other story has.
pub(crate) fn unique() -> String {
    use std::io::Read as _;
    let mut bytes = [0_u8; 8];
    let mut source = fs::File::open("/dev/urandom").expect("a source of randomness");
    source.read_exact(&mut bytes).expect("random bytes");
    hex::encode(bytes)
}
