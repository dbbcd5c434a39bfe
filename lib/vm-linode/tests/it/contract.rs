//! The contract that every provider keeps, against the sandbox.

use domain::catalogue::Provider;
use domain::secret::Secret;
use http_call::peer::client;
use vm_contract::{Subject, offering};
use vm_linode::Client;

fn subject() -> Subject<Client> {
    Subject {
        provider: Provider::Linode,
        configure: |_| {},
        client: |sandbox, config| {
            Client::new(client(), &sandbox.urls().linode_api(), Secret::new(config.linode_token.clone()))
        },
        stranger: |sandbox, _| {
            Client::new(client(), &sandbox.urls().linode_api(), Secret::new("somebody-elses".to_owned()))
        },
        secrets: |config| vec![config.linode_token.clone()],
        linux: offering(Provider::Linode, "g6-standard-2", "us-ord", ("Ubuntu 24.04", "linode/ubuntu24.04")),
        windows: None,
        unknown_id: "4999999999",
        malformed_ids: &["x", "1/rebuild", "1?page=2", "-1"],
        smallest_page: 1,
        delete: "delete",
        stock: Some("linode.availability"),
        tags: true,
        one_machine_per_name: true,
        tells_retry_after: true,
    }
}

vm_contract::suite!(subject);
