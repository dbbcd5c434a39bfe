//! Who calls: the claims that the HTTP API's JWT authorizer has verified.

use domain::customer::{CustomerId, Email};
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

use crate::problem::Problem;
use crate::serve::request_id;
use lambda_http::Request;

/// A signed-in customer.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their Cognito `sub`.
    pub customer: CustomerId,
    /// Their address.
    pub email: Email,
    /// Whether Cognito has verified it.
    pub email_verified: bool,
    /// Whether they are staff.
    pub admin: bool,
}

impl Caller {
    /// Reads the verified claims of a request.
    ///
    /// # Errors
    /// 401 when the authorizer passed none: a route without an authorizer is a mistake in the template, and
    /// nobody is let in by it.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let RequestContext::ApiGatewayV2(context) = request.request_context() else {
            return Err(Problem::unauthorized(&request_id(request)));
        };
        let claims = context.authorizer.and_then(|a| a.jwt).map(|jwt| jwt.claims).unwrap_or_default();
        let claim = |name: &str| claims.get(name).map(String::as_str).unwrap_or_default();
        let (Ok(customer), Ok(email)) = (CustomerId::parse(claim("sub")), Email::parse(claim("email")))
        else {
            return Err(Problem::unauthorized(&request_id(request)));
        };
        // The gateway writes lists as `[admin staff]`.
        let groups = claim("cognito:groups");
        let admin = groups.trim_matches(['[', ']']).split([' ', ',']).any(|group| group == "admin");
        Ok(Self { customer, email, email_verified: claim("email_verified") == "true", admin })
    }

    /// The same for a route that is the staff's.
    ///
    /// # Errors
    /// 401 as above; 403 for a customer, whatever else they send.
    pub fn staff(request: &Request) -> Result<Self, Problem> {
        let caller = Self::of(request)?;
        if caller.admin {
            Ok(caller)
        } else {
            Err(app::AppError::Forbidden("This is for the operator's staff.".to_owned()).into())
        }
    }
}
