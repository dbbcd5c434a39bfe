//! The password of a desktop, and the form in which cloud-init takes it.

use domain::secret::Secret;
use sha_crypt::Params;

/// Characters in a password.
pub const LENGTH: usize = 24;

/// Random bytes that one password takes: eight for each character, and eight for each exchange of two.
pub const RANDOM_LEN: usize = 8 * (2 * LENGTH - 1);

const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const DIGIT: &[u8] = b"23456789";
const LETTER_OR_DIGIT: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/// The underscore alone. The rules of Windows and Contabo count it as special, and of `!@#$^&*?_~` it is the
/// only one with no meaning in bash, `cmd.exe`, PowerShell, YAML, `.rdp` files, URLs or HTML, in any place:
/// `!` is history, `@ $` begin variables or an array, `#` a comment or fragment, `^` escapes, `&` chains, `* ?`
/// match files, `~` is a home directory at the start of a word. It also is part of a word, so that a double
/// click selects the whole password.
const SPECIAL: &[u8] = b"_";

/// What every password has: Windows wants three of the four kinds, Contabo both cases and, with one special,
/// three digits.
const REQUIRED: [&[u8]; 6] = [UPPER, LOWER, DIGIT, DIGIT, DIGIT, SPECIAL];

/// A password of 24 characters: letters and digits without look-alikes (no `0 O o 1 I l`), at least three
/// digits, one upper and one lower case letter, exactly one `_`.
///
/// Each character is drawn evenly from its set and all are then shuffled evenly. No password is more likely
/// than 2^-133: the characters give 122.7 bits, their places at least 11.1 more (the test has the sum).
pub fn generate(random: &[u8; RANDOM_LEN]) -> Secret<String> {
    let (words, _) = random.as_chunks::<8>();
    let (draws, exchanges) = words.split_at(LENGTH);
    let sets = REQUIRED.into_iter().chain(std::iter::repeat(LETTER_OR_DIGIT));
    let mut password: Vec<char> =
        sets.zip(draws).map(|(set, word)| char::from(set[below(set.len(), *word)])).collect();
    for (last, word) in (1..LENGTH).rev().zip(exchanges) {
        password.swap(last, below(last + 1, *word));
    }
    Secret::new(password.into_iter().collect())
}

/// An even draw from `0..n`: no value is likelier than another by more than one in 2^64 words.
const fn below(n: usize, word: [u8; 8]) -> usize {
    ((u64::from_le_bytes(word) as u128 * n as u128) >> 64) as usize
}

/// Characters of a crypt salt, in the order of their six-bit values.
const CRYPT_ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The order in which SHA-512-crypt writes its digest: groups of three bytes, the most significant first.
/// Source: U. Drepper, "Unix crypt using SHA-256 and SHA-512", step 22 e.
const DIGEST_ORDER: [[usize; 3]; 21] = [
    [0, 21, 42],
    [22, 43, 1],
    [44, 2, 23],
    [3, 24, 45],
    [25, 46, 4],
    [47, 5, 26],
    [6, 27, 48],
    [28, 49, 7],
    [50, 8, 29],
    [9, 30, 51],
    [31, 52, 10],
    [53, 11, 32],
    [12, 33, 54],
    [34, 55, 13],
    [56, 14, 35],
    [15, 36, 57],
    [37, 58, 16],
    [59, 17, 38],
    [18, 39, 60],
    [40, 61, 19],
    [62, 20, 41],
];

/// `password` as `/etc/shadow` and cloud-init's `passwd` want it: `$6$`, 16 characters of salt, `$`, 86 more.
///
/// The usual 5,000 rounds: a guess is hopeless at 133 bits, more rounds would only be Lambda time.
pub fn sha512_crypt(password: &Secret<String>, salt_random: &[u8; 16]) -> String {
    let salt: String = salt_random.iter().map(|byte| crypt_char(u32::from(*byte))).collect();
    crypt_with_salt(password.expose(), &salt)
}

fn crypt_with_salt(password: &str, salt: &str) -> String {
    let digest = sha_crypt::sha512_crypt(password.as_bytes(), salt.as_bytes(), Params::RECOMMENDED);
    let mut text = format!("$6${salt}$");
    for [high, middle, low] in DIGEST_ORDER {
        let group = u32::from_be_bytes([0, digest[high], digest[middle], digest[low]]);
        text.extend((0..4).map(|sixth| crypt_char(group >> (6 * sixth))));
    }
    let last = u32::from(digest[63]);
    text.extend([crypt_char(last), crypt_char(last >> 6)]);
    text
}

