//! One call to somebody else's HTTP API, with what every adapter owes it: a time limit, a bounded answer,
//! and the difference between "it did nothing" and "nobody knows".
//!
//! Nothing here knows a provider. A call that may act is sent once ([`send`]); a call that only reads is
//! repeated a little ([`read`]).

mod answer;
mod bearer;
pub mod cents;
pub mod lenient;
mod no_answer;
#[cfg(feature = "peer")]
pub mod peer;
mod read;
mod text;
mod url;

pub use answer::Answer;
pub use bearer::bearer;
pub use no_answer::NoAnswer;
pub use read::{Patience, read, read_unless};
pub use text::bounded;
pub use url::Base;

use reqwest::RequestBuilder;

/// Sends a request once and reads the whole answer, whatever its status.
///
/// `body_max`: bytes of answer that are read at most.
///
/// # Errors
/// [`NoAnswer`]: no connection (nothing happened), a broken or overlong answer (it may have acted).
///
/// The client must not follow redirects: a connection that fails behind one is reported as no connection at
/// all, although the first peer has seen the request. No API that is called here redirects.
pub async fn send(request: RequestBuilder, body_max: usize) -> Result<Answer, NoAnswer> {
    let response = request.send().await.map_err(NoAnswer::from_reqwest)?;
    Answer::read(response, body_max).await
}
