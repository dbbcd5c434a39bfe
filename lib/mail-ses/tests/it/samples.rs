//! One of each mail, with fixed values.

use app::ports::MailContent;
use domain::Timestamp;
use domain::catalogue::{Os, Plan, Specs};
use domain::customer::Email;
use domain::first_boot::Fingerprints;
use domain::ids::{InstanceId, OrderId};
use domain::money::{Currency, Money};
use domain::order::Failure;
use domain::secret::Secret;
use mail_ses::Settings;

/// Holds every character that HTML, MIME or a shell could change.
pub(crate) const PASSWORD: &str = r#"q7&T=9<K"w'3x>V.R#m{2}\Hd=3D"#;

pub(crate) fn now() -> Timestamp {
    "2026-11-20T14:02:11Z".parse().unwrap()
}

pub(crate) fn settings(site_url: Option<&str>) -> Settings {
    Settings {
        from: Email::parse("desk@nemordp.example").unwrap(),
        operator: Email::parse("operator@nemordp.example").unwrap(),
        brand: "NemoRDP".to_owned(),
        site_url: site_url.map(str::to_owned),
    }
}

pub(crate) const SITE: Option<&str> = Some("https://nemordp.example/");

pub(crate) fn customer() -> Email {
    Email::parse("ada@example.com").unwrap()
}

pub(crate) fn order() -> OrderId {
    OrderId::new(now(), 7)
}

pub(crate) fn started(os: Os) -> MailContent {
    let ready_at = Some("2026-11-20T14:09:00Z".parse().unwrap());
    MailContent::Started { order: order(), plan: Plan::Basic, os, ready_at, paid: true }
}

/// To staff, whose trading desktop nobody pays for.
pub(crate) fn started_for_staff() -> MailContent {
    let mut content = started(Os::Windows);
    if let MailContent::Started { paid, .. } = &mut content {
        *paid = false;
    }
    content
}

pub(crate) fn not_delivered(failure: Failure) -> MailContent {
    MailContent::NotDelivered {
        order: order(),
        mt5_account_id: "51234567".to_owned(),
        vps_name: Some("gold scalper".to_owned()),
        place: "vultr vc2-2c-4gb in lhr".to_owned(),
        failure,
    }
}

pub(crate) fn receipt(os: Os) -> MailContent {
    MailContent::Receipt {
        order: order(),
        plan: Plan::Gpu,
        os,
        specs: Some(Specs {
            vcpus: 4,
            memory_gb: 16,
            disk_gb: 160,
            traffic_gb: 3000,
            gpu: Some("NVIDIA A16, 4 GB".to_owned()),
        }),
        amount: Money::new(4_500_000, Currency::Ngn),
        reference: "pay_01KAGFZS3R0000000000000007-1".to_owned(),
        paid_at: now(),
    }
}

pub(crate) fn ready(os: Os) -> MailContent {
    MailContent::Ready {
        order: order(),
        instance: InstanceId::new(now(), 9),
        plan: Plan::Performance,
        os,
        address: "203.0.113.5".parse().unwrap(),
        port: 3389,
        username: if os == Os::Windows { "Administrator" } else { "desk" }.to_owned(),
        password: Some(Secret::new(PASSWORD.to_owned())),
        certificate: Some(Fingerprints {
            sha256: Some("3f9ac21e58b70d6491ee02d7ab34c5f6172839405a6b7c8d9eafb0c1d2e3f405".to_owned()),
            sha1: Some("a94f10c2de3b5678901fedcba98765432100ffee".to_owned()),
        }),
        reinstalled: false,
    }
}

/// After a reinstall, with a machine that reached us by IPv6 only and told one digest.
pub(crate) fn reinstalled(os: Os) -> MailContent {
    let mut content = ready(os);
    if let MailContent::Ready { address, certificate, reinstalled, .. } = &mut content {
        *address = "2001:db8::5".parse().unwrap();
        *reinstalled = true;
        if let Some(certificate) = certificate {
            certificate.sha1 = None;
        }
    }
    content
}

/// For a customer who wants to reveal the password on the site.
pub(crate) fn ready_by_link(os: Os) -> MailContent {
    let mut content = ready(os);
    if let MailContent::Ready { password, certificate, .. } = &mut content {
        *password = None;
        *certificate = None;
    }
    content
}

pub(crate) fn delayed(os: Os) -> MailContent {
    let deadline = "2026-11-20T14:32:11Z".parse().unwrap();
    MailContent::Delayed { order: order(), plan: Plan::Basic, os, deadline }
}

pub(crate) fn rebuilding(os: Os) -> MailContent {
    let deadline = "2026-11-20T14:32:11Z".parse().unwrap();
    MailContent::Rebuilding { order: order(), plan: Plan::Basic, os, deadline }
}

pub(crate) fn failed(os: Os, failure: Failure) -> MailContent {
    let amount = Money::new(4_500_000, Currency::Ngn);
    MailContent::FailedAndRefunded { order: order(), plan: Plan::Basic, os, failure, amount }
}

pub(crate) fn alert(order: Option<OrderId>) -> MailContent {
    let note =
        "the refund of NGN 45,000.00 was refused by the gateway 5 times; the customer has no money back yet";
    MailContent::OperatorAlert { order, note: note.to_owned() }
}

/// Every variant with every system, by the name of its goldens.
pub(crate) fn all() -> Vec<(String, MailContent)> {
    let mut all = Vec::new();
    for &os in Os::ALL {
        all.push((format!("started-{os}"), started(os)));
        all.push((format!("receipt-{os}"), receipt(os)));
        all.push((format!("delayed-{os}"), delayed(os)));
        all.push((format!("rebuilding-{os}"), rebuilding(os)));
        all.push((format!("ready-{os}"), ready(os)));
        all.push((format!("ready-by-link-{os}"), ready_by_link(os)));
        all.push((format!("reinstalled-{os}"), reinstalled(os)));
        for &failure in Failure::ALL {
            all.push((format!("failed-{failure}-{os}"), failed(os, failure)));
        }
    }
    all.push(("started-staff".to_owned(), started_for_staff()));
    for &failure in Failure::ALL {
        all.push((format!("not-delivered-{failure}"), not_delivered(failure)));
    }
    all.push(("alert-order".to_owned(), alert(Some(order()))));
    all.push(("alert".to_owned(), alert(None)));
    all
}
