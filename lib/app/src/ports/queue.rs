//! The queues between the edges and the workers. Messages name things; they hold no secrets and no facts.

use std::future::Future;

use domain::ids::{InstanceId, OrderId, PaymentId};
use serde::{Deserialize, Serialize};

/// Work for `payment-events`. `v` guards against a newer writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PaymentMessage {
    /// A stored gateway event is to be applied.
    GatewayEvent {
        /// Its dedupe key: see [`super::GatewayEvent`].
        event: String,
    },
    /// A reference is to be verified: the customer came back, or the sweep wonders.
    CheckPayment {
        /// Our reference at the gateway.
        reference: String,
    },
    /// The gateway is to be asked how a refund goes on.
    FollowRefund {
        /// Of which payment.
        payment: PaymentId,
    },
}

/// Work for `mailer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailMessage {
    /// The stored mail's id.
    pub mail: String,
    /// The order it is about, for the logs.
    pub order: Option<OrderId>,
}

/// Work for `instance-commands`; the queue keeps the order per instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandMessage {
    /// Which desktop. The command itself stands in its row.
    pub instance: InstanceId,
    /// The row's version with the command.
    pub version: u64,
    /// 0 for the first message, later the sweep's minute. The FIFO queue's deduplication id is made from all
    /// three, so that a nudge is not taken for the message that went before it.
    #[serde(default)]
    pub nudge: i64,
}

/// A message that could not be handed over. HTTP 503, retryable.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take the message")]
pub struct QueueError(#[source] pub Option<Box<dyn std::error::Error + Send + Sync>>);

/// `sqs:SendMessage` on the payment queue.
pub trait QueuePayment {
    /// Hands one message over.
    fn queue_payment(&self, message: &PaymentMessage) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// `sqs:SendMessage` on the mail queue.
pub trait QueueMail {
    /// Hands one message over.
    fn queue_mail(&self, message: &MailMessage) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// `sqs:SendMessage` on the command queue.
pub trait QueueCommand {
    /// Hands one message over, in order per instance, once per version.
    fn queue_command(&self, message: &CommandMessage) -> impl Future<Output = Result<(), QueueError>> + Send;
}
