//! What holds for every order at rest.

use std::time::Duration;

use serde_json::Value;

use super::{MailKind, Order, until};

const SETTLE_WAIT: Duration = Duration::from_secs(60);
/// State transitions that a delivery may cost.
const TRANSITIONS_MAX: usize = 25;

/// How an order rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The customer has one desktop, and paid for it.
    Delivered,
    /// Nothing runs, and the money went back.
    Refunded,
}

/// Whether the operator was told something about the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Alerts {
    None,
    Some,
}

impl Order<'_> {
    /// Waits until the order is delivered, in at most `TRANSITIONS_MAX` transitions, and checks it.
    #[track_caller]
    pub(crate) fn is_delivered(&self) {
        self.rests(End::Delivered, Alerts::None);
        let transitions = self.transitions();
        assert!(transitions <= TRANSITIONS_MAX, "{transitions} transitions\n{}", self.story());
    }

    /// Waits until the order rests as `end` says, and checks all that has to hold then.
    #[track_caller]
    pub(crate) fn rests(&self, end: End, alerts: Alerts) {
        self.until(match end {
            End::Delivered => "active",
            End::Refunded => "refunded",
        });
        self.nothing_is_owed(end);
        self.machines_fit(end);
        self.money_fits(end);
        self.mails_fit(end, alerts);
        self.nothing_died();
    }

    /// State transitions of all its executions, retries counted like AWS bills them.
    #[track_caller]
    pub(crate) fn transitions(&self) -> usize {
        let stack = self.customer.stack;
        let mut all = 0;
        for execution in stack.executions(&self.id) {
            let history = stack.history(execution["executionArn"].as_str().expect("an execution's ARN"));
            let count = |wanted: &str| {
                let is = |event: &&Value| event["type"].as_str().is_some_and(|kind| kind.ends_with(wanted));
                history.iter().filter(is).count()
            };
            let retries = count("TaskScheduled") - count("TaskStateEntered");
            all += count("StateEntered") + retries;
        }
        all
    }

    #[track_caller]
    fn nothing_is_owed(&self, end: End) {
        let stack = self.customer.stack;
        let last = match end {
            End::Delivered => "ready",
            End::Refunded => "failed_and_refunded",
        };
        for kind in ["receipt", "started", last] {
            let closed = || (self.stored_mail(kind)["status"] == "sent").then_some(());
            until(SETTLE_WAIT, closed, || {
                format!("the {kind} mail is {}\n{}", self.stored_mail(kind), self.story())
            });
        }
        let executions = || {
            let executions = stack.executions(&self.id);
            (!executions.iter().any(|execution| execution["status"] == "RUNNING")).then_some(executions)
        };
        let executions =
            until(SETTLE_WAIT, executions, || format!("a workflow still runs\n{}", self.story()));
        assert!(
            executions.iter().any(|e| e["name"] == self.id.as_str()),
            "no execution is named by the order"
        );
        let desktop = stack.item(&format!("INSTANCE#{}", self.instance()), "INSTANCE");
        let mut looked_after = vec![self.stored(), self.stored_payment(), desktop];
        looked_after.extend(stack.items(&format!("ORDER#{}", self.id)));
        for item in looked_after {
            assert!(item["wpk"].is_null(), "somebody still has to look at {item}");
        }
    }

    #[track_caller]
    fn machines_fit(&self, end: End) {
        let stack = self.customer.stack;
        let machines = stack.machines(&self.id);
        let desktop = stack.item(&format!("INSTANCE#{}", self.instance()), "INSTANCE");
        match end {
            End::Delivered => {
                assert_eq!(machines.len(), 1, "{machines:?}\n{}", self.story());
                // At EC2 we keep the region before the id.
                let kept = desktop["vm"].as_str().unwrap_or_default();
                let id = kept.rsplit('/').next();
                assert_eq!(machines[0]["id"].as_str(), id, "the desktop is another machine");
                assert_eq!(machines[0]["address"], desktop["address"], "the desktop has another address");
                assert_eq!(desktop["status"], "active");
            }
            End::Refunded => {
                assert!(machines.is_empty(), "{machines:?}\n{}", self.story());
                assert!(desktop.is_null() || desktop["status"] == "failed", "{desktop}");
            }
        }
    }

    #[track_caller]
    fn money_fits(&self, end: End) {
        let sandbox = self.customer.stack.sandbox();
        let ours = |list: &str| -> Vec<Value> {
            let all = sandbox[list].as_array().into_iter().flatten();
            all.filter(|entry| entry["reference"] == self.reference.as_str()).cloned().collect()
        };
        let (charges, refunds) = (ours("payments"), ours("refunds"));
        assert_eq!(charges.len(), 1, "{charges:?}");
        let paid = charges[0]["amount"].as_i64().expect("an amount");
        let returned: i64 = refunds.iter().map(|refund| refund["amount"].as_i64().expect("an amount")).sum();
        assert_eq!((paid, &charges[0]["currency"]), (self.amount, &Value::from(self.currency.as_str())));
        let kept = match end {
            End::Delivered => self.amount,
            End::Refunded => 0,
        };
        assert_eq!(paid - returned, kept, "what the gateway says: {charges:?} {refunds:?}");
        let entries = self.customer.stack.items(&format!("ORDER#{}", self.id));
        let entries =
            entries.iter().filter(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("LEDGER#")));
        let entries: Vec<_> = entries.collect();
        let sum: i64 = entries
            .iter()
            .filter(|entry| entry["kind"] != "fee")
            .map(|entry| entry["amount_minor"].as_i64().expect("an amount"))
            .sum();
        assert_eq!(sum, kept, "the ledger does not explain the balance: {entries:?}");
        let charged = entries.iter().filter(|entry| entry["kind"] == "charge").count();
        assert_eq!(charged, 1, "{entries:?}");
    }

    #[track_caller]
    fn mails_fit(&self, end: End, alerts: Alerts) {
        let last = match end {
            End::Delivered => MailKind::Ready,
            End::Refunded => MailKind::FailedAndRefunded,
        };
        let mails = self.customer.stack.mails_about(&self.id);
        let mut kinds: Vec<MailKind> = mails
            .iter()
            .filter(|mail| mail.to == self.customer.email)
            .map(|mail| mail.kind().unwrap_or_else(|| panic!("an unknown mail: {}", mail.subject)))
            .collect();
        kinds.sort();
        let mut wanted = vec![MailKind::Receipt, MailKind::Started, last];
        if self.steps().iter().any(|step| step == "waiting_for_provider") {
            wanted.push(MailKind::Delayed);
        }
        wanted.sort();
        assert_eq!(kinds, wanted, "mails to the customer\n{}", self.story());
        let told: Vec<&str> = mails
            .iter()
            .filter(|mail| mail.kind() == Some(MailKind::OperatorAlert))
            .map(|mail| mail.text.as_str())
            .collect();
        assert_eq!(told.is_empty(), alerts == Alerts::None, "alerts: {told:?}\n{}", self.story());
        let stranger = mails
            .iter()
            .find(|mail| mail.to != self.customer.email && mail.kind() != Some(MailKind::OperatorAlert));
        assert!(stranger.is_none(), "a mail about the order went to {:?}", stranger.map(|mail| &mail.to));
    }

    #[track_caller]
    fn nothing_died(&self) {
        let marks = [&self.id, &self.payment, &self.reference];
        for (queue, body) in self.customer.stack.queued() {
            let dead =
                queue.contains("dead-letters") && marks.iter().any(|mark| body.contains(mark.as_str()));
            assert!(!dead, "{queue} holds {body}");
        }
    }
}
