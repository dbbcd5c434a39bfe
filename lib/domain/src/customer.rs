//! Customers: who they are to us, and what they prefer. Passwords and sign-in belong to Cognito.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::Os;

/// A customer: the `sub` of their Cognito user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct CustomerId(String);

/// Text that cannot be a Cognito `sub`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a customer id: 1 to 64 letters, digits or hyphens")]
pub struct InvalidCustomerId;

impl CustomerId {
    /// Takes a `sub` claim: 1 to 64 letters, digits and hyphens, so that it can stand in a key.
    ///
    /// # Errors
    /// `InvalidCustomerId` for anything else.
    pub fn parse(sub: &str) -> Result<Self, InvalidCustomerId> {
        let fits = !sub.is_empty() && sub.len() <= 64;
        let plain = sub.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits && plain { Ok(Self(sub.to_owned())) } else { Err(InvalidCustomerId) }
    }

    /// The `sub` as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CustomerId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// An e-mail address that can be written into a mail header and sent to a gateway.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

/// Text that cannot be an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Takes an address of at most 254 visible ASCII characters with one `@` and a dot behind it. Whether it
    /// can receive mail, Cognito's verification tells; this keeps header injection out.
    ///
    /// # Errors
    /// `InvalidEmail` for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let visible = text.bytes().all(|b| b.is_ascii_graphic() && !b"<>,;:\"()[]\\".contains(&b));
        let shaped = !local.is_empty() && domain.contains('.') && !domain.contains('@');
        let edges = !domain.starts_with('.') && !domain.ends_with('.');
        if visible && shaped && edges && text.len() <= 254 {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidEmail)
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Personal data: a debug print shows the domain only.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…@{}", self.0.rsplit('@').next().unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// How credentials reach the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialDelivery {
    /// The password stands in the mail.
    #[default]
    Email,
    /// The mail says where to sign in and reveal it; the password never leaves by mail.
    Link,
}

/// What a customer can choose for themselves (`PUT /auth/profile`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Optional mails (receipts, notices). Credentials and money mails are always sent.
    pub email_notifications: bool,
    /// Turn a desktop off after two idle hours.
    pub auto_shutdown: bool,
    /// What checkout offers first.
    pub default_os: Option<Os>,
    /// How credentials reach the customer.
    pub credential_delivery: CredentialDelivery,
    /// Networks (CIDR) that may reach RDP; empty means all. At most 10.
    pub rdp_allow_list: Vec<String>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            email_notifications: true,
            auto_shutdown: false,
            default_os: None,
            credential_delivery: CredentialDelivery::Email,
            rdp_allow_list: Vec::new(),
        }
    }
}

/// A customer's stored profile. Missing in the store means all defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Whose it is.
    pub customer: CustomerId,
    /// What they chose.
    pub preferences: Preferences,
    /// Counts the writes; the next write states the one it saw.
    pub version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_could_inject_a_header_are_refused() {
        for good in ["ada@example.com", " ada+nemo@mail.example.co.uk "] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@example",
            "a@b.c\r\nBcc: x@y.z",
            "a b@c.d",
            "a@b@c.d",
            "ada@.com",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(250))).is_err());
    }

    #[test]
    fn an_id_can_stand_in_a_key_and_is_told_as_it_is() {
        let longest = "a".repeat(64);
        for good in ["a", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", longest.as_str()] {
            let id = CustomerId::parse(good).unwrap();
            assert_eq!((id.as_str(), id.to_string().as_str()), (good, good));
        }
        let too_long = "a".repeat(65);
        for bad in ["", "a#b", "a b", "ä", "--\n", too_long.as_str()] {
            assert_eq!(CustomerId::parse(bad), Err(InvalidCustomerId), "{bad:?}");
        }
    }

    #[test]
    fn an_address_is_kept_as_it_was_written_but_for_the_space_around_it() {
        assert_eq!(Email::parse(" Ada+nemo@example.com ").unwrap().as_str(), "Ada+nemo@example.com");
        let at_most = format!("{}@example.com", "a".repeat(254 - "@example.com".len()));
        assert!(Email::parse(&at_most).is_ok() && Email::parse(&format!("a{at_most}")).is_err());
    }

    #[test]
    fn a_printed_address_hides_its_person() {
        assert_eq!(format!("{:?}", Email::parse("ada@example.com").unwrap()), "…@example.com");
    }
}
