//! The client.

use domain::secret::Secret;
use tokio::sync::OnceCell;
use vm_http::Api;

use crate::failure;
use crate::images::Os;

/// The bytes of an answer that are read at most; a full page of machines is a fifth of it.
const BODY_MAX: usize = 2 << 20;

/// Vultr, as [`app::ports::VmHost`].
pub struct Client {
    pub(crate) api: Api,
    /// The list of systems, once it has been read: it changes over weeks, a process lives for hours.
    pub(crate) systems: OnceCell<Vec<Os>>,
}

impl Client {
    /// A client of the API at `base_url` (`https://api.vultr.com/v2`). The key works only from addresses on its
    /// list. `http` must not follow redirects.
    pub fn new(http: reqwest::Client, base_url: &str, key: Secret<String>) -> Self {
        Self { api: Api::new(http, base_url, &key, BODY_MAX, failure::refused), systems: OnceCell::new() }
    }
}
