//! Random schedules: payments, faults and time in any order, and what must hold all the same.

use domain::catalogue::Os;
use domain::command::CommandKind;
use domain::ids::OrderId;
use domain::ledger::{EntryKind, LedgerEntry, balance};
use domain::money::{Currency, Money};
use domain::order::{Applied, Failure, Order, OrderEvent, OrderStatus, Step};
use jiff::SignedDuration;
use proptest::prelude::*;
use testkit::ports::{BootPlan, HostFault, Op};
use testkit::{Customer, Fault, Shop, Trigger};

/// Something that happens around an order.
#[derive(Debug, Clone)]
enum Event {
    Pay,
    Webhook,
    ComeBack,
    Wait(i64),
    Abort,
    Disown,
    Sweep,
    Provider(Op, HostFault),
    Boot(BootPlan),
    Command(CommandKind),
}

fn event() -> impl Strategy<Value = Event> {
    let op = proptest::sample::select(vec![
        Op::Create,
        Op::Get,
        Op::Find,
        Op::Delete,
        Op::Reboot,
        Op::Start,
        Op::Halt,
        Op::Reinstall,
    ]);
    let fault = prop_oneof![
        Just(HostFault::Busy),
        Just(HostFault::FailBefore),
        Just(HostFault::FailAfter),
        Just(HostFault::DropAfter),
        Just(HostFault::OutOfStock),
        (1_i64..80).prop_map(|s| HostFault::Late(SignedDuration::from_secs(s))),
    ];
    let boot = prop_oneof![Just(BootPlan::Never), Just(BootPlan::Silent), Just(BootPlan::SetupFails)];
    prop_oneof![
        3 => Just(Event::Pay),
        3 => Just(Event::Webhook),
        2 => Just(Event::ComeBack),
        4 => (1_i64..900).prop_map(Event::Wait),
        1 => Just(Event::Abort),
        1 => Just(Event::Disown),
        1 => Just(Event::Sweep),
        2 => (op, fault).prop_map(|(op, fault)| Event::Provider(op, fault)),
        1 => boot.prop_map(Event::Boot),
        2 => proptest::sample::select(CommandKind::ALL).prop_map(Event::Command),
    ]
}

/// A stock answer belongs to create alone.
fn fits(op: Op, fault: HostFault) -> bool {
    op == Op::Create || !matches!(fault, HostFault::OutOfStock | HostFault::Late(_))
}

fn happens(shop: &mut Shop, who: &Customer, order: OrderId, event: &Event) {
    let reference = shop.reference(order);
    match event {
        Event::Pay => shop.world.gateway.pay(&reference),
        Event::Webhook => shop.world.gateway.webhook("charge.success", &reference, SignedDuration::ZERO),
        Event::ComeBack => {
            // It may fail like any other call; the customer sees an error and we lose nothing.
            shop.try_come_back(order);
        }
        Event::Wait(seconds) => shop.run_for(SignedDuration::from_secs(*seconds)),
        Event::Abort => {
            let name = shop.order(order).execution_name();
            shop.abort(&name);
        }
        Event::Disown => {
            let name = shop.order(order).execution_name();
            shop.disown(&name);
        }
        Event::Sweep => {
            shop.sweep();
            shop.sweep();
        }
        Event::Command(kind) => {
            if shop.world.store.instances().iter().any(|i| i.order == order) {
                drop(shop.commands(who, order, *kind));
            }
        }
        Event::Provider(op, fault) if fits(*op, *fault) => shop.world.host.fail(*op, *fault, 1),
        Event::Provider(..) => {}
        Event::Boot(plan) => shop.world.host.next_boot(*plan),
    }
}

/// A schedule costs more than a usual case, so there are fewer; `PROPTEST_CASES` asks for more of them.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases / 2, max_shrink_iters: 100, ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_schedule_of_payments_faults_and_time_ends_as_promised(
        seed: u64,
        permille in 0_u64..100,
        events in proptest::collection::vec((0_usize..3, event()), 1..20),
    ) {
        let mut shop = Shop::seeded(seed);
        shop.world.queues.misbehave(200, SignedDuration::from_secs(30));
        let ada = shop.customer("ada@example.com");
        let orders: Vec<OrderId> = (0..3).map(|_| shop.orders(&ada, Os::Windows)).collect();
        shop.world.sim.arm(Trigger::Random { permille, most: 40, seed }, Fault::Before);
        for (which, event) in &events {
            happens(&mut shop, &ada, orders[*which], event);
        }
        shop.run_for(SignedDuration::from_mins(15));
        shop.world.sim.disarm();
        shop.run_until_idle();
        // By the end of the day every page was looked at for the last time: paid at the gateway is paid here.
        shop.run_for(SignedDuration::from_hours(25));
        shop.run_until_idle();
        for order in orders {
            let paid = shop.world.gateway.paid_references().contains(&shop.reference(order));
            let expected = if paid { [OrderStatus::Active, OrderStatus::Refunded] } else { [OrderStatus::Expired; 2] };
            let ended = shop.order(order).status;
            prop_assert!(expected.contains(&ended), "seed {}: {} {}", seed, order, ended);
        }
        let broken = shop.broken_promises();
        prop_assert!(broken.is_empty(), "seed {} {:?}", seed, broken);
    }
}

