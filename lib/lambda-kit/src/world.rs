//! The real clock and the system's randomness: the one place that asks for either.

use app::ports::{Clock, Ids};
use domain::Timestamp;

/// Time and chance of the machine that we run on.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemWorld;

impl Clock for SystemWorld {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that may ask")]
    fn now(&self) -> Timestamp {
        // Milliseconds, because that is what ids and stored times keep.
        Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Ids for SystemWorld {
    fn random(&self) -> u128 {
        u128::from_ne_bytes(self.secret_bytes())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the adapter that may ask")]
    fn secret_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // Without randomness every password would be the same: end the process, Lambda starts another.
            tracing::error!(%error, "no randomness from the system");
            std::process::abort();
        }
        bytes
    }
}
