//! Which image an offering means. Their names stay while their ids change, and one name stands for every
//! architecture, so that images are asked for by name.

use app::ports::VmError;
use domain::catalogue::Image;

use crate::catalogue::Images;
use crate::client::Client;

impl Client {
    /// The name of an image. The list is read once per process; when it cannot be read, the fallback serves.
    ///
    /// # Errors
    /// `Refused` when there is no name to go by.
    pub(crate) async fn image_name(&self, image: &Image) -> Result<String, VmError> {
        let names = self.image_names.get_or_try_init(|| self.system_images()).await;
        let names = names.map(Vec::as_slice).unwrap_or_else(|error| {
            tracing::warn!(%error, "the list of images cannot be read");
            &[]
        });
        choose(names, image)
            .ok_or_else(|| VmError::Refused(format!("no image is named {} …", image.name_prefix)))
    }

    async fn system_images(&self) -> Result<Vec<String>, VmError> {
        let images = self.all::<Images>(&[("type", "system"), ("status", "available")]).await?;
        Ok(images.into_iter().map(|image| image.name).filter(|name| !name.is_empty()).collect())
    }
}

/// The fallback if its name begins as wanted or nothing's does; otherwise the first that does.
fn choose(names: &[String], image: &Image) -> Option<String> {
    let fallback = Some(image.fallback_id.clone()).filter(|name| !name.is_empty());
    let mut fitting = names.iter().filter(|name| name.starts_with(&image.name_prefix));
    let Some(first) = fitting.next() else { return fallback };
    match fallback {
        Some(name) if name == *first || fitting.any(|one| *one == name) => Some(name),
        _ => Some(first.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_found_by_its_name() {
        let names: Vec<String> = ["debian-12", "ubuntu-24.04", "ubuntu-24.04-minimal"]
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        for (prefix, fallback, chosen) in [
            ("ubuntu-24.04", "ubuntu-24.04", Some("ubuntu-24.04")),
            ("ubuntu-24.04", "ubuntu-24.04-minimal", Some("ubuntu-24.04-minimal")),
            ("ubuntu-24.04", "1", Some("ubuntu-24.04")),
            ("ubuntu-26.04", "ubuntu-26.04", Some("ubuntu-26.04")),
            ("ubuntu-26.04", "", None),
        ] {
            let image = Image { name_prefix: prefix.to_owned(), fallback_id: fallback.to_owned() };
            assert_eq!(choose(&names, &image).as_deref(), chosen, "{prefix} {fallback}");
        }
    }
}
