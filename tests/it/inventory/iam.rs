//! What each function may do, beside what its handler is bound by. `UPDATE_GOLDENS=1` writes `goldens/iam.txt` anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::files;
use super::template::{Template, list, referred};

/// Wildcards that stay, each with the reason why it cannot be narrower. An ARN stands for all that begin with it.
const WILDCARDS: &[(&str, &str, &str)] = &[
    (
        "AskProviders",
        "*",
        "IAM knows no resources for what describes at EC2, and a denial is meant to be wide",
    ),
    (
        "CredentialsKey",
        "kms:*",
        "the key's own policy: hands the decision to the account's policies, as AWS asks for",
    ),
    ("CredentialsKey", "*", "in a key's policy this means the key itself"),
    ("EndMachines", "arn:${AWS::Partition}:ec2:", "which machines they are tells our tag"),
    (
        "MakeMachines",
        "arn:${AWS::Partition}:ec2:",
        "machines are made in several regions, and have no ids before",
    ),
    (
        "MakeMachines",
        "arn:${AWS::Partition}:ssm:",
        "the public parameters that name images, in several regions",
    ),
    ("SwitchMachines", "arn:${AWS::Partition}:ec2:", "which machines they are tells our tag"),
    (
        "OrderSweepFunction",
        "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${AWS::StackName}-provision-desktop:ord_*",
        "an execution is named after its order, which is not known before",
    ),
];

/// The secrets of the providers, which are there when the provider is set up.
const PROVIDER_SECRETS: [&str; 6] = [
    "ContaboSecret if HasContabo",
    "DigitaloceanSecret if HasDigitalocean",
    "Ec2Secret if HasEc2",
    "HetznerSecret if HasHetzner",
    "LinodeSecret if HasLinode",
    "VultrSecret if HasVultr",
];

/// What a function that calls providers may do at EC2, the only one of them that IAM stands before: looking, ...
const LOOKING: [&str; 5] = [
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
];

