//! `cargo xtask demo --fault NAME`: something goes wrong, and one sees how it ends.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::customer::{Customer, await_mail};
use super::desktop::Delivered;
use super::order::{self, Ended, Placed};
use super::provider::{self, ALL, set_fault, state};
use super::{hand_over, in_words, order_and_pay};
use crate::http;
use crate::local::Stack;
use crate::progress::Progress;
use crate::settings;

/// A region that few providers sell in: Linux is Contabo's, Linode's and Vultr's there, Windows Vultr's and Contabo's.
const REGION: &str = "us-central";
/// As often as a circuit takes failures before it opens.
const FAILURES: usize = 3;
const OPENS_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(300);
/// A little longer than a process believes what it has read of the circuits.
const BELIEVED_FOR: Duration = Duration::from_secs(6);

/// Something that goes wrong, and what is promised then.
pub(crate) struct Fault {
    /// Its word on the command line.
    pub(crate) word: &'static str,
    /// What happens, in a sentence.
    pub(crate) says: &'static str,
    /// The systems of the desktops that are bought at once.
    buys: &'static [&'static str],
    /// What the sandbox is told: target and kind; for good, or once.
    faults: &'static [(&'static str, &'static str, Lasts)],
    promise: Promise,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lasts {
    Once,
    ForGood,
    UntilTheOrderWaits,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Promise {
    /// One desktop.
    Desktop,
    /// One desktop for each of several orders, and the last does not even ask the provider that is down.
    DesktopsRound(&'static str),
    /// Nothing left running, and the money back.
    MoneyBack,
    /// Nothing left running, and a person told that the money has to go back by hand.
    PersonTold,
}

/// Every fault.
pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        word: "out-of-stock",
        says: "The first provider is sold out: the next one makes the desktop.",
        buys: &["linux"],
        faults: &[("contabo.create", "out_of_stock", Lasts::ForGood)],
        promise: Promise::Desktop,
    },
    Fault {
        word: "provider-down",
        says: "The first provider fails: its circuit opens after three orders, and the fourth goes round it unasked.",
        buys: &["linux"; FAILURES],
        faults: &[("contabo.create", "fail_before", Lasts::ForGood)],
        promise: Promise::DesktopsRound("contabo"),
    },
    Fault {
        word: "lost-answer",
        says: "The machine is made and the connection drops before anybody learns of it: it is found and adopted.",
        buys: &["linux"],
        faults: &[("contabo.create", "drop_after_effect", Lasts::Once)],
        promise: Promise::Desktop,
    },
    Fault {
        word: "late-create",
        says: "The provider says no, and the machine appears seconds later all the same: it is adopted.",
        buys: &["linux"],
        faults: &[("contabo.create", "late_create", Lasts::Once)],
        promise: Promise::Desktop,
    },
    Fault {
        word: "silent-boot",
        says: "The machine boots and never calls home: it is delivered because RDP answers.",
        buys: &["linux"],
        faults: &[("contabo.create", "boot_silent", Lasts::Once)],
        promise: Promise::Desktop,
    },
    Fault {
        word: "never-boots",
        says: "Machines never come up: at the deadline they are destroyed, or cancelled where they are rented by the \
               month, and the money goes back (two minutes).",
        buys: &["windows", "linux"],
        faults: &[("*.create", "never_boot", Lasts::ForGood)],
        promise: Promise::MoneyBack,
    },
    Fault {
        word: "sold-out",
        says: "Nobody has anything in stock: the money goes back.",
        buys: &["linux"],
        faults: &[("*.create", "out_of_stock", Lasts::ForGood)],
        promise: Promise::MoneyBack,
    },
    Fault {
        word: "everything-down",
        says: "Every provider fails: orders wait, their customer is told, and they are delivered when one is back.",
        buys: &["windows"; FAILURES],
        faults: &[("*.create", "fail_before", Lasts::UntilTheOrderWaits)],
        promise: Promise::Desktop,
    },
    Fault {
        word: "refund-refused",
        says: "Nobody has anything in stock, and the gateway fails the refund: a person is told, with all it takes.",
        buys: &["linux"],
        faults: &[
            ("*.create", "out_of_stock", Lasts::ForGood),
            ("paystack.refund", "refund_fails", Lasts::Once),
        ],
        promise: Promise::PersonTold,
    },
];

impl Fault {
    /// The one with this word.
    ///
    /// # Errors
    /// There is none; the message names them all.
    pub(crate) fn find(word: &str) -> anyhow::Result<&'static Self> {
        let words: Vec<_> = FAULTS.iter().map(|one| one.word).collect();
        FAULTS
            .iter()
            .find(|one| one.word == word)
            .with_context(|| format!("--fault is one of {}, not `{word}`", words.join(", ")))
    }

    /// All of them, a line each.
    pub(crate) fn help() -> String {
        FAULTS.iter().map(|one| format!("    {:16} {}\n", one.word, one.says)).collect()
    }
}

