//! Terminated instances, which stay visible for a while.

use std::collections::VecDeque;
use std::time::Duration;

use super::shown::State;
use super::view::View;
use crate::clock::Clock;

const SHUTTING_DOWN: Duration = Duration::from_secs(25);
/// "Up to about an hour"; client tokens are remembered as long.
const VISIBLE: Duration = Duration::from_secs(3_600);
const ENDED_MAX: usize = 2_000;

/// Oldest first; the oldest is forgotten when there are too many.
#[derive(Default)]
pub(super) struct Ended(VecDeque<(i64, View)>);

impl Ended {
    pub(super) fn add(&mut self, view: View, now_ms: i64) {
        if self.0.len() >= ENDED_MAX {
            self.0.pop_front();
        }
        self.0.push_back((now_ms, view.terminated()));
    }

    /// Those that are still visible, as they are now.
    pub(super) fn views(&mut self, clock: Clock, now_ms: i64) -> Vec<View> {
        let age = |ended_at_ms: i64| clock.stretched(now_ms - ended_at_ms);
        self.0.retain(|(at, _)| age(*at) < VISIBLE);
        let shown = self.0.iter().map(|(at, view)| {
            let state = if age(*at) < SHUTTING_DOWN { State::ShuttingDown } else { State::Terminated };
            let mut view = view.clone();
            view.state = state;
            view
        });
        shown.collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
