//! The template parameter `Ec2Networks`, as far as it can be wrong before anything is deployed. It becomes a part of a
//! secret (lib/vm-hosts/src/secrets.rs), where a mistake would stop the functions that call providers.

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Checks `{"<region>": {"subnet_id"?: "subnet-…", "security_group_ids"?: ["sg-…"]}}`; answers how many regions it names.
///
/// # Errors
/// Anything else.
pub(super) fn check(text: &str) -> anyhow::Result<usize> {
    let networks: Value = serde_json::from_str(text).context("Ec2Networks is not JSON")?;
    let Some(networks) = networks.as_object() else {
        bail!("Ec2Networks is not an object: {{\"us-east-1\": {{…}}}}");
    };
    for (region, network) in networks {
        if !is_region(region) {
            bail!("Ec2Networks: `{region}` is not a region");
        }
        let Some(network) = network.as_object() else {
            bail!("Ec2Networks: {region} is not an object: {{}} names its default network");
        };
        for (key, value) in network {
            let fits = match key.as_str() {
                "subnet_id" => is_id(value, "subnet-"),
                "security_group_ids" => {
                    value.as_array().is_some_and(|ids| ids.iter().all(|id| is_id(id, "sg-")))
                }
                _ => bail!("Ec2Networks: {region} has `{key}`, and takes subnet_id and security_group_ids"),
            };
            if !fits {
                bail!("Ec2Networks: {key} of {region} is {value}, and should be \"subnet-…\" or [\"sg-…\"]");
            }
        }
    }
    Ok(networks.len())
}

/// `us-east-1`, and neither a zone of it, `us-east-1a`, nor another spelling.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let Some((number, words)) = parts.split_last() else { return false };
    words.len() >= 2 && words.iter().all(is_word) && number.parse::<u8>().is_ok()
}

fn is_id(value: &Value, begin: &str) -> bool {
    let rest = value.as_str().and_then(|id| id.strip_prefix(begin));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_for_each_region_is_taken() {
        for (text, regions) in [
            ("{}", 0),
            (r#"{"us-east-1":{}}"#, 1),
            (
                r#"{"us-gov-west-1": {"subnet_id":"subnet-0a","security_group_ids":["sg-0a","sg-0b"]}, "eu-west-2":{}}"#,
                2,
            ),
        ] {
            assert_eq!(check(text).expect(text), regions);
        }
    }

    #[test]
    fn what_a_function_would_stop_at_or_not_see_is_refused() {
        for (text, named) in [
            ("{", "not JSON"),
            ("[]", "not an object"),
            (r#"{"us-east-1a":{}}"#, "not a region"),
            (r#"{"us_east_1":{}}"#, "not a region"),
            (r#"{"us-east-1":"subnet-0a"}"#, "us-east-1 is not an object"),
            (r#"{"us-east-1":{"subnet":"subnet-0a"}}"#, "`subnet`"),
            (r#"{"us-east-1":{"subnet_id":"sg-0a"}}"#, "subnet_id of us-east-1"),
            (r#"{"us-east-1":{"subnet_id":null}}"#, "subnet_id of us-east-1"),
            (r#"{"us-east-1":{"security_group_ids":"sg-0a"}}"#, "security_group_ids"),
            (r#"{"us-east-1":{"security_group_ids":["subnet-0a"]}}"#, "security_group_ids"),
        ] {
            let error = format!("{:#}", check(text).expect_err(text));
            assert!(error.contains(named), "{error}");
        }
    }
}
