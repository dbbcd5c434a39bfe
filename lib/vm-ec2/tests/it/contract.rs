//! What every provider crate has to keep.

use domain::catalogue::Provider;
use vm_contract::{Subject, offering};
use vm_ec2::Client;

use crate::{REGION, UBUNTU, UBUNTU_AMI, WINDOWS, in_front_of};

fn subject() -> Subject<Client> {
    let size = |parameter, ami| offering(Provider::Ec2, "t3.medium", REGION, (parameter, ami));
    Subject {
        provider: Provider::Ec2,
        configure: |config| config.rate_limits = false,
        client: |sandbox, config| in_front_of(sandbox, config, &config.ec2_access_key_id),
        stranger: |sandbox, config| in_front_of(sandbox, config, "AKIASOMEBODYELSE0000"),
        secrets: |config| vec![config.ec2_secret_access_key.clone()],
        linux: size(UBUNTU, UBUNTU_AMI),
        windows: Some(size(WINDOWS, "ami-0c2022c2022c2022c")),
        unknown_id: "us-east-1/i-0123456789abcdef0",
        malformed_ids: &[
            "i-0123456789abcdef0",
            "us-east-1/",
            "evil.test/i-01234567",
            "us-east-1/i-01234567/x",
        ],
        smallest_page: 1,
        delete: "delete",
        stock: Some("ec2.availability"),
        tags: true,
        one_machine_per_name: true,
        tells_retry_after: false,
    }
}

vm_contract::suite!(subject);
