//! The contract that every provider keeps, against the sandbox.

use domain::catalogue::Provider;
use domain::secret::Secret;
use http_call::peer::client;
use vm_contract::{Subject, offering};
use vm_digitalocean::Client;

fn subject() -> Subject<Client> {
    Subject {
        provider: Provider::Digitalocean,
        configure: |_| {},
        client: |sandbox, config| {
            let token = Secret::new(config.digitalocean_token.clone());
            Client::new(client(), &sandbox.urls().digitalocean_api(), token)
        },
        stranger: |sandbox, _| {
            let token = Secret::new("dop_v1_somebody_elses".to_owned());
            Client::new(client(), &sandbox.urls().digitalocean_api(), token)
        },
        secrets: |config| vec![config.digitalocean_token.clone()],
        linux: offering(Provider::Digitalocean, "s-2vcpu-4gb", "nyc3", ("Ubuntu 24.04", "ubuntu-24-04-x64")),
        windows: None,
        unknown_id: "4999999999",
        malformed_ids: &["autoscale", "1/actions", "1?tag_name=x", "-1"],
        smallest_page: 1,
        delete: "delete",
        stock: Some("digitalocean.availability"),
        tags: true,
        one_machine_per_name: false,
        tells_retry_after: true,
    }
}

vm_contract::suite!(subject);
