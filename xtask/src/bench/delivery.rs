//! How long a delivery took, and how much of that was the machine's own doing.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

use crate::demo::customer::{Customer, await_mail};
use crate::demo::order::Finished;
use crate::http;
use crate::local::Stack;

/// One delivered order, in seconds.
pub(crate) struct Delivery {
    /// From the customer's payment to the mailed credentials.
    pub(crate) total: f64,
    /// From the machine's creation to the end of its boot.
    pub(crate) machine: f64,
}

impl Delivery {
    /// Reads the mail and the sandbox's machine. `paid_ms`: when the customer pressed the button to pay.
    ///
    /// # Errors
    /// There is no such mail or machine.
    pub(crate) fn of(
        stack: &Stack,
        customer: &Customer,
        paid_ms: f64,
        finished: &Finished,
    ) -> anyhow::Result<Self> {
        let desktop = customer
            .get(stack, &format!("/instances/{}", finished.instance))?
            .expect_success("GET /instances/{id}")?;
        let address = desktop["address"].as_str().context("the desktop has no address")?;
        let fits = |text: &str| text.contains(address) && text.contains("Password");
        let mail = await_mail(stack, &customer.email, fits)?;
        let mailed_ms = mail["Timestamp"].as_f64().context("the mail has no time")? * 1000.0;
        let control = stack.fact("control_url")?;
        let state = http::get(&format!("{control}/state"), &[])?.expect_success("GET /state")?;
        let mut machines = state["machines"].as_array().into_iter().flatten();
        let machine = machines.find(|machine| machine["address"] == desktop["address"]);
        let machine = machine.context("the sandbox has no such machine")?;
        let ms = |name: &str| machine[name].as_f64().with_context(|| format!("the machine has no {name}"));
        let machine_ms = ms("booted_at_ms")? - ms("created_at_ms")?;
        Ok(Self { total: (mailed_ms - paid_ms) / 1000.0, machine: machine_ms / 1000.0 })
    }

    /// What the product added.
    pub(crate) fn overhead(&self) -> f64 {
        self.total - self.machine
    }
}

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "compared with times that other programs wrote down")]
pub(crate) fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}
