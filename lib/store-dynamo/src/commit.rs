//! The one door for writes.

use std::collections::HashSet;

use app::ports::{Commit, StoreError, Write};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::TransactWriteItem;

use crate::Store;
use crate::errors::{store_error, transaction_error};
use crate::row::Attributes;
use crate::write::{Expression, Request, Step};

/// Limit of DynamoDB for one transaction.
const WRITES_MAX: usize = 100;

/// `dynamodb:PutItem`, and `dynamodb:UpdateItem` for [`Write::Ledger`] and [`Write::Ticket`].
///
/// - A thing with a version: must be new at version 0, otherwise as it was read; stored with one more.
/// - [`Write::MailIfNew`]: a put of its own on "must be new", before everything else; one that exists is
///   fine. So a mail may be owed although the rest of the commit is refused: use it for mails whose cause is
///   a fact already.
/// - [`Write::Ledger`], [`Write::Ticket`]: in the transaction, so that no movement of money is without its
///   cause. One of the same identity stays as it is.
/// - [`Write::Audit`], [`Write::Idempotency`]: must be new. A record whose time is over but which DynamoDB
///   has not deleted yet still counts.
/// - [`Write::SetupTime`]: replaces the list by `recent` with `seconds` added; two at once may lose one,
///   which an estimate can bear.
///
/// One write is one `PutItem` (or `UpdateItem`); several are one `TransactWriteItems`. Repeating a commit
/// whose answer was lost ends in `Conflict` at worst.
impl Commit for Store {
    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let steps: Vec<Step> = writes.iter().map(Step::of).collect::<Result<_, _>>()?;
        let (before, together): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(Step::goes_before);
        check_together(&together)?;
        for step in before {
            self.write_unless_there(step).await?;
        }
        let mut requests: Vec<Request> = together.into_iter().map(Step::into_request).collect();
        match requests.pop() {
            None => Ok(()),
            Some(only) if requests.is_empty() => self.write_alone(only).await,
            Some(last) => {
                requests.push(last);
                self.write_together(requests).await
            }
        }
    }
}

/// What DynamoDB refuses of a transaction, said before anything is written.
fn check_together(steps: &[Step]) -> Result<(), StoreError> {
    if steps.len() > WRITES_MAX {
        let what = format!("{} writes in one commit, more than {WRITES_MAX}", steps.len());
        return Err(StoreError::Invalid { what });
    }
    let mut seen = HashSet::new();
    match steps.iter().map(Step::key).find(|key| !seen.insert(key.clone())) {
        Some(twice) => Err(StoreError::Invalid { what: format!("{twice} is written twice in one commit") }),
        None => Ok(()),
    }
}

impl Store {
    async fn write_alone(&self, request: Request) -> Result<(), StoreError> {
        match request {
            Request::Put(condition, item) => {
                let done = self.put(condition, item).send().await;
                done.map(drop).map_err(|error| store_error("PutItem", error))
            }
            Request::Update(update, key) => {
                let call = self.client.update_item().table_name(&self.table).update_expression(&update.text);
                let (names, values) = update.placeholders();
                let call = call.set_expression_attribute_names(names).set_expression_attribute_values(values);
                let done = call.set_key(Some(key)).send().await;
                done.map(drop).map_err(|error| store_error("UpdateItem", error))
            }
        }
    }

    /// Writes an item that must be new; one that is there already is as good. Somebody who is only about to
    /// write it is a conflict: they may yet fail.
    async fn write_unless_there(&self, step: Step) -> Result<(), StoreError> {
        let Request::Put(condition, item) = step.into_request() else { return Ok(()) };
        match self.put(condition, item).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(store_error("PutItem", error)),
            },
        }
    }

    fn put(&self, condition: Option<Expression>, item: Attributes) -> PutItemFluentBuilder {
        let call = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let Some(condition) = condition else { return call };
        let call = call.condition_expression(&condition.text);
        let (names, values) = condition.placeholders();
        call.set_expression_attribute_names(names).set_expression_attribute_values(values)
    }

    async fn write_together(&self, requests: Vec<Request>) -> Result<(), StoreError> {
        let parts: Vec<TransactWriteItem> = requests
            .into_iter()
            .map(|request| request.in_transaction(&self.table))
            .collect::<Result<_, _>>()?;
        let call = self.client.transact_write_items().set_transact_items(Some(parts));
        call.send().await.map(drop).map_err(transaction_error)
    }
}
