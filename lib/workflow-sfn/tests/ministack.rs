//! The workflow against a real Step Functions interface.

#![cfg(test)]

#[path = "../../store-dynamo/tests/it/ministack.rs"]
mod server;

use std::error::Error;
use std::time::Duration;

use app::ports::{CompleteTask, ExecutionStatus, ReadWorkflow, StartWorkflow, Started, TaskOutcome};
use aws_credential_types::Credentials;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::{BehaviorVersion, Config, Region};
use domain::Timestamp;
use domain::ids::OrderId;
use workflow_sfn::Workflow;

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

/// Puts a state machine there; returns its ARN.
async fn state_machine(client: &Client, name: &str, definition: &str) -> String {
    let role = "arn:aws:iam::000000000000:role/any";
    let call = client.create_state_machine().name(name).definition(definition).role_arn(role);
    call.send().await.unwrap().state_machine_arn
}

async fn settles(workflow: &Workflow, name: &str) -> ExecutionStatus {
    for _ in 0..100 {
        match workflow.status(name).await.unwrap() {
            ExecutionStatus::Running => tokio::time::sleep(Duration::from_millis(50)).await,
            settled => return settled,
        }
    }
    panic!("{name} runs for ever");
}

fn order() -> OrderId {
    OrderId::new(Timestamp::from_millisecond(1_790_000_000_000).unwrap(), 1)
}

#[tokio::test]
async fn an_execution_is_started_once_by_its_name_and_told_of_its_order() {
    let Some(server) = server::ministack() else { return };
    let client = client(&server.url);
    let waits = r#"{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":600,"End":true}}}"#;
    let arn = state_machine(&client, "waits", waits).await;
    let workflow = Workflow::new(client.clone(), arn);
    assert_eq!(workflow.status("ord_1").await.unwrap(), ExecutionStatus::Missing);
    assert_eq!(workflow.start(order(), "ord_1").await.unwrap(), Started::Now);
    assert_eq!(workflow.start(order(), "ord_1").await.unwrap(), Started::Already);
    assert_eq!(workflow.status("ord_1").await.unwrap(), ExecutionStatus::Running);

    let passes = r#"{"StartAt":"Pass","States":{"Pass":{"Type":"Pass","End":true}}}"#;
    let arn = state_machine(&client, "passes", passes).await;
    let workflow = Workflow::new(client.clone(), arn.clone());
    workflow.start(order(), "ord_2").await.unwrap();
    assert_eq!(settles(&workflow, "ord_2").await, ExecutionStatus::Succeeded);
    assert_eq!(workflow.start(order(), "ord_2").await.unwrap(), Started::Already, "also after it ended");
    let execution = arn.replace(":stateMachine:", ":execution:") + ":ord_2";
    let seen = client.describe_execution().execution_arn(execution).send().await.unwrap();
    assert_eq!(seen.input.unwrap(), format!(r#"{{"order_id":"{}"}}"#, order()));

    let fails = r#"{"StartAt":"Fail","States":{"Fail":{"Type":"Fail","Error":"Nemo.Any","Cause":"any"}}}"#;
    let workflow = Workflow::new(client.clone(), state_machine(&client, "fails", fails).await);
    workflow.start(order(), "ord_3").await.unwrap();
    assert_eq!(settles(&workflow, "ord_3").await, ExecutionStatus::Dead("FAILED".to_owned()));
}

#[tokio::test]
async fn a_task_that_no_longer_waits_is_no_error() {
    let Some(server) = server::ministack() else { return };
    let workflow =
        Workflow::new(client(&server.url), "arn:aws:states:us-east-1:000000000000:stateMachine:x".to_owned());
    let failure = TaskOutcome::Failure { error: "Nemo.Any".to_owned(), cause: "ö".repeat(40_000) };
    for outcome in [TaskOutcome::Success("{}".to_owned()), failure] {
        workflow.complete("a-token-of-nobody", &outcome).await.unwrap();
    }
}

#[tokio::test]
async fn a_waiting_task_goes_on_with_what_it_is_told_and_may_be_told_twice() {
    let Some(server) = server::ministack() else { return };
    let client = client(&server.url);
    let activity = client.create_activity().name("boots").send().await.unwrap().activity_arn;
    let definition = serde_json::json!({
        "StartAt": "Wait",
        "States": { "Wait": { "Type": "Task", "Resource": activity, "TimeoutSeconds": 60, "End": true } }
    });
    let workflow = Workflow::new(
        client.clone(),
        state_machine(&client, "waits-for-word", &definition.to_string()).await,
    );
    let failure = TaskOutcome::Failure { error: "Nemo.SetupFailed".to_owned(), cause: "no".to_owned() };
    for (name, outcome, end) in [
        ("ord_4", TaskOutcome::Success("{}".to_owned()), ExecutionStatus::Succeeded),
        ("ord_5", failure, ExecutionStatus::Dead("FAILED".to_owned())),
    ] {
        workflow.start(order(), name).await.unwrap();
        let task = client.get_activity_task().activity_arn(&activity).send().await.unwrap();
        let token = task.task_token.unwrap();
        for _ in 0..2 {
            workflow.complete(&token, &outcome).await.unwrap();
        }
        assert_eq!(settles(&workflow, name).await, end);
        workflow.complete(&token, &outcome).await.unwrap();
    }
}

#[tokio::test]
async fn an_outage_says_what_was_asked_and_not_for_whom() {
    let workflow = Workflow::new(client("http://127.0.0.1:1"), "arn".to_owned());
    let error = workflow.start(order(), "ord_1").await.unwrap_err();
    assert_eq!(error.what, "StartExecution");
    assert!(error.source().and_then(Error::source).is_some());
    assert_eq!(workflow.status("ord_1").await.unwrap_err().what, "DescribeExecution");
    let outcome = TaskOutcome::Success("{}".to_owned());
    let error = workflow.complete("secret-token", &outcome).await.unwrap_err();
    assert_eq!(error.what, "SendTaskSuccess");
    assert!(!format!("{error:?}").contains("secret-token"), "{error:?}");
}
