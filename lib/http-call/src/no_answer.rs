//! Why there is no answer.

/// A call without an answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// No connection was made, so the peer has seen nothing of the request.
    NoConnection(reqwest::Error),
    /// The request could not be written down at all; a fault of ours or of the configuration.
    NoRequest(reqwest::Error),
    /// The time was up, or the connection broke, after the request may have arrived.
    Broken(reqwest::Error),
    /// The answer is longer than is read; the peer has most likely acted.
    TooLong {
        /// Its HTTP status.
        status: u16,
        /// The bytes that are read at most.
        body_max: usize,
    },
}

impl NoAnswer {
    pub(crate) fn from_reqwest(error: reqwest::Error) -> Self {
        // The URL may carry a cursor or a reference; the log has the order id instead.
        let error = error.without_url();
        if error.is_builder() {
            Self::NoRequest(error)
        } else if error.is_connect() {
            Self::NoConnection(error)
        } else {
            Self::Broken(error)
        }
    }

    /// Whether the peer certainly did nothing.
    pub fn nothing_happened(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::NoRequest(_) => true,
            Self::Broken(_) | Self::TooLong { .. } => false,
        }
    }

    /// Whether asking again could help.
    pub(crate) fn worth_repeating(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Broken(_) => true,
            Self::NoRequest(_) | Self::TooLong { .. } => false,
        }
    }
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoConnection(_) => f.write_str("no connection"),
            Self::NoRequest(_) => f.write_str("the request cannot be written"),
            Self::Broken(error) if error.is_timeout() => f.write_str("the time is up"),
            Self::Broken(_) => f.write_str("the connection broke"),
            Self::TooLong { status, body_max } => {
                write!(f, "HTTP {status} with more than {body_max} bytes")
            }
        }
    }
}

impl std::error::Error for NoAnswer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoConnection(error) | Self::NoRequest(error) | Self::Broken(error) => Some(error),
            Self::TooLong { .. } => None,
        }
    }
}
