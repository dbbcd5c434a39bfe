//! The embedded AWS as its operator sees it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Stack;
use super::http::{self, Answer};
use super::sigv4::{Signer, Unsigned};

/// Pages read of any listing; more would be a listing that never ends.
const PAGES_MAX: usize = 400;
/// As many as one call gives.
const LOG_LINES_MAX: usize = 10_000;

impl Stack {
    /// The account's own credentials: everything is allowed to them.
    pub(crate) fn root(&self) -> Signer {
        Signer {
            access_key: self.fact("account_id").to_owned(),
            secret_key: "test".to_owned(),
            session_token: None,
            region: self.fact("region").to_owned(),
        }
    }

    /// A call of a service that speaks JSON, `target` as in `DynamoDB_20120810.GetItem`.
    #[track_caller]
    pub(crate) fn aws(&self, who: &Signer, service: &str, target: &str, body: &Value) -> Answer {
        let version = if matches!(service, "dynamodb" | "states" | "sqs") { "1.0" } else { "1.1" };
        who.send(&Unsigned {
            service,
            endpoint: self.fact("aws_endpoint"),
            method: "POST",
            path: "/",
            content_type: &format!("application/x-amz-json-{version}"),
            target: Some(target),
            body: &body.to_string(),
        })
    }

    /// A call of a service that speaks forms; answers XML.
    #[track_caller]
    pub(crate) fn aws_form(&self, service: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
        self.root().send(&Unsigned {
            service,
            endpoint: self.fact("aws_endpoint"),
            method: "POST",
            path: "/",
            content_type: "application/x-www-form-urlencoded",
            target: None,
            body: &body.join("&"),
        })
    }

    /// One stored item as plain JSON; `Null` when there is none.
    #[track_caller]
    pub(crate) fn item(&self, partition: &str, sort: &str) -> Value {
        let key = json!({"pk": {"S": partition}, "sk": {"S": sort}});
        let body = json!({"TableName": self.fact("table"), "Key": key, "ConsistentRead": true});
        let answer = self.aws(&self.root(), "dynamodb", "DynamoDB_20120810.GetItem", &body).good("GetItem");
        answer.get("Item").map_or(Value::Null, plain_item)
    }

    /// All items of a partition.
    #[track_caller]
    pub(crate) fn items(&self, partition: &str) -> Vec<Value> {
        self.pages(
            "DynamoDB_20120810.Query",
            json!({
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": partition}},
                "ConsistentRead": true,
            }),
        )
    }

    /// Everything that is stored. The product never does this; a test that looks for secrets does.
    #[track_caller]
    pub(crate) fn all_items(&self) -> Vec<Value> {
        self.pages("DynamoDB_20120810.Scan", json!({}))
    }

