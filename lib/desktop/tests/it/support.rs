//! Sample values, the scripts as their readers see them, and programs that may be absent.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use desktop::{FirstBoot, Profile, WindowsForm, first_boot};
use domain::catalogue::{Os, Plan};

pub(crate) const REPORT_URL: &str = "https://abc123.execute-api.eu-west-1.amazonaws.com/first-boot/ins_01JC3K9X2B7Q8R5T6V7W8X9Y0Z/1/Zm9yLXRoZS1nb2xkZW4";

/// For password `Hello_world_2345`, salt `saltstringsalt..`.
pub(crate) const PASSWORD_HASH: &str = "$6$saltstringsalt..$V.INF5heHo6ImfgOn1OXKS4ieYVGiNkRaBHz2z.eCVp5A60YUGSSs4xVP/XmgH/60nVfrRxKfA8FYFx4D4PhW.";

pub(crate) fn sample() -> FirstBoot<'static> {
    FirstBoot {
        hostname: "nemo-01jc3k9x2b",
        username: "desk",
        password_hash: Some(PASSWORD_HASH),
        report_url: REPORT_URL,
        profile: Profile::Standard,
    }
}

/// The longest value everywhere.
pub(crate) fn longest(report_url: &mut String) -> FirstBoot<'_> {
    *report_url = format!("https://a.example/first-boot/{}", "x".repeat(512 - 29));
    FirstBoot { hostname: "nemo-0123456789", username: "abcdefghijklmnopqrst", report_url, ..sample() }
}

pub(crate) fn cloud_config(plan: Plan) -> String {
    first_boot(Os::Linux, plan, WindowsForm::Batch, &sample()).unwrap().text().to_owned()
}

pub(crate) const PROFILES: [Profile; 2] = [Profile::Standard, Profile::Mt5];

pub(crate) fn batch(plan: Plan, profile: Profile) -> String {
    windows(plan, profile, WindowsForm::Batch)
}

pub(crate) fn powershell(plan: Plan, profile: Profile) -> String {
    windows(plan, profile, WindowsForm::PowerShell)
}

fn windows(plan: Plan, profile: Profile, form: WindowsForm) -> String {
    let values = FirstBoot { profile, ..sample() };
    first_boot(Os::Windows, plan, form, &values).unwrap().text().to_owned()
}

/// The PowerShell in a batch file, one text for each command line, as `powershell.exe` decodes it.
pub(crate) fn encoded_commands(batch: &str) -> Vec<String> {
    let base64 =
        batch.lines().filter_map(|line| line.split_once(" -EncodedCommand ")).map(|(_, base64)| base64);
    base64
        .map(|base64| {
            let bytes = BASE64_STANDARD.decode(base64).unwrap();
            let (units, rest) = bytes.as_chunks::<2>();
            assert!(rest.is_empty());
            String::from_utf16(&units.iter().map(|unit| u16::from_le_bytes(*unit)).collect::<Vec<_>>())
                .unwrap()
        })
        .collect()
}

/// Everything that Windows will run: the commands, and the scripts that all but the first write to a file.
pub(crate) fn windows_scripts(plan: Plan, profile: Profile) -> Vec<String> {
    let mut scripts = encoded_commands(&batch(plan, profile));
    let written =
        |command: &String| command.split_once("@'\n").unwrap().1.split_once("\n'@").unwrap().0.to_owned();
    let tasks: Vec<String> = scripts[1..].iter().map(written).collect();
    scripts.extend(tasks);
    scripts
}

/// A file that cloud-init writes, by the path it gets.
pub(crate) struct WrittenFile {
    pub(crate) path: String,
    pub(crate) content: String,
}

/// A cloud-config as a YAML reader sees it, as JSON; `None` when there is no reader here.
pub(crate) fn parsed(cloud_config: &str) -> Option<serde_json::Value> {
    // The system's Python, because that is the one for which cloud-init brings a YAML reader.
    let script = "import sys, json, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    let output = run("cloud-init", &["/usr/bin/python3", "-c", script], cloud_config)?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

pub(crate) fn written_files(cloud_config: &str) -> Option<Vec<WrittenFile>> {
    let parsed = parsed(cloud_config)?;
    let text = |file: &serde_json::Value, key: &str| file[key].as_str().unwrap().to_owned();
    let files = parsed["write_files"].as_array().unwrap().iter();
    Some(files.map(|file| WrittenFile { path: text(file, "path"), content: text(file, "content") }).collect())
}

/// Whether `program` is installed. An absent one is a printed line, and a failure where CI is `true`.
pub(crate) fn installed(program: &str) -> bool {
    let directories = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&directories).any(|directory| directory.join(program).is_file());
    if !found {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{program} is not installed");
        println!("not checked: {program} is not installed");
    }
    found
}

/// Runs a command with `input`, for a minute at most; `None` when `program`, which it needs, is absent.
pub(crate) fn run(program: &str, command: &[&str], input: &str) -> Option<Output> {
    if !installed(program) {
        return None;
    }
    let mut child = Command::new("timeout")
        .arg("60")
        .args(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that needs no input may have gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Some(child.wait_with_output().unwrap())
}

/// An empty directory of its own for one test, under the build's own scratch folder.
pub(crate) fn scratch(name: &str) -> std::path::PathBuf {
    let path =
        std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The next connection; `None` when none has come after 20 s, so that a script that never calls is a failed
/// test and not a hanging one.
pub(crate) fn accept(listener: &TcpListener) -> Option<TcpStream> {
    listener.set_nonblocking(true).unwrap();
    for _ in 0..200 {
        if let Ok((peer, _)) = listener.accept() {
            peer.set_nonblocking(false).unwrap();
            peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            return Some(peer);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    None
}
