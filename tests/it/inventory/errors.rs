//! `docs/errors.md` is made from the code and the state machine; `UPDATE_GOLDENS=1` writes it anew.

use std::fmt::Write as _;

use app::provision::TaskError;
use lambda_kit::Problem;
use serde_json::Value;

use super::files;

const HEAD: &str = "\
# Errors

Made from `lib/lambda-kit/src/problem.rs`, `lib/app/src/provision/error.rs` and the state machine by
`UPDATE_GOLDENS=1 cargo test -p nemordp-tests errors`; a test fails while it is not up to date.

## Answers of the API
RFC 9457 problem details (`application/problem+json`): `type`, `title`, `status`, `code`, `detail`, `field`, `request_id`, and
`alternatives` where an order cannot be delivered. Programs go by `code`; `detail` is for people and may change. Which route
answers what stands in `GET /openapi.json`. The gateway in front answers some requests itself, with `{\"message\": …}`: 401 for a
token that is not valid, 404 for a route that does not exist, 429 over its rate.

";

const WORKFLOW: &str = "
## Errors of the workflow's tasks
The names that `Retry` and `Catch` in `infra/state_machines/provision_desktop.asl.json` go by. *Tried again in*: the states that
repeat it with back-off. *Leads to*: where a state goes when it is not, or no longer, repeated; every other state goes where its
`States.ALL` leads.

";

#[test]
fn the_table_of_errors_is_up_to_date() {
    let mut text = HEAD.to_owned();
    text.push_str("| code | status | means |\n|---|---|---|\n");
    let mut codes: Vec<_> = Problem::CODES.to_vec();
    codes.sort_by_key(|(code, status, _)| (*status, *code));
    for (code, status, means) in codes {
        let _ = writeln!(text, "| `{code}` | {status} | {means} |");
    }
    text.push_str(WORKFLOW);
    text.push_str("| name | means | tried again in | leads to |\n|---|---|---|---|\n");
    let machine = files::json("infra/state_machines/provision_desktop.asl.json");
    for (name, means) in meanings() {
        let (again, leads) = uses(&machine, &name);
        let _ = writeln!(text, "| `{name}` | {means} | {} | {} |", again.join(", "), leads.join(", "));
    }
    for (name, cause) in failures(&machine) {
        let _ = writeln!(text, "| `{name}` | {cause} | | the end of the execution, as failed |");
    }
    files::golden("docs/errors.md", &text);
}

#[test]
fn every_name_in_the_state_machine_is_one_that_a_task_can_give() {
    let machine = files::json("infra/state_machines/provision_desktop.asl.json");
    for (name, state) in machine["States"].as_object().expect("states") {
        for list in ["Retry", "Catch"] {
            for error in state[list].as_array().into_iter().flatten().flat_map(names) {
                let ours = error.starts_with("Nemo.");
                assert!(!ours || TaskError::NAMES.contains(&error), "{name} waits for {error}");
            }
        }
    }
}

/// Each variant of `TaskError` under its name, with the sentence above it in the source.
fn meanings() -> Vec<(String, String)> {
    let source = files::text("lib/app/src/provision/error.rs");
    let body = source.split("pub enum TaskError {").nth(1).and_then(|rest| rest.split("\n}").next());
    let mut found = Vec::new();
    let mut means = Vec::new();
    for line in body.expect("the enum").lines().map(str::trim) {
        if let Some(said) = line.strip_prefix("/// ") {
            means.push(said);
        } else if line.starts_with(char::is_alphabetic) {
            let variant: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
            found.push((format!("Nemo.{variant}"), means.join(" ")));
            means.clear();
        }
    }
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, TaskError::NAMES);
    found
}

/// The states that repeat an error, and where the others go with it.
fn uses(machine: &Value, error: &str) -> (Vec<String>, Vec<String>) {
    let (mut again, mut leads) = (Vec::new(), Vec::new());
    for (name, state) in machine["States"].as_object().expect("states") {
        let has = |rule: &&Value| names(rule).any(|one| one == error);
        if state["Retry"].as_array().into_iter().flatten().any(|rule| has(&rule)) {
            again.push(name.clone());
        }
        for rule in state["Catch"].as_array().into_iter().flatten().filter(has) {
            leads.push(format!("{name} → {}", rule["Next"].as_str().expect("a state")));
        }
    }
    if again.len() > 6 {
        again = vec![format!("{} states", again.len())];
    }
    (again, leads)
}

fn names(rule: &Value) -> impl Iterator<Item = &str> {
    rule["ErrorEquals"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn failures(machine: &Value) -> Vec<(&str, &str)> {
    let states = machine["States"].as_object().expect("states").values();
    let failing = states.filter(|state| state["Type"] == "Fail");
    failing.map(|state| (state["Error"].as_str().unwrap(), state["Cause"].as_str().unwrap())).collect()
}
