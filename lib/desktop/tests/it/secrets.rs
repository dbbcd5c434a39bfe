//! A canary password goes in; nothing but its hash may come out.

use desktop::password::sha512_crypt;
use desktop::{FirstBoot, WindowsForm, first_boot};
use domain::catalogue::{Os, Plan};
use domain::secret::Secret;

use crate::support::{encoded_commands, sample};

const CANARY: &str = "Canary_Pass234Canary5678";

#[test]
fn no_script_holds_the_password() {
    let hash = sha512_crypt(&Secret::new(CANARY.to_owned()), &[7; 16]);
    let values = FirstBoot { password_hash: Some(&hash), ..sample() };
    for plan in Plan::ALL {
        let linux = first_boot(Os::Linux, *plan, WindowsForm::Batch, &values).unwrap();
        assert!(linux.text().contains(&hash) && !linux.text().contains(CANARY));
        let batch = first_boot(Os::Windows, *plan, WindowsForm::Batch, &values).unwrap();
        let powershell = first_boot(Os::Windows, *plan, WindowsForm::PowerShell, &values).unwrap();
        let mut all = encoded_commands(batch.text());
        all.extend([batch, powershell].map(|script| script.text().to_owned()));
        // The provider sets the password of a Windows desktop: not even the hash belongs there.
        assert!(all.iter().all(|text| !text.contains(CANARY) && !text.contains(&hash)));
    }
}

#[test]
fn a_script_in_a_log_line_shows_its_kind_and_size_only() {
    for (os, form, kind) in [
        (Os::Linux, WindowsForm::Batch, "CloudConfig"),
        (Os::Windows, WindowsForm::Batch, "Batch"),
        (Os::Windows, WindowsForm::PowerShell, "PowerShell"),
    ] {
        let script = first_boot(os, Plan::Basic, form, &sample()).unwrap();
        assert_eq!(format!("{script:?}"), format!("{kind}({} bytes)", script.text().len()));
    }
}

#[test]
fn an_error_does_not_repeat_the_value() {
    let values = FirstBoot { password_hash: Some(CANARY), ..sample() };
    let error = first_boot(Os::Linux, Plan::Basic, WindowsForm::Batch, &values).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(CANARY));
}
