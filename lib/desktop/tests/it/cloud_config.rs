//! The Ubuntu script against cloud-init's own schema, and what the schema cannot see.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use desktop::{FirstBoot, InvalidValue, Profile, Script, WindowsForm, first_boot};
use domain::catalogue::{Os, Plan};

use crate::support::{
    PASSWORD_HASH, REPORT_URL, cloud_config, longest, parsed, run, sample, scratch, written_files,
};

/// Whether cloud-init finds `text` valid; `None` without cloud-init.
fn is_valid(name: &str, text: &str) -> Option<bool> {
    let file = scratch(name).join("cloud-config.yaml");
    std::fs::write(&file, text).unwrap();
    let output = run("cloud-init", &["cloud-init", "schema", "--config-file", file.to_str().unwrap()], "")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(output.status.success() && said.contains("Valid cloud-config"))
}

#[test]
fn cloud_init_calls_every_script_valid() {
    for plan in Plan::ALL {
        assert_ne!(is_valid(&format!("valid-{plan}"), &cloud_config(*plan)), Some(false), "{plan}");
    }
}

#[test]
fn cloud_init_would_see_a_broken_script() {
    let text = cloud_config(Plan::Basic);
    for (name, right, wrong) in [
        ("account", "lock_passwd:", "lock_password:"),
        ("list", "packages: [", "packages: x["),
        ("header", "#cloud-config\n", ""),
    ] {
        assert!(text.contains(right));
        assert_ne!(is_valid(name, &text.replacen(right, wrong, 1)), Some(true), "{name}");
    }
}

#[test]
fn every_top_level_key_is_one_that_cloud_init_acts_on() {
    // cloud-init before 23 calls an unknown key valid, and then ignores it.
    let known = [
        "disable_root",
        "hostname",
        "manage_etc_hosts",
        "package_update",
        "packages",
        "power_state",
        "runcmd",
        "ssh_pwauth",
        "users",
        "write_files",
    ];
    let Some(parsed) = parsed(&cloud_config(Plan::Basic)) else { return };
    let mut keys: Vec<_> = parsed.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, known);
}

#[test]
fn a_yaml_reader_finds_the_values_where_they_belong() {
    // Each of these is something other than text when YAML sees it without quotes.
    for (hostname, username) in [("0x10", "no"), ("1e5", "null"), ("true", "on"), ("nemo-01jc3k9x2b", "desk")]
    {
        let values = FirstBoot { hostname, username, ..sample() };
        let script = first_boot(Os::Linux, Plan::Gpu, WindowsForm::Batch, &values).unwrap();
        let Some(parsed) = parsed(script.text()) else { return };
        assert_eq!(parsed["hostname"], hostname);
        assert_eq!(parsed["users"][1]["name"], username);
        assert_eq!(parsed["users"][1]["passwd"], PASSWORD_HASH);
        assert_eq!(parsed["users"][1]["lock_passwd"], false);
    }
}

#[test]
fn only_the_report_knows_where_to_report() {
    let Some(files) = written_files(&cloud_config(Plan::Performance)) else { return };
    let knowing: Vec<_> = files.iter().filter(|file| file.content.contains(REPORT_URL)).collect();
    assert_eq!(
        knowing.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        ["/usr/local/sbin/desktop-report"]
    );
    assert!(knowing[0].content.contains(&format!("'{REPORT_URL}'")));
}

#[test]
fn the_report_goes_out_before_any_extra_is_installed() {
    let Some(files) = written_files(&cloud_config(Plan::Gpu)) else { return };
    let first_boot = files.iter().find(|file| file.path.ends_with("/desktop-first-boot")).unwrap();
    let report = first_boot.content.find("desktop-report\" \"$state\"").unwrap();
    let extras = first_boot.content.find("desktop-extras\" \"$plan\"").unwrap();
    assert!(report < extras);
    // What the plan adds is neither in cloud-init's one apt call nor in the step that decides "ready".
    let parsed = parsed(&cloud_config(Plan::Gpu)).unwrap();
    for extra in ["firefox", "libreoffice", "obs-studio", "blender", "ubuntu-drivers"] {
        assert!(!parsed["packages"].to_string().contains(extra));
        for file in files.iter().filter(|file| !file.path.ends_with("/desktop-extras")) {
            assert!(!file.content.contains(extra), "{} in {}", extra, file.path);
        }
    }
}

