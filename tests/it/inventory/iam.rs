//! What each function may do, beside what its handler is bound by. `UPDATE_GOLDENS=1` writes `goldens/iam.txt` anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::files;
use super::template::{Template, list, referred};

/// Wildcards that stay, each with the reason why it cannot be narrower.
const WILDCARDS: &[(&str, &str, &str)] = &[
    (
        "CredentialsKey",
        "kms:*",
        "the key's own policy: hands the decision to the account's policies, as AWS asks for",
    ),
    ("CredentialsKey", "*", "in a key's policy this means the key itself"),
    (
        "OrderSweepFunction",
        "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${AWS::StackName}-provision-desktop:ord_*",
        "an execution is named after its order, which is not known before",
    ),
];

/// One statement of a policy.
struct Grant<'a> {
    actions: Vec<&'a str>,
    resources: Vec<String>,
    keys: Vec<&'a str>,
}

fn grants(function: &Value) -> Vec<Grant<'_>> {
    let mut grants = Vec::new();
    for policy in list(&function["Policies"]) {
        assert!(policy.is_object(), "a managed policy grants more than is listed here: {policy}");
        for statement in list(&policy["Statement"]) {
            assert_eq!(statement["Effect"], "Allow", "{statement}");
            grants.push(Grant {
                actions: texts(&statement["Action"]),
                resources: list(&statement["Resource"]).into_iter().map(named).collect(),
                keys: texts(&statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]),
            });
        }
    }
    grants
}

fn texts(value: &Value) -> Vec<&str> {
    list(value).into_iter().map(|one| one.as_str().expect("a text")).collect()
}

/// A resource as a reader knows it: the name in the template, or the pattern.
fn named(resource: &Value) -> String {
    match referred(resource) {
        Some(name) => name.to_owned(),
        None => resource["!Sub"].as_str().unwrap_or_else(|| panic!("{resource}")).to_owned(),
    }
}

/// Every port, with the actions that its documentation names.
fn ports() -> BTreeMap<String, BTreeSet<String>> {
    let mut ports = BTreeMap::new();
    for file in files::names("lib/app/src/ports") {
        let mut said = String::new();
        for line in files::text(&format!("lib/app/src/ports/{file}")).lines() {
            if let Some(doc) = line.strip_prefix("///") {
                said.push_str(doc);
            } else if let Some(name) = line.strip_prefix("pub trait ") {
                let name = name.trim_end_matches(" {").to_owned();
                let quoted = said.split('`').skip(1).step_by(2);
                let actions = quoted.filter(|word| word.contains(':') && !word.contains("::"));
                ports.insert(name, actions.map(str::to_owned).collect());
                said.clear();
            } else if !line.starts_with('#') {
                said.clear();
            }
        }
    }
    ports
}

/// The ports in the bounds of a function's handler.
fn bounds(function: &str, ports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let source = files::text(&format!("functions/{function}/src/lib.rs"));
    let signature = source.split("pub async fn handle").nth(1).expect("a handler");
    let signature = signature.split('{').next().expect("a body");
    let words: BTreeSet<&str> = signature.split(|c: char| !c.is_alphanumeric()).collect();
    ports.keys().filter(|port| words.contains(port.as_str())).cloned().collect()
}

#[test]
fn what_each_function_may_do_stands_beside_what_it_is_bound_by() {
    let ports = ports();
    let mut text = String::from(
        "# Per function: what its role may do (template.yaml), and the ports that its handler is bound by.\n",
    );
    for (folder, (_, function)) in Template::read().functions() {
        let _ = writeln!(text, "\n{folder}");
        for grant in grants(function) {
            let keys = if grant.keys.is_empty() {
                String::new()
            } else {
                format!(" where key is {}", grant.keys.join(" "))
            };
            let _ =
                writeln!(text, "  may   {} on {}{keys}", grant.actions.join(" "), grant.resources.join(" "));
        }
        let _ = writeln!(text, "  bound {}", bounds(&folder, &ports).join(" "));
    }
    files::golden("tests/goldens/iam.txt", &text);
}

