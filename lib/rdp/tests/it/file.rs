//! The `.rdp` file: as text, through another program's parser, and against names made to break out.

use std::net::IpAddr;

use ironrdp_rdpfile::parse;
use proptest::prelude::*;
use rdp::{FileOs, RdpFile, Username};

fn file(address: &str, os: FileOs) -> RdpFile {
    let username = "Administrator".parse().unwrap();
    RdpFile { address: address.parse().unwrap(), port: 3389, username, os }
}

#[test]
fn a_windows_file_is_exactly_this() {
    let expected = "\
screen mode id:i:2
full address:s:203.0.113.5:3389
username:s:Administrator
prompt for credentials:i:1
authentication level:i:2
negotiate security layer:i:1
enablecredsspsupport:i:1
use multimon:i:0
smart sizing:i:0
dynamic resolution:i:1
redirectclipboard:i:1
redirectprinters:i:0
redirectsmartcards:i:0
redirectcomports:i:0
redirectwebauthn:i:0
redirectlocation:i:0
drivestoredirect:s:
devicestoredirect:s:
camerastoredirect:s:
usbdevicestoredirect:s:
audiomode:i:0
audiocapturemode:i:0
keyboardhook:i:2
autoreconnection enabled:i:1
gatewayusagemethod:i:0
gatewayprofileusagemethod:i:1
remoteapplicationmode:i:0
";
    assert_eq!(file("203.0.113.5", FileOs::Windows).to_string(), expected.replace('\n', "\r\n"));
}

#[test]
fn a_linux_file_scales_the_picture_and_differs_in_nothing_else() {
    let windows = file("203.0.113.5", FileOs::Windows).to_string();
    let linux = file("203.0.113.5", FileOs::Linux).to_string();
    assert_eq!(linux, windows.replace("smart sizing:i:0", "smart sizing:i:1"));
    assert!(linux.contains("dynamic resolution:i:1\r\n"));
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    let text = file("2001:db8::5", FileOs::Linux).to_string();
    assert!(text.contains("\r\nfull address:s:[2001:db8::5]:3389\r\n"), "{text}");
}

#[test]
fn another_programs_parser_reads_every_line() {
    for (address, os) in [("203.0.113.5", FileOs::Windows), ("2001:db8::5", FileOs::Linux)] {
        let file = file(address, os);
        let parsed = parse(&file.to_string());
        assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
        let text = |key| parsed.properties.get::<&str>(key);
        assert_eq!(
            text("full address"),
            Some(std::net::SocketAddr::new(file.address, 3389).to_string().as_str())
        );
        assert_eq!(text("username"), Some("Administrator"));
        assert_eq!(parsed.properties.get::<i64>("enablecredsspsupport"), Some(1));
        assert_eq!(parsed.properties.iter().count(), 27, "no key twice");
    }
}

#[test]
fn a_user_name_that_could_break_out_of_its_line_is_refused() {
    for bad in [
        "",
        "a b",
        "a\r\nalternate full address:s:evil",
        "a\n",
        "ä",
        "a:b",
        "DOMAIN\\a",
        "a@b",
        "abcdefghijklmnopqrstu",
    ] {
        assert!(bad.parse::<Username>().is_err(), "{bad:?}");
    }
    for good in ["Administrator", "desk", "d.e_s-k9", "abcdefghijklmnopqrst"] {
        assert_eq!(good.parse::<Username>().unwrap().to_string(), good);
    }
}

proptest! {
    #[test]
    fn every_file_is_ascii_with_crlf_and_its_address_on_a_later_line(
        address in any::<IpAddr>(), port in any::<u16>(), name in "[A-Za-z0-9._-]{1,20}", linux in any::<bool>(),
    ) {
        let os = if linux { FileOs::Linux } else { FileOs::Windows };
        let text = RdpFile { address, port, username: name.parse().unwrap(), os }.to_string();
        prop_assert!(text.is_ascii() && text.ends_with("\r\n"));
        prop_assert_eq!(text.matches('\n').count(), 27);
        prop_assert_eq!(text.matches("\r\n").count(), 27);
        prop_assert!(!text.contains("password") && !text.contains("alternate"));
        prop_assert!(!text.starts_with("full address"));
        let parsed = parse(&text);
        prop_assert!(parsed.errors.is_empty());
        prop_assert_eq!(parsed.properties.get::<&str>("username"), Some(name.as_str()));
    }

    #[test]
    fn any_text_is_either_a_safe_user_name_or_refused(text in ".{0,30}") {
        if let Ok(name) = text.parse::<Username>() {
            prop_assert!(name.to_string().bytes().all(|b| b.is_ascii_graphic() && b != b':'));
        }
    }
}
