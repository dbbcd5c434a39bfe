//! The merchant's transactions and refunds.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::rules;
use crate::random;

/// Transactions kept; the oldest make room.
const TRANSACTIONS_MAX: usize = 20_000;
/// Refunds kept; the oldest make room.
const REFUNDS_MAX: usize = 20_000;
/// Ids begin above 32 bits, where real ones are.
const FIRST_ID: u64 = 4_300_000_001;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    Abandoned,
    Failed,
    Success,
    Reversed,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
            Self::Success => "success",
            Self::Reversed => "reversed",
        }
    }
}

/// One payment request and what became of it. Amounts in the subunit.
#[derive(Clone)]
pub(crate) struct Transaction {
    pub(super) id: u64,
    pub(super) reference: String,
    pub(super) access_code: String,
    pub(super) email: String,
    pub(super) requested_amount: i64,
    pub(super) requested_currency: String,
    pub(super) callback_url: Option<String>,
    /// Null when none was given.
    pub(super) metadata: Value,
    pub(super) status: Status,
    /// What was really paid; as requested until then.
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) domain: String,
    pub(super) attempts: u32,
    pub(super) created_at_ms: i64,
    pub(super) paid_at_ms: Option<i64>,
    /// Refunded or on its way back.
    pub(super) refunded: i64,
    pub(super) customer_id: u64,
    pub(super) customer_code: String,
}

/// What `POST /transaction/initialize` asks for, after its checks.
pub(super) struct Request {
    pub(super) email: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) reference: Option<String>,
    pub(super) callback_url: Option<String>,
    pub(super) metadata: Value,
}

/// What the customer pays where it differs from what was asked; the default is an honest payment.
#[derive(Default)]
pub(crate) struct Paid {
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) domain: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PayError {
    Unknown,
    AlreadyPaid,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RefundStatus {
    Pending,
    Processing,
    Processed,
    Failed,
    NeedsAttention,
}

impl RefundStatus {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs-attention",
        }
    }
}

#[derive(Clone)]
pub(super) struct Refund {
    pub(super) id: u64,
    pub(super) transaction_id: u64,
    pub(super) amount: i64,
    pub(super) status: RefundStatus,
    /// The bank's, once processed or failed.
    pub(super) refund_reference: Option<String>,
    pub(super) customer_note: String,
    pub(super) merchant_note: String,
    pub(super) created_at_ms: i64,
    pub(super) updated_at_ms: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum RefundError {
    UnknownTransaction,
    NotPaid,
    TooMuch,
}

/// Bounded: the oldest entries make room for new ones.
#[derive(Default)]
pub(crate) struct Book {
    transactions: BTreeMap<u64, Transaction>,
    by_reference: HashMap<String, u64>,
    by_access_code: HashMap<String, u64>,
    refunds: BTreeMap<u64, Refund>,
    customers: HashMap<String, (u64, String)>,
    issued: u64,
}

impl Book {
    pub(super) fn next_id(&mut self) -> u64 {
        self.issued += 1;
        FIRST_ID + self.issued
    }

    /// Forgets everything except which ids were given out.
    pub(super) fn clear(&mut self) {
        *self = Self { issued: self.issued, ..Self::default() };
    }

    /// Takes a payment request in; `None` when its reference exists.
    pub(super) fn open(&mut self, request: Request, domain: &str, now_ms: i64) -> Option<Transaction> {
        let reference = request.reference.unwrap_or_else(|| random::code(10));
        if self.by_reference.contains_key(&reference) {
            return None;
        }
        let id = self.next_id();
        let (customer_id, customer_code) = self.customer(&request.email);
        let transaction = Transaction {
            id,
            access_code: random::code(15),
            requested_amount: request.amount,
            requested_currency: request.currency.clone(),
            callback_url: request.callback_url,
            metadata: request.metadata,
            status: Status::Abandoned,
            amount: request.amount,
            currency: request.currency,
            domain: domain.to_owned(),
            attempts: 0,
            created_at_ms: now_ms,
            paid_at_ms: None,
            refunded: 0,
            customer_id,
            customer_code,
            email: request.email,
            reference,
        };
        self.by_reference.insert(transaction.reference.clone(), id);
        self.by_access_code.insert(transaction.access_code.clone(), id);
        self.transactions.insert(id, transaction.clone());
        if self.transactions.len() > TRANSACTIONS_MAX
            && let Some((_, old)) = self.transactions.pop_first()
        {
            self.by_reference.remove(&old.reference);
            self.by_access_code.remove(&old.access_code);
        }
        Some(transaction)
    }

