//! The order: one purchase of one desktop, from the click to a working machine or the money back.
//!
//! ```text
//! awaiting_payment ─► paid ─► provisioning ─► active
//!        │  ▲                     │
//!        ▼  │ (paid late)         ▼
//!      expired                 undoing ─► refunding ─► refunded
//! ```
//! `active` and `refunded` are the only states in which a paid order may rest. A machine that its provider loses takes
//! an active order back to `provisioning`, for another one or the money back.
//!
//! What the operator's staff order begins as `paid` and costs nothing: its way back goes from `undoing` to `refunded`
//! at once, without money and without a word about any.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Offering, Os, Plan, word_enum};
use crate::customer::{CustomerId, Email};
use crate::ids::{InstanceId, OrderId, PaymentId};
use crate::mail::{Mail, MailKind};
use crate::money::Money;

word_enum! {
    /// Where an order stands.
    OrderStatus {
        /// Placed; no money seen yet.
        AwaitingPayment = "awaiting_payment",
        /// No money came in time. Money that comes later still makes it `paid`.
        Expired = "expired",
        /// The gateway confirmed the money.
        Paid = "paid",
        /// The workflow has claimed it and makes the desktop.
        Provisioning = "provisioning",
        /// The customer has a working desktop.
        Active = "active",
        /// It cannot be delivered: what was made is being destroyed.
        Undoing = "undoing",
        /// Nothing is left running; the gateway has been asked to give the money back.
        Refunding = "refunding",
        /// The gateway gave the money back.
        Refunded = "refunded",
    }
}

word_enum! {
    /// How the customer pays.
    PaymentMethod {
        /// Paystack's checkout page.
        Paystack = "paystack",
    }
}

word_enum! {
    /// What the customer sees happen, in this order.
    Step {
        /// The order exists.
        Placed = "placed",
        /// The money is there.
        Paid = "paid",
        /// The workflow has begun.
        Started = "started",
        /// The provider makes the machine; the first one, when several are tried.
        MachineCreated = "machine_created",
        /// No provider can make the machine just now: the order waits for the first that can.
        WaitingForProvider = "waiting_for_provider",
        /// The machine said itself that its first boot has finished.
        FirstBootReported = "first_boot_reported",
        /// A remote desktop connection was negotiated.
        DesktopAnswers = "desktop_answers",
        /// The credentials are stored, encrypted.
        CredentialsStored = "credentials_stored",
        /// The mail with the credentials went out.
        CredentialsMailed = "credentials_mailed",
        /// Delivered.
        Active = "active",
        /// The provider has the machine no longer: another one is made.
        MachineLost = "machine_lost",
        /// An offering was given up for the next one.
        OfferingSkipped = "offering_skipped",
        /// It could not be delivered.
        GaveUp = "gave_up",
        /// Nothing that was made for it is left.
        MachinesDestroyed = "machines_destroyed",
        /// The gateway was asked to give the money back.
        RefundRequested = "refund_requested",
        /// The money is on its way back.
        Refunded = "refunded",
        /// No money came in time.
        Expired = "expired",
    }
}

word_enum! {
    /// Why an order could not be delivered; the word is stored and shown, the sentence is the mail's.
    Failure {
        /// Every offering was refused or out of stock.
        NoOfferingLeft = "no_offering_left",
        /// No working desktop within the promised time.
        DeadlinePassed = "deadline_passed",
        /// The provider refused us: credentials, account, quota.
        ProviderRefused = "provider_refused",
        /// The payment turned out not to stand.
        PaymentNotConfirmed = "payment_not_confirmed",
        /// A fault of ours; the operator was told.
        Internal = "internal",
    }
}

/// One line of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDone {
    /// What happened.
    pub step: Step,
    /// When.
    pub at: Timestamp,
}

/// The timeline keeps this many lines; later ones replace the last but keep the first.
pub const TIMELINE_MAX: usize = 40;

/// How often a machine may be made anew for one order, over all offerings, and again for each one that was delivered
/// and lost.
pub const ATTEMPTS_MAX: u16 = 20;

/// The longest wait before a workflow that died again and again is started once more.
pub const RESTART_WAIT_MAX: SignedDuration = SignedDuration::from_hours(1);

/// After this many executions (some two days of them) the wait is [`HOPELESS_RESTART_WAIT`].
pub const EXECUTIONS_MAX: u16 = 50;

