//! Which id stands for a system: found by name, because ids come and go with releases.

use app::ports::{Image, VmError};
use domain::catalogue::Image as WantedImage;
use http_call::lenient;
use serde::Deserialize;

use crate::client::Client;

/// What an image must be able to do for first boot to run anything.
const CLOUD_INIT: &str = "cloud-init";

#[derive(Deserialize)]
pub(crate) struct PublicImage {
    /// `linode/ubuntu24.04`
    id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    label: String,
    #[serde(default, deserialize_with = "lenient::word")]
    vendor: String,
    #[serde(default, deserialize_with = "lenient::words")]
    capabilities: Vec<String>,
    #[serde(default)]
    deprecated: bool,
    /// The list holds the account's own images too.
    #[serde(default = "yes")]
    is_public: bool,
}

const fn yes() -> bool {
    true
}

impl PublicImage {
    fn has_cloud_init(&self) -> bool {
        self.capabilities.iter().any(|one| one == CLOUD_INIT)
    }
}

impl From<PublicImage> for Image {
    fn from(one: PublicImage) -> Self {
        Self { id: one.id, name: one.label, family: one.vendor.to_ascii_lowercase() }
    }
}

impl Client {
    /// The id of an image. The list is read once per process; when it cannot be read, the image's fallback serves.
    ///
    /// # Errors
    /// `Refused` when there is nothing to go by, or for an image without cloud-init.
    pub(crate) async fn image(&self, wanted: &WantedImage) -> Result<String, VmError> {
        let list = self.public_images.get_or_try_init(|| self.all::<PublicImage>(&["images"])).await;
        let list = list.map(Vec::as_slice).unwrap_or_else(|error| {
            tracing::warn!(%error, "the list of images cannot be read");
            &[]
        });
        choose(list, wanted).map(str::to_owned).map_err(VmError::Refused)
    }
}

/// The id to use: that of a public image with cloud-init whose name begins as wanted, the fallback if it is one of them; the
/// fallback when there is none.
fn choose<'a>(list: &'a [PublicImage], image: &'a WantedImage) -> Result<&'a str, String> {
    let named = |one: &&PublicImage| {
        let offered = one.is_public && !one.deprecated && one.has_cloud_init();
        one.label.starts_with(&image.name_prefix) && offered
    };
    let fallback = Some(image.fallback_id.as_str()).filter(|id| !id.is_empty());
    let fitting: Vec<&str> = list.iter().filter(named).map(|one| one.id.as_str()).collect();
    if let Some(id) = fallback.filter(|id| fitting.contains(id)).or(fitting.first().copied()) {
        return Ok(id);
    }
    let id = fallback.ok_or_else(|| format!("no image is named {} …", image.name_prefix))?;
    if list.iter().any(|one| one.id == id && !one.has_cloud_init()) {
        return Err(format!("the image {id} runs no user data: it has no cloud-init"));
    }
    if !list.is_empty() {
        tracing::warn!(name = image.name_prefix, id, "no image has that name; its last known id is used");
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list() -> Vec<PublicImage> {
        serde_json::from_value(json!([
            {"id": "linode/ubuntu22.04", "label": "Ubuntu 22.04 LTS", "capabilities": ["cloud-init"]},
            {"id": "linode/ubuntu24.04-old", "label": "Ubuntu 24.04 LTS", "deprecated": true,
             "capabilities": ["cloud-init"]},
            {"id": "private/7", "label": "Ubuntu 24.04 LTS of ours", "is_public": false, "capabilities": ["cloud-init"]},
            {"id": "linode/ubuntu24.04-bare", "label": "Ubuntu 24.04 LTS", "capabilities": []},
            {"id": "linode/ubuntu24.04", "label": "Ubuntu 24.04 LTS", "capabilities": ["cloud-init", "new"]},
        ]))
        .unwrap()
    }

    fn image(name_prefix: &str, fallback_id: &str) -> WantedImage {
        WantedImage { name_prefix: name_prefix.to_owned(), fallback_id: fallback_id.to_owned() }
    }

    #[test]
    fn an_image_is_found_by_its_name_and_has_cloud_init() {
        for (prefix, fallback, id) in [
            ("Ubuntu 24.04", "", Some("linode/ubuntu24.04")),
            ("Ubuntu 24.04", "linode/ubuntu24.04-bare", Some("linode/ubuntu24.04")),
            ("Ubuntu 24.04 LTS of ours", "", None),
            ("Ubuntu 26.04", "linode/ubuntu26.04", Some("linode/ubuntu26.04")),
            ("Ubuntu 26.04", "linode/ubuntu24.04-bare", None),
            ("Ubuntu 26.04", "", None),
        ] {
            assert_eq!(choose(&list(), &image(prefix, fallback)).ok(), id, "{prefix} {fallback}");
        }
    }

    #[test]
    fn without_a_list_the_fallback_serves() {
        let wanted = image("Ubuntu 24.04", "linode/ubuntu24.04");
        assert_eq!(choose(&[], &wanted), Ok("linode/ubuntu24.04"));
    }
}
