//! How keys are spelled. Nothing else in this crate writes or takes apart a key.

use std::collections::HashMap;
use std::fmt;

use app::ports::{StoreError, WorkKind};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use domain::catalogue::{Os, Plan, Provider};
use domain::circuit::Operation;
use domain::customer::CustomerId;
use domain::ids::{AuditId, InstanceId, OrderId, PaymentId, TicketId};
use domain::ledger::EntryKind;
use domain::trading::Mt5AccountId;

use crate::parts::StoredTime;

/// The index of what belongs to a customer.
pub(crate) const BY_CUSTOMER: &str = "by_customer";
/// The sparse index of the desktops that record a machine, by provider.
pub(crate) const RENTED: &str = "rented";
/// The sparse index of what somebody has to look at.
pub(crate) const WORK: &str = "work";
/// The attribute that makes DynamoDB delete an item some time after its epoch second.
pub(crate) const TIME_TO_LIVE: &str = "expires_at";

/// Limits of DynamoDB, in bytes.
const PARTITION_KEY_MAX: usize = 2048;
const SORT_KEY_MAX: usize = 1024;

/// Where an item stands, in the table or in an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) partition: String,
    pub(crate) sort: String,
}

impl Key {
    fn new(partition: String, sort: impl Into<String>) -> Self {
        Self { partition, sort: sort.into() }
    }

    /// The key as attributes, under the names of the table or of an index.
    fn named(self, partition: &str, sort: &str) -> [(String, AttributeValue); 2] {
        [
            (partition.to_owned(), AttributeValue::S(self.partition)),
            (sort.to_owned(), AttributeValue::S(self.sort)),
        ]
    }

    /// As the table's primary key.
    ///
    /// # Errors
    /// `Invalid` when DynamoDB would not take it: gateway references and customers' idempotency keys come
    /// from outside and may be too long.
    pub(crate) fn primary(self) -> Result<[(String, AttributeValue); 2], StoreError> {
        let fits = |part: &str, max| (1..=max).contains(&part.len());
        if fits(&self.partition, PARTITION_KEY_MAX) && fits(&self.sort, SORT_KEY_MAX) {
            Ok(self.named("pk", "sk"))
        } else {
            Err(StoreError::Invalid { what: "a key of this length cannot be stored".to_owned() })
        }
    }

    /// As a place in `by_customer`.
    pub(crate) fn in_by_customer(self) -> [(String, AttributeValue); 2] {
        self.named("gsi1pk", "gsi1sk")
    }

    /// As a place in `rented`.
    pub(crate) fn in_rented(self) -> [(String, AttributeValue); 2] {
        self.named("gsi2pk", "gsi2sk")
    }

    /// As a place in `work`.
    pub(crate) fn in_work(self) -> [(String, AttributeValue); 2] {
        self.named("wpk", "wsk")
    }

    /// The key of an item that was read; empty parts when the item has none.
    pub(crate) fn of(item: &HashMap<String, AttributeValue>) -> Self {
        let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        Self::new(text("pk"), text("sk"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.partition, self.sort)
    }
}

/// Attribute names that belong to the table's own bookkeeping: no item struct may use them.
#[cfg(test)]
pub(crate) const RESERVED: [&str; 10] =
    ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "wpk", "wsk", "v", TIME_TO_LIVE];

fn order_partition(id: OrderId) -> String {
    format!("ORDER#{id}")
}

fn instance_partition(id: InstanceId) -> String {
    format!("INSTANCE#{id}")
}

fn customer_partition(id: &CustomerId) -> String {
    format!("CUSTOMER#{id}")
}

/// A key that nothing is ever stored under.
pub(crate) fn nothing() -> Key {
    Key::new("NOTHING".to_owned(), "NOTHING")
}

pub(crate) fn order(id: OrderId) -> Key {
    Key::new(order_partition(id), "ORDER")
}

/// Numbers are padded to the width of the largest, so that text order is number order.
pub(crate) fn attempt(order: OrderId, number: u16) -> Key {
    Key::new(order_partition(order), format!("ATTEMPT#{number:05}"))
}

pub(crate) fn ledger_entry(order: OrderId, kind: EntryKind, reference: &str) -> Key {
    Key::new(order_partition(order), format!("LEDGER#{kind}#{reference}"))
}

pub(crate) fn payment(id: PaymentId) -> Key {
    Key::new(format!("PAYMENT#{id}"), "PAYMENT")
}

pub(crate) fn instance(id: InstanceId) -> Key {
    Key::new(instance_partition(id), "INSTANCE")
}

