//! Which number stands for a system: found by name, because numbers change and have been mistaken before.

use app::ports::VmError;
use domain::catalogue::Image;
use vm_http::page;

use crate::client::Client;
use crate::pages::Meta;

/// An operating system that can be installed.
#[derive(serde::Deserialize)]
pub(crate) struct Os {
    pub(crate) id: i64,
    #[serde(default, deserialize_with = "http_call::lenient::word")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "http_call::lenient::word")]
    pub(crate) family: String,
}

page!(Systems, "os", os: Os, meta: Meta);

/// Systems without a desktop carry this in their name.
const NO_DESKTOP: &str = "Core";

impl Client {
    /// The `os_id` of an image. The list is read once per process; when it cannot be read, the image's fallback
    /// number serves.
    ///
    /// # Errors
    /// `Refused` for an image without a desktop, or when there is no number to go by.
    pub(crate) async fn os_id(&self, image: &Image) -> Result<i64, VmError> {
        let systems = self.systems.get_or_try_init(|| self.all::<Systems>()).await;
        let systems = systems.map(Vec::as_slice).unwrap_or_else(|error| {
            tracing::warn!(%error, "the list of systems cannot be read");
            &[]
        });
        choose(systems, image).map_err(VmError::Refused)
    }
}

/// The number to use: that of a system whose name begins as wanted, the fallback if it is one of them; the
/// fallback when there is none.
fn choose(systems: &[Os], image: &Image) -> Result<i64, String> {
    if image.name_prefix.contains(NO_DESKTOP) {
        return Err(format!("{} has no desktop", image.name_prefix));
    }
    let fallback: Option<i64> = image.fallback_id.parse().ok();
    let fits = |os: &&Os| os.name.starts_with(&image.name_prefix) && !os.name.contains(NO_DESKTOP);
    let fitting: Vec<i64> = systems.iter().filter(fits).map(|os| os.id).collect();
    if let Some(id) = fallback.filter(|id| fitting.contains(id)).or_else(|| fitting.first().copied()) {
        return Ok(id);
    }
    let id = fallback.ok_or_else(|| format!("no system is named {} …", image.name_prefix))?;
    if let Some(os) = systems.iter().find(|os| os.id == id && os.name.contains(NO_DESKTOP)) {
        return Err(format!("{} has no desktop", os.name));
    }
    if !systems.is_empty() {
        tracing::warn!(
            name = image.name_prefix,
            id,
            "no system has that name; its last known number is used"
        );
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn systems() -> Vec<Os> {
        let os = |id, name: &str| Os { id, name: name.to_owned(), family: String::new() };
        vec![
            os(240, "Windows 2016 Standard x64"),
            os(521, "Windows Core 2022 Standard x64"),
            os(501, "Windows 2022 Standard x64"),
            os(9501, "Windows 2022 Standard x64 (refreshed)"),
            os(2284, "Ubuntu 24.04 LTS x64"),
        ]
    }

    fn image(name_prefix: &str, fallback_id: &str) -> Image {
        Image { name_prefix: name_prefix.to_owned(), fallback_id: fallback_id.to_owned() }
    }

    #[test]
    fn a_system_is_found_by_its_name() {
        for (prefix, fallback, id) in [
            ("Windows 2022 Standard", "501", Some(501)),
            ("Windows 2022 Standard", "1", Some(501)),
            ("Windows 2022 Standard", "9501", Some(9501)),
            ("Ubuntu 24.04", "1", Some(2284)),
            ("Windows 2025 Standard", "2514", Some(2514)),
            ("Windows 2025 Standard", "", None),
            ("Windows Core 2022", "501", None),
            ("Windows 2025 Standard", "521", None),
        ] {
            assert_eq!(choose(&systems(), &image(prefix, fallback)).ok(), id, "{prefix} {fallback}");
        }
    }

    #[test]
    fn without_a_list_the_fallback_serves() {
        assert_eq!(choose(&[], &image("Windows 2022 Standard", "501")), Ok(501));
    }
}
