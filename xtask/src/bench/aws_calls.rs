//! What the embedded AWS remembers of an order: its execution, and the functions' logs.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::http;
use crate::local::Stack;

/// Pages of an answer that are read at most.
const PAGES_MAX: usize = 200;

/// The states that an order's execution went through, and how often a task was tried again.
pub(crate) struct Execution {
    /// States entered, in order.
    pub(crate) states: Vec<String>,
    /// Task attempts beyond the first of a state; Step Functions bills each as a transition.
    pub(crate) retries: usize,
}

impl Execution {
    /// Reads the history of the execution that bears the order's id.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn of(stack: &Stack, order: &str) -> anyhow::Result<Self> {
        let machine = stack.fact("state_machine_arn")?.replace(":stateMachine:", ":execution:");
        let asked = json!({"executionArn": format!("{machine}:{order}"), "maxResults": 1000});
        let events = pages(stack, "states", "AWSStepFunctions.GetExecutionHistory", &asked, "events")?;
        let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
        let states: Vec<String> = events
            .iter()
            .filter(|event| kind(event).ends_with("StateEntered"))
            .filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str().map(str::to_owned))
            .collect();
        let tasks = events.iter().filter(|event| kind(event) == "TaskStateEntered").count();
        let attempts = events
            .iter()
            .filter(|event| matches!(kind(event).as_str(), "TaskScheduled" | "LambdaFunctionScheduled"))
            .count();
        ensure!(!states.is_empty(), "the execution of {order} has no history");
        Ok(Self { states, retries: attempts.saturating_sub(tasks) })
    }

    /// What Step Functions bills.
    pub(crate) fn transitions(&self) -> usize {
        self.states.len() + self.retries
    }
}

/// What the functions logged while something happened.
pub(crate) struct Logs {
    /// Invocations.
    pub(crate) invocations: u64,
    /// Time that they took together, as billed.
    pub(crate) billed_ms: f64,
    /// Bytes that CloudWatch would take in.
    pub(crate) bytes: u64,
}

impl Logs {
    /// Reads the functions' logs since a moment, without those of the scheduled sweep and of the customer's looking.
    ///
    /// # Errors
    /// They cannot be read.
    pub(crate) fn since(stack: &Stack, start_ms: f64) -> anyhow::Result<Self> {
        /// CloudWatch adds this to each event.
        const EVENT_BYTES: u64 = 26;
        const OTHERS: [&str; 3] = ["-order-sweep:", "-orders:", "-instances:"];
        let asked = json!({"logGroupName": stack.fact("log_group")?, "startTime": start_ms.floor() as i64});
        let events = pages(stack, "logs", "Logs_20140328.FilterLogEvents", &asked, "events")?;
        let mut logs = Self { invocations: 0, billed_ms: 0.0, bytes: 0 };
        for event in &events {
            let stream = event["logStreamName"].as_str().unwrap_or_default();
            if OTHERS.iter().any(|name| stream.contains(name)) {
                continue;
            }
            let message = event["message"].as_str().unwrap_or_default();
            logs.bytes += message.len() as u64 + EVENT_BYTES;
            if let Some((_, report)) = message.split_once("Billed Duration: ") {
                logs.invocations += 1;
                let digits = report.split(' ').next().unwrap_or_default();
                logs.billed_ms += digits.parse::<f64>().unwrap_or(0.0);
            }
        }
        Ok(logs)
    }
}

fn pages(
    stack: &Stack,
    service: &str,
    target: &str,
    asked: &Value,
    list: &str,
) -> anyhow::Result<Vec<Value>> {
    let mut asked = asked.clone();
    let mut all = Vec::new();
    for _ in 0..PAGES_MAX {
        let mut answer = call(stack, service, target, &asked)?;
        all.extend(answer[list].as_array_mut().map(std::mem::take).unwrap_or_default());
        match answer["nextToken"].as_str() {
            Some(token) => asked["nextToken"] = json!(token),
            None => return Ok(all),
        }
    }
    anyhow::bail!("{target} does not come to an end")
}

fn call(stack: &Stack, service: &str, target: &str, body: &Value) -> anyhow::Result<Value> {
    // The embedded AWS takes the account from the key and checks no signature.
    let account = stack.fact("account_id").context("no account")?;
    let signed = format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
        stack.fact("region")?
    );
    let headers = [("x-amz-target", target), ("authorization", signed.as_str())];
    http::post(stack.fact("aws_endpoint")?, "application/x-amz-json-1.1", &body.to_string(), &headers)?
        .expect_success(target)
}
