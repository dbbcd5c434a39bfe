//! Orders, the machines asked for in their name, and what they are looked for by.

use app::ports::{Capabilities, CreateCall, CreateVm, Reinstall, Trace, UserData};
use domain::Timestamp;
use domain::catalogue::{Offering, Os};
use domain::ids::OrderId;
use domain::secret::Secret;
use domain::vm::{host_name, vm_name};

/// Passes every provider's rule: long, upper and lower case, three digits, two signs that all of them take.
pub(crate) const PASSWORD: &str = "Quiet7Harbour!Lantern_42Owl";

/// Order number `n` of a story. Their ids differ in the last characters only.
pub(crate) fn order(n: u16) -> OrderId {
    let placed = Timestamp::from_second(1_795_000_000).expect("a time");
    OrderId::new(placed, 0x5eed_0000_0000_0000 + u128::from(n))
}

/// What makes a machine for an attempt of an order.
pub(crate) fn create(
    order: OrderId,
    attempt: u16,
    offering: &Offering,
    os: Os,
    able: &Capabilities,
) -> CreateVm {
    CreateVm {
        offering: offering.clone(),
        os,
        name: vm_name(order, attempt),
        request_id: request_id(order, attempt),
        host_name: host_name(order, attempt),
        tags: vec![order.to_string(), "nemordp".to_owned()],
        user_data: user_data(os, able),
        password: Secret::new(PASSWORD.to_owned()),
    }
}

/// What makes that machine as new.
pub(crate) fn reinstall(created: &CreateVm) -> Reinstall {
    Reinstall {
        name: created.name.clone(),
        host_name: created.host_name.clone(),
        os: created.os,
        image: created.offering.image.clone(),
        user_data: created.user_data.clone(),
        password: created.password.clone(),
    }
}

/// What its machine is looked for by.
pub(crate) fn trace(created: &CreateVm) -> Trace {
    Trace {
        tag: created.tags.first().cloned().unwrap_or_default(),
        names: vec![created.name.clone()],
        calls: vec![CreateCall { request_id: created.request_id.clone(), name: created.name.clone() }],
        regions: vec![created.offering.provider_region.clone()],
        since: Timestamp::from_second(1_600_000_000).expect("a time"),
    }
}

/// A UUID v4 that belongs to the attempt.
fn request_id(order: OrderId, attempt: u16) -> String {
    let tail =
        order.bare().bytes().fold(u64::from(attempt), |sum, b| sum.wrapping_mul(131).wrapping_add(b.into()));
    format!("5eed5eed-0000-4000-8000-{:012x}", tail & 0xffff_ffff_ffff)
}

fn user_data(os: Os, able: &Capabilities) -> UserData {
    match os {
        Os::Linux => UserData::CloudConfig("#cloud-config\npackage_update: false\n".to_owned()),
        Os::Windows if able.windows.is_some_and(|windows| windows.batch) => {
            UserData::Batch("@echo off\r\nrem first boot\r\n".to_owned())
        }
        Os::Windows => UserData::PowerShell("Write-Output 'first boot'\r\n".to_owned()),
    }
}
