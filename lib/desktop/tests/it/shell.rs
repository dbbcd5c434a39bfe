//! Every shell script that a desktop gets, as bash and shellcheck see it.

use domain::catalogue::Plan;

use crate::support::{WrittenFile, cloud_config, installed, run, written_files};

fn scripts(plan: Plan) -> Vec<WrittenFile> {
    let files = written_files(&cloud_config(plan)).unwrap_or_default();
    files.into_iter().filter(|file| file.content.starts_with("#!")).collect()
}

/// Whether both programs accept a script; an absent program accepts.
fn is_clean(script: &WrittenFile) -> bool {
    let parses = run("bash", &["bash", "-n"], &script.content).is_none_or(|output| output.status.success());
    let lint = run("shellcheck", &["shellcheck", "--severity=style", "-"], &script.content);
    let lints = lint.is_none_or(|output| {
        print!("{}: {}", script.path, String::from_utf8_lossy(&output.stdout));
        output.status.success()
    });
    parses && lints
}

#[test]
fn bash_and_shellcheck_accept_every_script() {
    for plan in Plan::ALL {
        for script in scripts(*plan) {
            assert!(is_clean(&script), "{}", script.path);
        }
    }
}

#[test]
fn a_broken_script_would_be_seen() {
    if !installed("shellcheck") {
        return;
    }
    for (right, wrong) in
        [("\nfi\n", "\n"), ("\"$bin/desktop-extras\" \"$plan\"", "$bin/desktop-extras $plan")]
    {
        for mut script in
            scripts(Plan::Basic).into_iter().filter(|script| script.path.ends_with("first-boot"))
        {
            assert!(script.content.contains(right));
            script.content = script.content.replacen(right, wrong, 1);
            assert!(!is_clean(&script), "{wrong:?}");
        }
    }
}
