//! Virtual time, chance and the crash switch: what every simulated thing shares.

mod chance;
mod executor;
mod switch;

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use app::ports::{Clock, Ids};
use domain::Timestamp;
use jiff::SignedDuration;

pub use chance::Chance;
pub(crate) use executor::{Executor, GoingOn};
use switch::Switch;
pub use switch::{Fault, Trigger};

use crate::world::Work;

/// The heart of one simulated world; clones are the same one.
#[derive(Clone)]
pub struct Sim(Arc<Mutex<State>>);

struct State {
    now: Timestamp,
    /// Breaks ties in time, so that one seed is one order of things.
    sequence: u64,
    timers: BTreeMap<(Timestamp, u64), Waker>,
    agenda: BTreeMap<(Timestamp, u64), Work>,
    ids: Chance,
    secrets: Chance,
    schedule: Chance,
    switch: Switch,
    crashed: bool,
}

/// The process ended in the middle: memory is gone, effects stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crashed;

impl Sim {
    /// A world's heart that begins at 2026-11-20T08:00:00Z; everything in it follows from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            now: Timestamp::from_second(1_795_161_600).expect("a second of 2026"),
            sequence: 0,
            timers: BTreeMap::new(),
            agenda: BTreeMap::new(),
            ids: Chance::new(seed, "ids"),
            secrets: Chance::new(seed, "secrets"),
            schedule: Chance::new(seed, "schedule"),
            switch: Switch::default(),
            crashed: false,
        })))
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().expect("one thread"))
    }

    /// A number in `0..n` from the stream that decides in which order things happen.
    pub fn below(&self, n: u64) -> u64 {
        self.state(|s| s.schedule.below(n))
    }

    /// Makes port calls fail or crash when `trigger` says so.
    pub fn arm(&self, trigger: Trigger, fault: Fault) {
        self.state(|s| s.switch.arm(trigger, fault));
    }

    /// No further faults.
    pub fn disarm(&self) {
        self.state(|s| s.switch.disarm());
    }

    /// How many port calls there have been.
    pub fn calls(&self) -> u64 {
        self.state(|s| s.switch.calls())
    }

    /// The last port calls, oldest first, at most a few hundred: what to read when a seed fails.
    pub fn trace(&self) -> Vec<String> {
        self.state(|s| s.switch.trace())
    }

    /// Waits on virtual time.
    pub async fn sleep(&self, duration: SignedDuration) {
        let mut timer = None;
        poll_fn(|context| self.state(|s| s.wait(&mut timer, context.waker(), |_| duration))).await;
    }

    /// The outcome of `work`, or `None` when it takes longer than `limit`; `work` is then dropped.
    pub async fn within<T>(&self, limit: SignedDuration, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut end = pin!(self.sleep(limit));
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => end.as_mut().poll(context).map(|()| None),
        })
        .await
    }

    /// Runs `work` as a process of its own: a crash inside ends it here.
    pub async fn process<T>(&self, work: impl Future<Output = T>) -> Result<T, Crashed> {
        // In a box, so that the memory of a crashed process is gone before anybody goes on.
        let mut work = Some(Box::pin(work));
        poll_fn(|context| {
            let Some(running) = work.as_mut() else { return Poll::Ready(Err(Crashed)) };
            if let Poll::Ready(done) = running.as_mut().poll(context) {
                return Poll::Ready(Ok(done));
            }
            if self.state(|s| std::mem::take(&mut s.crashed)) {
                work = None;
                return Poll::Ready(Err(Crashed));
            }
            Poll::Pending
        })
        .await
    }

    /// One call of a port: takes a moment, and fails or crashes when the switch says so.
    ///
    /// `lost` makes the port's error for a call without a clear answer.
    pub(crate) async fn call<T, E>(
        &self,
        name: &'static str,
        lost: impl Fn() -> E + Send,
        effect: impl FnOnce() -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let mut timer = None;
        let fault = poll_fn(|context| {
            self.state(|s| {
                let moment = |s: &mut State| {
                    let millis = 1 + s.schedule.below(40);
                    SignedDuration::from_millis(i64::try_from(millis).unwrap_or(1))
                };
                s.wait(&mut timer, context.waker(), moment).map(|()| s.switch.next(name))
            })
        });
        match fault.await {
            None => effect(),
            Some(Fault::Before) => Err(lost()),
            Some(Fault::After) => effect().and_then(|_| Err(lost())),
            Some(Fault::CrashBefore) => self.crash().await,
            Some(Fault::CrashAfter) => {
                drop(effect());
                self.crash().await
            }
        }
    }

    async fn crash<T>(&self) -> T {
        self.state(|s| s.crashed = true);
        std::future::pending().await
    }

    /// Puts work on the agenda for `delay` from now.
    pub(crate) fn schedule(&self, delay: SignedDuration, work: Work) {
        self.state(|s| {
            s.sequence += 1;
            let due = s.now.checked_add(delay).expect("a time within range");
            s.agenda.insert((due, s.sequence), work);
        });
    }

    /// Takes the first piece of work that is due.
    fn due(&self) -> Option<Work> {
        self.state(|s| {
            let first = s.agenda.first_entry()?;
            (first.key().0 <= s.now).then(|| first.remove())
        })
    }

    /// Moves the clock to the next thing that will happen, but not beyond `limit`; `false` when nothing will.
    fn advance(&self, limit: Timestamp) -> bool {
        self.state(|s| {
            if s.now >= limit {
                return false;
            }
            let timer = s.timers.first_key_value().map(|((at, _), _)| *at);
            let agenda = s.agenda.first_key_value().map(|((at, _), _)| *at);
            let Some(next) = timer.into_iter().chain(agenda).min().filter(|at| *at <= limit) else {
                s.now = limit;
                return false;
            };
            s.now = s.now.max(next);
            while let Some(first) = s.timers.first_entry().filter(|first| first.key().0 <= s.now) {
                first.remove().wake();
            }
            true
        })
    }

    /// Whether anything is on the agenda before `limit`.
    pub(crate) fn agenda_before(&self, limit: Timestamp) -> bool {
        self.state(|s| s.agenda.keys().next().is_some_and(|(at, _)| *at <= limit))
    }
}

impl State {
    /// Waits until the time of `timer`, which is set (and takes its place among the timers) at the first look.
    fn wait(
        &mut self,
        timer: &mut Option<(Timestamp, u64)>,
        waker: &Waker,
        duration: impl FnOnce(&mut Self) -> SignedDuration,
    ) -> Poll<()> {
        let (due, place) = match *timer {
            Some(set) => set,
            None => {
                let duration = duration(self);
                self.sequence += 1;
                let due = self.now.checked_add(duration).expect("a time within range");
                *timer.insert((due, self.sequence))
            }
        };
        if self.now >= due {
            return Poll::Ready(());
        }
        self.timers.insert((due, place), waker.clone());
        Poll::Pending
    }
}

impl Clock for Sim {
    fn now(&self) -> Timestamp {
        self.state(|s| s.now)
    }
}

impl Ids for Sim {
    fn random(&self) -> u128 {
        self.state(|s| u128::from(s.ids.next()) << 64 | u128::from(s.ids.next()))
    }

    fn secret_bytes<const N: usize>(&self) -> [u8; N] {
        self.state(|s| {
            let mut bytes = [0; N];
            for chunk in bytes.chunks_mut(8) {
                chunk.copy_from_slice(&s.secrets.next().to_le_bytes()[..chunk.len()]);
            }
            bytes
        })
    }
}
