//! The Windows scripts as `cmd.exe` and the providers' agents read them.

use desktop::{FirstBoot, Profile, Script, WindowsForm, first_boot};
use domain::catalogue::{Os, Plan};

use crate::support::{
    PROFILES, REPORT_URL, batch, encoded_commands, longest, powershell, sample, windows_scripts,
};

/// The longest command line of `cmd.exe`.
const CMD_LINE_MAX: usize = 8191;
/// What EC2 takes is 16 KiB with its tags.
const POWERSHELL_MAX: usize = 15_900;

#[test]
fn the_longest_values_fit_the_lines_of_cmd_and_the_user_data_of_ec2() {
    let mut url = String::new();
    let values = longest(&mut url);
    for plan in Plan::ALL {
        for profile in PROFILES {
            let values = FirstBoot { profile, ..values };
            let script = first_boot(Os::Windows, *plan, WindowsForm::Batch, &values).unwrap();
            assert!(matches!(script, Script::Batch(_)));
            for line in script.text().lines() {
                assert!(line.len() <= CMD_LINE_MAX, "{plan} {profile:?}: {}", line.len());
            }
            let script = first_boot(Os::Windows, *plan, WindowsForm::PowerShell, &values).unwrap();
            assert!(matches!(script, Script::PowerShell(_)));
            assert!(script.text().len() <= POWERSHELL_MAX, "{plan} {profile:?}: {}", script.text().len());
        }
    }
}

#[test]
fn lines_end_as_windows_ends_them_and_hold_nothing_that_cmd_would_expand() {
    for plan in Plan::ALL {
        let text = batch(*plan, Profile::Mt5);
        assert!(text.is_ascii() && text.ends_with("\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(!text.contains(['%', '^', '&', '|', '<', '>', '!', '"']));
    }
}

#[test]
fn both_forms_run_the_same() {
    for plan in Plan::ALL {
        for profile in PROFILES {
            assert_eq!(encoded_commands(&batch(*plan, profile)).concat(), powershell(*plan, profile));
        }
    }
}

#[test]
fn powershell_holds_nothing_that_ends_or_begins_a_providers_wrapping() {
    let text = powershell(Plan::Basic, Profile::Mt5);
    assert!(text.is_ascii() && text.ends_with('\n'));
    assert!(!text.contains("powershell>") && !text.contains("#ps1"));
}

#[test]
fn the_first_command_reports_and_the_second_installs_the_extras() {
    for plan in Plan::ALL {
        let commands = encoded_commands(&batch(*plan, Profile::Standard));
        let [first_boot, plan_extras] = commands.try_into().unwrap();
        assert_eq!(first_boot.matches(&format!("-Uri '{REPORT_URL}'")).count(), 1);
        assert!(!plan_extras.contains(REPORT_URL) && !first_boot.contains("choco"));
        assert!(plan_extras.contains("Register-ScheduledTask"));
    }
}

#[test]
fn each_plan_installs_its_own_software() {
    let extras = |plan| windows_scripts(plan, Profile::Standard).remove(2);
    assert!(extras(Plan::Basic).contains("in 'firefox', 'notepadplusplus') {"));
    assert!(extras(Plan::Performance).contains("'libreoffice-fresh'"));
    assert!(extras(Plan::Gpu).contains("'obs-studio', 'blender'"));
}

#[test]
fn a_trading_desktop_reports_then_gets_its_terminal_then_the_extras() {
    for plan in Plan::ALL {
        let commands = encoded_commands(&batch(*plan, Profile::Mt5));
        let [first_boot, terminal, plan_extras] = commands.try_into().unwrap();
        let standard = encoded_commands(&batch(*plan, Profile::Standard));
        assert_eq!([first_boot, plan_extras], standard[..]);
        assert!(terminal.contains("-TaskName 'TradingTerminalSetup'"));
        for part in [
            "https://download.mql5.com/cdn/web/metaquotes.software.corp/mt5/mt5setup.exe",
            "-ArgumentList '/auto'",
            "New-ScheduledTaskAction -Execute $terminal",
            "New-ScheduledTaskTrigger -AtStartup",
            "$user = 'Administrator'",
            "New-ScheduledTaskTrigger -AtLogOn -User $user",
        ] {
            assert!(terminal.contains(part), "{part}");
        }
    }
}

#[test]
fn the_installer_runs_only_after_its_signature_was_looked_at() {
    let [_, _, _, terminal, _] = windows_scripts(Plan::Basic, Profile::Mt5).try_into().unwrap();
    let download = terminal.find("Invoke-WebRequest").unwrap();
    let check = terminal.find("-notmatch 'MetaQuotes') { throw ").unwrap();
    let run = terminal.find("Start-Process -FilePath $setup").unwrap();
    assert!(download < check && check < run);
}

#[test]
fn nothing_is_left_to_fill_in_and_no_password_is_set() {
    for plan in Plan::ALL {
        for script in windows_scripts(*plan, Profile::Mt5) {
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
    for form in [WindowsForm::Batch, WindowsForm::PowerShell] {
        assert!(first_boot(Os::Windows, Plan::Basic, form, &values).is_ok());
    }
}