/// Between two starts of a workflow that died [`EXECUTIONS_MAX`] times: what is in its way may still go away by itself.
pub const HOPELESS_RESTART_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// What the operator's staff ordered: a trading desktop for one MT5 account, at a place of their choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffVps {
    /// The MT5 account it is for; one desktop per account.
    pub mt5_account_id: String,
    /// What the staff call it.
    pub vps_name: Option<String>,
    /// The only place where it is made.
    pub offering: Offering,
}

/// One purchase of one desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Also the name of its workflow execution and the tag on its machines.
    pub id: OrderId,
    /// Who bought it.
    pub customer: CustomerId,
    /// Where its mails go.
    pub email: Email,
    /// The size.
    pub plan: Plan,
    /// The system.
    pub os: Os,
    /// The region the customer asked for, one of the catalogue's.
    pub region: Option<String>,
    /// Set for a trading desktop that the operator's staff ordered; nothing is paid for it.
    pub staff: Option<StaffVps>,
    /// What it costs: the first month.
    pub price: Money,
    /// How it is paid.
    pub method: PaymentMethod,
    /// Its payment request.
    pub payment: PaymentId,
    /// The desktop it becomes. Minted with the order, so that every attempt means the same one.
    pub instance: InstanceId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What the customer sees happen.
    pub timeline: Vec<StepDone>,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When the gateway confirmed the money.
    pub paid_at: Option<Timestamp>,
    /// Delivered by then, or the money back.
    pub deadline: Option<Timestamp>,
    /// Which of the product's offerings is being tried, from 0.
    pub offering: u16,
    /// Which machine is being made, from 1; 0 before the first.
    pub attempt: u16,
    /// Why it could not be delivered.
    pub failure: Option<Failure>,
    /// How often the workflow was started for it; more than once only after it died.
    pub executions: u16,
    /// When the workflow was last started anew.
    pub restarted_at: Option<Timestamp>,
    /// Counts the writes; every write states the one it saw.
    pub version: u64,
}

/// What can happen to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderEvent {
    /// The gateway confirmed the whole amount.
    PaymentConfirmed,
    /// The time to pay is over.
    PaymentWindowClosed,
    /// The workflow takes it on; it has this long.
    Claimed {
        /// From the claim to the deadline.
        allowed: SignedDuration,
    },
    /// The next machine is to be made, from this offering.
    AttemptBegun {
        /// Index into the product's offerings.
        offering: u16,
    },
    /// Something the customer sees, without a change of state.
    Progress(Step),
    /// The desktop works and is the customer's.
    Delivered,
    /// The provider has the delivered machine no longer.
    MachineLost {
        /// From now to the deadline for another one.
        allowed: SignedDuration,
    },
    /// It will not be delivered.
    GaveUp(Failure),
    /// Nothing that was made is left; the refund may be asked for.
    MachinesGone,
    /// The gateway gave the money back.
    MoneyReturned,
    /// The workflow died and is started again.
    Restarted,
}

/// What has to be done because of an event; the adapter does it in the same transaction as the new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start the workflow, named by the order.
    StartWorkflow,
    /// This mail is owed to the customer.
    Mail(MailKind),
    /// The operator has to know.
    AlertOperator(String),
}

/// The outcome of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// The order as it is now, and what follows from it.
    Changed(Box<Order>, Vec<Effect>),
    /// The event had happened before: nothing to do.
    Already,
}

/// An event that cannot happen to an order in its state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("order is {status}: {event} does not apply")]
pub struct NotApplicable {
    /// Where the order stands.
    pub status: OrderStatus,
    /// The event's name.
    pub event: &'static str,
}

