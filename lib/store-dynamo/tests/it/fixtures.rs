//! A fresh table, and things to put in it.

use std::sync::Arc;

use app::ports::GatewayEvent;
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Plan, Provider};
use domain::create::{Attempt, AttemptState};
use domain::customer::{CustomerId, Email};
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::instance::{Instance, InstanceStatus};
use domain::mail::{Mail, MailKind};
use domain::money::{Currency, Money};
use domain::order::{Order, OrderStatus, PaymentMethod, Step, StepDone};
use domain::payment::{Payment, PaymentStatus};
use store_dynamo::Store;

use crate::ministack::{Ministack, ministack};

/// A store over a table of its own, with the client to look behind it.
pub(crate) struct Table {
    pub(crate) store: Store,
    pub(crate) client: Client,
    pub(crate) name: String,
    _server: Arc<Ministack>,
}

/// A client that sends one request per call to `url`.
pub(crate) fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// A new table of the shape that `template.yaml` declares; `None` without MiniStack.
pub(crate) async fn table(name: &str) -> Option<Table> {
    let server = ministack()?;
    let client = client(&server.url);
    let attribute = |name: &str| {
        let definition = AttributeDefinition::builder().attribute_name(name);
        definition.attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let index = |name: &str, partition, sort| {
        let everything = Projection::builder().projection_type(ProjectionType::All).build();
        let index = GlobalSecondaryIndex::builder().index_name(name).projection(everything);
        index.key_schema(key(partition, KeyType::Hash)).key_schema(key(sort, KeyType::Range)).build().unwrap()
    };
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(
            ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "wpk", "wsk"].map(attribute).to_vec(),
        ))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("by_customer", "gsi1pk", "gsi1sk"))
        .global_secondary_indexes(index("rented", "gsi2pk", "gsi2sk"))
        .global_secondary_indexes(index("work", "wpk", "wsk"))
        .send()
        .await
        .unwrap();
    Some(Table {
        store: Store::new(client.clone(), name.to_owned()),
        client,
        name: name.to_owned(),
        _server: server,
    })
}

/// `seconds` after the beginning of the tests' time.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

pub(crate) fn ada() -> CustomerId {
    CustomerId::parse("ada").unwrap()
}

pub(crate) fn offering() -> Offering {
    Offering {
        provider: Provider::Vultr,
        plan: "vc2-2c-4gb".to_owned(),
        region: "eu-central".to_owned(),
        provider_region: "ams".to_owned(),
        image: Image { name_prefix: "Windows 2022 Standard".to_owned(), fallback_id: "501".to_owned() },
    }
}

/// Order number `n`, placed `n` seconds in.
pub(crate) fn order(n: u32) -> Order {
    let placed = at(n.into());
    Order {
        id: OrderId::new(placed, n.into()),
        customer: ada(),
        email: Email::parse("ada@example.com").unwrap(),
        plan: Plan::Basic,
        os: Os::Windows,
        region: None,
        staff: None,
        price: Money::new(4_500_000, Currency::Ngn),
        method: PaymentMethod::Paystack,
        payment: PaymentId::new(placed, n.into()),
        instance: InstanceId::new(placed, n.into()),
        status: OrderStatus::AwaitingPayment,
        timeline: vec![StepDone { step: Step::Placed, at: placed }],
        created_at: placed,
        paid_at: None,
        deadline: None,
        offering: 0,
        attempt: 0,
        failure: None,
        executions: 0,
        restarted_at: None,
        version: 0,
    }
}

/// The payment of order number `n`.
pub(crate) fn payment(n: u32) -> Payment {
    let order = order(n);
    Payment {
        id: order.payment,
        order: order.id,
        customer: ada(),
        method: PaymentMethod::Paystack,
        amount: order.price,
        status: PaymentStatus::Open,
        references: 1,
        checkout_url: Some("https://checkout.example/1".to_owned()),
        created_at: order.created_at,
        expires_at: at(86_400),
        next_check_at: Some(at(120)),
        checks: 0,
        paid_at: None,
        gateway_id: None,
        fee_minor: None,
        mismatch: None,
        refund: None,
        version: 0,
    }
}

/// The desktop of order number `n`.
pub(crate) fn instance(n: u32) -> Instance {
    let order = order(n);
    Instance {
        id: order.instance,
        order: order.id,
        customer: ada(),
        plan: order.plan,
        os: order.os,
        status: InstanceStatus::Active,
        attempt: 1,
        offering: offering(),
        price: Some(order.price),
        vm: None,
        address: Some("203.0.113.7".parse().unwrap()),
        username: "Administrator".to_owned(),
        certificate: None,
        command: None,
        last_error: None,
        boot: 1,
        created_at: order.created_at,
        ready_at: None,
        setup_seconds: None,
        version: 0,
    }
}

/// Attempt `number` of order 1.
pub(crate) fn attempt(number: u16) -> Attempt {
    Attempt {
        order: order(1).id,
        instance: order(1).instance,
        number,
        offering: offering(),
        state: AttemptState::Planned,
        request_id: format!("00000000-0000-4000-8000-{number:012}"),
        called_at: None,
        left_at: None,
        setback: None,
        vm: None,
        password_hash: None,
        password_ciphertext: Some(vec![0, 1, 255]),
        absent_since: None,
        version: 0,
    }
}

/// A mail about order 1, owed from the beginning.
pub(crate) fn mail(kind: MailKind) -> Mail {
    Mail::about_order(kind, order(1).id, &ada(), &order(1).email, at(0))
}

/// Event number `n`.
pub(crate) fn event(n: u8) -> GatewayEvent {
    GatewayEvent {
        key: format!("paystack#{n:064x}"),
        name: "charge.success".to_owned(),
        body: "{}".to_owned(),
        received_at: at(n.into()),
        applied_at: None,
        version: 0,
    }
}
