//! Calls that only read: repeated a little, within a limit.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use reqwest::RequestBuilder;
use tokio::time::{Instant, sleep};

use crate::{Answer, NoAnswer};

/// How often a read is asked at most.
const TRIES_MAX: u32 = 3;
/// The mean pause before the second try; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(200);

/// How long a read may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// One try.
    pub per_try: Duration,
    /// All tries and pauses together.
    pub whole: Duration,
}

/// Sends a request that has no effect, at most three times: again after a broken connection, 429 or 5xx,
/// with jitter, for as long as `patience` lasts. The last answer is returned, whatever its status.
///
/// `Retry-After` of a 429 or 503 is obeyed when it fits; when it does not, that is the answer.
///
/// # Errors
/// [`NoAnswer`] of the last try.
pub async fn read(
    patience: Patience,
    body_max: usize,
    request: impl Fn() -> RequestBuilder,
) -> Result<Answer, NoAnswer> {
    read_unless(patience, body_max, request, |_| false).await
}

/// The same, except that an answer which `stands` is never asked for again.
///
/// # Errors
/// [`NoAnswer`] of the last try.
pub async fn read_unless(
    patience: Patience,
    body_max: usize,
    request: impl Fn() -> RequestBuilder,
    stands: impl Fn(&Answer) -> bool,
) -> Result<Answer, NoAnswer> {
    let end = Instant::now() + patience.whole;
    let mut tries = 1;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let outcome = crate::send(request().timeout(left.min(patience.per_try)), body_max).await;
        if outcome.as_ref().is_ok_and(&stands) {
            return outcome;
        }
        let Some(least) = repeat_after(&outcome) else { return outcome };
        let pause = least + jittered(PAUSE_FIRST * 2_u32.pow(tries - 1));
        if tries == TRIES_MAX || Instant::now() + pause >= end {
            return outcome;
        }
        match &outcome {
            Ok(answer) => tracing::info!(tries, status = answer.status, "a read is repeated"),
            Err(why) => tracing::info!(tries, %why, "a read is repeated"),
        }
        sleep(pause).await;
        tries += 1;
    }
}

/// The least pause before asking again, or `None` when the outcome stands.
fn repeat_after(outcome: &Result<Answer, NoAnswer>) -> Option<Duration> {
    match outcome {
        Ok(answer) if matches!(answer.status, 429 | 503) => {
            Some(Duration::from_secs(u64::from(answer.retry_after.unwrap_or(0))))
        }
        Ok(answer) => (answer.status >= 500).then_some(Duration::ZERO),
        Err(why) => why.worth_repeating().then_some(Duration::ZERO),
    }
}

/// Between a half and one and a half of `mean`. The standard library's hash seeds are random enough to keep
/// callers apart, and nothing but timing depends on them.
fn jittered(mean: Duration) -> Duration {
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    mean / 2 + mean * u32::try_from(random % 1000).unwrap_or(0) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_around_its_mean_and_varies() {
        let mean = Duration::from_millis(200);
        let pauses: Vec<_> = (0..50).map(|_| jittered(mean)).collect();
        assert!(pauses.iter().all(|p| *p >= mean / 2 && *p < mean + mean / 2));
        assert!(pauses.iter().any(|p| *p != pauses[0]));
    }
}
