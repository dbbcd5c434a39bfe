//! Which UUID stands for an image: found by name, because ids differ between accounts and change with every build.
//!
//! Which Windows edition a product takes is not documented: the Standard Edition (`windows-server-2022-se`) was
//! refused for products that took the Datacenter one (`-de`). The catalogue names the edition.

use app::ports::{self, VmError};
use domain::catalogue::Image as Wanted;
use http_call::lenient;
use serde::Deserialize;
use vm_http::failure::before_acting;

use crate::client::Client;

/// An image that can be installed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    image_id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    name: String,
    #[serde(default, deserialize_with = "lenient::word")]
    os_type: String,
}

impl From<Image> for ports::Image {
    fn from(image: Image) -> Self {
        Self { id: image.image_id, family: image.os_type.to_ascii_lowercase(), name: image.name }
    }
}

const PAGES_MAX: u32 = 10;
/// Systems without a desktop carry this in their name.
const NO_DESKTOP: &str = "core";

impl Client {
    /// The standard images.
    pub(crate) async fn standard_images(&self) -> Result<Vec<Image>, VmError> {
        self.all(&["v1", "compute", "images"], &[("standardImage", "true")], PAGES_MAX).await
    }

    /// The UUID of an image. The list is read once per process; when it cannot be read, the image's fallback serves.
    ///
    /// # Errors
    /// `Refused` for an image without a desktop, or when no image has the name and there is no fallback; why the list
    /// cannot be read when it takes the list to know.
    pub(crate) async fn image_id(&self, wanted: &Wanted) -> Result<String, VmError> {
        let images = match self.images.get_or_try_init(|| self.standard_images()).await {
            Ok(images) => images.as_slice(),
            Err(error) if is_uuid(&wanted.fallback_id) => {
                tracing::warn!(%error, "the list of images cannot be read");
                &[]
            }
            Err(error) => return Err(before_acting(error)),
        };
        choose(images, wanted).map_err(VmError::Refused)
    }
}

/// The UUID to use: that of the image of exactly this name; among those that begin so, the fallback or else the one
/// with least behind it (what is added is a panel such as Plesk); the fallback when there is none.
fn choose(images: &[Image], wanted: &Wanted) -> Result<String, String> {
    let no_desktop = |name: &str| name.to_ascii_lowercase().contains(NO_DESKTOP);
    if no_desktop(&wanted.name_prefix) {
        return Err(format!("{} has no desktop", wanted.name_prefix));
    }
    let fits = |image: &&Image| {
        image.name.starts_with(&wanted.name_prefix) && !no_desktop(&image.name) && is_uuid(&image.image_id)
    };
    let chosen = images.iter().filter(fits).min_by_key(|image| {
        (image.name != wanted.name_prefix, image.image_id != wanted.fallback_id, image.name.len())
    });
    if let Some(image) = chosen {
        return Ok(image.image_id.clone());
    }
    if !is_uuid(&wanted.fallback_id) {
        return Err(format!("no image is named {} …", wanted.name_prefix));
    }
    if let Some(image) = images.iter().find(|image| image.image_id == wanted.fallback_id)
        && no_desktop(&image.name)
    {
        return Err(format!("{} has no desktop", image.name));
    }
    if !images.is_empty() {
        let (name, id) = (&wanted.name_prefix, &wanted.fallback_id);
        tracing::warn!(name, id, "no image has that name; its last known id is used");
    }
    Ok(wanted.fallback_id.clone())
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> String {
        format!("d64d5c6c-9dda-4e38-8174-0ee2824740{number:02}")
    }

    fn images() -> Vec<Image> {
        let image = |number, name: &str| Image {
            image_id: id(number),
            name: name.to_owned(),
            os_type: String::new(),
        };
        vec![
            image(1, "ubuntu-24.04-plesk"),
            image(2, "ubuntu-24.04"),
            image(3, "ubuntu-24.04-refreshed"),
            image(4, "windows-server-2022-se-plesk"),
            image(5, "windows-server-2022-se"),
            image(6, "windows-server-2022-core-de"),
            image(7, "debian-13-plesk-12"),
            image(8, "debian-13-plesk"),
            Image { image_id: "ubuntu".to_owned(), name: "ubuntu-26.04".to_owned(), os_type: String::new() },
        ]
    }

    #[test]
    fn an_image_is_found_by_its_name() {
        let fallback = "afecbb85-e2fc-46f0-9684-b46b1faf00bb";
        for (prefix, fallback_id, wanted) in [
            ("ubuntu-24.04", fallback, Some(id(2))),
            ("ubuntu-24.04", id(3).as_str(), Some(id(2))),
            ("ubuntu-24", id(3).as_str(), Some(id(3))),
            ("ubuntu-24", fallback, Some(id(2))),
            ("windows-server-2022-se", fallback, Some(id(5))),
            ("debian-13", "", Some(id(8))),
            ("windows-server-2025-de", fallback, Some(fallback.to_owned())),
            ("windows-server-2025-de", "501", None),
            ("ubuntu-26.04", "ubuntu", None),
            ("windows-server-2022-core", fallback, None),
            ("windows-server-2025-de", id(6).as_str(), None),
        ] {
            let image = Wanted { name_prefix: prefix.to_owned(), fallback_id: fallback_id.to_owned() };
            assert_eq!(choose(&images(), &image).ok(), wanted, "{prefix} {fallback_id}");
        }
    }

    #[test]
    fn without_a_list_the_fallback_serves() {
        let image = Wanted { name_prefix: "ubuntu-24.04".to_owned(), fallback_id: id(2) };
        assert_eq!(choose(&[], &image), Ok(id(2)));
    }
}
