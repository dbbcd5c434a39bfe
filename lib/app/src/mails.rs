//! Mails: owed with the fact behind them, sent by whoever comes first, tried again until they are out.

use domain::Timestamp;
use domain::catalogue::Catalogue;
use domain::customer::{CredentialDelivery, Preferences};
use domain::ids::OrderId;
use domain::instance::InstanceStatus;
use domain::mail::{ATTEMPTS_MAX, Mail, MailKind, MailStatus};
use domain::order::{Effect, Order, OrderEvent, OrderStatus, Step};
use domain::vm::RDP_PORT;
use jiff::SignedDuration;

use crate::error::{AppError, Chain, undisturbed};
use crate::ports::{
    Clock, Commit, Decrypt, MailContent, MailError, MailMessage, QueueMail, ReadCredentials, ReadInstances,
    ReadMails, ReadOrders, ReadPayments, ReadProfiles, ReadSetupTimes, SendMail, StoreError, Write,
};
use crate::settle::apply_event;
use crate::views::ready_at;

/// The mails that the effects of an order's event owe.
pub fn owed(order: &Order, effects: &[Effect], now: Timestamp) -> Vec<Mail> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Mail(kind) => Some(order.mail(*kind, now)),
            Effect::AlertOperator(note) => {
                Some(Mail::alert(&order.id.to_string(), "order", note.clone(), Some(order.id), now))
            }
            Effect::StartWorkflow => None,
        })
        .collect()
}

/// The same as writes of a transaction; alerts are told once, however often they are owed.
pub fn owed_writes(mails: &[Mail]) -> Vec<Write> {
    mails
        .iter()
        .cloned()
        .map(|mail| match mail.kind {
            MailKind::OperatorAlert => Write::MailIfNew(mail),
            _ => Write::Mail(mail),
        })
        .collect()
}

/// Hands owed mails to the mailer. What cannot be handed over is found by the sweep.
pub async fn announce<Q: QueueMail>(queue: &Q, mails: &[Mail]) {
    for mail in mails {
        let message = MailMessage { mail: mail.id.clone(), order: mail.order };
        if let Err(error) = queue.queue_mail(&message).await {
            tracing::warn!(
                mail = mail.id,
                error = %Chain(&error),
                "mail left to the sweep"
            );
        }
    }
}

/// Sends stored mails.
pub struct Mailer<S, K, M, C> {
    /// The state.
    pub store: S,
    /// Decrypts passwords.
    pub keys: K,
    /// The mail service.
    pub mail: M,
    /// The time.
    pub clock: C,
    /// What is sold.
    pub catalogue: &'static Catalogue,
}

/// While one process sends a mail, others leave it alone for this long.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

