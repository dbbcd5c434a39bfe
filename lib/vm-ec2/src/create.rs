//! `RunInstances`.
//!
//! The machine's name is the `ClientToken`: a repeat with the same parameters is answered with the machine that is
//! there, and one with others is refused, upon which that machine is looked up. So one name never makes two.

use app::ports::{CreateVm, CreatedVm, UserData, VmError};
use aws_sdk_ec2::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_ec2::operation::run_instances::{RunInstancesError, RunInstancesOutput};
use aws_sdk_ec2::types::{
    BlockDeviceMapping, EbsBlockDevice, Instance, InstanceType, ResourceType, Tag, TagSpecification,
    VolumeType,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::catalogue::{Image, Os, Provider};
use domain::vm::{Vm, VmState};

use crate::client::{Client, Manner};
use crate::instance::{self, NAME_TAG, OUR_TAG};
use crate::settings::Network;
use crate::{failure, place};

/// Before it is encoded.
const USER_DATA_BYTES_MAX: usize = 16 * 1024;
const CLIENT_TOKEN_CHARS_MAX: usize = 64;
const TAG_VALUE_CHARS_MAX: usize = 256;
/// What Windows needs, and more than Ubuntu does.
const DISK_GB_MIN: u32 = 30;
/// The root device of the Windows and Ubuntu images.
const ROOT_DEVICE: &str = "/dev/sda1";

type RunError = SdkError<RunInstancesError>;

impl Client {
    /// Makes a machine, or answers with the one that the name has made already.
    pub(crate) async fn run(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        let order = Order::new(request)?;
        let Some(network) = self.settings.networks.get(&request.offering.provider_region) else {
            return Err(refused("no network is named for machines in this region: nobody would reach them"));
        };
        if request.os == Os::Windows && self.settings.key_pair.is_none() {
            return Err(refused("Windows needs a launch key pair: no password could be fetched without one"));
        }
        let fallback = request.offering.image.fallback_id.as_str();
        let mut outcome = self.send_run(request, &order, network, &order.image).await;
        if let Err(error) = &outcome
            && is_about_the_image(error)
            && is_ami(fallback)
        {
            let text = error.as_service_error().and_then(|e| e.message()).unwrap_or_default();
            tracing::warn!(image = order.image, text, fallback, "EC2 does not find the newest image");
            outcome = self.send_run(request, &order, network, fallback).await;
        }
        let region = &request.offering.provider_region;
        let vm = match outcome {
            Ok(output) => made(&output, region)?,
            Err(error) if failure::code(&error) == "IdempotentParameterMismatch" => {
                self.adopted(region, &request.name).await?
            }
            Err(error) => return Err(failure::of_create(error)),
        };
        Ok(CreatedVm { vm, password: None })
    }

    async fn send_run(
        &self,
        request: &CreateVm,
        order: &Order,
        network: &Network,
        image: &str,
    ) -> Result<RunInstancesOutput, RunError> {
        let offering = &request.offering;
        let disk_gb = self.settings.sizes.get(&offering.plan).copied().unwrap_or(0).max(DISK_GB_MIN);
        let disk = EbsBlockDevice::builder()
            .volume_size(i32::try_from(disk_gb).unwrap_or(i32::MAX))
            .volume_type(VolumeType::Gp3)
            .delete_on_termination(true);
        let root = BlockDeviceMapping::builder().device_name(ROOT_DEVICE).ebs(disk.build());
        let groups = &network.security_group_ids;
        let groups = (!groups.is_empty()).then(|| groups.clone());
        // Nobody signs in to Ubuntu with a key, so it gets none.
        let key_pair = self.settings.key_pair.as_ref().filter(|_| request.os == Os::Windows);
        self.at(&offering.provider_region, Manner::Create)
            .run_instances()
            .image_id(image)
            .instance_type(InstanceType::from(offering.plan.as_str()))
            .min_count(1)
            .max_count(1)
            .client_token(&request.name)
            .user_data(&order.user_data)
            .set_key_name(key_pair.map(|pair| pair.name().to_owned()))
            .set_subnet_id(network.subnet_id.clone())
            .set_security_group_ids(groups)
            .block_device_mappings(root.build())
            .tag_specifications(order.tags_of(ResourceType::Instance))
            .tag_specifications(order.tags_of(ResourceType::Volume))
            .send()
            .await
    }

    /// The machine that a name has made with other parameters, an older image say. It was made, so that no failure of
    /// this look-up means that nothing was done.
    async fn adopted(&self, region: &str, name: &str) -> Result<Vm, VmError> {
        let unclear = |which: &str, source: Option<VmError>| VmError::Unclear {
            what: format!("RunInstances: the name is taken by a machine that {which}"),
            source: source.map(Into::into),
        };
        let found = self.with_client_tokens(region, &[name.to_owned()]).await;
        let found = found.map_err(|error| unclear("cannot be looked at", Some(error)))?;
        // It ended, or is not shown yet: nobody knows which.
        found.into_iter().find(|vm| vm.name == name).ok_or_else(|| unclear("is not shown", None))
    }
}

/// What is checked before anything is sent.
struct Order {
    /// As `ImageId` takes it.
    image: String,
    /// Base64: the SDK does not encode it.
    user_data: String,
    tags: [Tag; 2],
}

impl Order {
    fn new(request: &CreateVm) -> Result<Self, VmError> {
        let name = request.name.as_str();
        if !(1..=CLIENT_TOKEN_CHARS_MAX).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(refused("a name that cannot be a client token"));
        }
        if !place::is_region(&request.offering.provider_region) {
            return Err(refused("a region that is none"));
        }
        let ours = request.tags.join(" ");
        let is_plain = |tag: &String| {
            !tag.is_empty() && !tag.contains(|c: char| c.is_whitespace() || "*?\\".contains(c))
        };
        if !request.tags.iter().all(is_plain) || ours.chars().count() > TAG_VALUE_CHARS_MAX {
            return Err(refused("tags that do not fit into one tag of EC2's"));
        }
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        Ok(Self {
            image: image_id(&request.offering.image)?,
            user_data: user_data(&request.user_data)?,
            tags: [tag(NAME_TAG, name), tag(OUR_TAG, &ours)],
        })
    }

    fn tags_of(&self, resource: ResourceType) -> TagSpecification {
        TagSpecification::builder().resource_type(resource).set_tags(Some(self.tags.to_vec())).build()
    }
}

