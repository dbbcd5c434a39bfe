//! The sandbox's control API: what the third parties saw, and what shall go wrong with them.

use serde_json::{Value, json};

use super::Stack;
use super::http::{self, Answer};

/// What stands behind the machines of an operating system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Desktops {
    /// An RDP server as customers have it.
    Real,
    /// An RDP responder: the programs for a real one are not installed here.
    BuiltIn,
}

/// A fault that is set, and lifted with this.
pub(crate) struct Fault<'s> {
    stack: &'s Stack,
    id: u64,
    what: String,
}

impl Fault<'_> {
    /// A fault that struck nothing has shown nothing.
    #[track_caller]
    pub(crate) fn has_struck(&self) {
        let set = http::call("GET", &self.stack.control("/faults"), &[], None).good("faults");
        let ours = set["faults"].as_array().into_iter().flatten().find(|fault| fault["id"] == self.id);
        // One that is used up is no longer shown.
        let struck = ours.is_none_or(|fault| fault["struck"].as_u64() > Some(0));
        assert!(struck, "it struck nothing: {}", self.what);
    }
}

impl Drop for Fault<'_> {
    fn drop(&mut self) {
        // It may be used up, and then it is gone already.
        let url = self.stack.control(&format!("/faults/{}", self.id));
        drop(http::try_call("DELETE", &url, &[], None));
    }
}

impl Stack {
    fn control(&self, path: &str) -> String {
        format!("{}{path}", self.fact("control_url"))
    }

    /// What serves an operating system here.
    pub(crate) fn desktops(&self, os: &str) -> Desktops {
        match self.facts["desktops"][os].as_str() {
            Some("real") => Desktops::Real,
            _ => Desktops::BuiltIn,
        }
    }

    /// Sets a fault; see the sandbox's README for its fields.
    #[track_caller]
    pub(crate) fn fault(&self, fault: &Value) -> Fault<'_> {
        let answer = http::post_json(&self.control("/faults"), fault).good("fault");
        Fault { stack: self, id: answer["id"].as_u64().expect("a fault's id"), what: fault.to_string() }
    }

    /// Everything that the sandbox knows.
    #[track_caller]
    pub(crate) fn sandbox(&self) -> Value {
        http::call("GET", &self.control("/state"), &[], None).good("sandbox state")
    }

    /// The machines of an order that are there now, by its tag, or by their name where tags come later; without those
    /// that are only paid for.
    #[track_caller]
    pub(crate) fn machines(&self, order: &str) -> Vec<Value> {
        let mut machines = tagged(&self.sandbox()["machines"], order);
        machines.retain(|machine| !is_only_paid_for(machine));
        machines
    }

    /// The machines of an order that do not run, and end with the period that is paid for.
    #[track_caller]
    pub(crate) fn cancelled_machines(&self, order: &str) -> Vec<Value> {
        let mut machines = tagged(&self.sandbox()["machines"], order);
        machines.retain(is_only_paid_for);
        machines
    }

    /// The machines of an order that ran once and are gone.
    #[track_caller]
    pub(crate) fn destroyed_machines(&self, order: &str) -> Vec<Value> {
        tagged(&self.sandbox()["destroyed"], order)
    }

    /// Lets a provider's key be used only from these addresses; from anywhere when there are none.
    #[track_caller]
    pub(crate) fn allow_key_from(&self, provider: &str, addresses: &[&str]) {
        let body = json!({"addresses": addresses});
        http::post_json(&self.control(&format!("/{provider}/allow-list")), &body).good("allow-list");
    }

    /// Whether a machine lets somebody in; a real client tries where the desktops are real.
    #[track_caller]
    pub(crate) fn lets_in(&self, machine: &Value, user: &str, password: &str) -> bool {
        let id = machine["id"].as_str().expect("a machine's id");
        let login = json!({"user": user, "password": password});
        let answer = http::post_json(&self.control(&format!("/machines/{id}/login")), &login).good("login");
        answer["accepted"].as_bool().unwrap_or_else(|| panic!("{id} does not say whether it lets {user} in"))
    }

    /// Pays at the gateway without a browser; `how` may make it a payment that is not as ordered.
    #[track_caller]
    pub(crate) fn pay(&self, reference: &str, how: &Value) -> Answer {
        let mut body = json!({"reference": reference});
        for (name, value) in how.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        http::post_json(&self.control("/paystack/pay"), &body)
    }

    /// Delivers an event of a payment again, all copies at once; answers what each got.
    #[track_caller]
    pub(crate) fn redeliver(&self, reference: &str, copies: u32) -> Vec<u64> {
        let body = json!({"reference": reference, "copies": copies, "concurrent": true});
        let answer = http::post_json(&self.control("/paystack/redeliver"), &body).good("redeliver");
        answer["statuses"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|status| status.as_u64().unwrap_or(0))
            .collect()
    }

    /// The deliveries of the events of a reference: `{event, attempt, status, …}`.
    #[track_caller]
    pub(crate) fn deliveries(&self, reference: &str) -> Vec<Value> {
        let state = self.sandbox();
        let ours = |delivery: &&Value| delivery["reference"].as_str() == Some(reference);
        state["deliveries"].as_array().into_iter().flatten().filter(ours).cloned().collect()
    }
}

/// Cancelled, and off or never up.
fn is_only_paid_for(machine: &Value) -> bool {
    let runs = machine["power"] == "running" && !machine["booted_at_ms"].is_null();
    machine["cancel_date"].is_string() && !runs
}

fn tagged(machines: &Value, order: &str) -> Vec<Value> {
    let ours = |machine: &&Value| {
        let tags = machine["tags"].as_array();
        tags.into_iter().flatten().any(|tag| tag.as_str() == Some(order))
            || machine["label"].as_str().is_some_and(|label| label.starts_with(order))
    };
    machines.as_array().into_iter().flatten().filter(ours).cloned().collect()
}