/// ... and these besides, because its use cases make, switch or end machines. Nobody else reads their passwords.
const BESIDES_LOOKING: &[(&str, &[&str])] = &[
    ("availability", &[]),
    (
        "instance-commands",
        &["ec2:RebootInstances", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"],
    ),
    ("instance-sync", &["ec2:TerminateInstances"]),
    (
        "provision",
        &[
            "ec2:CreateTags",
            "ec2:GetPasswordData",
            "ec2:RunInstances",
            "ec2:TerminateInstances",
            "ssm:GetParameters",
        ],
    ),
    ("vps-provision", &[]),
];

/// One statement of a policy.
struct Grant {
    /// The managed policy that it stands in, when it is not the function's own.
    policy: Option<String>,
    denies: bool,
    actions: Vec<String>,
    /// Each with the condition under which it stands there.
    resources: Vec<String>,
    keys: Vec<String>,
    /// The keys of its other conditions.
    conditions: Vec<String>,
    /// Under which condition of the template it stands there.
    when: Option<String>,
}

fn grants(template: &Template, function: &Value) -> Vec<Grant> {
    let mut grants = Vec::new();
    for policy in list(&function["Policies"]) {
        let (policy, when) = conditional(policy);
        let name = referred(policy).map(str::to_owned);
        let document = match &name {
            Some(name) => &template.resource(name)["Properties"]["PolicyDocument"],
            None => policy,
        };
        assert!(
            document["Statement"].is_array(),
            "an AWS managed policy grants more than is listed: {policy}"
        );
        for statement in list(&document["Statement"]) {
            let (statement, inner) = conditional(statement);
            let conditions = statement["Condition"].as_object().into_iter().flatten();
            let keys = "dynamodb:LeadingKeys";
            grants.push(Grant {
                policy: name.clone(),
                denies: statement["Effect"] == "Deny",
                actions: texts(&statement["Action"]),
                resources: list(&statement["Resource"]).into_iter().map(named).collect(),
                keys: texts(&statement["Condition"]["ForAllValues:StringLike"][keys]),
                conditions: conditions
                    .flat_map(|(_, one)| one.as_object().into_iter().flatten().map(|(key, _)| key.clone()))
                    .filter(|key| key != keys)
                    .collect(),
                when: inner.or(when).map(str::to_owned),
            });
        }
    }
    grants
}

/// What is there under a condition (`!If [condition, it, !Ref AWS::NoValue]`), and the condition.
fn conditional(value: &Value) -> (&Value, Option<&str>) {
    match value["!If"].as_array().map(Vec::as_slice) {
        Some([condition, there, otherwise]) => {
            assert_eq!(referred(otherwise), Some("AWS::NoValue"), "{value}");
            (there, condition.as_str())
        }
        _ => (value, None),
    }
}

fn texts(value: &Value) -> Vec<String> {
    list(value).into_iter().map(|one| one.as_str().expect("a text").to_owned()).collect()
}

/// A resource as a reader knows it: the name in the template, or the pattern.
fn named(resource: &Value) -> String {
    let (resource, when) = conditional(resource);
    let name = match referred(resource) {
        Some(name) => name,
        None => resource["!Sub"].as_str().or(resource.as_str()).unwrap_or_else(|| panic!("{resource}")),
    };
    when.map_or_else(|| name.to_owned(), |when| format!("{name} if {when}"))
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
    let template = Template::read();
    for (folder, (_, function)) in template.functions() {
        let _ = writeln!(text, "\n{folder}");
        for grant in grants(&template, function) {
            let _ = writeln!(text, "{}", line(&grant));
        }
        let _ = writeln!(text, "  bound {}", bounds(&folder, &ports).join(" "));
    }
    files::golden("tests/goldens/iam.txt", &text);
}

fn line(grant: &Grant) -> String {
    let word = if grant.denies { "never" } else { "may  " };
    let mut line = format!("  {word} {} on {}", grant.actions.join(" "), grant.resources.join(" "));
    for (joint, said) in [(" where key is ", &grant.keys), (" given ", &grant.conditions)] {
        if !said.is_empty() {
            line = line + joint + &said.join(" ");
        }
    }
    for (joint, said) in [(" if ", &grant.when), (" by ", &grant.policy)] {
        line = said.iter().fold(line, |line, said| line + joint + said);
    }
    line
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
        for grant in grants(&template, function).iter().filter(|grant| !grant.denies) {
            for action in grant.actions.iter().filter(|action| !is_of_ec2(action)) {
                let wired = action == "secretsmanager:GetSecretValue";
                assert!(wired || asked.contains(action), "{folder} may {action}, for which it has no port");
            }
        }
    }
}

/// Machines are made there from images that public parameters name.
fn is_of_ec2(action: &str) -> bool {
    action.starts_with("ec2:") || action.starts_with("ssm:")
}

#[test]
fn at_ec2_each_function_may_do_what_its_use_cases_do_and_no_more() {
    let (template, ports) = (Template::read(), ports());
    for (folder, (_, function)) in template.functions() {
        let mut expected = BTreeSet::new();
        if bounds(&folder, &ports).iter().any(|port| port == "VmHosts") {
            let besides = BESIDES_LOOKING.iter().find(|(function, _)| *function == folder);
            let (_, besides) = besides.unwrap_or_else(|| panic!("{folder} calls providers: what may it do?"));
            expected.extend(LOOKING.iter().chain(*besides).map(|action| (*action).to_owned()));
        }
        let granted = grants(&template, function).into_iter().filter(|grant| !grant.denies);
        let at_ec2: BTreeSet<String> =
            granted.flat_map(|grant| grant.actions).filter(|action| is_of_ec2(action)).collect();
        assert_eq!(at_ec2, expected, "{folder}");
    }
}

