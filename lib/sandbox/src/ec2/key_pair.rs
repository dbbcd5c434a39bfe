//! The account's launch key pair, and `GetPasswordData`.

use std::sync::OnceLock;

use anyhow::Context as _;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::pkcs1::{EncodeRsaPrivateKey as _, LineEnding};
use rsa::rand_core::{CryptoRng, RngCore};
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};

use super::describe::not_there;
use super::query::Query;
use super::xml::answer;
use super::{Ec2, shown};
use crate::clock::iso_millis;
use crate::machines::{Play as _, subject};
use crate::random;
use crate::world::{Shared, World, locked};

/// EC2's own size.
const BITS: usize = 2048;
/// Base64 arrives in lines of this length.
const LINE: usize = 76;
/// The name that `KeyName` takes.
pub(super) const KEY_NAME: &str = "sandbox";

/// One for the process: to make it takes as long as to start ten machines.
static PRIVATE_KEY: OnceLock<Option<RsaPrivateKey>> = OnceLock::new();

/// The launch key pair that machines can be created with; there is one, in every region. Holds a secret, hence no
/// `Debug`.
pub struct LaunchKeyPair {
    /// What `KeyName` takes.
    pub name: String,
    /// PEM of PKCS#1, as EC2 hands it out.
    pub private_key: String,
}

/// The key pair, made when it is first asked for.
///
/// # Errors
/// It could not be made.
pub(crate) fn launch_key_pair() -> anyhow::Result<LaunchKeyPair> {
    let pem = private_key().context("no key pair")?.to_pkcs1_pem(LineEnding::LF).context("no PEM")?;
    Ok(LaunchKeyPair { name: KEY_NAME.to_owned(), private_key: pem.to_string() })
}

fn private_key() -> Option<&'static RsaPrivateKey> {
    let made = PRIVATE_KEY.get_or_init(|| {
        let made = RsaPrivateKey::new(&mut Entropy, BITS);
        made.inspect_err(|error| tracing::error!(%error, "no launch key pair")).ok()
    });
    made.as_ref()
}

/// `GetPasswordData`: empty until Windows has told its password, and for a machine without a key pair.
pub(super) async fn password_data(world: &Shared, query: &Query) -> Response {
    let id = match query.required("InstanceId") {
        Ok(id) => id,
        Err(refusal) => return *refusal,
    };
    let subject = subject::<Ec2>(world, id);
    let call = Ec2::call("ec2.password_data", &subject);
    call.run(world, async {
        let Some(password) = password(world, query, id) else { return not_there(id) };
        let data = match password {
            Some(password) => encrypted(&password),
            None => Some(String::new()),
        };
        match data {
            Some(data) => answer("GetPasswordData", |xml| {
                let now = iso_millis(world.clock.now_ms());
                xml.text("instanceId", id).text("timestamp", now).text("passwordData", data);
            }),
            None => Ec2::SERVICE.internal_error(),
        }
    })
    .await
}

/// Outer `None` = no such machine; inner `None` = no password yet, or never.
fn password(world: &World, query: &Query, id: &str) -> Option<Option<String>> {
    let now = world.clock.now_ms();
    let inventory = locked(&world.ec2.inventory);
    let machine = inventory.find(id).filter(|m| m.region == query.region && m.visible_at_ms <= now)?;
    let is_told = shown::has_password(machine, world.clock, now) && machine.own.key_name.is_some();
    Some(machine.password.clone().filter(|_| is_told))
}

/// Base64 in lines of the password under the key pair; `None` when there is none.
fn encrypted(password: &str) -> Option<String> {
    let public_key = private_key()?.to_public_key();
    let bytes = public_key.encrypt(&mut Entropy, Pkcs1v15Encrypt, password.as_bytes()).ok()?;
    let text = BASE64.encode(bytes);
    let lines = text.as_bytes().chunks(LINE).map(String::from_utf8_lossy);
    Some(lines.fold(String::new(), |lines, line| lines + "\r\n" + &line))
}

/// The sandbox's randomness, in the form that `rsa` takes.
struct Entropy;

impl RngCore for Entropy {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(random::bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(random::bytes())
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for part in dest.chunks_mut(32) {
            part.copy_from_slice(&random::bytes::<32>()[..part.len()]);
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Entropy {}
