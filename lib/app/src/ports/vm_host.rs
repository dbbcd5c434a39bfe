//! A provider of machines.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;

use domain::Timestamp;
use domain::catalogue::{Image as WantedImage, Offering, Os, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};
use jiff::civil::Date;

/// What first boot runs, in the form that the system takes.
#[derive(Clone, PartialEq, Eq)]
pub enum UserData {
    /// `#cloud-config` text.
    CloudConfig(String),
    /// A batch file that Windows runs once as Administrator.
    Batch(String),
    /// A PowerShell script for Windows, without whatever the provider wants around it.
    PowerShell(String),
}

/// A machine to make.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateVm {
    /// Where and what.
    pub offering: Offering,
    /// Which system.
    pub os: Os,
    /// Unique; it is how the machine is found again. At most 63 characters of `[A-Za-z0-9_-]`.
    pub name: String,
    /// A random UUID v4, the same for every repeat of this call, for providers that keep what a call was named.
    pub request_id: String,
    /// At most 15 characters.
    pub host_name: String,
    /// Tags; the order id among them.
    pub tags: Vec<String>,
    /// What it runs at first boot.
    pub user_data: UserData,
    /// The password of the administrator's account (`root`, `Administrator`), for providers that are told one. On
    /// Windows it is the customer's and stored before the call; on Linux nobody keeps it.
    pub password: Secret<String>,
}

/// A machine to make as new where it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Reinstall {
    /// Its name.
    pub name: String,
    /// At most 15 characters.
    pub host_name: String,
    /// Which system.
    pub os: Os,
    /// What is installed.
    pub image: WantedImage,
    /// What it runs at its next first boot.
    pub user_data: UserData,
    /// As in [`CreateVm::password`].
    pub password: Secret<String>,
}

/// What to look for after an unclear create: everything by which the machines of an order can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The tag that every machine of the order carries: the order's id.
    pub tag: String,
    /// The names that its attempts at this provider gave.
    pub names: Vec<String>,
    /// Their create calls.
    pub calls: Vec<CreateCall>,
    /// The provider's regions that they were made in.
    pub regions: Vec<String>,
    /// Nothing of it is older than this.
    pub since: Timestamp,
}

/// A call that may have made a machine, whatever that is called by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCall {
    /// The id that it carried.
    pub request_id: String,
    /// The name that it gave.
    pub name: String,
}

/// What a delete came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone, or on its way; nothing is paid for it any more.
    Gone,
    /// It is cancelled and turned off, and ends on that day; it is paid for until then.
    EndsOn(Date),
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
    /// How Windows is set up there; `None` where there is no image of it.
    pub windows: Option<WindowsSetup>,
    /// Can be turned off and on.
    pub power: bool,
    /// Can be made as new in place.
    pub reinstall: bool,
    /// Can set another administrator's password from outside.
    pub reset_password: ResetPassword,
    /// Delete takes effect at once, and billing ends; otherwise it is cancelled to the end of the paid period.
    pub immediate_delete: bool,
    /// Can limit from where RDP is reached, outside the machine.
    pub firewall: bool,
    /// Tells a machine's traffic.
    pub traffic: bool,
    /// Tells what is left on the account.
    pub balance: bool,
}

/// How a provider sets Windows up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowsSetup {
    /// Which [`UserData`] it takes: a batch file, or else PowerShell.
    pub batch: bool,
    /// Where the Administrator's password comes from.
    pub password: WindowsPassword,
}

/// Where the Administrator's password comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowsPassword {
    /// The provider makes it up and tells it once, in its answer to create.
    Told,
    /// We choose it: [`CreateVm::password`].
    Chosen,
    /// The provider makes it up and tells it some minutes after the start, whenever asked.
    Fetched,
}

/// Whether a password can be set from outside, without touching what is on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetPassword {
    /// No: reinstall it, or change it inside.
    No,
    /// Only while it is off.
    WhenOff,
    /// While it runs.
    WhenRunning,
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
    /// Price per month in US cents, without the licence of Windows, wherever a region has none of its own.
    pub monthly_usd_cents: Option<i64>,
    /// The regions with a price of their own, and that price.
    pub regional_usd_cents: BTreeMap<String, i64>,
    /// Regions where it exists.
    pub regions: Vec<String>,
}

