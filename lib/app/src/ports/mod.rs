//! What the use cases need from outside: one small trait per capability, used through generics.
//!
//! A function's bounds say what it can do; its policy in `template.yaml` grants the same and no more.

mod clock;
mod crypt;
mod gateway;
mod health;
mod mailer;
mod probe;
mod queue;
mod store;
mod vm_host;
mod workflow;

pub use clock::{Clock, Ids};
pub use crypt::{CryptError, Decrypt, Encrypt};
pub use gateway::{CheckoutPage, CheckoutRequest, GatewayError, PaymentGateway, RefundState};
pub use health::{CheckQueues, CheckStore};
pub use mailer::{MailContent, MailError, SendMail};
pub use probe::ProbeRdp;
pub use queue::{
    CommandMessage, MailMessage, PaymentMessage, QueueCommand, QueueError, QueueMail, QueuePayment,
};
pub use store::{
    AuditEntry, Commit, GatewayEvent, IdempotencyRecord, Page, ReadAttempts, ReadAudit, ReadAvailability,
    ReadCircuits, ReadCredentials, ReadEvents, ReadFirstBoots, ReadIdempotency, ReadInstances, ReadInventory,
    ReadLedger, ReadMails, ReadOrders, ReadPayments, ReadProfiles, ReadRented, ReadSeen, ReadSetupTimes,
    ReadTradingAccounts, ReadWork, Rows, StoreError, Ticket, WorkKind, Write,
};
pub use vm_host::{
    Account, Capabilities, CreateCall, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion,
    Question, Reinstall, ResetPassword, SeemsBlocked, Trace, Traffic, UserData, VmError, VmHost, VmHosts,
    WindowsPassword, WindowsSetup,
};
pub use workflow::{
    CompleteTask, ExecutionStatus, ReadWorkflow, StartWorkflow, Started, TaskOutcome, WorkflowError,
};
