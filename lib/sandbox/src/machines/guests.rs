//! The desktops behind the machines: brought up, halted and ended one step at a time.

use std::marker::PhantomData;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::RwLock;

use super::{Last, Machine, Play, Turn};
use crate::desktops::{DesktopHost, DesktopSpec};
use crate::world::{Shared, locked};

/// How long the end of the sandbox waits for a desktop that is just being dealt with.
const CLOSE_WAIT: Duration = Duration::from_secs(20);
/// A fresh Windows has this name until it has rebooted.
const NAME_BEFORE_REBOOT: &str = "guest";

/// The desktop host, until it is closed.
pub(super) struct Guests(RwLock<Option<DesktopHost>>);

impl Guests {
    pub(super) fn new(host: DesktopHost) -> Self {
        Self(RwLock::new(Some(host)))
    }

    async fn boot(&self, spec: DesktopSpec) -> anyhow::Result<()> {
        match &*self.0.read().await {
            Some(host) => host.boot(spec).await,
            None => anyhow::bail!("the desktop host is closed"),
        }
    }

    async fn halt(&self, id: &str) {
        if let Some(host) = &*self.0.read().await {
            host.halt(id).await;
        }
    }

    async fn resume(&self, id: &str, address: Ipv4Addr) -> anyhow::Result<()> {
        match &*self.0.read().await {
            Some(host) => {
                host.readdress(id, address).await?;
                host.resume(id).await
            }
            None => anyhow::bail!("the desktop host is closed"),
        }
    }

    pub(super) async fn set_password(&self, id: &str, password: &str) -> anyhow::Result<()> {
        match &*self.0.read().await {
            Some(host) => host.set_password(id, password).await,
            None => anyhow::bail!("the desktop host is closed"),
        }
    }

    pub(super) async fn destroy(&self, id: &str, turn: &Turn) {
        let _turn = turn.lock().await;
        if let Some(host) = &*self.0.read().await {
            host.destroy(id).await;
        }
    }

    pub(super) async fn accepts(&self, id: &str, user: &str, password: &str) -> Option<bool> {
        self.0.read().await.as_ref()?.accepts(id, user, password).await
    }

    pub(super) async fn close(&self) {
        match tokio::time::timeout(CLOSE_WAIT, self.0.write()).await {
            Ok(mut host) => {
                if let Some(host) = host.take() {
                    host.close().await;
                }
            }
            Err(_) => tracing::error!("a desktop did not come to rest in time"),
        }
    }
}

/// One action on one machine; void as soon as another one has begun.
pub(super) struct Action<P: Play> {
    world: Shared,
    id: String,
    generation: u64,
    turn: Turn,
    has_desktop: bool,
    play: PhantomData<fn(P)>,
}

impl<P: Play> Action<P> {
    /// Begins an action, which ends whatever was going on with this machine.
    pub(super) fn begin(world: &Shared, machine: &mut Machine<P>, last: Last) -> Self {
        machine.generation += 1;
        machine.last = last;
        machine.acted_at_ms = world.clock.now_ms();
        Self {
            world: Arc::clone(world),
            id: machine.id.clone(),
            generation: machine.generation,
            turn: Arc::clone(&machine.turn),
            has_desktop: machine.has_desktop,
            play: PhantomData,
        }
    }

    /// Changes the machine, unless the action is void; `None` then.
    fn change<T>(&self, change: impl FnOnce(&mut Machine<P>) -> T) -> Option<T> {
        let mut inventory = locked(P::of(&self.world).inventory());
        let machine = inventory.find_mut(&self.id)?;
        (machine.generation == self.generation).then(|| change(machine))
    }

    async fn halt(&self) -> Option<()> {
        let _turn = self.turn.lock().await;
        self.change(|_| ())?;
        if self.has_desktop {
            self.world.machines.guests.halt(&self.id).await;
        }
        Some(())
    }

    async fn boot(&self, before_reboot: bool) -> Option<()> {
        let _turn = self.turn.lock().await;
        let mut spec = self.change(|machine| machine.spec())?;
        if !self.has_desktop {
            return Some(());
        }
        if before_reboot {
            NAME_BEFORE_REBOOT.clone_into(&mut spec.hostname);
            spec.startup_script = None;
            spec.user_data = None;
            spec.calls_home = false;
        }
        let booted = self.world.machines.guests.boot(spec).await;
        self.report(booted)
    }

    async fn resume(&self) -> Option<()> {
        let _turn = self.turn.lock().await;
        let address = self.change(|machine| machine.address)?;
        if !self.has_desktop {
            return Some(());
        }
        let resumed = self.world.machines.guests.resume(&self.id, address).await;
        self.report(resumed)
    }

    /// Notes a desktop that failed; the machine then looks up but does not answer.
    fn report(&self, result: anyhow::Result<()>) -> Option<()> {
        let Err(error) = result else { return Some(()) };
        let text = format!("{error:#}");
        tracing::error!(machine = %self.id, error = %text, "a desktop did not come up");
        self.change(|machine| machine.guest_error = Some(text));
        None
    }

    /// From installation to a desktop that stays: serves, and for Windows reboots once and serves again.
    pub(super) async fn install(self, begins_after: Duration) -> Option<()> {
        let clock = self.world.clock;
        let mut epoch = self.world.epoch();
        let (os, never_boots) = self.change(|machine| (machine.os, machine.never_boots))?;
        if never_boots {
            return None;
        }
        let timeline = P::timeline(os);
        let begins = Instant::now() + begins_after;
        let until =
            |moment: Duration| (begins + clock.compressed(moment)).saturating_duration_since(Instant::now());
        epoch.sleep(until(timeline.answers)).await.then_some(())?;
        self.boot(timeline.reboots.is_some()).await?;
        let now = clock.now_ms();
        self.change(|machine| machine.first_answer_at_ms = Some(now))?;
        if let Some((gone, back)) = timeline.reboots {
            epoch.sleep(until(gone)).await.then_some(())?;
            self.halt().await?;
            // Counted from here, so that a slow first start does not make the reboot shorter.
            epoch.sleep(clock.compressed(back - gone)).await.then_some(())?;
            self.boot(false).await?;
        }
        let now = clock.now_ms();
        self.change(|machine| machine.booted_at_ms = Some(now))
    }

    /// Power off now.
    pub(super) async fn power_off(self) -> Option<()> {
        self.halt().await
    }

    /// Power on; the guest answers after its boot time.
    pub(super) async fn power_on(self) -> Option<()> {
        let os = self.change(|machine| machine.os)?;
        let boot_time = self.world.clock.compressed(P::timeline(os).power_on);
        if !self.world.epoch().sleep(boot_time).await {
            return None;
        }
        self.resume().await
    }

    /// Off and on again.
    pub(super) async fn reboot(self) -> Option<()> {
        self.halt().await?;
        self.power_on().await
    }

    /// Off at once, then a fresh installation.
    pub(super) async fn reinstall(self) -> Option<()> {
        self.halt().await?;
        self.install(Duration::ZERO).await
    }
}
