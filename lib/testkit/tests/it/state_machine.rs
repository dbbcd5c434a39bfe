//! The state machine file against the code: names, limits, retries, ways out.

use std::collections::BTreeSet;

use app::provision::{Task, TaskError};
use testkit::Machine;
use testkit::machine::State;

/// Errors that no retry and no named catch mentions, because `States.ALL` is meant to take them: faults of ours
/// and verdicts that end the order, each of which leads to giving it up.
const ONLY_CAUGHT_BY_ALL: [&str; 6] = [
    "Nemo.DeadlinePassed",
    "Nemo.GatewayRefused",
    "Nemo.Internal",
    "Nemo.NoOfferingLeft",
    "Nemo.NotFound",
    "Nemo.PaymentNotConfirmed",
];

/// How Lambda and Step Functions say that a function could not be reached or did not come to its end. Source:
/// Step Functions, "Handle transient Lambda service exceptions".
const TRANSIENT: [&str; 10] = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Runtime.Unknown",
    "Sandbox.Timedout",
    "Nemo.TryAgain",
];

fn names_in_file() -> BTreeSet<String> {
    let machine = Machine::provision_desktop();
    let tasks = machine.tasks();
    tasks
        .flat_map(|(_, t)| {
            let retried = t.retry.iter().flat_map(|r| r.error_equals.clone());
            retried.chain(t.catch.iter().flat_map(|c| c.error_equals.clone())).collect::<Vec<_>>()
        })
        .filter(|name| name.starts_with("Nemo."))
        .collect()
}

#[test]
fn every_error_name_stands_on_both_sides() {
    let known: BTreeSet<String> = TaskError::NAMES.iter().map(|n| (*n).to_owned()).collect();
    let file = names_in_file();
    assert_eq!(file.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "unknown to the code");
    let unmentioned: BTreeSet<&str> = known.difference(&file).map(String::as_str).collect();
    assert_eq!(unmentioned, BTreeSet::from(ONLY_CAUGHT_BY_ALL), "in the code and nowhere named in the file");
}

#[test]
fn every_task_has_a_limit_retries_with_jitter_a_way_out_and_a_reason() {
    let machine = Machine::provision_desktop();
    for (name, task) in machine.tasks() {
        assert!(!task.comment.is_empty(), "{name}");
        assert!(
            task.timeout_seconds.is_some() != task.timeout_seconds_path.is_some(),
            "{name}: one time limit"
        );
        assert!(!task.retry.is_empty() && !task.catch.is_empty(), "{name}");
        for retrier in &task.retry {
            assert_eq!(retrier.jitter_strategy.as_deref(), Some("FULL"), "{name}");
            assert!(retrier.max_delay_seconds.is_some(), "{name}");
        }
        for catcher in &task.catch {
            assert_eq!(
                catcher.result_path.as_deref(),
                Some("$.error"),
                "{name}: the error is kept beside the data"
            );
        }
        let last = task.catch.last().unwrap();
        assert_eq!(last.error_equals, ["States.ALL"], "{name}: nothing falls through");
    }
}

#[test]
fn whatever_passes_is_tried_again_in_every_task() {
    let machine = Machine::provision_desktop();
    for (name, task) in machine.tasks() {
        let retried: BTreeSet<&str> =
            task.retry.iter().flat_map(|r| r.error_equals.iter().map(String::as_str)).collect();
        let missing: Vec<&&str> = TRANSIENT.iter().filter(|error| !retried.contains(**error)).collect();
        assert!(missing.is_empty(), "{name} gives up at once after {missing:?}");
        // A task that waits for its token times out on purpose.
        assert_eq!(retried.contains("States.Timeout"), task.timeout_seconds.is_some(), "{name}");
    }
}

#[test]
fn every_task_state_is_a_variant_and_every_variant_a_state() {
    let machine = Machine::provision_desktop();
    let mut sent = BTreeSet::new();
    for (name, task) in machine.tasks() {
        let Some(word) = task.parameters["Payload"]["task"].as_str() else {
            assert!(matches!(name.as_str(), "SendCredentials" | "TellCustomer"), "{name} sends no task");
            continue;
        };
        assert!(name == word || name == "OpenTicketForRefund", "{name} sends {word}");
        let payload = serde_json::json!({
            "task": word, "order_id": "ord_01JC3K9X2B7Q8R5T6V7W8X9Y0Z", "error": "e", "task_token": "t",
        });
        assert!(serde_json::from_value::<Task>(payload).is_ok(), "{word} is no task");
        sent.insert(word.to_owned());
    }
    let unknown = serde_json::from_value::<Task>(serde_json::json!({ "task": "?" })).unwrap_err().to_string();
    let variants: BTreeSet<String> = unknown.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert_eq!(sent, variants);
}

#[test]
fn every_state_can_be_reached_and_every_way_ends() {
    let machine = Machine::provision_desktop();
    let mut reached = BTreeSet::from([machine.start_at.clone()]);
    let mut open = vec![machine.start_at.clone()];
    while let Some(name) = open.pop() {
        for next in machine.states[&name].followers() {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    assert_eq!(reached, machine.states.keys().cloned().collect());
    assert!(machine.states.values().any(|s| matches!(s, State::Succeed(_))));
}

#[test]
fn a_field_that_the_walker_does_not_know_is_refused() {
    let file = include_str!("../../../../infra/state_machines/provision_desktop.asl.json");
    for (field, place) in
        [("\"InputPath\": \"$\",", "\"Type\": \"Task\","), ("\"QueryLanguage\": \"JSONata\",", "\"StartAt\"")]
    {
        let changed = file.replacen(place, &format!("{field} {place}"), 1);
        assert!(Machine::parse(&changed).is_err(), "{field}");
    }
    assert!(Machine::parse(&file.replacen("\"Type\": \"Succeed\"", "\"Type\": \"Parallel\"", 1)).is_err());
    assert!(Machine::parse(&file.replacen("\"Next\": \"ClaimOrder\"", "\"Next\": \"Nowhere\"", 1)).is_err());
}
