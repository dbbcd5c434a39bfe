//! How a call ended, in a word.

use std::error::Error;
use std::time::Duration;

use app::ports::VmError;

/// How often something that is on its way is asked for.
pub(crate) const LOOKS: u32 = 600;
/// The pause between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(25);

/// `done`, or the kind of error.
pub(crate) fn outcome<T>(result: &Result<T, VmError>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(error) => kind(error),
    }
}

/// The kind of error.
pub(crate) fn kind(error: &VmError) -> &'static str {
    match error {
        VmError::NotFound => "not found",
        VmError::OutOfStock(_) => "out of stock",
        VmError::Unauthorized(_) => "unauthorized",
        VmError::Quota(_) => "quota",
        VmError::Refused(_) => "refused",
        VmError::Busy { .. } => "busy",
        VmError::LeftAlone { .. } => "left alone",
        VmError::Unsupported { .. } => "unsupported",
        VmError::Unclear { .. } => "unclear",
    }
}

/// Everything that an error shows to anybody: both forms of it and of all that is underneath.
pub(crate) fn all_words(error: &VmError) -> String {
    let mut words = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    words
}

/// Asks again while the machine is in the middle of something.
pub(crate) async fn persist<T, F>(call: impl Fn() -> F) -> Result<T, VmError>
where
    F: Future<Output = Result<T, VmError>>,
{
    for _ in 0..LOOKS {
        match call().await {
            Err(VmError::Busy { .. }) => tokio::time::sleep(PAUSE).await,
            ended => return ended,
        }
    }
    Err(VmError::Busy { retry_after: None })
}
