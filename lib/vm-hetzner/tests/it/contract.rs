//! What every provider crate keeps, against the sandbox's Hetzner.

use domain::catalogue::Provider;
use domain::secret::Secret;
use http_call::peer::client;
use vm_contract::Subject;
use vm_hetzner::Client;

fn subject() -> Subject<Client> {
    Subject {
        provider: Provider::Hetzner,
        configure: |_| {},
        client: |sandbox, config| {
            Client::new(client(), &sandbox.urls().hetzner_api(), Secret::new(config.hetzner_token.clone()))
        },
        stranger: |sandbox, _| {
            Client::new(client(), &sandbox.urls().hetzner_api(), Secret::new("ANOTHERTOKEN".to_owned()))
        },
        secrets: |config| vec![config.hetzner_token.clone()],
        linux: crate::offering(),
        windows: None,
        unknown_id: "4711",
        malformed_ids: &["ord-1", "42/actions/poweroff", "42?x=y", "-1", "9999999999999999999999"],
        smallest_page: 1,
        delete: "delete",
        stock: Some("hetzner.availability"),
        one_machine_per_name: true,
        tags: true,
        tells_retry_after: true,
    }
}

vm_contract::suite!(subject);
