//! What is sent, and what is made of every answer.

use std::collections::BTreeMap;
use std::time::Duration;

use app::ports::{UserData, VmHost};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::{VmId, VmState};
use http_call::peer::{Peer, Reply, Seen};
use vm_ec2::{Client, KeyPair, Network, Settings, UnreadableKey};

use crate::{NAME, ORDER, REGION, UBUNTU, outcome, request, sdk_config, settings, trace};

const ID: &str = "us-east-1/i-0123456789abcdef0";

fn adapter(peer: &Peer) -> Client {
    Client::new(&sdk_config(), settings(peer.url(), "AKIAEXAMPLE", "wJalrXUtnFEMI"))
}

fn id() -> VmId {
    VmId(ID.to_owned())
}

fn xml(status: u16, body: impl Into<String>) -> Reply {
    Reply::Text(status, vec![("content-type", "text/xml;charset=UTF-8")], body.into())
}

fn refusal(status: u16, code: &str) -> Reply {
    let error = format!("<Error><Code>{code}</Code><Message>Because.</Message></Error>");
    xml(status, format!("<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"))
}

/// One instance in a state, with what else stands in it.
fn instance(state: &str, more: &str) -> String {
    format!(
        "<item><instanceId>i-0123456789abcdef0</instanceId><instanceState><code>99</code><name>{state}</name>\
         </instanceState><instanceType>t3.medium</instanceType><clientToken>{NAME}</clientToken>\
         <tagSet><item><key>Name</key><value>{NAME}</value></item>\
         <item><key>nemordp</key><value>{ORDER} nemordp</value></item></tagSet>{more}</item>"
    )
}

fn made(state: &str) -> Reply {
    let set = format!("<instancesSet>{}</instancesSet>", instance(state, ""));
    xml(200, format!("<RunInstancesResponse>{set}</RunInstancesResponse>"))
}

fn described(instance: &str, next: &str) -> Reply {
    let set =
        format!("<reservationSet><item><instancesSet>{instance}</instancesSet></item></reservationSet>");
    xml(200, format!("<DescribeInstancesResponse>{set}{next}</DescribeInstancesResponse>"))
}

fn form(seen: &Seen) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = tail;
            match (first, tail) {
                (b'%', [high, low, tail @ ..]) => {
                    let pair = [*high, *low];
                    let pair = std::str::from_utf8(&pair).expect("ASCII");
                    bytes.push(u8::from_str_radix(pair, 16).expect("two digits"));
                    rest = tail;
                }
                _ => bytes.push(*first),
            }
        }
        String::from_utf8(bytes).expect("text")
    };
    let pairs = seen.body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

