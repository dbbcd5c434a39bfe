//! The errors of the workflow's tasks, under the names that the state machine's `Retry` and `Catch` use.

use domain::Timestamp;
use domain::create::Setback;
use domain::order::Failure;

use crate::error::AppError;
use crate::ports::{CryptError, GatewayError, StoreError, VmError, WorkflowError};
use crate::settle::ApplyError;

/// Why a task did not do its work. A test holds [`TaskError::NAMES`] against the state machine's file.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The thing that the task is about does not exist.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The gateway does not stand by the payment.
    #[error("the payment does not stand: {0}")]
    PaymentNotConfirmed(String),
    /// The order was given up before: go on with undoing it.
    #[error("the order was given up")]
    OrderGivenUp,
    /// The order was delivered before: nothing to do.
    #[error("the order was delivered")]
    AlreadyDelivered,
    /// This offering cannot be had.
    #[error("out of stock: {0}")]
    ProviderOutOfStock(String),
    /// The provider refuses us or the request, for good.
    #[error("the provider refuses: {0}")]
    ProviderRefused(String),
    /// The provider asks to come back later; nothing was done.
    #[error("the provider is busy")]
    ProviderBusy,
    /// The provider is down, or left alone because it was: elsewhere.
    #[error("the provider is not available: {0}")]
    ProviderUnavailable(String),
    /// No provider can be asked for a machine just now; the order waits.
    #[error("no provider can be asked before {0}")]
    NoProviderNow(Timestamp),
    /// The provider may have acted: ask it before acting again.
    #[error("no clear answer from the provider: {0}")]
    ProviderAnswerUnclear(String),
    /// The machine exists, but nobody knows its password any more.
    #[error("the password of the machine was lost with the provider's answer")]
    PasswordLost,
    /// Not ready yet; look again.
    #[error("not ready: {0}")]
    NotReady(String),
    /// The machine says that its set-up failed.
    #[error("the machine's first boot failed")]
    FirstBootFailed,
    /// The promised time is over.
    #[error("the deadline has passed")]
    DeadlinePassed,
    /// Every offering was tried.
    #[error("no offering is left")]
    NoOfferingLeft,
    /// The machine is not gone yet; look again.
    #[error("a machine may still be there: {0}")]
    VmStillThere(String),
    /// The gateway did not answer clearly; asked again it says what it did.
    #[error("no clear answer from the gateway: {0}")]
    GatewayAnswerUnclear(String),
    /// The gateway refuses; a person has to look.
    #[error("the gateway refuses: {0}")]
    GatewayRefused(String),
    /// Somebody else wrote first, or a service of ours did not answer: the same task again.
    #[error("try again: {0}")]
    TryAgain(String),
    /// A fault of ours.
    #[error("internal fault: {0}")]
    Internal(String),
}

impl TaskError {
    /// Every name, as the state machine writes it.
    pub const NAMES: &'static [&'static str] = &[
        "Nemo.NotFound",
        "Nemo.PaymentNotConfirmed",
        "Nemo.OrderGivenUp",
        "Nemo.AlreadyDelivered",
        "Nemo.ProviderOutOfStock",
        "Nemo.ProviderRefused",
        "Nemo.ProviderBusy",
        "Nemo.ProviderUnavailable",
        "Nemo.NoProviderNow",
        "Nemo.ProviderAnswerUnclear",
        "Nemo.PasswordLost",
        "Nemo.NotReady",
        "Nemo.FirstBootFailed",
        "Nemo.DeadlinePassed",
        "Nemo.NoOfferingLeft",
        "Nemo.VmStillThere",
        "Nemo.GatewayAnswerUnclear",
        "Nemo.GatewayRefused",
        "Nemo.TryAgain",
        "Nemo.Internal",
    ];

    /// The name of this error.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "Nemo.NotFound",
            Self::PaymentNotConfirmed(_) => "Nemo.PaymentNotConfirmed",
            Self::OrderGivenUp => "Nemo.OrderGivenUp",
            Self::AlreadyDelivered => "Nemo.AlreadyDelivered",
            Self::ProviderOutOfStock(_) => "Nemo.ProviderOutOfStock",
            Self::ProviderRefused(_) => "Nemo.ProviderRefused",
            Self::ProviderBusy => "Nemo.ProviderBusy",
            Self::ProviderUnavailable(_) => "Nemo.ProviderUnavailable",
            Self::NoProviderNow(_) => "Nemo.NoProviderNow",
            Self::ProviderAnswerUnclear(_) => "Nemo.ProviderAnswerUnclear",
            Self::PasswordLost => "Nemo.PasswordLost",
            Self::NotReady(_) => "Nemo.NotReady",
            Self::FirstBootFailed => "Nemo.FirstBootFailed",
            Self::DeadlinePassed => "Nemo.DeadlinePassed",
            Self::NoOfferingLeft => "Nemo.NoOfferingLeft",
            Self::VmStillThere(_) => "Nemo.VmStillThere",
            Self::GatewayAnswerUnclear(_) => "Nemo.GatewayAnswerUnclear",
            Self::GatewayRefused(_) => "Nemo.GatewayRefused",
            Self::TryAgain(_) => "Nemo.TryAgain",
            Self::Internal(_) => "Nemo.Internal",
        }
    }
}