impl<S, K, M, C> Mailer<S, K, M, C>
where
    S: Commit
        + ReadMails
        + ReadOrders
        + ReadPayments
        + ReadInstances
        + ReadCredentials
        + ReadProfiles
        + ReadSetupTimes
        + Sync,
    K: Decrypt + Sync,
    M: SendMail + Sync,
    C: Clock + Sync,
{
    /// Sends one mail if it is owed and due.
    ///
    /// It is claimed first, so that two deliveries of the message make one mail; a process that dies while it
    /// holds the claim leaves a mail that is sent again a minute later, since a customer without credentials
    /// is worse off than one who has them twice.
    ///
    /// # Errors
    /// A retryable `AppError` when it did not go out; it stays owed.
    pub async fn deliver(&self, id: &str) -> Result<MailStatus, AppError> {
        let now = self.clock.now();
        let Some(mail) = self.store.mail(id).await? else {
            return Err(AppError::NotFound("mail"));
        };
        if mail.status != MailStatus::Pending || mail.next_at > now {
            return Ok(mail.status);
        }
        let mut claimed = mail.clone();
        claimed.attempts += 1;
        claimed.next_at = now.checked_add(LEASE).unwrap_or(now);
        match self.store.commit(vec![Write::Mail(claimed.clone())]).await {
            Err(StoreError::Conflict) => return Ok(MailStatus::Pending),
            other => other?,
        }
        claimed.version += 1;

        let content = match self.content(&claimed).await {
            Ok(Some(content)) => content,
            Ok(None) => return self.close(claimed, MailStatus::Skipped).await,
            Err(error) => return self.postpone(claimed, false, error).await,
        };
        match self.mail.send(claimed.to.as_ref(), &content).await {
            Ok(message_id) => {
                tracing::info!(mail = id, kind = %claimed.kind, message_id, "mail sent");
                let (kind, order) = (claimed.kind, claimed.order);
                let status = self.close(claimed, MailStatus::Sent).await?;
                if let (MailKind::Ready, Some(order)) = (kind, order) {
                    self.show_mailed(order).await;
                }
                Ok(status)
            }
            Err(error) => {
                let refused = matches!(error, MailError::Refused(_));
                self.postpone(claimed, refused, AppError::Mail(error)).await
            }
        }
    }

    async fn close(&self, mut mail: Mail, status: MailStatus) -> Result<MailStatus, AppError> {
        mail.status = status;
        self.store.commit(vec![Write::Mail(mail)]).await?;
        Ok(status)
    }

    /// Puts the mail into the timeline that the customer sees. It has gone out, so a line that cannot be written
    /// is left out rather than anything be done again.
    async fn show_mailed(&self, order: OrderId) {
        let shown: Result<(), AppError> = undisturbed!(async {
            let order = self.store.order(order).await?.ok_or(AppError::NotFound("order"))?;
            let event = OrderEvent::Progress(Step::CredentialsMailed);
            apply_event(&self.store, &order, &event, self.clock.now(), Vec::new()).await?;
            Ok(())
        });
        if let Err(error) = shown {
            tracing::warn!(%order, error = %Chain(&error), "the mail is not in the timeline");
        }
    }

    /// Tries again later, or gives up and tells the operator. What stops the making of a mail counts like what
    /// stops its sending: neither may be tried for ever.
    async fn postpone(&self, mut mail: Mail, refused: bool, error: AppError) -> Result<MailStatus, AppError> {
        let now = self.clock.now();
        let hopeless = refused || mail.attempts >= ATTEMPTS_MAX;
        let mut writes = Vec::new();
        if hopeless {
            mail.status = MailStatus::GaveUp;
            if mail.kind != MailKind::OperatorAlert {
                let note = format!("the mail {} could not be sent", mail.id);
                writes.push(Write::MailIfNew(Mail::alert(&mail.id, "mail", note, mail.order, now)));
            }
        } else {
            let wait = SignedDuration::from_secs(mail.back_off_seconds());
            mail.next_at = now.checked_add(wait).unwrap_or(now);
        }
        tracing::warn!(mail = mail.id, hopeless, error = %Chain(&error), "mail not sent");
        let status = mail.status;
        writes.push(Write::Mail(mail));
        self.store.commit(writes).await?;
        if hopeless { Ok(status) } else { Err(error) }
    }

    async fn preferences(&self, mail: &Mail) -> Result<Preferences, AppError> {
        let Some(customer) = &mail.customer else { return Ok(Preferences::default()) };
        Ok(self.store.profile(customer).await?.map(|p| p.preferences).unwrap_or_default())
    }

    /// What the mail says; `None` when it is not to be sent: not wanted, or about a desktop that is gone.
    async fn content(&self, mail: &Mail) -> Result<Option<MailContent>, AppError> {
        if mail.kind == MailKind::OperatorAlert {
            let note = mail.note.clone().unwrap_or_default();
            return Ok(Some(MailContent::OperatorAlert { order: mail.order, note }));
        }
        let preferences = self.preferences(mail).await?;
        if mail.kind.optional() && !preferences.email_notifications {
            return Ok(None);
        }
        let order =
            mail.order.ok_or_else(|| AppError::Fault(format!("mail {} is about nothing", mail.id)))?;
        let order = self.store.order(order).await?.ok_or(AppError::NotFound("order"))?;
        Ok(Some(match mail.kind {
            MailKind::Started => {
                let product = self.catalogue.product(order.plan, order.os);
                let recent = self.store.setup_times(order.plan, order.os).await?;
                let ready_at = product.and_then(|p| ready_at(&order, &recent, p.usual_setup_seconds));
                let paid = order.staff.is_none();
                MailContent::Started { order: order.id, plan: order.plan, os: order.os, ready_at, paid }
            }
            MailKind::Receipt => {
                let payment =
                    self.store.payment(order.payment).await?.ok_or(AppError::NotFound("payment"))?;
                MailContent::Receipt {
                    order: order.id,
                    plan: order.plan,
                    os: order.os,
                    specs: self.catalogue.product(order.plan, order.os).map(|p| p.specs.clone()),
                    amount: payment.amount,
                    reference: payment.reference(),
                    paid_at: payment.paid_at.or(order.paid_at).unwrap_or(order.created_at),
                }
            }
            MailKind::Delayed => MailContent::Delayed {
                order: order.id,
                plan: order.plan,
                os: order.os,
                deadline: order.deadline.unwrap_or(order.created_at),
            },
            MailKind::Rebuilding => MailContent::Rebuilding {
                order: order.id,
                plan: order.plan,
                os: order.os,
                deadline: order.deadline.unwrap_or(order.created_at),
            },
            MailKind::FailedAndRefunded => MailContent::FailedAndRefunded {
                order: order.id,
                plan: order.plan,
                os: order.os,
                failure: order.failure.unwrap_or(domain::order::Failure::Internal),
                amount: order.price,
            },
            MailKind::NotDelivered => {
                let vps = order
                    .staff
                    .ok_or_else(|| AppError::Fault(format!("{} is no staff's order", order.id)))?;
                MailContent::NotDelivered {
                    order: order.id,
                    mt5_account_id: vps.mt5_account_id,
                    vps_name: vps.vps_name,
                    place: vps.offering.to_string(),
                    failure: order.failure.unwrap_or(domain::order::Failure::Internal),
                }
            }
            MailKind::Ready | MailKind::Reinstalled => {
                return self.credentials(mail, &order, &preferences).await;
            }
            MailKind::OperatorAlert => {
                return Err(AppError::Fault("an alert is not about a customer".into()));
            }
        }))
    }

    async fn credentials(
        &self,
        mail: &Mail,
        order: &Order,
        chosen: &Preferences,
    ) -> Result<Option<MailContent>, AppError> {
        let instance = self.store.instance(order.instance).await?.ok_or(AppError::NotFound("desktop"))?;
        let given_up =
            matches!(order.status, OrderStatus::Undoing | OrderStatus::Refunding | OrderStatus::Refunded);
        if given_up || matches!(instance.status, InstanceStatus::Failed | InstanceStatus::Terminated) {
            return Ok(None);
        }
        let stored = self.store.credentials(instance.id).await?.ok_or(AppError::NotFound("credentials"))?;
        let address =
            instance.address.ok_or_else(|| AppError::Fault(format!("{} has no address", instance.id)))?;
        let password = match chosen.credential_delivery {
            CredentialDelivery::Email => Some(self.keys.decrypt(instance.id, &stored.ciphertext).await?),
            CredentialDelivery::Link => None,
        };
        Ok(Some(MailContent::Ready {
            order: order.id,
            instance: instance.id,
            plan: order.plan,
            os: order.os,
            address,
            port: RDP_PORT,
            username: stored.username,
            password,
            certificate: instance.certificate,
            reinstalled: mail.kind == MailKind::Reinstalled,
        }))
    }
}
