//! Handing messages over.

use app::ports::{
    CommandMessage, MailMessage, PaymentMessage, QueueCommand, QueueError, QueueMail, QueuePayment,
};
use serde::Serialize;

use crate::{Queues, body};

/// What a FIFO queue needs besides the body.
struct Fifo {
    /// Messages of one group are delivered in order, one at a time.
    group: String,
    /// A second message of this id within five minutes is taken and dropped.
    deduplication: String,
}

impl QueuePayment for Queues {
    async fn queue_payment(&self, message: &PaymentMessage) -> Result<(), QueueError> {
        self.send(&self.urls.payments, message, None).await
    }
}

impl QueueMail for Queues {
    async fn queue_mail(&self, message: &MailMessage) -> Result<(), QueueError> {
        self.send(&self.urls.mails, message, None).await
    }
}

impl QueueCommand for Queues {
    async fn queue_command(&self, message: &CommandMessage) -> Result<(), QueueError> {
        let group = message.instance.to_string();
        let deduplication = format!("{group}-{}-{}", message.version, message.nudge);
        self.send(&self.urls.commands, message, Some(Fifo { group, deduplication })).await
    }
}

impl Queues {
    async fn send<M: Serialize>(&self, url: &str, message: &M, fifo: Option<Fifo>) -> Result<(), QueueError> {
        let body = body::write(message).map_err(|error| QueueError(Some(error.into())))?;
        let mut call = self.client.send_message().queue_url(url).message_body(body);
        if let Some(fifo) = fifo {
            call = call.message_group_id(fifo.group).message_deduplication_id(fifo.deduplication);
        }
        call.send().await.map(drop).map_err(|error| QueueError(Some(error.into())))
    }
}
