//! Everything that reads bytes from outside, each behind one function over bytes.
//!
//! A target takes any input and panics when something that must hold does not: that nothing panics, that what was read
//! prints back, that no key but ours signs. `fuzz/` runs them under libFuzzer (`cargo xtask fuzz`); this crate's own
//! test runs each over its corpus in `fuzz/corpus/` and over inputs that it makes of it.

#![allow(clippy::expect_used, clippy::panic, reason = "a target says by a panic what it found")]

#[cfg(feature = "functions")]
mod aws;
mod domain_text;
#[cfg(feature = "functions")]
mod functions;
mod http;
#[cfg(feature = "functions")]
mod messages;
mod paystack;
mod providers;
mod rdp_bytes;
mod scripted;
mod signed;
#[cfg(feature = "functions")]
mod stored;

/// One parser, or a family of them behind one client.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: that of its program in `fuzz/fuzz_targets/` and of its folder in `fuzz/corpus/`.
    pub name: &'static str,
    /// Reads one input.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($(#[$when:meta])? $name:ident: $run:path),+ $(,)?) => {
        /// All of them.
        pub const TARGETS: &[Target] =
            &[$($(#[$when])? Target { name: stringify!($name), run: $run }),+];

        $(
            $(#[$when])?
            #[doc = concat!("The target `", stringify!($name), "`.")]
            pub fn $name(bytes: &[u8]) {
                $run(bytes);
            }
        )+
    };
}

targets! {
    domain_text: domain_text::run,
    http_answer: http::answer,
    http_fields: http::fields,
    paystack_signature: signed::webhook,
    paystack_event: paystack::event,
    paystack_answers: paystack::answers,
    first_boot_token: signed::first_boot_token,
    vultr: providers::vultr,
    contabo: providers::contabo,
    contabo_token: providers::contabo_token,
    digitalocean: providers::digitalocean,
    linode: providers::linode,
    hetzner: providers::hetzner,
    rdp_negotiation: rdp_bytes::negotiation,
    rdp_credssp: rdp_bytes::credssp,
    #[cfg(feature = "functions")]
    api_bodies: functions::bodies,
    #[cfg(feature = "functions")]
    api_addresses: functions::addresses,
    #[cfg(feature = "functions")]
    api_callers: functions::callers,
    #[cfg(feature = "functions")]
    webhook_body: functions::webhook,
    #[cfg(feature = "functions")]
    messages: messages::run,
    #[cfg(feature = "functions")]
    stored_items: stored::run,
    #[cfg(feature = "ec2")]
    ec2: providers::ec2,
    #[cfg(feature = "ec2")]
    vps_provision: functions::staff::provision,
}

/// The first byte, as a choice, and the rest.
fn choice(bytes: &[u8]) -> (u8, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest))
}

/// Words of others that we say on, in a log line or an error: short and on one line.
fn assert_tame(text: &str) {
    assert!(text.chars().count() <= 600, "{} characters: {text}", text.chars().count());
    assert!(!text.contains(|c: char| c.is_control()), "control characters: {text:?}");
}

/// The same for what a client says after a call, which is not to tell the key either, unless the input did.
fn assert_discreet(error: &impl std::error::Error, input: &[u8]) {
    let text = error.to_string();
    assert_tame(&text);
    let told = input.windows(scripted::KEY.len()).any(|window| window == scripted::KEY.as_bytes());
    assert!(told || !text.contains(scripted::KEY), "it tells the key: {text}");
}