/// The character for the low six bits of `value`.
fn crypt_char(value: u32) -> char {
    char::from(CRYPT_ALPHABET[(value & 63) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_random() -> impl Strategy<Value = [u8; RANDOM_LEN]> {
        proptest::collection::vec(any::<u8>(), RANDOM_LEN).prop_map(|bytes| bytes.try_into().unwrap())
    }

    fn count(password: &str, set: &[u8]) -> usize {
        password.bytes().filter(|byte| set.contains(byte)).count()
    }

    proptest! {
        #[test]
        fn every_password_satisfies_windows_and_contabo(random in any_random()) {
            let secret = generate(&random);
            let password = secret.expose();
            prop_assert_eq!(password.len(), LENGTH);
            prop_assert!(count(password, UPPER) >= 1 && count(password, LOWER) >= 1);
            prop_assert!(count(password, DIGIT) >= 3);
            prop_assert_eq!(count(password, SPECIAL), 1);
        }

        #[test]
        fn no_password_needs_quoting_or_has_a_look_alike(random in any_random()) {
            let secret = generate(&random);
            for character in secret.expose().chars() {
                prop_assert!(character.is_ascii_alphanumeric() || character == '_');
                prop_assert!(!"0Oo1Il".contains(character));
            }
        }
    }

    #[test]
    fn a_draw_prefers_no_value() {
        for n in 1..=LETTER_OR_DIGIT.len() {
            // The words that give k are those from ceil(k * 2^64 / n) on: count each share exactly.
            let first_word = |k: usize| ((k as u128) << 64).div_ceil(n as u128);
            let shares: Vec<u128> = (0..n).map(|k| first_word(k + 1) - first_word(k)).collect();
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            assert!(most - least <= 1, "{n}");
            for k in 0..n {
                let first = u64::try_from(first_word(k)).unwrap();
                assert_eq!(below(n, first.to_le_bytes()), k);
                assert!(k == 0 || below(n, (first - 1).to_le_bytes()) == k - 1);
            }
        }
    }

    #[test]
    fn no_password_is_likelier_than_two_to_the_minus_133() {
        let drawn =
            [UPPER, LOWER, DIGIT, DIGIT, DIGIT].iter().map(|set| (set.len() as f64).log2()).sum::<f64>()
                + (LENGTH - REQUIRED.len()) as f64 * (LETTER_OR_DIGIT.len() as f64).log2();
        // A password with u upper case letters, l lower case letters and d digits comes from u * l * C(d, 3)
        // of the equally likely placements of the required characters.
        let choose3 = |d: usize| d * d.saturating_sub(1) * d.saturating_sub(2) / 6;
        let others = LENGTH - 1;
        let placements = LENGTH * others * (others - 1) * choose3(others - 2);
        let most = (1..others)
            .flat_map(|u| (1..others - u).map(move |l| u * l * choose3(others - u - l)))
            .max()
            .unwrap();
        let bits = drawn + (placements as f64 / most as f64).log2();
        assert!((133.0..134.0).contains(&bits), "{bits}");
    }

    #[test]
    fn the_sets_share_nothing_and_add_up() {
        assert_eq!(LETTER_OR_DIGIT, [UPPER, LOWER, DIGIT].concat());
        assert!(!LETTER_OR_DIGIT.contains(&SPECIAL[0]));
        assert_eq!((UPPER.len(), LOWER.len(), DIGIT.len()), (24, 24, 8));
    }

    #[test]
    fn characters_and_places_are_used_evenly() {
        // SplitMix64, so that the run is the same every time.
        let mut state = 0u64;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) as u8
        };
        const PASSWORDS: usize = 4_800;
        let mut specials_at = [0usize; LENGTH];
        let mut letters = std::collections::BTreeMap::new();
        for _ in 0..PASSWORDS {
            let secret = generate(&std::array::from_fn(|_| next()));
            let special_at = secret.expose().find('_').unwrap();
            specials_at[special_at] += 1;
            for letter in secret.expose().chars().filter(char::is_ascii_alphabetic) {
                *letters.entry(letter).or_insert(0usize) += 1;
            }
        }
        // 200 expected at each place; a fair shuffle strays this far (5 sigma) once in a million runs.
        assert!(specials_at.iter().all(|times| times.abs_diff(PASSWORDS / LENGTH) < 70), "{specials_at:?}");
        assert_eq!(letters.len(), UPPER.len() + LOWER.len());
        let mean = letters.values().sum::<usize>() / letters.len();
        assert!(letters.values().all(|times| times.abs_diff(mean) < mean / 5), "{letters:?}");
    }

    #[test]
    fn a_hash_is_the_one_that_the_specification_lists() {
        // Drepper's second test vector for SHA-512.
        assert_eq!(
            crypt_with_salt("Hello world!", "saltstring"),
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        );
    }

    #[test]
    fn a_salt_has_sixteen_characters_of_the_crypt_alphabet() {
        let hash = sha512_crypt(&Secret::new("x".to_owned()), &std::array::from_fn(|at| 255 - at as u8));
        let salt = hash.split('$').nth(2).unwrap();
        assert_eq!(salt.len(), 16);
        assert!(salt.bytes().all(|byte| CRYPT_ALPHABET.contains(&byte)));
    }
}