impl Order {
    /// Applies one event at `now`.
    ///
    /// An event that has already taken effect is `Already`, so that anything may come twice. An event for
    /// which the order is too early or too late is an error and changes nothing.
    ///
    /// # Errors
    /// `NotApplicable` when the state does not allow the event.
    pub fn apply(&self, event: &OrderEvent, now: Timestamp) -> Result<Applied, NotApplicable> {
        use OrderEvent as E;
        use OrderStatus as S;
        let mut next = self.clone();
        let mut effects = Vec::new();
        match (event, self.status) {
            (E::PaymentConfirmed, S::AwaitingPayment | S::Expired) => {
                next.status = S::Paid;
                next.paid_at = Some(now);
                next.note(Step::Paid, now);
                effects.push(Effect::StartWorkflow);
                effects.push(Effect::Mail(MailKind::Receipt));
            }
            (E::PaymentConfirmed, _) => return Ok(Applied::Already),

            (E::PaymentWindowClosed, S::AwaitingPayment) => {
                next.status = S::Expired;
                next.note(Step::Expired, now);
            }
            (E::PaymentWindowClosed, _) => return Ok(Applied::Already),

            (E::Claimed { allowed }, S::Paid) => {
                next.status = S::Provisioning;
                next.deadline = now.checked_add(*allowed).ok();
                next.note(Step::Started, now);
                effects.push(Effect::Mail(MailKind::Started));
            }
            (E::Claimed { .. }, S::Provisioning | S::Active) => return Ok(Applied::Already),

            (E::AttemptBegun { offering }, S::Provisioning) if self.attempt < self.attempts_max() => {
                if *offering != self.offering {
                    next.note(Step::OfferingSkipped, now);
                }
                next.offering = *offering;
                next.attempt = self.attempt + 1;
            }

            (E::Progress(step), _) => {
                if self.has_done(*step) {
                    return Ok(Applied::Already);
                }
                next.note(*step, now);
                if *step == Step::WaitingForProvider && self.staff.is_none() {
                    effects.push(Effect::Mail(MailKind::Delayed));
                }
            }

            (E::Delivered, S::Provisioning) => {
                next.status = S::Active;
                next.note(Step::Active, now);
            }
            (E::Delivered, S::Active) => return Ok(Applied::Already),

            (E::MachineLost { allowed }, S::Active) => {
                next.status = S::Provisioning;
                next.deadline = now.checked_add(*allowed).ok();
                next.make_room();
                next.note(Step::MachineLost, now);
                // The workflow that delivered has ended: the next one has a name of its own.
                next.executions = self.executions.max(1).saturating_add(1);
                next.restarted_at = None;
                if self.staff.is_none() {
                    effects.push(Effect::Mail(MailKind::Rebuilding));
                }
                effects.push(Effect::StartWorkflow);
            }
            (E::MachineLost { .. }, S::Provisioning | S::Undoing | S::Refunding | S::Refunded) => {
                return Ok(Applied::Already);
            }

            (E::GaveUp(failure), S::Paid | S::Provisioning) => {
                next.status = S::Undoing;
                next.failure = Some(*failure);
                next.note(Step::GaveUp, now);
                effects.push(Effect::AlertOperator(format!("could not be delivered: {failure}")));
            }
            (E::GaveUp(_), S::Undoing | S::Refunding | S::Refunded) => return Ok(Applied::Already),

            (E::MachinesGone, S::Undoing) if self.staff.is_some() => {
                next.status = S::Refunded;
                next.note(Step::MachinesDestroyed, now);
                effects.push(Effect::Mail(MailKind::NotDelivered));
            }
            (E::MachinesGone, S::Undoing) => {
                next.status = S::Refunding;
                next.note(Step::MachinesDestroyed, now);
            }
            (E::MachinesGone, S::Refunding | S::Refunded) => return Ok(Applied::Already),

            (E::MoneyReturned, S::Refunding) => {
                next.status = S::Refunded;
                next.note(Step::Refunded, now);
            }
            (E::MoneyReturned, S::Refunded) => return Ok(Applied::Already),

            (E::Restarted, S::Paid | S::Provisioning | S::Undoing | S::Refunding) => {
                // The name of the second execution ends in -2: the first start did not count itself.
                next.executions = self.executions.max(1).saturating_add(1);
                next.restarted_at = Some(now);
            }

            (event, status) => return Err(NotApplicable { status, event: event.name() }),
        }
        Ok(Applied::Changed(Box::new(next), effects))
    }

    /// Whether the sweep has to look after it. Once the gateway has accepted the refund, the payment is what is
    /// followed: refunds take days, and orders that only wait must not crowd out those that need help.
    pub fn needs_work(&self) -> bool {
        let waits = self.status == OrderStatus::Refunding
            && self.timeline.iter().any(|done| done.step == Step::RefundRequested);
        self.status.needs_work() && !waits
    }

    /// Whether the promised time is over.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    /// Whether a step was done for the present machine, or for an order that has lost none, at all.
    pub fn has_done(&self, step: Step) -> bool {
        let lost = self.timeline.iter().rposition(|done| done.step == Step::MachineLost).unwrap_or(0);
        self.timeline.iter().skip(lost).any(|done| done.step == step)
    }

    /// How many machines may be made for it in all: [`ATTEMPTS_MAX`] for each that it was to have.
    fn attempts_max(&self) -> u16 {
        u16::try_from(self.losses() + 1).unwrap_or(u16::MAX).saturating_mul(ATTEMPTS_MAX)
    }

