//! Queue batches: each message by itself, and only those that failed come again.

use app::{AppError, Chain};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};

/// A batch being worked through: [`Batch::next`], handle, [`Batch::note`], and at the end the answer.
pub struct Batch {
    left: std::vec::IntoIter<SqsMessage>,
    current: Option<SqsMessage>,
    failed: Vec<BatchItemFailure>,
    stuck_groups: Vec<String>,
}

impl Batch {
    /// A batch as Lambda hands it over.
    pub fn of(event: SqsEvent) -> Self {
        Self { left: event.records.into_iter(), current: None, failed: Vec::new(), stuck_groups: Vec::new() }
    }

    /// The body of the next message. In a FIFO queue a message behind a failed one of its group is not handled,
    /// so that the order is kept: it comes again with it.
    #[expect(clippy::should_implement_trait, reason = "a batch is worked through, not iterated: see `note`")]
    pub fn next(&mut self) -> Option<String> {
        loop {
            let message = self.left.next()?;
            if group_of(&message).is_some_and(|group| self.stuck_groups.contains(&group)) {
                self.failed.push(failure(&message));
                continue;
            }
            let body = message.body.clone().unwrap_or_default();
            self.current = Some(message);
            return Some(body);
        }
    }

    /// How the message went that [`Batch::next`] gave.
    pub fn note(&mut self, done: Result<(), AppError>) {
        let Some(message) = self.current.take() else { return };
        if let Err(error) = done {
            let message_id = message.message_id.as_deref().unwrap_or_default();
            tracing::warn!(message_id, error = %Chain(&error), "message comes again");
            self.stuck_groups.extend(group_of(&message));
            self.failed.push(failure(&message));
        }
    }

    /// The answer: which messages come again.
    pub fn into_response(self) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = self.failed;
        response
    }
}

fn failure(message: &SqsMessage) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message.message_id.clone().unwrap_or_default();
    failure
}

fn group_of(message: &SqsMessage) -> Option<String> {
    message.attributes.get("MessageGroupId").cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, group: Option<&str>) -> SqsMessage {
        let mut message = SqsMessage::default();
        message.message_id = Some(id.to_owned());
        message.body = Some(id.to_owned());
        message.attributes.extend(group.map(|g| ("MessageGroupId".to_owned(), g.to_owned())));
        message
    }

    fn work(messages: Vec<SqsMessage>, bad: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut event = SqsEvent::default();
        event.records = messages;
        let mut batch = Batch::of(event);
        let mut handled = Vec::new();
        while let Some(body) = batch.next() {
            let fails = bad.contains(&body.as_str());
            handled.push(body);
            batch.note(if fails { Err(AppError::NotFound("thing")) } else { Ok(()) });
        }
        let again =
            batch.into_response().batch_item_failures.into_iter().map(|f| f.item_identifier).collect();
        (handled, again)
    }

    #[test]
    fn only_what_failed_comes_again() {
        let (handled, again) = work(vec![message("a", None), message("b", None), message("c", None)], &["b"]);
        assert_eq!((handled, again), (vec!["a".into(), "b".into(), "c".into()], vec!["b".to_owned()]));
    }

    #[test]
    fn nothing_overtakes_a_failure_of_its_group() {
        let messages = vec![message("a", Some("x")), message("b", Some("x")), message("c", Some("y"))];
        let (handled, again) = work(messages, &["a"]);
        assert_eq!((handled, again), (vec!["a".into(), "c".into()], vec!["a".to_owned(), "b".to_owned()]));
    }
}