/// Sets the fault, buys, and holds the end against the promise.
pub(super) fn show(
    stack: &Stack,
    customer: &Customer,
    fault: &Fault,
    progress: &mut Progress,
) -> anyhow::Result<Vec<Delivered>> {
    progress.note(fault.says);
    let mut lifted = Vec::new();
    for (target, kind, lasts) in fault.faults {
        for target in targets(target) {
            let times = u8::from(*lasts == Lasts::Once);
            let id = set_fault(stack, &json!({"target": target, "kind": kind, "times": times}))?;
            if *lasts == Lasts::UntilTheOrderWaits {
                lifted.push(id);
            }
        }
    }
    let asked_before = Asked::read(stack)?;
    let mut placed = Vec::new();
    for (at, os) in fault.buys.iter().enumerate() {
        let name = name_of(fault.buys, at);
        let order = order_and_pay(stack, customer, (Some(REGION), os, &name), progress)?;
        placed.push((name, order));
    }
    let mut desktops = Vec::new();
    if let (Promise::DesktopsRound(down), Some(os)) = (fault.promise, fault.buys.first()) {
        desktops.push(goes_round(stack, customer, os, down, progress)?);
    }
    for (name, order) in &placed {
        let report = |step: &str| {
            progress.done(&format!("{name}: {}", in_words(stack, &order.id, step)));
            if step == "waiting_for_provider" && !lifted.is_empty() {
                lifted.drain(..).for_each(|id| lift(stack, id));
                progress.note("the providers are back");
            }
        };
        let told_is_enough = fault.promise == Promise::PersonTold;
        let enough = |status: &str| told_is_enough && status == "refunding";
        let ended = order::watch(stack, customer, order, report, enough)?;
        desktops.extend(kept(stack, customer, fault, (name, order, ended), progress)?);
    }
    if let Some(order) = placed.last().map(|(_, order)| order).filter(|_| !desktops.is_empty()) {
        progress.note(&asked_before.story(stack, order)?);
    }
    Ok(desktops)
}

/// What one of the desktops is called: its system, numbered where there are several of it.
fn name_of(buys: &[&str], at: usize) -> String {
    let os = buys.get(at).copied().unwrap_or_default();
    let count = |some: &[&str]| some.iter().filter(|one| **one == os).count();
    match (count(buys), buys.get(..=at)) {
        (2.., Some(so_far)) => format!("{} {}", system(os), count(so_far)),
        _ => system(os).to_owned(),
    }
}

fn system(os: &str) -> &'static str {
    if os == "windows" { "Windows" } else { "Ubuntu" }
}

/// Holds the end of an order against what the fault lets one promise; its desktop, when there is one.
fn kept(
    stack: &Stack,
    customer: &Customer,
    fault: &Fault,
    (name, order, ended): (&str, &Placed, Ended),
    progress: &mut Progress,
) -> anyhow::Result<Option<Delivered>> {
    match (fault.promise, ended) {
        (Promise::Desktop | Promise::DesktopsRound(_), Ended::Delivered(finished)) => {
            hand_over(stack, customer, name, &finished, progress).map(Some)
        }
        (Promise::MoneyBack, Ended::Undone { reason, refunded: true }) => {
            let begins = "We could not deliver";
            let subject = mailed(stack, &customer.email, &order.id, begins)?;
            nothing_runs(stack, order, progress)?;
            progress.done(&format!("{name}: nothing runs, the money is back ({reason}); mailed: {subject}"));
            Ok(None)
        }
        (Promise::PersonTold, Ended::Undone { .. }) => {
            let subject = mailed(stack, settings::OPERATOR, &order.id, "by hand")?;
            nothing_runs(stack, order, progress)?;
            progress.done(&format!("{name}: nothing runs; mailed to {}: {subject}", settings::OPERATOR));
            Ok(None)
        }
        (_, Ended::Delivered(_)) => bail!("the order was delivered, which this fault does not let it be"),
        (_, Ended::Undone { reason, .. }) => bail!("the promise was not kept: {reason}"),
    }
}

