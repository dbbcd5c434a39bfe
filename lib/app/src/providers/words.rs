//! Words of a provider for the state of a machine that are not known here.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use domain::catalogue::Provider;
use domain::vm::{Vm, VmState};

/// The words that are remembered at most, over all providers; more are not told.
const WORDS_MAX: usize = 256;

/// The unknown words that this process has told of: each is news once, on whatever machine it stands.
#[derive(Default)]
pub(super) struct UnknownWords(Mutex<HashSet<(Provider, String)>>);

impl UnknownWords {
    /// Tells of the machine's word if it is not known, and new.
    pub(super) fn note(&self, vm: &Vm) {
        let VmState::Unknown(word) = &vm.state else { return };
        if self.is_new(vm.provider, word) {
            let (provider, machine) = (vm.provider, &vm.id.0);
            tracing::warn!(%provider, machine, word, "a machine's state is not known here: taken for not yet");
        }
    }

    fn is_new(&self, provider: Provider, word: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < WORDS_MAX && told.insert((provider, word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_news_once_for_each_provider() {
        let words = UnknownWords::default();
        let news = [Provider::Contabo, Provider::Contabo, Provider::Linode]
            .map(|provider| words.is_new(provider, "migrating"));
        assert_eq!(news, [true, false, true]);
        assert!(words.is_new(Provider::Contabo, "dreaming"));
    }

    #[test]
    fn no_more_words_are_remembered_than_their_bound() {
        let words = UnknownWords::default();
        let news = (0..WORDS_MAX + 10).filter(|n| words.is_new(Provider::Vultr, &n.to_string()));
        assert_eq!(news.count(), WORDS_MAX);
    }
}
