//! The client.

use app::ports::VmError;
use domain::secret::Secret;
use domain::vm::VmId;
use tokio::sync::OnceCell;
use vm_http::Api;

use crate::failure;
use crate::images::Distribution;

/// The bytes of an answer that are read at most; a full page of machines is a third of it.
const BODY_MAX: usize = 4 << 20;

/// DigitalOcean, as [`app::ports::VmHost`].
pub struct Client {
    pub(crate) api: Api,
    /// The list of images, once it has been read: it changes over weeks, a process lives for hours.
    pub(crate) distributions: OnceCell<Vec<Distribution>>,
}

impl Client {
    /// A client of the API at `base_url` (`https://api.digitalocean.com`). `http` must not follow redirects.
    pub fn new(http: reqwest::Client, base_url: &str, token: Secret<String>) -> Self {
        let base_url = format!("{}/v2", base_url.trim().trim_end_matches('/'));
        Self {
            api: Api::new(http, &base_url, &token, BODY_MAX, failure::refused),
            distributions: OnceCell::new(),
        }
    }
}

/// A droplet's id as it stands in a path. Ids are numbers; anything else there is another call (`autoscale`).
pub(crate) fn number(id: &VmId) -> Result<&str, VmError> {
    vm_http::number(id, u64::MAX)
}