#[test]
fn a_failing_extra_stops_nothing() {
    // The script with every outside command replaced by one that fails.
    let Some(files) = written_files(&cloud_config(Plan::Gpu)) else { return };
    let extras = &files.iter().find(|file| file.path.ends_with("/desktop-extras")).unwrap().content;
    let bin = scratch("failing-extras");
    for program in ["apt-get", "dpkg", "snap", "nvidia-smi", "ubuntu-drivers"] {
        let path = bin.join(program);
        std::fs::write(&path, "#!/bin/sh\nexit 100\n").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let path = format!("PATH={}:/usr/bin:/bin", bin.display());
    for plan in Plan::ALL {
        let Some(output) = run("bash", &["env", &path, "bash", "-s", plan.as_str()], extras) else { return };
        assert!(output.status.success(), "{plan}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            said.contains("left out (100): apt-get -o DPkg::Lock::Timeout=600 -y install firefox"),
            "{said}"
        );
        assert_eq!(said.contains("blender"), *plan == Plan::Gpu);
        assert_eq!(said.contains("libreoffice"), *plan == Plan::Performance);
    }
}

#[test]
fn the_longest_values_stay_within_the_smallest_limit_of_any_provider() {
    let mut url = String::new();
    let values = longest(&mut url);
    for plan in Plan::ALL {
        let script = first_boot(Os::Linux, *plan, WindowsForm::PowerShell, &values).unwrap();
        // Linode counts what base64 makes of it; EC2 (16 KiB), Hetzner (32) and DigitalOcean (64) the text.
        assert!(BASE64_STANDARD.encode(script.text()).len() <= 16 * 1024, "{plan}");
        assert!(matches!(&script, Script::CloudConfig(text) if text.starts_with("#cloud-config\n")));
    }
}

#[test]
fn nothing_is_left_to_fill_in() {
    for plan in Plan::ALL {
        assert!(!cloud_config(*plan).contains("__"), "{plan}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_refused_by_name() {
    let hostile = "a\nruncmd: [[sh, -c, id]]";
    let cases = [
        (FirstBoot { hostname: hostile, ..sample() }, InvalidValue::Hostname),
        (FirstBoot { username: hostile, ..sample() }, InvalidValue::Username),
        (FirstBoot { password_hash: Some(hostile), ..sample() }, InvalidValue::PasswordHash),
        (FirstBoot { password_hash: None, ..sample() }, InvalidValue::PasswordHash),
        (FirstBoot { report_url: "https://a.example/x'; id; '", ..sample() }, InvalidValue::ReportUrl),
        (FirstBoot { profile: Profile::Mt5, ..sample() }, InvalidValue::Profile),
    ];
    for (values, error) in cases {
        assert_eq!(first_boot(Os::Linux, Plan::Basic, WindowsForm::Batch, &values).err(), Some(error));
    }
}

#[test]
fn no_account_of_a_providers_image_is_taken_for_granted() {
    // `ubuntu` at EC2, `root` elsewhere, whatever Contabo is told: `default` is whichever the image has.
    let Some(parsed) = parsed(&cloud_config(Plan::Basic)) else { return };
    let users = parsed["users"].as_array().unwrap();
    assert_eq!(
        (users.len(), users[0].as_str(), users[1]["name"].as_str()),
        (2, Some("default"), Some("desk"))
    );
    for file in written_files(&cloud_config(Plan::Basic)).unwrap() {
        assert!(!file.content.contains("ubuntu@") && !file.content.contains("/home/ubuntu"), "{}", file.path);
    }
}

#[test]
fn a_root_password_that_the_provider_made_up_opens_nothing_over_ssh() {
    let Some(parsed) = parsed(&cloud_config(Plan::Basic)) else { return };
    assert_eq!((&parsed["ssh_pwauth"], &parsed["disable_root"]), (&false.into(), &true.into()));
    let files = written_files(&cloud_config(Plan::Basic)).unwrap();
    // sshd keeps the first value that it reads, and reads these files in the order of their names.
    let sshd = files.iter().find(|file| file.path == "/etc/ssh/sshd_config.d/00-desktop.conf").unwrap();
    for line in
        ["PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password"]
    {
        assert!(sshd.content.lines().any(|one| one == line), "{line}");
    }
    let setup = files.iter().find(|file| file.path.ends_with("/desktop-setup")).unwrap();
    assert!(setup.content.contains("AllowRootLogin=false"));
}

#[test]
fn the_machines_own_firewall_lets_rdp_in() {
    let Some(files) = written_files(&cloud_config(Plan::Basic)) else { return };
    let setup = &files.iter().find(|file| file.path.ends_with("/desktop-setup")).unwrap().content;
    let place = |line: &str| setup.lines().position(|one| one == line).unwrap();
    assert!(place("ufw default deny incoming") < place("ufw limit 3389/tcp"));
    assert!(place("ufw limit 3389/tcp") < place("ufw --force enable"));
}
