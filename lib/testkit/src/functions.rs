//! The functions as they are wired in production, over this world's ports.

use app::AppError;
use app::checkout::Checkout;
use app::commands::{CommandDesk, Commands};
use app::credentials::Credentials;
use app::deliverable::Deliverable;
use app::first_boot::FirstBoots;
use app::gateway_events::{GatewayEvents, Hint};
use app::inventory::Reconciler;
use app::mails::Mailer;
use app::ports::Clock as _;
use app::ports::{
    CommandMessage, Commit, GatewayEvent, MailMessage, PaymentMessage, QueuePayment, ReadPayments,
    StoreError, Write,
};
use app::providers::Providers;
use app::provision::{Provisioning, Task, TaskError};
use app::refunds::Refunds;
use app::settle::Settlement;
use app::sweep::Sweep;
use app::trading::TradingDesk;
use domain::catalogue::Provider;
use domain::first_boot::{Fingerprints, Report};
use domain::ids::InstanceId;
use serde::Deserialize as _;
use serde_json::Value;

use crate::ports::{Delivery, Gateway, Hosts, Keys, Outbox, Probe, Queue, Queues, Store, Workflows};
use crate::sim::Sim;
use crate::world::World;

type Settle = Settlement<Store, Gateway, Queues, Workflows, Sim>;
type Provision = Provisioning<Store, Hosts, Gateway, Keys, Queues, Workflows, Probe, Sim>;
type Carry = Commands<Store, Hosts, Keys, Queues, Probe, Sim>;

impl World {
    pub(crate) fn settlement(&self) -> Settle {
        Settlement {
            store: self.store.clone(),
            gateway: self.gateway.clone(),
            queue: self.queues.clone(),
            workflow: self.workflows.clone(),
            clock: self.sim.clone(),
            policy: self.policy.clone(),
        }
    }

    /// As a fresh process has them: nothing is remembered of the circuits.
    pub(crate) fn providers(&self) -> Providers<Hosts, Store, Sim> {
        Providers::new(self.hosts.clone(), self.store.clone(), self.sim.clone())
    }

    pub(crate) fn refunds(&self) -> Refunds<Store, Gateway, Queues, Sim> {
        Refunds {
            store: self.store.clone(),
            gateway: self.gateway.clone(),
            queue: self.queues.clone(),
            clock: self.sim.clone(),
        }
    }

    pub(crate) fn provisioning(&self) -> Provision {
        Provisioning {
            store: self.store.clone(),
            providers: self.providers(),
            gateway: self.gateway.clone(),
            keys: self.keys.clone(),
            queue: self.queues.clone(),
            tasks: self.workflows.clone(),
            probe: self.probe.clone(),
            world: self.sim.clone(),
            call_home: self.call_home(),
            catalogue: self.catalogue,
            policy: self.policy.clone(),
        }
    }

    pub(crate) fn mailer(&self) -> Mailer<Store, Keys, Outbox, Sim> {
        Mailer {
            store: self.store.clone(),
            keys: self.keys.clone(),
            mail: self.outbox.clone(),
            clock: self.sim.clone(),
            catalogue: self.catalogue,
        }
    }

    pub(crate) fn checkout(&self) -> Checkout<Store, Gateway, Sim> {
        Checkout {
            store: self.store.clone(),
            gateway: self.gateway.clone(),
            world: self.sim.clone(),
            catalogue: self.catalogue,
            policy: self.policy.clone(),
            deliverable: Deliverable::new(Provider::ALL.to_vec()),
        }
    }

    pub(crate) fn desk(&self) -> CommandDesk<Store, Queues, Sim> {
        CommandDesk { store: self.store.clone(), queue: self.queues.clone(), world: self.sim.clone() }
    }

    pub(crate) fn trading_desk(&self) -> TradingDesk<Store, Hosts, Queues, Workflows, Sim> {
        TradingDesk {
            desk: self.desk(),
            providers: self.providers(),
            workflow: self.workflows.clone(),
            catalogue: self.catalogue,
        }
    }

    pub(crate) fn credentials(&self) -> Credentials<Store, Keys, Sim> {
        Credentials { store: self.store.clone(), keys: self.keys.clone(), world: self.sim.clone() }
    }

    fn commands(&self) -> Carry {
        Commands {
            store: self.store.clone(),
            providers: self.providers(),
            keys: self.keys.clone(),
            queue: self.queues.clone(),
            probe: self.probe.clone(),
            world: self.sim.clone(),
            call_home: self.call_home(),
            policy: self.policy.clone(),
        }
    }

    /// The inventory, as a fresh process has it.
    pub fn reconciler(&self) -> Reconciler<Hosts, Store, Sim> {
        Reconciler {
            providers: self.providers(),
            store: self.store.clone(),
            world: self.sim.clone(),
            policy: self.policy.clone(),
            bounds: self.bounds,
            catalogue: self.catalogue,
        }
    }

