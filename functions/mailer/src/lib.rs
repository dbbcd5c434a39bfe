//! The mailer: sends stored mails, for the mail queue and for the workflow's `SendCredentials`.

use app::AppError;
use app::mails::Mailer;
use app::ports::{
    Clock, Commit, Decrypt, MailMessage, ReadCredentials, ReadInstances, ReadMails, ReadOrders, ReadPayments,
    ReadProfiles, ReadSetupTimes, SendMail,
};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_kit::{Batch, TaskFailure};
use serde::{Deserialize, Serialize};

/// Who calls: the queue with a batch, or the workflow with one mail.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Call {
    /// One mail, by its id. Tried first: a batch has no field `mail`, but a lenient reader could take this for
    /// an empty batch.
    Workflow(MailMessage),
    /// Messages of the mail queue.
    Queue(SqsEvent),
}

/// What each of them gets.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Which messages come again.
    Queue(SqsBatchResponse),
    /// Nothing to say.
    Workflow {},
}

/// Sends what is owed. A mail that does not go out stays owed: the queue brings it again, the sweep as well.
///
/// # Errors
/// For the workflow only: `Nemo.TryAgain` or `Nemo.Internal`.
pub async fn handle<S, K, M, C>(mailer: &Mailer<S, K, M, C>, call: Call) -> Result<Answer, TaskFailure>
where
    S: Commit
        + ReadMails
        + ReadOrders
        + ReadPayments
        + ReadInstances
        + ReadCredentials
        + ReadProfiles
        + ReadSetupTimes
        + Sync,
    K: Decrypt + Sync,
    M: SendMail + Sync,
    C: Clock + Sync,
{
    match call {
        Call::Workflow(message) => {
            mailer.deliver(&message.mail).await?;
            Ok(Answer::Workflow {})
        }
        Call::Queue(event) => {
            let mut batch = Batch::of(event);
            while let Some(body) = batch.next() {
                let done = match queue_sqs::parse_mail(&body) {
                    Ok(message) => mailer.deliver(&message.mail).await.map(drop),
                    Err(error) => Err(AppError::Fault(error.to_string())),
                };
                batch.note(done);
            }
            Ok(Answer::Queue(batch.into_response()))
        }
    }
}