/// EC2 itself resolves the parameter, for which the caller has to be allowed to read it.
fn image_id(image: &Image) -> Result<String, VmError> {
    let path = image.name_prefix.as_str();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-".contains(&b);
    if !path.starts_with('/') || path.contains("Core") || !path.bytes().all(plain) {
        return Err(refused("an image that is no path of a parameter, or one without a desktop"));
    }
    Ok(format!("resolve:ssm:{path}"))
}

fn user_data(user_data: &UserData) -> Result<String, VmError> {
    let text = match user_data {
        UserData::CloudConfig(text) => text.clone(),
        UserData::PowerShell(script) => format!("<powershell>\n{script}\n</powershell>"),
        UserData::Batch(_) => {
            let what = "run a batch file at first boot: it takes PowerShell";
            return Err(VmError::Unsupported { provider: Provider::Ec2, what });
        }
    };
    if text.len() > USER_DATA_BYTES_MAX {
        return Err(VmError::Refused(format!(
            "user data of {} bytes; EC2 takes {USER_DATA_BYTES_MAX}",
            text.len()
        )));
    }
    Ok(BASE64.encode(text))
}

/// The machine in an answer. Its status checks have not passed yet, whatever its state.
fn made(output: &RunInstancesOutput, region: &str) -> Result<Vm, VmError> {
    let unclear =
        || VmError::Unclear { what: "RunInstances: an answer without a machine".to_owned(), source: None };
    let has_id = |one: &&Instance| one.instance_id().is_some_and(|id| !id.is_empty());
    let instance = output.instances().first().filter(has_id).ok_or_else(unclear)?;
    let mut vm = instance::read(instance, region)
        .ok_or_else(|| refused("the machine of this name has been terminated"))?;
    if vm.state == VmState::Running {
        vm.state = VmState::Pending;
    }
    Ok(vm)
}

/// Whether EC2 did not take the image; what it does not take for another reason it will refuse again.
fn is_about_the_image(error: &RunError) -> bool {
    let code = failure::code(error);
    code.starts_with("InvalidAMIID") || code.starts_with("InvalidParameter") || code == "SsmInvalidParameter"
}

fn is_ami(id: &str) -> bool {
    id.strip_prefix("ami-")
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn refused(why: &str) -> VmError {
    VmError::Refused(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_the_path_of_a_parameter_and_never_one_without_a_desktop() {
        let image =
            |path: &str| image_id(&Image { name_prefix: path.to_owned(), fallback_id: String::new() });
        let path = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base";
        assert_eq!(image(path).unwrap(), format!("resolve:ssm:{path}"));
        for bad in [
            "",
            "ami-1",
            "Windows 2022",
            "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-Base",
            "/a b",
        ] {
            assert!(image(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn user_data_is_wrapped_encoded_and_bounded() {
        let encoded = user_data(&UserData::PowerShell("Get-Date".to_owned())).unwrap();
        assert_eq!(BASE64.decode(encoded).unwrap(), b"<powershell>\nGet-Date\n</powershell>");
        assert!(user_data(&UserData::CloudConfig("x".repeat(USER_DATA_BYTES_MAX))).is_ok());
        assert!(user_data(&UserData::CloudConfig("x".repeat(USER_DATA_BYTES_MAX + 1))).is_err());
        let batch = user_data(&UserData::Batch("rem".to_owned()));
        assert!(matches!(batch, Err(VmError::Unsupported { .. })));
    }
}
