//! Settings from the environment; every missing or wrong one is named at once.

use std::collections::BTreeMap;

use app::Policy;
use app::deliverable::parse_providers;
use domain::catalogue::Provider;
use domain::payment::GatewayMode;
use jiff::SignedDuration;

/// Settings that are missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("settings missing or wrong: {}", .0.join("; "))]
pub struct MissingSettings(pub Vec<String>);

/// Reads settings and remembers what is wrong with them, so that one start names them all.
pub struct Env {
    variables: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Env {
    /// The process's environment.
    pub fn of_process() -> Self {
        Self::of(std::env::vars())
    }

    /// An environment for tests.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().collect(), faults: Vec::new() }
    }

    /// A setting that must be there; an empty text when it is not, and [`Env::finish`] names it.
    pub fn text(&mut self, name: &str) -> String {
        match self.optional(name) {
            Some(text) => text,
            None => {
                self.faults.push(format!("{name} is not set"));
                String::new()
            }
        }
    }

    /// A setting that may be absent; an empty one is absent.
    pub fn optional(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A number of seconds; `usual` when absent.
    pub fn seconds(&mut self, name: &str, usual: SignedDuration) -> SignedDuration {
        let Some(text) = self.optional(name) else { return usual };
        match text.parse::<u32>() {
            Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
            Err(_) => {
                self.faults.push(format!("{name} is not a number of seconds"));
                usual
            }
        }
    }

    /// `GATEWAY_MODE`: there is no default, because test money must never buy a real desktop.
    pub fn gateway_mode(&mut self) -> GatewayMode {
        match self.text("GATEWAY_MODE").as_str() {
            "live" => GatewayMode::Live,
            "test" => GatewayMode::Test,
            other => {
                if !other.is_empty() {
                    self.faults.push("GATEWAY_MODE is neither test nor live".to_owned());
                }
                GatewayMode::Live
            }
        }
    }

    /// `PROVIDERS`: the providers that a key is set up for, separated by commas; none when it is empty.
    pub fn providers(&mut self) -> Vec<Provider> {
        parse_providers(&self.optional("PROVIDERS").unwrap_or_default()).unwrap_or_else(|fault| {
            self.faults.push(format!("PROVIDERS: {fault}"));
            Vec::new()
        })
    }

    /// The product's times and limits, each of which a setting may change.
    pub fn policy(&mut self) -> Policy {
        let mode = self.gateway_mode();
        let usual = Policy::standard(mode);
        Policy {
            order_deadline: self.seconds("ORDER_DEADLINE_SECONDS", usual.order_deadline),
            first_boot_wait: self.seconds("FIRST_BOOT_WAIT_SECONDS", usual.first_boot_wait),
            probe_pause: self.seconds("PROBE_PAUSE_SECONDS", usual.probe_pause),
            quarantine: self.seconds("QUARANTINE_SECONDS", usual.quarantine),
            absence_pause: self.seconds("ABSENCE_PAUSE_SECONDS", usual.absence_pause),
            payment_expiry: self.seconds("PAYMENT_EXPIRY_SECONDS", usual.payment_expiry),
            sweep_patience: self.seconds("SWEEP_PATIENCE_SECONDS", usual.sweep_patience),
            command_limit: self.seconds("COMMAND_LIMIT_SECONDS", usual.command_limit),
            mode,
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `MissingSettings` with everything that was missing or wrong.
    pub fn finish(self) -> Result<(), MissingSettings> {
        if self.faults.is_empty() { Ok(()) } else { Err(MissingSettings(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_start_names_everything_that_is_missing() {
        let mut env = Env::of([
            ("TABLE_NAME".to_owned(), " ".to_owned()),
            ("GATEWAY_MODE".to_owned(), "play".to_owned()),
            ("QUARANTINE_SECONDS".to_owned(), "soon".to_owned()),
            ("PROVIDERS".to_owned(), "vultr,somebody".to_owned()),
        ]);
        env.text("TABLE_NAME");
        env.text("MAIL_FROM");
        env.policy();
        env.providers();
        let error = env.finish().unwrap_err().to_string();
        for name in ["TABLE_NAME", "MAIL_FROM", "GATEWAY_MODE", "QUARANTINE_SECONDS", "PROVIDERS"] {
            assert!(error.contains(name), "{name} is not in {error}");
        }
    }

    #[test]
    fn what_is_not_set_has_the_products_own_times() {
        let mut env = Env::of([("GATEWAY_MODE".to_owned(), "test".to_owned())]);
        assert_eq!(env.policy().order_deadline, SignedDuration::from_mins(30));
        assert!(env.finish().is_ok());
    }
}
