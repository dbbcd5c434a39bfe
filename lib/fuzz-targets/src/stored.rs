//! The table's items: every read of the store, against any answers of DynamoDB.

use app::ports::{
    ReadAttempts, ReadAudit, ReadAvailability, ReadCircuits, ReadCredentials, ReadEvents, ReadFirstBoots,
    ReadIdempotency, ReadInstances, ReadInventory, ReadLedger, ReadMails, ReadOrders, ReadPayments,
    ReadProfiles, ReadRented, ReadSeen, ReadSetupTimes, ReadTradingAccounts, ReadWork, StoreError, WorkKind,
};
use domain::Timestamp;
use domain::catalogue::{Os, Plan, Provider};
use domain::customer::CustomerId;
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::trading::Mt5AccountId;
use store_dynamo::Store;

use crate::aws;
use crate::choice;

/// A byte for what is read, and the answers that come.
pub(crate) fn run(bytes: &[u8]) {
    let (what, script) = choice(bytes);
    let outcome = aws::play(script, |config| {
        let store = Store::new(aws_sdk_dynamodb::Client::new(&config), "table".to_owned());
        async move { one_read(&store, what).await }
    });
    if let Err(error) = outcome {
        assert!(!error.to_string().is_empty());
    }
}

async fn one_read(store: &Store, what: u8) -> Result<(), StoreError> {
    let now = Timestamp::from_second(1_795_161_600).expect("a time");
    let (order, payment, instance) = (OrderId::new(now, 7), PaymentId::new(now, 7), InstanceId::new(now, 7));
    let customer = &CustomerId::parse("5f0c4a3e-9f7d-4f1e-8b0f-2a9d1c7e6b54").expect("an id");
    match what % 22 {
        0 => store.order(order).await.map(drop),
        1 => store.orders_of(customer, 3, None).await.map(|page| assert!(page.items.len() <= 3)),
        2 => store.payment(payment).await.map(drop),
        3 => store.instance(instance).await.map(drop),
        4 => {
            let cursor = instance.to_string();
            let page = store.instances_of(customer, 3, Some(&cursor)).await;
            page.map(|page| assert!(page.items.len() <= 3))
        }
        5 => store.attempts(order).await.map(drop),
        6 => store.first_boot(instance, 1, 1).await.map(drop),
        7 => store.credentials(instance).await.map(drop),
        8 => store.mail("ord_1.ready").await.map(drop),
        9 => store.event("paystack#00ff").await.map(drop),
        10 => store.profile(customer).await.map(drop),
        11 => store.idempotency(customer, "one").await.map(drop),
        12 => store.ledger(order).await.map(drop),
        13 => store.audit(instance, 5).await.map(drop),
        14 => store.setup_times(Plan::Basic, Os::Windows).await.map(drop),
        15 => store.circuits(Provider::Vultr).await.map(drop),
        16 => store.availability().await.map(drop),
        17 => store.rented(Provider::Vultr, 3, None).await.map(|page| assert!(page.items.len() <= 3)),
        18 => store.inventories().await.map(drop),
        19 => store.seen(Provider::Vultr, 7).await.map(drop),
        20 => {
            let account = Mt5AccountId::parse("60011223").expect("an account");
            store.trading_account(&account).await.map(drop)
        }
        _ => store.due(WorkKind::UnknownAttempt, now, 5).await.map(drop),
    }
}
