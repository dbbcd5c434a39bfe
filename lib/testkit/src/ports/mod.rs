//! Every port in memory.

mod gateway;
mod keys;
mod outbox;
mod probe;
mod queues;
mod store;
mod vm_faults;
mod vm_host;
mod vm_offers;
mod workflows;

pub use gateway::{Gateway, GatewayFault};
pub use keys::Keys;
pub use outbox::{Outbox, SentMail};
pub use probe::Probe;
pub use queues::{Delivery, Queue, Queues};
pub use store::{Row, Store};
pub use vm_faults::{BootPlan, HostBug, HostFault, Op};
pub use vm_host::{Hosts, Machine as VmMachine, VmHost};
pub use workflows::{Execution, Workflows};