    fn pages(&self, target: &str, mut body: Value) -> Vec<Value> {
        body["TableName"] = json!(self.fact("table"));
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.aws(&self.root(), "dynamodb", target, &body).good(target);
            found.extend(page["Items"].as_array().into_iter().flatten().map(plain_item));
            match page.get("LastEvaluatedKey").filter(|key| !key.is_null()) {
                Some(key) => body["ExclusiveStartKey"] = key.clone(),
                None => break,
            }
        }
        found
    }

    /// The executions of an order's workflow: `{name, status, …}`, any order.
    #[track_caller]
    pub(crate) fn executions(&self, order: &str) -> Vec<Value> {
        let mut body = json!({"stateMachineArn": self.fact("state_machine_arn"), "maxResults": 1000});
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.states("ListExecutions", &body).good("ListExecutions");
            found.extend(page["executions"].as_array().into_iter().flatten().cloned());
            match page["nextToken"].as_str() {
                Some(token) => body["nextToken"] = json!(token),
                None => break,
            }
        }
        found.retain(|execution| execution["name"].as_str().is_some_and(|name| name.starts_with(order)));
        found
    }

    /// The whole history of an execution, oldest event first.
    #[track_caller]
    pub(crate) fn history(&self, execution_arn: &str) -> Vec<Value> {
        let mut body =
            json!({"executionArn": execution_arn, "maxResults": 1000, "includeExecutionData": true});
        let mut events = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.states("GetExecutionHistory", &body).good("GetExecutionHistory");
            events.extend(page["events"].as_array().into_iter().flatten().cloned());
            match page["nextToken"].as_str() {
                Some(token) => body["nextToken"] = json!(token),
                None => break,
            }
        }
        events
    }

    /// A call of Step Functions.
    #[track_caller]
    pub(crate) fn states(&self, operation: &str, body: &Value) -> Answer {
        self.aws(&self.root(), "states", &format!("AWSStepFunctions.{operation}"), body)
    }

    /// Every line that any function has logged, after the name of its stream.
    #[track_caller]
    pub(crate) fn logs(&self) -> Vec<(String, String)> {
        let mut body = json!({"logGroupName": self.fact("log_group"), "limit": LOG_LINES_MAX});
        let mut lines: Vec<(i64, String, String)> = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.aws(&self.root(), "logs", "Logs_20140328.FilterLogEvents", &body);
            let page = page.good("FilterLogEvents");
            let events = page["events"].as_array().map(Vec::as_slice).unwrap_or_default();
            for event in events {
                let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
                let at = event["timestamp"].as_i64().expect("a time");
                lines.push((at, text("logStreamName"), text("message")));
            }
            if events.len() < LOG_LINES_MAX {
                break;
            }
            // The embedded AWS gives no token for the rest: it begins in the last millisecond that was seen.
            let last = lines.last().map_or(0, |(at, _, _)| *at);
            lines.retain(|(at, _, _)| *at < last);
            body["startTime"] = json!(last);
        }
        lines.into_iter().map(|(_, stream, message)| (stream, message)).collect()
    }

    /// What waits in all queues now, dead letters included: `(queue URL, body)`.
    #[track_caller]
    pub(crate) fn queued(&self) -> Vec<(String, String)> {
        let url = format!("{}/_ministack/sqs/messages", self.fact("aws_endpoint"));
        let kept = http::call("GET", &url, &[], None).good("queued messages");
        let mut found = Vec::new();
        for regions in kept["messages"].as_object().into_iter().flat_map(Map::values) {
            for queues in regions.as_object().into_iter().flat_map(Map::values) {
                for (queue, messages) in queues.as_object().into_iter().flatten() {
                    for message in messages.as_array().into_iter().flatten() {
                        found.push((queue.clone(), message["Body"].as_str().unwrap_or_default().to_owned()));
                    }
                }
            }
        }
        found
    }

    /// What Secrets Manager holds under a name.
    #[track_caller]
    pub(crate) fn secret(&self, name: &str) -> Value {
        let body = json!({"SecretId": name});
        let answer = self.aws(&self.root(), "secretsmanager", "secretsmanager.GetSecretValue", &body);
        let answer = answer.good("GetSecretValue");
        serde_json::from_str(answer["SecretString"].as_str().unwrap_or_default()).expect("a JSON secret")
    }
}

fn plain_item(item: &Value) -> Value {
    let plain_fields =
        item.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), plain(value)));
    Value::Object(plain_fields.collect())
}

/// An attribute without its type. Numbers become integers; binary becomes text, as readable as its bytes are.
fn plain(attribute: &Value) -> Value {
    let Some((kind, value)) = attribute.as_object().and_then(|object| object.iter().next()) else {
        return Value::Null;
    };
    match (kind.as_str(), value) {
        ("NULL", _) => Value::Null,
        ("N", Value::String(digits)) => digits.parse::<i64>().map_or_else(|_| value.clone(), Value::from),
        ("B", Value::String(text)) => {
            let bytes = STANDARD.decode(text).unwrap_or_default();
            json!(String::from_utf8_lossy(&bytes))
        }
        ("M", map) => plain_item(map),
        ("L", Value::Array(list)) => list.iter().map(plain).collect(),
        _ => value.clone(),
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
