//! Reads `infra/catalogue.toml`, refuses a wrong one with its place, and embeds it.
//!
//! A price list with a mistake must not become a program: the build fails and says where.

use std::path::Path;
use std::{env, fs, process};

use domain::catalogue::Catalogue;

const FILE: &str = "../../infra/catalogue.toml";

fn main() {
    println!("cargo:rerun-if-changed={FILE}");
    println!("cargo:rerun-if-changed=build.rs");
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let path = Path::new(&root).join(FILE);
    match embed(&path) {
        Ok(json) => {
            let out = env::var("OUT_DIR").unwrap_or_default();
            if let Err(error) = fs::write(Path::new(&out).join("catalogue.json"), json) {
                fail(&[format!("cannot write the embedded catalogue: {error}")]);
            }
        }
        Err(faults) => fail(&faults),
    }
}

fn embed(path: &Path) -> Result<String, Vec<String>> {
    let text = fs::read_to_string(path).map_err(|e| vec![format!("{}: {e}", path.display())])?;
    let catalogue: Catalogue = toml::from_str(&text).map_err(|e| vec![e.to_string()])?;
    let faults = catalogue.check();
    if !faults.is_empty() {
        return Err(faults);
    }
    serde_json::to_string(&catalogue).map_err(|e| vec![e.to_string()])
}

fn fail(faults: &[String]) -> ! {
    for fault in faults {
        for line in fault.lines() {
            println!("cargo:error=infra/catalogue.toml: {line}");
        }
    }
    process::exit(1);
}