#[test]
fn no_function_may_do_what_its_ports_do_not_say() {
    let (template, ports) = (Template::read(), ports());
    let consumers: Vec<&str> = template
        .of_type("AWS::Lambda::EventSourceMapping")
        .values()
        .filter_map(|source| referred(&source["Properties"]["FunctionName"]))
        .collect();
    for (folder, (name, function)) in template.functions() {
        let mut asked: BTreeSet<String> =
            bounds(&folder, &ports).iter().flat_map(|port| ports[port].clone()).collect();
        if consumers.contains(&name) {
            asked.extend(
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"].map(str::to_owned),
            );
        }
        for grant in grants(function) {
            for action in &grant.actions {
                let wired = *action == "secretsmanager:GetSecretValue";
                assert!(wired || asked.contains(*action), "{folder} may {action}, for which it has no port");
            }
        }
    }
}

#[test]
fn a_function_may_read_exactly_the_secrets_that_it_is_wired_with() {
    for (folder, (_, function)) in Template::read().functions() {
        let wiring = files::text(&format!("functions/{folder}/src/main.rs"));
        let mut granted: Vec<String> = grants(function)
            .into_iter()
            .filter(|grant| grant.actions == ["secretsmanager:GetSecretValue"])
            .flat_map(|grant| grant.resources)
            .collect();
        granted.sort();
        let known = [
            ("FIRST_BOOT_SECRET_NAME", "FirstBootSecret"),
            ("PAYSTACK_SECRET_NAME", "PaystackSecret"),
            ("VULTR_SECRET_NAME", "VultrSecret"),
        ];
        let read: Vec<&str> =
            known.iter().filter(|(setting, _)| wiring.contains(setting)).map(|(_, secret)| *secret).collect();
        assert_eq!(granted, read, "{folder}");
    }
}

#[test]
fn no_wildcard_stands_where_a_name_can() {
    let template = Template::read();
    let mut found = BTreeSet::new();
    for (_, (name, function)) in template.functions() {
        for grant in grants(function) {
            let stars = grant
                .actions
                .iter()
                .map(|a| (*a).to_owned())
                .chain(grant.resources)
                .filter(|t| t.contains('*'));
            found.extend(stars.map(|text| (name.to_owned(), text)));
        }
    }
    for (name, key) in template.of_type("AWS::KMS::Key") {
        for statement in list(&key["Properties"]["KeyPolicy"]["Statement"]) {
            let stars = ["Action", "Resource"]
                .into_iter()
                .flat_map(|what| list(&statement[what]))
                .filter_map(Value::as_str);
            found.extend(
                stars.filter(|text| text.contains('*')).map(|text| (name.to_owned(), text.to_owned())),
            );
        }
    }
    let allowed: BTreeSet<(String, String)> =
        WILDCARDS.iter().map(|(name, text, _)| ((*name).to_owned(), (*text).to_owned())).collect();
    assert_eq!(found, allowed);
}

#[test]
fn only_these_read_passwords_and_only_these_write_them() {
    let template = Template::read();
    let may = |action: &str| -> Vec<String> {
        let all = template.functions().into_iter();
        all.filter(|(_, (_, function))| grants(function).iter().any(|grant| grant.actions.contains(&action)))
            .map(|(folder, _)| folder)
            .collect()
    };
    assert_eq!(may("kms:Decrypt"), ["instance-credentials", "mailer"]);
    assert_eq!(may("kms:Encrypt"), ["instance-commands", "provision"]);
    assert_eq!(may("ses:SendRawEmail"), ["mailer"]);
    assert_eq!(may("states:StartExecution"), ["order-sweep", "payment-events"]);
}

#[test]
fn the_state_machine_may_only_call_its_two_functions() {
    let template = Template::read();
    for (name, machine) in template.of_type("AWS::Serverless::StateMachine") {
        let granted = grants(&machine["Properties"]);
        assert_eq!(granted.len(), 1, "{name}");
        assert_eq!(granted[0].actions, ["lambda:InvokeFunction"], "{name}");
        assert_eq!(granted[0].resources, ["ProvisionFunction", "MailerFunction"], "{name}");
    }
}

#[test]
fn what_answers_requests_may_touch_only_its_own_kinds_of_items() {
    for (folder, (_, function)) in Template::read().functions() {
        let answers = function["Events"]
            .as_object()
            .is_some_and(|all| all.values().any(|one| one["Type"] == "HttpApi"));
        for grant in grants(function).iter().filter(|grant| answers && grant.resources == ["Table"]) {
            assert!(!grant.keys.is_empty(), "{folder} may touch every item");
        }
    }
}
