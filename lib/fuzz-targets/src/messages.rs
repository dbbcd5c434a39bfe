//! What the queues and the workflow hand over: written by us, but not always by this program.

use app::ports::{CommandMessage, MailMessage, PaymentMessage};
use app::provision::Task;
use aws_lambda_events::sqs::SqsEvent;
use lambda_kit::Batch;
use queue_sqs::{InvalidMessage, parse_command, parse_mail, parse_payment};
use serde::Serialize;

use crate::{assert_tame, choice};

/// A byte for what it is, and its JSON.
pub(crate) fn run(bytes: &[u8]) {
    let (kind, body) = choice(bytes);
    let text = &*String::from_utf8_lossy(body);
    match kind % 5 {
        0 => written_again::<PaymentMessage>(text, parse_payment),
        1 => written_again::<MailMessage>(text, parse_mail),
        2 => written_again::<CommandMessage>(text, parse_command),
        3 => batch(body),
        _ => drop(serde_json::from_slice::<Task>(body)),
    }
}

/// What is read is read again from how we write it.
fn written_again<M: Serialize + PartialEq + std::fmt::Debug>(
    text: &str,
    parse: impl Fn(&str) -> Result<M, InvalidMessage>,
) {
    match parse(text) {
        Ok(message) => {
            let mut again = serde_json::to_value(&message).expect("JSON");
            again["v"] = 1.into();
            assert_eq!(parse(&again.to_string()).expect("our own"), message);
        }
        Err(error) => assert_tame(&error.to_string()),
    }
}

/// Every message of a batch is either handled or comes again, in whatever order they fail.
fn batch(body: &[u8]) {
    let Ok(event) = serde_json::from_slice::<SqsEvent>(body) else { return };
    let all = event.records.len();
    let mut batch = Batch::of(event);
    let mut good = 0;
    while let Some(body) = batch.next() {
        let done = parse_command(&body).map(drop);
        good += usize::from(done.is_ok());
        batch.note(done.map_err(|error| app::AppError::Fault(error.to_string())));
    }
    let again = batch.into_response().batch_item_failures.len();
    assert_eq!(good + again, all, "a message is lost, or comes twice");
}
