//! A payment gateway: pages by reference, payments, refunds, webhooks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use app::ports::{CheckoutPage, CheckoutRequest, Clock as _, GatewayError, PaymentGateway, RefundState};
use domain::Timestamp;
use domain::money::Money;
use domain::payment::{GatewayStatus, GatewayTransaction, RefundStatus};
use jiff::SignedDuration;

use crate::sim::Sim;
use crate::world::Work;

/// What the gateway does instead of answering, on its next calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayFault {
    /// Too many requests.
    Busy,
    /// It refuses our key.
    Unauthorized,
    /// It refuses every refund for good.
    RefusesRefunds,
}

#[derive(Clone)]
struct Transaction {
    amount: Money,
    status: GatewayStatus,
    paid: Option<(i64, String, String)>,
    paid_at: Option<Timestamp>,
    refunds: Vec<RefundState>,
}

struct State {
    transactions: BTreeMap<String, Transaction>,
    fault: Option<(GatewayFault, u32)>,
    refunds_end: RefundStatus,
    forgetful: bool,
}

/// The gateway.
#[derive(Clone)]
pub struct Gateway {
    sim: Sim,
    state: Arc<Mutex<State>>,
    /// Refunds that were accepted, to be read after every step.
    refunds: Arc<AtomicU32>,
}

/// From a refund's acceptance to its end.
const REFUND_TAKES: SignedDuration = SignedDuration::from_secs(45);

impl Gateway {
    /// A gateway that knows nothing yet; refunds end well.
    pub fn new(sim: Sim) -> Self {
        let state = State {
            transactions: BTreeMap::new(),
            fault: None,
            refunds_end: RefundStatus::Processed,
            forgetful: false,
        };
        Self { sim, state: Arc::new(Mutex::new(state)), refunds: Arc::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().expect("one thread"))
    }

    /// The next `calls` end in `fault`.
    pub fn fail(&self, fault: GatewayFault, calls: u32) {
        self.with(|s| s.fault = Some((fault, calls)));
    }

    /// A known bug, put back: nobody looks at earlier refunds, and the gateway gives whatever it is asked for.
    pub(crate) fn forget_refunds(&self) {
        self.with(|s| s.forgetful = true);
    }

    /// How every later refund ends.
    pub fn refunds_end(&self, status: RefundStatus) {
        self.with(|s| s.refunds_end = status);
    }

    /// Brings every refund that is still pending to its end now.
    pub fn end_pending_refunds(&self) {
        let pending: Vec<(String, String)> = self.with(|s| {
            let open = |r: &&RefundState| r.status == RefundStatus::Pending;
            let ids = |(reference, t): (&String, &Transaction)| {
                t.refunds.iter().filter(open).map(|r| (reference.clone(), r.id.clone())).collect::<Vec<_>>()
            };
            s.transactions.iter().flat_map(ids).collect()
        });
        for (reference, id) in pending {
            self.sim.schedule(SignedDuration::ZERO, Work::RefundEnds { reference, id });
        }
    }

    /// How many refunds were accepted.
    pub fn refunds_accepted(&self) -> u32 {
        self.refunds.load(Ordering::Relaxed)
    }

    /// The customer pays what the page asks for. No webhook: see [`Gateway::webhook`].
    pub fn pay(&self, reference: &str) {
        let amount =
            self.with(|s| s.transactions.get(reference).map(|t| t.amount)).expect("a page of that reference");
        self.pay_otherwise(reference, amount.minor, amount.currency.code(), "test");
    }

    /// The customer pays something.
    pub fn pay_otherwise(&self, reference: &str, minor: i64, currency: &str, mode: &str) {
        let now = self.sim.now();
        self.with(|s| {
            let transaction = s.transactions.get_mut(reference).expect("a page of that reference");
            if transaction.status == GatewayStatus::Success {
                return;
            }
            transaction.status = GatewayStatus::Success;
            transaction.paid = Some((minor, currency.to_owned(), mode.to_owned()));
            transaction.paid_at = Some(now);
        });
    }

    /// The bank takes the money back.
    pub fn reverse(&self, reference: &str) {
        self.with(|s| s.transactions.get_mut(reference).expect("a page").status = GatewayStatus::Reversed);
    }

    /// The gateway tells us, after `delay`; `event` is its name for it.
    pub fn webhook(&self, event: &str, reference: &str, delay: SignedDuration) {
        let mode = self.with(|s| {
            let paid = s.transactions.get(reference).and_then(|t| t.paid.clone());
            paid.map_or_else(|| "test".to_owned(), |(_, _, mode)| mode)
        });
        let body = serde_json::json!({ "event": event, "reference": reference, "mode": mode }).to_string();
        self.sim.schedule(delay, Work::Webhook { body, tries: 0 });
    }

    /// The money that came in and did not go back, in hundredths, per reference.
    pub fn kept(&self, reference: &str) -> i64 {
        self.with(|s| {
            let Some(transaction) = s.transactions.get(reference) else { return 0 };
            if transaction.status == GatewayStatus::Reversed {
                return 0;
            }
            let paid = transaction.paid.as_ref().map_or(0, |(minor, ..)| *minor);
            let processed = transaction.refunds.iter().filter(|r| r.status == RefundStatus::Processed);
            paid - processed.map(|r| r.amount_minor).sum::<i64>()
        })
    }

    /// The references of which a refund was accepted.
    pub fn refunded_references(&self) -> Vec<String> {
        self.with(|s| {
            s.transactions.iter().filter(|(_, t)| !t.refunds.is_empty()).map(|(r, _)| r.clone()).collect()
        })
    }

    /// Whether a reference was paid.
    pub(crate) fn was_paid(&self, reference: &str) -> bool {
        self.with(|s| s.transactions.get(reference).is_some_and(|t| t.paid.is_some()))
    }

