//! The Windows script as `cmd.exe` reads it.

use desktop::{FirstBoot, Script, first_boot};
use domain::catalogue::{Os, Plan};

use crate::support::{REPORT_URL, batch, encoded_commands, longest, sample, windows_scripts};

/// The longest command line of `cmd.exe`.
const CMD_LINE_MAX: usize = 8191;

#[test]
fn the_longest_values_fit_the_lines_of_cmd() {
    let mut url = String::new();
    let values = longest(&mut url);
    for plan in Plan::ALL {
        let script = first_boot(Os::Windows, *plan, &values).unwrap();
        assert!(matches!(script, Script::Batch(_)));
        for line in script.text().lines() {
            assert!(line.len() <= CMD_LINE_MAX, "{plan}: {}", line.len());
        }
    }
}

#[test]
fn lines_end_as_windows_ends_them_and_hold_nothing_that_cmd_would_expand() {
    for plan in Plan::ALL {
        let text = batch(*plan);
        assert!(text.is_ascii() && text.ends_with("\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(!text.contains(['%', '^', '&', '|', '<', '>', '!', '"']));
    }
}

#[test]
fn the_first_command_reports_and_the_second_installs_the_extras() {
    for plan in Plan::ALL {
        let [first_boot, plan_extras] = encoded_commands(&batch(*plan)).try_into().unwrap();
        assert_eq!(first_boot.matches(&format!("-Uri '{REPORT_URL}'")).count(), 1);
        assert!(!plan_extras.contains(REPORT_URL) && !first_boot.contains("choco"));
        assert!(plan_extras.contains("Register-ScheduledTask"));
    }
}

#[test]
fn each_plan_installs_its_own_software() {
    let extras = |plan| windows_scripts(plan).remove(2);
    assert!(extras(Plan::Basic).contains("in 'firefox', 'notepadplusplus') {"));
    assert!(extras(Plan::Performance).contains("'libreoffice-fresh'"));
    assert!(extras(Plan::Gpu).contains("'obs-studio', 'blender'"));
}

#[test]
fn nothing_is_left_to_fill_in_and_no_password_is_set() {
    for plan in Plan::ALL {
        for script in windows_scripts(*plan) {
            assert!(!script.contains("__"));
            for word in ["LocalUser", "net user", "SecureString", "Start-Transcript", "Set-PSDebug"] {
                assert!(!script.contains(word), "{word}");
            }
        }
    }
}

#[test]
fn windows_needs_neither_account_nor_hash() {
    let values = FirstBoot { username: "Administrator", password_hash: None, ..sample() };
    assert!(first_boot(Os::Windows, Plan::Basic, &values).is_ok());
}