/// One more order, which is delivered without asking the provider whose circuit the others have opened.
fn goes_round(
    stack: &Stack,
    customer: &Customer,
    os: &str,
    down: &str,
    progress: &mut Progress,
) -> anyhow::Result<Delivered> {
    let began = Instant::now();
    while requests(&state(stack)?, down) < FAILURES as u64 {
        ensure!(began.elapsed() < OPENS_WITHIN, "{down} is not asked as often as opens its circuit");
        thread::sleep(POLL);
    }
    thread::sleep(BELIEVED_FOR);
    let before = requests(&state(stack)?, down);
    progress.note(&format!("{down} was asked {before} times for a machine; from now on it is left alone"));
    let name = format!("One more {}", system(os));
    let order = order_and_pay(stack, customer, (Some(REGION), os, &name), progress)?;
    let report = |step: &str| progress.done(&format!("{name}: {}", in_words(stack, &order.id, step)));
    let finished = order::follow(stack, customer, &order, report)?;
    let desktop = hand_over(stack, customer, &name, &finished, progress)?;
    let asked = requests(&state(stack)?, down) - before;
    // A circuit that has been open for a while is tried by one order.
    ensure!(asked <= 1, "{down} was asked {asked} more times");
    progress.note(&format!("{name}: delivered, and {down} was asked {asked} more times"));
    Ok(desktop)
}

/// Waits for the mail about an order that holds these words; its subject.
fn mailed(stack: &Stack, to: &str, order: &str, words: &str) -> anyhow::Result<String> {
    let mail = await_mail(stack, to, |text| text.contains(order) && text.contains(words))?;
    Ok(mail["Subject"].as_str().unwrap_or_default().to_owned())
}

/// How often each provider was asked for a machine.
struct Asked(Vec<u64>);

impl Asked {
    fn read(stack: &Stack) -> anyhow::Result<Self> {
        let state = state(stack)?;
        Ok(Self(ALL.iter().map(|one| requests(&state, one.word)).collect()))
    }

    /// Who delivered, and who was asked besides.
    fn story(&self, stack: &Stack, order: &Placed) -> anyhow::Result<String> {
        let by = provider::of_order(stack, &order.id).context("nobody has a machine of this order")?;
        let now = Self::read(stack)?;
        let asked = ALL.iter().zip(self.0.iter().zip(&now.0)).filter(|(_, (before, now))| now > before);
        let skipped: Vec<_> = asked.map(|(one, _)| one.name).filter(|name| *name != by).collect();
        Ok(match skipped.as_slice() {
            [] => format!("delivered by {by}"),
            skipped => format!("delivered by {by}, after {} had been asked", skipped.join(" and ")),
        })
    }
}

fn requests(state: &Value, provider: &str) -> u64 {
    state["requests"][format!("{provider}.create")].as_u64().unwrap_or(0)
}

/// `*.create` is every provider's.
fn targets(target: &str) -> Vec<String> {
    match target.strip_prefix("*.") {
        Some(operation) => ALL.iter().map(|one| format!("{}.{operation}", one.word)).collect(),
        None => vec![target.to_owned()],
    }
}

fn lift(stack: &Stack, id: u64) {
    let url = stack.fact("control_url").map(|control| format!("{control}/faults/{id}"));
    // One that has gone already is lifted as well.
    drop(url.and_then(|url| http::delete(&url)));
}

/// Holds that no machine of an order runs, and tells of each that is cancelled and paid for to its end.
fn nothing_runs(stack: &Stack, order: &Placed, progress: &mut Progress) -> anyhow::Result<()> {
    for left in provider::left_of_order(stack, &order.id)? {
        let Some(ends) = left.ends else { bail!("a machine of {} still runs at {}", order.id, left.at) };
        progress.note(&format!("cancelled at {}, where it is paid for until {ends}", left.at));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_word_of_its_own_and_a_sentence() {
        for (at, fault) in FAULTS.iter().enumerate() {
            assert!(FAULTS[..at].iter().all(|other| other.word != fault.word), "{}", fault.word);
            assert!(Fault::help().contains(fault.says) && fault.says.ends_with('.'), "{}", fault.word);
        }
        let error = Fault::find("flood").err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("never-boots") && error.contains("`flood`"), "{error}");
    }

    #[test]
    fn desktops_are_numbered_where_there_are_several_of_a_system() {
        let names = |buys: &[&str]| (0..buys.len()).map(|at| name_of(buys, at)).collect::<Vec<_>>();
        assert_eq!(names(&["windows", "linux"]), ["Windows", "Ubuntu"]);
        assert_eq!(names(&["linux", "windows", "linux"]), ["Ubuntu 1", "Windows", "Ubuntu 2"]);
    }

    #[test]
    fn a_star_is_every_provider() {
        assert_eq!(targets("*.create").len(), ALL.len());
        assert_eq!(targets("vultr.list"), ["vultr.list"]);
    }
}
