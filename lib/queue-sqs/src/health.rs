//! Whether the queues answer.

use app::ports::CheckQueues;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::Queues;

/// Asks all three at once for something that changes nothing.
impl CheckQueues for Queues {
    async fn check(&self) -> Vec<(&'static str, bool)> {
        let (payments, mails, commands) = tokio::join!(
            self.answers(&self.urls.payments),
            self.answers(&self.urls.mails),
            self.answers(&self.urls.commands)
        );
        vec![("payment_queue", payments), ("mail_queue", mails), ("command_queue", commands)]
    }
}

impl Queues {
    async fn answers(&self, url: &str) -> bool {
        let call = self.client.get_queue_attributes().queue_url(url);
        call.attribute_names(QueueAttributeName::QueueArn).send().await.is_ok()
    }
}
