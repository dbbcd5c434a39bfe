//! Prefixed, time-ordered identifiers, parsed at the door.
//!
//! Every id is a ULID behind a prefix that names its kind, so that a wrong id in a path is an error of its
//! own instead of a missing row, and so that listing by id is listing by time.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use ulid::Ulid;

/// Text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: expected {expected} followed by 26 characters")]
pub struct InvalidId {
    /// The prefix that the id should have had, such as `ord_`.
    pub expected: &'static str,
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// An id for something that begins at `now`; the low 80 bits of `random` tell two apart.
            pub fn new(now: Timestamp, random: u128) -> Self {
                let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
                Self(Ulid::from_parts(millis, random))
            }

            /// The 26 characters after the prefix.
            pub fn bare(&self) -> String {
                self.0.to_string()
            }

            /// Reads an id as it is written in paths, keys and tags.
            ///
            /// # Errors
            /// `InvalidId` for another prefix, another length or a character outside Crockford's base 32.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let wrong = InvalidId { expected: $prefix };
                let bare = text.strip_prefix($prefix).ok_or(wrong.clone())?;
                let ulid = Ulid::from_string(bare).map_err(|_| wrong.clone())?;
                // One id, one spelling: lower case or an overflowing first digit would be a second key.
                if ulid.to_string() == bare { Ok(Self(ulid)) } else { Err(wrong) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

id_type! {
    /// One order; also the name of its workflow execution and the tag on its VM.
    OrderId, "ord_"
}
id_type! {
    /// One payment request; its gateway references are made from it.
    PaymentId, "pay_"
}
id_type! {
    /// One desktop of a customer. It keeps its id when the VM behind it is replaced.
    InstanceId, "ins_"
}
id_type! {
    /// One support ticket.
    TicketId, "tkt_"
}
id_type! {
    /// One line of an audit log.
    AuditId, "aud_"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_id(millis in 0i64..4_000_000_000_000, random: u128) {
            let id = OrderId::new(Timestamp::from_millisecond(millis).unwrap(), random);
            prop_assert_eq!(OrderId::parse(&id.to_string()), Ok(id));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,64}") {
            let _ = OrderId::parse(&text);
        }

        #[test]
        fn a_later_id_sorts_later(a in 0i64..4_000_000_000_000, gap in 1i64..1_000_000, r: u128, s: u128) {
            let first = PaymentId::new(Timestamp::from_millisecond(a).unwrap(), r);
            let second = PaymentId::new(Timestamp::from_millisecond(a + gap).unwrap(), s);
            prop_assert!(first.to_string() < second.to_string());
        }
    }

    #[test]
    fn one_id_has_one_spelling() {
        let id = OrderId::new(Timestamp::from_millisecond(1_790_000_000_000).unwrap(), 7);
        assert!(OrderId::parse(&id.to_string().to_lowercase()).is_err());
        assert!(OrderId::parse(&id.to_string().replace("ord_", "pay_")).is_err());
        assert!(OrderId::parse("ord_").is_err());
    }
}
