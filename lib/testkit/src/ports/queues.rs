//! The queues: at least once, and sometimes twice, late or out of order.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use app::ports::{
    Clock as _, CommandMessage, MailMessage, PaymentMessage, QueueCommand, QueueError, QueueMail,
    QueuePayment,
};
use domain::Timestamp;
use domain::ids::InstanceId;
use jiff::SignedDuration;
use serde::Serialize;

use crate::sim::Sim;
use crate::world::Work;

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named after their messages")]
pub enum Queue {
    Payment,
    Mail,
    Command,
}

/// One delivery of one message.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// From which queue.
    pub queue: Queue,
    /// The message, as JSON.
    pub body: String,
    /// How often it was delivered before.
    pub received: u32,
    /// Messages of one group are delivered one at a time.
    pub group: Option<InstanceId>,
}

/// Deliveries before a message is a dead letter.
const RECEIVES_MAX: u32 = 5;
/// How long a message that was not done stays hidden.
const VISIBILITY: SignedDuration = SignedDuration::from_secs(60);
/// How long a FIFO queue remembers a deduplication id.
const DEDUPLICATION: SignedDuration = SignedDuration::from_mins(5);

#[derive(Default)]
struct State {
    open: usize,
    bodies: Vec<String>,
    dead: Vec<Delivery>,
    busy: BTreeSet<InstanceId>,
    seen: Vec<(Timestamp, String)>,
    twice_permille: u64,
    late_max: SignedDuration,
}

/// The three queues; they keep every body, to be searched for secrets.
#[derive(Clone)]
pub struct Queues {
    sim: Sim,
    state: Arc<Mutex<State>>,
}

impl Queues {
    /// Queues that deliver at once and once.
    pub fn new(sim: Sim) -> Self {
        Self { sim, state: Arc::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().expect("one thread"))
    }

    /// From now on so many of a thousand messages come twice, and each comes up to `late_max` late.
    pub fn misbehave(&self, twice_permille: u64, late_max: SignedDuration) {
        self.with(|s| {
            s.twice_permille = twice_permille;
            s.late_max = late_max;
        });
    }

    /// Shows every body that was ever handed over.
    pub(crate) fn each_body(&self, mut look: impl FnMut(&str)) {
        self.with(|s| s.bodies.iter().for_each(|body| look(body)));
    }

    /// Every body that was ever handed over.
    pub fn bodies(&self) -> Vec<String> {
        self.with(|s| s.bodies.clone())
    }

    /// Messages that nobody has finished with yet.
    pub fn open(&self) -> usize {
        self.with(|s| s.open)
    }

    /// Messages that were given up.
    pub fn dead_letters(&self) -> Vec<Delivery> {
        self.with(|s| s.dead.clone())
    }

    fn put(&self, queue: Queue, message: &impl Serialize, group: Option<InstanceId>) {
        let body = serde_json::to_string(message).expect("messages are JSON");
        let now = self.sim.now();
        if group.is_some() {
            let known = self.with(|s| {
                s.seen.retain(|(at, _)| now.duration_since(*at) < DEDUPLICATION);
                let known = s.seen.iter().any(|(_, seen)| *seen == body);
                s.seen.push((now, body.clone()));
                known
            });
            if known {
                return;
            }
        }
        let (twice, late) = self.with(|s| {
            s.bodies.push(body.clone());
            (s.twice_permille, s.late_max)
        });
        // A FIFO queue hands out a message once per deduplication id, but may still deliver it again.
        let copies = if self.sim.below(1000) < twice { 2 } else { 1 };
        for _ in 0..copies {
            let span = u64::try_from(late.as_millis()).unwrap_or(0);
            let delay = i64::try_from(5 + self.sim.below(span + 1)).unwrap_or(5);
            self.with(|s| s.open += 1);
            let delivery = Delivery { queue, body: body.clone(), received: 0, group };
            self.sim.schedule(SignedDuration::from_millis(delay), Work::Message(delivery));
        }
    }

    /// Takes a delivery's group; `false` (and the delivery comes again) when another one is at work in it.
    pub(crate) fn begin(&self, delivery: &Delivery) -> bool {
        let Some(group) = delivery.group else { return true };
        let free = self.with(|s| s.busy.insert(group));
        if !free {
            self.sim.schedule(SignedDuration::from_secs(1), Work::Message(delivery.clone()));
        }
        free
    }

    /// Ends a delivery: done, or again later, or a dead letter.
    pub(crate) fn end(&self, delivery: Delivery, done: bool) {
        self.with(|s| {
            if let Some(group) = &delivery.group {
                s.busy.remove(group);
            }
        });
        let received = delivery.received + 1;
        if done || received >= RECEIVES_MAX {
            self.with(|s| {
                s.open -= 1;
                if !done {
                    s.dead.push(delivery);
                }
            });
        } else {
            self.sim.schedule(VISIBILITY, Work::Message(Delivery { received, ..delivery }));
        }
    }
}

fn lost() -> QueueError {
    QueueError(None)
}

impl QueuePayment for Queues {
    async fn queue_payment(&self, message: &PaymentMessage) -> Result<(), QueueError> {
        let put = || {
            self.put(Queue::Payment, message, None);
            Ok(())
        };
        self.sim.call("queue.payment", lost, put).await
    }
}

impl QueueMail for Queues {
    async fn queue_mail(&self, message: &MailMessage) -> Result<(), QueueError> {
        let put = || {
            self.put(Queue::Mail, message, None);
            Ok(())
        };
        self.sim.call("queue.mail", lost, put).await
    }
}

impl QueueCommand for Queues {
    async fn queue_command(&self, message: &CommandMessage) -> Result<(), QueueError> {
        let put = || {
            self.put(Queue::Command, message, Some(message.instance));
            Ok(())
        };
        self.sim.call("queue.command", lost, put).await
    }
}