pub(crate) fn first_boot(instance: InstanceId, attempt: u16, boot: u16) -> Key {
    Key::new(instance_partition(instance), format!("FIRST_BOOT#{attempt:05}#{boot:05}"))
}

pub(crate) fn credentials(instance: InstanceId) -> Key {
    Key::new(instance_partition(instance), "CREDENTIALS")
}

pub(crate) fn audit_entry(instance: InstanceId, id: AuditId) -> Key {
    Key::new(instance_partition(instance), format!("AUDIT#{id}"))
}

pub(crate) fn mail(id: &str) -> Key {
    Key::new(format!("MAIL#{id}"), "MAIL")
}

pub(crate) fn event(key: &str) -> Key {
    Key::new(format!("EVENT#{key}"), "EVENT")
}

pub(crate) fn profile(customer: &CustomerId) -> Key {
    Key::new(customer_partition(customer), "PROFILE")
}

pub(crate) fn idempotency(customer: &CustomerId, key: &str) -> Key {
    Key::new(customer_partition(customer), format!("IDEMPOTENCY#{key}"))
}

pub(crate) fn ticket(id: TicketId) -> Key {
    Key::new(format!("TICKET#{id}"), "TICKET")
}

pub(crate) fn setup_times(plan: Plan, os: Os) -> Key {
    Key::new(format!("SETUP_TIMES#{plan}#{os}"), "SETUP_TIMES")
}

pub(crate) fn circuit(provider: Provider, operation: Operation, region: &str) -> Key {
    Key::new(format!("CIRCUIT#{provider}"), format!("{operation}#{region}"))
}

/// All providers share one partition, so that one read tells what every one of them last said.
pub(crate) fn availability(provider: Provider) -> Key {
    Key::new("AVAILABILITY".to_owned(), provider.as_str())
}

/// All providers share one partition here too.
pub(crate) fn inventory(provider: Provider) -> Key {
    Key::new("INVENTORY".to_owned(), provider.as_str())
}

/// What one run saw of a listing. Padded, so that runs come in their order.
pub(crate) fn seen(provider: Provider, listing: u64, run: u16) -> Key {
    Key::new(format!("SEEN#{provider}"), format!("{listing:010}#{run:05}"))
}

pub(crate) fn trading_account(id: &Mt5AccountId) -> Key {
    Key::new(format!("MT5#{id}"), "TRADING_ACCOUNT")
}

/// Partitions that hold one kind of thing: a partition and the beginning of every sort key in it.
pub(crate) fn circuits_of(provider: Provider) -> Key {
    Key::new(format!("CIRCUIT#{provider}"), "")
}

pub(crate) fn availabilities() -> Key {
    Key::new("AVAILABILITY".to_owned(), "")
}

pub(crate) fn inventories() -> Key {
    Key::new("INVENTORY".to_owned(), "")
}

pub(crate) fn seen_of(provider: Provider, listing: u64) -> Key {
    Key::new(format!("SEEN#{provider}"), format!("{listing:010}#"))
}

/// What the partition of an order holds besides the order: a partition and the beginning of the sort keys.
pub(crate) fn attempts_of(order: OrderId) -> Key {
    Key::new(order_partition(order), "ATTEMPT#")
}

pub(crate) fn ledger_of(order: OrderId) -> Key {
    Key::new(order_partition(order), "LEDGER#")
}

pub(crate) fn audit_of(instance: InstanceId) -> Key {
    Key::new(instance_partition(instance), "AUDIT#")
}

/// Places in `by_customer`. Ids sort by time, so a kind's sort keys do too.
pub(crate) fn order_of_customer(customer: &CustomerId, id: OrderId) -> Key {
    Key::new(customer_partition(customer), format!("ORDER#{id}"))
}

pub(crate) fn instance_of_customer(customer: &CustomerId, id: InstanceId) -> Key {
    Key::new(customer_partition(customer), format!("INSTANCE#{id}"))
}

pub(crate) fn ticket_of_customer(customer: &CustomerId, id: TicketId) -> Key {
    Key::new(customer_partition(customer), format!("TICKET#{id}"))
}

pub(crate) fn orders_of(customer: &CustomerId) -> Key {
    Key::new(customer_partition(customer), "ORDER#")
}

pub(crate) fn instances_of(customer: &CustomerId) -> Key {
    Key::new(customer_partition(customer), "INSTANCE#")
}

/// A place in `rented`.
pub(crate) fn instance_rented_at(provider: Provider, id: InstanceId) -> Key {
    Key::new(format!("RENTED#{provider}"), id.to_string())
}

