//! Mail that goes out.

use std::future::Future;
use std::net::IpAddr;

use domain::Timestamp;
use domain::catalogue::{Os, Plan, Specs};
use domain::customer::Email;
use domain::first_boot::Fingerprints;
use domain::ids::{InstanceId, OrderId};
use domain::money::Money;
use domain::order::Failure;
use domain::secret::Secret;

/// The typed data of each mail; the adapter owns subject, HTML and text.
pub enum MailContent {
    /// Payment received, the desktop is being made.
    Started {
        /// The order.
        order: OrderId,
        /// Its size.
        plan: Plan,
        /// Its system.
        os: Os,
        /// When it should be ready.
        ready_at: Option<Timestamp>,
        /// Whether it was paid for; what staff order is not.
        paid: bool,
    },
    /// A receipt.
    Receipt {
        /// The order.
        order: OrderId,
        /// Its size.
        plan: Plan,
        /// Its system.
        os: Os,
        /// What the customer was told they get.
        specs: Option<Specs>,
        /// How much was paid.
        amount: Money,
        /// The gateway's reference.
        reference: String,
        /// When.
        paid_at: Timestamp,
    },
    /// The desktop is ready, with how to sign in. Also after a reinstall.
    Ready {
        /// The order.
        order: OrderId,
        /// The desktop.
        instance: InstanceId,
        /// Its size.
        plan: Plan,
        /// Its system.
        os: Os,
        /// Where it answers.
        address: IpAddr,
        /// On which port.
        port: u16,
        /// The account.
        username: String,
        /// The password; `None` when the customer wants to reveal it on the site instead.
        password: Option<Secret<String>>,
        /// The certificate that the client will show.
        certificate: Option<Fingerprints>,
        /// Whether this replaces earlier credentials.
        reinstalled: bool,
    },
    /// No provider can make the desktop just now: it waits, and the promise holds.
    Delayed {
        /// The order.
        order: OrderId,
        /// Its size.
        plan: Plan,
        /// Its system.
        os: Os,
        /// Delivered by then, or the money back.
        deadline: Timestamp,
    },
    /// The machine was lost at the provider: another one is made.
    Rebuilding {
        /// The order.
        order: OrderId,
        /// Its size.
        plan: Plan,
        /// Its system.
        os: Os,
        /// Delivered by then, or the money back.
        deadline: Timestamp,
    },
    /// It could not be delivered; the money goes back.
    FailedAndRefunded {
        /// The order.
        order: OrderId,
        /// Its size.
        plan: Plan,
        /// Its system.
        os: Os,
        /// Why.
        failure: Failure,
        /// How much goes back.
        amount: Money,
    },
    /// A trading desktop that staff ordered could not be delivered; nothing was paid.
    NotDelivered {
        /// The order.
        order: OrderId,
        /// The MT5 account that it was for.
        mt5_account_id: String,
        /// What the staff called it.
        vps_name: Option<String>,
        /// Where it was to be made: provider, size and region.
        place: String,
        /// Why.
        failure: Failure,
    },
    /// Something needs a person.
    OperatorAlert {
        /// What it is about.
        order: Option<OrderId>,
        /// The trouble, as a sentence.
        note: String,
    },
}

/// A mail that did not go out.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It never will: the address or the sender is refused.
    #[error("the mail is refused: {0}")]
    Refused(String),
    /// Not now: throttled, or the service is down.
    #[error("the mail could not be handed over: {what}")]
    Unavailable {
        /// What came instead, for the log.
        what: String,
        /// What was underneath.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// `ses:SendRawEmail`
pub trait SendMail {
    /// Renders and sends one mail. `to: None` means the operator. Returns the service's message id.
    fn send(
        &self,
        to: Option<&Email>,
        content: &MailContent,
    ) -> impl Future<Output = Result<String, MailError>> + Send;
}
