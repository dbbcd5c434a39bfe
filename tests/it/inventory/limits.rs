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

/// A line of metrics is JSON without a `level`. Source: Lambda, "Log-level filtering": a log output whose level is missing
/// is taken for INFO, and is not sent to CloudWatch when the function's level is a higher one.
#[test]
fn no_level_of_the_logs_drops_the_metrics_that_alarms_watch() {
    let template = Template::read();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let of_the_log = alarms.values().filter(|alarm| alarm["Properties"]["Namespace"] == "NemoRDP");
    assert!(of_the_log.count() > 0);
    for level in list(&template.parameter("LogLevel")["AllowedValues"]) {
        assert!(["TRACE", "DEBUG", "INFO"].contains(&level.as_str().expect("a text")), "{level}");
    }
    for (folder, (_, function)) in template.functions() {
        let level = &template.setting(function, "LoggingConfig")["ApplicationLogLevel"];
        assert_eq!(referred(level), Some("LogLevel"), "{folder}");
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

/// A schedule calls its function asynchronously: the schedule's own rules end when Lambda has the event, and without others
/// Lambda would run a failed one twice more, beside the runs that came after it.
#[test]
fn a_scheduled_run_that_fails_is_left_to_the_next_one_and_is_not_lost_without_a_trace() {
    let template = Template::read();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let mut seen = 0;
    for (folder, (name, function)) in template.functions() {
        let events = function["Events"].as_object().into_iter().flatten().map(|(_, event)| event);
        for schedule in events.filter(|event| event["Type"] == "ScheduleV2") {
            seen += 1;
            let failed = &function["EventInvokeConfig"];
            assert_eq!(failed["MaximumRetryAttempts"], 0, "{folder}");
            let age = failed["MaximumEventAgeInSeconds"].as_i64().expect("an age");
            // Source: Lambda, PutFunctionEventInvokeConfig: 60 to 21,600 s.
            assert!((60..=600).contains(&age), "{folder}: {age} s");
            let destination = &failed["DestinationConfig"]["OnFailure"];
            let dead = referred(&schedule["Properties"]["DeadLetterConfig"]["Arn"]);
            assert_eq!(referred(&destination["Destination"]), dead, "{folder}");
            assert!(dead.is_none() || destination["Type"] == "SQS", "{folder}");
            let counted = alarms.values().any(|alarm| {
                alarm["Properties"]["MetricName"] == "Errors"
                    && alarm["Properties"]["Dimensions"][0]["Value"]["!Ref"] == name
            });
            assert!(counted, "{folder}: nobody is told of its errors");
        }
    }
    assert_eq!(seen, 3);
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
            // What a first deployment that fails had made would only be in the way of the next one.
            assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
            assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        }
    }
    for (name, key) in template.of_type("AWS::KMS::Key") {
        assert_eq!(key["Properties"]["EnableKeyRotation"], true, "{name}");
    }
}

/// A name that is fixed can be taken: by another stack, or by what the last one of that name left behind.
#[test]
fn what_has_a_name_is_named_after_the_stack_and_what_outlives_it_after_nothing_that_comes_again() {
    let template = Template::read();
    for (name, resource) in template.resources() {
        let stays = resource["UpdateReplacePolicy"] == "Retain";
        for (key, value) in resource["Properties"].as_object().into_iter().flatten() {
            let is_own = key == "Name" || key.strip_suffix("Name").is_some_and(is_of_its_own);
            let of_another = value["!Ref"].as_str().is_some_and(|to| !to.starts_with("AWS::"));
            if !is_own || of_another {
                continue;
            }
            let text = value.to_string();
            assert!(text.contains("AWS::StackName"), "{name}: {key} is {text}");
            let unique = resource["Type"] != "AWS::Logs::LogGroup" || text.contains("AWS::StackId");
            assert!(!stays || unique, "{name}: {key} is {text}");
        }
    }
    for (folder, (_, function)) in template.functions() {
        let events = function["Events"].as_object().into_iter().flatten();
        for (event, schedule) in events.filter(|(_, event)| event["Type"] == "ScheduleV2") {
            // Without one SAM names it after function and event, in a group that all stacks share.
            let text = schedule["Properties"]["Name"].to_string();
            assert!(text.contains("AWS::StackName"), "{folder}: the name of {event} is {text}");
        }
    }
}

/// `QueueName` is the name of a queue; a `GroupName` or a `ClientName` stands within its pool, and can be there twice.
fn is_of_its_own(what: &str) -> bool {
    ["Function", "LogGroup", "Queue", "Topic", "UserPool"].contains(&what)
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
        let spellings = [format!("\"{parameter}\""), format!("${{{parameter}}}")];
        assert!(
            !spellings.iter().any(|one| variables.contains(one)),
            "{parameter} is handed over in the environment"
        );
    }
}
