//! The key service. A ciphertext is a handle, so that nothing of the plaintext is in it.

use std::sync::{Arc, Mutex};

use app::ports::{CryptError, Decrypt, Encrypt};
use domain::ids::InstanceId;
use domain::secret::Secret;

use crate::sim::Sim;

/// The key service; it remembers every plaintext, as canaries to look for where they must not be.
#[derive(Clone)]
pub struct Keys {
    sim: Sim,
    held: Arc<Mutex<Vec<(InstanceId, String)>>>,
}

const PREFIX: &str = "kms-ciphertext-";

impl Keys {
    /// A service that holds nothing.
    pub fn new(sim: Sim) -> Self {
        Self { sim, held: Arc::default() }
    }

    /// Every password that was ever encrypted.
    pub fn plaintexts(&self) -> Vec<String> {
        self.held.lock().expect("one thread").iter().map(|(_, text)| text.clone()).collect()
    }
}

fn lost() -> CryptError {
    CryptError { what: "did not answer".to_owned(), source: None }
}

impl Encrypt for Keys {
    async fn encrypt(&self, instance: InstanceId, password: &Secret<String>) -> Result<Vec<u8>, CryptError> {
        let text = password.expose().clone();
        self.sim
            .call("kms.encrypt", lost, || {
                let mut held = self.held.lock().expect("one thread");
                held.push((instance, text));
                Ok(format!("{PREFIX}{}", held.len() - 1).into_bytes())
            })
            .await
    }
}

impl Decrypt for Keys {
    async fn decrypt(&self, instance: InstanceId, ciphertext: &[u8]) -> Result<Secret<String>, CryptError> {
        let refused = || CryptError { what: "refuses the ciphertext".to_owned(), source: None };
        self.sim
            .call("kms.decrypt", lost, || {
                let handle = std::str::from_utf8(ciphertext).ok().and_then(|text| text.strip_prefix(PREFIX));
                let place: usize = handle.and_then(|n| n.parse().ok()).ok_or_else(refused)?;
                let held = self.held.lock().expect("one thread");
                match held.get(place) {
                    Some((owner, text)) if *owner == instance => Ok(Secret::new(text.clone())),
                    _ => Err(refused()),
                }
            })
            .await
    }
}
