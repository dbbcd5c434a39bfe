//! Where each API is found.

/// Base URLs without a slash at the end, as the settings of the same names take them.
pub struct Urls {
    base: String,
}

impl Urls {
    pub(crate) fn new(base: String) -> Self {
        Self { base }
    }

    /// `https://api.paystack.co`
    pub fn paystack_api(&self) -> String {
        format!("{}/paystack", self.base)
    }

    /// `https://api.vultr.com/v2`
    pub fn vultr_api(&self) -> String {
        format!("{}/vultr/v2", self.base)
    }

    /// `https://api.contabo.com`; the paths below it begin with `/v1`.
    pub fn contabo_api(&self) -> String {
        format!("{}/contabo", self.base)
    }

    /// `https://auth.contabo.com`; the token endpoint has its documented path below it.
    pub fn contabo_auth(&self) -> String {
        format!("{}/contabo-auth", self.base)
    }

    /// `https://api.digitalocean.com`; the paths below it begin with `/v2`.
    pub fn digitalocean_api(&self) -> String {
        format!("{}/digitalocean", self.base)
    }

    /// `https://api.linode.com`; the paths below it begin with `/v4`.
    pub fn linode_api(&self) -> String {
        format!("{}/linode", self.base)
    }

    /// `https://api.hetzner.cloud/v1`
    pub fn hetzner_api(&self) -> String {
        format!("{}/hetzner/v1", self.base)
    }

    /// `https://ec2.{region}.amazonaws.com`
    pub fn ec2_endpoint(&self) -> String {
        format!("{}/ec2", self.base)
    }

    /// The control API.
    pub fn control(&self) -> String {
        format!("{}/control", self.base)
    }
}
