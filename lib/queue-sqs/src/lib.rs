//! The queues over SQS: what is sent, and how the workers read it.
//!
//! A body is JSON: the message with `v`, the version of its schema. SQS delivers at least once, so every
//! worker decides by the row that a message names, never by the message.

mod body;
mod health;
mod send;

pub use body::{InvalidMessage, parse_command, parse_mail, parse_payment};

use aws_sdk_sqs::Client;

/// Where the queues are. A function names those that it uses; a call on another is refused by SQS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueUrls {
    /// Standard queue, read by `payment-events`.
    pub payments: String,
    /// Standard queue, read by `mailer`.
    pub mails: String,
    /// FIFO queue, read by `instance-commands`.
    pub commands: String,
}

/// All queues. Cheap to clone.
///
/// One type implements every queue port; a function's bounds name the ports it uses, and its policy grants
/// `sqs:SendMessage` on those queues alone.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    urls: QueueUrls,
}

impl Queues {
    /// The queues over a ready client, which brings its timeouts and retries.
    pub const fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }
}
