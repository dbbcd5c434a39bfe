//! One run of the inventory over many desktops: `inventory NUMBER`, for `cargo xtask bench`.
//!
//! NUMBER desktops are spread evenly over six providers; every hundredth has got another address. Prints one JSON
//! line: desktops, provider calls, pages, repairs, deletions, milliseconds, and the memory of the whole process
//! (simulated providers and table included) before and at most.

#![allow(clippy::expect_used, reason = "what cannot be ends the measurement")]

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use app::ports::{Commit as _, Write};
use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Plan, Provider};
use domain::customer::CustomerId;
use domain::ids::{InstanceId, OrderId};
use domain::instance::{Instance, InstanceStatus};
use domain::vm::{VmId, vm_name};
use jiff::SignedDuration;
use testkit::Shop;

/// How old every machine is.
const AGE: SignedDuration = SignedDuration::from_hours(48);
/// Rows written in one transaction.
const ROWS: usize = 50;

fn main() -> ExitCode {
    let Some(number) = std::env::args().nth(1).and_then(|text| text.parse().ok()) else {
        drop(writeln!(std::io::stderr(), "inventory NUMBER"));
        return ExitCode::from(2);
    };
    let mut shop = Shop::open();
    let changed = fill(&mut shop, number);
    let (before, calls) = (memory_kb("VmRSS:"), shop.world.host.calls());
    let began = Instant::now();
    let found = shop.reconcile();
    let milliseconds = began.elapsed().as_millis();
    let calls = shop.world.host.calls() - calls;
    drop(writeln!(
        std::io::stdout(),
        "{{\"desktops\": {number}, \"calls\": {calls}, \"pages\": {}, \"repaired\": {}, \"deleted\": {}, \
         \"changed\": {changed}, \"milliseconds\": {milliseconds}, \"rss_kb_before\": {before}, \"rss_kb_peak\": {}}}",
        found.pages,
        found.repaired,
        found.deleted,
        memory_kb("VmHWM:")
    ));
    shop.let_go();
    ExitCode::SUCCESS
}

/// Puts desktops and their machines into the shop; how many of them are not as recorded.
fn fill(shop: &mut Shop, number: usize) -> usize {
    let now = shop.now();
    let mut rows = Vec::new();
    let mut changed = 0;
    for n in 0..number {
        let order = OrderId::new(now, n as u128);
        let provider = Provider::ALL[n % Provider::ALL.len()];
        let (name, tag) = (vm_name(order, 1), order.to_string());
        let vm = shop.world.host.plant(provider, &name, &[&tag, "nemordp"], AGE);
        let mut desktop = desktop(order, InstanceId::new(now, n as u128), provider, vm.clone(), now);
        shop.world.host.meddle(&vm, |machine| desktop.address = Some(machine.address));
        if n % 100 == 1 {
            desktop.address = Some([192, 0, 2, 1].into());
            changed += 1;
        }
        rows.push(Write::Instance(desktop));
        if rows.len() == ROWS || n + 1 == number {
            let (store, batch) = (shop.world.store.clone(), std::mem::take(&mut rows));
            let stored = shop.call(async move { store.commit(batch).await });
            stored.expect("no crash").expect("rows that are new");
        }
    }
    changed
}

fn desktop(order: OrderId, id: InstanceId, provider: Provider, vm: VmId, now: Timestamp) -> Instance {
    Instance {
        id,
        order,
        customer: CustomerId::parse("customer-1").expect("an id"),
        plan: Plan::Basic,
        os: Os::Linux,
        status: InstanceStatus::Active,
        attempt: 1,
        offering: Offering {
            provider,
            plan: "small".to_owned(),
            region: "us-east".to_owned(),
            provider_region: "east".to_owned(),
            image: Image { name_prefix: "Ubuntu 24.04".to_owned(), fallback_id: String::new() },
        },
        price: None,
        vm: Some(vm),
        address: None,
        username: "desk".to_owned(),
        certificate: None,
        command: None,
        last_error: None,
        boot: 1,
        created_at: now.checked_sub(AGE).unwrap_or(now),
        ready_at: now.checked_sub(AGE).ok(),
        setup_seconds: Some(300),
        version: 0,
    }
}

/// A line of `/proc/self/status`, in kB; 0 where there is none.
fn memory_kb(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|l| l.strip_prefix(line));
    value.and_then(|v| v.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