fn order_event() -> impl Strategy<Value = OrderEvent> {
    let allowed = SignedDuration::from_mins(30);
    prop_oneof![
        Just(OrderEvent::PaymentConfirmed),
        Just(OrderEvent::PaymentWindowClosed),
        Just(OrderEvent::Claimed { allowed }),
        (0_u16..4).prop_map(|offering| OrderEvent::AttemptBegun { offering }),
        Just(OrderEvent::Progress(Step::MachineCreated)),
        Just(OrderEvent::Progress(Step::RefundRequested)),
        Just(OrderEvent::Delivered),
        Just(OrderEvent::GaveUp(Failure::Internal)),
        Just(OrderEvent::MachinesGone),
        Just(OrderEvent::MoneyReturned),
        Just(OrderEvent::Restarted),
    ]
}

fn fresh_order() -> Order {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let id = shop.orders(&ada, Os::Windows);
    shop.order(id)
}

proptest! {
    #[test]
    fn an_order_never_leaves_active_or_refunded_and_never_returns_money_for_a_machine(
        events in proptest::collection::vec(order_event(), 0..60),
    ) {
        let mut order = fresh_order();
        let mut gone = false;
        for event in &events {
            let before = order.status;
            let Ok(Applied::Changed(next, _)) = order.apply(event, order.created_at) else { continue };
            order = *next;
            gone |= *event == OrderEvent::MachinesGone;
            if matches!(before, OrderStatus::Active | OrderStatus::Refunded) {
                prop_assert_eq!(order.status, before);
            }
            prop_assert!(gone || !matches!(order.status, OrderStatus::Refunding | OrderStatus::Refunded));
            prop_assert!(order.paid_at.is_some() || !order.status.needs_work());
            prop_assert!(order.timeline.len() <= domain::order::TIMELINE_MAX);
            prop_assert!(order.attempt <= domain::order::ATTEMPTS_MAX);
        }
    }

    #[test]
    fn an_event_that_has_taken_effect_takes_none_again(events in proptest::collection::vec(order_event(), 0..30)) {
        let mut order = fresh_order();
        for event in &events {
            let Ok(Applied::Changed(next, _)) = order.apply(event, order.created_at) else { continue };
            order = *next;
            let counts = matches!(event, OrderEvent::Restarted | OrderEvent::AttemptBegun { .. });
            if !counts {
                prop_assert_eq!(order.apply(event, order.created_at), Ok(Applied::Already));
            }
        }
    }

    #[test]
    fn a_ledger_adds_up_whatever_the_order_of_its_lines(
        amounts in proptest::collection::vec(-1_000_000_i64..1_000_000, 0..20),
        fees in proptest::collection::vec(-1_000_i64..0, 0..5),
    ) {
        let order = fresh_order();
        let line = |minor: i64, kind| LedgerEntry {
            order: order.id,
            customer: order.customer.clone(),
            kind,
            amount: Money::new(minor, Currency::Ngn),
            reference: "r".to_owned(),
            at: order.created_at,
        };
        let mut lines: Vec<LedgerEntry> = amounts.iter().map(|m| line(*m, EntryKind::Charge)).collect();
        lines.extend(fees.iter().map(|m| line(*m, EntryKind::Fee)));
        let sum: i64 = amounts.iter().sum();
        prop_assert_eq!(balance(&lines, Currency::Ngn), Some(Money::new(sum, Currency::Ngn)));
        lines.reverse();
        prop_assert_eq!(balance(&lines, Currency::Ngn), Some(Money::new(sum, Currency::Ngn)));
        prop_assert_eq!(balance(&lines, Currency::Usd).is_some(), lines.iter().all(|l| l.kind == EntryKind::Fee));
    }
}
