//! What an order costs: counted operations times list prices (us-east-1, no free tier).

use serde_json::Value;

use super::aws_calls::Logs;
use super::proxy::{Call, count};
use super::table::Table;

/// Requests of the HTTP API for one order: the checkout, the way back, the webhook, the machine's report.
const API_REQUESTS: f64 = 4.0;
/// Memory of a function, as in template.yaml.
const MEMORY_GB: f64 = 0.25;
/// Queue requests for one message: sent, received, deleted.
const REQUESTS_PER_MESSAGE: f64 = 3.0;

/// List prices in dollars per million; those marked `false` were not checked against AWS's pages.
const PRICES: &[(&str, f64, bool)] = &[
    ("Step Functions transitions", 25.0, true),
    ("Lambda requests", 0.20, true),
    ("Lambda GB-seconds, arm64", 13.3334, true),
    ("HTTP API requests", 1.00, true),
    ("DynamoDB write units", 0.625, true),
    ("DynamoDB read units", 0.125, true),
    ("SQS requests", 0.40, false),
    ("SES mails", 100.0, false),
    ("KMS requests", 3.0, false),
    ("CloudWatch Logs, MB", 500.0, false),
];

/// Prints the model for one order: what was called, logged and gone through for it.
pub(crate) fn print(calls: &[Call], logs: &Logs, transitions: usize) {
    let sum = |service: &str, operation: &str| -> f64 {
        count(calls, service).get(operation).copied().unwrap_or(0) as f64
    };
    let (writes, reads) = units(calls);
    let quantities = [
        transitions as f64,
        logs.invocations as f64,
        logs.billed_ms / 1000.0 * MEMORY_GB,
        API_REQUESTS,
        writes,
        reads,
        sum("sqs", "SendMessage") * REQUESTS_PER_MESSAGE,
        sum("ses", "SendRawEmail"),
        sum("kms", "Encrypt") + sum("kms", "Decrypt"),
        logs.bytes as f64 / 1e6,
    ];
    let mut table = Table::new(&["per order", "count", "$ per million", "$ per 1M orders"]);
    let (mut total, mut mails) = (0.0, 0.0);
    for ((name, price, checked), quantity) in PRICES.iter().zip(quantities) {
        // So many dollars for a million orders: the count of one order times the price of a million.
        let dollars = quantity * price;
        total += dollars;
        if *name == "SES mails" {
            mails = dollars;
        }
        let name = if *checked { (*name).to_owned() } else { format!("{name} (?)") };
        let count = if quantity.fract() == 0.0 { format!("{quantity:.0}") } else { format!("{quantity:.4}") };
        table.row(vec![name, count, format!("{price}"), format!("{dollars:.0}")]);
    }
    table.row(vec!["all".into(), String::new(), String::new(), format!("{total:.0}")]);
    table.row(vec![
        "all but the mails".into(),
        String::new(),
        String::new(),
        format!("{:.0}", total - mails),
    ]);
    table.print(
        "Cost: operations of one delivered order, without those of the customer looking at it, times list prices; (?) not checked against AWS's pages",
    );
}

/// Write and read units of DynamoDB calls.
fn units(calls: &[Call]) -> (f64, f64) {
    let (mut writes, mut reads) = (0.0, 0.0);
    for call in calls.iter().filter(|call| call.service == "dynamodb") {
        match call.operation.as_str() {
            "PutItem" => writes += put(&call.sent["Item"], 1.0),
            "UpdateItem" | "DeleteItem" => writes += 1.0,
            "TransactWriteItems" => {
                for action in call.sent["TransactItems"].as_array().into_iter().flatten() {
                    writes += if action["Put"].is_object() { put(&action["Put"]["Item"], 2.0) } else { 2.0 };
                }
            }
            // One page of up to 4 KB; half of that when it need not be consistent.
            "GetItem" | "Query" => reads += if call.sent["ConsistentRead"] == true { 1.0 } else { 0.5 },
            _ => {}
        }
    }
    (writes, reads)
}

/// A put into the table at `factor` units a KB, and into each index whose key it bears.
fn put(item: &Value, factor: f64) -> f64 {
    let kilobytes = (item_bytes(item) as f64 / 1024.0).ceil();
    let indexes = ["gsi1pk", "wpk"].iter().filter(|key| item[**key].is_object()).count();
    kilobytes * (factor + indexes as f64)
}

/// An item's size as DynamoDB counts it: names and values, and 3 bytes for a list or map with 1 for each element.
fn item_bytes(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    attributes.map(|(name, value)| name.len() + value_bytes(value)).sum()
}

/// The size of a typed value, `{"S": "text"}`.
fn value_bytes(value: &Value) -> usize {
    let Some((kind, inner)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 0 };
    let text = inner.as_str().map_or(0, str::len);
    match kind.as_str() {
        "S" => text,
        "N" => text.div_ceil(2) + 1,
        "B" => text / 4 * 3,
        "L" => {
            3 + inner.as_array().into_iter().flatten().map(|element| 1 + value_bytes(element)).sum::<usize>()
        }
        "M" => 3 + inner.as_object().map_or(0, |map| map.len()) + item_bytes(inner),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_items_size_is_that_of_its_names_and_values() {
        let item = json!({"pk": {"S": "AB"}, "n": {"N": "123"}, "l": {"L": [{"M": {"at": {"S": "x"}}}]}});
        assert_eq!(item_bytes(&item), (2 + 2) + (1 + 3) + (1 + 3 + 1 + (3 + 1 + 3)));
    }

    #[test]
    fn a_transaction_costs_twice_and_an_index_once_more() {
        let call = |operation: &str, sent: Value| Call {
            service: "dynamodb".into(),
            operation: operation.into(),
            caller: String::new(),
            sent,
        };
        let item = json!({"pk": {"S": "A"}, "wpk": {"S": "W"}});
        assert_eq!(units(&[call("PutItem", json!({"Item": item}))]), (2.0, 0.0));
        let two = json!({"TransactItems": [{"Put": {"Item": item}}, {"ConditionCheck": {}}]});
        assert_eq!(units(&[call("TransactWriteItems", two)]), (5.0, 0.0));
        assert_eq!(
            units(&[call("GetItem", json!({"ConsistentRead": true})), call("Query", json!({}))]),
            (0.0, 1.5)
        );
    }
}
