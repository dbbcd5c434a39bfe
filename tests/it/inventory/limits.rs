//! Times, sizes and nets: every function ends, every queue has a place for what fails, the state can be restored.

use serde_json::Value;

use super::files;
use super::template::{Template, list, referred};

/// The gateway ends a request after 30 s. Source: quotas for HTTP APIs.
const GATEWAY_SECONDS_MAX: i64 = 30;

#[test]
fn every_function_has_an_end_a_size_and_logs_that_are_kept_for_a_while() {
    let template = Template::read();
    for (folder, (_, function)) in template.functions() {
        let seconds = template.setting(function, "Timeout").as_i64().expect("a Timeout");
        let answers = template.routes().iter().any(|route| route.function == folder);
        assert!(seconds > 0 && (!answers || seconds < GATEWAY_SECONDS_MAX), "{folder}: {seconds} s");
        let size = template.setting(function, "MemorySize").as_i64().expect("a MemorySize");
        assert!((128..=1024).contains(&size), "{folder}: {size} MB");
        let group = referred(&template.setting(function, "LoggingConfig")["LogGroup"]).expect("a log group");
        assert_eq!(template.resource(group)["Type"], "AWS::Logs::LogGroup", "{folder}");
    }
    for (name, group) in template.of_type("AWS::Logs::LogGroup") {
        assert!(!group["Properties"]["RetentionInDays"].is_null(), "{name} keeps its logs for ever");
    }
}

#[test]
fn every_queue_has_dead_letters_with_an_alarm() {
    let template = Template::read();
    let queues = template.of_type("AWS::SQS::Queue");
    let is_dead = |name: &str| name.ends_with("DeadLetters");
    for (name, queue) in &queues {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{name}");
        if is_dead(name) {
            assert_eq!(queue["Properties"]["MessageRetentionPeriod"], 1_209_600, "{name}: 14 days");
            assert!(watched(&template, name), "{name}: no alarm");
            continue;
        }
        let redrive = &queue["Properties"]["RedrivePolicy"];
        let dead = referred(&redrive["deadLetterTargetArn"]).expect("dead letters");
        assert!(is_dead(dead) && queues.contains_key(dead), "{name}");
        assert_eq!(queues[dead]["Properties"]["FifoQueue"], queue["Properties"]["FifoQueue"], "{name}");
        assert!(redrive["maxReceiveCount"].as_i64().expect("a count") >= 5, "{name}");
    }
}

fn watched(template: &Template, queue: &str) -> bool {
    template.of_type("AWS::CloudWatch::Alarm").values().any(|alarm| {
        let dimensions = list(&alarm["Properties"]["Dimensions"]);
        dimensions.iter().any(|one| one["Name"] == "QueueName" && referred(&one["Value"]) == Some(queue))
            && !list(&alarm["Properties"]["AlarmActions"]).is_empty()
    })
}

/// Source: Lambda with SQS, "set the visibility timeout to at least six times the function timeout".
#[test]
fn every_queue_waits_six_times_as_long_as_its_function_may_take() {
    let template = Template::read();
    let sources = template.of_type("AWS::Lambda::EventSourceMapping");
    assert_eq!(sources.len(), 3);
    for (name, source) in sources {
        let source = &source["Properties"];
        let queue = template.resource(referred(&source["EventSourceArn"]).expect("a queue"));
        let function = template.resource(referred(&source["FunctionName"]).expect("a function"));
        let hidden = queue["Properties"]["VisibilityTimeout"].as_i64().expect("a VisibilityTimeout");
        let seconds = template.setting(&function["Properties"], "Timeout").as_i64().expect("a Timeout");
        assert!(hidden >= 6 * seconds, "{name}: {hidden} s for {seconds} s");
        assert_eq!(list(&source["FunctionResponseTypes"]), ["ReportBatchItemFailures"], "{name}");
        assert!(source["ScalingConfig"]["MaximumConcurrency"].is_i64(), "{name} may use up all concurrency");
    }
}

#[test]
fn the_state_outlives_the_stack_and_can_be_restored() {
    let template = Template::read();
    for (name, table) in template.of_type("AWS::DynamoDB::Table") {
        let properties = &table["Properties"];
        assert_eq!(
            properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true,
            "{name}"
        );
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], true, "{name}");
        assert_eq!(properties["TimeToLiveSpecification"]["AttributeName"], "expires_at", "{name}");
    }
    for kind in ["AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Cognito::UserPool"] {
        for (name, resource) in template.of_type(kind) {
            assert_eq!(resource["DeletionPolicy"], "Retain", "{name}");
            assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        }
    }
    for (name, key) in template.of_type("AWS::KMS::Key") {
        assert_eq!(key["Properties"]["EnableKeyRotation"], true, "{name}");
    }
}

#[test]
fn every_task_waits_longer_than_its_function_may_take() {
    let template = Template::read();
    let machine = files::json("infra/state_machines/provision_desktop.asl.json");
    for (name, state) in machine["States"].as_object().expect("states") {
        if state["Type"] != "Task" {
            continue;
        }
        for field in ["Comment", "Retry", "Catch"] {
            assert!(!state[field].is_null(), "{name}: no {field}");
        }
        let called = state["Parameters"]["FunctionName"].as_str().expect("a function");
        let function = template.resource(called.trim_start_matches("${").trim_end_matches("Arn}"));
        let longest = template.setting(&function["Properties"], "Timeout").as_i64().expect("a Timeout");
        match &state["TimeoutSeconds"] {
            Value::Null => assert!(state["TimeoutSecondsPath"].is_string(), "{name}: no end"),
            seconds => assert!(seconds.as_i64().expect("seconds") > longest, "{name}: {seconds} s"),
        }
    }
}

#[test]
fn no_secret_stands_in_an_environment() {
    let template = Template::read();
    let words = ["ClientId", "Key", "Password", "Secret", "Token", "User"];
    let secret = |name: &str| words.iter().any(|word| name.contains(word));
    let mut variables = template.globals()["Environment"]["Variables"].to_string();
    for (_, (_, function)) in template.functions() {
        variables.push_str(&function["Environment"].to_string());
    }
    for parameter in template.no_echo_parameters() {
        assert!(secret(&parameter), "{parameter}");
        assert!(!variables.contains(&parameter), "{parameter} is handed over in the environment");
    }
}