pub(crate) fn instances_rented_at(provider: Provider) -> Key {
    Key::new(format!("RENTED#{provider}"), "ins_")
}

/// A place in `work`: everything of a kind, by when it is due.
pub(crate) fn work(kind: WorkKind, due: Timestamp) -> Key {
    let word = match kind {
        WorkKind::OpenPayment => "open_payment",
        WorkKind::UnsettledOrder => "unsettled_order",
        WorkKind::OpenRefund => "open_refund",
        WorkKind::PendingMail => "pending_mail",
        WorkKind::BusyInstance => "busy_instance",
        WorkKind::UnappliedEvent => "unapplied_event",
        WorkKind::UnknownAttempt => "unknown_attempt",
    };
    Key::new(format!("WORK#{word}"), StoredTime(due).text())
}

/// The id of the thing that stands in `work` under `kind`, from its key in the table.
pub(crate) fn id_of_work(kind: WorkKind, key: &Key) -> Option<String> {
    let prefix = match kind {
        WorkKind::OpenPayment | WorkKind::OpenRefund => "PAYMENT#",
        WorkKind::UnsettledOrder => "ORDER#",
        WorkKind::PendingMail => "MAIL#",
        WorkKind::BusyInstance => "INSTANCE#",
        WorkKind::UnappliedEvent => "EVENT#",
        WorkKind::UnknownAttempt => {
            let order = key.partition.strip_prefix("ORDER#")?;
            let number: u16 = key.sort.strip_prefix("ATTEMPT#")?.parse().ok()?;
            return Some(format!("{order}/{number}"));
        }
    };
    key.partition.strip_prefix(prefix).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    /// Every key for fixed ids. A change here is a change to stored data: it needs a migration.
    const GOLDEN: &str = "\
order               ORDER#ord_01M3250V0000000000000000A7 ORDER
attempt             ORDER#ord_01M3250V0000000000000000A7 ATTEMPT#00012
attempts_of         ORDER#ord_01M3250V0000000000000000A7 ATTEMPT#
ledger_entry        ORDER#ord_01M3250V0000000000000000A7 LEDGER#charge#pay-1-1
ledger_of           ORDER#ord_01M3250V0000000000000000A7 LEDGER#
payment             PAYMENT#pay_01M3250V0000000000000000A7 PAYMENT
instance            INSTANCE#ins_01M3250V0000000000000000A7 INSTANCE
first_boot          INSTANCE#ins_01M3250V0000000000000000A7 FIRST_BOOT#00012#00001
credentials         INSTANCE#ins_01M3250V0000000000000000A7 CREDENTIALS
audit_entry         INSTANCE#ins_01M3250V0000000000000000A7 AUDIT#aud_01M3250V0000000000000000A7
audit_of            INSTANCE#ins_01M3250V0000000000000000A7 AUDIT#
mail                MAIL#ord_1.ready MAIL
event               EVENT#paystack#00ff EVENT
profile             CUSTOMER#ada PROFILE
idempotency         CUSTOMER#ada IDEMPOTENCY#key 1
ticket              TICKET#tkt_01M3250V0000000000000000A7 TICKET
setup_times         SETUP_TIMES#gpu#linux SETUP_TIMES
circuit             CIRCUIT#vultr create#ewr
circuits_of         CIRCUIT#vultr
availability        AVAILABILITY vultr
availabilities      AVAILABILITY
inventory           INVENTORY vultr
inventories         INVENTORY
seen                SEEN#vultr 0000000007#00002
seen_of             SEEN#vultr 0000000007#
trading_account     MT5#51234567 TRADING_ACCOUNT
nothing             NOTHING NOTHING
order_of_customer   CUSTOMER#ada ORDER#ord_01M3250V0000000000000000A7
orders_of           CUSTOMER#ada ORDER#
instance_of_customer CUSTOMER#ada INSTANCE#ins_01M3250V0000000000000000A7
instances_of        CUSTOMER#ada INSTANCE#
ticket_of_customer  CUSTOMER#ada TICKET#tkt_01M3250V0000000000000000A7
instance_rented_at  RENTED#vultr ins_01M3250V0000000000000000A7
instances_rented_at RENTED#vultr ins_
work OpenPayment    WORK#open_payment 2026-09-21T14:13:20.000000000Z PAYMENT#1 PAYMENT -> 1
work UnsettledOrder WORK#unsettled_order 2026-09-21T14:13:20.000000000Z ORDER#1 ORDER -> 1
work OpenRefund     WORK#open_refund 2026-09-21T14:13:20.000000000Z PAYMENT#1 PAYMENT -> 1
work PendingMail    WORK#pending_mail 2026-09-21T14:13:20.000000000Z MAIL#1 MAIL -> 1
work BusyInstance   WORK#busy_instance 2026-09-21T14:13:20.000000000Z INSTANCE#1 INSTANCE -> 1
work UnappliedEvent WORK#unapplied_event 2026-09-21T14:13:20.000000000Z EVENT#1 EVENT -> 1
work UnknownAttempt WORK#unknown_attempt 2026-09-21T14:13:20.000000000Z ORDER#1 ATTEMPT#00012 -> 1/12
";

    #[test]
    fn keys_are_spelled_as_the_stored_data_has_them() {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let (order_id, instance_id) = (OrderId::new(now, 327), InstanceId::new(now, 327));
        let (audit_id, ticket_id) = (AuditId::new(now, 327), TicketId::new(now, 327));
        let customer = CustomerId::parse("ada").unwrap();
        let mut text = String::new();
        for (name, key) in [
            ("order", order(order_id)),
            ("attempt", attempt(order_id, 12)),
            ("attempts_of", attempts_of(order_id)),
            ("ledger_entry", ledger_entry(order_id, EntryKind::Charge, "pay-1-1")),
            ("ledger_of", ledger_of(order_id)),
            ("payment", payment(PaymentId::new(now, 327))),
            ("instance", instance(instance_id)),
            ("first_boot", first_boot(instance_id, 12, 1)),
            ("credentials", credentials(instance_id)),
            ("audit_entry", audit_entry(instance_id, audit_id)),
            ("audit_of", audit_of(instance_id)),
            ("mail", mail("ord_1.ready")),
            ("event", event("paystack#00ff")),
            ("profile", profile(&customer)),
            ("idempotency", idempotency(&customer, "key 1")),
            ("ticket", ticket(ticket_id)),
            ("setup_times", setup_times(Plan::Gpu, Os::Linux)),
            ("circuit", circuit(Provider::Vultr, Operation::Create, "ewr")),
            ("circuits_of", circuits_of(Provider::Vultr)),
            ("availability", availability(Provider::Vultr)),
            ("availabilities", availabilities()),
            ("inventory", inventory(Provider::Vultr)),
            ("inventories", inventories()),
            ("seen", seen(Provider::Vultr, 7, 2)),
            ("seen_of", seen_of(Provider::Vultr, 7)),
            ("trading_account", trading_account(&Mt5AccountId::parse("51234567").unwrap())),
            ("nothing", nothing()),
            ("order_of_customer", order_of_customer(&customer, order_id)),
            ("orders_of", orders_of(&customer)),
            ("instance_of_customer", instance_of_customer(&customer, instance_id)),
            ("instances_of", instances_of(&customer)),
            ("ticket_of_customer", ticket_of_customer(&customer, ticket_id)),
            ("instance_rented_at", instance_rented_at(Provider::Vultr, instance_id)),
            ("instances_rented_at", instances_rented_at(Provider::Vultr)),
        ] {
            writeln!(text, "{}", format!("{name:19} {key}").trim_end()).unwrap();
        }
        for (kind, partition, sort) in [
            (WorkKind::OpenPayment, "PAYMENT#1", "PAYMENT"),
            (WorkKind::UnsettledOrder, "ORDER#1", "ORDER"),
            (WorkKind::OpenRefund, "PAYMENT#1", "PAYMENT"),
            (WorkKind::PendingMail, "MAIL#1", "MAIL"),
            (WorkKind::BusyInstance, "INSTANCE#1", "INSTANCE"),
            (WorkKind::UnappliedEvent, "EVENT#1", "EVENT"),
            (WorkKind::UnknownAttempt, "ORDER#1", "ATTEMPT#00012"),
        ] {
            let key = Key::new(partition.to_owned(), sort);
            let id = id_of_work(kind, &key).unwrap();
            writeln!(text, "work {:14} {} {key} -> {id}", format!("{kind:?}"), work(kind, now)).unwrap();
        }
        assert_eq!(text, GOLDEN, "\n{text}");
    }

    #[test]
    fn a_key_that_dynamodb_would_not_take_is_refused() {
        assert!(mail("m").primary().is_ok());
        let customer = CustomerId::parse("ada").unwrap();
        assert!(matches!(
            idempotency(&customer, &"k".repeat(1024)).primary(),
            Err(StoreError::Invalid { .. })
        ));
        assert!(matches!(mail(&"m".repeat(2048)).primary(), Err(StoreError::Invalid { .. })));
    }
}
