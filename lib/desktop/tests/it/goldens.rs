//! The scripts as they are, to be read in review. `UPDATE_GOLDENS=1` writes them anew.

use std::path::Path;

use desktop::Profile;
use domain::catalogue::Plan;

use crate::support::{batch, cloud_config, powershell};

fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(actual == expected, "{name} has changed: see the difference with UPDATE_GOLDENS=1 and git diff");
}

#[test]
fn every_script_is_the_one_that_was_reviewed() {
    for plan in Plan::ALL {
        golden(&format!("linux-{plan}.yaml"), &cloud_config(*plan));
        golden(&format!("windows-{plan}.cmd"), &batch(*plan, Profile::Standard));
        // The same in clear: a batch file of base64 cannot be reviewed.
        golden(&format!("windows-{plan}.ps1"), &powershell(*plan, Profile::Standard));
    }
    golden("windows-basic-mt5.ps1", &powershell(Plan::Basic, Profile::Mt5));
}

#[test]
fn no_golden_is_left_over() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 3 * Plan::ALL.len() + 1);
}
