//! `events/<function>/<case>.json`: every sample is its function's input, and gets what its name says.
//!
//! A request's name begins with the status of its answer. For the others: `done-…` is answered, `again-…` is a
//! batch of which a message comes again, `fails-<error>-…` ends in the error of that name.

use std::fmt;

use serde_json::Value;

use super::api;
use super::files;
use super::stage::Stage;
use super::template::Template;

/// One sample.
pub(crate) struct Case {
    pub(crate) function: String,
    /// Without `.json`.
    pub(crate) name: String,
    pub(crate) event: Value,
}

impl Case {
    pub(crate) fn is_http(&self) -> bool {
        self.event.get("routeKey").is_some()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "events/{}/{}.json", self.function, self.name)
    }
}

pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for function in files::names("events") {
        for file in files::names(&format!("events/{function}")) {
            let event = files::json(&format!("events/{function}/{file}"));
            let name = file.strip_suffix(".json").expect("samples are JSON").to_owned();
            cases.push(Case { function: function.clone(), name, event });
        }
    }
    cases
}

pub(crate) fn one(function: &str, name: &str) -> Value {
    files::json(&format!("events/{function}/{name}.json"))
}

#[test]
fn every_function_has_samples() {
    let functions: Vec<String> = Template::read().functions().into_keys().collect();
    assert_eq!(files::names("events"), functions);
}

#[test]
fn every_sample_of_a_worker_ends_as_its_name_says() {
    for case in all().into_iter().filter(|case| !case.is_http()) {
        let outcome = api::task(&mut Stage::set(), &case.function, &case.event);
        let kind = match &outcome {
            Ok(answer) if answer["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty()) => {
                "again-".to_owned()
            }
            Ok(_) => "done-".to_owned(),
            Err(name) => format!("fails-{name}-"),
        };
        assert!(case.name.starts_with(&kind), "{case}: {outcome:?}");
    }
}

#[test]
fn every_task_of_the_workflow_has_a_sample() {
    let machine = files::json("infra/state_machines/provision_desktop.asl.json");
    let samples: Vec<Case> = all().into_iter().filter(|case| case.function == "provision").collect();
    for (name, state) in machine["States"].as_object().expect("states") {
        let Some(task) = state["Parameters"]["Payload"]["task"].as_str() else { continue };
        assert!(samples.iter().any(|case| case.event["task"] == task), "{name}: no sample of {task}");
    }
}

#[test]
fn samples_hold_no_secret_that_could_be_real() {
    for case in all() {
        let text = case.event.to_string();
        assert!(!text.contains("sk_live"), "{case}");
        assert!(!text.contains("AKIA"), "{case}");
    }
}