impl ProviderPlan {
    /// Price per month in a region, in US cents, without the licence of Windows; `None` where it is not told.
    pub fn monthly_usd_cents_in(&self, region: &str) -> Option<i64> {
        self.regional_usd_cents.get(region).copied().or(self.monthly_usd_cents)
    }
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

/// What is asked about a provider, rather than about a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// [`VmHost::account`]
    Account,
    /// [`VmHost::regions`]
    Regions,
    /// [`VmHost::plans`]
    Plans,
    /// [`VmHost::images`]
    Images,
    /// [`VmHost::in_stock`]
    Stock,
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
    /// Its circuit is open: it was not asked. Retryable then.
    #[error("the provider is left alone until {until}")]
    LeftAlone {
        /// When it is worth asking again.
        until: Timestamp,
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

/// Stands as the source of a [`VmError::Unclear`] that a provider answers to whatever is asked of an account which it has
/// blocked without a word: whether it acted is unclear still, but asking again soon is in vain.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("as an account is answered that is blocked")]
pub struct SeemsBlocked;

impl VmError {
    /// Whether our account seems to be blocked there: see [`SeemsBlocked`].
    pub fn seems_blocked(&self) -> bool {
        matches!(self, Self::Unclear { source: Some(source), .. } if source.is::<SeemsBlocked>())
    }

    /// Whether the same question may be answered a moment later: nothing was said for good.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unclear { .. } | Self::Busy { .. } | Self::LeftAlone { .. } => true,
            Self::NotFound
            | Self::OutOfStock(_)
            | Self::Unauthorized(_)
            | Self::Quota(_)
            | Self::Refused(_)
            | Self::Unsupported { .. } => false,
        }
    }
}

/// The providers that are set up.
pub trait VmHosts {
    /// One of them.
    type Host: VmHost + Sync;

    /// A provider's client; `None` when no key of ours is set up there.
    fn host(&self, provider: Provider) -> Option<&Self::Host>;
}

/// A provider of machines. No call is repeated by itself, except reads.
pub trait VmHost {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Whether [`VmHost::list`] shows the machines of a region; not so where each region is asked for itself, and this
    /// one is not.
    fn lists(&self, _region: &str) -> bool {
        true
    }

    /// Whether the provider is asked for the answer to a question. What is known here beforehand says nothing about the
    /// provider.
    fn asks(&self, _question: Question) -> bool {
        true
    }

    /// Makes a machine. After [`VmError::Unclear`] ask [`VmHost::find`] before anything else. Where the provider
    /// itself refuses a second machine of one name, the one that is there is the answer.
    fn create(&self, request: &CreateVm) -> impl Future<Output = Result<CreatedVm, VmError>> + Send;

    /// One machine. The password stands beside it as soon as, and while, the provider tells it.
    fn get(&self, id: &VmId) -> impl Future<Output = Result<CreatedVm, VmError>> + Send;

    /// Every machine that carries the tag or one of the names, or that one of the calls made, under the name that this
    /// call gave; however many pages that takes (at most 100). Compared here: a filter of the provider's is a help, not
    /// an answer.
    fn find(&self, trace: &Trace) -> impl Future<Output = Result<Vec<Vm>, VmError>> + Send;

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
        request: &Reinstall,
    ) -> impl Future<Output = Result<Option<Secret<String>>, VmError>> + Send;

    /// Sets the administrator's password; returns the one that counts where the provider makes it up instead.
    fn reset_password(
        &self,
        id: &VmId,
        password: &Secret<String>,
    ) -> impl Future<Output = Result<Option<Secret<String>>, VmError>> + Send;

    /// Lets RDP in only from these addresses (at most 20); none = from everywhere.
    fn allow_rdp_from(
        &self,
        id: &VmId,
        sources: &[IpAddr],
    ) -> impl Future<Output = Result<(), VmError>> + Send;

    /// Deletes, or cancels and turns off. A machine that is gone already is deleted.
    fn delete(&self, id: &VmId) -> impl Future<Output = Result<Deleted, VmError>> + Send;

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
