//! The switch by which port calls fail.

use std::collections::VecDeque;

use super::Chance;

/// What becomes of one port call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No effect, and an error.
    Before,
    /// The effect, and an error all the same.
    After,
    /// The process ends before the effect.
    CrashBefore,
    /// The process ends after the effect, before it knows.
    CrashAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::After, Self::CrashBefore, Self::CrashAfter];
}

/// Which port calls it happens to. A trigger by number or name is used up when it has fired.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// The call of this number, counted from 1 when the world began.
    Call(u64),
    /// The next call of this name, such as `vm.create`.
    Next(&'static str),
    /// Every call of this name, or of every name that begins like this.
    Every(&'static str),
    /// So many of a thousand calls of any name, from a seed of its own; at most `most` times.
    Random {
        /// Of a thousand.
        permille: u64,
        /// At most so often.
        most: u32,
        /// Decides when.
        seed: u64,
    },
}

/// Calls that the trace remembers.
const TRACE_MAX: usize = 400;

#[derive(Default)]
pub(super) struct Switch {
    calls: u64,
    trace: VecDeque<(u64, &'static str, Option<Fault>)>,
    armed: Vec<(Trigger, Fault)>,
    random: Vec<(Chance, u64, u32)>,
}

impl Switch {
    pub(super) fn arm(&mut self, trigger: Trigger, fault: Fault) {
        match trigger {
            Trigger::Random { permille, most, seed } => {
                self.random.push((Chance::new(seed, "faults"), permille, most));
            }
            other => self.armed.push((other, fault)),
        }
    }

    pub(super) fn disarm(&mut self) {
        self.armed.clear();
        self.random.clear();
    }

    pub(super) const fn calls(&self) -> u64 {
        self.calls
    }

    pub(super) fn trace(&self) -> Vec<String> {
        let line = |(number, name, fault): &(u64, &str, Option<Fault>)| {
            let how = fault.map_or_else(String::new, |f| format!(" {f:?}"));
            format!("{number} {name}{how}")
        };
        self.trace.iter().map(line).collect()
    }

    /// Counts a call and says what becomes of it.
    pub(super) fn next(&mut self, name: &'static str) -> Option<Fault> {
        self.calls += 1;
        let fault = self.armed_for(name).or_else(|| self.random_fault());
        if self.trace.len() == TRACE_MAX {
            self.trace.pop_front();
        }
        self.trace.push_back((self.calls, name, fault));
        fault
    }

    fn armed_for(&mut self, name: &str) -> Option<Fault> {
        let calls = self.calls;
        let place = self.armed.iter().position(|(trigger, _)| match trigger {
            Trigger::Call(number) => *number == calls,
            Trigger::Next(wanted) => *wanted == name,
            Trigger::Every(beginning) => name.starts_with(beginning),
            Trigger::Random { .. } => false,
        })?;
        match self.armed[place] {
            (Trigger::Every(_), fault) => Some(fault),
            _ => Some(self.armed.remove(place).1),
        }
    }

    fn random_fault(&mut self) -> Option<Fault> {
        self.random.iter_mut().find_map(|(chance, permille, most)| {
            (*most > 0 && chance.below(1000) < *permille).then(|| {
                *most -= 1;
                Fault::ALL[usize::try_from(chance.below(4)).unwrap_or(0)]
            })
        })
    }
}