    /// How many machines it has lost after they were delivered.
    pub fn losses(&self) -> usize {
        self.timeline.iter().filter(|done| done.step == Step::MachineLost).count()
    }

    /// When the last of them was found to be gone.
    pub fn lost_at(&self) -> Option<Timestamp> {
        self.timeline.iter().rev().find(|done| done.step == Step::MachineLost).map(|done| done.at)
    }

    /// From when the making of the present machine counts.
    pub fn wanted_at(&self) -> Option<Timestamp> {
        self.lost_at().or(self.paid_at)
    }

    /// A mail of one kind to its customer. Each machine that replaces a lost one has mails of its own.
    pub fn mail(&self, kind: MailKind, now: Timestamp) -> Mail {
        let mail = Mail::about_order(kind, self.id, &self.customer, &self.email, now);
        match self.losses() {
            0 => mail,
            nth => Mail { id: format!("{}.{nth}", mail.id), ..mail },
        }
    }

    /// The name of the execution that looks after it: the order id, with a suffix after a restart.
    pub fn execution_name(&self) -> String {
        match self.executions {
            0 | 1 => self.id.to_string(),
            n => format!("{}-{n}", self.id),
        }
    }

    /// Whether a workflow that died may be started anew: the first time at once, for each machine that is to be made,
    /// then each time after twice the wait, `patience` doubled per [execution that died](Self::deaths) and at most
    /// [`RESTART_WAIT_MAX`], and from [`EXECUTIONS_MAX`] on once a day. What fails at every start must not cost a start a minute, and what was paid for is never given up.
    pub fn may_restart(&self, patience: SignedDuration, now: Timestamp) -> bool {
        let Some(last) = self.restarted_at else { return true };
        if self.is_hopeless() {
            return now.duration_since(last) >= HOPELESS_RESTART_WAIT;
        }
        let doubled = 1_i32.checked_shl(u32::from(self.deaths()).min(16)).unwrap_or(i32::MAX);
        let wait = patience.checked_mul(doubled).unwrap_or(RESTART_WAIT_MAX).min(RESTART_WAIT_MAX);
        now.duration_since(last) >= wait
    }

    /// Whether its workflow died so often that a person should look why.
    pub fn is_hopeless(&self) -> bool {
        self.deaths() >= EXECUTIONS_MAX
    }

    /// How many of its executions were started because the one before had died, and the first: a machine that was lost
    /// has one of its own, which is no death.
    fn deaths(&self) -> u16 {
        self.executions.saturating_sub(u16::try_from(self.losses()).unwrap_or(u16::MAX))
    }

    /// When it last moved on: its newest step, its payment, or the last restart of its workflow.
    pub fn last_moved_at(&self) -> Timestamp {
        let steps = self.timeline.iter().map(|done| done.at);
        steps.chain(self.paid_at).chain(self.restarted_at).fold(self.created_at, Timestamp::max)
    }

    /// Shortens the story of earlier machines to what is counted, so that the next one's fits into the timeline.
    fn make_room(&mut self) {
        if self.timeline.len() > TIMELINE_MAX / 2 {
            let kept = [Step::Placed, Step::Paid, Step::Started, Step::MachineLost];
            self.timeline.retain(|done| kept.contains(&done.step));
        }
    }

    fn note(&mut self, step: Step, at: Timestamp) {
        if self.timeline.len() >= TIMELINE_MAX {
            self.timeline.pop();
        }
        self.timeline.push(StepDone { step, at });
    }
}

impl OrderEvent {
    const fn name(&self) -> &'static str {
        match self {
            Self::PaymentConfirmed => "payment_confirmed",
            Self::PaymentWindowClosed => "payment_window_closed",
            Self::Claimed { .. } => "claimed",
            Self::AttemptBegun { .. } => "attempt_begun",
            Self::Progress(_) => "progress",
            Self::Delivered => "delivered",
            Self::MachineLost { .. } => "machine_lost",
            Self::GaveUp(_) => "gave_up",
            Self::MachinesGone => "machines_gone",
            Self::MoneyReturned => "money_returned",
            Self::Restarted => "restarted",
        }
    }
}

impl OrderStatus {
    /// Whether its money was seen.
    pub const fn was_paid(self) -> bool {
        !matches!(self, Self::AwaitingPayment | Self::Expired)
    }

    /// Whether somebody still has to do something about a paid order in this state.
    pub const fn needs_work(self) -> bool {
        matches!(self, Self::Paid | Self::Provisioning | Self::Undoing | Self::Refunding)
    }
}
