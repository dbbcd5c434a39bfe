//! What can be had: regions, instance types, images.

use axum::response::Response;

use super::Ec2;
use super::query::{Filter, Query};
use super::refused;
use super::xml::{Xml, answer};
use crate::desktops::Os;
use crate::machines::{Play as _, sold_out};
use crate::world::Shared;

/// The region of machines that are put in without one.
pub(super) const HOME: &str = "us-east-1";

const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// An instance type: vCPUs, memory in MiB, and the regions that do not have it.
pub(super) struct Kind {
    pub(super) id: &'static str,
    vcpus: u32,
    memory_mib: u32,
    has_gpu: bool,
    not_in: &'static [&'static str],
}

impl Kind {
    const fn new(id: &'static str, vcpus: u32, memory_gib: u32) -> Self {
        Self { id, vcpus, memory_mib: memory_gib * 1024, has_gpu: false, not_in: &[] }
    }

    pub(super) fn is_in(&self, region: &str) -> bool {
        !self.not_in.contains(&region)
    }
}

const KINDS: &[Kind] = &[
    Kind::new("t3.micro", 2, 1),
    Kind::new("t3.small", 2, 2),
    Kind::new("t3.medium", 2, 4),
    Kind::new("t3.large", 2, 8),
    Kind::new("t3.xlarge", 4, 16),
    Kind::new("c6i.large", 2, 4),
    Kind::new("c6i.xlarge", 4, 8),
    Kind::new("c6i.2xlarge", 8, 16),
    Kind::new("m6i.large", 2, 8),
    Kind::new("m6i.xlarge", 4, 16),
    Kind { has_gpu: true, not_in: &["af-south-1", "eu-west-3"], ..Kind::new("g4dn.xlarge", 4, 16) },
    Kind { has_gpu: true, not_in: &["af-south-1", "eu-west-3"], ..Kind::new("g4dn.2xlarge", 8, 32) },
];

/// An image, the same id in every region, which the real ones are not.
pub(super) struct Image {
    pub(super) id: &'static str,
    pub(super) os: Os,
    /// The end of the public SSM parameter that names it.
    parameter: &'static str,
    /// The least size of its root disk.
    pub(super) disk_gb: u32,
}

pub(super) const IMAGES: &[Image] = &[
    windows("ami-0c2016c2016c2016c", "ami-windows-latest/Windows_Server-2016-English-Full-Base"),
    windows("ami-0c2019c2019c2019c", "ami-windows-latest/Windows_Server-2019-English-Full-Base"),
    windows("ami-0c2022c2022c2022c", "ami-windows-latest/Windows_Server-2022-English-Full-Base"),
    windows("ami-0c2025c2025c2025c", "ami-windows-latest/Windows_Server-2025-English-Full-Base"),
    windows("ami-0d2025d2025d2025d", "ami-windows-latest/Windows_Server-2025-English-Core-Base"),
    ubuntu("ami-0e2204e2204e2204e", "canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"),
    ubuntu("ami-0e2404e2404e2404e", "canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"),
];

const fn windows(id: &'static str, parameter: &'static str) -> Image {
    Image { id, os: Os::Windows, parameter, disk_gb: 30 }
}

const fn ubuntu(id: &'static str, parameter: &'static str) -> Image {
    Image { id, os: Os::Linux, parameter, disk_gb: 8 }
}

pub(super) fn is_region(id: &str) -> bool {
    REGIONS.contains(&id)
}

pub(super) fn kind(id: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.id == id)
}

/// The image of an `ImageId`: an id, or `resolve:ssm:` and a parameter's path.
///
/// # Errors
/// The refusal of one that there is not. Which code an unknown parameter gets is not documented.
pub(super) fn image(id: &str) -> Result<&'static Image, Box<Response>> {
    if let Some(path) = id.strip_prefix("resolve:ssm:") {
        let name = path.strip_prefix("/aws/service/").unwrap_or_default();
        return IMAGES.iter().find(|image| image.parameter == name).ok_or_else(|| {
            let text = format!("The SSM parameter {path} could not be resolved to an AMI");
            Box::new(refused("InvalidParameterValue", &text))
        });
    }
    if !id.starts_with("ami-") {
        let text = format!("Invalid id: \"{id}\" (expecting \"ami-...\")");
        return Err(Box::new(refused("InvalidAMIID.Malformed", &text)));
    }
    IMAGES.iter().find(|image| image.id == id).ok_or_else(|| {
        Box::new(refused("InvalidAMIID.NotFound", &format!("The image id '[{id}]' does not exist")))
    })
}

