//! What every provider crate has to keep, told as stories and played against the sandbox.
//!
//! A provider crate describes itself once and gets one test per story:
//!
//! ```text
//! fn subject() -> vm_contract::Subject<vm_linode::Client> { … }
//! vm_contract::suite!(subject);
//! ```
//!
//! The stories use [`app::ports::VmHost`] and the sandbox's control API, nothing else. What may differ between
//! providers stands in [`Subject`] as data; no story asks for a provider by name.

#![allow(clippy::expect_used, clippy::panic, reason = "a contract fails loudly, as tests do")]

mod orders;
mod outcome;
pub mod stories;
mod subject;
mod world;

pub use subject::{Subject, offering};

/// One `#[tokio::test]` per story, for the provider that the named function describes.
#[macro_export]
macro_rules! suite {
    ($subject:path) => {
        $crate::suite! { @stories $subject;
            life::a_machine_lives_from_create_to_delete
            life::deleting_twice_is_fine
            life::an_unclear_delete_is_finished_by_the_next_one
            life::a_machine_is_turned_off_and_on_and_rebooted
            life::a_reinstalled_machine_becomes_ready_again
            life::rdp_is_let_in_from_where_it_is_wanted
            life::the_administrators_password_comes_as_the_capabilities_say
            unclear::an_unclear_create_is_found_again_by_its_trace
            unclear::a_create_whose_request_was_lost_made_nothing
            unclear::a_late_create_turns_up_later
            unclear::a_stale_list_only_delays
            unclear::a_repeated_create_makes_no_second_machine_where_names_are_unique
            unclear::only_ones_own_machines_are_found
            refusals::every_refusal_of_a_create_is_told_apart_and_makes_nothing
            refusals::no_error_tells_a_secret
            refusals::a_wrong_key_is_unauthorized_everywhere
            reads::reads_survive_a_failure
            reads::a_page_of_a_proxy_is_no_answer
            reads::an_unknown_state_is_kept
            reads::the_inventory_is_listed_completely_and_once_over_many_pages
            reads::calls_on_an_unknown_machine_say_so
            reads::a_malformed_id_is_refused_without_a_call
            offers::what_the_capabilities_deny_is_refused_without_a_call
            offers::regions_sizes_and_images_contain_the_offering
            offers::stock_is_told_where_the_provider_tells_it
            offers::account_and_traffic_are_told_as_the_capabilities_say
        }
    };
    (@stories $subject:path; $($group:ident :: $story:ident)+) => {
        $(
            #[tokio::test]
            async fn $story() {
                ::std::boxed::Box::pin($crate::stories::$group::$story(&$subject())).await;
            }
        )+
    };
}

#[cfg(test)]
mod tests {
    /// A story that nobody plays would prove nothing.
    #[test]
    fn the_suite_plays_every_story() {
        let suite = include_str!("lib.rs");
        for (group, file) in [
            ("life", include_str!("stories/life.rs")),
            ("unclear", include_str!("stories/unclear.rs")),
            ("refusals", include_str!("stories/refusals.rs")),
            ("reads", include_str!("stories/reads.rs")),
            ("offers", include_str!("stories/offers.rs")),
        ] {
            for line in file.lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else { continue };
                let name = rest.split(['<', '(']).next().unwrap_or_default();
                assert!(suite.contains(&format!("{group}::{name}\n")), "{group}::{name}");
            }
        }
    }
}