#[tokio::test]
async fn a_create_names_the_machine_in_token_and_tags_and_encodes_the_user_data() {
    let peer = Peer::start(vec![made("pending")]).await;
    let network = Network {
        subnet_id: Some("subnet-01234567".to_owned()),
        security_group_ids: vec!["sg-01234567".to_owned()],
    };
    let mut settings = settings(peer.url(), "AKIAEXAMPLE", "wJalrXUtnFEMI");
    settings.networks.insert(REGION.to_owned(), network);
    let created = Client::new(&sdk_config(), settings).create(&request(Os::Linux)).await.expect("a machine");
    assert_eq!((created.vm.id.0.as_str(), created.vm.name.as_str()), (ID, NAME));
    assert_eq!(created.vm.tags, [ORDER, "nemordp"]);

    let seen = &peer.seen()[0];
    assert_eq!(seen.line, "POST /");
    let signed = seen.header("authorization").expect("a signature");
    assert!(signed.contains("Credential=AKIAEXAMPLE/") && signed.contains("/us-east-1/ec2/"), "{signed}");
    let form = form(seen);
    for (name, value) in [
        ("Action", "RunInstances"),
        ("Version", "2016-11-15"),
        ("ImageId", format!("resolve:ssm:{UBUNTU}").as_str()),
        ("InstanceType", "t3.medium"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("ClientToken", NAME),
        ("UserData", "I2Nsb3VkLWNvbmZpZwpob3N0bmFtZTogImRlc2stMSIK"),
        ("SubnetId", "subnet-01234567"),
        ("SecurityGroupId.1", "sg-01234567"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/sda1"),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "80"),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", NAME),
        ("TagSpecification.1.Tag.2.Key", "nemordp"),
        ("TagSpecification.1.Tag.2.Value", format!("{ORDER} nemordp").as_str()),
        ("TagSpecification.2.ResourceType", "volume"),
    ] {
        assert_eq!(form.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!form.contains_key("KeyName"), "nobody signs in to Ubuntu with a key");
}

#[tokio::test]
async fn a_create_that_makes_nothing_says_why_and_none_is_ever_sent_twice() {
    let nameless = instance("running", "").replace("i-0123456789abcdef0", "");
    let nameless =
        format!("<RunInstancesResponse><instancesSet>{nameless}</instancesSet></RunInstancesResponse>");
    let rows: Vec<(Reply, &str)> = vec![
        (
            refusal(500, "InsufficientInstanceCapacity"),
            "out of stock: InsufficientInstanceCapacity: Because.",
        ),
        (refusal(400, "Unsupported"), "out of stock: Unsupported: Because."),
        (refusal(400, "VcpuLimitExceeded"), "quota: VcpuLimitExceeded: Because."),
        (refusal(400, "InstanceLimitExceeded"), "quota: InstanceLimitExceeded: Because."),
        (refusal(400, "PendingVerification"), "quota: PendingVerification: Because."),
        (refusal(403, "UnauthorizedOperation"), "unauthorized: UnauthorizedOperation: Because."),
        (refusal(401, "AuthFailure"), "unauthorized: AuthFailure: Because."),
        (refusal(503, "RequestLimitExceeded"), "busy"),
        (refusal(400, "InvalidParameterValue"), "refused: InvalidParameterValue: Because."),
        (refusal(400, "InvalidKeyPair.NotFound"), "refused: InvalidKeyPair.NotFound: Because."),
        (refusal(400, "InvalidAMIID.NotFound"), "refused: InvalidAMIID.NotFound: Because."),
        (refusal(400, "IdempotentInstanceTerminated"), "refused: IdempotentInstanceTerminated: Because."),
        (refusal(400, "NeverHeardOf"), "refused: NeverHeardOf: Because."),
        (refusal(500, "InternalError"), "unclear"),
        (refusal(503, "Unavailable"), "unclear"),
        (refusal(500, "NeverHeardOf"), "unclear"),
        (made("terminated"), "refused: the machine of this name has been terminated"),
        (xml(200, "<RunInstancesResponse/>"), "unclear"),
        (xml(200, "<RunInstancesResponse><instancesSet>"), "unclear"),
        (xml(200, nameless), "unclear"),
        (xml(200, "<Surprise/>"), "unclear"),
        (xml(200, ""), "unclear"),
        (xml(400, "<Response/>"), "unclear"),
        (xml(502, ""), "unclear"),
        (Reply::html(200), "unclear"),
        (Reply::html(403), "unclear"),
        (Reply::html(502), "unclear"),
        (Reply::json(200, "{}"), "unclear"),
        (Reply::HangUp, "unclear"),
        (Reply::CutShort(200), "unclear"),
    ];
    for (index, (reply, expected)) in rows.into_iter().enumerate() {
        let peer = Peer::start(vec![reply, made("pending")]).await;
        assert_eq!(outcome(adapter(&peer).create(&request(Os::Linux)).await), expected, "row {index}");
        assert_eq!(peer.seen().len(), 1, "row {index} was sent again");
    }
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_before_the_call() {
    let peer = Peer::start(Vec::new()).await;
    let adapter = adapter(&peer);
    let ordinary = request(Os::Linux);
    let mut core = ordinary.clone();
    core.offering.image.name_prefix =
        "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-Base".into();
    let mut nowhere = ordinary.clone();
    nowhere.offering.provider_region = "evil.test/".to_owned();
    let mut long = ordinary.clone();
    long.user_data = UserData::CloudConfig("x".repeat(16_385));
    let mut named = ordinary.clone();
    named.name = "x".repeat(65);
    let mut tagged = ordinary.clone();
    tagged.tags = vec!["a b".to_owned()];
    for (wrong, request) in
        [("core", core), ("region", nowhere), ("user data", long), ("name", named), ("tags", tagged)]
    {
        assert!(outcome(adapter.create(&request).await).starts_with("refused"), "{wrong}");
    }
    // Without a key pair there is no password, so no Windows.
    assert!(adapter.capabilities().windows.is_none());
    assert!(outcome(adapter.create(&request(Os::Windows)).await).starts_with("refused"));
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn a_region_without_a_network_is_neither_sold_nor_made_in() {
    let regions =
        "<item><regionName>us-east-1</regionName></item><item><regionName>eu-west-2</regionName></item>";
    let regions = format!("<regionInfo>{regions}</regionInfo>");
    let peer =
        Peer::start(vec![xml(200, format!("<DescribeRegionsResponse>{regions}</DescribeRegionsResponse>"))])
            .await;
    let mut settings = settings(peer.url(), "AKIAEXAMPLE", "wJalrXUtnFEMI");
    settings.networks.remove(REGION);
    let ec2 = Client::new(&sdk_config(), settings);
    let request = request(Os::Linux);
    let expected = "refused: no network is named for machines in this region: nobody would reach them";
    assert_eq!(outcome(ec2.create(&request).await), expected);
    assert!(!ec2.in_stock(&request.offering).await.expect("an answer"));
    assert!(peer.seen().is_empty());
    let regions = ec2.regions().await.expect("regions");
    assert_eq!(regions.iter().map(|region| region.id.as_str()).collect::<Vec<_>>(), ["eu-west-2"]);
}

#[tokio::test]
async fn an_image_that_is_not_found_is_replaced_by_the_fallback_under_the_same_name() {
    for code in ["InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidParameterValue"] {
        let peer = Peer::start(vec![refusal(400, code), made("pending")]).await;
        let mut request = request(Os::Linux);
        request.offering.image.fallback_id = "ami-0e2404e2404e2404e".to_owned();
        assert_eq!(outcome(adapter(&peer).create(&request).await), "done", "{code}");
        let forms: Vec<_> = peer.seen().iter().map(form).collect();
        let images: Vec<&str> = forms.iter().map(|form| form["ImageId"].as_str()).collect();
        assert_eq!(images, [format!("resolve:ssm:{UBUNTU}").as_str(), "ami-0e2404e2404e2404e"]);
        assert!(forms.iter().all(|form| form["ClientToken"] == NAME));
    }
}

#[tokio::test]
async fn a_name_that_was_used_with_other_parameters_leads_to_its_machine() {
    let mismatch = || refusal(400, "IdempotentParameterMismatch");
    let peer = Peer::start(vec![mismatch(), described(&instance("running", ""), "")]).await;
    let adopted = adapter(&peer).create(&request(Os::Linux)).await.expect("the machine that is there");
    assert_eq!(adopted.vm.id.0, ID);
    let asked = form(&peer.seen()[1]);
    assert_eq!((asked["Filter.1.Name"].as_str(), asked["Filter.1.Value.1"].as_str()), ("client-token", NAME));

    for not_seen in [
        described("", ""),
        described(&instance("terminated", ""), ""),
        refusal(400, "InvalidParameterValue"),
        refusal(401, "AuthFailure"),
        refusal(403, "UnauthorizedOperation"),
    ] {
        let peer = Peer::start(vec![mismatch(), not_seen]).await;
        assert_eq!(outcome(adapter(&peer).create(&request(Os::Linux)).await), "unclear");
    }
}

#[tokio::test]
async fn running_means_that_both_checks_have_passed() {
    let status = |system: &str, own: &str| {
        let set = format!(
            "<item><instanceId>i-0123456789abcdef0</instanceId><instanceState><name>running</name></instanceState>\
             <systemStatus><status>{system}</status></systemStatus>\
             <instanceStatus><status>{own}</status></instanceStatus></item>"
        );
        let set = format!("<instanceStatusSet>{set}</instanceStatusSet>");
        xml(200, format!("<DescribeInstanceStatusResponse>{set}</DescribeInstanceStatusResponse>"))
    };
    let up = instance("running", "<ipAddress>192.0.2.7</ipAddress>");
    for (reply, state) in [
        (status("ok", "ok"), VmState::Running),
        (status("ok", "initializing"), VmState::Pending),
        (status("impaired", "ok"), VmState::Pending),
        (status("ok", "insufficient-data"), VmState::Pending),
        (status("humming", "ok"), VmState::Pending),
        (xml(200, "<DescribeInstanceStatusResponse/>"), VmState::Pending),
        (refusal(400, "InvalidInstanceID.NotFound"), VmState::Pending),
    ] {
        let peer = Peer::start(vec![described(&up, ""), reply]).await;
        assert_eq!(adapter(&peer).get(&id()).await.expect("a machine").vm.state, state);
    }
    let peer = Peer::start(vec![described(&instance("terminated", ""), "")]).await;
    assert_eq!(outcome(adapter(&peer).get(&id()).await), "not found");
    assert_eq!(peer.seen().len(), 1);
}

#[tokio::test]
async fn a_page_of_a_proxy_is_no_success_also_where_the_answer_has_no_content() {
    for call in ["reboot", "delete", "halt"] {
        let peer = Peer::start(vec![Reply::html(200)]).await;
        let adapter = adapter(&peer);
        let ended = match call {
            "reboot" => outcome(adapter.reboot(&id()).await),
            "halt" => outcome(adapter.halt(&id()).await),
            _ => outcome(adapter.delete(&id()).await),
        };
        assert_eq!((ended.as_str(), peer.seen().len()), ("unclear", 1), "{call}");
    }
}

#[tokio::test]
async fn a_delete_is_never_refused_for_good() {
    for (reply, expected) in [
        (refusal(400, "OperationNotPermitted"), "busy"),
        (refusal(400, "InvalidInstanceID.NotFound"), "done"),
        (refusal(503, "RequestLimitExceeded"), "busy"),
        (refusal(500, "InternalError"), "unclear"),
        (refusal(401, "AuthFailure"), "unauthorized: AuthFailure: Because."),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).delete(&id()).await), expected);
        assert_eq!(peer.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_has_done_nothing() {
    let peer = Peer::start(Vec::new()).await;
    let adapter = adapter(&peer);
    drop(peer);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(outcome(adapter.create(&request(Os::Linux)).await), "busy");
    assert_eq!(outcome(adapter.halt(&id()).await), "busy");
}

#[tokio::test]
async fn a_search_follows_every_page_and_compares_what_it_gets() {
    let foreign = instance("running", "").replace(ORDER, "ord_other").replace("i-01", "i-02");
    let peer = Peer::start(vec![
        described(&foreign, "<nextToken>more</nextToken>"),
        described(&instance("hovering", ""), ""),
        described(&foreign, ""),
    ])
    .await;
    let found = adapter(&peer).find(&trace()).await.expect("a list");
    assert_eq!(found.iter().map(|vm| vm.id.0.as_str()).collect::<Vec<_>>(), [ID]);
    assert_eq!(found[0].state, VmState::Unknown("hovering".to_owned()));
    let forms: Vec<_> = peer.seen().iter().map(form).collect();
    assert_eq!(forms[1]["NextToken"], "more");
    assert_eq!(forms[2]["Filter.1.Name"], "tag:nemordp");
    assert_eq!(forms[2]["Filter.1.Value.1"], format!("*{ORDER}*"));
}

#[test]
fn only_an_rsa_key_in_pem_is_a_key_pair() {
    for text in ["", "secret", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"] {
        let key = KeyPair::parse("desktops", &Secret::new(text.to_owned()));
        assert!(matches!(key, Err(UnreadableKey)), "{text}");
    }
}

#[test]
fn settings_come_from_the_catalogue() {
    let offering = r#"{"provider":"ec2","plan":"t3.medium","region":"us-east","provider_region":"us-east-1",
        "image":{"name_prefix":"/aws/service/a","fallback_id":""}}"#;
    let other = offering.replace("\"ec2\"", "\"vultr\"").replace("us-east-1", "ewr");
    let product = |os: &str, disk: u32| {
        format!(
            r#"{{"plan":"basic","os":"{os}","specs":{{"vcpus":2,"memory_gb":4,"disk_gb":{disk},"traffic_gb":1,
            "gpu":null}},"monthly":{{}},"usual_setup_seconds":60,"offerings":[{offering},{other}]}}"#
        )
    };
    let products = format!("[{},{}]", product("windows", 80), product("linux", 60));
    let text = format!(r#"{{"regions":[],"currencies":[],"windows_licences":[],"products":{products}}}"#);
    let settings = Settings::from_catalogue(&serde_json::from_str(&text).expect("a catalogue"));
    assert_eq!(settings.regions, ["us-east-1"]);
    assert_eq!(settings.sizes, BTreeMap::from([("t3.medium".to_owned(), 80)]));
    assert_eq!(settings.images, ["/aws/service/a"]);
}

#[tokio::test]
async fn a_region_that_does_not_tell_its_sizes_keeps_no_other_from_telling_them() {
    let size = "<item><instanceType>t3.medium</instanceType><vCpuInfo><defaultVCpus>2</defaultVCpus></vCpuInfo>\
                <memoryInfo><sizeInMiB>4096</sizeInMiB></memoryInfo></item>";
    let sizes = format!(
        "<DescribeInstanceTypesResponse><instanceTypeSet>{size}</instanceTypeSet></DescribeInstanceTypesResponse>"
    );
    let refused = || refusal(403, "UnauthorizedOperation");
    let peer = Peer::start(vec![refused(), xml(200, sizes), refused(), refused()]).await;
    let adapter = adapter(&peer);
    let plans = adapter.plans().await.expect("those of the other region");
    assert_eq!(plans.iter().map(|plan| plan.id.as_str()).collect::<Vec<_>>(), ["t3.medium"]);
    assert_eq!(plans[0].regions, ["eu-west-2"]);
    assert_eq!(outcome(adapter.plans().await), "unauthorized: UnauthorizedOperation: Because.");
}
