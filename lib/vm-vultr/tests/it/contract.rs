//! What every provider crate has to keep.

use ::sandbox::{Config, Running};
use domain::catalogue::Provider;
use domain::secret::Secret;
use http_call::peer::client;
use vm_contract::{Subject, offering};
use vm_vultr::Client;

fn with_key(sandbox: &Running, key: &str) -> Client {
    Client::new(client(), &format!("{}/vultr/v2", sandbox.base_url()), Secret::new(key.to_owned()))
}

fn subject() -> Subject<Client> {
    let size = |name, id| offering(Provider::Vultr, "vc2-2c-4gb", "ewr", (name, id));
    Subject {
        provider: Provider::Vultr,
        configure: |config: &mut Config| config.vultr_requests_per_second = 10_000,
        client: |sandbox, config| with_key(sandbox, &config.vultr_api_key),
        stranger: |sandbox, _| with_key(sandbox, "somebody-elses-key"),
        secrets: |config| vec![config.vultr_api_key.clone()],
        linux: size("Ubuntu 24.04", "2284"),
        windows: Some(size("Windows 2022 Standard", "501")),
        unknown_id: crate::ID,
        malformed_ids: &["."],
        smallest_page: 1,
        delete: "delete",
        stock: Some("vultr.availability"),
        tags: true,
        one_machine_per_name: false,
        tells_retry_after: true,
    }
}

vm_contract::suite!(subject);
