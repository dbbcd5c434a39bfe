//! What all six providers have in common: machines, their inventories, the desktops behind them.
//!
//! A play is one provider: a struct in [`World`] that implements [`Play`], and routes. It checks a request in the
//! provider's own words and writes the provider's own shapes; everything that happens to a machine happens here.
//!
//! ```text
//! let call = P::call("contabo.create", &subject);          // counted, and the faults on the wire applied
//! call.run(&world, async {
//!     let mut inventory = locked(&world.contabo.inventory);
//!     let new = New { id: world.machines.number().to_string(), label, tags, hostname, region, plan, os,
//!         password, user_data, script: None, own: Own { … } };
//!     open(&world, &call, &mut inventory, new, |machine| created(machine))    // late, silent, held: all in here
//! }).await
//! on_machine::<Contabo>(&world, "contabo.get", &id, |machine| Json(shape(machine)).into_response()).await
//! on_machine::<Contabo>(&world, "contabo.stop", &id, |machine| { switch(&world, machine, Power::Off); … }).await
//! on_machine::<Contabo>(&world, "contabo.reinstall", &id, |machine| {
//!     machine.password = Some(…);  machine.user_data = …;  reinstall(&world, "contabo.reinstall", machine); …
//! }).await
//! for machine in listed(&world, &call, &inventory) { … }   // the visible ones, oldest first, `stale_list` applied
//! destroy::<DigitalOcean>(&world, &id).await               // false = 404; inside the play's own `call.run`
//! ```
//!
//! What a machine shows is worked out when it is asked for: [`Machine::age`] since its installation began,
//! [`Machine::since_action`] since the last power action, both in the provider's time, with `halted`, `never_boots`,
//! `held`, `creation_fails` and `last`. Machine ids are unique over all providers. Rate limits and their headers are put
//! around each router in `server.rs`, from the rules in `limits.rs`: a play has none of its own.

mod addresses;
mod bulk;
mod faults;
mod guests;
mod inventory;
mod lifecycle;
mod machine;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::response::Response;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::desktops::{DesktopHost, Os};
use crate::operation::{Call, Service};
use crate::world::{Shared, World};

use addresses::Addresses;
use guests::Guests;

pub(crate) use bulk::{AnyPlay, Stocked};
pub(crate) use faults::{listed, password_later, sold_out, unknown_status};
pub(crate) use inventory::Inventory;
pub(crate) use lifecycle::set_password;
pub(crate) use lifecycle::{Power, destroy, on_machine, open, reinstall, subject, switch};
pub(crate) use machine::{Last, Machine, New};

/// Machines alive at once over all providers; more are refused, as an account's limit does.
const MACHINES_MAX: usize = 12_000;
/// Those of them that have a desktop behind them.
const DESKTOPS_MAX: usize = 2_000;
/// Numeric ids begin here: more than 32 bits hold, as the providers' own do.
const NUMBERS_FIRST: u64 = 5_000_000_000;

/// One provider, as its machines see it.
pub(crate) trait Play: Sized + Send + Sync + 'static {
    /// Its name and its words for errors.
    const SERVICE: Service;
    /// What only this provider keeps of a machine.
    type Own: Send + 'static;
    /// Whether a machine that was off comes back at the address that it had.
    const KEEPS_ADDRESS: bool = true;

    fn of(world: &World) -> &Self;

    fn inventory(&self) -> &Mutex<Inventory<Self>>;

    /// When a new guest answers, in the provider's time.
    fn timeline(os: Os) -> &'static Timeline;

    /// Whose password a machine's `password` is.
    fn administrator(machine: &Machine<Self>) -> String {
        match machine.os {
            Os::Windows => "Administrator".into(),
            Os::Linux => "root".into(),
        }
    }

    /// What the control API shows of a machine on top of the common fields: an object with at least `status` (the
    /// provider's word) and `power` (`running` or `stopped`).
    fn summary(machine: &Machine<Self>, clock: Clock, now_ms: i64) -> Value;

    /// The subnets from which the firewall lets RDP in, as `192.0.2.0/24`; `None` = from everywhere. Shown by the control
    /// API, while no traffic is filtered. The inventory is locked meanwhile.
    fn rdp_from(_: &World, _: &Machine<Self>) -> Option<Vec<String>> {
        None
    }

    /// The answer for an id that is not there.
    fn no_such_machine(id: &str) -> Response;

    /// A machine for `POST /control/machines/bulk`: a new id, and defaults for what is not asked for.
    ///
    /// # Errors
    /// What is wrong with the wish, for the caller.
    fn stocked(world: &World, wish: Stocked) -> Result<New<Self>, String>;

    /// Forgets what is not a machine: tokens, secrets, firewalls. The machines are gone already.
    fn forget(&self) {}

    fn call<'a>(target: &'static str, subject: &'a str) -> Call<'a> {
        Call { service: Self::SERVICE, target, subject }
    }
}

/// Moments after the start of an installation, in the provider's time.
pub(crate) struct Timeline {
    /// The guest first answers RDP.
    pub(crate) answers: Duration,
    /// Windows only: gone from the first, back at the second.
    pub(crate) reboots: Option<(Duration, Duration)>,
    /// How long the guest is away when it is started or rebooted.
    pub(crate) power_on: Duration,
}

/// Serialises what is done to one desktop, in the order in which it was asked for.
pub(crate) type Turn = Arc<tokio::sync::Mutex<()>>;

/// What the providers share: one desktop host, addresses that never meet, and the bounds.
pub(crate) struct Machines {
    guests: Guests,
    addresses: Mutex<Addresses>,
    seats: Arc<Semaphore>,
    desktops: Arc<Semaphore>,
    last_number: AtomicU64,
}

/// A machine's place among all machines; given back when it is dropped.
pub(crate) struct Seat {
    _any: OwnedSemaphorePermit,
    _desktop: Option<OwnedSemaphorePermit>,
}

impl Machines {
    pub(crate) fn new(desktops: DesktopHost) -> Self {
        Self {
            guests: Guests::new(desktops),
            addresses: Mutex::new(Addresses::new()),
            seats: Arc::new(Semaphore::new(MACHINES_MAX)),
            desktops: Arc::new(Semaphore::new(DESKTOPS_MAX)),
            last_number: AtomicU64::new(NUMBERS_FIRST),
        }
    }

    /// A number that no provider has given to anything yet: machines, actions, secrets.
    pub(crate) fn number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn seat(&self, has_desktop: bool) -> Option<Seat> {
        let desktop =
            if has_desktop { Some(Arc::clone(&self.desktops).try_acquire_owned().ok()?) } else { None };
        Some(Seat { _any: Arc::clone(&self.seats).try_acquire_owned().ok()?, _desktop: desktop })
    }

    /// Whether the desktop would let this user in; `None` when it cannot be told.
    pub(crate) async fn accepts(&self, id: &str, user: &str, password: &str) -> Option<bool> {
        self.guests.accepts(id, user, password).await
    }

    /// Ends the desktop host. The machines are gone already.
    pub(crate) async fn close(&self) {
        self.guests.close().await;
    }
}

/// Destroys every machine of every provider and forgets everything except which addresses were used.
pub(crate) async fn reset(world: &Shared) {
    for play in world.plays() {
        for (id, turn) in play.clear() {
            world.machines.guests.destroy(&id, &turn).await;
        }
    }
}