/// `DescribeRegions`
pub(super) async fn regions(world: &Shared, _: &Query) -> Response {
    let call = Ec2::call("ec2.regions", "");
    call.run(world, async {
        answer("DescribeRegions", |xml| {
            xml.set("regionInfo", REGIONS, |xml, region| {
                let status = if *region == "af-south-1" { "opted-in" } else { "opt-in-not-required" };
                xml.text("regionName", region)
                    .text("regionEndpoint", format!("ec2.{region}.amazonaws.com"))
                    .text("optInStatus", status);
            });
        })
    })
    .await
}

/// `DescribeInstanceTypes`, those of the region.
pub(super) async fn instance_types(world: &Shared, query: &Query) -> Response {
    let call = Ec2::call("ec2.plans", &query.region);
    call.run(world, async {
        let wanted = query.list("InstanceType");
        if let Some(unknown) = wanted.iter().find(|id| kind(id).is_none()) {
            let text = format!("The following supplied instance types do not exist: [{unknown}]");
            return refused("InvalidInstanceType", &text);
        }
        let is_wanted = |kind: &&Kind| wanted.is_empty() || wanted.contains(&kind.id);
        match filtered(query) {
            Err(refusal) => *refusal,
            Ok(kinds) => answer("DescribeInstanceTypes", |xml| {
                xml.set("instanceTypeSet", kinds.into_iter().filter(is_wanted), write_kind);
            }),
        }
    })
    .await
}

/// `DescribeInstanceTypeOfferings`, by region.
pub(super) async fn instance_type_offerings(world: &Shared, query: &Query) -> Response {
    let call = Ec2::call("ec2.availability", &query.region);
    call.run(world, async {
        if query.get("LocationType").is_some_and(|location| location != "region") {
            return refused("InvalidParameterValue", "Only the location type region is played");
        }
        let none = sold_out(world, "ec2.availability", &query.region);
        match filtered(query) {
            Err(refusal) => *refusal,
            Ok(kinds) => answer("DescribeInstanceTypeOfferings", |xml| {
                xml.set("instanceTypeOfferingSet", kinds.into_iter().filter(|_| !none), |xml, kind| {
                    xml.text("instanceType", kind.id)
                        .text("locationType", "region")
                        .text("location", &query.region);
                });
            }),
        }
    })
    .await
}

/// The types of the region that pass the filters.
fn filtered(query: &Query) -> Result<Vec<&'static Kind>, Box<Response>> {
    let filters = query.filters();
    if let Some(Filter { name, .. }) =
        filters.iter().find(|f| !matches!(f.name.as_str(), "instance-type" | "location"))
    {
        return Err(Box::new(refused("InvalidParameterValue", &format!("The filter '{name}' is invalid"))));
    }
    let passes = |kind: &&Kind| {
        filters.iter().all(|filter| match filter.name.as_str() {
            "location" => filter.fits([query.region.as_str()]),
            _ => filter.fits([kind.id]),
        })
    };
    Ok(KINDS.iter().filter(|kind| kind.is_in(&query.region)).filter(passes).collect())
}

fn write_kind(xml: &mut Xml, kind: &Kind) {
    xml.text("instanceType", kind.id)
        .text("currentGeneration", true)
        .text("bareMetal", false)
        .text("hypervisor", "nitro")
        .within("processorInfo", |xml| {
            xml.set("supportedArchitectures", ["x86_64"], |xml, text| {
                // An item here is a text of its own.
                xml.bare(text);
            });
        })
        .within("vCpuInfo", |xml| _ = xml.text("defaultVCpus", kind.vcpus))
        .within("memoryInfo", |xml| _ = xml.text("sizeInMiB", kind.memory_mib));
    if kind.has_gpu {
        xml.within("gpuInfo", |xml| {
            xml.set("gpus", ["T4"], |xml, name| {
                xml.text("name", name).text("manufacturer", "NVIDIA").text("count", 1);
            });
        });
    }
}
