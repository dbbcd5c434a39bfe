//! The PowerShell scripts through its grammar, and every command name through an allow-list.
//!
//! A lint, not PowerShell: it sees broken syntax and mistyped commands, but no unknown parameter.

use std::collections::BTreeSet;

use desktop::Profile;
use domain::catalogue::Plan;
use tree_sitter::{Node, Parser, Tree};

use crate::support::{PROFILES, powershell, windows_scripts};

/// Every command that the scripts may call. A mistyped one is not here, nor is `=` where `==` was written.
const COMMANDS: &[&str] = &[
    "Add-Content",
    "ConvertTo-Json",
    "Enable-NetFirewallRule",
    "Get-AuthenticodeSignature",
    "Get-CimInstance",
    "Get-Content",
    "Invoke-Expression",
    "Invoke-RestMethod",
    "Invoke-WebRequest",
    "New-Item",
    "New-Object",
    "New-ScheduledTaskAction",
    "New-ScheduledTaskPrincipal",
    "New-ScheduledTaskSettingsSet",
    "New-ScheduledTaskTrigger",
    "New-TimeSpan",
    "Out-File",
    "Out-Null",
    "Register-ScheduledTask",
    "Set-Content",
    "Set-ItemProperty",
    "Set-Service",
    "Set-StrictMode",
    "Start-Process",
    "Start-ScheduledTask",
    "Start-Service",
    "Start-Sleep",
    "Test-Path",
    "Unregister-ScheduledTask",
    "Write-Output",
    "net.exe",
    "$choco",
];

fn parse(script: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    parser.parse(script, None).unwrap()
}

fn visit<'tree>(node: Node<'tree>, seen: &mut impl FnMut(Node<'tree>)) {
    seen(node);
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        visit(child, seen);
    }
}

fn commands(script: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    visit(parse(script).root_node(), &mut |node| {
        if matches!(node.kind(), "command_name" | "command_name_expr") {
            names.insert(node.utf8_text(script.as_bytes()).unwrap().to_owned());
        }
    });
    names
}

/// What is wrong with a script, in words; empty when nothing is.
fn faults(script: &str) -> Vec<String> {
    let mut faults = Vec::new();
    visit(parse(script).root_node(), &mut |node| {
        if node.is_error() || node.is_missing() {
            faults.push(format!("line {}: syntax", node.start_position().row + 1));
        }
        // The grammar is content with a bare `try`; PowerShell is not.
        let mut cursor = node.walk();
        let handles = |child: Node<'_>| matches!(child.kind(), "catch_clauses" | "finally_clause");
        if node.kind() == "try_statement" && !node.children(&mut cursor).any(handles) {
            faults.push(format!("line {}: try without catch", node.start_position().row + 1));
        }
    });
    let unknown = commands(script).into_iter().filter(|name| !COMMANDS.contains(&name.as_str()));
    faults.extend(unknown.map(|name| format!("unknown command {name}")));
    if script.contains("!=") || script.contains("||") || script.contains("&&") {
        faults.push("an operator that Windows PowerShell 5.1 does not have".to_owned());
    }
    if !script.is_ascii() {
        faults.push("a character that a code page may change".to_owned());
    }
    faults
}

#[test]
fn every_script_parses_and_calls_only_known_commands() {
    for (plan, profile) in Plan::ALL.iter().flat_map(|plan| PROFILES.map(|profile| (*plan, profile))) {
        let mut scripts = windows_scripts(plan, profile);
        scripts.push(powershell(plan, profile));
        for script in scripts {
            assert_eq!(faults(&script), Vec::<String>::new(), "{plan} {profile:?}:\n{script}");
        }
    }
}

#[test]
fn every_allowed_command_is_still_called() {
    let called: BTreeSet<String> =
        windows_scripts(Plan::Basic, Profile::Mt5).iter().flat_map(|script| commands(script)).collect();
    let idle: Vec<_> = COMMANDS.iter().filter(|name| !called.contains(**name)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

#[test]
fn the_check_sees_seeded_faults() {
    let first_boot = windows_scripts(Plan::Basic, Profile::Standard).remove(0);
    for (right, wrong) in [
        ("try {", "try "),
        ("} catch { Write-Output ('setup", "} { Write-Output ('setup"),
        ("'Stop'", "'Stop"),
        ("([Math]::Min(60, 5 * $i))", "([Math]::Min(60, 5 * $i)"),
        ("if ($thumb) { break }", "if [ $thumb ]; then break; fi"),
        ("\"$ts\\WinStations\\RDP-Tcp\"", "\"$(ts\\WinStations\\RDP-Tcp\""),
        ("Start-Service", "Start-Servce"),
        ("Start-Sleep -Seconds 3", "sleep 3"),
        ("$state = 'ready'", "$state == 'ready'"),
        ("$i -lt 10", "$i != 10"),
        ("| Out-Null\nbreak", "&& break"),
        ("'failed'", "\u{2018}failed\u{2019}"),
    ] {
        assert!(first_boot.contains(right), "{right}");
        assert!(!faults(&first_boot.replacen(right, wrong, 1)).is_empty(), "{wrong}");
    }
}
