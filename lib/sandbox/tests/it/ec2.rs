//! EC2's query API: forms in, XML out. How the real SDK reads it is tested beside the client.

use std::time::Duration;

use reqwest::Method;
use sandbox::Config;
use serde_json::{Value, json};

use crate::support::{World, config};

const UBUNTU: &str =
    "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";
const WINDOWS: &str = "resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base";

struct Ec2 {
    world: World,
    key_id: String,
}

impl Ec2 {
    async fn open(time_factor: u32) -> Self {
        let config = Config { rate_limits: false, ..config(time_factor) };
        Self::with(config).await
    }

    async fn with(config: Config) -> Self {
        let key_id = config.ec2_access_key_id.clone();
        Self { world: World::with(config).await, key_id }
    }

    /// Status and XML of an action.
    async fn call_as(
        &self,
        key_id: &str,
        region: &str,
        action: &str,
        form: &[(&str, &str)],
    ) -> (u16, String) {
        let scope = format!("{key_id}/20261120/{region}/ec2/aws4_request");
        let mut form = form.to_vec();
        form.extend([("Action", action), ("Version", "2016-11-15")]);
        let request = self.world.request(Method::POST, "/ec2/").form(&form);
        let request =
            request.header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, Signature=0"));
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    async fn call(&self, action: &str, form: &[(&str, &str)]) -> (u16, String) {
        self.call_as(&self.key_id, "us-east-1", action, form).await
    }

    /// A machine's id.
    async fn run(&self, image: &str, token: &str) -> String {
        let (status, xml) = self.call("RunInstances", &run_form(image, token)).await;
        assert_eq!(status, 200, "{xml}");
        text(&xml, "instanceId").expect("an id")
    }

    async fn until(&self, id: &str, what: &str, wanted: &str) {
        let mut seen = None;
        for _ in 0..400 {
            let status = [("InstanceId.1", id), ("IncludeAllInstances", "true")];
            seen = if what == "status" {
                text(&self.call("DescribeInstanceStatus", &status).await.1, "status")
            } else {
                text(&self.call("DescribeInstances", &[("InstanceId.1", id)]).await.1, "name")
            };
            if seen.as_deref() == Some(wanted) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(seen.as_deref(), Some(wanted), "{what}");
    }
}

fn run_form<'a>(image: &'a str, token: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("ImageId", image),
        ("InstanceType", "t3.medium"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("ClientToken", token),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", token),
        ("TagSpecification.1.Tag.2.Key", "shop"),
        ("TagSpecification.1.Tag.2.Value", "ord_1 x"),
    ]
}

/// The text of the first element of a name.
fn text(xml: &str, name: &str) -> Option<String> {
    let rest = xml.split_once(&format!("<{name}>"))?.1;
    Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
}

fn code(answer: &(u16, String)) -> (u16, String) {
    (answer.0, text(&answer.1, "Code").unwrap_or_default())
}

#[tokio::test]
async fn a_machine_goes_from_pending_to_checked_and_stays_visible_after_its_end() {
    let ec2 = Ec2::open(400).await;
    let (_, xml) = ec2.call("RunInstances", &run_form(UBUNTU, "t1")).await;
    assert_eq!((text(&xml, "name").as_deref(), text(&xml, "ipAddress")), (Some("pending"), None));
    let id = text(&xml, "instanceId").expect("an id");
    ec2.until(&id, "state", "running").await;
    let seen = ec2.call("DescribeInstances", &[("InstanceId.1", &id)]).await.1;
    assert!(text(&seen, "ipAddress").is_some_and(|address| address.starts_with("127.")), "{seen}");
    ec2.until(&id, "status", "ok").await;

    let (status, xml) = ec2.call("TerminateInstances", &[("InstanceId.1", &id)]).await;
    assert_eq!((status, text(&xml, "name").as_deref()), (200, Some("shutting-down")), "{xml}");
    ec2.until(&id, "state", "terminated").await;
    assert_eq!(ec2.call("TerminateInstances", &[("InstanceId.1", &id)]).await.0, 200);
    let alive = [("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", "running")];
    assert_eq!(text(&ec2.call("DescribeInstances", &alive).await.1, "instanceId"), None);
    ec2.world.close().await;
}

#[tokio::test]
async fn a_client_token_makes_one_machine() {
    let ec2 = Ec2::open(400).await;
    let id = ec2.run(UBUNTU, "t1").await;
    assert_eq!(ec2.run(UBUNTU, "t1").await, id);
    let other = ec2.call("RunInstances", &run_form(WINDOWS, "t1")).await;
    assert_eq!(code(&other), (400, "IdempotentParameterMismatch".to_owned()));
    assert_ne!(ec2.run(UBUNTU, "t2").await, id);
    // A token belongs to its region.
    let london = ec2.call_as(&ec2.key_id, "eu-west-2", "RunInstances", &run_form(UBUNTU, "t1")).await.1;
    assert_ne!(text(&london, "instanceId"), Some(id.clone()));
    ec2.call("TerminateInstances", &[("InstanceId.1", &id)]).await;
    let again = ec2.call("RunInstances", &run_form(UBUNTU, "t1")).await;
    assert_eq!(code(&again), (400, "IdempotentInstanceTerminated".to_owned()));
    ec2.world.close().await;
}

#[tokio::test]
async fn lists_are_filtered_and_come_in_pages() {
    let ec2 = Ec2::open(400).await;
    for n in 0..7 {
        ec2.run(UBUNTU, &format!("t{n}")).await;
    }
    for (name, value, count) in [
        ("client-token", "t3", 1),
        ("client-token", "t?", 7),
        ("tag:shop", "*ord_1*", 7),
        ("tag:shop", "ord_1", 0),
        ("tag-key", "shop", 7),
        ("tag-key", "nobody", 0),
        ("instance-state-name", "stopped", 0),
    ] {
        let xml =
            ec2.call("DescribeInstances", &[("Filter.1.Name", name), ("Filter.1.Value.1", value)]).await.1;
        assert_eq!(xml.matches("<instanceId>").count(), count, "{name} {value}");
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    for _ in 0..3 {
        let xml = ec2.call("DescribeInstances", &[("MaxResults", "5"), ("NextToken", &token)]).await.1;
        seen.push(xml.matches("<instanceId>").count());
        token = text(&xml, "nextToken").unwrap_or_default();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [5, 2]);
    for (form, expected) in [
        (vec![("MaxResults", "4")], "InvalidParameterValue"),
        (vec![("NextToken", "x")], "InvalidNextToken"),
        (vec![("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")], "InvalidParameterValue"),
        (vec![("InstanceId.1", "i-0123456789abcdef0")], "InvalidInstanceID.NotFound"),
        (vec![("InstanceId.1", "web")], "InvalidInstanceID.Malformed"),
    ] {
        assert_eq!(code(&ec2.call("DescribeInstances", &form).await), (400, expected.to_owned()));
    }
    ec2.world.close().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_code() {
    let ec2 = Ec2::open(400).await;
    for (name, value, expected) in [
        ("ImageId", "ami-00000000000000000", "InvalidAMIID.NotFound"),
        ("ImageId", "ubuntu", "InvalidAMIID.Malformed"),
        ("ImageId", "resolve:ssm:/aws/service/nothing", "InvalidParameterValue"),
        ("InstanceType", "t9.huge", "InvalidParameterValue"),
        ("KeyName", "mine", "InvalidKeyPair.NotFound"),
        ("UserData", "%%%", "InvalidUserData.Malformed"),
        ("SubnetId", "here", "InvalidSubnetID.NotFound"),
        ("SecurityGroupId.1", "all", "InvalidGroup.NotFound"),
        ("DryRun", "true", "DryRunOperation"),
        ("ClientToken", &"x".repeat(65), "InvalidParameterValue"),
        ("MinCount", "2", "InvalidParameterValue"),
    ] {
        let mut form = run_form(UBUNTU, "t1");
        form.retain(|(other, _)| *other != name);
        form.push((name, value));
        assert_eq!(code(&ec2.call("RunInstances", &form).await), (400, expected.to_owned()), "{name}");
    }
    assert_eq!(code(&ec2.call("Dance", &[]).await).1, "InvalidAction");
    let stranger = ec2.call_as("AKIASOMEBODYELSE", "us-east-1", "DescribeRegions", &[]).await;
    assert_eq!(code(&stranger), (401, "AuthFailure".to_owned()));
    let nowhere = ec2.call_as(&ec2.key_id, "atlantis-1", "DescribeRegions", &[]).await;
    assert_eq!(code(&nowhere), (401, "AuthFailure".to_owned()));
    ec2.world.close().await;
}

#[tokio::test]
async fn a_machine_that_never_boots_is_impaired_and_has_no_password() {
    let ec2 = Ec2::open(2_000).await;
    ec2.world.fault(json!({"target": "ec2.create", "kind": "never_boot"})).await;
    let id = ec2.run(WINDOWS, "t1").await;
    ec2.until(&id, "status", "ok").await;
    let status = ec2.call("DescribeInstanceStatus", &[("InstanceId.1", &id)]).await.1;
    assert!(status.contains("<status>impaired</status>"), "{status}");
    tokio::time::sleep(Duration::from_millis(150)).await;
    let data = ec2.call("GetPasswordData", &[("InstanceId", &id)]).await.1;
    assert_eq!(text(&data, "passwordData").as_deref(), Some(""), "{data}");
    ec2.world.close().await;
}

#[tokio::test]
async fn requests_over_the_limit_are_refused_in_ec2s_words() {
    let ec2 = Ec2::with(Config { rate_limits: true, ..config(400) }).await;
    let (mut passed, mut refused) = (0, (200, String::new()));
    for n in 0..40 {
        refused = code(&ec2.call("RunInstances", &run_form(UBUNTU, &format!("t{n}"))).await);
        if refused.0 != 200 {
            break;
        }
        passed += 1;
    }
    assert_eq!(refused, (503, "RequestLimitExceeded".to_owned()));
    assert!(passed >= 5, "{passed} of the five that pass at once");
    ec2.world.close().await;
}

#[tokio::test]
async fn stocked_machines_carry_tags_as_ec2_has_them() {
    let ec2 = Ec2::open(400).await;
    let wish = json!({"provider": "ec2", "count": 2, "name_prefix": "web", "tags": ["other", "team=blue"]});
    let made = ec2.world.control(Method::POST, "/machines/bulk", Some(wish)).await;
    assert_eq!((made.status, made.body["ids"].as_array().map(Vec::len)), (201, Some(2)), "{}", made.body);
    let blue = [("Filter.1.Name", "tag:team"), ("Filter.1.Value.1", "blue")];
    let xml = ec2.call("DescribeInstances", &blue).await.1;
    assert_eq!(xml.matches("<name>running</name>").count(), 2, "{xml}");
    let state = ec2.world.state().await;
    let tags = state["machines"][0]["tags"].as_array().cloned().unwrap_or_default();
    assert_eq!(tags, [Value::from("other"), Value::from("blue")]);
    ec2.world.close().await;
}
