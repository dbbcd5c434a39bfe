//! The client.

use app::ports::VmError;
use domain::secret::Secret;
use domain::vm::VmId;
use tokio::sync::OnceCell;
use vm_http::Api;

use crate::failure;

/// The bytes of an answer that are read at most; a full page of servers is a tenth of it.
const BODY_MAX: usize = 2 << 20;
/// The largest of their ids.
const ID_MAX: u64 = 1 << 53;

/// Hetzner Cloud, as [`app::ports::VmHost`].
pub struct Client {
    pub(crate) api: Api,
    /// The names of the images, once they have been read: they change over months, a process lives for hours.
    pub(crate) image_names: OnceCell<Vec<String>>,
}

impl Client {
    /// A client of the API at `base_url` (`https://api.hetzner.cloud/v1`) with a project's token. `http` must not
    /// follow redirects.
    pub fn new(http: reqwest::Client, base_url: &str, token: Secret<String>) -> Self {
        Self {
            api: Api::new(http, base_url, &token, BODY_MAX, failure::refused),
            image_names: OnceCell::new(),
        }
    }
}

/// An id as it stands in a path.
pub(crate) fn checked(id: &VmId) -> Result<&str, VmError> {
    vm_http::number(id, ID_MAX)
}
