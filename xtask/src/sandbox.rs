//! The sandbox of a local stack: how it is started, and what the template is told of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::UpOptions;
use crate::local::random_hex;
use crate::process::{self, Program};
use crate::state::StateDir;
use crate::{http, settings};

/// Template parameters that take an address from the ready line: the parameter, and the field.
const ADDRESSES: &[(&str, &str)] = &[
    ("PaystackApiUrl", "paystack_api_url"),
    ("VultrApiUrl", "vultr_api_url"),
    ("ContaboApiUrl", "contabo_api_url"),
    ("ContaboAuthUrl", "contabo_auth_url"),
    ("DigitaloceanApiUrl", "digitalocean_api_url"),
    ("LinodeApiUrl", "linode_api_url"),
    ("HetznerApiUrl", "hetzner_api_url"),
    ("Ec2EndpointUrl", "ec2_endpoint_url"),
];

/// Template parameters that take a key that the sandbox has made up: the parameter, and the key's name.
const MADE_UP_KEYS: &[(&str, &str)] = &[
    ("ContaboClientId", "contabo_client_id"),
    ("ContaboClientSecret", "contabo_client_secret"),
    ("ContaboUser", "contabo_user"),
    ("ContaboPassword", "contabo_api_password"),
    ("DigitaloceanToken", "digitalocean_token"),
    ("LinodeToken", "linode_token"),
    ("HetznerToken", "hetzner_token"),
    ("Ec2AccessKeyId", "ec2_access_key_id"),
    ("Ec2SecretAccessKey", "ec2_secret_access_key"),
];

/// Where EC2's machines are sold; nothing is made in a region whose network is not named.
const EC2_REGIONS: [&str; 5] = ["us-east-1", "us-west-2", "eu-west-2", "eu-central-1", "ap-southeast-1"];

/// A sandbox that answers.
pub(crate) struct Sandbox {
    /// What stack.json says about it.
    pub(crate) facts: Value,
    /// Template parameter to value: where the third parties are, and our keys there.
    pub(crate) parameters: Value,
}