    /// The sweep.
    pub fn sweep(&self) -> Sweep<Store, Queues, Workflows, Sim> {
        Sweep {
            store: self.store.clone(),
            queue: self.queues.clone(),
            workflow: self.workflows.clone(),
            clock: self.sim.clone(),
            policy: self.policy.clone(),
        }
    }
}

/// What the state machine calls: the answer, or the error's name with its sentence.
pub(crate) async fn invoke(
    world: &World,
    function: &str,
    payload: &Value,
) -> Result<Value, (&'static str, String)> {
    let named = |error: TaskError| (error.name(), error.to_string());
    let malformed = |error: serde_json::Error| ("Nemo.Internal", error.to_string());
    match function {
        "${ProvisionFunctionArn}" => {
            let task = Task::deserialize(payload).map_err(malformed)?;
            let output = Box::pin(world.provisioning().run(&task)).await.map_err(named)?;
            serde_json::to_value(output).map_err(malformed)
        }
        "${MailerFunctionArn}" => {
            let message = MailMessage::deserialize(payload).map_err(malformed)?;
            let status = Box::pin(world.mailer().deliver(&message.mail)).await;
            let status = status.map_err(|error| named(TaskError::from(error)))?;
            serde_json::to_value(status).map_err(malformed)
        }
        other => Err(("Nemo.Internal", format!("there is no function {other}"))),
    }
}

/// One delivery to its worker.
pub(crate) async fn work(world: &World, delivery: &Delivery) -> Result<(), AppError> {
    let malformed = |error: serde_json::Error| AppError::Fault(error.to_string());
    match delivery.queue {
        Queue::Payment => {
            let message: PaymentMessage = serde_json::from_str(&delivery.body).map_err(malformed)?;
            payment(world, message).await
        }
        Queue::Mail => {
            let message: MailMessage = serde_json::from_str(&delivery.body).map_err(malformed)?;
            Box::pin(world.mailer().deliver(&message.mail)).await.map(drop)
        }
        Queue::Command => {
            let message: CommandMessage = serde_json::from_str(&delivery.body).map_err(malformed)?;
            Box::pin(world.commands().advance(message.instance)).await.map(drop)
        }
    }
}

async fn payment(world: &World, message: PaymentMessage) -> Result<(), AppError> {
    let settlement = world.settlement();
    let refunds = world.refunds();
    match message {
        PaymentMessage::GatewayEvent { event } => {
            let events = GatewayEvents { settlement: &settlement, refunds: &refunds };
            Box::pin(events.apply(&event, hint)).await
        }
        PaymentMessage::CheckPayment { reference } => Box::pin(settlement.check(&reference)).await.map(drop),
        PaymentMessage::FollowRefund { payment } => {
            let payment = world.store.payment(payment).await?.ok_or(AppError::NotFound("payment"))?;
            Box::pin(refunds.follow(&payment)).await
        }
    }
}

/// Reads this world's webhook bodies.
fn hint(event: &GatewayEvent) -> Hint {
    let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    match event.name.as_str() {
        "charge.success" => Hint::Charged { reference: text("reference"), mode: text("mode") },
        "charge.dispute.create" => {
            Hint::Dispute { reference: text("reference"), what: event.name.clone(), due_at: None }
        }
        name if name.starts_with("refund.") => Hint::RefundMoved { reference: text("reference") },
        _ => Hint::Nothing,
    }
}

/// The webhook's function: stores the event once, hands it over, answers.
pub(crate) async fn webhook(world: &World, body: &str) -> Result<(), AppError> {
    let parsed: Value = serde_json::from_str(body).unwrap_or_default();
    let key = format!("fake#{body}");
    let event = GatewayEvent {
        key: key.clone(),
        name: parsed["event"].as_str().unwrap_or_default().to_owned(),
        body: body.to_owned(),
        received_at: world.sim.now(),
        applied_at: None,
        version: 0,
    };
    match world.store.commit(vec![Write::Event(event)]).await {
        Ok(()) | Err(StoreError::Conflict) => {}
        Err(error) => return Err(error.into()),
    }
    // What is not handed over is found by the sweep: the event is stored as owed.
    drop(world.queues.queue_payment(&PaymentMessage::GatewayEvent { event: key }).await);
    Ok(())
}

/// A machine's call home: `url` is the one in its user data.
pub(crate) async fn call_home(
    world: &World,
    url: &str,
    succeeded: bool,
    certificate: Fingerprints,
) -> Result<(), AppError> {
    let mut parts = url.rsplit('/');
    let (token, instance) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let instance = InstanceId::parse(instance).map_err(|_| AppError::NotFound("first boot"))?;
    let boots = FirstBoots {
        store: world.store.clone(),
        tasks: world.workflows.clone(),
        clock: world.sim.clone(),
        call_home: world.call_home(),
    };
    let report = Report { succeeded, certificate, at: world.sim.now() };
    Box::pin(boots.report(instance, token, report)).await
}
