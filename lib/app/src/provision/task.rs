//! What the state machine sends, and what it gets back. No secret is in either.

use domain::ids::OrderId;
use serde::{Deserialize, Serialize};

/// One task of the workflow; the variant's name is the state's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "task")]
pub enum Task {
    /// Asks the gateway once more.
    VerifyPayment {
        /// Of which order; so in all of them.
        order_id: OrderId,
    },
    /// Takes the order on and sets its deadline.
    ClaimOrder {
        /// Of which order.
        order_id: OrderId,
    },
    /// Creates the machine, or adopts what an earlier attempt left.
    CreateVm {
        /// Of which order.
        order_id: OrderId,
    },
    /// Waits for the machine's own word.
    AwaitFirstBoot {
        /// Of which order.
        order_id: OrderId,
        /// Who waits.
        task_token: String,
    },
    /// Looks whether the desktop answers.
    ProbeRdp {
        /// Of which order.
        order_id: OrderId,
    },
    /// Fixes the credentials that will be delivered.
    StoreCredentials {
        /// Of which order.
        order_id: OrderId,
    },
    /// Hands the desktop over.
    Activate {
        /// Of which order.
        order_id: OrderId,
    },
    /// Goes on with the next offering, or the same one once more.
    ChooseNextOffering {
        /// Of which order.
        order_id: OrderId,
        /// The name of the error that led here.
        error: String,
    },
    /// Destroys the machine of the current attempt.
    DiscardVm {
        /// Of which order.
        order_id: OrderId,
    },
    /// Decides that the order will not be delivered.
    GiveUp {
        /// Of which order.
        order_id: OrderId,
        /// The name of the error that led here.
        error: String,
    },
    /// Destroys everything that was made for the order.
    DestroyVm {
        /// Of which order.
        order_id: OrderId,
    },
    /// Asks the gateway to give the money back.
    Refund {
        /// Of which order.
        order_id: OrderId,
    },
    /// Opens the operator's ticket.
    OpenTicket {
        /// Of which order.
        order_id: OrderId,
    },
}

/// What a task answers. The state machine keeps nothing of it but the waiting time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TaskOutput {
    /// How long `AwaitFirstBoot` may wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_boot_wait_seconds: Option<i64>,
}
