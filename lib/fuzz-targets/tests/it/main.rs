//! Without libFuzzer: every target takes its whole corpus, and inputs that are made of it.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use fuzz_targets::{TARGETS, Target};

/// Inputs that are made of each target's corpus.
const MADE: usize = 500;
/// The longest input that is made.
const LENGTH_MAX: usize = 8 << 10;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn corpus(target: Target) -> Vec<Vec<u8>> {
    let folder = fuzz().join("corpus").join(target.name);
    names(&folder).iter().map(|name| fs::read(folder.join(name)).unwrap()).collect()
}

#[test]
fn every_target_has_a_program_and_a_corpus_and_nobody_else_has() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names(&fuzz().join("corpus")), targets);
    let programs: BTreeSet<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), programs);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for target in TARGETS {
        assert!(manifest.contains(&format!("\nname = \"{}\"\n", target.name)), "{}", target.name);
    }
}

#[test]
fn every_target_takes_its_corpus_and_what_is_made_of_it() {
    let running: Vec<_> = TARGETS.iter().map(|target| (target.name, start(*target))).collect();
    for (name, (current, thread)) in running {
        if thread.join().is_err() {
            let input = current.lock().unwrap().escape_ascii().to_string();
            panic!("{name} does not take b\"{input}\"");
        }
    }
}

/// Runs a target in a thread of its own; with what it is at.
fn start(target: Target) -> (Arc<Mutex<Vec<u8>>>, thread::JoinHandle<()>) {
    let current = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&current);
    let thread = thread::spawn(move || {
        let corpus = corpus(target);
        let run = |input: Vec<u8>| {
            shared.lock().unwrap().clone_from(&input);
            (target.run)(&input);
        };
        corpus.iter().cloned().for_each(run);
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        for _ in 0..MADE {
            run(made(&corpus, &mut chance));
        }
    });
    (current, thread)
}

/// xorshift64*: the same inputs in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end.max(1)
    }
}

/// One input of the corpus with a few changes.
fn made(corpus: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    const WORDS: &[&str] = &[
        "null",
        "[]",
        "{}",
        "\"\"",
        "-1",
        "0",
        "1e999",
        "18446744073709551616",
        "\\u0000",
        "\n",
        "\\ud800",
        "é",
    ];
    let mut input = corpus[chance.below(corpus.len())].clone();
    for _ in 0..=chance.below(4) {
        let at = chance.below(input.len() + 1);
        match chance.below(6) {
            0 if at < input.len() => input[at] ^= 1 << chance.below(8),
            1 => input.truncate(at),
            2 => {
                let word = WORDS[chance.below(WORDS.len())];
                input.splice(at..at, word.bytes());
            }
            3 => {
                let end = (at + chance.below(12)).min(input.len());
                let word = WORDS[chance.below(WORDS.len())];
                input.splice(at..end, word.bytes());
            }
            4 => {
                let other = &corpus[chance.below(corpus.len())];
                let from = chance.below(other.len() + 1);
                input.splice(at.., other[from..].iter().copied());
            }
            _ => input.insert(at, u8::try_from(chance.below(256)).unwrap()),
        }
    }
    input.truncate(LENGTH_MAX);
    input
}