/// The reason to tell a customer, from the name of the error that led to giving up.
pub(super) fn failure_of(error: &str) -> Failure {
    match error {
        "Nemo.NoOfferingLeft" | "Nemo.ProviderOutOfStock" => Failure::NoOfferingLeft,
        "Nemo.DeadlinePassed" | "Nemo.NotReady" | "Nemo.FirstBootFailed" | "States.Timeout" => {
            Failure::DeadlinePassed
        }
        "Nemo.ProviderRefused"
        | "Nemo.ProviderBusy"
        | "Nemo.ProviderUnavailable"
        | "Nemo.NoProviderNow"
        | "Nemo.ProviderAnswerUnclear" => Failure::ProviderRefused,
        "Nemo.PaymentNotConfirmed" => Failure::PaymentNotConfirmed,
        _ => Failure::Internal,
    }
}

/// Why the last attempt came to nothing, from the name of the error that led to the next one.
pub(super) fn setback_of(error: &str) -> Setback {
    match error {
        "Nemo.ProviderOutOfStock" => Setback::OutOfStock,
        "Nemo.ProviderRefused" => Setback::Refused,
        "Nemo.PasswordLost" => Setback::Lost,
        "Nemo.ProviderAnswerUnclear" | "Nemo.ProviderBusy" | "Nemo.ProviderUnavailable" => {
            Setback::Unavailable
        }
        _ => Setback::Broken,
    }
}

impl From<StoreError> for TaskError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict | StoreError::Unavailable { .. } => Self::TryAgain(error.to_string()),
            StoreError::Corrupt { .. } | StoreError::Invalid { .. } | StoreError::BadCursor => {
                Self::Internal(error.to_string())
            }
        }
    }
}

impl From<ApplyError> for TaskError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(error) => error.into(),
            ApplyError::NotApplicable(error) => Self::Internal(error.to_string()),
        }
    }
}

impl From<VmError> for TaskError {
    fn from(error: VmError) -> Self {
        match error {
            VmError::OutOfStock(what) => Self::ProviderOutOfStock(what),
            VmError::Busy { .. } | VmError::LeftAlone { .. } => Self::ProviderBusy,
            VmError::Unclear { .. } => Self::ProviderAnswerUnclear(error.to_string()),
            VmError::NotFound => Self::ProviderAnswerUnclear("the machine is not listed".to_owned()),
            VmError::Unauthorized(_)
            | VmError::Quota(_)
            | VmError::Refused(_)
            | VmError::Unsupported { .. } => Self::ProviderRefused(error.to_string()),
        }
    }
}

impl From<GatewayError> for TaskError {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::Busy { .. } | GatewayError::Unclear { .. } => {
                Self::GatewayAnswerUnclear(error.to_string())
            }
            GatewayError::NotFound => {
                Self::PaymentNotConfirmed("the gateway does not know the payment".to_owned())
            }
            GatewayError::Unauthorized | GatewayError::Refused(_) | GatewayError::DuplicateReference => {
                Self::GatewayRefused(error.to_string())
            }
        }
    }
}

impl From<CryptError> for TaskError {
    fn from(error: CryptError) -> Self {
        Self::TryAgain(error.to_string())
    }
}

impl From<WorkflowError> for TaskError {
    fn from(error: WorkflowError) -> Self {
        Self::TryAgain(error.to_string())
    }
}

impl From<AppError> for TaskError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(error) => error.into(),
            AppError::Gateway(error) => error.into(),
            AppError::Provider(error) => error.into(),
            AppError::Crypt(error) => error.into(),
            AppError::Workflow(error) => error.into(),
            AppError::NotFound(what) => Self::NotFound(what),
            AppError::Queue(error) => Self::TryAgain(error.to_string()),
            AppError::Mail(error) => Self::TryAgain(error.to_string()),
            AppError::Invalid { .. }
            | AppError::NotDeliverable { .. }
            | AppError::KeyReused
            | AppError::Conflict(_)
            | AppError::Forbidden(_)
            | AppError::Fault(_) => Self::Internal(error.to_string()),
        }
    }
}
