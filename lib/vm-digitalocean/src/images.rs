//! Which slug stands for a system: found by name, because slugs come and go with releases.

use app::ports::{Image, VmError};
use domain::catalogue::Image as WantedImage;
use http_call::lenient;
use serde::Deserialize;
use serde_json::Value;
use vm_http::page;

use crate::client::Client;
use crate::pages::Links;

/// A distribution that can be installed.
#[derive(Deserialize)]
pub(crate) struct Distribution {
    id: i64,
    #[serde(default, deserialize_with = "lenient::word")]
    name: String,
    #[serde(default, deserialize_with = "lenient::word")]
    distribution: String,
    #[serde(default, deserialize_with = "lenient::text")]
    slug: Option<String>,
    #[serde(default, deserialize_with = "lenient::words")]
    regions: Vec<String>,
    /// `available`, `NEW`, `pending`, `retired`, `deleted`.
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
}

page!(Distributions, "images", images: Distribution, links: Links);

/// What [`Client::distributions`](Client) is filtered by.
pub(crate) const DISTRIBUTIONS: &[(&str, &str)] = &[("type", "distribution")];

impl Distribution {
    /// The slug; the number where there is none.
    fn id(&self) -> String {
        self.slug.clone().unwrap_or_else(|| self.id.to_string())
    }

    /// `Ubuntu 24.04 (LTS) x64`: the family is not part of DigitalOcean's name.
    fn full_name(&self) -> String {
        format!("{} {}", self.distribution, self.name)
    }

    fn fits(&self, image: &WantedImage, region: &str) -> bool {
        let named = self.full_name().starts_with(&image.name_prefix);
        let there = self.regions.is_empty() || self.regions.iter().any(|one| one == region);
        named && there && !matches!(self.status.as_str(), "retired" | "deleted" | "pending")
    }
}

impl From<Distribution> for Image {
    fn from(one: Distribution) -> Self {
        Self { id: one.id(), name: one.full_name(), family: one.distribution.to_ascii_lowercase() }
    }
}

impl Client {
    /// What `image` of a create is in that region: a slug, or a number. The list is read once per process; when it
    /// cannot be read, the image's fallback serves.
    ///
    /// # Errors
    /// `Refused` when there is nothing to go by.
    pub(crate) async fn image(&self, wanted: &WantedImage, region: &str) -> Result<Value, VmError> {
        let list = self.distributions.get_or_try_init(|| self.all::<Distributions>(DISTRIBUTIONS)).await;
        let list = list.map(Vec::as_slice).unwrap_or_else(|error| {
            tracing::warn!(%error, "the list of images cannot be read");
            &[]
        });
        let id = choose(list, wanted, region).map_err(VmError::Refused)?;
        // A string of digits would be looked for among the slugs.
        Ok(id.parse::<u64>().map_or_else(|_| Value::from(id.as_str()), Value::from))
    }
}

/// The id to use: that of an image whose name begins as wanted, the fallback if it is one of them; the fallback when
/// there is none.
fn choose(list: &[Distribution], image: &WantedImage, region: &str) -> Result<String, String> {
    let fitting: Vec<String> =
        list.iter().filter(|one| one.fits(image, region)).map(Distribution::id).collect();
    let fallback = Some(&image.fallback_id).filter(|id| !id.is_empty());
    if let Some(id) = fallback.filter(|id| fitting.contains(id)).or(fitting.first()) {
        return Ok(id.clone());
    }
    let id = fallback.ok_or_else(|| format!("no image is named {} …", image.name_prefix))?;
    if !list.is_empty() {
        tracing::warn!(name = image.name_prefix, id, "no image has that name; its last known id is used");
    }
    Ok(id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list() -> Vec<Distribution> {
        serde_json::from_value(json!([
            {"id": 1, "name": "22.04 (LTS) x64", "distribution": "Ubuntu", "slug": "ubuntu-22-04-x64",
             "regions": ["nyc3", "lon1"], "status": "available"},
            {"id": 2, "name": "24.04 (LTS) x64", "distribution": "Ubuntu", "slug": "ubuntu-24-04-x64-old",
             "regions": ["nyc3"], "status": "retired"},
            {"id": 3, "name": "24.04 (LTS) x64", "distribution": "Ubuntu", "slug": "ubuntu-24-04-x64",
             "regions": ["nyc3"], "status": "available"},
            {"id": 4, "name": "24.04 (LTS) x64 next", "distribution": "Ubuntu", "slug": null, "regions": []},
        ]))
        .unwrap()
    }

    fn image(name_prefix: &str, fallback_id: &str) -> WantedImage {
        WantedImage { name_prefix: name_prefix.to_owned(), fallback_id: fallback_id.to_owned() }
    }

    #[test]
    fn an_image_is_found_by_its_family_and_name_in_its_region() {
        for (prefix, fallback, region, id) in [
            ("Ubuntu 24.04", "x", "nyc3", Some("ubuntu-24-04-x64")),
            ("Ubuntu 24.04", "4", "nyc3", Some("4")),
            ("Ubuntu 24.04", "x", "lon1", Some("4")),
            ("Ubuntu 22.04", "", "lon1", Some("ubuntu-22-04-x64")),
            ("Ubuntu 26.04", "ubuntu-26-04-x64", "lon1", Some("ubuntu-26-04-x64")),
            ("Ubuntu 26.04", "", "lon1", None),
        ] {
            assert_eq!(choose(&list(), &image(prefix, fallback), region).ok().as_deref(), id, "{prefix}");
        }
    }

    #[test]
    fn without_a_list_the_fallback_serves() {
        let chosen = choose(&[], &image("Ubuntu 24.04", "ubuntu-24-04-x64"), "nyc3");
        assert_eq!(chosen.as_deref(), Ok("ubuntu-24-04-x64"));
    }
}
