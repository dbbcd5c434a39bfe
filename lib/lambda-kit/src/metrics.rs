//! CloudWatch metrics as lines of the log, in its embedded metric format: no call, and no permission of their own.
//!
//! Source: Amazon CloudWatch, "Specification: Embedded metric format".

use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
}

/// One number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// How many.
    pub value: i64,
}

/// Where the product's metrics are.
const NAMESPACE: &str = "NemoRDP";

/// Writes metrics of a stack, at most 100, as they are at `now`. They must stand at the root of their line, which is
/// why they do not go through the log's own writer.
pub fn emit_metrics(stack: &str, now: Timestamp, metrics: &[Metric]) {
    let line = line(stack, now, metrics);
    if let Err(error) = std::io::stdout().lock().write_all(line.as_bytes()) {
        tracing::warn!(%error, "metrics not written");
    }
}

fn line(stack: &str, now: Timestamp, metrics: &[Metric]) -> String {
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|metric| {
            let unit = match metric.unit {
                Unit::Count => "Count",
                Unit::Seconds => "Seconds",
            };
            json!({"Name": metric.name, "Unit": unit})
        })
        .collect();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [["stack"]], "Metrics": definitions});
    let mut root = Map::new();
    root.insert(
        "_aws".to_owned(),
        json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": [directive]}),
    );
    root.insert("stack".to_owned(), stack.into());
    root.extend(metrics.iter().map(|metric| (metric.name.to_owned(), metric.value.into())));
    format!("{}\n", Value::Object(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_defines_every_number_that_it_holds() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let ghosts = Metric { name: "ghosts", unit: Unit::Count, value: 2 };
        let age = Metric { name: "unknown_age_seconds", unit: Unit::Seconds, value: 61 };
        let text = line("shop", now, &[ghosts, age]);
        assert!(text.ends_with("}\n") && text.matches('\n').count() == 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["_aws"]["Timestamp"], 1_790_000_000_000_i64);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            (&directive["Namespace"], &directive["Dimensions"]),
            (&json!("NemoRDP"), &json!([["stack"]]))
        );
        assert_eq!(
            directive["Metrics"],
            json!([{"Name": "ghosts", "Unit": "Count"}, {"Name": "unknown_age_seconds", "Unit": "Seconds"}])
        );
        assert_eq!(
            (&line["stack"], &line["ghosts"], &line["unknown_age_seconds"]),
            (&json!("shop"), &json!(2), &json!(61))
        );
    }
}
