//! Time and chance, as capabilities.

use domain::Timestamp;

/// The time. Use cases read it once and pass the value down.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness from a cryptographically secure source.
pub trait Ids {
    /// 128 random bits, for identifiers.
    fn random(&self) -> u128;

    /// Random bytes, for passwords and salts.
    fn secret_bytes<const N: usize>(&self) -> [u8; N];
}
