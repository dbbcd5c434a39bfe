//! A password and its hash against the programs that will read them.

use desktop::password::{RANDOM_LEN, generate, sha512_crypt};
use domain::secret::Secret;

use crate::support::run;

/// Bytes that differ from one `seed` to the next.
fn bytes<const N: usize>(seed: u64) -> [u8; N] {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
}

#[test]
fn the_hash_is_the_one_that_openssl_makes() {
    for seed in 0..4 {
        let password = generate(&bytes::<RANDOM_LEN>(seed));
        let hash = sha512_crypt(&password, &bytes(seed + 100));
        let salt = hash.split('$').nth(2).unwrap();
        let command = ["openssl", "passwd", "-6", "-salt", salt, "-stdin"];
        let Some(output) = run("openssl", &command, password.expose()) else { return };
        assert!(String::from_utf8_lossy(&output.stdout).trim_end() == hash, "seed {seed}");
    }
}

#[test]
fn a_shell_takes_the_password_without_quotes() {
    for seed in 0..20 {
        let password = generate(&bytes::<RANDOM_LEN>(seed));
        let Some(output) = run("bash", &["bash", "-s"], &format!("printf %s {}", password.expose())) else {
            return;
        };
        assert!(output.stdout == password.expose().as_bytes(), "seed {seed}");
    }
}

#[test]
fn the_hash_of_another_password_differs() {
    let hash = |text: &str| sha512_crypt(&Secret::new(text.to_owned()), &bytes(7));
    assert!(hash("Abcdefgh_234") != hash("Abcdefgh_235"));
}