    fn customer(&mut self, email: &str) -> (u64, String) {
        if let Some(known) = self.customers.get(email) {
            return known.clone();
        }
        if self.customers.len() >= TRANSACTIONS_MAX {
            self.customers.clear();
        }
        let new = (self.next_id(), format!("CUS_{}", random::code(15)));
        self.customers.insert(email.to_owned(), new.clone());
        new
    }

    /// By reference, or by id written in digits.
    pub(super) fn find(&self, reference_or_id: &str) -> Option<&Transaction> {
        let by_reference = self.by_reference.get(reference_or_id).copied();
        let id = by_reference.or_else(|| reference_or_id.parse().ok())?;
        self.transactions.get(&id)
    }

    pub(super) fn by_access_code(&self, code: &str) -> Option<&Transaction> {
        self.transactions.get(self.by_access_code.get(code)?)
    }

    /// Newest first.
    pub(super) fn transactions(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.values().rev()
    }

    fn open_payment(&mut self, reference: &str) -> Result<&mut Transaction, PayError> {
        let id = self.by_reference.get(reference).ok_or(PayError::Unknown)?;
        let transaction = self.transactions.get_mut(id).ok_or(PayError::Unknown)?;
        match transaction.status {
            Status::Abandoned | Status::Failed => Ok(transaction),
            Status::Success | Status::Reversed => Err(PayError::AlreadyPaid),
        }
    }

    pub(super) fn pay(&mut self, reference: &str, paid: Paid, now_ms: i64) -> Result<Transaction, PayError> {
        let transaction = self.open_payment(reference)?;
        transaction.status = Status::Success;
        transaction.attempts += 1;
        transaction.paid_at_ms = Some(now_ms);
        transaction.amount = paid.amount.unwrap_or(transaction.amount);
        transaction.currency = paid.currency.unwrap_or_else(|| transaction.currency.clone());
        transaction.domain = paid.domain.unwrap_or_else(|| transaction.domain.clone());
        Ok(transaction.clone())
    }

    /// A declined attempt; the same transaction can still succeed.
    pub(super) fn fail_attempt(&mut self, reference: &str) -> Result<(), PayError> {
        let transaction = self.open_payment(reference)?;
        transaction.status = Status::Failed;
        transaction.attempts += 1;
        Ok(())
    }

    /// The customer walks away; the same transaction can still succeed.
    pub(crate) fn abandon(&mut self, reference: &str) -> Result<(), PayError> {
        self.open_payment(reference)?.status = Status::Abandoned;
        Ok(())
    }

    /// `amount: None` = what is left of the payment.
    pub(super) fn refund(
        &mut self,
        reference_or_id: &str,
        amount: Option<i64>,
        notes: (String, String),
        now_ms: i64,
    ) -> Result<(Transaction, Refund), RefundError> {
        let transaction_id =
            self.find(reference_or_id).map(|t| t.id).ok_or(RefundError::UnknownTransaction)?;
        let id = self.next_id();
        let transaction =
            self.transactions.get_mut(&transaction_id).ok_or(RefundError::UnknownTransaction)?;
        if !matches!(transaction.status, Status::Success | Status::Reversed) {
            return Err(RefundError::NotPaid);
        }
        let left = transaction.amount - transaction.refunded;
        let amount = amount.unwrap_or(left);
        if amount < 1 || amount > left {
            return Err(RefundError::TooMuch);
        }
        transaction.refunded += amount;
        let transaction = transaction.clone();
        let refund = Refund {
            id,
            transaction_id,
            amount,
            status: RefundStatus::Pending,
            refund_reference: None,
            customer_note: notes.0,
            merchant_note: notes.1,
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
        };
        self.refunds.insert(id, refund.clone());
        if self.refunds.len() > REFUNDS_MAX {
            self.refunds.pop_first();
        }
        Ok((transaction, refund))
    }

