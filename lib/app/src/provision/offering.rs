//! Where the next machine of an order is made.

use domain::Timestamp;
use domain::catalogue::Offering;
use domain::circuit::OPEN_FIRST;
use domain::create::Attempt;
use domain::failover::{Choice, WORTH_WAITING, choose};
use domain::order::{Order, OrderEvent, Step};

use super::{Provisioning, State, TaskError, World};
use crate::ports::{CompleteTask, Encrypt, PaymentGateway, ProbeRdp, QueueMail, VmHosts, Write};

impl<S, V, G, K, Q, T, P, W> Provisioning<S, V, G, K, Q, T, P, W>
where
    S: State,
    V: VmHosts + Sync,
    G: PaymentGateway + Clone + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Clone + Sync,
    T: CompleteTask + Sync,
    P: ProbeRdp + Sync,
    W: World,
{
    /// The offerings of an order, first choice first.
    pub(super) fn offerings(&self, order: &Order) -> Vec<Offering> {
        if let Some(staff) = &order.staff {
            return vec![staff.offering.clone()];
        }
        let product = self.catalogue.product(order.plan, order.os);
        product.map(|p| p.offerings_in(order.region.as_deref())).unwrap_or_default()
    }

    /// The offering of the order's current attempt.
    pub(super) fn offering(&self, order: &Order) -> Result<Offering, TaskError> {
        self.offerings(order).into_iter().nth(usize::from(order.offering)).ok_or(TaskError::NoOfferingLeft)
    }

    /// Which offering is tried next.
    pub(super) async fn next_choice(&self, order: &Order, attempts: &[Attempt]) -> Choice {
        let offerings = self.offerings(order);
        let outlooks = self.providers.outlooks(&offerings).await;
        let outlook = |offering: &Offering| {
            let known = offerings.iter().zip(&outlooks).find(|(one, _)| *one == offering);
            known.map_or(domain::failover::Outlook::NotSetUp, |(_, outlook)| *outlook)
        };
        // What was refused or broke for a machine that was delivered and lost since says nothing of today.
        let since = order.lost_at();
        let counts = |a: &&Attempt| {
            a.is_left_behind() || since.is_none_or(|lost| a.called_at.is_none_or(|called| called >= lost))
        };
        let attempts: Vec<Attempt> = attempts.iter().filter(counts).cloned().collect();
        choose(&offerings, &attempts, outlook, self.world.now())
    }

    /// Begins the order's next attempt, with what is to be written along; or the order waits for the first provider
    /// that can be asked again, one where an attempt was left behind too, and its customer is told so once.
    pub(super) async fn begin_next(
        &self,
        order: &Order,
        attempts: &[Attempt],
        extra: Vec<Write>,
    ) -> Result<Order, TaskError> {
        match self.next_choice(order, attempts).await {
            Choice::Take(offering) => {
                tracing::info!(order = %order.id, offering, attempt = order.attempt + 1, "next attempt");
                self.record(order, &OrderEvent::AttemptBegun { offering }, extra).await
            }
            Choice::Wait { until } => {
                // One of those may be the first that can be asked.
                self.settle_left_behind(order, attempts).await;
                self.wait(order, until, extra).await
            }
            Choice::Unsettled => {
                let answered = self.settle_left_behind(order, attempts).await;
                let pause = if answered { self.policy.absence_pause } else { OPEN_FIRST };
                let now = self.world.now();
                self.wait(order, now.checked_add(pause).unwrap_or(now), extra).await
            }
            Choice::NoneLeft => Err(TaskError::NoOfferingLeft),
        }
    }

    async fn wait(&self, order: &Order, until: Timestamp, extra: Vec<Write>) -> Result<Order, TaskError> {
        // A pause of a moment is nobody's news.
        if until.duration_since(self.world.now()) > WORTH_WAITING {
            self.record(order, &OrderEvent::Progress(Step::WaitingForProvider), extra).await?;
        } else if !extra.is_empty() {
            self.store.commit(extra).await?;
        }
        Err(TaskError::NoProviderNow(until))
    }
}
