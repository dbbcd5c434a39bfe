//! The template's parameters, from what is given and from the keys in the environment.

use std::fs;

use anyhow::{Context as _, bail};

use super::networks;
use crate::sandbox::as_in_json;

/// Variables of the environment that hold a key, and the template parameters that take them.
const KEYS: &[(&str, &str)] = &[
    ("PAYSTACK_SECRET_KEY", "PaystackSecretKey"),
    ("PAYSTACK_PREVIOUS_SECRET_KEY", "PaystackPreviousSecretKey"),
    ("VULTR_API_KEY", "VultrApiKey"),
    ("CONTABO_CLIENT_ID", "ContaboClientId"),
    ("CONTABO_CLIENT_SECRET", "ContaboClientSecret"),
    ("CONTABO_USER", "ContaboUser"),
    ("CONTABO_PASSWORD", "ContaboPassword"),
    ("DIGITALOCEAN_TOKEN", "DigitaloceanToken"),
    ("LINODE_TOKEN", "LinodeToken"),
    ("HETZNER_TOKEN", "HetznerToken"),
    ("EC2_ACCESS_KEY_ID", "Ec2AccessKeyId"),
    ("EC2_SECRET_ACCESS_KEY", "Ec2SecretAccessKey"),
];

/// Each provider, with what sets it up: a variable, and the parameter that it fills. EC2 is set up by its account.
const PROVIDERS: &[(&str, &str, &str)] = &[
    ("Vultr", "VULTR_API_KEY", "VultrApiKey"),
    ("Contabo", "CONTABO_CLIENT_ID", "ContaboClientId"),
    ("DigitalOcean", "DIGITALOCEAN_TOKEN", "DigitaloceanToken"),
    ("Linode", "LINODE_TOKEN", "LinodeToken"),
    ("Hetzner", "HETZNER_TOKEN", "HetznerToken"),
];

/// Parameters that are given together or not at all; the template refuses some of what is in part, and a function would
/// stop at the rest.
const WHOLES: &[&[&str]] = &[
    &["ContaboClientId", "ContaboClientSecret", "ContaboUser", "ContaboPassword"],
    &["Ec2AccessKeyId", "Ec2SecretAccessKey"],
    &["Ec2KeyPairName", "Ec2PrivateKey"],
];

