//! A canary password goes in; nothing but its hash may come out.

use desktop::password::sha512_crypt;
use desktop::{FirstBoot, first_boot};
use domain::catalogue::{Os, Plan};
use domain::secret::Secret;

use crate::support::{encoded_commands, sample};

const CANARY: &str = "Canary_Pass234Canary5678";

#[test]
fn no_script_holds_the_password() {
    let hash = sha512_crypt(&Secret::new(CANARY.to_owned()), &[7; 16]);
    let values = FirstBoot { password_hash: Some(&hash), ..sample() };
    for plan in Plan::ALL {
        let linux = first_boot(Os::Linux, *plan, &values).unwrap();
        assert!(linux.text().contains(&hash) && !linux.text().contains(CANARY));
        let windows = first_boot(Os::Windows, *plan, &values).unwrap();
        let mut all = encoded_commands(windows.text());
        all.push(windows.text().to_owned());
        // Windows desktops have the provider's password: not even the hash belongs there.
        assert!(all.iter().all(|text| !text.contains(CANARY) && !text.contains(&hash)));
    }
}

#[test]
fn a_script_in_a_log_line_shows_its_kind_and_size_only() {
    let script = first_boot(Os::Linux, Plan::Basic, &sample()).unwrap();
    assert_eq!(format!("{script:?}"), format!("CloudConfig({} bytes)", script.text().len()));
}

#[test]
fn an_error_does_not_repeat_the_value() {
    let values = FirstBoot { password_hash: Some(CANARY), ..sample() };
    let error = first_boot(Os::Linux, Plan::Basic, &values).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(CANARY));
}