    /// The references that were paid.
    pub fn paid_references(&self) -> Vec<String> {
        self.with(|s| {
            s.transactions.iter().filter(|(_, t)| t.paid.is_some()).map(|(r, _)| r.clone()).collect()
        })
    }

    fn troubled(state: &mut State) -> Result<(), GatewayError> {
        let Some((fault, left)) = &mut state.fault else { return Ok(()) };
        if *left == 0 {
            return Ok(());
        }
        match fault {
            GatewayFault::Busy => {
                *left -= 1;
                Err(GatewayError::Busy { retry_after: Some(1) })
            }
            GatewayFault::Unauthorized => {
                *left -= 1;
                Err(GatewayError::Unauthorized)
            }
            GatewayFault::RefusesRefunds => Ok(()),
        }
    }

    /// A refund comes to its end, and the gateway tells us.
    pub(crate) fn end_refund(&self, reference: &str, id: &str) {
        let (status, minor) = self.with(|s| {
            let end = s.refunds_end;
            let transaction = s.transactions.get_mut(reference).expect("a transaction");
            if let Some(refund) = transaction.refunds.iter_mut().find(|r| r.id == id) {
                refund.status = end;
            }
            let paid = transaction.paid.as_ref().map_or(0, |(minor, ..)| *minor);
            let given_back: i64 = transaction.refunds.iter().map(|r| r.amount_minor).sum();
            if end == RefundStatus::Processed && given_back >= paid {
                transaction.status = GatewayStatus::Reversed;
            }
            (end, transaction.amount.minor)
        });
        tracing::debug!(reference, %status, minor, "the gateway ends a refund");
        self.webhook(&format!("refund.{status}"), reference, SignedDuration::from_secs(1));
    }

    fn accept_refund(&self, reference: &str, amount: Money) -> Result<RefundState, GatewayError> {
        self.with(|s| {
            Self::troubled(s)?;
            if let Some((GatewayFault::RefusesRefunds, left)) = &mut s.fault
                && *left > 0
            {
                *left -= 1;
                return Err(GatewayError::Refused("refunds are not possible now".to_owned()));
            }
            let (number, forgetful) = (self.refunds_accepted() + 1, s.forgetful);
            let transaction = s.transactions.get_mut(reference).ok_or(GatewayError::NotFound)?;
            let paid = transaction.paid.as_ref().map_or(0, |(minor, ..)| *minor);
            let before: i64 = transaction.refunds.iter().map(|r| r.amount_minor).sum();
            let possible = transaction.status == GatewayStatus::Success && before + amount.minor <= paid;
            if !possible && !forgetful {
                return Err(GatewayError::Refused("Transaction has been fully reversed".to_owned()));
            }
            let state = RefundState {
                id: format!("refund-{number}"),
                status: RefundStatus::Pending,
                amount_minor: amount.minor,
            };
            transaction.refunds.insert(0, state.clone());
            self.refunds.store(number, Ordering::Relaxed);
            Ok(state)
        })
        .inspect(|state| {
            let work = Work::RefundEnds { reference: reference.to_owned(), id: state.id.clone() };
            self.sim.schedule(REFUND_TAKES, work);
        })
    }
}

fn lost() -> GatewayError {
    GatewayError::Unclear { what: "the connection was closed".to_owned(), source: None }
}

impl PaymentGateway for Gateway {
    async fn open_checkout(&self, request: &CheckoutRequest) -> Result<CheckoutPage, GatewayError> {
        let open = || {
            self.with(|s| {
                Self::troubled(s)?;
                if s.transactions.contains_key(&request.reference) {
                    return Err(GatewayError::DuplicateReference);
                }
                let fresh = Transaction {
                    amount: request.amount,
                    status: GatewayStatus::NotYet("abandoned".to_owned()),
                    paid: None,
                    paid_at: None,
                    refunds: Vec::new(),
                };
                s.transactions.insert(request.reference.clone(), fresh);
                Ok(CheckoutPage { url: format!("https://pay.example/{}", request.reference) })
            })
        };
        self.sim.call("gateway.open_checkout", lost, open).await
    }

    async fn verify(&self, reference: &str) -> Result<GatewayTransaction, GatewayError> {
        let look = || {
            self.with(|s| {
                Self::troubled(s)?;
                let found = s.transactions.get(reference).ok_or(GatewayError::NotFound)?;
                let asked =
                    || (found.amount.minor, found.amount.currency.code().to_owned(), "test".to_owned());
                let (amount_minor, currency, mode) = found.paid.clone().unwrap_or_else(asked);
                Ok(GatewayTransaction {
                    id: format!("trx-{reference}"),
                    reference: reference.to_owned(),
                    status: found.status.clone(),
                    amount_minor,
                    currency,
                    mode,
                    paid_at: found.paid_at,
                    fee_minor: found.paid_at.map(|_| amount_minor / 50),
                })
            })
        };
        self.sim.call("gateway.verify", lost, look).await
    }

    async fn refunds(&self, reference: &str) -> Result<Vec<RefundState>, GatewayError> {
        let look = || {
            self.with(|s| {
                Self::troubled(s)?;
                let refunds = s.transactions.get(reference).ok_or(GatewayError::NotFound)?.refunds.clone();
                Ok(if s.forgetful { Vec::new() } else { refunds })
            })
        };
        self.sim.call("gateway.refunds", lost, look).await
    }

    async fn refund(
        &self,
        reference: &str,
        amount: Money,
        _reason: &str,
    ) -> Result<RefundState, GatewayError> {
        self.sim.call("gateway.refund", lost, || self.accept_refund(reference, amount)).await
    }
}
