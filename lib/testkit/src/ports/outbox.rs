//! The mail service: keeps what it was given.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use app::ports::{Clock as _, MailContent, MailError, SendMail};
use domain::Timestamp;
use domain::customer::Email;
use domain::ids::OrderId;
use domain::secret::Secret;

use crate::sim::Sim;

/// One mail that went out.
#[derive(Clone)]
pub struct SentMail {
    /// To whom; `None` is the operator.
    pub to: Option<Email>,
    /// Which: `started`, `receipt`, `ready`, `reinstalled`, `failed_and_refunded`, `operator_alert`.
    pub kind: &'static str,
    /// What it is about.
    pub order: Option<OrderId>,
    /// The account that it names.
    pub username: Option<String>,
    /// The password that it tells.
    pub password: Option<Secret<String>>,
    /// What it says to the operator.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

#[derive(Default)]
struct State {
    sent: Vec<SentMail>,
    down: u32,
    refuses: bool,
}

/// The mail service.
#[derive(Clone)]
pub struct Outbox {
    sim: Sim,
    state: Arc<Mutex<State>>,
    /// Mails that went out, to be read after every step.
    count: Arc<AtomicUsize>,
}

impl Outbox {
    /// A service that takes everything.
    pub fn new(sim: Sim) -> Self {
        Self { sim, state: Arc::default(), count: Arc::default() }
    }

    /// Every mail that went out, first one first.
    pub fn sent(&self) -> Vec<SentMail> {
        self.state.lock().expect("one thread").sent.clone()
    }

    /// How many mails went out.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The mail that went out as the one of this number.
    pub(crate) fn nth(&self, number: usize) -> Option<SentMail> {
        self.state.lock().expect("one thread").sent.get(number).cloned()
    }

    /// The password that was mailed last about an order, if any ever was.
    pub(crate) fn last_password(&self, order: OrderId) -> Option<Secret<String>> {
        let state = self.state.lock().expect("one thread");
        let about = state.sent.iter().rev().filter(|mail| mail.order == Some(order));
        about.into_iter().find_map(|mail| mail.password.clone())
    }

    /// The next `mails` are not taken.
    pub fn fail(&self, mails: u32) {
        self.state.lock().expect("one thread").down = mails;
    }

    /// From now on every mail to a customer is refused for good.
    pub fn refuse_customers(&self) {
        self.state.lock().expect("one thread").refuses = true;
    }
}

fn unavailable() -> MailError {
    MailError::Unavailable { what: "503".to_owned(), source: None }
}

fn read(to: Option<&Email>, content: &MailContent, at: Timestamp) -> SentMail {
    let plain = |kind, order| SentMail {
        to: to.cloned(),
        kind,
        order,
        username: None,
        password: None,
        note: None,
        at,
    };
    match content {
        MailContent::Started { order, .. } => plain("started", Some(*order)),
        MailContent::Receipt { order, .. } => plain("receipt", Some(*order)),
        MailContent::Ready { order, username, password, reinstalled, .. } => SentMail {
            username: Some(username.clone()),
            password: password.clone(),
            ..plain(if *reinstalled { "reinstalled" } else { "ready" }, Some(*order))
        },
        MailContent::Delayed { order, .. } => plain("delayed", Some(*order)),
        MailContent::Rebuilding { order, .. } => plain("rebuilding", Some(*order)),
        MailContent::FailedAndRefunded { order, .. } => plain("failed_and_refunded", Some(*order)),
        MailContent::NotDelivered { order, .. } => plain("not_delivered", Some(*order)),
        MailContent::OperatorAlert { order, note } => {
            SentMail { note: Some(note.clone()), ..plain("operator_alert", *order) }
        }
    }
}

impl SendMail for Outbox {
    async fn send(&self, to: Option<&Email>, content: &MailContent) -> Result<String, MailError> {
        self.sim
            .call("mail.send", unavailable, || {
                let now = self.sim.now();
                let mut state = self.state.lock().expect("one thread");
                if state.down > 0 {
                    state.down -= 1;
                    return Err(unavailable());
                }
                if state.refuses && to.is_some() {
                    return Err(MailError::Refused("the address does not exist".to_owned()));
                }
                state.sent.push(read(to, content, now));
                self.count.store(state.sent.len(), Ordering::Relaxed);
                Ok(format!("message-{}", state.sent.len()))
            })
            .await
    }
}
