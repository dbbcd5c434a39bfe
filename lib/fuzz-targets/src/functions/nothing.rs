//! Ports behind which nothing is stored, everything is taken, and nothing takes time.

use app::ports::{
    CheckoutPage, CheckoutRequest, Clock, CommandMessage, Commit, CompleteTask, GatewayError, GatewayEvent,
    IdempotencyRecord, Ids, Page, PaymentGateway, PaymentMessage, QueueCommand, QueueError, QueuePayment,
    ReadAvailability, ReadCircuits, ReadEvents, ReadFirstBoots, ReadIdempotency, ReadInstances, ReadOrders,
    ReadPayments, ReadProfiles, ReadTradingAccounts, RefundState, Rows, StoreError, TaskOutcome,
    WorkflowError, Write,
};
use domain::Timestamp;
use domain::availability::Availability;
use domain::catalogue::Provider;
use domain::circuit::Circuit;
use domain::customer::{CustomerId, Profile};
use domain::first_boot::FirstBoot;
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::instance::Instance;
use domain::money::Money;
use domain::order::Order;
use domain::payment::{GatewayTransaction, Payment};
use domain::trading::{Mt5AccountId, TradingAccount};

/// All of them.
#[derive(Clone)]
pub(super) struct Nothing;

impl Clock for Nothing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(1_795_161_600_000).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Ids for Nothing {
    fn random(&self) -> u128 {
        7
    }

    fn secret_bytes<const N: usize>(&self) -> [u8; N] {
        [7; N]
    }
}

impl Commit for Nothing {
    async fn commit(&self, _: Vec<Write>) -> Result<(), StoreError> {
        Ok(())
    }
}

impl ReadOrders for Nothing {
    async fn order(&self, _: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(None)
    }

    async fn orders_of(&self, _: &CustomerId, _: u16, _: Option<&str>) -> Result<Page<Order>, StoreError> {
        Ok(Page { items: Vec::new(), next: None })
    }
}

impl ReadInstances for Nothing {
    async fn instance(&self, _: InstanceId) -> Result<Option<Instance>, StoreError> {
        Ok(None)
    }

    async fn instances_of(
        &self,
        _: &CustomerId,
        _: u16,
        after: Option<&str>,
    ) -> Result<Page<Instance>, StoreError> {
        // A cursor is the id of the last one of the page before, as the store has it.
        after.map(str::parse::<InstanceId>).transpose().map_err(|_| StoreError::BadCursor)?;
        Ok(Page { items: Vec::new(), next: None })
    }
}

impl ReadPayments for Nothing {
    async fn payment(&self, _: PaymentId) -> Result<Option<Payment>, StoreError> {
        Ok(None)
    }
}

impl ReadFirstBoots for Nothing {
    async fn first_boot(&self, _: InstanceId, _: u16, _: u16) -> Result<Option<FirstBoot>, StoreError> {
        Ok(None)
    }
}

impl ReadProfiles for Nothing {
    async fn profile(&self, _: &CustomerId) -> Result<Option<Profile>, StoreError> {
        Ok(None)
    }
}

impl ReadEvents for Nothing {
    async fn event(&self, _: &str) -> Result<Option<GatewayEvent>, StoreError> {
        Ok(None)
    }
}

impl ReadTradingAccounts for Nothing {
    async fn trading_account(&self, _: &Mt5AccountId) -> Result<Option<TradingAccount>, StoreError> {
        Ok(None)
    }
}

impl ReadIdempotency for Nothing {
    async fn idempotency(&self, _: &CustomerId, _: &str) -> Result<Option<IdempotencyRecord>, StoreError> {
        Ok(None)
    }
}

impl ReadCircuits for Nothing {
    async fn circuits(&self, _: Provider) -> Result<Rows<Circuit>, StoreError> {
        Ok(Vec::new())
    }
}

impl ReadAvailability for Nothing {
    async fn availability(&self) -> Result<Rows<Availability>, StoreError> {
        Ok(Vec::new())
    }
}

impl PaymentGateway for Nothing {
    async fn open_checkout(&self, request: &CheckoutRequest) -> Result<CheckoutPage, GatewayError> {
        Ok(CheckoutPage { url: format!("https://checkout.example.com/{}", request.reference) })
    }

    async fn verify(&self, _: &str) -> Result<GatewayTransaction, GatewayError> {
        Err(GatewayError::NotFound)
    }

    async fn refunds(&self, _: &str) -> Result<Vec<RefundState>, GatewayError> {
        Ok(Vec::new())
    }

    async fn refund(&self, _: &str, _: Money, _: &str) -> Result<RefundState, GatewayError> {
        Err(GatewayError::NotFound)
    }
}

impl QueueCommand for Nothing {
    async fn queue_command(&self, _: &CommandMessage) -> Result<(), QueueError> {
        Ok(())
    }
}

impl QueuePayment for Nothing {
    async fn queue_payment(&self, _: &PaymentMessage) -> Result<(), QueueError> {
        Ok(())
    }
}

impl CompleteTask for Nothing {
    async fn complete(&self, _: &str, _: &TaskOutcome) -> Result<(), WorkflowError> {
        Ok(())
    }
}