/// Template parameters, name to value; of one that stands there twice the last counts.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// `given`, and for every key that is not among it, even empty, that of the environment. A key that is nowhere is
    /// there as an empty one, and so is all else that sets up a provider: `sam` would leave at its former value what it
    /// is not told, and a key that was taken away would stay.
    ///
    /// # Errors
    /// Paystack's key is missing, no provider is set up or one only in part, or a private key cannot be read.
    pub(super) fn gather(
        given: &[(String, String)],
        of_environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let mut all = Self(given.to_vec());
        for (variable, parameter) in KEYS {
            let key = of_environment(variable).map(|key| as_in_json(&key));
            all.add(parameter, key.unwrap_or_default());
        }
        if !all.has("Ec2PrivateKey") {
            let pem = match of_environment("EC2_PRIVATE_KEY_FILE") {
                Some(file) => fs::read_to_string(&file).with_context(|| format!("{file} cannot be read"))?,
                None => String::new(),
            };
            all.add("Ec2PrivateKey", as_in_json(pem.trim()));
        }
        let account = if all.is_set("Ec2AccessKeyId") { "other" } else { "none" };
        for (parameter, value) in [("Ec2Account", account), ("Ec2KeyPairName", ""), ("Ec2Networks", "{}")] {
            all.add(parameter, value.to_owned());
        }
        all.check()?;
        Ok(all)
    }

    /// Adds a parameter that is not there.
    fn add(&mut self, name: &str, value: String) {
        if !self.has(name) {
            self.0.push((name.to_owned(), value));
        }
    }

    /// All of them, with the architecture that the functions are built for.
    pub(super) fn for_architecture(mut self, architecture: &str) -> Vec<(String, String)> {
        self.0.push(("Architecture".to_owned(), architecture.to_owned()));
        self.0
    }

    /// The providers that are set up, and those that are not.
    pub(super) fn providers(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let mut all: Vec<_> =
            PROVIDERS.iter().map(|(name, _, parameter)| (*name, self.is_set(parameter))).collect();
        all.push(("EC2", self.value("Ec2Account") != "none"));
        let (there, missing): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, is_set)| *is_set);
        let names = |some: Vec<(&'static str, bool)>| some.into_iter().map(|(name, _)| name).collect();
        (names(there), names(missing))
    }

    fn has(&self, wanted: &str) -> bool {
        self.0.iter().any(|(name, _)| name == wanted)
    }

    /// What a parameter is set to; empty when it is not there.
    fn value(&self, wanted: &str) -> &str {
        let found = self.0.iter().rev().find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value.as_str())
    }

    fn is_set(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }

    /// Refuses what the template would refuse, and what a function would stop at.
    fn check(&self) -> anyhow::Result<()> {
        if !self.is_set("PaystackSecretKey") {
            bail!("set PAYSTACK_SECRET_KEY to the key that is deployed");
        }
        for whole in WHOLES {
            let (there, missing): (Vec<&str>, Vec<&str>) = whole.iter().partition(|name| self.is_set(name));
            if !there.is_empty() && !missing.is_empty() {
                let (there, missing) = (there.join(", "), missing.join(", "));
                bail!("{there} without {missing}: docs/operations.md says what sets each of them");
            }
        }
        let account = self.value("Ec2Account");
        if account == "other" && !self.is_set("Ec2AccessKeyId") {
            bail!("Ec2Account=other needs EC2_ACCESS_KEY_ID and EC2_SECRET_ACCESS_KEY");
        }
        if self.providers().0.is_empty() {
            let variables: Vec<_> = PROVIDERS.iter().map(|(_, variable, _)| *variable).collect();
            let variables = variables.join(", ");
            bail!(
                "no provider is set up: set one of {variables}, EC2_ACCESS_KEY_ID, or --parameter Ec2Account=own"
            );
        }
        let regions = networks::check(self.value("Ec2Networks"))?;
        if regions == 0 && account != "none" {
            bail!(
                "EC2 is set up and Ec2Networks names no region, so nothing of it could be sold: docs/operations.md says how"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(given: &[(&str, &str)], variables: &[(&str, &str)]) -> anyhow::Result<Parameters> {
        let given: Vec<_> = given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Parameters::gather(&given, |name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    const PAID: (&str, &str) = ("PAYSTACK_SECRET_KEY", "s");
    const NETWORKS: (&str, &str) = ("Ec2Networks", r#"{"us-east-1":{}}"#);

    #[test]
    fn a_deployment_needs_a_key_of_paystack_and_a_whole_provider() {
        let pair = ("Ec2KeyPairName", "k");
        let tokens = [PAID, ("LINODE_TOKEN", "t")];
        for (given, variables, named) in [
            (&[][..], &[("LINODE_TOKEN", "t")][..], "PAYSTACK_SECRET_KEY"),
            (&[], &[PAID], "HETZNER_TOKEN"),
            (&[("Ec2Account", "none")], &[PAID, ("EC2_PRIVATE_KEY_FILE", "/dev/null")], "HETZNER_TOKEN"),
            (&[("LinodeToken", "")], &tokens, "HETZNER_TOKEN"),
            (&[("Ec2Account", "other")], &[PAID], "EC2_ACCESS_KEY_ID"),
            (&[], &[PAID, ("EC2_ACCESS_KEY_ID", "AKIA")], "without Ec2SecretAccessKey"),
            (
                &[],
                &[PAID, ("CONTABO_CLIENT_ID", "c")],
                "without ContaboClientSecret, ContaboUser, ContaboPassword",
            ),
            (&[], &[PAID, ("CONTABO_USER", "u")], "without ContaboClientId"),
            (&[pair], &tokens, "Ec2KeyPairName without Ec2PrivateKey"),
            (&[("Ec2PrivateKey", "p")], &tokens, "Ec2PrivateKey without Ec2KeyPairName"),
        ] {
            let error = gathered(given, variables).err().expect("something is missing").to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn ec2_is_a_provider_by_its_key_or_by_the_functions_own_role() {
        let keys = [PAID, ("EC2_ACCESS_KEY_ID", "AKIA"), ("EC2_SECRET_ACCESS_KEY", "s")];
        for (given, variables, account) in [
            (&[NETWORKS][..], &keys[..], "other"),
            (&[NETWORKS, ("Ec2Account", "own")], &[PAID], "own"),
            (&[NETWORKS, ("Ec2Account", "own")], &keys, "own"),
        ] {
            let all = gathered(given, variables).expect("enough");
            assert_eq!(all.value("Ec2Account"), account);
            assert_eq!(all.providers().0, ["EC2"]);
            assert_eq!(all.0.iter().filter(|(name, _)| name == "Ec2Account").count(), 1, "{account}");
        }
    }

    #[test]
    fn ec2_without_a_network_is_refused_and_so_is_a_network_that_does_not_read() {
        let own = ("Ec2Account", "own");
        for (given, named) in [
            (&[own][..], "Ec2Networks names no region"),
            (&[own, ("Ec2Networks", "{}")], "Ec2Networks names no region"),
            (&[own, ("Ec2Networks", r#"{"us-east-1":{"subnet":"s"}}"#)], "`subnet`"),
        ] {
            let error = gathered(given, &[PAID]).err().expect("no network").to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn a_parameter_that_is_given_goes_before_the_variable_of_it_even_empty() {
        let set = [PAID, ("HETZNER_TOKEN", "set"), ("LINODE_TOKEN", "set")];
        for value in ["given", ""] {
            let all = gathered(&[("HetznerToken", value)], &set).expect("enough");
            assert_eq!(all.0.iter().filter(|(name, _)| name == "HetznerToken").count(), 1);
            assert_eq!(all.value("HetznerToken"), value);
        }
    }

    #[test]
    fn what_is_not_set_up_any_more_is_said_to_be_empty() {
        let all = gathered(&[], &[PAID, ("LINODE_TOKEN", "t")]).expect("enough");
        let missing = ["Vultr", "Contabo", "DigitalOcean", "Hetzner", "EC2"];
        assert_eq!(all.providers(), (vec!["Linode"], missing.to_vec()));
        let all = all.for_architecture("arm64");
        let template = include_str!("../../../template.yaml");
        let mut names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
        for (name, value) in &all {
            assert!(template.contains(&format!("\n  {name}:\n    Type: String\n")), "{name}");
            let empty = match name.as_str() {
                "PaystackSecretKey" | "LinodeToken" | "Architecture" => continue,
                "Ec2Account" => "none",
                "Ec2Networks" => "{}",
                _ => "",
            };
            assert_eq!(value, empty, "{name}");
        }
        let secrets = template.split("\n  ").filter(|line| line.trim() == "NoEcho: true").count();
        names.retain(|name| !["Architecture", "Ec2Account", "Ec2KeyPairName", "Ec2Networks"].contains(name));
        assert_eq!(names.len(), secrets, "{names:?}");
    }
}
