//! The providers, as a story chooses among them: by what the sandbox says is sold out, and by their circuits.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Fault, Order, Stack};

/// Every provider, by its word in tags, rows and the sandbox.
pub(crate) const PROVIDERS: [&str; 6] = ["vultr", "contabo", "digitalocean", "linode", "hetzner", "ec2"];

/// A little longer than a process believes what it has read of the circuits.
const BELIEVED_FOR: Duration = Duration::from_secs(6);

impl<'c> Order<'c> {
    /// Leaves this order no provider but one: the others have nothing in stock for it.
    #[track_caller]
    pub(crate) fn only_at(&self, provider: &str) -> Vec<Fault<'c>> {
        let others = PROVIDERS.iter().filter(|other| **other != provider);
        others.map(|other| self.sold_out_at(other)).collect()
    }

    /// Nobody has anything in stock for this order.
    #[track_caller]
    pub(crate) fn sold_out_everywhere(&self) -> Vec<Fault<'c>> {
        PROVIDERS.iter().map(|provider| self.sold_out_at(provider)).collect()
    }

    /// One provider has nothing in stock for this order.
    #[track_caller]
    pub(crate) fn sold_out_at(&self, provider: &str) -> Fault<'c> {
        let target = format!("{provider}.create");
        let fault = json!({"target": target, "kind": "out_of_stock", "match": self.id, "times": 0});
        self.customer.stack.fault(&fault)
    }
}

impl Stack {
    /// The circuits of a provider that something has gone wrong in.
    #[track_caller]
    pub(crate) fn circuits(&self, provider: &str) -> Vec<Value> {
        self.items(&format!("CIRCUIT#{provider}"))
    }

    /// Forgets all circuits, in every process: what one story has broken is nothing to the next.
    #[track_caller]
    pub(crate) fn forget_circuits(&self) {
        let mut any = false;
        for circuit in PROVIDERS.iter().flat_map(|provider| self.circuits(provider)) {
            let key = json!({"pk": {"S": circuit["pk"]}, "sk": {"S": circuit["sk"]}});
            let body = json!({"TableName": self.fact("table"), "Key": key});
            self.aws(&self.root(), "dynamodb", "DynamoDB_20120810.DeleteItem", &body).good("DeleteItem");
            any = true;
        }
        if any {
            std::thread::sleep(BELIEVED_FOR);
        }
    }

    /// How often an operation of the sandbox was asked for, such as `vultr.create`.
    #[track_caller]
    pub(crate) fn requests(&self, operation: &str) -> u64 {
        self.sandbox()["requests"][operation].as_u64().unwrap_or(0)
    }
}
