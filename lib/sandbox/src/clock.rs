//! Wall-clock time, and how much faster than reality the simulated durations run.

use std::time::Duration;

use jiff::Timestamp;

/// Timestamps are real; only durations that belong to a third party (boot times, retry gaps) are compressed.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    factor: u32,
}

impl Clock {
    /// `factor`: how many times faster than reality; 0 counts as 1.
    pub(crate) fn new(factor: u32) -> Self {
        Self { factor: factor.max(1) }
    }

    pub(crate) fn factor(self) -> u32 {
        self.factor
    }

    /// Milliseconds since 1970.
    #[expect(clippy::disallowed_methods, reason = "this is the sandbox's clock adapter")]
    pub(crate) fn now_ms(self) -> i64 {
        Timestamp::now().as_millisecond()
    }

    /// A duration of the third party's world, in ours.
    pub(crate) fn compressed(self, real: Duration) -> Duration {
        real / self.factor
    }

    /// A span of our time in the third party's world; none when it is negative.
    pub(crate) fn stretched(self, ours_ms: i64) -> Duration {
        Duration::from_millis(u64::try_from(ours_ms).unwrap_or(0)) * self.factor
    }
}

/// Paystack's spelling: `2026-11-20T08:07:18.123Z`.
pub(crate) fn iso_millis(at_ms: i64) -> String {
    format_at(at_ms, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

/// Vultr's spelling: `2026-11-20T08:07:18+00:00`.
pub(crate) fn iso_seconds(at_ms: i64) -> String {
    format_at(at_ms, "%Y-%m-%dT%H:%M:%S+00:00")
}

/// `2026-11-20 08:07:18`, in UTC.
pub(crate) fn date_time(at_ms: i64) -> String {
    format_at(at_ms, "%Y-%m-%d %H:%M:%S")
}

/// A UTC day: `2026-11-20`.
pub(crate) fn day(at_ms: i64) -> String {
    format_at(at_ms, "%Y-%m-%d")
}

fn format_at(at_ms: i64, format: &str) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime(format).to_string()
}

/// Reads `2026-11-20T08:07:18Z` or with an offset; `None` when it is no such time.
pub(crate) fn parse_iso(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_third_parties_get_their_own_spelling_of_a_time() {
        let at = 1_795_162_038_123;
        assert_eq!(iso_millis(at), "2026-11-20T08:07:18.123Z");
        assert_eq!(iso_seconds(at), "2026-11-20T08:07:18+00:00");
        assert_eq!(day(at), "2026-11-20");
        assert_eq!(parse_iso(&iso_millis(at)), Some(at));
    }

    #[test]
    fn a_second_of_ours_is_a_minute_of_theirs() {
        assert_eq!(Clock::new(60).stretched(1_000), Duration::from_secs(60));
        assert_eq!(Clock::new(60).stretched(-1), Duration::ZERO);
    }

    #[test]
    fn a_factor_of_sixty_turns_minutes_into_seconds() {
        assert_eq!(Clock::new(60).compressed(Duration::from_secs(300)), Duration::from_secs(5));
        assert_eq!(Clock::new(0).compressed(Duration::from_secs(3)), Duration::from_secs(3));
    }
}
