//! The circuits of a provider, with several processes at once.

#![expect(clippy::unwrap_used, reason = "a test whose preparation fails has failed")]

use app::ports::{VmError, VmHost as _};
use domain::catalogue::Provider;
use domain::circuit::{Circuit, EVERYWHERE, FAILURES_MAX, OPEN_FIRST, Operation};
use domain::vm::VmId;
use jiff::SignedDuration;
use testkit::Shop;
use testkit::ports::{HostFault, Op};

/// Vultr's machines, listed by so many processes at the same moment, each of which knows nothing yet.
fn lists_at_once(shop: &mut Shop, processes: usize) -> Vec<Option<VmError>> {
    let calls = (0..processes).map(|_| {
        let providers = shop.world.reconciler().providers;
        let list = async move {
            let host = providers.at(Provider::Vultr, EVERYWHERE).unwrap();
            host.list(None, 10).await.err()
        };
        Box::pin(list) as _
    });
    let calls = calls.collect();
    shop.at_once(calls).into_iter().map(Result::unwrap).collect()
}

fn reads(shop: &Shop) -> Circuit {
    let mut circuits = shop.world.store.all_circuits();
    circuits.retain(|c| c.provider == Provider::Vultr && c.operation == Operation::Read);
    circuits.pop().unwrap()
}

#[test]
fn a_hiccup_that_hits_many_calls_at_once_opens_a_circuit_once() {
    for fault in [HostFault::FailBefore, HostFault::Unauthorized, HostFault::Unreachable] {
        let mut shop = Shop::open();
        shop.world.host.take_down(Provider::Vultr, fault, SignedDuration::from_secs(10));
        let began = shop.now();
        while shop.world.store.all_circuits().iter().all(|c| c.open_until.is_none()) {
            assert!(lists_at_once(&mut shop, 10).iter().all(Option::is_some));
        }
        let open = reads(&shop);
        assert!(open.opened == 1 && open.failures <= FAILURES_MAX, "{fault:?}: {open:?}");
        let lasts = open.open_until.unwrap().duration_since(began);
        assert!(lasts <= OPEN_FIRST + SignedDuration::from_secs(10), "{fault:?}: {lasts:?}");
        shop.run_for(lasts);
        // One of ten probes, and the provider is back.
        let answers = lists_at_once(&mut shop, 10);
        assert!(answers.iter().any(Option::is_none), "{fault:?}");
        assert!(reads(&shop).is_healthy(), "{fault:?}");
    }
}

#[test]
fn a_probe_that_finds_the_machine_busy_keeps_nobody_else_from_probing() {
    let mut shop = Shop::open();
    let reboot = |shop: &mut Shop| {
        let providers = shop.world.reconciler().providers;
        let call = async move {
            let host = providers.at(Provider::Vultr, EVERYWHERE).unwrap();
            host.reboot(&VmId("gone".to_owned())).await.err()
        };
        shop.call(call).unwrap()
    };
    shop.world.host.fail(Op::Reboot, HostFault::Unauthorized, 1);
    assert!(matches!(reboot(&mut shop), Some(VmError::Unauthorized(_))));
    shop.run_for(OPEN_FIRST);
    shop.world.host.fail(Op::Reboot, HostFault::Unreachable, 1);
    assert!(matches!(reboot(&mut shop), Some(VmError::Busy { retry_after: None })));
    assert!(matches!(reboot(&mut shop), Some(VmError::NotFound)), "it may ask at once");
}

#[test]
fn what_does_not_exist_at_a_provider_says_nothing_about_its_health() {
    let mut shop = Shop::open();
    shop.world.host.fail(Op::Reboot, HostFault::Unauthorized, 1);
    let providers = shop.world.reconciler().providers;
    let call = async move {
        let host = providers.at(Provider::Vultr, EVERYWHERE).unwrap();
        host.reboot(&VmId("gone".to_owned())).await.err()
    };
    assert!(matches!(shop.call(call).unwrap(), Some(VmError::Unauthorized(_))));
    shop.run_for(OPEN_FIRST);
    let providers = shop.world.reconciler().providers;
    let call = async move {
        let host = providers.at(Provider::Vultr, EVERYWHERE).unwrap();
        host.allow_rdp_from(&VmId("gone".to_owned()), &[]).await.err()
    };
    assert!(matches!(shop.call(call).unwrap(), Some(VmError::Unsupported { .. })));
    let circuits = shop.world.store.all_circuits();
    let changes = circuits.iter().find(|c| c.operation == Operation::Change).unwrap();
    assert!(changes.has_opened() && changes.probing_until.is_none(), "{changes:?}");
}
