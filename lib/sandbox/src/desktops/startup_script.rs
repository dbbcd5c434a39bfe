//! What a Windows machine would do at first boot, as far as it can be seen without PowerShell: the report's URL.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use regex::Regex;

/// Variables may hold variables; real scripts nest once.
const EXPANSIONS_MAX: usize = 8;

/// Where the script posts its first-boot report: the argument of `-Uri`, or else any URL with `/first-boot/` in it.
///
/// Understands a batch file that calls PowerShell with `-EncodedCommand` (in one piece, over several lines, or out
/// of `set` variables), a plain script, and `<powershell>` user data.
pub(super) fn report_url(script: &[u8]) -> Option<String> {
    let batch = joined_lines(&String::from_utf8_lossy(script));
    let encoded = encoded_commands(&batch);
    encoded.iter().chain([&batch]).find_map(|text| url_in(text))
}

fn url_in(text: &str) -> Option<String> {
    static URI: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"-[Uu]ri\s+['"]?(https?://[^\s'"<>]*/first-boot/[^\s'"<>]*)"#).ok());
    static ANY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(https?://[^\s'"<>]*/first-boot/[^\s'"<>]*)"#).ok());
    let first =
        |regex: &LazyLock<Option<Regex>>| Some(regex.as_ref()?.captures(text)?.get(1)?.as_str().to_owned());
    first(&URI).or_else(|| first(&ANY))
}

/// A caret at the end of a line continues it.
fn joined_lines(batch: &str) -> String {
    batch.replace("\r\n", "\n").replace("^\n", "")
}

/// The scripts behind every `-EncodedCommand`.
fn encoded_commands(batch: &str) -> Vec<String> {
    let mut variables = HashMap::new();
    let mut scripts = Vec::new();
    for line in batch.lines() {
        let line = expanded(line.trim(), &variables);
        if let Some((name, value)) = assignment(&line) {
            variables.insert(name, value);
        } else if let Some(script) = encoded_argument(&line).and_then(decoded) {
            scripts.push(script);
        }
    }
    scripts
}

/// `set NAME=VALUE`, `set "NAME=VALUE"`; names are not case sensitive.
fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim_start_matches('@');
    let (set, rest) = line.split_at_checked(4)?;
    let (name, value) =
        set.eq_ignore_ascii_case("set ").then(|| rest.trim().trim_matches('"').split_once('='))??;
    Some((name.trim().to_ascii_lowercase(), value.to_owned()))
}

fn expanded(line: &str, variables: &HashMap<String, String>) -> String {
    let mut line = line.to_owned();
    for _ in 0..EXPANSIONS_MAX {
        let mut parts = line.split('%');
        let mut out = parts.next().unwrap_or_default().to_owned();
        let mut changed = false;
        let mut pending = parts.next();
        while let Some(part) = pending {
            pending = parts.next();
            match variables.get(&part.to_ascii_lowercase()) {
                Some(value) if pending.is_some() => {
                    out.push_str(value);
                    out.push_str(pending.unwrap_or_default());
                    pending = parts.next();
                    changed = true;
                }
                _ => {
                    out.push('%');
                    out.push_str(part);
                }
            }
        }
        line = out;
        if !changed {
            break;
        }
    }
    line
}

/// PowerShell takes any beginning of the parameter's name; these are the usual ones.
fn encoded_argument(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    words.find(|word| {
        ["-encodedcommand", "-enc", "-ec", "-e"].contains(&word.to_ascii_lowercase().as_str())
    })?;
    words.next().map(|word| word.trim_matches('"'))
}

fn decoded(base64: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    let (units, _) = bytes.as_chunks::<2>();
    String::from_utf16(&units.iter().map(|unit| u16::from_le_bytes(*unit)).collect::<Vec<_>>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:4566/first-boot/ins_1/abc?x=1";

    fn encoded(script: &str) -> String {
        BASE64_STANDARD.encode(script.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
    }

    fn script() -> String {
        format!("$x = 1\nInvoke-RestMethod -Method Post -Body $body -Uri '{URL}' -TimeoutSec 30 | Out-Null\n")
    }

    #[test]
    fn the_url_is_found_however_the_script_is_packed() {
        let whole = encoded(&script());
        let (left, right) = whole.split_at(200);
        for (case, batch) in [
            (
                "one line",
                format!("@echo off\r\npowershell.exe -NoProfile -EncodedCommand {whole}\r\nexit /b 0\r\n"),
            ),
            ("carets", format!("powershell.exe -EncodedCommand {left}^\r\n{right}\r\n")),
            ("variables", format!("set a={left}\r\nset \"B={right}\"\r\npowershell -enc %A%%b%\r\n")),
            ("nested variables", format!("set a={left}\r\nset c=%a%{right}\r\npowershell -e \"%c%\"\r\n")),
            ("user data", format!("<powershell>\n{}</powershell>", script())),
            ("a variable in PowerShell", format!("$url = '{URL}'\nInvoke-RestMethod -Uri $url\n")),
            ("a second command", format!("powershell -e {}\npowershell -e {whole}", encoded("Get-Date"))),
        ] {
            assert_eq!(report_url(batch.as_bytes()).as_deref(), Some(URL), "{case}");
        }
    }

    #[test]
    fn a_script_without_a_report_has_no_url() {
        for script in [
            "",
            "exit /b 0",
            "powershell -EncodedCommand !!!",
            "powershell -e",
            "%%%",
            "set",
            "set a",
            "100%",
        ] {
            assert_eq!(report_url(script.as_bytes()), None, "{script}");
        }
        assert_eq!(report_url(&[0xff; 40]), None);
    }
}
