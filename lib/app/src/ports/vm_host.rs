//! A provider of machines.

use std::future::Future;

use domain::catalogue::{Offering, Os, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};

/// What first boot runs, in the form that the system takes.
#[derive(Clone, PartialEq, Eq)]
pub enum UserData {
    /// `#cloud-config` text.
    CloudConfig(String),
    /// A batch file that Windows runs once as Administrator.
    Batch(String),
}

/// A machine to make.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateVm {
    /// Where and what.
    pub offering: Offering,
    /// Which system.
    pub os: Os,
    /// Unique; it is how the machine is found again.
    pub name: String,
    /// At most 15 characters.
    pub host_name: String,
    /// Tags; the order id among them.
    pub tags: Vec<String>,
    /// What it runs at first boot.
    pub user_data: UserData,
}

/// A machine that was just made.
pub struct CreatedVm {
    /// As the provider shows it.
    pub vm: Vm,
    /// The password that the provider made up; told once.
    pub password: Option<Secret<String>>,
}

/// What a provider can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Windows images.
    pub windows: bool,
    /// Can be turned off and on.
    pub power: bool,
    /// Can be made as new in place.
    pub reinstall: bool,
    /// Can set another password from outside.
    pub reset_password: bool,
    /// Delete takes effect at once, and billing ends.
    pub immediate_delete: bool,
    /// Makes up the Administrator's password itself.
    pub makes_windows_password: bool,
}

/// A provider's region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRegion {
    /// Its id.
    pub id: String,
    /// Its city.
    pub city: String,
    /// Its country, ISO 3166.
    pub country: String,
}

/// A provider's size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPlan {
    /// Its id.
    pub id: String,
    /// Processors.
    pub vcpus: u32,
    /// Memory in MB.
    pub memory_mb: u64,
    /// Disk in GB.
    pub disk_gb: u64,
    /// Price per month in US cents.
    pub monthly_usd_cents: Option<i64>,
    /// Regions where it exists.
    pub regions: Vec<String>,
}

/// A provider's image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its family, such as `windows` or `ubuntu`.
    pub family: String,
}

/// The account at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What is left in US cents; positive is credit.
    pub balance_usd_cents: Option<i64>,
    /// What has been used and not yet billed, in US cents.
    pub pending_usd_cents: Option<i64>,
}

/// Traffic of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// `YYYY-MM-DD`, UTC.
    pub day: String,
    /// Bytes in.
    pub incoming_bytes: u64,
    /// Bytes out.
    pub outgoing_bytes: u64,
}

/// What a provider call can end in besides an answer.
#[derive(Debug, thiserror::Error)]
pub enum VmError {
    /// No such machine.
    #[error("no such machine")]
    NotFound,
    /// This size cannot be had in this region now. Nothing was made.
    #[error("out of stock: {0}")]
    OutOfStock(String),
    /// It refuses our key or our address. Nothing was done.
    #[error("the provider refuses our key (is the caller's address on its list?): {0}")]
    Unauthorized(String),
    /// Quota or unpaid account. Nothing was done.
    #[error("the provider's limit for our account: {0}")]
    Quota(String),
    /// It refuses the request for good, in its own words. Nothing was done.
    #[error("the provider refuses: {0}")]
    Refused(String),
    /// Too many requests, no connection, or a machine in the middle of something; nothing was done. Retryable
    /// after `retry_after` seconds.
    #[error("the provider is busy")]
    Busy {
        /// Seconds, when it said so.
        retry_after: Option<u32>,
    },
    /// What was asked does not exist at this provider.
    #[error("{provider} cannot {what}")]
    Unsupported {
        /// Who.
        provider: Provider,
        /// What.
        what: &'static str,
    },
    /// No clear answer (timeout, broken connection, 5xx, not what was documented): it may have acted.
    #[error("no clear answer from the provider: {what}")]
    Unclear {
        /// What came instead, for the log.
        what: String,
        /// What was underneath.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// A provider of machines. No call is repeated by itself, except reads.
pub trait VmHost {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Makes a machine. After [`VmError::Unclear`] ask [`VmHost::find`] before anything else.
    fn create(&self, request: &CreateVm) -> impl Future<Output = Result<CreatedVm, VmError>> + Send;

    /// One machine. The password stands beside it while the provider still tells it.
    fn get(&self, id: &VmId) -> impl Future<Output = Result<CreatedVm, VmError>> + Send;

    /// Every machine that carries this tag, however many pages that takes (at most 100).
    fn find(&self, tag: &str) -> impl Future<Output = Result<Vec<Vm>, VmError>> + Send;

    /// One page of everything, at most `limit`; with where the next one begins.
    fn list(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> impl Future<Output = Result<(Vec<Vm>, Option<String>), VmError>> + Send;

    /// Reboots.
    fn reboot(&self, id: &VmId) -> impl Future<Output = Result<(), VmError>> + Send;

    /// Turns on.
    fn start(&self, id: &VmId) -> impl Future<Output = Result<(), VmError>> + Send;

    /// Turns off.
    fn halt(&self, id: &VmId) -> impl Future<Output = Result<(), VmError>> + Send;

    /// Makes it as new with this first boot; returns the new password when the provider makes one up.
    fn reinstall(
        &self,
        id: &VmId,
        host_name: &str,
        user_data: &UserData,
    ) -> impl Future<Output = Result<Option<Secret<String>>, VmError>> + Send;

    /// Deletes. A machine that is gone already is deleted.
    fn delete(&self, id: &VmId) -> impl Future<Output = Result<(), VmError>> + Send;

    /// Traffic per day over the last `days` (1 to 180).
    fn traffic(&self, id: &VmId, days: u16) -> impl Future<Output = Result<Vec<Traffic>, VmError>> + Send;

    /// The account.
    fn account(&self) -> impl Future<Output = Result<Account, VmError>> + Send;

    /// The regions.
    fn regions(&self) -> impl Future<Output = Result<Vec<ProviderRegion>, VmError>> + Send;

    /// The sizes.
    fn plans(&self) -> impl Future<Output = Result<Vec<ProviderPlan>, VmError>> + Send;

    /// The images.
    fn images(&self) -> impl Future<Output = Result<Vec<Image>, VmError>> + Send;

    /// Whether a size can be had in a region now.
    fn in_stock(&self, offering: &Offering) -> impl Future<Output = Result<bool, VmError>> + Send;
}
