//! Trading desktops: where one stands, and when its MT5 account is free again.

use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Plan, Provider};
use domain::customer::{CustomerId, Email};
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::instance::{Instance, InstanceStatus as I};
use domain::order::{Order, OrderStatus as O, StaffVps, Step};
use domain::trading::{Mt5AccountId, NewVps, VpsStatus, is_over, place};
use domain::vm::WINDOWS_USER;

fn placed() -> (Order, Instance) {
    let at = Timestamp::from_second(1_790_000_000).unwrap();
    let offering = Offering {
        provider: Provider::Contabo,
        plan: "V153".to_owned(),
        region: "eu-central".to_owned(),
        provider_region: "EU".to_owned(),
        image: Image { name_prefix: "windows-server-2022".to_owned(), fallback_id: String::new() },
    };
    let vps = StaffVps { mt5_account_id: "51234567".to_owned(), vps_name: None, offering };
    let staff = CustomerId::parse("grace").unwrap();
    let new = NewVps { staff, email: Email::parse("g@example.com").unwrap(), plan: Plan::Performance, vps };
    place(new, (OrderId::new(at, 1), PaymentId::new(at, 2), InstanceId::new(at, 3)), at)
}

#[test]
fn staff_order_windows_for_nothing_where_they_say() {
    let (order, desktop) = placed();
    assert_eq!((order.status, order.price.minor, order.region.as_deref()), (O::Paid, 0, Some("eu-central")));
    assert_eq!(order.timeline.first().map(|done| done.step), Some(Step::Placed));
    assert_eq!(
        (order.os, order.plan, order.paid_at),
        (Os::Windows, Plan::Performance, Some(order.created_at))
    );
    assert_eq!((desktop.id, desktop.order, desktop.status), (order.instance, order.id, I::Provisioning));
    assert_eq!((desktop.username.as_str(), &desktop.customer), (WINDOWS_USER, &order.customer));
    assert_eq!(Some(&desktop.offering), order.staff.as_ref().map(|vps| &vps.offering));
}

#[test]
fn where_it_stands_follows_from_its_order_and_its_desktop() {
    for order in O::ALL {
        for instance in I::ALL {
            let (placed, desktop) = placed();
            let placed = Order { status: *order, ..placed };
            let desktop = Instance { status: *instance, ..desktop };
            let stands = match (order, instance) {
                (O::Active, I::Terminated) => VpsStatus::Decommissioned,
                (O::Active, I::Failed) => VpsStatus::Error,
                (O::Active, _) => VpsStatus::Active,
                (O::AwaitingPayment | O::Paid | O::Provisioning, _) => VpsStatus::Provisioning,
                (O::Expired | O::Undoing | O::Refunding | O::Refunded, _) => VpsStatus::Error,
            };
            assert_eq!(VpsStatus::of(&placed, &desktop), stands, "{order} {instance}");
            let free = *order == O::Refunded || (*order, *instance) == (O::Active, I::Terminated);
            assert_eq!(is_over(&placed, &desktop), free, "{order} {instance}");
        }
    }
}

#[test]
fn an_accounts_number_is_written_as_it_was_read() {
    let id = Mt5AccountId::parse("51234567").unwrap();
    assert_eq!((id.to_string(), String::from(id.clone())), ("51234567".to_owned(), "51234567".to_owned()));
    assert_eq!(Mt5AccountId::try_from("51234567".to_owned()), Ok(id));
    for another in ["51 234", "051234567", "0051234567"] {
        assert!(Mt5AccountId::try_from(another.to_owned()).is_err(), "{another}");
    }
}