    /// Moves a refund on, and its transaction with it; `None` when either is gone.
    pub(super) fn move_refund(
        &mut self,
        id: u64,
        status: RefundStatus,
        now_ms: i64,
    ) -> Option<(Transaction, Refund)> {
        let refund = self.refunds.get_mut(&id)?;
        refund.status = status;
        refund.updated_at_ms = now_ms;
        let transaction = self.transactions.get_mut(&refund.transaction_id)?;
        match status {
            RefundStatus::Processed => {
                refund.refund_reference = Some(format!("TRF_{}", random::code(12)));
                if transaction.refunded >= transaction.amount {
                    transaction.status = Status::Reversed;
                }
            }
            RefundStatus::Failed => {
                refund.refund_reference = Some(format!("TRF_{}", random::code(12)));
                transaction.refunded -= refund.amount;
            }
            RefundStatus::Pending | RefundStatus::Processing | RefundStatus::NeedsAttention => {}
        }
        Some((transaction.clone(), refund.clone()))
    }

    pub(super) fn find_refund(&self, id: u64) -> Option<(&Transaction, &Refund)> {
        let refund = self.refunds.get(&id)?;
        Some((self.transactions.get(&refund.transaction_id)?, refund))
    }

    /// Newest first.
    pub(super) fn refunds(&self) -> impl Iterator<Item = (&Transaction, &Refund)> {
        self.refunds.values().rev().filter_map(|r| Some((self.transactions.get(&r.transaction_id)?, r)))
    }

    /// For the control API: payments and refunds, newest first, at most `limit` of each.
    pub(crate) fn state(&self, limit: usize) -> (Vec<Value>, Vec<Value>) {
        let payments = self.transactions().take(limit).map(super::shapes::summary).collect();
        let refunds = self.refunds().take(limit).map(|(t, r)| super::shapes::refund_summary(t, r)).collect();
        (payments, refunds)
    }
}

impl Transaction {
    pub(super) fn fee(&self) -> Option<i64> {
        self.paid_at_ms.map(|_| rules::fee(self.amount, &self.currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        let mut book = Book::default();
        let request = Request {
            email: "ada@example.com".into(),
            amount: 10_000,
            currency: "NGN".into(),
            reference: Some("ord-1".into()),
            callback_url: None,
            metadata: Value::Null,
        };
        book.open(request, "test", 1).expect("a new reference");
        book
    }

    #[test]
    fn a_declined_attempt_can_still_become_a_payment_but_only_once() {
        let mut book = book();
        book.fail_attempt("ord-1").expect("open");
        assert_eq!(book.find("ord-1").map(|t| t.status), Some(Status::Failed));
        book.pay("ord-1", Paid::default(), 2).expect("open");
        assert_eq!(book.pay("ord-1", Paid::default(), 3).err(), Some(PayError::AlreadyPaid));
        assert_eq!(book.abandon("ord-1"), Err(PayError::AlreadyPaid));
        assert_eq!(book.abandon("ord-2"), Err(PayError::Unknown));
    }

    #[test]
    fn refunds_never_exceed_the_payment_and_a_failed_one_frees_its_amount() {
        let mut book = book();
        let notes = || (String::new(), String::new());
        assert_eq!(book.refund("ord-1", None, notes(), 2).err(), Some(RefundError::NotPaid));
        book.pay("ord-1", Paid::default(), 2).expect("open");
        let (_, part) = book.refund("ord-1", Some(4_000), notes(), 3).expect("within the payment");
        assert_eq!(book.refund("ord-1", Some(6_001), notes(), 3).err(), Some(RefundError::TooMuch));
        book.move_refund(part.id, RefundStatus::Failed, 4).expect("known");
        let (_, all) = book.refund("ord-1", None, notes(), 5).expect("all of it again");
        assert_eq!(all.amount, 10_000);
        let (transaction, _) = book.move_refund(all.id, RefundStatus::Processed, 6).expect("known");
        assert_eq!(transaction.status, Status::Reversed);
    }
}