#[test]
fn a_function_may_read_exactly_the_secrets_that_it_is_wired_with() {
    let template = Template::read();
    for (folder, (_, function)) in template.functions() {
        let wiring = files::text(&format!("functions/{folder}/src/main.rs"));
        let mut granted: Vec<String> = grants(&template, function)
            .into_iter()
            .filter(|grant| grant.actions == ["secretsmanager:GetSecretValue"])
            .flat_map(|grant| grant.resources)
            .collect();
        granted.sort();
        let known =
            [("FIRST_BOOT_SECRET_NAME", "FirstBootSecret"), ("PAYSTACK_SECRET_NAME", "PaystackSecret")];
        let mut read: Vec<&str> =
            known.iter().filter(|(setting, _)| wiring.contains(setting)).map(|(_, secret)| *secret).collect();
        if wiring.contains("vm_hosts::Settings") {
            read.extend(PROVIDER_SECRETS);
        }
        read.sort_unstable();
        assert_eq!(granted, read, "{folder}");
    }
}

#[test]
fn what_calls_providers_does_so_from_the_fixed_address_and_nothing_else_does() {
    for (folder, (_, function)) in Template::read().functions() {
        let calls = files::text(&format!("functions/{folder}/src/main.rs")).contains("vm_hosts::Settings");
        let asks = list(&function["Policies"]).iter().any(|one| referred(one) == Some("AskProviders"));
        let (_, when) = conditional(&function["VpcConfig"]);
        assert_eq!((calls, calls), (asks, when == Some("HasFixedEgress")), "{folder}");
        assert_eq!(when.is_some(), !function["VpcConfig"].is_null(), "{folder}");
    }
}

#[test]
fn no_wildcard_stands_where_a_name_can() {
    let template = Template::read();
    let mut found = BTreeSet::new();
    for (_, (name, function)) in template.functions() {
        for grant in grants(&template, function) {
            let owner = grant.policy.unwrap_or_else(|| name.to_owned());
            let stars = grant.actions.into_iter().chain(grant.resources).filter(|text| text.contains('*'));
            found.extend(stars.map(|text| (owner.clone(), text)));
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
    let fits = |(name, text): &(String, String), (owner, begin, _): &(&str, &str, &str)| {
        name == owner && (text == begin || begin.starts_with("arn:") && text.starts_with(begin))
    };
    let unexplained: Vec<_> =
        found.iter().filter(|one| !WILDCARDS.iter().any(|known| fits(one, known))).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
    let stale: Vec<_> = WILDCARDS.iter().filter(|known| !found.iter().any(|one| fits(one, known))).collect();
    assert!(stale.is_empty(), "{stale:?}");
}

#[test]
fn only_these_read_passwords_and_only_these_write_them() {
    let template = Template::read();
    let may = |action: &str| -> Vec<String> {
        let all = template.functions().into_iter();
        let has = |function: &Value| {
            grants(&template, function).iter().any(|grant| grant.actions.iter().any(|known| known == action))
        };
        all.filter(|(_, (_, function))| has(function)).map(|(folder, _)| folder).collect()
    };
    assert_eq!(may("kms:Decrypt"), ["instance-credentials", "mailer"]);
    assert_eq!(may("kms:Encrypt"), ["instance-commands", "provision"]);
    assert_eq!(may("ses:SendRawEmail"), ["mailer"]);
    assert_eq!(may("states:StartExecution"), ["order-sweep", "payment-events", "vps-provision"]);
}

#[test]
fn the_state_machine_may_only_call_its_two_functions() {
    let template = Template::read();
    for (name, machine) in template.of_type("AWS::Serverless::StateMachine") {
        let granted = grants(&template, &machine["Properties"]);
        assert_eq!(granted.len(), 1, "{name}");
        assert_eq!(granted[0].actions, ["lambda:InvokeFunction"], "{name}");
        assert_eq!(granted[0].resources, ["ProvisionFunction", "MailerFunction"], "{name}");
    }
}

#[test]
fn what_answers_requests_may_touch_only_its_own_kinds_of_items() {
    let template = Template::read();
    for (folder, (_, function)) in template.functions() {
        let answers = function["Events"]
            .as_object()
            .is_some_and(|all| all.values().any(|one| one["Type"] == "HttpApi"));
        for grant in grants(&template, function).iter().filter(|one| answers && one.resources == ["Table"]) {
            assert!(!grant.keys.is_empty(), "{folder} may touch every item");
        }
    }
}