impl Sandbox {
    /// Starts it, and waits at most `wait` until it answers.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(
        state: &StateDir,
        options: &UpOptions,
        port: u16,
        binaries: &Path,
        wait: Duration,
    ) -> anyhow::Result<Self> {
        let (paystack_key, vultr_key) = (format!("sk_test_{}", random_hex()?), random_hex()?);
        // Keys by environment: a command line can be read by everybody on the machine.
        let environment = [
            ("SANDBOX_LISTEN", format!("127.0.0.1:{port}")),
            ("SANDBOX_TIME_FACTOR", settings::SANDBOX_TIME_FACTOR.to_string()),
            ("SANDBOX_DESKTOPS", options.desktops.clone()),
            ("SANDBOX_WORK_DIR", state.make("sandbox")?.to_string_lossy().into_owned()),
            ("SANDBOX_PAYSTACK_SECRET_KEY", paystack_key.clone()),
            ("SANDBOX_VULTR_API_KEY", vultr_key.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let program = Program {
            name: "sandbox",
            executable: &binaries.join("sandbox"),
            arguments: Vec::new(),
            environment: BTreeMap::from(environment),
        };
        process::start(state, program)?;
        let log = state.path("logs/sandbox.log");
        let mut ready = Value::Null;
        process::wait_until_ready(state, "sandbox", wait, || {
            ready = std::fs::read_to_string(&log).map_or(Value::Null, |text| ready_line(&text));
            !ready.is_null()
        })?;
        let mut parameters = told(&ready);
        parameters["PaystackSecretKey"] = json!(paystack_key);
        parameters["VultrApiKey"] = json!(vultr_key);
        let facts = json!({
            "sandbox_url": ready["base_url"],
            "paystack_api_url": ready["paystack_api_url"],
            "vultr_api_url": ready["vultr_api_url"],
            "control_url": ready["control_url"],
            "desktops": ready["desktops"],
            "paystack_secret_key": paystack_key,
            "vultr_api_key": vultr_key,
        });
        Ok(Self { facts, parameters })
    }

    /// Tells its Paystack where events go; the API's address is known only after the deployment.
    ///
    /// # Errors
    /// It does not take the address.
    pub(crate) fn announce_webhook(&self, api: &str) -> anyhow::Result<()> {
        let control = self.facts["control_url"].as_str().unwrap_or_default();
        let url = format!("{api}/webhooks/paystack");
        http::post_json(&format!("{control}/paystack/webhook"), &json!({"url": url}), &[])?
            .expect_success("the sandbox does not take the webhook address")?;
        Ok(())
    }
}

/// What the ready line comes to as template parameters.
fn told(ready: &Value) -> Value {
    let network =
        json!({"subnet_id": "subnet-0a1b2c3d4e5f60718", "security_group_ids": ["sg-0a1b2c3d4e5f60718"]});
    let networks: BTreeMap<_, _> = EC2_REGIONS.iter().map(|region| (*region, &network)).collect();
    let mut parameters = json!({
        // The functions' own role is the embedded AWS's; the sandbox plays an account of its own.
        "Ec2Account": "other",
        "Ec2KeyPairName": ready["ec2_key_pair"]["name"],
        "Ec2Networks": json!(networks).to_string(),
    });
    for (parameter, field) in ADDRESSES {
        parameters[parameter] = ready[field].clone();
    }
    for (parameter, key) in MADE_UP_KEYS {
        parameters[parameter] = json!(as_in_json(ready["keys"][key].as_str().unwrap_or_default()));
    }
    let private_key = ready["ec2_key_pair"]["private_key"].as_str().unwrap_or_default();
    parameters["Ec2PrivateKey"] = json!(as_in_json(private_key.trim()));
    parameters
}

/// A key as the template takes it: as it stands between the quotes of a JSON string. What could mean something to whoever
/// hands it on (quotes, blanks, backslashes, whatever is not ASCII) is there as `\u0022` and the like.
pub(crate) fn as_in_json(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    for unit in key.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_graphic() && !b"\"'\\".contains(&byte) => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// The line that the sandbox prints when it answers, anywhere in its log; `Null` before that.
fn ready_line(log: &str) -> Value {
    let lines = log.lines().filter(|line| line.starts_with('{'));
    lines
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|value| value["ready"] == json!(true))
        .unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_is_found_between_log_lines() {
        let log = "INFO starting\n{\"level\":\"info\"}\n{\"ready\":true,\"base_url\":\"http://127.0.0.1:1\"}\nmore\n";
        assert_eq!(ready_line(log)["base_url"], "http://127.0.0.1:1");
        assert!(ready_line("{\"ready\":tr").is_null());
    }

    #[test]
    fn every_region_of_ec2_that_is_sold_has_a_network() {
        let told = told(&json!({}));
        let networks: Value =
            serde_json::from_str(told["Ec2Networks"].as_str().unwrap_or_default()).expect("JSON");
        let offerings = include_str!("../../infra/catalogue.toml").lines();
        let mut regions = offerings.filter(|line| line.contains("provider = \"ec2\"")).map(|line| {
            let rest = line.split_once("provider_region = \"").expect("a region").1;
            rest.split_once('"').expect("its end").0
        });
        assert!(regions.all(|region| networks[region].is_object()), "{networks}");
    }

    #[test]
    fn keys_are_told_as_they_stand_in_json() {
        let ready = json!({"linode_api_url": "http://l", "keys": {"linode_token": "t\"\\"},
            "ec2_key_pair": {"name": "k", "private_key": "-----BEGIN\nabc\n"}});
        let told = told(&ready);
        assert_eq!(told["Ec2PrivateKey"], r"-----BEGIN\u000aabc");
        assert_eq!(
            (&told["LinodeToken"], &told["LinodeApiUrl"]),
            (&json!(r"t\u0022\u005c"), &json!("http://l"))
        );
    }
}
