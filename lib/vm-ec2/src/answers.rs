//! What every answer has to be before the SDK reads it: no page of a proxy, and not without end.

use aws_sdk_ec2::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// The bytes of an answer that are read at most; a full page of a thousand instances is a third of it.
const BODY_MAX: usize = 16 << 20;

/// The SDK takes any 2xx of a call without output for a success, and reads bodies to their end.
#[derive(Debug)]
pub(crate) struct Sound;

impl Intercept for Sound {
    fn name(&self) -> &'static str {
        "Sound"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let is_page = response
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind.trim_start().starts_with("text/html"));
        if is_page {
            return Err(format!("HTTP {} with a page instead of XML", response.status().as_u16()).into());
        }
        let body = std::mem::replace(response.body_mut(), SdkBody::taken());
        *response.body_mut() = SdkBody::from_body_1_x(Limited::new(body, BODY_MAX));
        Ok(())
    }
}
