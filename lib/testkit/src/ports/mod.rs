//! Every port in memory.

mod gateway;
mod keys;
mod outbox;
mod probe;
mod queues;
mod store;
mod vm_host;
mod workflows;

pub use gateway::{Gateway, GatewayFault};
pub use keys::Keys;
pub use outbox::{Outbox, SentMail};
pub use probe::Probe;
pub use queues::{Delivery, Queue, Queues};
pub use store::{Key, Row, Store};
pub use vm_host::{BootPlan, HostBug, HostFault, Hosts, Machine as VmMachine, Op, VmHost};
pub use workflows::{Execution, Workflows};
