//! What a machine says of its first boot, said by somebody who holds the key.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::Stack;

/// The secret part of a machine's call-home address. Source: `app::first_boot`.
pub(crate) fn call_home_mac(key: &str, instance: &str, attempt: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length will do");
    mac.update(format!("first-boot|{instance}|{attempt}|1").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

impl Stack {
    /// The key that signs call-home addresses.
    #[track_caller]
    pub(crate) fn first_boot_key(&self) -> String {
        self.secret("nemordp/first-boot")["signing_key"].as_str().expect("a key").to_owned()
    }

    /// Reports that the set-up of a machine has failed, as the machine itself would.
    #[track_caller]
    pub(crate) fn report_failed_first_boot(&self, instance: &str, attempt: i64) {
        let mac = call_home_mac(&self.first_boot_key(), instance, attempt);
        let path = format!("/first-boot/{instance}/{attempt}.1.{mac}");
        let headers = [("content-type", "application/json")];
        let answer = self.call("POST", &path, &headers, Some(r#"{"state":"failed"}"#));
        assert_eq!(answer.status, 204, "{}", answer.text);
    }
}
