//! The queues against a real SQS interface.

#![cfg(test)]

#[path = "../../store-dynamo/tests/it/ministack.rs"]
mod server;

use std::collections::HashMap;
use std::error::Error;

use app::ports::{
    CheckQueues, CommandMessage, MailMessage, PaymentMessage, QueueCommand, QueueMail, QueuePayment,
};
use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use domain::Timestamp;
use domain::ids::InstanceId;
use queue_sqs::{QueueUrls, Queues, parse_command, parse_mail, parse_payment};

fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

async fn queue(client: &Client, name: &str) -> String {
    let fifo = name.ends_with(".fifo").then(|| (QueueAttributeName::FifoQueue, "true".to_owned()));
    let attributes: Option<HashMap<_, _>> = fifo.map(|attribute| HashMap::from([attribute]));
    client.create_queue().queue_name(name).set_attributes(attributes).send().await.unwrap().queue_url.unwrap()
}

/// The bodies that wait in a queue, as they are handed out one after the other.
async fn bodies(client: &Client, url: &str) -> Vec<String> {
    let mut bodies = Vec::new();
    for _ in 0..10 {
        let answer = client.receive_message().queue_url(url).max_number_of_messages(1).send().await.unwrap();
        for message in answer.messages.unwrap_or_default() {
            bodies.push(message.body.unwrap());
            client
                .delete_message()
                .queue_url(url)
                .receipt_handle(message.receipt_handle.unwrap())
                .send()
                .await
                .unwrap();
        }
    }
    bodies
}

#[tokio::test]
async fn messages_arrive_and_a_command_arrives_once_and_in_order() {
    let Some(server) = server::ministack() else { return };
    let client = client(&server.url);
    let urls = QueueUrls {
        payments: queue(&client, "payments").await,
        mails: queue(&client, "mails").await,
        commands: queue(&client, "commands.fifo").await,
    };
    let queues = Queues::new(client.clone(), urls.clone());
    assert_eq!(
        queues.check().await,
        vec![("payment_queue", true), ("mail_queue", true), ("command_queue", true)]
    );

    let payment = PaymentMessage::GatewayEvent { event: "paystack#00".to_owned() };
    queues.queue_payment(&payment).await.unwrap();
    let received = bodies(&client, &urls.payments).await;
    assert_eq!(received.iter().map(|body| parse_payment(body).unwrap()).collect::<Vec<_>>(), vec![payment]);

    let mail = MailMessage { mail: "ord_1.ready".to_owned(), order: None };
    queues.queue_mail(&mail).await.unwrap();
    let received = bodies(&client, &urls.mails).await;
    assert_eq!(received.iter().map(|body| parse_mail(body).unwrap()).collect::<Vec<_>>(), vec![mail]);

    let instance = InstanceId::new(Timestamp::from_millisecond(1_790_000_000_000).unwrap(), 1);
    let command = |version, nudge| CommandMessage { instance, version, nudge };
    for (version, nudge) in [(3, 0), (3, 0), (3, 7), (4, 0), (3, 7)] {
        queues.queue_command(&command(version, nudge)).await.unwrap();
    }
    let received = bodies(&client, &urls.commands).await;
    let commands: Vec<CommandMessage> = received.iter().map(|body| parse_command(body).unwrap()).collect();
    assert_eq!(commands, vec![command(3, 0), command(3, 7), command(4, 0)]);
}

#[tokio::test]
async fn a_message_that_was_not_taken_says_why() {
    let url = "http://127.0.0.1:1/queue".to_owned();
    let urls = QueueUrls { payments: url.clone(), mails: url.clone(), commands: url };
    let queues = Queues::new(client("http://127.0.0.1:1"), urls);
    assert!(queues.check().await.iter().all(|(_, well)| !well));
    let error = queues.queue_mail(&MailMessage { mail: "m".to_owned(), order: None }).await.unwrap_err();
    assert!(error.source().and_then(Error::source).is_some(), "{error:?}");
}
